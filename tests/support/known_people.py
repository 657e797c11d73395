"""People whom a test simply knows: a token is `token-ROLE`, or one that the test names."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from insyn.office.console.resources.desk import Desk
from insyn.office.console.resources.signed_in import Asking
from insyn.trust.people.duties import Actor, Role


def actor(number: int, *roles: Role) -> Actor:
    """A person with an id of the office's form."""
    return Actor(id=f"u-{number:012x}", roles=frozenset(roles))


EVERYBODY = actor(0xE, *Role)
"""Holds every role: for tests of what is not about roles."""


@dataclass
class KnownPeople:
    """Whose token or session it is, by a table."""

    tokens: dict[str, Asking] = field(default_factory=dict)
    sessions: dict[str, Asking] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, role in enumerate(Role):
            self.tokens[f"token-{role.name}"] = Asking(actor=actor(number, role))
        self.tokens["token-EVERYBODY"] = Asking(actor=EVERYBODY)

    def are_any(self, connection: sa.Connection) -> bool:
        return True

    def by_token(self, connection: sa.Connection, secret: str, desk: Desk) -> Asking | None:
        return self.tokens.get(secret)

    def by_session(self, connection: sa.Connection, secret: str, desk: Desk) -> Asking | None:
        return self.sessions.get(secret)
