"""A leaf: what happened, when, by whom, and salted hashes of what is personal. Pure.

Always: the bytes that are hashed are RFC 8785 of the leaf with its own number in it, so that a leaf
cannot be moved; who did it is an id; personal data stands beside the tree and never in it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.clock import isoformat
from insyn.base.errors import UnreadableInput, UsageError
from insyn.trust.ledger.kinds import kind_of

SALT_SIZE = 32
"""Bytes of a salt: as many as the hash has, so that a hash tells nothing without it."""

_WHO = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}")
_FIELDS = {"at", "kind", "number", "personal", "what", "who"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """Personal data of one subject, by its opaque id: what may be erased together."""

    subject: str
    data: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A leaf to be added.

    Args:
        kind: a registered kind.
        who: an opaque id, never a name: letters, digits and `_ . : / -`, at most 128.
        what: ids, digests and words, as the kind has them.
        personal: by field; only a salted hash of each goes into the tree.

    Raises:
        UsageError: the kind is not registered or has other fields, or `who` is not an id.
    """

    kind: str
    who: str
    what: Mapping[str, Json]
    personal: Mapping[str, Personal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if _WHO.fullmatch(self.who) is None:
            raise UsageError("`who` of a leaf is not an id (letters, digits and _ . : / - only)")
        kind_of(self.kind).check(self.what, frozenset(self.personal))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLeaf:
    """A leaf as it stands in the ledger; `personal` has the commitment of each field, in hex."""

    number: int
    kind: str
    at: str
    who: str
    what: Mapping[str, Json]
    personal: Mapping[str, str]

    def to_json(self) -> dict[str, Json]:
        """What is hashed, in canonical form."""
        return {
            "at": self.at,
            "kind": self.kind,
            "number": self.number,
            "personal": dict(self.personal),
            "what": dict(self.what),
            "who": self.who,
        }

    def to_bytes(self) -> bytes:
        """What is hashed.

        Raises:
            UsageError: a value has no form in RFC 8785 (half of a surrogate pair, a number).
        """
        try:
            content = canonical_bytes(self.to_json())
            content.decode("utf-8")
        except ValueError:
            raise UsageError(
                f"a leaf of kind {self.kind} holds text or a number that canonical JSON (RFC 8785) "
                "cannot write"
            ) from None
        return content


def kept(leaf: Leaf, number: int, now: datetime, salts: Mapping[str, bytes]) -> KeptLeaf:
    """The leaf as it will stand; `salts` has one for each personal field."""
    commitments = {
        name: commit(salts[name], item.subject, item.data) for name, item in leaf.personal.items()
    }
    return KeptLeaf(
        number=number,
        kind=leaf.kind,
        at=isoformat(now),
        who=leaf.who,
        what=leaf.what,
        personal=commitments,
    )


def commit(salt: bytes, subject: str, data: Json) -> str:
    """The salted hash that stands in a leaf for personal data: hexadecimal.

    SHA-256 over the salt and RFC 8785 of subject and data. The salt has a fixed length, so no
    other salt and data run together to the same bytes.
    """
    if len(salt) != SALT_SIZE:
        raise UsageError(f"a salt has {SALT_SIZE} bytes")
    content = canonical_bytes({"data": data, "subject": subject})
    return hashlib.sha256(salt + content).hexdigest()


def read_leaf(content: bytes) -> KeptLeaf:
    """A leaf from its canonical bytes.

    Raises:
        UnreadableInput: they are not the canonical form of a leaf.
    """
    return leaf_from(parse_canonical(content))


def parse_canonical(content: bytes) -> Json:
    """JSON in canonical form, and only that.

    Raises:
        UnreadableInput: other bytes, though perhaps of the same meaning.
    """
    try:
        value: Json = json.loads(content.decode("utf-8"))
        if canonical_bytes(value) == content:
            return value
    except (ValueError, RecursionError):
        pass
    raise UnreadableInput("not JSON in canonical form (RFC 8785)")


def leaf_from(value: Json) -> KeptLeaf:
    """A leaf from its JSON value; kinds that are not known here are read like any other.

    Raises:
        UnreadableInput: a field is missing, unknown or of another type.
    """
    if not isinstance(value, dict) or value.keys() != _FIELDS:
        raise UnreadableInput("not a leaf: at, kind, number, personal, what, who")
    match value:
        case {
            "at": str(at),
            "kind": str(kind),
            "number": int(number),
            "personal": dict(personal),
            "what": dict(what),
            "who": str(who),
        } if not isinstance(number, bool) and all(isinstance(c, str) for c in personal.values()):
            return KeptLeaf(number=number, kind=kind, at=at, who=who, what=what, personal=personal)
    raise UnreadableInput("not a leaf: a field has another type than it should")
