"""A file whose first seconds are said to be empty, masked as a camera would be."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from insyn.base.errors import UsageError
from insyn.site.shield.paint import Style
from insyn.site.shielding.file import Empty, Order, mask_file

SIZE, FPS = (192, 108), 10
BODY = (slice(40, 90), slice(80, 100))


WALKER = (slice(30, 70), slice(20, 36))


def film(path: Path, *, enters: int, pictures: int, coat: int | None = None) -> None:
    """A patterned wall; somebody dark stands before it from picture `enters` on.

    With `coat` they have a bright one on from that picture on, and somebody else runs by at first.
    """
    draw = np.random.default_rng(3)
    blocks = draw.integers(90, 200, (9, 16, 3)).astype(np.uint8)
    wall = cv2.resize(blocks, SIZE, interpolation=cv2.INTER_NEAREST)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(pictures):
            shown = wall.copy()
            if number >= enters:
                shown[BODY] = 20
                if coat is not None and number < 4:
                    shown[WALKER] = 20
                if coat is not None and number >= coat:
                    shown[BODY[0], 74:106] = 230
            noisy = np.clip(shown + draw.normal(0, 2, shown.shape), 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, format="bgr24")))
        container.mux(stream.encode(None))


def masked(folder: Path, *, enters: int) -> tuple[list[np.ndarray], dict[str, int]]:
    """The masks of four seconds, of which the first two are said to be empty."""
    source, masks = folder / "clip.mp4", folder / "masks.mkv"
    film(source, enters=enters, pictures=40)
    done = mask_file(
        Order(
            source=source,
            target=folder / "out.mp4",
            live=True,
            empty=Empty(first_s=2.0),
            masks=masks,
        )
    )
    with av.open(str(masks)) as container:
        found = [frame.to_ndarray(format="gray") > 127 for frame in container.decode(video=0)]
    return found, done.states


def test_said_seconds_are_shown_after_half_a_second(tmp_path: Path) -> None:
    masks, states = masked(tmp_path, enters=30)
    assert states["LEARN"] <= 0.6 * FPS
    assert all(mask.all() for mask in masks[:5])
    assert all(mask.mean() < 0.05 for mask in masks[6:30])
    assert all(mask[BODY].all() for mask in masks[30:])


def test_who_comes_within_the_said_seconds_is_covered_and_not_learned(tmp_path: Path) -> None:
    masks, _ = masked(tmp_path, enters=9)
    assert all(mask[BODY].all() for mask in masks[9:])


@pytest.mark.parametrize("live", [False, True])
def test_a_ghost_stands_before_a_scene_that_is_known_alone(tmp_path: Path, live: bool) -> None:
    source, target = tmp_path / "clip.mp4", tmp_path / "out.mp4"
    film(source, enters=0, pictures=30)
    mask_file(Order(source=source, target=target, style=Style.GHOST, live=live))
    with av.open(str(target)) as container:
        shown = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(shown) == 30
    assert max(int(each.max()) - int(each.min()) for each in shown) <= 4, "flat, nobody in it"


def test_a_ghost_never_stands_before_somebody_who_was_said_to_be_the_scene(tmp_path: Path) -> None:
    source, target = tmp_path / "clip.mp4", tmp_path / "out.mp4"
    film(source, enters=0, pictures=80, coat=10)
    order = Order(source=source, target=target, style=Style.GHOST, empty=Empty(first_s=1.0))
    assert mask_file(order).doubted_share
    with av.open(str(target)) as container:
        first = next(container.decode(video=0)).to_ndarray(format="gray").astype(int)
    # Somebody is found in what was said, so a ghost stands before no other part of it either.
    assert first[WALKER].max() - first[WALKER].min() <= 8, "flat, no wall"


def test_a_name_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    source = tmp_path / "clip.mp4"
    film(source, enters=30, pictures=10)
    told: list[str] = []
    for name in ("out.avi", "none/out.mp4"):
        with pytest.raises(UsageError):
            mask_file(
                Order(source=source, target=tmp_path / name), lambda *said: told.append(said[0])
            )
    assert told == []
