"""Parties and channel as files: what CSV and FollowTheMoney share; read, and kept. Pure but `keep`.

Always: what is written reads back equal; a row that cannot be used is told with its line and
reason, without a name, and leaves the others as they are. A file that is no text, or breaks off in
the midst of its last line, is refused whole.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.errors import Refusal, UnreadableInput
from insyn.office.diligence.parties import register, relations
from insyn.office.diligence.parties.model import Edge, Party, Stake
from insyn.office.diligence.parties.register import Came
from insyn.trust.people.duties import Actor, require

LARGEST_BYTES = 100_000_000
"""A file of parties is read whole; an office knows far fewer than this holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A row that was left out, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}; it was left out"


@dataclass(slots=True, kw_only=True)
class Read:
    """What a file holds, each with the line it stands on."""

    parties: list[tuple[int, Party]] = field(default_factory=list)
    stakes: list[tuple[int, Stake]] = field(default_factory=list)
    edges: list[tuple[int, Edge]] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Kept:
    """How much of a file was new, changed or as known, and what could not be kept."""

    new: int = 0
    changed: int = 0
    same: int = 0
    stakes: int = 0
    edges: int = 0
    bad: list[BadLine] = field(default_factory=list)

    def to_json(self) -> dict[str, Json]:
        """The counts as the commands print them."""
        return {
            "new": self.new,
            "changed": self.changed,
            "same": self.same,
            "stakes": self.stakes,
            "edges": self.edges,
            "bad_rows": [str(each) for each in self.bad],
        }


def keep(connection: sa.Connection, read: Read, *, actor: Actor, now: datetime) -> Kept:
    """Put all that a file holds into the office; a stake or edge known by its id is left as is.

    Raises:
        Refusal: the actor may not change parties.
    """
    require(actor, register.ACTION)  # here, or every row would be told as a bad one
    kept = Kept(bad=list(read.bad))
    known = relations.relation_ids(connection)
    for line, party in read.parties:
        try:
            came = register.put(connection, party, actor=actor, now=now)
        except Refusal as error:
            kept.bad.append(BadLine(line=line, reason=str(error)))
            continue
        kept.new += came is Came.NEW
        kept.changed += came is Came.CHANGED
        kept.same += came is Came.SAME
    between: list[tuple[int, Stake | Edge]] = [*read.stakes, *read.edges]
    for line, relation in between:
        if relation.id in known:
            kept.same += 1
            continue
        try:
            if isinstance(relation, Stake):
                relations.record_stake(connection, relation, actor=actor, now=now)
                kept.stakes += 1
            else:
                relations.record_edge(connection, relation, actor=actor, now=now)
                kept.edges += 1
        except Refusal as error:
            kept.bad.append(BadLine(line=line, reason=str(error)))
            continue
        known.add(relation.id)
    return kept


def text_of(path: Path) -> str:
    """A file's text: UTF-8 with or without its mark, or UTF-16 with one.

    No other encoding is guessed: a name read in a wrong one would be screened, and be clear.

    Raises:
        UnreadableInput: it cannot be read, is too large, or is not so encoded.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UnreadableInput(f"{path} is larger than {LARGEST_BYTES} bytes; split it")
        text = decoded(path.read_bytes())
    except (OSError, UnicodeError) as error:
        raise UnreadableInput(
            f"{path} cannot be read as UTF-8 text ({type(error).__name__}); save it so"
        ) from None
    if "\0" in text:
        raise UnreadableInput(f"{path} is no text; save it as UTF-8")
    return text


def decoded(content: bytes, *, errors: str = "strict") -> str:
    """The text of a file, or of its beginning, by its byte-order mark; without one, UTF-8."""
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf16 else "utf-8-sig", errors)


def broken_off(line: int) -> UnreadableInput:
    """What is raised where a file ends in the midst of a line."""
    return UnreadableInput(
        f"the file breaks off in line {line}, and nothing of it was kept; save or fetch it again "
        "whole"
    )


def unique(lines: Iterable[tuple[int, Party]], bad: list[BadLine]) -> list[tuple[int, Party]]:
    """The first party of each id; later ones go to `bad`."""
    found: dict[str, tuple[int, Party]] = {}
    for line, party in lines:
        if party.id in found:
            bad.append(BadLine(line=line, reason=f"party {party.id} stands twice in the file"))
        else:
            found[party.id] = (line, party)
    return list(found.values())


def day_of(text: str | None) -> date | None:
    """A day in ISO 8601, or None for nothing.

    Raises:
        Refusal: it is none.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("a day is not written as 2026-01-31") from None
