"""A scene that was said to be empty is believed but where somebody is found in it."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background, confirmed
from insyn.site.shield.believing import Believing
from insyn.site.shield.frame import Mask

SIZE = (320, 180)
BODY = (slice(60, 140), slice(150, 174))
FPS = 10


def picture(
    at_s: float, *, body: bool, aside: float = 0.0, light: float = 1.0, noise: float = 1.0
) -> Small:
    """A wall of blocks, and somebody before it who sways by a third of a pixel."""
    blocks = np.random.default_rng(1).integers(90, 150, (9, 16)).astype(np.uint8)
    luma = cv2.resize(blocks, SIZE, interpolation=cv2.INTER_NEAREST).astype(np.float32)
    if body:
        shape = np.zeros((SIZE[1], SIZE[0]), np.float32)
        shape[BODY] = 1.0
        moved = np.array([[1, 0, aside + 0.33 * math.sin(2 * at_s)], [0, 1, 0]], np.float32)
        shown = cv2.GaussianBlur(cv2.warpAffine(shape, moved, SIZE), (3, 3), 0)
        luma = luma * (1 - shown) + 60 * shown
    draw = np.random.default_rng(round(at_s * 1000))
    luma = 16 + (luma - 16) * light + draw.normal(0, noise, luma.shape)
    grey = np.full(luma.shape, 128, np.uint8)
    return np.asarray(cv2.merge([np.clip(luma, 0, 255).astype(np.uint8), grey, grey]), np.uint8)


def believed(told: Background, told_s: float, clip: list[Small]) -> Background:
    believing = Believing(told, told_s, len(clip) / FPS)
    for number, one in enumerate(clip):
        believing.look(one, number / FPS)
    return believing.background()


def seconds(clip: list[Small], until_s: float) -> Background:
    return confirmed(clip[: round(until_s * FPS)])


def is_covered(found: Background) -> bool:
    """All of the body's place, and not much more."""
    unknown: Mask = ~found.known
    return bool(unknown[BODY].all()) and float(unknown.mean()) < 0.15


@pytest.mark.parametrize("noise", [1.0, 6.0])
def test_who_stands_in_the_told_seconds_and_stays_is_unknown(noise: float) -> None:
    clip = [picture(n / FPS, body=True, noise=noise) for n in range(300)]
    assert is_covered(believed(seconds(clip, 3), 3, clip))


@pytest.mark.parametrize("leaves_s", [4, 12, 25])
def test_who_stands_in_the_told_seconds_and_leaves_is_unknown(leaves_s: int) -> None:
    clip = [picture(n / FPS, body=n < leaves_s * FPS) for n in range(300)]
    assert is_covered(believed(seconds(clip, 3), 3, clip))


def test_who_soon_stands_elsewhere_for_good_is_unknown_where_they_stood() -> None:
    clip = [picture(n / FPS, body=True, aside=0 if n < 15 else 8) for n in range(300)]
    unknown = ~believed(seconds(clip, 1), 1, clip).known
    assert unknown[BODY].mean() > 0.95


def test_who_stands_in_a_told_picture_of_another_light_is_unknown() -> None:
    clip = [picture(n / FPS, body=True, light=0.7) for n in range(300)]
    assert is_covered(believed(confirmed([picture(77, body=True)]), 0, clip))


@pytest.mark.parametrize("light", [1.0, 0.6])
@pytest.mark.parametrize("noise", [1.0, 6.0])
def test_an_empty_scene_is_known_whoever_comes_and_stays(light: float, noise: float) -> None:
    clip = [picture(n / FPS, body=n >= 50, light=light, noise=noise) for n in range(300)]
    for told, told_s in (
        (seconds(clip, 4), 4.0),
        (confirmed([picture(77, body=False)]), 0.0),
    ):
        assert believed(told, told_s, clip).known.all()


def test_a_clip_too_short_to_tell_is_believed() -> None:
    clip = [picture(n / FPS, body=True) for n in range(30)]
    believing = Believing(seconds(clip, 1), 1, 3.0)
    for number, one in enumerate(clip):
        believing.look(one, number / FPS)
    assert not believing.can_tell
    assert believing.background().known.all()
