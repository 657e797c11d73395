"""What kinds of leaves there are, and what each says: a registered, documented set.

Always: a leaf of an unknown kind, or with other fields than its kind has, is not added. Rooms
register theirs when they are imported; a kind that was ever written is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from insyn.base.canonical import Json
from insyn.base.errors import UsageError


class Shape(StrEnum):
    """What a field may hold. None is a name: names go into `personal`."""

    ID = "id"  # an id, reference or version: one line of at most 300 characters
    DIGEST = "digest"  # a SHA-256 in lower-case hexadecimal
    WORD = "word"  # one of few words, such as an outcome
    COUNT = "count"  # an integer from 0
    TIME = "time"  # RFC 3339 in UTC
    FLAG = "flag"  # true or false
    IDS = "ids"  # a list of ids
    DIGESTS = "digests"  # a list of digests
    RECORDS = "records"  # a list of flat objects of ids, words, counts and flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of leaf: what it records, its fields, those it may lack, and its personal ones."""

    name: str
    title: str
    what: Mapping[str, Shape]
    optional: frozenset[str] = field(default_factory=frozenset)
    personal: frozenset[str] = field(default_factory=frozenset)

    def check(self, what: Mapping[str, Json], personal: frozenset[str]) -> None:
        """Refuse what this kind does not say.

        Raises:
            UsageError: a field is missing, unknown, or of another shape; no value is repeated.
        """
        missing = self.what.keys() - self.optional - what.keys()
        unknown = (what.keys() - self.what.keys()) | (personal - self.personal)
        if missing or unknown:
            named = ", ".join(sorted(missing or unknown))
            raise UsageError(
                f"a leaf of kind {self.name} {'lacks' if missing else 'has no field'} {named}; "
                "docs/reference/ledger-format.md has the fields of each kind"
            )
        for name, value in what.items():
            if not _fits(value, self.what[name]):
                raise UsageError(
                    f"field {name} of a leaf of kind {self.name} is no {self.what[name]}"
                )


_NAME = re.compile(r"[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)+")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
ID_LENGTH = 300
"""Characters of the longest id that a leaf holds."""


def _fits(value: Json, shape: Shape) -> bool:
    match shape:
        case Shape.ID:
            return isinstance(value, str) and 0 < len(value) <= ID_LENGTH and _is_line(value)
        case Shape.DIGEST:
            return isinstance(value, str) and _DIGEST.fullmatch(value) is not None
        case Shape.WORD:
            return isinstance(value, str) and _WORD.fullmatch(value) is not None
        case Shape.COUNT:
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case Shape.TIME:
            return isinstance(value, str) and _TIME.fullmatch(value) is not None
        case Shape.FLAG:
            return isinstance(value, bool)
        case Shape.IDS:
            return _each(value, Shape.ID)
        case Shape.DIGESTS:
            return _each(value, Shape.DIGEST)
        case Shape.RECORDS:
            return isinstance(value, list | tuple) and all(map(_is_flat, value))


def _each(value: Json, shape: Shape) -> bool:
    return isinstance(value, list | tuple) and all(_fits(item, shape) for item in value)


def _is_flat(value: Json) -> bool:
    shapes = (Shape.ID, Shape.COUNT, Shape.FLAG)
    return isinstance(value, dict) and all(
        any(_fits(item, shape) for shape in shapes) for item in value.values()
    )


def _is_line(text: str) -> bool:
    return not any(ord(ch) < 0x20 or 0xD800 <= ord(ch) < 0xE000 for ch in text)


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known; the same one again does nothing.

    Raises:
        UsageError: the name is not `room.what-happened`, or is taken by another kind.
    """
    if _NAME.fullmatch(kind.name) is None:
        raise UsageError(f"{kind.name!r} is no name for a kind of leaf; say room.what-happened")
    if _KINDS.setdefault(kind.name, kind) != kind:
        raise UsageError(f"another kind of leaf is called {kind.name}; a kind is never changed")
    return kind


def kind_of(name: str) -> Kind:
    """The kind with this name.

    Raises:
        UsageError: none is registered by it.
    """
    if name not in _KINDS:
        raise UsageError(f"no kind of leaf is called {name!r}; its room registers it first")
    return _KINDS[name]


def all_kinds() -> Mapping[str, Kind]:
    """Those registered by the rooms imported so far, by name."""
    return MappingProxyType(_KINDS)


PERSONAL_ERASED = register(
    Kind(
        name="personal.erased",
        title="personal data of earlier leaves was erased; what they committed to stays",
        what={"leaves": Shape.RECORDS, "because": Shape.WORD},
    )
)
