"""A head that differs in nothing from the wall behind it lies above shoulders, and is covered."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.site.shield.analysis import analysed
from insyn.site.shield.background import confirmed
from insyn.site.shield.difference import Gray, Shapes
from insyn.site.shield.engine import Settings, Shield
from insyn.site.shield.frame import YuvFrame

SIZE = (320, 180)


def test_shoulders_have_room_for_a_head_at_every_size() -> None:
    shapes = Shapes(SIZE)
    for shoulders in range(8, 100, 7):
        areas = np.zeros((180, 320), np.uint8)
        top, left = 179 - min(120, 2 * shoulders), 150 - shoulders // 2
        areas[top:, left : left + shoulders] = 255
        crowned = shapes.grown(shapes.crowned(areas)) > 0
        head = np.zeros_like(crowned)
        head[
            max(0, top - round(0.4 * shoulders)) : top, 150 - shoulders // 5 : 150 + shoulders // 5
        ] = 1
        assert crowned[head].all(), f"shoulders of {shoulders} pixels"


def test_thin_things_get_none() -> None:
    areas = np.zeros((180, 320), np.uint8)
    areas[100:104, 20:300] = 255
    areas[20:160, 10:14] = 255
    assert (Shapes(SIZE).crowned(areas) == areas).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_nothing_that_was_found_is_lost(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    areas = np.zeros((180, 320), np.uint8)
    for _ in range(count):
        x, y, wide, high = random.integers((0, 0, 4, 4), (300, 160, 60, 90))
        areas[y : y + high, x : x + wide] = 255
    assert ((Shapes(SIZE).crowned(areas) > 0) >= (areas > 0)).all()


def people(*middles: int, heads: int) -> Gray:
    """Bodies of 40 pixels across that stand at these columns; the first `heads` have a head."""
    areas = np.zeros((180, 320), np.uint8)
    for number, middle in enumerate(middles):
        areas[90:180, middle - 20 : middle + 20] = 255
        areas[84:90, middle - 14 : middle + 14] = 255
        if number < heads:
            cv2.ellipse(areas, (middle, 78), (8, 11), 0, 0, 360, (255,), -1)
    return areas


@pytest.mark.parametrize("middles", [(160,), (120, 200), (40, 120, 200)])
def test_above_heads_that_were_found_is_nobody(middles: tuple[int, ...]) -> None:
    areas = people(*middles, heads=len(middles))
    crowned = Shapes(SIZE).crowned(areas)
    assert not crowned[:60].any()
    assert np.count_nonzero(crowned) < 1.08 * np.count_nonzero(areas)


@pytest.mark.parametrize("heads", [0, 1, 2])
def test_whoever_stands_beside_a_head_has_room_for_theirs(heads: int) -> None:
    middles = (110, 160, 210)
    crowned = Shapes(SIZE).crowned(people(*middles, heads=heads))
    for middle in middles[heads:]:
        assert crowned[74:90, middle - 6 : middle + 6].all()


@pytest.mark.parametrize("shoulders", [24, 60, 110])
def test_a_head_like_the_wall_is_covered(shoulders: int) -> None:
    random = np.random.default_rng(shoulders)
    wall = random.integers(100, 140, (360, 640)).astype(np.uint8)
    grey = np.full((180, 320), 128, np.uint8)
    shield = Shield(640, 360, 12.5, Settings())
    empty = [analysed(YuvFrame(y=wall, u=grey, v=grey, pts_90k=0), shield.small_size)]
    shield.confirm(confirmed(empty * 10))
    seen = wall.copy()
    top, left = 360 - 2 * shoulders, 300 - shoulders // 2
    seen[top:, left : left + shoulders] = 230
    for number in range(1, 30):
        step = shield.step(YuvFrame(y=seen, u=grey, v=grey, pts_90k=7_200 * number))
    assert step.mask is not None
    high, wide = step.mask.shape
    head = step.mask[
        round((top - 0.4 * shoulders) * high / 360) : top * high // 360,
        round((300 - 0.2 * shoulders) * wide / 640) : round((300 + 0.2 * shoulders) * wide / 640),
    ]
    assert head.all()
    assert step.mask.mean() < 0.6
