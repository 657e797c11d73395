"""How each camera is masked, and what its shield is asked to do: zones, empty scenes.

Always: no zone is left unmasked because one person wanted it: a second one confirms it; who says
that a place is empty is named in the ledger.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.errors import Refusal, UsageError
from insyn.base.moments import Moment
from insyn.site.cameras.register import find
from insyn.site.shield.engine import Zone
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.people.duties import Actor, Done, require

METADATA = sa.MetaData()

masking = sa.Table(
    "masking",
    METADATA,
    sa.Column("camera", sa.String(64), primary_key=True),
    sa.Column("always", sa.Text, nullable=False),
    sa.Column("never", sa.Text, nullable=False),
    sa.Column("proposed", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.String(64), nullable=False),
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
        never: zones that are never covered, as two people agreed.
        proposed: zones that `proposed_by` wants never covered; without effect until confirmed.
        version: rises with each change or order.
    """

    always: tuple[Zone, ...] = ()
    never: tuple[Zone, ...] = ()
    proposed: tuple[Zone, ...] = ()
    proposed_by: str = ""
    order: Order = Order()
    version: int = 0


def masking_of(connection: sa.Connection, camera: str) -> Masking:
    """How a camera is masked; the defaults where nothing was set."""
    row = connection.execute(sa.select(masking).where(masking.c.camera == camera)).one_or_none()
    if row is None:
        return Masking()
    return Masking(
        always=_zones(row.always),
        never=_zones(row.never),
        proposed=_zones(row.proposed),
        proposed_by=row.proposed_by,
        order=Order(
            asked=Asked(row.asked), number=row.number, at=row.asked_at, by=row.asked_by or ""
        ),
        version=row.version,
    )


def set_zones(
    connection: sa.Connection,
    camera: str,
    *,
    always: tuple[Zone, ...],
    never: tuple[Zone, ...],
    actor: Actor,
    now: datetime,
) -> Masking:
    """Set the zones that are always covered; propose those that never are.

    Fewer of the latter hold at once; new ones when somebody else confirms them.

    Raises:
        Refusal: the actor may not, or there is no such camera.
        UsageError: a zone is none.
    """
    require(actor, "masking.zones")
    found = find(connection, camera)
    for zone in (*always, *never):
        _check(zone)
    if len(always) + len(never) > MOST_ZONES:
        raise UsageError(f"a camera has at most {MOST_ZONES} zones")
    before = masking_of(connection, found.id)
    kept = [zone for zone in before.never if zone in never]
    new = never if any(zone not in before.never for zone in never) else ()
    _write(
        connection,
        found.id,
        before,
        always=json.dumps(always),
        never=json.dumps(kept),
        proposed=json.dumps(new),
        proposed_by=actor.id if new else "",
    )
    what: dict[str, Json] = {"camera": found.id, "always": len(always), "never": len(never)}
    log.append(connection, Leaf(kind=ZONES_CHANGED.name, who=actor.id, what=what), now=now)
    return masking_of(connection, found.id)


def confirm_zones(
    connection: sa.Connection, camera: str, *, actor: Actor, now: datetime
) -> Masking:
    """Confirm what somebody else proposed never to be covered.

    Raises:
        Refusal: the actor may not, proposed it, or nothing is proposed.
    """
    found = find(connection, camera)
    before = masking_of(connection, found.id)
    require(actor, "masking.confirm", [Done(action="masking.zones", by=before.proposed_by)])
    if not before.proposed:
        raise Refusal(f"no zone of {found.name} waits to be confirmed")
    never = json.dumps(before.proposed)
    _write(connection, found.id, before, never=never, proposed="[]", proposed_by="")
    what: dict[str, Json] = {"camera": found.id, "never": len(before.proposed)}
    log.append(connection, Leaf(kind=ZONES_CONFIRMED.name, who=actor.id, what=what), now=now)
    return masking_of(connection, found.id)


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
    before = masking_of(connection, found.id)
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


def _zones(text: str) -> tuple[Zone, ...]:
    told: Iterable[Iterable[tuple[float, float]]] = json.loads(text)
    return tuple(tuple((x, y) for x, y in zone) for zone in told)


# `object`: column values of several types.
def _write(connection: sa.Connection, camera: str, before: Masking, **values: object) -> None:
    if before.version == 0:
        start = {
            "camera": camera,
            "always": "[]",
            "never": "[]",
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
