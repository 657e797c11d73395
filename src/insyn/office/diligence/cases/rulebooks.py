"""The rulebooks in force in this office, and since when.

Always: what was in force on a day is found again, ours and a company's beside it; a rulebook once
in force is never edited, and the next stands beside it. Ours comes into force in an office when
the office first judges by it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal
from insyn.office.diligence.cases import recorded, schema
from insyn.office.diligence.rulebook import CURRENT, Rulebook, check, load, merge, rulebook
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.people.duties import Actor, require

OURS = "insyn"
OFFICE = "office"
"""Who adopts our own rulebook: the release that the office runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The rulebook of a moment; `known` is False where the office had none by then."""

    book: Rulebook
    known: bool
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """One rulebook that came into force."""

    name: str
    version: str
    digest: str
    content: str | None
    since: datetime
    by: str

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it; the text is left out."""
        return {
            "name": self.name,
            "version": self.version,
            "digest": self.digest,
            "since": isoformat(self.since),
            "by": self.by,
        }


def adopt_ours(connection: sa.Connection, *, now: datetime) -> None:
    """Note that this release's rulebook judges from now on; nothing where it does already."""
    newest = [each for each in adopted(connection) if each.name == OURS][-1:]
    if not newest or newest[0].version != CURRENT:
        path = files("insyn.office.diligence").joinpath("data", f"rulebook-{CURRENT}.yaml")
        _add(
            connection,
            Adopted(
                name=OURS,
                version=CURRENT,
                digest=hashlib.sha256(path.read_bytes()).hexdigest(),
                content=None,
                since=now,
                by=OFFICE,
            ),
        )


def adopt(connection: sa.Connection, text: str, *, actor: Actor, now: datetime) -> Adopted:
    """Put a company's rulebook into force beside ours; it replaces the one of the same name.

    Raises:
        Refusal: it is laxer than ours, contradicts its own cases, or bears a version that was in
            force with another text.
        UnreadableInput: it is no rulebook.
    """
    require(actor, "rulebook.adopt")
    book = load(text, name="the rulebook")
    if book.name == OURS:
        raise Refusal("a company's rulebook needs a name of its own; ours is insyn")
    merge(rulebook(), book)
    if wrong := check(book):
        raise Refusal(f"the rulebook contradicts its own cases: {wrong[0]}; correct it first")
    digest = hashlib.sha256(text.encode()).hexdigest()
    for each in adopted(connection):
        if (each.name, each.version) == (book.name, book.version) and each.digest != digest:
            raise Refusal(
                f"{book.name} {book.version} was in force with another text; give the change a "
                "version of its own"
            )
    found = Adopted(
        name=book.name, version=book.version, digest=digest, content=text, since=now, by=actor.id
    )
    _add(connection, found)
    return found


def adopted(connection: sa.Connection) -> list[Adopted]:
    """All that ever came into force, oldest first."""
    table = schema.rulebooks
    rows = connection.execute(sa.select(table).order_by(table.c.since, table.c.id))
    return [
        Adopted(
            name=row.name,
            version=row.version,
            digest=row.digest,
            content=row.content,
            since=row.since,
            by=row.by,
        )
        for row in rows
    ]


def in_force(connection: sa.Connection, *, at: datetime) -> InForce:
    """What judged at a moment: ours, and a company's beside it.

    Before the office's first, its first is taken, and `known` says that there was none.
    """
    every = adopted(connection)
    then = [each for each in every if each.since <= at]
    by_name = {each.name: each for each in then} or {each.name: each for each in every[:1]}
    ours = by_name.pop(OURS, None)
    book = rulebook(ours.version if ours else CURRENT)
    for each in by_name.values():
        book = merge(book, load(each.content or "", name=f"{each.name} {each.version}"))
    return InForce(book=book, known=bool(then), versions=tuple(book.version.split("+")))


def _add(connection: sa.Connection, found: Adopted) -> None:
    connection.execute(
        sa.insert(schema.rulebooks).values(
            name=found.name,
            version=found.version,
            digest=found.digest,
            content=found.content,
            since=found.since,
            by=found.by,
        )
    )
    leaf = Leaf(
        kind=recorded.RULEBOOK_ADOPTED.name,
        who=found.by,
        what={"name": found.name, "version": found.version, "digest": found.digest},
    )
    log.append(connection, leaf, now=found.since)
