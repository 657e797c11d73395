"""Weighed tokens, and the name that they make up: what a written name becomes.

Always: a token is a plain value; two that differ only in how they were written are equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from insyn.office.names.fold import ascii_form
from insyn.office.names.words import script_of

MAX_READINGS = 6
"""Readings of one name that are compared; Han surnames have the most."""


class Role(StrEnum):
    """What a token does in a name; it decides what the token weighs."""

    PROPER = "proper"
    INITIAL = "initial"
    PARTICLE = "particle"
    NUMBER = "number"
    GENERIC = "generic"
    TRADE = "trade"
    BODY = "body"
    PLACE = "place"


WEIGHTS = {
    Role.PROPER: 1.0,
    Role.INITIAL: 0.35,
    Role.PARTICLE: 0.08,
    Role.NUMBER: 0.5,
    Role.GENERIC: 0.15,
    Role.TRADE: 0.45,
    Role.BODY: 0.4,
    Role.PLACE: 0.6,
}
"""What a token weighs, of 1 for a rare proper word. Own judgement, held by `evals/name_pairs`."""

BOUND_WEIGHT = 0.45
"""What abd, abu and din weigh: half a name, that says little without the other half."""

FILLER_WEIGHT = 0.03

BAND_WEIGHTS = {1: 0.6, 2: 0.72, 3: 0.85}
"""What common person-name words weigh, by band of `common_tokens.tsv`."""


@dataclass(frozen=True, slots=True)
class Token:
    """One comparable word: as written, in ASCII, by sound; `concept` is its table meaning or "".

    Words that differ only in how they were written (`text`) are equal.
    """

    text: str = field(compare=False)
    form: str
    fold: str
    role: Role
    weight: float
    concept: str = ""
    unvocalised: bool = False
    native: str = ""
    """The word's own letters where it was not written in Latin ones."""

    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Every cache here hashes tokens, so it is done once; four fields tell them apart enough.
        object.__setattr__(self, "_hash", hash((self.form, self.role, self.concept, self.native)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Name:
    """One reading of a written name. `compact` is all forms run together."""

    text: str
    personal: bool
    tokens: tuple[Token, ...]
    legal: frozenset[str]
    compact: str
    syllabic: bool = False
    """A person's name written in Han or Hangul."""


def name_of(text: str, personal: bool, tokens: list[Token], legal: Iterable[str]) -> Name:
    """One reading of a written name from its tokens; bound particles are part of `compact`."""
    compact = "".join(
        token.form if personal or not token.concept else ascii_form(token.concept)
        for token in tokens
        if token.role is not Role.PARTICLE or token.weight >= BOUND_WEIGHT
    )
    if not compact:
        compact = "".join(token.form for token in tokens)
    syllabic = personal and any(is_syllabic(token.native) for token in tokens)
    return Name(text, personal, tuple(tokens), frozenset(legal), compact, syllabic)


def is_syllabic(native: str) -> bool:
    """Han or Hangul letters: their short readings only look like titles and particles."""
    return native != "" and script_of(native) in ("Hani", "Hang")
