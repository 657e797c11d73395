"""Notices by which an authority informs the exporter: a hard hold on what they are about.

Always: in force from the day of receipt until the authority itself lifts it: by a record with a
reference of its own, which counts once a second person has confirmed it. Nothing overrides a hold.
On doubt it holds: a party is met by its id, or by a name that is the same or strongly alike in any
script.

Source: Regulation (EU) 2021/821, Articles 4(1), 5(1), 9 and 10; national equivalents.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.countries import country_code
from insyn.base.errors import Refusal
from insyn.office.diligence.products import catalogue, recorded, schema
from insyn.office.diligence.products.model import ExportClass, worst
from insyn.office.diligence.products.notice import (
    LONGEST,
    About,
    KeptNotice,
    Lifting,
    Notice,
    require_digest,
)
from insyn.office.names.compare import compare_texts
from insyn.office.screening.engine import class_of as likeness
from insyn.office.screening.model import MatchClass
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import Leaf, Personal
from insyn.trust.people.duties import Actor, Done, require

_ALIKE = (MatchClass.EXACT, MatchClass.STRONG)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What holds a deal, and the worst class of its products."""

    notices: tuple[KeptNotice, ...]
    export_class: ExportClass

    def facts(self) -> Mapping[str, Json]:
        """Fields of the deal record that this sets; they go over whatever is declared."""
        told: dict[str, Json] = {}
        if self.notices:
            told["authority_notice"] = True
        if self.export_class is not ExportClass.UNKNOWN:
            told["export_class"] = str(self.export_class)
        return told


def add(connection: sa.Connection, notice: Notice, *, actor: Actor, now: datetime) -> KeptNotice:
    """Keep a notice; it holds from the day of its receipt.

    Raises:
        Refusal: the actor may not, its day is still to come, or it was recorded before.
    """
    require(actor, "notice.add")
    if notice.received_on > now.date():
        raise Refusal("a notice is received on a day that has come; give --received-on")
    table = schema.notices
    same = (table.c.reference == notice.reference, table.c.authority == notice.authority)
    query = sa.select(table.c.id).where(*same, table.c.subject == notice.subject)
    if found := connection.execute(query).scalar():
        raise Refusal(f"this notice was recorded before, as {found}")
    row = {name: getattr(notice, name) for name in notice.__slots__}
    row |= {"about": str(notice.about), "recorded_at": now, "by": actor.id}
    connection.execute(sa.insert(table), [row])
    what: dict[str, Json] = {
        "notice": notice.id,
        "about": str(notice.about),
        "sha256": notice.sha256,
    }
    personal = {"said": Personal(subject=notice.id, data=notice.to_json())}
    kind = recorded.NOTICE_ADDED.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what, personal=personal), now=now)
    return KeptNotice(notice=notice, recorded_at=now, by=actor.id, liftings=())


def lift(
    connection: sa.Connection,
    notice: str,
    *,
    reference: str,
    lifted_on: date,
    sha256: str,
    actor: Actor,
    now: datetime,
) -> Lifting:
    """Record that the authority lifted its notice; the hold stands until `confirm`.

    Raises:
        Refusal: the actor may not, there is no such notice, the reference is not one of its own,
            or the day does not fit.
    """
    require(actor, "notice.lift")
    kept = find(connection, notice)
    require_digest(sha256)
    if not 0 < len(reference.strip()) <= LONGEST or _fold(reference) == _fold(
        kept.notice.reference
    ):
        raise Refusal(
            f"notice {notice}: a lifting has the authority's own reference, not the notice's"
        )
    if not kept.notice.received_on <= lifted_on <= now.date():
        raise Refusal(f"notice {notice}: it is lifted between its receipt and today")
    row = {"notice": notice, "reference": reference, "lifted_on": lifted_on, "sha256": sha256}
    row |= {"recorded_at": now, "by": actor.id}
    table = schema.liftings
    number = connection.execute(sa.insert(table).returning(table.c.number), [row]).scalar_one()
    what: dict[str, Json] = {"notice": notice, "lifting": number, "sha256": sha256}
    said: dict[str, Json] = {"reference": reference, "lifted_on": lifted_on.isoformat()}
    personal = {"said": Personal(subject=notice, data=said)}
    kind = recorded.LIFTING_ADDED.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what, personal=personal), now=now)
    return Lifting(
        number=number,
        notice=notice,
        reference=reference,
        lifted_on=lifted_on,
        sha256=sha256,
        recorded_at=now,
        by=actor.id,
    )


def confirm(connection: sa.Connection, notice: str, *, actor: Actor, now: datetime) -> KeptNotice:
    """Confirm the latest lifting of a notice, as a second person; the hold ends.

    Raises:
        Refusal: the actor may not or recorded it, or there is none to confirm.
    """
    kept = find(connection, notice)
    waiting = [each for each in kept.liftings if each.confirmed_at is None]
    if not waiting or not kept.holds(now):
        raise Refusal(f"notice {notice} has no lifting that waits for a second person")
    lifting = waiting[-1]
    require(actor, "notice.confirm", [Done(action="notice.lift", by=lifting.by)])
    values = {"lifting": lifting.number, "confirmed_at": now, "by": actor.id}
    connection.execute(sa.insert(schema.lifting_confirmations).values(values))
    what: dict[str, Json] = {"notice": notice, "lifting": lifting.number}
    kind = recorded.NOTICE_LIFTED.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what), now=now)
    return find(connection, notice)


def find(connection: sa.Connection, notice: str) -> KeptNotice:
    """A notice by its id.

    Raises:
        Refusal: there is none.
    """
    found = [each for each in every(connection) if each.notice.id == notice]
    if not found:
        raise Refusal(f"no notice is known as {notice!r}; `insyn product notice list` shows all")
    return found[0]


def every(connection: sa.Connection) -> list[KeptNotice]:
    """All notices, lifted ones too, by day of receipt."""
    liftings: dict[str, list[Lifting]] = {}
    for each in _liftings(connection):
        liftings.setdefault(each.notice, []).append(each)
    table = schema.notices
    rows = connection.execute(sa.select(table).order_by(table.c.received_on, table.c.id))
    return [_kept(row, liftings.get(row.id, [])) for row in rows]


def in_force(
    connection: sa.Connection,
    *,
    deal: str | None,
    parties: Collection[str],
    products: Collection[str],
    country: str | None,
    at: datetime,
    programmes: Collection[str] = (),
) -> InForce:
    """What held at a moment, of all that a deal touches.

    Args:
        connection: to the office's database.
        deal: its id.
        parties: ids and names of everybody in its channel, owners included.
        products: ids of its products in the catalogue; others are unknown to it.
        country: where the goods go.
        at: when; what was received by then and not lifted by then counts.
        programmes: ids of the lexicon, or names.
    """
    touched = {
        About.DEAL: [deal] if deal else [],
        About.PARTY: list(parties),
        About.PRODUCT: list(products),
        About.COUNTRY: [country_code(country) or country] if country else [],
        About.PROGRAMME: list(programmes),
    }
    held = tuple(
        kept
        for kept in every(connection)
        if kept.holds(at) and _meets(kept.notice, touched[kept.notice.about])
    )
    known = {each.product.id: each.export_class for each in catalogue.every(connection, at=at)}
    classes = [known.get(product, ExportClass.UNKNOWN) for product in products]
    return InForce(notices=held, export_class=worst(classes))


def _meets(notice: Notice, touched: Iterable[str]) -> bool:
    wanted = _fold(notice.subject)
    for each in touched:
        if each == notice.subject or _fold(each) == wanted:
            return True
        if notice.about is About.COUNTRY and country_code(notice.subject) == each:
            return True
        if notice.about in (About.PARTY, About.PROGRAMME) and _is_alike(notice.subject, each):
            return True
    return False


def _is_alike(one: str, two: str) -> bool:
    found = compare_texts(one, two)
    return likeness(found.score, literal=found.literal) in _ALIKE


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(ch if ch.isalnum() else " " for ch in plain).split()) or plain


def _liftings(connection: sa.Connection) -> Iterable[Lifting]:
    table, confirmed = schema.liftings, schema.lifting_confirmations
    query = (
        sa.select(table, confirmed.c.confirmed_at, confirmed.c.by.label("confirmed_by"))
        .outerjoin(confirmed, confirmed.c.lifting == table.c.number)
        .order_by(table.c.number)
    )
    for row in connection.execute(query):
        yield Lifting(**row._mapping)


def _kept(row: sa.Row[Any], liftings: list[Lifting]) -> KeptNotice:
    values = {name: getattr(row, name) for name in Notice.__slots__}
    return KeptNotice(
        notice=Notice(**{**values, "about": About(row.about)}),
        recorded_at=row.recorded_at,
        by=row.by,
        liftings=tuple(liftings),
    )
