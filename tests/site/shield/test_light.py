"""The light of now beside that of the background: fitted through people, kept while it holds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from insyn.site.shield.light import fitted, offsets, same_light

HEIGHT, WIDTH = 180, 320
EVERYWHERE = np.ones((HEIGHT, WIDTH), bool)


def scene(seed: int) -> NDArray[np.uint8]:
    draw = np.random.default_rng(seed)
    rough = draw.integers(40, 200, (12, 20, 3), dtype=np.uint8)
    rough[..., 1:] = 110 + rough[..., 1:] // 6
    return np.asarray(cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def lit(picture: NDArray[np.uint8], gain: float, offset: float, seed: int) -> NDArray[np.uint8]:
    """The picture in another light, with a sensor's noise."""
    out = picture.astype(np.float64)
    out[..., 0] = (out[..., 0] - 16) * gain + 16 + offset
    out += np.random.default_rng(seed).normal(0, 1.5, out.shape)
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)


@given(
    st.integers(0, 1000),
    st.floats(0.4, 1.8),
    st.floats(-12, 12),
    st.floats(0, 0.3),
)
@settings(deadline=None)
def test_the_light_is_found_though_people_stand_in_it(
    seed: int, gain: float, offset: float, share: float
) -> None:
    background = scene(seed)
    now = lit(background, gain, offset, seed)
    now[: round(HEIGHT * share)] = (235, 90, 180)
    tone = fitted(background, now)
    wanted = np.clip((background[..., 0].astype(float) - 16) * gain + 16 + offset, 0, 255)
    inner = (wanted > 24) & (wanted < 225)
    inner[: round(HEIGHT * share)] = False
    away = np.abs(tone.applied(background)[..., 0] - wanted)[inner]
    assert away.size < 1000 or np.quantile(away, 0.95) <= 3


def test_a_pair_of_levels_counts_as_often_as_it_is_seen() -> None:
    background = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    background[:, : WIDTH // 2, 0] = 60
    now = background.copy()
    now[..., 0] += 10
    now[::3, ::6, 0] += 40  # a minority of the samples
    tone = fitted(background, now)
    assert tone.table[60, 0, 0] == 70
    assert tone.table[128, 0, 0] == 138


@pytest.mark.parametrize(
    ("gain", "offset", "holds"),
    [(1.0, 0.0, True), (1.0, 1.0, False), (1.02, -2.0, False), (0.97, 0.0, False)],
    ids=["the same", "lighter", "more contrast, the mean alike", "darker"],
)
def test_a_light_that_has_changed_does_not_hold(gain: float, offset: float, holds: bool) -> None:
    background = scene(3)
    before, now = lit(background, 1.0, 0.0, 1), lit(background, gain, offset, 2)
    expected = fitted(background, before).applied(background)
    then = offsets(expected, before, EVERYWHERE)
    assert then.holds(offsets(expected, now, EVERYWHERE)) is holds


def test_a_tint_does_not_hold_and_where_nothing_is_empty_nothing_does() -> None:
    background = scene(4)
    before = lit(background, 1.0, 0.0, 1)
    expected = same_light().applied(background)
    then = offsets(expected, before, EVERYWHERE)
    tinted = before.copy()
    tinted[..., 2] += 1
    assert not then.holds(offsets(expected, tinted, EVERYWHERE))
    assert not then.holds(offsets(expected, before, ~EVERYWHERE))
