"""A clip's empty scene: all that a pushed camera ever saw, and nothing that nobody could tell."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.comparison import Comparison
from insyn.site.shield.survey import Survey

SIZE = (384, 216)
FPS = 10
RIGHT, DOWN = -8, 5
"""By so many pixels the camera is pushed: what it sees lies so far right and below."""


def wall(number: int, right: int = 0, down: int = 0, body: int | None = None) -> Small:
    """Blocks of many greys as a camera sees them that is off by so much; a body's left border."""
    blocks = np.random.default_rng(1).integers(60, 190, (14, 24)).astype(np.uint8)
    large = cv2.resize(blocks, (SIZE[0] + 48, SIZE[1] + 36), interpolation=cv2.INTER_LINEAR)
    if body is not None:
        large[60:160, 24 + body : 54 + body] = 20
    luma = large[18 - down : 18 - down + SIZE[1], 24 - right : 24 - right + SIZE[0]]
    noise = np.random.default_rng(number + 100).normal(0, 1.5, luma.shape)
    grey = np.full_like(luma, 128)
    noisy = np.clip(luma + noise, 0, 255).astype(np.uint8)
    return np.asarray(cv2.merge([noisy, grey, grey]), np.uint8)


def surveyed(seconds: float, *, pushed_s: float, walks: bool = False) -> Background:
    survey = Survey(SIZE)
    for number in range(round(seconds * FPS)):
        is_pushed = number >= pushed_s * FPS
        body = 3 * number - 100 if walks else None
        moved = (RIGHT, DOWN) if is_pushed else (0, 0)
        survey.look(wall(number, *moved, body=body), number / FPS)
    return survey.background()


def test_a_still_camera_knows_its_picture_and_no_more() -> None:
    found = surveyed(12, pushed_s=99)
    assert found.margin == 0
    assert found.size == SIZE
    assert found.known.mean() > 0.99
    assert found.inside is found


@pytest.mark.parametrize("walks", [False, True])
def test_a_pushed_camera_knows_what_it_saw_before_and_after(walks: bool) -> None:
    found = surveyed(24, pushed_s=12, walks=walks)
    assert found.size == SIZE
    assert found.inside.known.mean() > 0.97, "what only the first half showed counts too"
    comparison = Comparison(found)
    for number, moved in ((3, (0, 0)), (200, (RIGHT, DOWN)), (201, (RIGHT, DOWN))):
        picture = wall(number, *moved)
        for _ in range(4):  # a shift is looked for in each third picture
            compared = comparison.compare(picture)
        assert compared.sound
        assert compared.shift == pytest.approx(moved, abs=0.6)
        assert compared.unknown.mean() < 0.04
        assert not compared.areas.any()


def test_what_was_seen_too_briefly_is_unknown() -> None:
    found = surveyed(14, pushed_s=12)
    comparison = Comparison(found)
    for _ in range(4):
        compared = comparison.compare(wall(300, RIGHT, DOWN))
    assert compared.sound
    new = np.zeros(SIZE[::-1], bool)
    new[:, RIGHT:] = True
    new[:DOWN] = True
    assert compared.unknown[new].all(), "two seconds tell of nobody whether they live"
    assert compared.unknown[~new].mean() < 0.04


def test_who_comes_where_only_the_pushed_camera_looks_is_found() -> None:
    found = surveyed(24, pushed_s=12)
    comparison = Comparison(found)
    for number in range(4):
        compared = comparison.compare(wall(number, RIGHT, DOWN, body=360))
    inside = compared.areas[70:150, 360:378]
    assert (inside > 0).mean() > 0.95
