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
    first = placing.placed(scene(1))
    inside = (slice(20, -20), slice(20, -20))
    for noise in range(2, 40):
        back = placing.placed(scene(noise, right, down))
        away = np.abs(back[inside].astype(int) - first[inside].astype(int))
        assert np.mean(away[..., 0]) < 6
    assert placing.furthest[0] in (abs(right), abs(right) + 1)
    assert placing.furthest[1] in (abs(down), abs(down) + 1)


def test_a_picture_of_another_place_stays_as_it_is() -> None:
    placing = Placing(SIZE, 1.2)
    placing.placed(scene(1))
    other = np.ascontiguousarray(scene(2)[::-1, ::-1])
    assert np.array_equal(placing.placed(other), other)
    assert placing.furthest == (0, 0)
