"""Passwords: what is accepted, how it is kept, how it is compared.

Always: a password is kept as an Argon2id hash alone (RFC 9106); comparing takes as long for a name
that nobody bears as for one that somebody does.

Sources: RFC 9106 section 4, second recommended option (t=3, p=4, 64 MiB); NIST SP 800-63B section
5.1.1.2 (length, no rules of composition, refuse what is common or holds the name).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from insyn.base.errors import Refusal

SHORTEST = 12
LONGEST = 256
"""Characters. Longer ones only cost time."""


@dataclass(frozen=True)
class Passwords:
    """How passwords are hashed: passes over memory, kibibytes of it, lanes."""

    time_cost: int = 3
    memory_kib: int = 65536
    lanes: int = 4

    @cached_property
    def _hasher(self) -> PasswordHasher:
        return PasswordHasher(
            time_cost=self.time_cost,
            memory_cost=self.memory_kib,
            parallelism=self.lanes,
            type=Type.ID,
        )

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The hash that is kept."""
        return self._hasher.hash(_bytes(password))

    def is_right(self, kept: str | None, password: str) -> bool:
        """Whether it is the password of this hash; None is nobody's, and takes as long."""
        nobodys = self._nobodys  # made by the first who asks, whoever that asks for
        try:
            right = self._hasher.verify(kept or nobodys, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return right and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was made with other parameters, and is to be made again."""
        return self._hasher.check_needs_rehash(kept)


def require_good(password: str, *, name: str) -> None:
    """Refuse a password that is easily guessed.

    Raises:
        Refusal: with what is wrong; the password is not repeated.
    """
    normal = _normal(password)
    plain = normal.casefold()
    if len(normal) < SHORTEST:
        raise Refusal(f"the password is too short; take at least {SHORTEST} characters")
    if len(normal) > LONGEST:
        raise Refusal(f"the password is too long; take at most {LONGEST} characters")
    if plain in _common() or len(set(plain)) < 5:
        raise Refusal("the password is among those that are tried first; take another")
    if any(len(part) > 3 and part in plain for part in name.casefold().split()):
        raise Refusal("the password holds the name; take another")


@cache
def _common() -> frozenset[str]:
    """Often tried first; the list is short, for the length keeps most such passwords out."""
    return frozenset((files("insyn.trust.people") / "common_passwords.txt").read_text().split())


def _bytes(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")


def _normal(password: str) -> str:
    # The same password typed on two keyboards may come composed or not (NIST SP 800-63B, NFKC).
    return unicodedata.normalize("NFKC", password)
