"""Who sways by less than noise hides is told from a wall; a wall is not told to sway."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.looks import Pair, looks
from insyn.site.shield.restless import restless
from insyn.site.shield.swaying import Sway, Swaying

SIZE = (320, 180)
BODY = (slice(60, 140), slice(150, 174))


ROW = 20
"""Ten seconds of pairs."""


def picture(at: float, noise: float, amplitude: float, draw: np.random.Generator) -> Small:
    """A wall of blocks and somebody before it who sways by so many pixels."""
    blocks = np.random.default_rng(1).integers(90, 150, (9, 16)).astype(np.uint8)
    wall = cv2.resize(blocks, SIZE, interpolation=cv2.INTER_NEAREST).astype(np.float32)
    body = np.zeros((SIZE[1], SIZE[0]), np.float32)
    body[BODY] = 1.0
    moved = np.array([[1, 0, amplitude * math.sin(at)], [0, 1, 0]], np.float32)
    shown = cv2.GaussianBlur(cv2.warpAffine(body, moved, SIZE), (3, 3), 0)
    luma = wall * (1 - shown) + 70 * shown + draw.normal(0, noise, wall.shape)
    grey = np.full(wall.shape, 128, np.uint8)
    return np.asarray(cv2.merge([np.clip(luma, 0, 255).astype(np.uint8), grey, grey]), np.uint8)


def sway(pairs: list[Pair], background: Background, row: int = ROW) -> Sway:
    swaying = Swaying(background, 1.0)
    for number, look in enumerate(looks(pairs, background)):
        if number % row == 0:
            swaying.begin_row()
        if look is not None:
            swaying.add(look)
    return swaying.found()


def filmed(noise: float, amplitude: float, every: float = 0.45) -> tuple[list[Pair], Background]:
    """A minute, a pair each half second, and the median of it, which holds whoever stands."""
    draw = np.random.default_rng(7)
    pairs = [
        Pair(
            picture(every * n, noise, amplitude, draw),
            picture(every * (n - 0.4), noise, amplitude, draw),
        )
        for n in range(120)
    ]
    stack = np.stack([one.now for one in pairs])
    shape = (SIZE[1], SIZE[0])
    background = Background(
        mean=np.rint(np.median(stack, axis=0)).astype(np.uint8),
        deviation=np.full(shape, min(6.0, max(0.7, noise)), np.float32),
        chroma_deviation=np.full(shape, 0.7, np.float32),
        known=np.ones(shape, bool),
    )
    return pairs, background


@pytest.mark.parametrize("noise", [1.0, 4.0, 8.0])
def test_who_sways_by_a_third_of_a_pixel_is_found_whole(noise: float) -> None:
    pairs, background = filmed(noise, 0.33)
    stands = restless(pairs, background, 1.0, row=ROW)
    assert stands[BODY].all()
    assert stands.mean() < 0.15


@pytest.mark.parametrize("noise", [1.0, 4.0, 8.0])
def test_a_still_scene_does_not_sway(noise: float) -> None:
    pairs, background = filmed(noise, 0.0)
    assert not restless(pairs, background, 1.0, row=ROW).any()


def test_what_wanders_over_a_minute_is_no_sway() -> None:
    pairs, background = filmed(1.0, 0.6, every=0.01)
    assert not restless(pairs, background, 1.0, row=ROW).any()
    assert restless(pairs, background, 1.0, row=len(pairs)).any(), "as one row it would be"


def test_the_size_of_a_sway_is_told() -> None:
    pairs, background = filmed(2.0, 0.4)
    found = sway(pairs, background)
    assert found.pixels[100, 150] == pytest.approx(0.4 / math.sqrt(2), rel=0.25)


def test_noise_that_could_hide_a_sway_says_so() -> None:
    found = [sway(*filmed(noise, 0.0)) for noise in (1.0, 8.0, 30.0)]
    hidden = [float(np.median(one.error[one.has_edges])) for one in found]
    assert hidden[0] < hidden[1] < hidden[2]
    assert hidden[0] < 0.1 < hidden[2]


def test_a_place_that_is_never_seen_may_sway() -> None:
    pairs, background = filmed(1.0, 0.0)
    found = sway(pairs[:3], background)
    assert np.isinf(found.error).all()


@pytest.mark.parametrize("noise", [1.0, 4.0])
def test_shifts_explain_how_a_body_changes_a_picture(noise: float) -> None:
    found = sway(*filmed(noise, 0.4))
    edge = (slice(70, 130), slice(144, 180))
    assert found.shifts[edge].sum() > 0.7 * found.changes[edge].sum()


def mirrored(levels: float) -> tuple[list[Pair], Background]:
    """Nobody; a soft light wanders over the wall, mirrored from somewhere."""
    pairs, background = filmed(1.0, 0.0)
    rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]

    def under(one: Small, at: float) -> Small:
        x, y = 160 + 6 * math.sin(at), 100 + 5 * math.cos(1.7 * at)
        light = levels * np.exp(-(((columns - x) / 7) ** 2 + ((rows - y) / 12) ** 2))
        out = one.copy()
        out[:, :, 0] = np.clip(one[:, :, 0] + light, 0, 255)
        return out

    some = [
        Pair(under(one.now, 0.45 * n), under(one.before, 0.45 * n - 0.18))
        for n, one in enumerate(pairs)
    ]
    return some, background


def test_a_light_that_wanders_is_nobody() -> None:
    pairs, background = mirrored(8.0)
    found = sway(pairs, background)
    place = (slice(70, 130), slice(130, 190))
    assert found.changes[place].sum() > 2 * found.noise[place].sum(), "the light shows"
    assert found.shifts[place].sum() < 0.3 * found.changes[place].sum()
    assert not restless(pairs, background, 1.0, row=ROW).any()
