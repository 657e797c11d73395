"""The register of cameras: caps, names, passwords at rest, leaves without addresses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from insyn.base.errors import EnvironmentFailure, Refusal, UsageError
from insyn.site.cameras.address import Credentials, read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.register import (
    Camera,
    Wanted,
    add,
    change,
    credentials_of,
    every,
    find,
    remove,
)
from insyn.site.directory import SiteDirectory
from insyn.site.permission.allowed import self_declared
from insyn.site.store import open_site
from insyn.trust.keys.site import make_site_key
from insyn.trust.ledger import log
from insyn.trust.people.duties import Actor, Role
from insyn.trust.store import Store

NOW = datetime(2026, 11, 24, tzinfo=UTC)
CHIEF = Actor(id="u-0123456789ab", roles=frozenset({Role.ADMINISTRATOR}))
SECRET = "k2-not-for-anyone"


@pytest.fixture
def site(tmp_path: Path) -> SiteDirectory:
    return SiteDirectory(root=tmp_path / "site")


@pytest.fixture
def keeper(site: SiteDirectory) -> CredentialKeeper:
    return CredentialKeeper(make_site_key(site.key))


@pytest.fixture
def store(site: SiteDirectory) -> Iterator[Store]:
    with open_site(site) as opened:
        yield opened


def wanted(name: str = "Gate 4", url: str = "rtsp://192.0.2.7/main", **more: object) -> Wanted:
    address, credentials = read_address(url)
    return Wanted(name=name, main=address, credentials=credentials, **more)  # type: ignore[arg-type]


def added(store: Store, keeper: CredentialKeeper, one: Wanted, actor: Actor = CHIEF) -> Camera:
    with store.writing() as connection:
        return add(
            connection,
            one,
            keeper=keeper,
            room_for=self_declared().room_for,
            actor=actor,
            now=NOW,
        )


def test_a_camera_comes_back_as_it_was_added(store: Store, keeper: CredentialKeeper) -> None:
    camera = added(store, keeper, wanted("Entrée Süd", place="Hall 2", style="ghost"))
    assert camera.id == "entree-sud"
    with store.reading() as connection:
        assert find(connection, "entree-sud") == find(connection, "Entrée Süd") == camera
    assert (camera.sub, camera.style, camera.is_recorded) == (camera.main, "ghost", True)


def test_the_permit_caps_the_cameras(store: Store, keeper: CredentialKeeper) -> None:
    for number in range(16):
        added(store, keeper, wanted(f"c{number}"))
    with pytest.raises(Refusal, match="at most 16"):
        added(store, keeper, wanted("c16"))
    with store.writing() as connection:
        remove(connection, "c3", actor=CHIEF, now=NOW)
    added(store, keeper, wanted("c16"))


def test_a_password_is_nowhere_in_the_clear(
    site: SiteDirectory, store: Store, keeper: CredentialKeeper
) -> None:
    camera = added(store, keeper, wanted(url=f"rtsp://viewer:{SECRET}@192.0.2.7/main"))
    assert SECRET not in repr(camera)
    assert SECRET not in str(camera.to_json())
    with store.reading() as connection:
        found = credentials_of(connection, camera.id, keeper)
        assert found == Credentials(user="viewer", password=SECRET)
        assert SECRET not in repr(found)
        for number in range(log.size(connection)):
            content = log.content(connection, number)
            assert b"192.0.2.7" not in content
            assert SECRET.encode() not in content
    with store.reading() as connection:
        connection.execute(sa.text("SELECT 1"))
    files = [site.database, site.database.with_name("site.sqlite-wal")]
    assert not any(SECRET.encode() in path.read_bytes() for path in files if path.exists())


def test_another_sites_key_opens_no_password(
    store: Store, keeper: CredentialKeeper, tmp_path: Path
) -> None:
    camera = added(store, keeper, wanted(url=f"rtsp://viewer:{SECRET}@192.0.2.7/main"))
    other = CredentialKeeper(make_site_key(tmp_path / "other.pem"))
    with store.reading() as connection, pytest.raises(EnvironmentFailure, match="another key"):
        credentials_of(connection, camera.id, other)


def test_a_password_does_not_follow_to_another_host(store: Store, keeper: CredentialKeeper) -> None:
    camera = added(store, keeper, wanted(url=f"rtsp://viewer:{SECRET}@192.0.2.7/main"))
    for url, has in (("rtsp://192.0.2.7/other", True), ("rtsp://203.0.113.9/main", False)):
        with store.writing() as connection:
            changed = change(
                connection, camera.id, wanted(url=url), keeper=keeper, actor=CHIEF, now=NOW
            )
        assert changed.has_credentials is has


def test_a_removed_camera_keeps_its_id_and_forgets_its_password(
    store: Store, keeper: CredentialKeeper
) -> None:
    first = added(store, keeper, wanted(url=f"rtsp://viewer:{SECRET}@192.0.2.7/main"))
    with store.writing() as connection:
        remove(connection, first.id, actor=CHIEF, now=NOW)
    with store.reading() as connection:
        assert every(connection) == []
        assert every(connection, removed=True)[0].has_credentials is False
    assert added(store, keeper, wanted()).id == "gate-4-2", "an id is never used again"


def test_a_name_stands_once(store: Store, keeper: CredentialKeeper) -> None:
    added(store, keeper, wanted("Gate"))
    with pytest.raises(Refusal, match="already"):
        added(store, keeper, wanted("gate"))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_only_an_administrator_changes_cameras(
    store: Store, keeper: CredentialKeeper, role: Role
) -> None:
    with pytest.raises(Refusal):
        added(store, keeper, wanted(), Actor(id="u-aaaaaaaaaaaa", roles=frozenset({role})))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "a\nb"},
        {"name": "x" * 121},
        {"style": "blur"},
        {"retention_days": 0},
    ],
)
def test_what_a_camera_cannot_be_is_told(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        wanted(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url", ["", "http://192.0.2.7/x", "rtsp://", "rtsp://[::1", "rtsp://h:99999/", "rtsp://h:x/y"]
)
def test_what_is_no_address_is_told_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError) as told:
        read_address(url.replace("//", f"//u:{SECRET}@") if url.startswith("rtsp://h") else url)
    assert SECRET not in str(told.value)


def test_credentials_are_taken_out_of_an_address() -> None:
    address, credentials = read_address("rtsp://us%40er:p%3Aw@[2001:db8::1]:8554/a?b=1")
    assert address.url == "rtsp://[2001:db8::1]:8554/a?b=1"
    assert credentials == Credentials(user="us@er", password="p:w")
    assert address.with_credentials(credentials) == "rtsp://us%40er:p%3Aw@[2001:db8::1]:8554/a?b=1"


def turned(store: Store) -> list[str]:
    """What the ledger says of cameras, in turn."""
    with store.reading() as connection:
        leaves = [log.find(connection, number) for number in range(log.size(connection))]
    return [str(leaf.what["change"]) for leaf in leaves if leaf.kind == "camera.changed"]


def test_sound_is_off_and_turned_on_only_where_the_permit_allows_it(
    store: Store, keeper: CredentialKeeper
) -> None:
    camera = added(store, keeper, wanted())
    assert not camera.records_sound
    assert camera.to_json()["sound"] is False
    with pytest.raises(Refusal, match="no sound"):
        added(store, keeper, wanted("Yard", records_sound=True))

    def turn(on: bool, mute: str) -> Camera:
        with store.writing() as connection:
            return change(
                connection,
                camera.id,
                wanted(records_sound=on),
                keeper=keeper,
                may_hear=lambda: mute,
                actor=CHIEF,
                now=NOW,
            )

    with pytest.raises(Refusal, match="ask the office"):
        turn(True, "the permit does not allow sound; ask the office for one that does")
    assert turn(True, "").records_sound
    assert turn(True, "the permit has gone").records_sound, "another change keeps the setting"
    assert not turn(False, "the permit has gone").records_sound
    assert turned(store) == ["added", "changed", "sound-on", "changed", "changed", "sound-off"]
