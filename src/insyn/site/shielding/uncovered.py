"""Zones that are never covered, while they are: agreed to by two people, for a reason, for a time.

Always: they end by themselves; what was uncovered when is kept, since what was recorded then shows
whoever stepped into them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from insyn.base.errors import UsageError
from insyn.base.moments import Moment
from insyn.site.shield.engine import Zone, zones_mask

METADATA = sa.MetaData()

uncovered = sa.Table(
    "uncovered_zones",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("camera", sa.String(64), nullable=False, index=True),
    sa.Column("zones", sa.Text, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.String(64), nullable=False),
    sa.Column("confirmed_by", sa.String(64), nullable=False),
    sa.Column("begins", Moment, nullable=False),
    sa.Column("ends", Moment, nullable=False),
)

LARGEST = 0.25
"""Share of the picture that is never covered at most: a till, a clock, a tree; not a camera."""

USUAL_DAYS, MOST_DAYS = 30, 90
"""How long they last: then somebody looks at the reason again."""

SHORTEST_REASON, LONGEST_REASON = 15, 2000
"""Characters: a reason is a sentence."""

_GRID = (320, 180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncovered:
    """Zones of a camera that are not covered now, why, and until when."""

    zones: tuple[Zone, ...] = ()
    because: str = ""
    ends: datetime | None = None


COVERED = Uncovered()
"""No zone is left uncovered."""


def check(zones: tuple[Zone, ...], because: str, days: int) -> None:
    """Refuse what nobody may agree to.

    Raises:
        UsageError: too much of the picture, for no reason, or for too long.
    """
    share = float(zones_mask(zones, _GRID).mean())
    if share > LARGEST:
        raise UsageError(
            f"zones that are never covered are at most {LARGEST:.0%} of the picture, and these are "
            f"{share:.0%}: whoever steps into them is seen by everybody"
        )
    if len(because.strip()) < SHORTEST_REASON:
        raise UsageError("say in a sentence why a zone may never be covered (--because)")
    if len(because.strip()) > LONGEST_REASON:
        raise UsageError(f"say why in at most {LONGEST_REASON} characters")
    if not 1 <= days <= MOST_DAYS:
        raise UsageError(
            f"a zone is left uncovered for 1 to {MOST_DAYS} days; then it is agreed again"
        )


def in_force(connection: sa.Connection, camera: str, *, now: datetime) -> Uncovered:
    """What is not covered at that time."""
    row = connection.execute(
        sa.select(uncovered)
        .where(uncovered.c.camera == camera, uncovered.c.begins <= now, uncovered.c.ends > now)
        .order_by(uncovered.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return COVERED
    return Uncovered(zones=read_zones(row.zones), because=row.because, ends=row.ends)


def cameras(connection: sa.Connection, *, now: datetime) -> set[str]:
    """Those of which a part is not covered at that time."""
    asked = sa.select(uncovered.c.camera).where(uncovered.c.begins <= now, uncovered.c.ends > now)
    return {row.camera for row in connection.execute(asked)}


def was_uncovered(connection: sa.Connection, camera: str, begins: datetime, ends: datetime) -> bool:
    """Whether any zone of the camera was uncovered at any time of a span."""
    asked = sa.select(uncovered.c.id).where(
        uncovered.c.camera == camera, uncovered.c.begins < ends, uncovered.c.ends > begins
    )
    return connection.execute(asked.limit(1)).first() is not None


def begin(
    connection: sa.Connection,
    camera: str,
    what: Uncovered,
    *,
    proposed_by: str,
    confirmed_by: str,
    now: datetime,
) -> None:
    """Uncover these zones until `what.ends`, and no others any more."""
    end(connection, camera, now=now)
    connection.execute(
        uncovered.insert().values(
            camera=camera,
            zones=json.dumps(what.zones),
            because=what.because,
            proposed_by=proposed_by,
            confirmed_by=confirmed_by,
            begins=now,
            ends=what.ends,
        )
    )


def keep(connection: sa.Connection, camera: str, zones: tuple[Zone, ...], *, now: datetime) -> None:
    """Of what is uncovered now keep these zones alone, as they were agreed to."""
    row = connection.execute(
        sa.select(uncovered)
        .where(uncovered.c.camera == camera, uncovered.c.begins <= now, uncovered.c.ends > now)
        .order_by(uncovered.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None or read_zones(row.zones) == zones:
        return
    if not zones:
        end(connection, camera, now=now)
        return
    what = Uncovered(zones=zones, because=row.because, ends=row.ends)
    begin(
        connection, camera, what,
        proposed_by=row.proposed_by, confirmed_by=row.confirmed_by, now=now,
    )  # fmt: skip


def end(connection: sa.Connection, camera: str, *, now: datetime) -> None:
    """Cover everything again."""
    connection.execute(
        uncovered.update()
        .where(uncovered.c.camera == camera, uncovered.c.ends > now)
        .values(ends=now)
    )


def read_zones(text: str) -> tuple[Zone, ...]:
    """Zones as they are kept."""
    return tuple(tuple((x, y) for x, y in zone) for zone in json.loads(text))
