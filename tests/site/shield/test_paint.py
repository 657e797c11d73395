"""What is painted: every masked pixel, in every size, and no other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insyn.site.shield.frame import YuvFrame
from insyn.site.shield.paint import FROZEN_90K, SOLID_YUV, Style, Tiles, covered, paint

SIZES = ((640, 360), (320, 180), (1280, 720), (768, 432), (426, 240), (64, 36))
"""Some a whole multiple of the mask, some not."""


@given(
    st.sampled_from(SIZES),
    st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=4),
    st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_all_that_touches_a_masked_pixel_is_covered_and_the_rest_is_as_it_was(
    size: tuple[int, int], boxes: list[tuple[float, ...]], seed: int
) -> None:
    width, height = size
    mask = np.zeros((180, 320), bool)
    for x, y, wide, high in boxes:
        left, top = int(x * 319), int(y * 179)
        mask[top : top + 1 + int(high * 60), left : left + 1 + int(wide * 80)] = True
    draw = np.random.default_rng(seed)
    planes = [
        draw.integers(70, 110, shape, dtype=np.uint8)
        for shape in ((height, width), (height // 2, width // 2), (height // 2, width // 2))
    ]
    before = [plane.copy() for plane in planes]
    frame = YuvFrame(y=planes[0], u=planes[1], v=planes[2], pts_90k=0)
    masked = paint(frame, mask)
    wanted = mask.view(np.uint8) * np.uint8(255)
    if size != (320, 180):
        wanted = np.asarray(cv2.resize(wanted, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    over = wanted > 0
    assert ((covered(mask, (height, width))[0] > 0) == over).all()
    assert (masked.y[over] == SOLID_YUV[0]).all()
    assert (masked.y[~over] == before[0][~over]).all()
    half = over.reshape(height // 2, 2, width // 2, 2).any(axis=(1, 3))
    for plane, shown, colour in ((1, masked.u, 1), (2, masked.v, 2)):
        assert (shown[half] == SOLID_YUV[colour]).all()
        assert (shown[~half] == before[plane][~half]).all()
    assert all((one == two).all() for one, two in zip(planes, before, strict=True))


@pytest.mark.parametrize("size", [(1280, 720), (320, 180), (98, 54)])
def test_a_mosaic_shows_blocks_of_the_second_before_and_nothing_of_now(
    size: tuple[int, int],
) -> None:
    width, height = size
    tiles = Tiles()
    everywhere = np.ones((height, width), bool)
    draw = np.random.default_rng(2)
    shown = []
    for second, level in enumerate((60, 120, 180)):
        for number in range(5):
            planes = [
                np.full((height, width), level, np.uint8)
                + draw.integers(0, 3, (height, width), np.uint8),
                np.full((height // 2, width // 2), level // 2, np.uint8),
                np.full((height // 2, width // 2), level, np.uint8),
            ]
            pts = (second * 5 + number) * FROZEN_90K // 5
            frame = YuvFrame(y=planes[0], u=planes[1], v=planes[2], pts_90k=pts)
            shown.append(paint(frame, everywhere, Style.MOSAIC, tiles=tiles))
    assert all((each.y == SOLID_YUV[0]).all() for each in shown[:5])  # no second has passed
    assert len(np.unique(shown[6].y)) <= 3 * 15
    # Each second shows what the one before it looked like, and the first picture of its own.
    for first, mean in ((5, (5 * 60 + 120) / 6), (10, (5 * 120 + 180) / 6)):
        for each in shown[first : first + 5]:
            assert np.abs(each.y.astype(int) - mean - 1).max() <= 2
            assert (each.y == shown[first].y).all()
