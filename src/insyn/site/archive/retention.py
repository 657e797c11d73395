"""What is deleted, and when: by age, by bytes, and before the disk is full; never what is held.

Always: the oldest goes first; what a hold covers stays, whatever the quota; a camera keeps its
floor while others have more; age counts from the end of a recording.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from insyn.site.archive.garbage import delete
from insyn.site.archive.index import Index
from insyn.site.archive.root import ArchiveRoot

log = logging.getLogger("insyn.archive")

DAY_NS = 86_400 * 10**9
RESERVE_SHARE = 0.03
RESERVE_LEAST = 256 << 20
RESERVE_MOST = 20 << 30
"""What is kept free, so that recording never meets a full disk: a share of it, within bounds."""

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long, and how much.

    Attributes:
        days: recordings older than this go.
        camera_days: shorter for some cameras.
        most_bytes: of the whole archive; 0: as the disk allows.
        floors: bytes that quotas leave a camera.
        reserve_bytes: kept free on the disk; None: a share of it.
    """

    days: int
    camera_days: Mapping[str, int] = field(default_factory=dict)
    most_bytes: int = 0
    floors: Mapping[str, int] = field(default_factory=dict)
    reserve_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What a turn deleted, and whether the disk is short all the same."""

    by_age: int = 0
    by_bytes: int = 0
    is_short: bool = False
    """All that may go is gone, and the reserve is not free: an alarm."""


def turn(root: ArchiveRoot, index: Index, policy: Policy, *, now_ns: int) -> Deleted:
    """Delete what is due; asked every minute or so.

    Raises:
        EnvironmentFailure: the archive's disk is not the right one, or fails.
    """
    root.require()
    aged = _aged(index, policy, now_ns)
    delete(root.path, index, aged)
    spare = 0
    while True:
        excess = _excess(root, index, policy)
        if excess <= 0:
            break
        oldest = _oldest(index, policy, excess, now_ns)
        if not oldest:
            break
        delete(root.path, index, oldest)
        spare += len(oldest)
    done = Deleted(by_age=len(aged), by_bytes=spare, is_short=_short_bytes(root, policy) > 0)
    if aged or spare:
        log.info("retention deleted %d recordings by age, %d by space", len(aged), spare)
    return done


def _aged(index: Index, policy: Policy, now_ns: int) -> list[str]:
    shortest = min([policy.days, *policy.camera_days.values()])
    with index.reading() as connection:
        rows = connection.execute(
            "SELECT path, camera, start_wall_ns + wall_duration_ns FROM recordings r"
            " WHERE start_wall_ns + wall_duration_ns < ? AND NOT EXISTS (SELECT 1 FROM holds h"
            " WHERE h.camera = r.camera AND h.until_wall_ns > ?"
            " AND h.start_wall_ns < r.start_wall_ns + r.wall_duration_ns"
            " AND h.end_wall_ns > r.start_wall_ns)",
            (now_ns - shortest * DAY_NS, now_ns),
        ).fetchall()
    return [
        row[0]
        for row in rows
        if row[2] < now_ns - min(policy.days, policy.camera_days.get(row[1], policy.days)) * DAY_NS
    ]


def _excess(root: ArchiveRoot, index: Index, policy: Policy) -> int:
    """Bytes too many: over the quota, or missing in the reserve."""
    with index.reading() as connection:
        (used,) = connection.execute(
            "SELECT coalesce(sum(size_bytes), 0) FROM recordings"
        ).fetchone()
    over = used - policy.most_bytes if policy.most_bytes else 0
    return max(over, _short_bytes(root, policy))


def _short_bytes(root: ArchiveRoot, policy: Policy) -> int:
    disk = shutil.disk_usage(root.path)
    reserve = policy.reserve_bytes
    if reserve is None:
        reserve = int(min(max(disk.total * RESERVE_SHARE, RESERVE_LEAST), RESERVE_MOST))
        reserve = min(reserve, disk.total // 4)
    return reserve - disk.free


def _oldest(index: Index, policy: Policy, excess: int, now_ns: int) -> list[str]:
    """The oldest recordings that may go, as many as free `excess` bytes, at most a batch."""
    with index.reading() as connection:
        left = {
            row[0]: row[1]
            for row in connection.execute(
                "SELECT camera, sum(size_bytes) FROM recordings GROUP BY camera"
            )
        }
        rows = connection.execute(
            "SELECT path, camera, size_bytes FROM recordings r WHERE NOT EXISTS"
            " (SELECT 1 FROM holds h WHERE h.camera = r.camera AND h.until_wall_ns > ?"
            " AND h.start_wall_ns < r.start_wall_ns + r.wall_duration_ns"
            " AND h.end_wall_ns > r.start_wall_ns) ORDER BY start_wall_ns",
            (now_ns,),
        )
        chosen: list[str] = []
        for path, camera, size in rows:
            if excess <= 0 or len(chosen) >= BATCH:
                break
            if left[camera] - size < policy.floors.get(camera, 0):
                continue
            left[camera] -= size
            excess -= size
            chosen.append(path)
    return chosen
