"""Sign-in names: which are taken, and how two are compared.

Always: names that look the same are one name: case, width, composed accents, blanks and characters
that nobody sees are put aside. No name has the form of an id, so that an id means one person.

Source: Unicode Standard 3.13, D146 (NFKC and full case folding), and DerivedCoreProperties.txt,
Default_Ignorable_Code_Point.
"""

from __future__ import annotations

import re
import unicodedata

from insyn.base.errors import Refusal

LONGEST = 100
"""Characters of a sign-in name, as it is compared."""

_ID = re.compile(r"u-[0-9a-f]{12}")
_UNSEEN = dict.fromkeys(
    (
        0x034F,
        0x115F,
        0x1160,
        0x17B4,
        0x17B5,
        0x3164,
        0xFFA0,
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    )
)
"""Letters and marks without a picture; those of category Cf are no letters, and go by that."""


def key_of(name: str) -> str:
    """A sign-in name as it is compared; the key of a key is itself. A lone surrogate is a `?`."""
    known = name.encode("utf-8", "replace").decode("utf-8")
    seen = "".join(ch for ch in known.translate(_UNSEEN) if unicodedata.category(ch) != "Cf")
    folded = unicodedata.normalize("NFD", seen)
    for _ in range(2):  # a folded letter may come apart, and what it came apart into fold again
        folded = unicodedata.normalize("NFKC", folded.casefold())
    return " ".join(folded.replace("\0", " ").split())


def is_id(text: str) -> bool:
    """Whether it has the form of a person's id, however it is spelt."""
    return _ID.fullmatch(key_of(text)) is not None


def require_good(name: str) -> None:
    """Refuse what is no sign-in name.

    Raises:
        Refusal: it is empty, too long, holds what nobody sees, or has the form of an id.
    """
    key = key_of(name)
    if not 0 < len(key) <= LONGEST or len(name) > LONGEST or not name.strip().isprintable():
        raise Refusal(f"a sign-in name has 1 to {LONGEST} visible characters", field="name")
    if is_id(name):
        raise Refusal(
            "a sign-in name cannot have the form of a person's id; take another", field="name"
        )
