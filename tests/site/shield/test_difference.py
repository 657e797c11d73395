"""Areas of bodies: closing near them alone yields what closing the whole picture would."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insyn.site.shield.difference import Gray, Shapes

SIZES = ((320, 180), (384, 216), (60, 40), (16, 16))


def closed_whole(areas: Gray, size: tuple[int, int]) -> Gray:
    """Closing of the whole picture, which is taken to go on beyond its border."""
    unit = math.sqrt(size[0] * size[1] / (320 * 180))
    across, down = (max(3, round(value * unit) // 2 * 2 + 1) for value in (7, 15))
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, down))
    pad = max(across, down)
    wide = cv2.copyMakeBorder(areas, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.morphologyEx(wide, cv2.MORPH_CLOSE, shape)[pad:-pad, pad:-pad], np.uint8)


@given(
    st.sampled_from(SIZES),
    st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=6),
    st.integers(0, 2**32 - 1),
    st.floats(0, 0.02),
)
@settings(max_examples=60, deadline=None)
def test_areas_are_closed_as_in_the_whole_picture(
    size: tuple[int, int], boxes: list[tuple[float, ...]], seed: int, specks: float
) -> None:
    width, height = size
    areas = np.zeros((height, width), np.uint8)
    for x, y, wide, high in boxes:
        left, top = int(x * width), int(y * height)
        areas[top : top + 1 + int(high * height / 3), left : left + 1 + int(wide * width / 4)] = 255
    areas[np.random.default_rng(seed).random(areas.shape) < specks] = 255
    assert (Shapes(size).closed(areas) == closed_whole(areas, size)).all()


@pytest.mark.parametrize("apart", [10, 20], ids=["more than 256 areas", "fewer"])
def test_however_many_areas_there_are_each_is_found(apart: int) -> None:
    strong = np.zeros((180, 320), np.uint8)
    centres = [(x, y) for y in range(8, 172, apart) for x in range(8, 312, apart)]
    for x, y in centres:
        strong[y - 2 : y + 3, x - 2 : x + 3] = 255
    areas = Shapes((320, 180)).areas(strong, strong, strong)
    assert all(areas[y, x] for x, y in centres)
    alone = np.zeros_like(strong)
    alone[80:85, 80:85] = 255
    speck = alone.copy()
    speck[120:122, 200:202] = 255  # too small to be anybody
    found = Shapes((320, 180))
    assert (found.areas(alone, alone, alone) == found.areas(speck, speck, speck)).all()
