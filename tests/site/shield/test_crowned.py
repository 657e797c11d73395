"""A head that differs in nothing from the wall behind it lies above shoulders, and is covered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.site.shield.analysis import analysed
from insyn.site.shield.background import confirmed
from insyn.site.shield.difference import Shapes
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
def test_more_area_never_gives_less(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    shapes = Shapes(SIZE)
    less, more = np.zeros((180, 320), np.uint8), np.zeros((180, 320), np.uint8)
    for number in range(count):
        x, y, wide, high = random.integers((0, 0, 4, 4), (300, 160, 60, 90))
        more[y : y + high, x : x + wide] = 255
        if number % 2:
            less[y : y + high, x : x + wide] = 255
    crowned = shapes.crowned(less)
    assert ((crowned > 0) >= (less > 0)).all()
    assert ((shapes.crowned(more) > 0) >= (crowned > 0)).all()


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
