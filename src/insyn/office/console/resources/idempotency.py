"""Creations that may be sent again: `Idempotency-Key`, and the answer as it was given.

Always: the row goes in with what was created, in one transaction, so that a crash between the two
cannot be; a key belongs to one person and one request. A refused creation keeps nothing and may
be tried again with the same key. Rows are dropped a day after.

Where answers hold a secret (sessions, tokens) no key is taken: nothing would be kept but the
secret itself.

Source: draft-ietf-httpapi-idempotency-key-header-06.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from insyn.office.console.problems import Problem
from insyn.office.console.resources import schema

KEPT = timedelta(hours=24)
MAX_KEY = 255
HEADER = "Idempotency-Key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A request that is to be carried out once: whose, by which key, and which it is."""

    person: str
    key: str
    request: str


def once_of(request: Request, *, person: str, body: bytes) -> Once | None:
    """What a request's header asks for; None: it has none.

    Raises:
        Problem: 400, the key is empty, too long or not visible ASCII.
    """
    given = request.headers.get(HEADER)
    if given is None:
        return None
    # A structured field's string in the draft; a bare one by many who send it.
    is_quoted = len(given) > 1 and given[0] == given[-1] == '"'
    key = given[1:-1] if is_quoted else given
    if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise Problem(400, f"{HEADER} must have 1 to {MAX_KEY} visible ASCII characters")
    return Once(person=person, key=key, request=_fingerprint(request, body))


def _fingerprint(request: Request, body: bytes) -> str:
    parts = (request.method.encode(), request.url.path.encode(), request.url.query.encode(), body)
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


@dataclass(slots=True)
class InFlight:
    """Keys at work in this process. Others wait for the database's lock, and then find the row."""

    _keys: set[tuple[str, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def holding(self, once: Once | None) -> Iterator[None]:
        """Hold a key for the length of a transaction.

        Raises:
            Problem: 409, a request with it is at work.
        """
        if once is None:
            yield
            return
        key = (once.person, once.key)
        with self._lock:
            if key in self._keys:
                raise at_work()
            self._keys.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)


def carry_out(
    connection: sa.Connection, once: Once | None, make: Callable[[], Response], *, now: datetime
) -> Response:
    """The answer given before, or that of `make`, kept with what it created.

    Args:
        connection: in a writing transaction, the one that `make` uses.
        once: None: `make` is carried out and nothing kept.
        make: creates, and gives the answer; what it raises rolls all of it back.
        now: aware.

    Raises:
        Problem: 422, the key was used for another request; 409, a request with it is at work.
    """
    if once is None:
        return make()
    table = schema.idempotency_keys
    _hold(connection, once)
    connection.execute(sa.delete(table).where(table.c.at <= now - KEPT))
    query = sa.select(table).where(table.c.person == once.person, table.c.key == once.key)
    row = connection.execute(query).first()
    if row is not None:
        if row.request != once.request:
            raise Problem(
                422, f"this {HEADER} was used for another request; make a new one for each"
            )
        return _again(row)
    answer = make()
    connection.execute(sa.insert(table).values(at=now, **_kept(once, answer)))
    return answer


def _hold(connection: sa.Connection, once: Once) -> None:
    """On PostgreSQL writers go on side by side: the key is locked until the transaction ends.

    On SQLite the transaction holds the only write lock already.
    """
    if connection.dialect.name != "postgresql":
        return
    name = f"insyn {once.person} {once.key}".encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    if not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(number))).scalar():
        raise at_work()


def _kept(once: Once, answer: Response) -> dict[str, object]:
    return {
        "person": once.person,
        "key": once.key,
        "request": once.request,
        "status": answer.status_code,
        "location": answer.headers.get("location"),
        "etag": answer.headers.get("etag"),
        "body": bytes(answer.body),
    }


def _again(row: sa.Row[tuple[object, ...]]) -> Response:
    headers = {"Idempotency-Replayed": "true"}
    if row.location is not None:
        headers["Location"] = row.location
    if row.etag is not None:
        headers["ETag"] = row.etag
    return Response(
        row.body, status_code=row.status, media_type="application/json", headers=headers
    )


def at_work() -> Problem:
    """What a second request is answered with while the first is at work."""
    return Problem(
        409,
        f"a request with this {HEADER} is at work; ask again for its answer",
        headers={"Retry-After": "1"},
    )
