"""Who acts on a site's command line: whoever is signed in; before there are people, the site."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from insyn.base.clock import system_clock
from insyn.base.errors import Refusal
from insyn.cli.acting import TOKEN_VARIABLE

if TYPE_CHECKING:
    import sqlalchemy as sa

    from insyn.trust.people.duties import Actor

OWNER = "site"


def acting_at_site(connection: sa.Connection, *, scope: str = "site") -> Actor:
    """Who acts: the owner of the token in INSYN_TOKEN, or whoever is signed in at this site here
    (`insyn site sign-in`), or the site itself while nobody has claimed its first administrator's
    invitation: whoever may write its files.

    Raises:
        Refusal: the site has people, and none of them is named.
    """
    from insyn.cli.site_console import kept_here
    from insyn.trust.people import sessions, tokens, users
    from insyn.trust.people.duties import Actor, Role

    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token:
        found = tokens.identify(connection, token, now=system_clock())
        if found is None:
            raise Refusal(f"the token in {TOKEN_VARIABLE} is unknown, over or revoked")
        if found.scopes is not None and scope not in found.scopes:
            raise Refusal(f"the token in {TOKEN_VARIABLE} lacks the scope {scope}")
        return found.actor
    secret = kept_here(connection)
    identified = sessions.identify(connection, secret, now=system_clock()) if secret else None
    if identified is not None:
        return identified.actor
    if any(person.state is not users.State.INVITED for person in users.every(connection)):
        raise Refusal(
            "this site has people, and nobody is signed in here; sign in first (insyn site "
            "sign-in), or do this in its console"
        )
    return Actor(id=OWNER, roles=frozenset(Role))


def named_at_site(connection: sa.Connection) -> str:
    """Whom the ledger names for what whoever can write the site's files may do.

    Whoever is signed in here, or owns the token in INSYN_TOKEN; where nobody is, the site.

    Raises:
        Refusal: the token is unknown, over or revoked.
    """
    try:
        return acting_at_site(connection).id
    except Refusal:
        if os.environ.get(TOKEN_VARIABLE, "").strip():
            raise
        return OWNER
