"""What the office knows of a deal, put together as a dossier: now, or as known at a moment."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import digest
from insyn.office.diligence.assess import assess
from insyn.office.diligence.cases import deals, evidence, rulebooks, screened
from insyn.office.diligence.cases.dossier import Dossier
from insyn.office.diligence.deal import read_deal
from insyn.office.diligence.products import bearing
from insyn.office.diligence.rulebook import Rulebook


def dossier(
    connection: sa.Connection,
    deal: str,
    *,
    known: datetime,
    past: bool = False,
    book: Rulebook | None = None,
) -> Dossier:
    """All that bears on a deal, and what it comes to.

    Args:
        connection: to the office's database.
        deal: its id.
        known: what was known by then counts.
        past: screening's word too is that of `known`, not today's.
        book: judges; the rulebook in force at `known` if not given.

    Raises:
        Refusal: no deal is known by this id.
    """
    record = deals.record_at(connection, deal, known=known)
    read = read_deal(record)
    stands = screened.standing(connection, read, at=known if past else None, on=known.date())
    # The catalogue and the authorities only ever raise concern over what was declared.
    bears = bearing.on_deal(connection, read, at=known, parties=stands.parties)
    found = assess(
        bears.onto(read),
        book=book or rulebooks.in_force(connection, at=known).book,
        screen=lambda _names, _country: stands.list_status,
    )
    pieces = [piece for piece in evidence.of_deal(connection, deal) if piece.recorded_at <= known]
    return Dossier(
        record=record,
        assessment=found,
        standing=stands,
        evidence=tuple(digest(piece.to_json()) for piece in pieces),
        export=bears.to_json(),
    )
