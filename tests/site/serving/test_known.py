"""What is told of a camera's empty scene: by the shield that runs, else as it lies on disk."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from insyn.site.serving.known import NOBODY_LOOKS, Known, known_of
from insyn.site.shield.background import Background
from insyn.site.shielding.masking import Asked, Order
from insyn.site.shielding.scenes import CONFIRMED, LEARNED, KeptScene, SceneFolder
from insyn.trust.keys.keyfile import SigningKey

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = AT + timedelta(hours=3)


@pytest.fixture
def scenes(tmp_path: Path) -> SceneFolder:
    (tmp_path / "scenes").mkdir()
    key = SigningKey(holder="site", private=Ed25519PrivateKey.generate())
    return SceneFolder(tmp_path / "scenes", key)


def keep(scenes: SceneFolder, at: datetime, how: str = CONFIRMED, *, order: int = 0) -> None:
    shape = (9, 16)
    scenes.keep(
        KeptScene(
            camera="hall",
            how=how,
            by="u-oskar" if how == CONFIRMED else "",
            at_ns=int(at.timestamp()) * 10**9,
            order=order,
            background=Background(
                mean=np.zeros((*shape, 3), np.uint8),
                deviation=np.ones(shape, np.float32),
                chroma_deviation=np.ones(shape, np.float32),
                known=np.ones(shape, bool),
            ),
        )
    )


def run(tmp_path: Path, at: datetime, **scene: object) -> Path:
    """What a worker told of the hall at a time."""
    told = {"at_ns": int(at.timestamp()) * 10**9, "cameras": {"hall": {"scene": scene}}}
    (tmp_path / "shield-1.json").write_text(json.dumps(told))
    return tmp_path


def order(asked: Asked, number: int = 1, at: datetime = AT) -> Order:
    return Order(asked=asked, number=number, at=at, by="u-oskar")


def test_nothing_is_known_at_first(scenes: SceneFolder, tmp_path: Path) -> None:
    assert known_of(tmp_path, scenes, "hall", Order(), now=AT) == Known()


def test_the_newest_scene_on_disk_is_told_where_no_shield_runs(
    scenes: SceneFolder, tmp_path: Path
) -> None:
    keep(scenes, AT, LEARNED)
    assert known_of(tmp_path, scenes, "hall", Order(), now=LATER) == Known(how=LEARNED, at=AT)
    keep(scenes, AT + timedelta(hours=1), order=1)
    told = known_of(tmp_path, scenes, "hall", order(Asked.EMPTY_NOW), now=LATER)
    assert told == Known(how=CONFIRMED, by="u-oskar", at=AT + timedelta(hours=1))
    assert known_of(tmp_path, scenes, "gate", Order(), now=LATER) == Known()


def test_the_shield_that_runs_goes_before_the_disk(scenes: SceneFolder, tmp_path: Path) -> None:
    keep(scenes, AT, order=1)
    waits = {"how": "", "by": "", "at_ns": 0, "text": "Waiting until nothing moves."}
    place = run(tmp_path, LATER, **waits)
    soon = LATER + timedelta(seconds=5)
    told = known_of(place, scenes, "hall", order(Asked.EMPTY_NOW, 2), now=soon)
    assert told == Known(text="Waiting until nothing moves.")
    # It has ended since: what it said last is no longer so.
    told = known_of(place, scenes, "hall", Order(), now=LATER + timedelta(minutes=1))
    assert told == Known(how=CONFIRMED, by="u-oskar", at=AT)


def test_what_was_asked_and_not_done_is_told(scenes: SceneFolder, tmp_path: Path) -> None:
    told = known_of(tmp_path, scenes, "hall", order(Asked.EMPTY_NOW), now=AT)
    assert told == Known(text=NOBODY_LOOKS)
    keep(scenes, AT, order=1)
    forgotten = order(Asked.FORGET, 2, at=AT + timedelta(minutes=1))
    assert known_of(tmp_path, scenes, "hall", forgotten, now=LATER) == Known()


def test_a_worker_that_wrote_nonsense_is_passed_over(scenes: SceneFolder, tmp_path: Path) -> None:
    keep(scenes, AT)
    for said in ("", "[]", '{"at_ns": "x"}', '{"at_ns": 1}'):
        (tmp_path / "shield-1.json").write_text(said)
        assert known_of(tmp_path, scenes, "hall", Order(), now=AT).how == CONFIRMED
