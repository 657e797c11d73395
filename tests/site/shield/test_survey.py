"""A clip's empty scene: all that a pushed camera ever saw, and nothing that nobody could tell."""

from __future__ import annotations

import math

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


BODY = (slice(70, 170), slice(150, 180))


def stander(number: int, at_s: float) -> Small:
    """The wall, and somebody before it who sways by a third of a pixel."""
    picture = wall(number)
    body = np.zeros(picture.shape[:2], np.float32)
    body[BODY] = 1.0
    moved = np.array([[1, 0, 0.4 * math.sin(1.9 * at_s)], [0, 1, 0]], np.float64)
    shown = cv2.GaussianBlur(cv2.warpAffine(body, moved, SIZE), (3, 3), 0)
    noise = np.random.default_rng(number + 5000).normal(0, 1.5, shown.shape)
    luma = picture[:, :, 0] * (1 - shown) + (35 + noise) * shown
    out = picture.copy()
    out[:, :, 0] = np.clip(luma, 0, 255).astype(np.uint8)
    return out


@pytest.mark.parametrize("empty_s", [0.0, 2.0, 8.0])
def test_who_comes_and_stays_is_nobody_of_the_scene(empty_s: float) -> None:
    survey = Survey(SIZE)
    for number in range(400):
        at_s = number / FPS
        survey.look(wall(number) if at_s < empty_s else stander(number, at_s), at_s)
    found = survey.background()
    scene = wall(1)[:, :, 0].astype(int)
    away = np.abs(found.mean[:, :, 0].astype(int) - scene)
    if empty_s >= 8:
        assert found.known[BODY].mean() > 0.98, "what was once seen empty is known"
        assert found.known.mean() > 0.98
        assert (away[BODY][found.known[BODY]] < 12).mean() > 0.99, "and it is the wall"
    else:
        assert not found.known[BODY].any(), "nobody can tell, in two seconds even less"
