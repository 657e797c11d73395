"""The site's cameras: added under the permit's cap, changed, removed; what each process plans by.

Always: an address is kept and shown without a password; a removed camera keeps its recordings; each
change is a leaf of the ledger in the same transaction.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal, UsageError
from insyn.site.cameras import recorded
from insyn.site.cameras.address import Address, Credentials
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.schema import cameras
from insyn.trust.people.duties import Actor, require

RoomFor = Callable[[int], str]
"""Why there may not be so many cameras, in a sentence; "" where there may (the permit)."""

MayHear = Callable[[], str]
"""Why no sound may be recorded now, in a sentence; "" where it may (the permit)."""

STYLES = ("solid", "ghost", "mosaic")


def _never() -> str:
    return "no sound is recorded unless a permit allows it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera. `sub` is the main address where there is no other stream.

    Attributes:
        id: made of the name: lower-case letters, digits and hyphens; never used again.
        device: what probing found, for people: maker, model, firmware.
        style: how people are masked: solid, ghost or mosaic.
        is_recorded: whether its original is kept, sealed; masked video is kept always.
        records_sound: whether its sealed original has its sound, where the permit says so too.
        retention_days: shorter than the site's, or None.
        floor_bytes: what quotas leave it at least.
        version: rises with each change.
    """

    id: str
    name: str
    place: str
    main: Address
    sub: Address
    has_credentials: bool
    device: Mapping[str, str] = field(default_factory=dict)
    style: str = "solid"
    is_recorded: bool = True
    records_sound: bool = False
    retention_days: int | None = None
    floor_bytes: int = 0
    added_at: datetime
    removed_at: datetime | None = None
    version: int = 1

    def to_json(self) -> dict[str, Json]:
        """For programs; holds no password."""
        return {
            "id": self.id,
            "name": self.name,
            "place": self.place,
            "main": self.main.url,
            "sub": self.sub.url,
            "has_credentials": self.has_credentials,
            "device": dict(self.device),
            "style": self.style,
            "is_recorded": self.is_recorded,
            "sound": self.records_sound,
            "retention_days": self.retention_days,
            "floor_bytes": self.floor_bytes,
            "added_at": isoformat(self.added_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a camera shall be.

    Raises:
        UsageError: a value cannot be; says which.
    """

    name: str
    main: Address
    sub: Address | None = None
    place: str = ""
    credentials: Credentials | None = None
    device: Mapping[str, str] = field(default_factory=dict)
    style: str = "solid"
    is_recorded: bool = True
    records_sound: bool = False
    retention_days: int | None = None
    floor_bytes: int = 0

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 120 or not self.name.isprintable():
            raise UsageError("a camera's name is a line of at most 120 characters", field="name")
        if len(self.place) > 200 or not self.place.isprintable():
            raise UsageError("a camera's place is a line of at most 200 characters", field="place")
        if self.style not in STYLES:
            raise UsageError(f"a camera's style is {', '.join(STYLES)}", field="style")
        if self.retention_days is not None and not 1 <= self.retention_days <= 1826:
            raise UsageError("a camera's retention is 1 to 1826 days", field="days")
        if not 0 <= self.floor_bytes <= 1 << 60:
            raise UsageError("a camera's floor is a number of bytes")


def add(
    connection: sa.Connection,
    wanted: Wanted,
    *,
    keeper: CredentialKeeper,
    room_for: RoomFor,
    actor: Actor,
    now: datetime,
    may_hear: MayHear = _never,
) -> Camera:
    """Add a camera.

    Raises:
        Refusal: the actor may not, the permit has no room or allows no sound, or the name is taken.
    """
    require(actor, "camera.manage")
    count = len(every(connection)) + 1
    if refusal := room_for(count):
        raise Refusal(refusal)
    _require_hearing(wanted, may_hear)
    if any(each.name.casefold() == wanted.name.strip().casefold() for each in every(connection)):
        raise Refusal(
            f"there is a camera named {wanted.name.strip()} already; name it otherwise",
            field="name",
        )
    camera = _free_id(connection, wanted.name)
    connection.execute(
        cameras.insert().values(
            id=camera,
            added_at=now,
            version=1,
            credentials=keeper.keep(wanted.credentials, camera) if wanted.credentials else None,
            **_values(wanted),
        )
    )
    recorded.record(connection, camera, "added", count=count, who=actor.id, now=now)
    if wanted.records_sound:
        recorded.record(connection, camera, "sound-on", count=count, who=actor.id, now=now)
    return find(connection, camera)


def change(
    connection: sa.Connection,
    camera: str,
    wanted: Wanted,
    *,
    keeper: CredentialKeeper,
    actor: Actor,
    now: datetime,
    may_hear: MayHear = _never,
) -> Camera:
    """Change a camera; without new credentials the old ones stay, where the host does.

    Raises:
        Refusal: the actor may not, there is no such camera, the name is another's, or sound is to
            be recorded from now on and the permit allows none.
    """
    require(actor, "camera.manage")
    before = find(connection, camera)
    others = [each for each in every(connection) if each.id != camera]
    if any(each.name.casefold() == wanted.name.strip().casefold() for each in others):
        raise Refusal(
            f"there is a camera named {wanted.name.strip()} already; name it otherwise",
            field="name",
        )
    if not before.records_sound:
        _require_hearing(wanted, may_hear)
    values = _values(wanted)
    if wanted.credentials:
        values["credentials"] = keeper.keep(wanted.credentials, camera)
    elif wanted.main.name != before.main.name:
        values["credentials"] = None  # a password is never sent to another host
    connection.execute(
        cameras.update().where(cameras.c.id == camera).values(version=before.version + 1, **values)
    )
    count = len(others) + 1
    recorded.record(connection, camera, "changed", count=count, who=actor.id, now=now)
    if wanted.records_sound != before.records_sound:
        turned = "sound-on" if wanted.records_sound else "sound-off"
        recorded.record(connection, camera, turned, count=count, who=actor.id, now=now)
    return find(connection, camera)


def remove(connection: sa.Connection, camera: str, *, actor: Actor, now: datetime) -> Camera:
    """Take a camera out of use; its recordings stay, its password is forgotten.

    Raises:
        Refusal: the actor may not, or there is no such camera.
    """
    require(actor, "camera.manage")
    found = find(connection, camera)
    connection.execute(
        cameras.update()
        .where(cameras.c.id == camera)
        .values(removed_at=now, credentials=None, version=found.version + 1)
    )
    count = len(every(connection))
    recorded.record(connection, camera, "removed", count=count, who=actor.id, now=now)
    return found


def find(connection: sa.Connection, camera: str) -> Camera:
    """A camera in use, by id or name.

    Raises:
        Refusal: there is none.
    """
    for each in every(connection):
        if camera in (each.id, each.name):
            return each
    raise Refusal(f"there is no camera {camera!r}; insyn site camera list shows them")


def every(connection: sa.Connection, *, removed: bool = False) -> list[Camera]:
    """All cameras in use, by id; with `removed`, those that were as well."""
    query = sa.select(cameras).order_by(cameras.c.id)
    if not removed:
        query = query.where(cameras.c.removed_at.is_(None))
    return [_camera(row) for row in connection.execute(query)]


def credentials_of(
    connection: sa.Connection, camera: str, keeper: CredentialKeeper
) -> Credentials | None:
    """A camera's credentials, for whoever connects to it; never to be shown."""
    query = sa.select(cameras.c.credentials).where(cameras.c.id == camera)
    return keeper.open(connection.execute(query).scalar(), camera)


def _require_hearing(wanted: Wanted, may_hear: MayHear) -> None:
    if not wanted.records_sound:
        return
    if refusal := may_hear():
        raise Refusal(refusal)


def _values(wanted: Wanted) -> dict[str, Any]:
    return {
        "name": wanted.name.strip(),
        "place": wanted.place.strip(),
        "main_url": wanted.main.url,
        "sub_url": (wanted.sub or wanted.main).url,
        "device": json.dumps(dict(wanted.device), ensure_ascii=False),
        "style": wanted.style,
        "is_recorded": wanted.is_recorded,
        "records_sound": wanted.records_sound,
        "retention_days": wanted.retention_days,
        "floor_bytes": wanted.floor_bytes,
    }


# `Any`: a row's columns, whose types the table tells.
def _camera(row: sa.Row[Any]) -> Camera:
    return Camera(
        id=row.id,
        name=row.name,
        place=row.place,
        main=Address(url=row.main_url),
        sub=Address(url=row.sub_url),
        has_credentials=row.credentials is not None,
        device=json.loads(row.device),
        style=row.style,
        is_recorded=row.is_recorded,
        records_sound=row.records_sound,
        retention_days=row.retention_days,
        floor_bytes=row.floor_bytes,
        added_at=row.added_at,
        removed_at=row.removed_at,
        version=row.version,
    )


def _free_id(connection: sa.Connection, name: str) -> str:
    """An id that people can read and that no camera ever had."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "camera"
    taken = {each.id for each in every(connection, removed=True)}
    number, candidate = 1, base
    while candidate in taken:
        number += 1
        candidate = f"{base}-{number}"
    return candidate
