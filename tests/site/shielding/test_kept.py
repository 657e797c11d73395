"""Empty scenes: taken on somebody's word when nothing moves, kept signed, taken up again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from insyn.base.errors import Refusal
from insyn.site.cameras.virtual.concourse import Concourse, Events
from insyn.site.clocks import Reading
from insyn.site.shield.engine import DETECTOR_FAILED, Settings, State, Step
from insyn.site.shield.frame import Mask, YuvFrame
from insyn.site.shielding.kept import KeptShield
from insyn.site.shielding.masking import Asked, Order
from insyn.site.shielding.scenes import CONFIRMED, KeptScene, SceneFolder
from insyn.trust.keys.keyfile import SigningKey

FPS = 5
SIZE = (320, 180)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


class Time:
    """Clocks that go with the pictures."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> Reading:
        at = int((AT.timestamp() + self.now_s) * 1e9)
        return Reading(wall_ns=at, monotonic_ns=int(self.now_s * 1e9))


@pytest.fixture
def key() -> SigningKey:
    return SigningKey(holder="site", private=Ed25519PrivateKey.generate())


@pytest.fixture
def folder(tmp_path: Path, key: SigningKey) -> SceneFolder:
    return SceneFolder(tmp_path, key)


def shield(
    folder: SceneFolder, order: Order | None = None, settings: Settings | None = None
) -> tuple[KeptShield, Time]:
    clocks = Time()
    made = KeptShield(
        "hall", SIZE, FPS, settings or Settings(), order=order or Order(), folder=folder,
        clocks=clocks,
    )  # fmt: skip
    return made, clocks


class Watching:
    """A detector that sees somebody at a place until a second, or fails until then."""

    def __init__(self, until_s: float, *, error: Exception | None = None) -> None:
        self.until_s = until_s
        self.error = error

    def people(self, frame: YuvFrame) -> Mask:
        found = np.zeros((18, 32), bool)
        if frame.pts_90k < self.until_s * 90_000:
            if self.error is not None:
                raise self.error
            found[6:12, 4:8] = True
        return found


def empty_now(number: int = 1) -> Order:
    return Order(asked=Asked.EMPTY_NOW, number=number, at=AT, by="u-oskar")


def pictures(seconds: float, *, people: int = 0, seed: int = 7) -> Iterator[YuvFrame]:
    place = Concourse(
        seed=seed, width=SIZE[0], height=SIZE[1], fps=FPS, people=people, events=Events(noise=1)
    )
    for index in range(round(seconds * FPS)):
        scene = place.render(index)
        yield YuvFrame(y=scene.y, u=scene.u, v=scene.v, pts_90k=index * 90_000 // FPS)


def played(shielded: KeptShield, clocks: Time, frames: Iterator[YuvFrame]) -> list[Step]:
    steps = []
    for frame in frames:
        clocks.now_s = frame.pts_90k / 90_000
        steps.append(shielded.step(frame))
    return steps


def test_a_quiet_place_is_taken_for_empty_and_kept_with_who_said_so(folder: SceneFolder) -> None:
    shielded, clocks = shield(folder, empty_now())
    steps = played(shielded, clocks, pictures(13))
    assert all(step.mask is None for step in steps[: 5 * FPS])
    assert steps[-1].state is State.RUN
    assert steps[-1].mask is not None
    (kept,) = folder.of("hall")
    assert (kept.how, kept.by, kept.order) == (CONFIRMED, "u-oskar", 1)
    assert shielded.scene.how == CONFIRMED


def test_a_place_where_people_move_is_not_taken_for_empty(folder: SceneFolder) -> None:
    shielded, clocks = shield(folder, empty_now())
    steps = played(shielded, clocks, pictures(200, people=12, seed=8))
    assert all(step.mask is None for step in steps)
    assert folder.of("hall") == []
    assert "not taken for empty" in shielded.scene.text


def still(seconds: float) -> Iterator[YuvFrame]:
    """The same picture again and again: nothing moves in it."""
    (frame,) = list(pictures(1 / FPS))
    for index in range(round(seconds * FPS)):
        yield dataclasses.replace(frame, pts_90k=index * 90_000 // FPS)


def test_nobodys_word_counts_while_a_detector_sees_somebody(folder: SceneFolder) -> None:
    watching = Settings(detectors=(Watching(until_s=20),))
    shielded, clocks = shield(folder, empty_now(), watching)
    frames = list(pictures(33))
    early = played(shielded, clocks, iter(frames[: 25 * FPS]))
    assert all(step.mask is None and step.state is State.LEARN for step in early)
    assert "detector sees somebody" in early[15 * FPS].text, "the tile says why it waits"
    assert folder.of("hall") == [], "ten seconds of quiet begin when it sees nobody"
    late = played(shielded, clocks, iter(frames[25 * FPS :]))
    assert late[-1].state is State.RUN
    assert [one.by for one in folder.of("hall")] == ["u-oskar"]


def test_a_word_that_a_detector_contradicts_to_the_end_is_refused(folder: SceneFolder) -> None:
    watching = Settings(detectors=(Watching(until_s=1e6),), learns=False)
    shielded, clocks = shield(folder, empty_now(), watching)
    steps = played(shielded, clocks, still(185))
    assert all(step.mask is None for step in steps)
    assert folder.of("hall") == []
    assert "The detector saw somebody all the time" in shielded.scene.text
    assert "ask again" in shielded.scene.text


def test_a_detector_that_fails_leaves_nobodys_word_standing(folder: SceneFolder) -> None:
    for error, told in ((RuntimeError("x"), DETECTOR_FAILED), (Refusal("It is slow."), "slow")):
        settings = Settings(detectors=(Watching(until_s=1e6, error=error),), learns=False)
        shielded, clocks = shield(folder, empty_now(), settings)
        steps = played(shielded, clocks, still(30))
        assert all(step.mask is None for step in steps)
        assert told in steps[-1].text
        assert told in shielded.scene.text
        assert folder.of("hall") == []


def test_in_a_zone_that_is_not_masked_by_the_scene_a_detector_objects_to_nothing(
    folder: SceneFolder,
) -> None:
    poster = ((0.1, 0.3), (0.3, 0.3), (0.3, 0.7), (0.1, 0.7))
    for number, settings in enumerate((Settings(always=(poster,)), Settings(never=(poster,)))):
        seeing = dataclasses.replace(settings, detectors=(Watching(until_s=1e6),))
        shielded, clocks = shield(folder, empty_now(number + 1), seeing)
        assert played(shielded, clocks, still(13))[-1].state is State.RUN


def test_a_scene_is_taken_up_again_after_a_restart_where_the_picture_agrees(
    folder: SceneFolder,
) -> None:
    first, clocks = shield(folder, empty_now())
    played(first, clocks, pictures(13))
    again, clocks = shield(folder, empty_now())
    steps = played(again, clocks, pictures(6))
    assert steps[0].mask is None
    assert steps[-1].state is State.RUN
    assert again.scene.by == "u-oskar"


def test_another_place_is_not_shown_by_the_scene_that_was_kept(folder: SceneFolder) -> None:
    first, clocks = shield(folder, empty_now())
    played(first, clocks, pictures(13))
    other = np.random.default_rng(3).integers(16, 235, (12, 20), dtype=np.uint8)
    strange = np.kron(other, np.ones((15, 16), np.uint8))
    again, clocks = shield(folder)
    frames = (dataclasses.replace(frame, y=strange) for frame in pictures(6))
    assert all(step.mask is None for step in played(again, clocks, frames))


def test_what_was_done_is_not_done_again_and_forgetting_covers_everything(
    folder: SceneFolder,
) -> None:
    first, clocks = shield(folder, empty_now())
    played(first, clocks, pictures(13))
    later = Order(asked=Asked.FORGET, number=2, at=AT.replace(hour=10), by="u-oskar")
    again, clocks = shield(folder, later)
    assert all(step.mask is None for step in played(again, clocks, pictures(4)))
    assert folder.of("hall") == []


def test_a_scene_that_is_altered_or_another_sites_is_left_out(
    folder: SceneFolder, tmp_path: Path
) -> None:
    first, clocks = shield(folder, empty_now())
    played(first, clocks, pictures(13))
    (path,) = tmp_path.glob("*.scene")
    content = path.read_bytes()
    for at in (0, 9, 40, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert folder.of("hall") == []
    path.write_bytes(content[: len(content) // 2])
    assert folder.of("hall") == []
    path.write_bytes(content)
    stranger = SigningKey(holder="site", private=Ed25519PrivateKey.generate())
    assert SceneFolder(tmp_path, stranger).of("hall") == []
    assert folder.of("hal") == []
    assert len(folder.of("hall")) == 1


def test_of_more_than_three_scenes_the_oldest_goes(folder: SceneFolder) -> None:
    first, clocks = shield(folder, empty_now())
    played(first, clocks, pictures(13))
    (scene,) = folder.of("hall")
    for number in range(4):
        folder.keep(dataclasses.replace(scene, at_ns=scene.at_ns + 1 + number))
    kept: list[KeptScene] = folder.of("hall")
    assert [one.at_ns - scene.at_ns for one in kept] == [2, 3, 4]
    assert np.array_equal(kept[0].background.mean, scene.background.mean)
    assert np.array_equal(kept[0].background.known, scene.background.known)
