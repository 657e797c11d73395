"""From a written name to weighed tokens; a name may have several readings.

Always: pure and deterministic; a name with letters has at least one reading with one token, so
that nothing written is ever incomparable.
"""

from __future__ import annotations

from functools import lru_cache

from insyn.office.names.organisations import organisation_readings
from insyn.office.names.persons import person_readings
from insyn.office.names.tokens import MAX_READINGS, Name
from insyn.office.names.words import split


@lru_cache(maxsize=1 << 16)
def analyse(text: str, *, personal: bool) -> tuple[Name, ...]:
    """The readings of a written name, likeliest first; empty only when it has no letter or digit.

    Args:
        text: as written, any script, at most a few hundred characters.
        personal: read it as a person's name; else as an organisation's, vessel's or aircraft's.
    """
    words = split(text)
    if not words:
        return ()
    found: dict[tuple[str, ...], Name] = {}
    for name in person_readings(text, words) if personal else organisation_readings(text, words):
        found.setdefault(tuple(token.form for token in name.tokens), name)
        if len(found) == MAX_READINGS:
            break
    return tuple(found.values())
