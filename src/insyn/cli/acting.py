"""Who acts on the command line: whoever is signed in, or an API token's owner.

Always: a command that decides, or that changes what was decided, needs a person; only an office
that knows nobody yet takes in lists, parties and deals as "office".
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from insyn.base.clock import system_clock
from insyn.base.config import DataDirectory
from insyn.base.errors import Refusal, UnreadableInput
from insyn.base.files import write_atomically

if TYPE_CHECKING:
    import sqlalchemy as sa

    from insyn.trust.people.duties import Actor
    from insyn.trust.people.identity import Identified

TOKEN_VARIABLE = "INSYN_TOKEN"  # noqa: S105 - the variable's name, no secret
OFFICE = "office"


def acting(data: DataDirectory, connection: sa.Connection, *, scope: str = "cases") -> Identified:
    """Who is signed in at this data directory, or owns the token in INSYN_TOKEN.

    Args:
        data: where a session may have been begun.
        connection: in a writing transaction: a session that is used stays open.
        scope: what a token must be good for; a session is limited by roles alone.

    Raises:
        Refusal: nobody, or the token lacks the scope; the message says what to do.
    """
    from insyn.trust.people import sessions, tokens, users

    now = system_clock()
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token:
        found = tokens.identify(connection, token, now=now)
        if found is None:
            raise Refusal(f"the token in {TOKEN_VARIABLE} is unknown, over or revoked")
        if found.scopes is not None and scope not in found.scopes:
            raise Refusal(f"the token in {TOKEN_VARIABLE} lacks the scope {scope}")
        return found
    secret = kept_session(data)
    found = sessions.identify(connection, secret, now=now) if secret else None
    if found is not None:
        return found
    if not users.are_any(connection):
        raise Refusal(
            "this office knows nobody yet, and this needs a person; make its first administrator "
            "(insyn office init)"
        )
    ended = "your session has ended; " if secret else ""
    raise Refusal(f"{ended}sign in first (insyn sign-in), or set {TOKEN_VARIABLE}")


def acting_or_office(
    data: DataDirectory, connection: sa.Connection, *, scope: str = "deals"
) -> Actor:
    """Who is signed in; or, where the office knows nobody yet, the office itself.

    Raises:
        Refusal: the office has people, and nobody is signed in.
    """
    from insyn.trust.people import users
    from insyn.trust.people.duties import Actor, Role

    if users.are_any(connection):
        return acting(data, connection, scope=scope).actor
    return Actor(id=OFFICE, roles=frozenset(Role))


def signed_in(
    data: DataDirectory, connection: sa.Connection, *, scope: str = "cases"
) -> Identified | None:
    """Who is signed in here or owns the token in INSYN_TOKEN, as `acting`; None: nobody is.

    Raises:
        Refusal: the token is no good, or the session that was begun here has ended.
    """
    if not os.environ.get(TOKEN_VARIABLE, "").strip() and not kept_session(data):
        return None
    return acting(data, connection, scope=scope)


def kept_session(data: DataDirectory) -> str:
    """The secret of the session that was begun here; "" where there is none."""
    return kept_at(_place(data))


def kept_at(place: str) -> str:
    """The secret of the session that was begun at a place; "" where there is none."""
    return _kept().get(place, "")


def keep_session(data: DataDirectory, secret: str | None) -> None:
    """Keep a session's secret for later commands, readable by this user alone; None forgets it."""
    keep_at(_place(data), secret)


def keep_at(place: str, secret: str | None) -> None:
    """The same for a place that is no data directory: a site's console by its address."""
    kept = _kept()
    kept.pop(place, None)
    if secret:
        kept[place] = secret
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A temporary file of `write_atomically` is readable by its owner alone, and stays so.
    write_atomically(path, json.dumps(kept).encode())


def _kept() -> dict[str, str]:
    try:
        found = json.loads(_path().read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UnreadableInput(f"{_path()} cannot be read; delete it and sign in again") from error
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _path() -> Path:
    return Path(platformdirs.user_state_dir("insyn", appauthor=False)) / "sessions.json"


def _place(data: DataDirectory) -> str:
    import hashlib

    from insyn.office.screening.database import named_url

    # The URL may hold a password: what names the place does not repeat it.
    place = named_url() or str(data.root.resolve())
    return hashlib.sha256(place.encode()).hexdigest()
