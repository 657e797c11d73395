"""The Article 5(2) notification drafted from a case: every statement with the fact it stands on.

Always: what no fact says is a blank; the exporter's own words (who it is, of what it is aware, what
it asks) are given, never inferred. The draft is kept by its hash, and is a step of the case.

Source: Regulation (EU) 2021/821, Article 5(2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.countries import country_name
from insyn.office.diligence.cases import (
    deals,
    evidence,
    recorded,
    rulebooks,
    screened,
    steps,
)
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.dated import Fact, standing
from insyn.office.diligence.cases.events import Notified
from insyn.office.diligence.cases.states import Step
from insyn.office.diligence.cases.view import dossier
from insyn.office.diligence.deal import Deal, read_deal
from insyn.office.diligence.parties import register
from insyn.office.diligence.products import bearing, catalogue
from insyn.office.diligence.products.bearing import Good
from insyn.office.diligence.products.model import standing as classification
from insyn.office.diligence.products.notification import (
    EvidenceNamed,
    FindingNamed,
    GoodNamed,
    Notification,
    NotificationInput,
    PartyNamed,
    Told,
    draft,
)
from insyn.office.screening.recorded import id_of
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.people.duties import Actor

CASE_FILE = "the exporter's case file"
EXPORTER = "the exporter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """What the exporter says of itself; None and empty become blanks.

    Attributes:
        name, address: who exports.
        member_state: ISO 3166-1 alpha-2 of where it is established.
        awareness: what it declares of its own awareness.
        asks: what it asks the authority.
    """

    name: str | None = None
    address: str | None = None
    member_state: str | None = None
    awareness: str | None = None
    asks: tuple[str, ...] = ()


def notify(
    connection: sa.Connection,
    case: Case,
    exporter: Exporter,
    *,
    folder: Path,
    actor: Actor,
    now: datetime,
) -> tuple[Case, Notification]:
    """Draft the notification of a case, keep it, and note it in the case and the ledger.

    Args:
        connection: in a writing transaction.
        case: as it stands.
        exporter: its own words.
        folder: where documents are kept by their hash.
        actor: an export officer or analyst without another part in the decision.
        now: the day of the draft.

    Raises:
        Refusal: the actor may not, or the case is a draft.
    """
    steps.require_free(connection, case, Step.NOTIFY, actor)
    found = draft(given_by(connection, case, exporter, now=now))
    document = evidence.keep_file(folder, canonical_bytes(found.to_json()))
    said = Notified(document=document, blanks=len(found.blanks))
    after = steps.take(connection, case, said, actor=actor, now=now)
    what: dict[str, Json] = {
        "case": id_of(case.id),
        "deal": id_of(case.deal),
        "document": document,
        "blanks": len(found.blanks),
    }
    kind = recorded.NOTIFICATION_DRAFTED.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what), now=now)
    return after, found


def given_by(
    connection: sa.Connection, case: Case, exporter: Exporter, *, now: datetime
) -> NotificationInput:
    """All that a case says for the notification, as known now."""
    facts = standing(deals.facts_of(connection, case.deal), known=now)
    said = {fact.field: fact for fact in facts}
    deal = read_deal(deals.record_at(connection, case.deal, known=now))
    seen = dossier(connection, case.deal, known=now)
    since = _known_since(connection, case.deal, now)
    pieces = evidence.of_deal(connection, case.deal)
    return NotificationInput(
        case=case.id,
        deal=case.deal,
        rulebook=seen.assessment.rulebook,
        drafted_on=now.date(),
        member_state=exporter.member_state,
        exporter=PartyNamed(
            role="exporter",
            name=Told(value=exporter.name, source=EXPORTER),
            address=Told(value=exporter.address, source=EXPORTER),
            country=Told(value=_country(exporter.member_state), source=EXPORTER),
        ),
        consignees=tuple(_consignees(connection, deal, said)),
        end_user=PartyNamed(
            role="end user",
            name=_told(deal.end_user, said.get("end_user")),
            address=_told(deal.place, said.get("place")),
            country=_told(_country(deal.country), said.get("country")),
        ),
        goods=tuple(_goods(connection, deal, said, now)),
        end_use=_told(deal.purpose_stated, said.get("purpose_stated")),
        awareness=Told(value=exporter.awareness, source=EXPORTER),
        findings=tuple(
            FindingNamed(
                rule=told["id"],
                outcome=told["outcome"],
                because=told["because"],
                source=told["source"],
                known_since=since.get(told["id"]),
            )
            for told in (firing.to_json() for firing in seen.assessment.firings)
        ),
        unknown=seen.assessment.unknown,
        evidence=tuple(
            EvidenceNamed(
                kind=piece.kind,
                source=f"{piece.source} ({piece.reliability})",
                sha256=piece.sha256,
                dated=piece.published_on,
            )
            for piece in pieces
        ),
        asks=exporter.asks,
    )


def _known_since(connection: sa.Connection, deal: str, now: datetime) -> dict[str, date]:
    """By rule that fires, the first day on which what the office knew would have met it.

    Judged by the rules of today: a rule that is new does not make the office have known less.
    """
    book = rulebooks.in_force(connection, at=now).book
    moments = sorted({fact.known_since for fact in deals.facts_of(connection, deal)} | {now})
    found: dict[str, date] = {}
    for moment in moments:
        then = dossier(connection, deal, known=moment, past=moment < now, book=book)
        for firing in then.assessment.firings:
            found.setdefault(firing.rule.id, moment.date())
    return found


def _consignees(
    connection: sa.Connection, deal: Deal, said: Mapping[str, Fact]
) -> Iterator[PartyNamed]:
    """Reseller, integrator and every tier of the channel but the end user; unnamed ones too."""
    named: set[str] = set()
    tiers = [("reseller", deal.reseller, "reseller"), ("integrator", deal.integrator, "integrator")]
    tiers += [(tier.role or tier.tier or "a tier", tier.name, "channel") for tier in deal.channel]
    for role, name, field in tiers:
        words = role.replace("_", " ")
        if "end user" in words.casefold() or name == deal.end_user or name in named:
            continue
        if name is None and field != "channel":
            continue
        named |= {name} if name else set()
        yield PartyNamed(
            role=words,
            name=_told(name, said.get(field)),
            address=Told(value=None, source=CASE_FILE),
            country=_country_of(connection, deal, name),
        )


def _country_of(connection: sa.Connection, deal: Deal, name: str | None) -> Told:
    """A consignee's country as the channel has it: not the deal's, for a reseller sells abroad."""
    parties = [] if name is None else register.named(connection, name)
    sure = screened.channel_parties(connection, deal)
    known = {party.country for party in parties if sure.get(party.id) and party.country}
    if len(known) != 1:
        return Told(value=None, source=CASE_FILE)
    return Told(value=_country(known.pop()), source="the exporter's register of parties")


def _goods(
    connection: sa.Connection, deal: Deal, said: Mapping[str, Fact], now: datetime
) -> Iterator[GoodNamed]:
    known = list(catalogue.every(connection, at=now))
    cameras = None if deal.camera_count is None else f"{deal.camera_count} cameras in all"
    for good in bearing.goods_of(deal, known):
        yield GoodNamed(
            description=_told(good.text, said.get("goods")),
            quantity=_told(cameras, said.get("camera_count")),
            classification=_class_of(connection, good, deal, said, now),
        )


def _class_of(
    connection: sa.Connection, good: Good, deal: Deal, said: Mapping[str, Fact], now: datetime
) -> Told:
    """The worst of what the catalogue says of a line of goods; else what the seller declared."""
    if not good.products:
        return _told(deal.export_class, said.get("export_class"))
    words = []
    sources: list[str] = []
    for product in good.products:
        stands = classification(catalogue.history(connection, product), at=now)
        if stands is None:
            continue
        entry = f", entry {stands.said.entry}" if stands.said.entry else ""
        words.append(f"{product}: {stands.said.export_class}{entry}; {stands.said.reason}")
        sources.append(f"{stands.said.authority}, {stands.said.decided_on}: {stands.said.source}")
    return Told(value="; ".join(words) or None, source="; ".join(sources) or "the catalogue")


def _told(value: str | None, fact: Fact | None) -> Told:
    if fact is None:
        return Told(value=value, source=CASE_FILE)
    return Told(value=value, source=f"{fact.source}, known since {fact.known_since.date()}")


def _country(code: str | None) -> str | None:
    return f"{country_name(code)} ({code})" if code else None
