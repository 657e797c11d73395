"""Holds: spans of a camera that retention leaves alone, with a reason, an end and a name."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from insyn.base.errors import Refusal, UsageError
from insyn.site.archive.index import Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A camera's span that is kept until a time; times in nanoseconds since the Unix epoch."""

    id: str
    camera: str
    start_wall_ns: int
    end_wall_ns: int
    until_wall_ns: int
    reason: str
    by: str


def add_hold(
    index: Index,
    *,
    camera: str,
    start_wall_ns: int,
    end_wall_ns: int,
    until_wall_ns: int,
    reason: str,
    by: str,
) -> Hold:
    """Keep a span.

    Raises:
        UsageError: it ends before it begins, or has no reason.
    """
    if not start_wall_ns < end_wall_ns or not reason.strip():
        raise UsageError("a hold has a span and a reason")
    made = Hold(
        id=f"hold-{secrets.token_hex(4)}",
        camera=camera,
        start_wall_ns=start_wall_ns,
        end_wall_ns=end_wall_ns,
        until_wall_ns=until_wall_ns,
        reason=reason.strip(),
        by=by,
    )
    with index.writing() as connection:
        connection.execute(
            "INSERT INTO holds VALUES (?, ?, ?, ?, ?, ?, ?)",
            (made.id, camera, start_wall_ns, end_wall_ns, until_wall_ns, made.reason, by),
        )
    return made


def end_hold(index: Index, hold: str) -> None:
    """Let retention have its way again.

    Raises:
        Refusal: there is no such hold.
    """
    with index.writing() as connection:
        if not connection.execute("DELETE FROM holds WHERE id = ?", (hold,)).rowcount:
            raise Refusal(f"there is no hold {hold}")


def every_hold(index: Index) -> list[Hold]:
    """All holds, by camera and time."""
    with index.reading() as connection:
        rows = connection.execute("SELECT * FROM holds ORDER BY camera, start_wall_ns").fetchall()
    return [Hold(**dict(row)) for row in rows]
