"""Invented parties for full-size list files: made of syllables, so that they are nobody.

Always: the same seed gives the same parties; they are made one by one and never held.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

_LATIN = ("vel", "tar", "mor", "zen", "qui", "dra", "lok", "fen", "bra", "ost", "hul", "wem",
          "kri", "sab", "nul", "gor", "pim", "teo", "rud", "ash")  # fmt: skip
_CYRILLIC = ("вел", "тар", "мор", "зен", "куи", "дра", "лок", "фен", "бра", "ост", "хул", "вем",
             "кри", "саб", "нул", "гор", "пим", "тео", "руд", "аш")  # fmt: skip
_WORDS = ("invented", "measure", "annex", "council", "district", "supply", "office", "listed",
          "since", "regulation", "sample", "glass", "harbour", "mill")  # fmt: skip
_COUNTRIES = (("MT", "Malta"), ("IS", "Iceland"), ("LU", "Luxembourg"), ("BT", "Bhutan"))
_CITIES = ("Invented Bay", "Sampleton", "Muster", "Nowhere")
NAMES = 5
"""Latin names of a party; with the native one for some, lists have 5 to 6 a party."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One invented person or body. `names` are (given, family); a body's given part is empty."""

    number: int
    is_person: bool
    names: tuple[tuple[str, str], ...]
    native: str
    born: tuple[int, int, int]
    city: str
    country: tuple[str, str]
    paper: str
    remark: str

    @property
    def whole_names(self) -> tuple[str, ...]:
        """Each name in one piece."""
        return tuple(f"{given} {family}".strip() for given, family in self.names)


def make_parties(count: int, *, seed: int = 7) -> Iterator[Party]:
    """So many parties; three of four are persons, every third has a native name."""
    chance = random.Random(seed)
    for number in range(1, count + 1):
        is_person = number % 4 != 0
        first, last = _syllables(chance, 2), _syllables(chance, 3)
        names = [(_word(first) if is_person else "", _word(last))]
        while len(names) < NAMES:
            other = _word(_syllables(chance, 3)) + ("" if is_person else " Trading House")
            names.append((names[0][0], other))
        native = f"{_word(first, _CYRILLIC)} {_word(last, _CYRILLIC)}" if number % 3 == 0 else ""
        yield Party(
            number=number,
            is_person=is_person,
            names=tuple(names),
            native=native,
            born=(chance.randint(1940, 2000), chance.randint(1, 12), chance.randint(1, 28)),
            city=chance.choice(_CITIES),
            country=chance.choice(_COUNTRIES),
            paper=f"ZZ{chance.randrange(10**7):07}",
            remark=" ".join(chance.choices(_WORDS, k=90)),
        )


def _syllables(chance: random.Random, count: int) -> list[int]:
    return [chance.randrange(len(_LATIN)) for _ in range(count)]


def _word(syllables: list[int], table: tuple[str, ...] = _LATIN) -> str:
    return "".join(table[at] for at in syllables).capitalize()
