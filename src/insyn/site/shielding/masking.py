"""How each camera is masked, and what its shield is asked to do: zones, empty scenes.

Always: no zone is left unmasked because one person wanted it: it takes a reason, a second person,
and ends by itself (`insyn.site.shielding.uncovered`); who says that a place is empty is named in
the ledger.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.errors import Refusal, UsageError
from insyn.base.moments import Moment
from insyn.site.cameras.register import find
from insyn.site.shield.engine import Zone
from insyn.site.shielding import uncovered
from insyn.site.shielding.uncovered import COVERED, Uncovered, read_zones
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf, Personal
from insyn.trust.people.duties import Actor, Done, require

METADATA = sa.MetaData()

masking = sa.Table(
    "masking",
    METADATA,
    sa.Column("camera", sa.String(64), primary_key=True),
    sa.Column("always", sa.Text, nullable=False),
    sa.Column("proposed", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.String(64), nullable=False),
    sa.Column("because", sa.Text, nullable=False, server_default=""),
    sa.Column("days", sa.Integer, nullable=False, server_default="0"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("asked", sa.String(16), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("asked_at", Moment),
    sa.Column("asked_by", sa.String(64), nullable=False),
)

ZONES_CHANGED = register(
    Kind(
        name="masking.zones",
        title="zones that are always masked were set, and zones never to be masked proposed",
        what={"camera": Shape.ID, "always": Shape.COUNT, "never": Shape.COUNT},
    )
)
ZONES_CONFIRMED = register(
    Kind(
        name="masking.confirmed",
        title="a second person confirmed zones that are never masked",
        what={"camera": Shape.ID, "never": Shape.COUNT},
    )
)
NEVER_PROPOSED = register(
    Kind(
        name="masking.never",
        title="somebody wants zones of a camera never masked, for some days; why is kept beside it",
        what={"camera": Shape.ID, "zones": Shape.COUNT, "days": Shape.COUNT},
        personal=frozenset({"because"}),
    )
)
SCENE_ASKED = register(
    Kind(
        name="masking.scene",
        title="somebody said that nobody is in view of a camera, or had its scenes forgotten",
        what={"camera": Shape.ID, "asked": Shape.WORD},
    )
)

MOST_ZONES, MOST_CORNERS = 32, 64


class Asked(StrEnum):
    """What a shield is asked to do about its empty scene."""

    NOTHING = "nothing"
    EMPTY_NOW = "empty-now"
    FORGET = "forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked last, by whom; done once, whatever restarts."""

    asked: Asked = Asked.NOTHING
    number: int = 0
    at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """How one camera is masked.

    Attributes:
        always: zones that are always covered.
        open: zones that are never covered, as two people agreed, why, and until when.
        proposed: zones that `proposed_by` wants never covered, `because`, for so many `days`;
            without effect until confirmed.
        version: rises with each change or order.
    """

    always: tuple[Zone, ...] = ()
    open: Uncovered = COVERED
    proposed: tuple[Zone, ...] = ()
    proposed_by: str = ""
    because: str = ""
    days: int = 0
    order: Order = Order()
    version: int = 0

    @property
    def never(self) -> tuple[Zone, ...]:
        """Zones that are not covered now."""
        return self.open.zones


def masking_of(connection: sa.Connection, camera: str, *, now: datetime) -> Masking:
    """How a camera is masked at that time; the defaults where nothing was set."""
    row = connection.execute(sa.select(masking).where(masking.c.camera == camera)).one_or_none()
    if row is None:
        return Masking()
    return Masking(
        always=read_zones(row.always),
        open=uncovered.in_force(connection, camera, now=now),
        proposed=read_zones(row.proposed),
        proposed_by=row.proposed_by,
        because=row.because,
        days=row.days,
        order=Order(
            asked=Asked(row.asked), number=row.number, at=row.asked_at, by=row.asked_by or ""
        ),
        version=row.version,
    )


def partly_uncovered(connection: sa.Connection, *, now: datetime) -> dict[str, Masking]:
    """Cameras of which a part is not covered now, or shall not be: quick, whatever their number."""
    waits = connection.execute(sa.select(masking.c.camera).where(masking.c.proposed != "[]"))
    cameras = {row.camera for row in waits} | uncovered.cameras(connection, now=now)
    return {camera: masking_of(connection, camera, now=now) for camera in sorted(cameras)}


def set_zones(
    connection: sa.Connection,
    camera: str,
    *,
    always: tuple[Zone, ...],
    never: tuple[Zone, ...],
    because: str = "",
    days: int = uncovered.USUAL_DAYS,
    actor: Actor,
    now: datetime,
) -> Masking:
    """Set the zones that are always covered; propose those that never are.

    Fewer of the latter hold at once; new ones when somebody else confirms them, for so many days.

    Raises:
        Refusal: the actor may not, or there is no such camera.
        UsageError: a zone is none; those that are never covered are too large, without a reason, or
            for too long.
    """
    require(actor, "masking.zones")
    found = find(connection, camera)
    for zone in (*always, *never):
        _check(zone)
    if len(always) + len(never) > MOST_ZONES:
        raise UsageError(f"a camera has at most {MOST_ZONES} zones")
    before = masking_of(connection, found.id, now=now)
    new = never if any(zone not in before.never for zone in never) else ()
    if new:
        uncovered.check(new, because, days)
    kept = tuple(zone for zone in before.never if zone in never)
    uncovered.keep(connection, found.id, kept, now=now)
    _write(
        connection,
        found.id,
        before,
        always=json.dumps(always),
        proposed=json.dumps(new),
        proposed_by=actor.id if new else "",
        because=because.strip() if new else "",
        days=days if new else 0,
    )
    what: dict[str, Json] = {"camera": found.id, "always": len(always), "never": len(never)}
    log.append(connection, Leaf(kind=ZONES_CHANGED.name, who=actor.id, what=what), now=now)
    if new:
        _record_proposed(connection, found.id, len(new), days, because.strip(), actor, now)
    return masking_of(connection, found.id, now=now)


def _record_proposed(
    connection: sa.Connection,
    camera: str,
    zones: int,
    days: int,
    because: str,
    actor: Actor,
    now: datetime,
) -> None:
    what: dict[str, Json] = {"camera": camera, "zones": zones, "days": days}
    personal = {"because": Personal(subject=camera, data=because)}
    leaf = Leaf(kind=NEVER_PROPOSED.name, who=actor.id, what=what, personal=personal)
    log.append(connection, leaf, now=now)


def confirm_zones(
    connection: sa.Connection, camera: str, *, actor: Actor, now: datetime
) -> Masking:
    """Confirm what somebody else proposed never to be covered.

    Raises:
        Refusal: the actor may not, proposed it, or nothing is proposed.
    """
    found = find(connection, camera)
    before = masking_of(connection, found.id, now=now)
    require(actor, "masking.confirm", [Done(action="masking.zones", by=before.proposed_by)])
    if not before.proposed:
        raise Refusal(f"no zone of {found.name} waits to be confirmed")
    uncovered.check(before.proposed, before.because, before.days)
    uncovered.begin(
        connection,
        found.id,
        Uncovered(
            zones=before.proposed,
            because=before.because,
            ends=now + timedelta(days=before.days),
        ),
        proposed_by=before.proposed_by,
        confirmed_by=actor.id,
        now=now,
    )
    _write(connection, found.id, before, proposed="[]", proposed_by="", because="", days=0)
    what: dict[str, Json] = {"camera": found.id, "never": len(before.proposed)}
    log.append(connection, Leaf(kind=ZONES_CONFIRMED.name, who=actor.id, what=what), now=now)
    return masking_of(connection, found.id, now=now)


def ask(
    connection: sa.Connection, camera: str, asked: Asked, *, actor: Actor, now: datetime
) -> Order:
    """Say that nobody is in view now, or have the scenes forgotten that the shield knows.

    The first makes the shield learn the empty scene from the next quiet seconds.

    Raises:
        Refusal: the actor may not, or there is no such camera.
    """
    require(actor, "background.confirm")
    found = find(connection, camera)
    before = masking_of(connection, found.id, now=now)
    number = before.order.number + 1
    _write(
        connection,
        found.id,
        before,
        asked=str(asked),
        number=number,
        asked_at=now,
        asked_by=actor.id,
    )
    what: dict[str, Json] = {"camera": found.id, "asked": str(asked)}
    log.append(connection, Leaf(kind=SCENE_ASKED.name, who=actor.id, what=what), now=now)
    return Order(asked=asked, number=number, at=now, by=actor.id)


def read_zone(text: str) -> Zone:
    """A zone as people write it: corners `x,y x,y x,y` in shares of the picture, 0 to 1.

    Raises:
        UsageError: it is not so written.
    """
    try:
        corners = tuple(
            (float(x), float(y)) for x, y in (corner.split(",") for corner in text.split())
        )
    except ValueError as error:
        raise UsageError(
            "a zone is corners in shares of the picture, such as '0,0 0.3,0 0.3,1 0,1'; "
            f"not {text!r}"
        ) from error
    _check(corners)
    return corners


def _check(zone: Zone) -> None:
    if not 3 <= len(zone) <= MOST_CORNERS:
        raise UsageError(f"a zone has 3 to {MOST_CORNERS} corners")
    for x, y in zone:
        if not (math.isfinite(x) and math.isfinite(y) and 0 <= x <= 1 and 0 <= y <= 1):
            raise UsageError("a zone's corners are shares of the picture, 0 to 1")


# `object`: column values of several types.
def _write(connection: sa.Connection, camera: str, before: Masking, **values: object) -> None:
    if before.version == 0:
        start = {
            "camera": camera,
            "always": "[]",
            "proposed": "[]",
            "proposed_by": "",
            "asked": str(Asked.NOTHING),
            "number": 0,
            "asked_by": "",
            "version": 1,
        }
        connection.execute(masking.insert().values(start | values))
        return
    changed = values | {"version": before.version + 1}
    connection.execute(masking.update().where(masking.c.camera == camera).values(changed))
