"""A shaking camera's pictures are brought to where the first one looked, again and again."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from insyn.site.shield.analysis import Small
from insyn.site.shield.placing import Placing, shift_between

SIZE = (384, 216)  # sizes that OpenCV's transform takes without padding


def scene(noise: int, right: int = 0, down: int = 0) -> Small:
    """Blocks of many greys, moved, with noise of its own."""
    blocks = np.random.default_rng(1).integers(40, 200, (14, 24)).astype(np.uint8)
    large = cv2.resize(blocks, (SIZE[0] + 48, SIZE[1] + 36), interpolation=cv2.INTER_NEAREST)
    luma = large[18 - down : 18 - down + SIZE[1], 24 - right : 24 - right + SIZE[0]]
    wavers = np.random.default_rng(noise).normal(0, 3, luma.shape)
    grey = np.full_like(luma, 128)
    noisy = np.clip(luma + wavers, 0, 255).astype(np.uint8)
    return np.asarray(cv2.merge([noisy, grey, grey]), np.uint8)


def test_a_shift_is_found_as_surely_the_hundredth_time_as_the_first() -> None:
    one = scene(1)[:, :, 0].astype(np.float32)
    two = scene(2, right=4, down=-3)[:, :, 0].astype(np.float32)
    window = np.asarray(cv2.createHanningWindow(SIZE, cv2.CV_32F), np.float32)
    first = shift_between(one, two, window)
    assert first[0] == pytest.approx((4, -3), abs=0.1)
    for _ in range(100):
        assert shift_between(one, two, window) == first


@pytest.mark.parametrize(("right", "down"), [(3, 2), (-5, 4), (9, -6)])
def test_a_picture_is_brought_back(right: int, down: int) -> None:
    placing = Placing(SIZE, 1.2)
    first = scene(1)
    assert placing.shift_of(first) == (0.0, 0.0)
    for noise in range(2, 40):
        moved = scene(noise, right, down)
        shift = placing.shift_of(moved)
        assert shift == pytest.approx((right, down), abs=0.3)
        back, shown = placing.spread(moved, shift)
        there, was_shown = placing.spread(first, (0.0, 0.0))
        both = shown & was_shown
        away = np.abs(back[both].astype(int) - there[both].astype(int))
        assert np.mean(away[..., 0]) < 6


def test_a_canvas_holds_whatever_was_seen_and_says_where() -> None:
    placing = Placing(SIZE, 1.2)
    placing.shift_of(scene(1))
    assert placing.margin == 0
    shift = placing.shift_of(scene(2, 9, -6))
    margin = placing.margin
    assert margin >= 9
    back, shown = placing.spread(scene(2, 9, -6), shift)
    assert back.shape == (SIZE[1] + 2 * margin, SIZE[0] + 2 * margin, 3)
    rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
    # But for what a smoothed border would take from elsewhere.
    assert abs(columns[0] - (margin - 9)) <= 3
    assert abs(columns[-1] - (margin - 9 + SIZE[0] - 1)) <= 3
    assert abs(rows[0] - (margin + 6)) <= 3
    assert abs(rows[-1] - (margin + 6 + SIZE[1] - 1)) <= 3


def test_a_picture_of_another_place_stays_as_it_is() -> None:
    placing = Placing(SIZE, 1.2)
    placing.shift_of(scene(1))
    other = np.ascontiguousarray(scene(2)[::-1, ::-1])
    assert placing.shift_of(other) == (0.0, 0.0)
    assert placing.margin == 0
