"""What a site's recorder processes take up: shares of the cameras, the vault, the permit."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.support.coded_video import again, coded, parameters_of
from tests.support.recorder_desk import PlayedCamera, until

from insyn.base.errors import EnvironmentFailure, UsageError
from insyn.cli.site_record import record
from insyn.site.archive import place
from insyn.site.archive.index import NAME, Index
from insyn.site.archive.reading import Reader
from insyn.site.cameras import register
from insyn.site.cameras.address import Address, Credentials
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.directory import SiteDirectory
from insyn.site.permission.allowed import Allowed, self_declared
from insyn.site.recorder.plans import (
    Part,
    RegisteredCameras,
    read_part,
    site_recorder,
)
from insyn.site.recorder.process import Plan
from insyn.site.store import open_site
from insyn.site.streams import StreamName
from insyn.site.vault.folder import PUBLIC
from insyn.trust.keys.site import make_site_key
from insyn.trust.people.duties import Actor, Role

VIDEO = coded(frames=50, gop=25)
ALL = Part(number=1, of=1)


@pytest.fixture
def site(tmp_path: Path) -> SiteDirectory:
    return SiteDirectory(root=tmp_path / "site")


def make_vault(site: SiteDirectory) -> None:
    raw = X25519PrivateKey.generate().public_key().public_bytes_raw()
    (site.vault / PUBLIC).write_text(raw.hex() + "\n")


@contextmanager
def running(site: SiteDirectory, camera: PlayedCamera, allowed: Allowed) -> Iterator[None]:
    plans = {"hall": Plan(source=camera, settings=1)}
    recorder = site_recorder(site, lambda: plans, lambda: allowed, part=ALL)
    thread = threading.Thread(target=recorder.run)
    thread.start()
    try:
        yield
    finally:
        recorder.stop()
        thread.join(20)


def told(site: SiteDirectory) -> dict[str, object]:
    path = site.run / "recorder-1.json"
    said: dict[str, object] = json.loads(path.read_bytes()) if path.exists() else {}
    return said


def test_a_site_with_a_vault_records_into_the_archive_that_it_remembers(
    site: SiteDirectory, tmp_path: Path
) -> None:
    make_vault(site)
    root = place.move_place(site, tmp_path / "disk")
    camera = PlayedCamera(parameters_of(VIDEO))
    with running(site, camera, self_declared()):
        camera.send(again(VIDEO, 2, 180_000))
        until(lambda: '"written": 100' in json.dumps(told(site)))
    reader = Reader(root.path, Index(root.path / NAME))
    (recording,) = reader.recordings("hall", StreamName.MAIN, 0, 1 << 62)
    reader.close()
    assert recording.is_sealed
    assert recording.frames == 100
    assert not (site.root / "archive" / NAME).exists()


def test_a_site_without_a_vault_keeps_no_originals_and_says_why(site: SiteDirectory) -> None:
    camera = PlayedCamera(parameters_of(VIDEO))
    with running(site, camera, self_declared()):
        until(lambda: "no vault" in str(told(site).get("text")))
    assert camera.opened == 0


def test_a_permit_that_asks_for_no_originals_is_obeyed(site: SiteDirectory) -> None:
    make_vault(site)
    camera = PlayedCamera(parameters_of(VIDEO))
    with running(site, camera, dataclasses.replace(self_declared(), custodians=0)):
        until(lambda: "no originals" in str(told(site).get("text")))
    assert camera.opened == 0


def test_a_remembered_archive_that_is_not_there_is_not_made_anew(
    site: SiteDirectory, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    root = place.move_place(site, disk)
    disk.rename(tmp_path / "unplugged")
    disk.mkdir()
    with pytest.raises(EnvironmentFailure, match="mount its disk"):
        place.open_place(site)
    assert list(disk.iterdir()) == []
    disk.rmdir()
    (tmp_path / "unplugged").rename(disk)
    assert place.open_place(site).id == root.id


def test_another_archive_in_the_place_of_ours_is_refused(
    site: SiteDirectory, tmp_path: Path
) -> None:
    other = SiteDirectory(root=tmp_path / "other")
    theirs = place.open_place(other)
    ours = place.open_place(site)
    (ours.path / "archive.json").write_bytes((theirs.path / "archive.json").read_bytes())
    with pytest.raises(EnvironmentFailure, match="mount the right disk"):
        place.open_place(site)


@given(st.text(min_size=1), st.integers(1, 9))
def test_each_camera_is_recorded_by_exactly_one_process(camera: str, parts: int) -> None:
    having = [number for number in range(1, parts + 1) if Part(number=number, of=parts).has(camera)]
    assert len(having) == 1


@pytest.mark.parametrize("text", ["", "0/1", "2/1", "1", "1/0", "a/b", "1/2/3", "-1/2"])
def test_a_part_that_is_none_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        read_part(text)


def test_cameras_of_the_register_are_taken_up_changed_and_let_go(
    site: SiteDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    key = make_site_key(site.key)
    keeper = CredentialKeeper(key)
    actor = Actor(id="u-0123456789ab", roles=frozenset({Role.ADMINISTRATOR}))
    now = datetime(2026, 3, 1, tzinfo=UTC)
    hall = register.Wanted(
        name="Hall",
        main=Address(url="rtsp://192.0.2.7/hall"),
        credentials=Credentials(user="viewer", password="an invented one"),
    )
    kept: dict[str, Any] = {"keeper": keeper, "actor": actor, "now": now}
    with open_site(site) as store:
        cameras = RegisteredCameras(store, keeper, self_declared)
        with store.writing() as connection:
            register.add(connection, hall, room_for=lambda _: "", **kept)
            yard = register.Wanted(
                name="Yard", main=Address(url="rtsp://192.0.2.7/yard"), is_recorded=False
            )
            register.add(connection, yard, room_for=lambda _: "", **kept)
        first = cameras()
        assert list(first) == ["hall"]
        assert cameras()["hall"] is first["hall"]
        with store.writing() as connection:
            changed = dataclasses.replace(hall, place="north")
            register.change(connection, "hall", changed, **kept)
        assert cameras()["hall"].settings != first["hall"].settings
        stranger = CredentialKeeper(make_site_key(site.root / "other.pem"))
        other = RegisteredCameras(store, stranger, self_declared)
        assert other() == {}
        assert "under another key" in caplog.text
        assert "an invented one" not in caplog.text
        with store.writing() as connection:
            register.remove(connection, "hall", actor=actor, now=now)
        assert cameras() == {}


def test_tries_without_a_vault_or_with_a_wrong_address_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="insyn site vault init"):
        record(camera=["hall=rtsp://192.0.2.7/one"], data=tmp_path)
    with pytest.raises(UsageError, match="hall=rtsp"):
        record(camera=["rtsp://user:secret@192.0.2.7/one"], data=tmp_path)
    with pytest.raises(EnvironmentFailure, match="insyn site init"):
        record(data=tmp_path)
