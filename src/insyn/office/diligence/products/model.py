"""Products and how they are classified for export control. Pure.

Always: what nobody has classified is unknown, never non-controlled; a classification is superseded,
never edited; one that is milder than what stands counts only once a second person has confirmed
it, so that a class is never lowered by adding a record.

Source: Regulation (EU) 2021/821, Articles 2(20), 3 and 5, and Annex I.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal


class ProductKind(StrEnum):
    """What a product is."""

    CAMERA = "camera"
    RECORDER = "recorder"
    SOFTWARE = "software"
    ACCESSORY = "accessory"
    SERVICE = "service"


class ExportClass(StrEnum):
    """What export control says of a product, from least to most concern."""

    NON_CONTROLLED = "non_controlled"
    UNKNOWN = "unknown"
    CANDIDATE = "cyber_surveillance_candidate"
    LISTED = "listed"


SEVERITY = tuple(ExportClass)
"""Worse classes stand later. Unknown is worse than non-controlled: nobody has looked."""

LONGEST_TEXT = 2000
_ID = re.compile(r"[^\s/\\]{1,100}")
_ENTRY = re.compile(r"([0-9][A-E][0-9]{3}|ML[0-9]{1,2})(\.[a-z0-9]{1,3})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One thing that is sold.

    Attributes:
        id: the company's own, such as an article number; without blanks and slashes.
        name: as it stands in offers and orders: goods of deals are found by it, and by the id.
        kind: what it is.
        maker: who makes it; None is unknown.
        capabilities: what it can do, in the words of the deal record, such as `masking`.

    Raises:
        Refusal: the id or name is empty, too long, or not printable.
    """

    id: str
    name: str
    kind: ProductKind
    maker: str | None = None
    capabilities: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if _ID.fullmatch(self.id) is None or not self.id.isprintable():
            raise Refusal(
                "a product's id has 1 to 100 letters, digits or signs, no blanks and no slashes"
            )
        texts = (self.name, self.maker or "x", *self.capabilities)
        if any(not 0 < len(text.strip()) <= 300 or not text.isprintable() for text in texts):
            raise Refusal(
                f"product {self.id}: name, maker and capabilities are one line of 1 to 300 "
                "characters each"
            )

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": str(self.kind),
            "maker": self.maker,
            "capabilities": list(self.capabilities),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a classification says.

    Attributes:
        export_class: any but unknown; what is not known is not recorded.
        reason: why, in a sentence or more.
        authority: who classified: an authority with its reference, or the company's own officer.
        decided_on: the day of it.
        source: the document or text that it rests on.
        entry: the entry of the list, such as `5A001.j` or `ML5.b`; for a listed product alone.

    Raises:
        Refusal: a text is missing, or class and entry do not go together.
    """

    export_class: ExportClass
    reason: str
    authority: str
    decided_on: date
    source: str
    entry: str | None = None

    def __post_init__(self) -> None:
        if self.export_class is ExportClass.UNKNOWN:
            raise Refusal("unknown is no classification; leave the product without one")
        for name in ("reason", "authority", "source"):
            if not 0 < len(getattr(self, name).strip()) <= LONGEST_TEXT:
                raise Refusal(
                    f"a classification needs its {name}, of at most {LONGEST_TEXT} characters"
                )
        if (self.export_class is ExportClass.LISTED) != (self.entry is not None):
            raise Refusal("a listed product has the entry of its list, and no other has one")
        if self.entry is not None and _ENTRY.fullmatch(self.entry) is None:
            raise Refusal(f"{self.entry!r} is no entry of a list; write it as 5A001.j or ML5.b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A second person's word."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """A classification as kept; `number` orders those of all products."""

    number: int
    product: str
    said: Said
    recorded_at: datetime
    by: str
    confirmed: Confirmation | None = None

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        said, confirmed = self.said, self.confirmed
        return {
            "number": self.number,
            "product": self.product,
            "class": str(said.export_class),
            "entry": said.entry,
            "reason": said.reason,
            "authority": said.authority,
            "decided_on": said.decided_on.isoformat(),
            "source": said.source,
            "recorded_at": isoformat(self.recorded_at),
            "by": self.by,
            "confirmed_at": isoformat(confirmed.at) if confirmed else None,
            "confirmed_by": confirmed.by if confirmed else None,
        }


def standing(found: Iterable[Classification], *, at: datetime) -> Classification | None:
    """The classification of one product that stood at a moment; None: it was unclassified.

    The latest stands, unless it is milder than the one before and was not confirmed by then.
    """
    stands: Classification | None = None
    for each in sorted(found, key=lambda c: c.number):
        if each.recorded_at > at:
            continue
        confirmed = each.confirmed is not None and each.confirmed.at <= at
        if stands is None or confirmed or not is_milder(each.said, stands.said):
            stands = each
    return stands


def class_of(found: Iterable[Classification], *, at: datetime) -> ExportClass:
    """The class of one product at a moment; unknown where nothing stood."""
    stands = standing(found, at=at)
    return stands.said.export_class if stands else ExportClass.UNKNOWN


def is_milder(one: Said, than: Said) -> bool:
    """Whether the first says less concern than the second."""
    return SEVERITY.index(one.export_class) < SEVERITY.index(than.export_class)


def worst(classes: Iterable[ExportClass]) -> ExportClass:
    """The class of most concern; unknown of none."""
    return max(classes, key=SEVERITY.index, default=ExportClass.UNKNOWN)
