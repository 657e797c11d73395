"""People whom a test simply knows: a token is `token-ROLE`, or one that the test names."""

from __future__ import annotations

from dataclasses import dataclass, field

from insyn.office.console.resources.desk import Desk
from insyn.trust.people.duties import Actor, Role
from insyn.trust.people.identity import Identified


def actor(number: int, *roles: Role) -> Actor:
    """A person with an id of the office's form."""
    return Actor(id=f"u-{number:012x}", roles=frozenset(roles))


EVERYBODY = actor(0xE, *Role)
"""Holds every role: for tests of what is not about roles."""


@dataclass
class KnownPeople:
    """Whose token or session it is, by a table."""

    tokens: dict[str, Identified] = field(default_factory=dict)
    sessions: dict[str, Identified] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, role in enumerate(Role):
            self.tokens[f"token-{role.name}"] = Identified(actor=actor(number, role))
        self.tokens["token-EVERYBODY"] = Identified(actor=EVERYBODY)

    def are_any(self, desk: Desk) -> bool:
        return True

    def by_token(self, desk: Desk, secret: str) -> Identified | None:
        return self.tokens.get(secret)

    def by_session(self, desk: Desk, secret: str) -> Identified | None:
        return self.sessions.get(secret)
