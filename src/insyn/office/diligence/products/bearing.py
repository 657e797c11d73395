"""What the catalogue and the authorities say of a deal: laid over what its seller declared.

Always: it only ever raises concern. The worst of what is declared and what the catalogue says of
each of the goods stands; goods that the catalogue does not hold are unknown; a notice in force is
a hold whatever the record says.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.office.diligence.assess import party_names
from insyn.office.diligence.deal import EXPORT_CLASSES, Deal
from insyn.office.diligence.derivation import derive
from insyn.office.diligence.lexicon import Lexicon, lexicon
from insyn.office.diligence.products import catalogue, notices
from insyn.office.diligence.products.catalogue import Listed
from insyn.office.diligence.products.model import ExportClass, worst
from insyn.office.diligence.products.notices import InForce


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """One line of a deal's goods, the products that it names, and their worst class."""

    text: str
    products: tuple[str, ...]
    export_class: ExportClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """What bears on a deal from the catalogue and the authorities."""

    goods: tuple[Good, ...]
    export_class: ExportClass
    in_force: InForce

    def onto(self, deal: Deal) -> Deal:
        """The deal as it is to be assessed."""
        known = self.export_class is not ExportClass.UNKNOWN
        return replace(
            deal,
            export_class=str(self.export_class) if known else None,
            authority_notice=True if self.in_force.notices else deal.authority_notice,
        )

    def to_json(self) -> dict[str, Json]:
        """What a dossier keeps: changes exactly when what bears on the deal does."""
        return {
            "export_class": str(self.export_class),
            "goods": [
                {"text": g.text, "products": list(g.products), "class": str(g.export_class)}
                for g in self.goods
            ],
            "notices": [kept.notice.id for kept in self.in_force.notices],
        }


def on_deal(
    connection: sa.Connection,
    deal: Deal,
    *,
    at: datetime,
    parties: Collection[str] = (),
    words: Lexicon | None = None,
) -> Bearing:
    """What bore on a deal at a moment.

    Args:
        connection: to the office's database.
        deal: as declared and known then.
        at: what was recorded by then counts.
        parties: ids of its parties and their owners, beside the names that the deal gives.
        words: reads which programmes the deal names; the lexicon in the package if not given.
    """
    known = list(catalogue.every(connection, at=at))
    goods = goods_of(deal, known)
    facts = derive(deal, words or lexicon()).values
    named = [facts["programmes"], facts["programme_questions"]]
    programmes = [name for names in named if isinstance(names, list) for name in names]
    held = notices.in_force(
        connection,
        deal=deal.id,
        parties=[*parties, *party_names(deal)],
        products=sorted({product for good in goods for product in good.products}),
        country=deal.country,
        at=at,
        programmes=[*programmes, *([deal.programme] if deal.programme else [])],
    )
    return Bearing(goods=goods, export_class=overall(deal, goods, known), in_force=held)


def goods_of(deal: Deal, known: Iterable[Listed]) -> tuple[Good, ...]:
    """A deal's goods as the catalogue has them: every product whose id or name a line holds.

    All of them count, and the worst stands: else a longer name of a harmless product would hide
    the shorter one of a listed product.
    """
    named = [(_fold(text), each) for each in known for text in (each.product.id, each.product.name)]
    found = []
    for text in deal.goods:
        line = f" {_fold(text)} "
        met = {each.product.id: each for name, each in named if name and f" {name} " in line}
        found.append(
            Good(
                text=text,
                products=tuple(sorted(met)),
                export_class=worst(each.export_class for each in met.values()),
            )
        )
    return tuple(found)


def overall(deal: Deal, goods: Iterable[Good], known: Collection[Listed]) -> ExportClass:
    """The worst of what is declared and of the goods; an office without a catalogue has no say."""
    declared = [ExportClass(deal.export_class)] if deal.export_class in EXPORT_CLASSES else []
    return worst([*declared, *(good.export_class for good in goods if known)])


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(ch if ch.isalnum() else " " for ch in plain).split())
