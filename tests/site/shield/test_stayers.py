"""Where somebody stood for long: told to a level or two by means, and on doubt all of the place."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.frame import Mask
from insyn.site.shield.stayers import narrowed

HIGH, WIDE = 120, 160
PLACE, COAT, SLEEVE = (
    (slice(20, 110), slice(50, 110)),
    (slice(45, 90), slice(70, 85)),
    (slice(50, 75), slice(85, 93)),
)
"""All that may be somebody; a coat unlike the wall; a sleeve that differs by three levels."""


def marked(*boxes: tuple[slice, slice]) -> Mask:
    found = np.zeros((HIGH, WIDE), bool)
    for box in boxes:
        found[box] = True
    return found


def picture(number: int, *, there: bool, noise: float = 2.0, passer: int | None = None) -> Small:
    random = np.random.default_rng(number)
    luma = np.random.default_rng(7).integers(90, 150, (HIGH, WIDE)).astype(np.float64)
    if there:
        luma[COAT] = 30
        luma[SLEEVE] += 3
    if passer is not None:
        luma[25:105, passer : passer + 12] = 200
    luma += random.normal(0, noise, luma.shape)
    grey = np.full(luma.shape, 128.0)
    return np.asarray(np.clip(np.stack([luma, grey, grey], axis=2), 0, 255), np.uint8)


def seen(
    without: int, there: int, *, noise: float = 2.0, views: Mask | None = None, passes: bool = False
) -> Mask:
    """What is left of the place."""
    pictures = [picture(n, there=False, noise=noise) for n in range(without)]
    for number in range(there):
        passer = 2 * number if passes and number % 20 < 2 else None
        pictures.append(picture(100 + number, there=True, noise=noise, passer=passer))
    looks: list[NDArray[np.uint8]] = [np.zeros((HIGH, WIDE), np.uint8)] * without
    looks += [marked(COAT).astype(np.uint8)] * there
    empty = np.zeros((HIGH, WIDE), np.uint8)
    return narrowed(
        marked(PLACE), marked(COAT), pictures, looks, empty, [views] * (without + there), 0.6
    )


@pytest.mark.parametrize("passes", [False, True])
def test_a_sleeve_like_the_wall_is_found_and_the_wall_is_not(passes: bool) -> None:
    found = seen(12, 60, passes=passes)
    body = marked(COAT, SLEEVE)
    assert found[body].all()
    assert not (found & ~marked(PLACE)).any()
    assert np.count_nonzero(found) < 0.55 * np.count_nonzero(marked(PLACE))
    assert not found[95:108, 55:105].any(), "below their feet is nobody"


@pytest.mark.parametrize(
    ("without", "there", "noise"), [(3, 60, 2.0), (12, 3, 2.0), (12, 60, 40.0)],
    ids=["hardly seen without", "hardly seen with", "too noisy"],
)  # fmt: skip
def test_on_doubt_all_of_the_place_is_kept(without: int, there: int, noise: float) -> None:
    assert (seen(without, there, noise=noise) == marked(PLACE)).all()


def test_what_was_out_of_view_at_times_is_kept() -> None:
    view = np.ones((HIGH, WIDE), bool)
    view[:, 100:] = False
    found = seen(12, 60, views=view)
    assert found[PLACE][:, 50:].all()
    assert not found[95:108, 55:95].any()
