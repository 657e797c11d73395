"""Who is acting, once a session or a token has proved it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from insyn.trust.people.duties import Actor

SCOPES = ("read", "screen", "deals", "cases", "permits", "lists", "people", "ledger")
"""What an API token may be limited to; a scope never gives more than its owner's roles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A person who proved who they are; `scopes` of None: a session, limited by roles alone.

    `until`: when the token that proved it is over; None for a session.
    """

    actor: Actor
    scopes: frozenset[str] | None = None
    until: datetime | None = None
