"""Who looked at what: a leaf for each span of looking, not for each picture.

Always: a look is in the ledger at the latest ten minutes after it began, and when the process ends;
what fails to be written is tried again with the next.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from insyn.base.canonical import Json
from insyn.base.clock import Clock, isoformat
from insyn.base.errors import InsynError
from insyn.trust.ledger import log as ledger
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.store import Store

log = logging.getLogger("insyn.site")

LOOKED = register(
    Kind(
        name="video.looked-at",
        title="somebody looked at masked video of a camera, live or recorded, from when until when",
        what={
            "camera": Shape.ID,
            "how": Shape.WORD,
            "from": Shape.TIME,
            "until": Shape.TIME,
            "recorded_from": Shape.TIME,
            "recorded_until": Shape.TIME,
        },
        optional=frozenset({"recorded_from", "recorded_until"}),
    )
)

SPAN = timedelta(minutes=10)
QUIET = timedelta(seconds=60)
"""A look is over when nothing was asked for so long."""

NEAR = timedelta(minutes=5)
"""Recorded spans so near each other are one look; further apart, each is told by itself."""

MOST = 24
"""Looks of a person at a camera that may be open; whoever scrubs through a day makes no more."""


@dataclass(slots=True)
class _Look:
    began: datetime
    last: datetime
    recorded: tuple[datetime, datetime] | None


class Looking:
    """Gathers looks and writes them; shared by threads."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._looks: dict[tuple[str, str, str], list[_Look]] = {}

    def note(
        self,
        person: str,
        camera: str,
        how: str,
        recorded: tuple[datetime, datetime] | None = None,
    ) -> None:
        """Somebody looks now; `recorded` is the span of recordings that they see."""
        now = self._clock()
        with self._lock:
            looks = self._looks.setdefault((person, camera, how), [])
            look = min(looks, key=lambda each: _apart(each.recorded, recorded), default=None)
            is_far = look is None or _apart(look.recorded, recorded) > NEAR
            if look is None or (is_far and len(looks) < MOST):
                looks.append(_Look(now, now, recorded))
                return
            look.last = now
            if recorded is not None:
                before = look.recorded or recorded
                look.recorded = (min(before[0], recorded[0]), max(before[1], recorded[1]))

    def tidy(self) -> None:
        """Write what is over, or has lasted long; asked every few seconds."""
        now = self._clock()
        with self._lock:
            over = [
                (key, look)
                for key, looks in self._looks.items()
                for look in looks
                if now - look.last >= QUIET or now - look.began >= SPAN
            ]
        self._write(over)

    def close(self) -> None:
        """Write all."""
        with self._lock:
            over = [(key, look) for key, looks in self._looks.items() for look in looks]
        self._write(over)

    def _write(self, looks: list[tuple[tuple[str, str, str], _Look]]) -> None:
        if not looks:
            return
        try:
            with self._store.writing() as connection:
                ledger.append_all(
                    connection, [_leaf(key, look) for key, look in looks], now=self._clock()
                )
        except InsynError as error:
            log.error("who looked could not be recorded, and is tried again: %s", error)
            return
        with self._lock:
            for key, look in looks:
                kept = [each for each in self._looks.get(key, []) if each is not look]
                if kept:
                    self._looks[key] = kept
                else:
                    self._looks.pop(key, None)


def _apart(
    one: tuple[datetime, datetime] | None, other: tuple[datetime, datetime] | None
) -> timedelta:
    """How far two spans are from each other; none where they touch, or where there are none."""
    if one is None or other is None:
        return timedelta(0)
    return max(one[0] - other[1], other[0] - one[1], timedelta(0))


def _leaf(key: tuple[str, str, str], look: _Look) -> Leaf:
    person, camera, how = key
    what: dict[str, Json] = {
        "camera": camera,
        "how": how,
        "from": isoformat(look.began),
        "until": isoformat(look.last),
    }
    if look.recorded is not None:
        what["recorded_from"] = isoformat(look.recorded[0])
        what["recorded_until"] = isoformat(look.recorded[1])
    return Leaf(kind=LOOKED.name, who=person, what=what)
