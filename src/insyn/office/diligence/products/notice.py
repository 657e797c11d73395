"""Notices and their liftings: what an authority has told, and when that held. Pure.

Source: Regulation (EU) 2021/821, Articles 4(1), 5(1), 9 and 10; national equivalents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.countries import country_code
from insyn.base.errors import Refusal

LONGEST = 300
"""Characters of a reference, an authority's name, or what a notice is about."""


class About(StrEnum):
    """What a notice may be about."""

    PARTY = "party"
    PRODUCT = "product"
    DEAL = "deal"
    COUNTRY = "country"
    PROGRAMME = "programme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What an authority has told.

    Attributes:
        id: `n-` and 12 hexadecimal digits.
        about: what kind of thing.
        subject: its id (a party's may be a name instead; a programme's is that of the lexicon, or
            its name; a country by code or name, kept as ISO 3166-1 alpha-2).
        authority, reference: who informed, and its own number for it.
        basis: the article it rests on.
        received_on: since when it holds.
        sha256: of the document.

    Raises:
        Refusal: a text is missing or too long, or the country is none.
    """

    id: str
    about: About
    subject: str
    authority: str
    reference: str
    received_on: date
    sha256: str
    basis: str = "Regulation (EU) 2021/821, Article 5(1)"
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("subject", "authority", "reference", "basis"):
            if not 0 < len(getattr(self, name).strip()) <= LONGEST:
                raise Refusal(f"a notice needs its {name}, of at most {LONGEST} characters")
        require_digest(self.sha256)
        if self.about is About.COUNTRY and country_code(self.subject) is None:
            raise Refusal("a notice about a country names one that is known, such as BY")

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        return {
            "id": self.id,
            "about": str(self.about),
            "subject": self.subject,
            "authority": self.authority,
            "reference": self.reference,
            "received_on": self.received_on.isoformat(),
            "sha256": self.sha256,
            "basis": self.basis,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifting:
    """An authority's word that its notice no longer holds; `confirmed_by` of None: not yet."""

    number: int
    notice: str
    reference: str
    lifted_on: date
    sha256: str
    recorded_at: datetime
    by: str
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        at = self.confirmed_at
        return {
            "number": self.number,
            "notice": self.notice,
            "reference": self.reference,
            "lifted_on": self.lifted_on.isoformat(),
            "sha256": self.sha256,
            "recorded_at": isoformat(self.recorded_at),
            "by": self.by,
            "confirmed_at": isoformat(at) if at else None,
            "confirmed_by": self.confirmed_by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNotice:
    """A notice with when and by whom it was recorded, and its liftings."""

    notice: Notice
    recorded_at: datetime
    by: str
    liftings: tuple[Lifting, ...]

    def holds(self, at: datetime) -> bool:
        """Whether it was in force: received by then, and no lifting confirmed by then."""
        received = datetime.combine(self.notice.received_on, time(), UTC)
        over = [e.confirmed_at for e in self.liftings if e.confirmed_at and e.confirmed_at <= at]
        return received <= at and not over

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        return {
            **self.notice.to_json(),
            "recorded_at": isoformat(self.recorded_at),
            "by": self.by,
            "liftings": [each.to_json() for each in self.liftings],
        }


def require_digest(sha256: str) -> None:
    """Refuse what is no SHA-256 in lower-case hexadecimal.

    Raises:
        Refusal: it is none.
    """
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise Refusal("a document is named by its SHA-256: 64 hexadecimal digits in lower case")
