"""The office's own people for the routes, over `trust.people`.

Always: who asks is looked up for every request, so that a role withdrawn or a session ended counts
at once; that a session or a token was used is written down once a minute at most, for a write
waits for every other.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from insyn.office.console.resources.desk import Desk
from insyn.trust.people import sessions, tokens, users
from insyn.trust.people.identity import Identified
from insyn.trust.people.secrets import digest_of

TOUCH = timedelta(minutes=1)
MAX_REMEMBERED = 10_000
"""Secrets of which it is remembered when they were last written down, by their digest."""

Identify = Callable[..., Identified | None]


class OfficePeople:
    """Whose token or session it is."""

    def __init__(self) -> None:
        self._touched: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def are_any(self, desk: Desk) -> bool:
        """Whether the office has people at all."""
        with desk.reading() as connection:
            return users.are_any(connection)

    def by_token(self, desk: Desk, secret: str) -> Identified | None:
        """Whose token it is; None: nobody's, expired, revoked, or of somebody not active."""
        return self._identified(desk, secret, tokens.identify)

    def by_session(self, desk: Desk, secret: str) -> Identified | None:
        """Whose session it is; None: nobody's, or over."""
        return self._identified(desk, secret, sessions.identify)

    def _identified(self, desk: Desk, secret: str, identify: Identify) -> Identified | None:
        now = desk.now()

        def look(connection: sa.Connection, *, touch: bool) -> Identified | None:
            return identify(connection, secret, now=now, touch=touch)

        with desk.reading() as connection:
            found = look(connection, touch=False)
        if found is not None and self._is_due(digest_of(secret), now):
            with desk.writing() as connection:
                return look(connection, touch=True)
        return found

    def _is_due(self, digest: str, now: datetime) -> bool:
        with self._lock:
            last = self._touched.pop(digest, None)
            is_due = last is None or not last <= now < last + TOUCH
            self._touched[digest] = now if is_due or last is None else last
            if len(self._touched) > MAX_REMEMBERED:
                self._touched.popitem(last=False)
            return is_due
