"""Party, stake and edge: who is in the channel, who owns whom, who supplies whom. Pure.

Always: a share is an integer in parts per million of the whole, so that sums at exactly one half
are exact; what is not known is None, and never counted as nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from insyn.base.canonical import Json, digest
from insyn.base.errors import Refusal
from insyn.office.lists.entry import Kind
from insyn.office.screening.model import BirthSpan, Subject

WHOLE_PPM = 1_000_000
"""All of a party, as a share."""
NAME_MARK = "~"
"""Between a party's id and the number of a further name, where that is screened."""
LONGEST = 1000
"""Characters of the longest name, identifier, role or source."""
MOST = 200
"""Names, identifiers or roles that one party may have."""
_COUNTRY = re.compile(r"[A-Z]{2}")


class PartyKind(StrEnum):
    """What a party is; `UNKNOWN`: a tier of which only the place in the channel is known."""

    ORGANISATION = "organisation"
    PERSON = "person"
    UNKNOWN = "unknown"


class StakeKind(StrEnum):
    """How a stake is held. Shares of owners and beneficial owners count; control has its own."""

    OWNER = "owner"
    CONTROLLER = "controller"
    BENEFICIAL = "beneficial"


class ChannelRole(StrEnum):
    """What the customer of an edge is to the supplier."""

    DISTRIBUTOR = "distributor"
    RESELLER = "reseller"
    INTEGRATOR = "integrator"
    END_USER = "end_user"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyName:
    """A name as written, in whatever script; `language` is an ISO 639 code or None."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyIdentifier:
    """A number given by a register: `scheme` says which (lei, vat, passport, ...)."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An organisation or person in the channel, or a tier not known yet.

    Attributes:
        id: as its user gave it; one line, without `~`.
        names: the first is the main one; only a party of kind unknown may have none.
        country: ISO 3166-1 alpha-2, or None.
        birth: the days a person may be born on.
        roles: words for what the party does, such as reseller.
        erased: who it was is erased; its id and place in the channel's history stay.

    Raises:
        Refusal: a field is not as said here; no name is repeated.
    """

    id: str
    kind: PartyKind
    names: tuple[PartyName, ...] = ()
    country: str | None = None
    identifiers: tuple[PartyIdentifier, ...] = ()
    birth: BirthSpan | None = None
    roles: tuple[str, ...] = ()
    erased: bool = False

    def __post_init__(self) -> None:
        check_id(self.id)
        if not self.names and self.kind is not PartyKind.UNKNOWN and not self.erased:
            raise Refusal(f"party {self.id} has no name; only one of kind unknown may have none")
        texts = [name.text for name in self.names]
        texts += [name.language for name in self.names if name.language is not None]
        texts += [part for each in self.identifiers for part in (each.scheme, each.value)]
        for text in (*texts, *self.roles):
            if not _is_line(text):
                raise Refusal(
                    f"party {self.id}: a name, identifier or role is empty, has a line break or is "
                    f"longer than {LONGEST} characters"
                )
        if max(len(self.names), len(self.identifiers), len(self.roles)) > MOST:
            raise Refusal(f"party {self.id} has more than {MOST} names, identifiers or roles")
        if any(set(each.scheme) & {"=", ";"} for each in self.identifiers):
            raise Refusal(f"party {self.id}: an identifier's scheme has = or ; in it")
        if self.country is not None and not _COUNTRY.fullmatch(self.country):
            raise Refusal(f"party {self.id}: the country is no code of two letters (ISO 3166-1)")
        if self.birth is not None and self.birth.earliest > self.birth.latest:
            raise Refusal(f"party {self.id}: the birth span ends before it begins")

    def subjects(self) -> tuple[Subject, ...]:
        """What is screened: each name, and the main name again for each further identifier.

        The main name goes under the party's id, the others under `ID~2` and so on.
        """
        if not self.names:
            return ()
        values = [each.value for each in self.identifiers]
        pairs = zip_longest((name.text for name in self.names), values)
        return tuple(
            Subject(
                id=self.id if number == 1 else f"{self.id}{NAME_MARK}{number}",
                name=name or self.names[0].text,
                kind=None if self.kind is PartyKind.UNKNOWN else Kind(str(self.kind)),
                country=self.country,
                birth_date=self.birth,
                identifier=value or (values[0] if values else None),
            )
            for number, (name, value) in enumerate(pairs, 1)
        )

    def to_json(self) -> dict[str, Json]:
        """The party as stored and printed."""
        # Only where it is so: a key for all would change the digest of every party there is.
        erased: dict[str, Json] = {"erased": True} if self.erased else {}
        return {
            **erased,
            "id": self.id,
            "kind": str(self.kind),
            "names": [{"text": n.text, "language": n.language} for n in self.names],
            "country": self.country,
            "identifiers": [{"scheme": i.scheme, "value": i.value} for i in self.identifiers],
            "birth": span_text(self.birth),
            "roles": list(self.roles),
        }

    def digest(self) -> str:
        """SHA-256 of all that is said of the party."""
        return digest(self.to_json())


# `Any`: the JSON that `Party.to_json` wrote.
def party_from_json(record: Mapping[str, Any]) -> Party:
    """The party that `Party.to_json` wrote."""
    if record.get("erased"):
        return Party(id=record["id"], kind=PartyKind.PERSON, erased=True)
    return Party(
        id=record["id"],
        kind=PartyKind(record["kind"]),
        names=tuple(PartyName(**name) for name in record["names"]),
        country=record["country"],
        identifiers=tuple(PartyIdentifier(**each) for each in record["identifiers"]),
        birth=read_span(record["birth"]),
        roles=tuple(record["roles"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What one party holds of another.

    Attributes:
        share_low_ppm, share_high_ppm: the share is between these, in parts per million; both None
            where it is not known. A controller may hold no share at all.
        since, until: the first day, and the first day no more; None: not known, or still.
        source: who says so.

    Raises:
        Refusal: a field is not as said here.
    """

    id: str
    owner: str
    owned: str
    share_low_ppm: int | None = None
    share_high_ppm: int | None = None
    kind: StakeKind = StakeKind.OWNER
    since: date | None = None
    until: date | None = None
    source: str = ""

    def __post_init__(self) -> None:
        for id_ in (self.id, self.owner, self.owned):
            check_id(id_)
        if self.owner == self.owned:
            raise Refusal(f"stake {self.id}: a party holds no stake in itself")
        low, high = self.share_low_ppm, self.share_high_ppm
        if (low is None) != (high is None):
            raise Refusal(f"stake {self.id}: give both ends of the share, or neither")
        if low is not None and high is not None and not 0 <= low <= high <= WHOLE_PPM:
            raise Refusal(f"stake {self.id}: a share is between 0 and 100 percent, low end first")
        _check_days(f"stake {self.id}", self.since, self.until)
        _check_source(f"stake {self.id}", self.source)

    def to_json(self) -> dict[str, Json]:
        """The stake as printed; the share in percent."""
        return {
            "id": self.id,
            "owner": self.owner,
            "owned": self.owned,
            "share": share_text(self.share_low_ppm, self.share_high_ppm),
            "kind": str(self.kind),
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One party supplies another, for one deal or (None) for any.

    Raises:
        Refusal: a party supplies itself, or a field cannot be.
    """

    id: str
    supplier: str
    customer: str
    role: ChannelRole
    since: date | None = None
    until: date | None = None
    deal: str | None = None
    source: str = ""

    def __post_init__(self) -> None:
        for id_ in (self.id, self.supplier, self.customer):
            check_id(id_)
        if self.supplier == self.customer:
            raise Refusal(f"edge {self.id}: a party does not supply itself")
        if self.deal is not None and not _is_line(self.deal):
            raise Refusal(f"edge {self.id}: the deal's id is empty or no single line")
        _check_days(f"edge {self.id}", self.since, self.until)
        _check_source(f"edge {self.id}", self.source)

    def to_json(self) -> dict[str, Json]:
        """The edge as printed."""
        return {
            "id": self.id,
            "supplier": self.supplier,
            "customer": self.customer,
            "role": str(self.role),
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "deal": self.deal,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """An unknown tier turned out to be a known party."""

    unknown: str
    party: str
    known_since: datetime
    by: str


def name_key(name: str) -> str:
    """A name as it is compared for sameness: case, width and white space left out."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_id(text: str) -> None:
    """Refuse what is no id of a party, stake or edge.

    Raises:
        Refusal: empty, over 200 characters, not one printable line, or with `~` in it.
    """
    plain = bool(text) and text == text.strip() and text.isprintable() and len(text) <= 200
    if not plain or NAME_MARK in text:
        raise Refusal(
            "an id is one printable line of at most 200 characters without ~, and without blanks "
            "at its ends; give another"
        )


def read_share(text: str) -> tuple[int, int]:
    """The two ends of a share such as `60` or `25-50`, in percent, as parts per million.

    What parts per million cannot hold is rounded outward: the low end down, the high end up.

    Raises:
        Refusal: it is no share.
    """
    parts = text.replace("%", "").split("-")
    try:
        ends = [Decimal(part.strip()) * (WHOLE_PPM // 100) for part in parts]
        low = int(ends[0].to_integral_value(ROUND_FLOOR))
        high = int(ends[-1].to_integral_value(ROUND_CEILING))
    except (ArithmeticError, ValueError):
        low, high = -1, -1
    if len(parts) > 2 or not 0 <= low <= high <= WHOLE_PPM:
        raise Refusal("a share is a percentage from 0 to 100, such as 60, or a span, such as 25-50")
    return low, high


def share_text(low_ppm: int | None, high_ppm: int | None) -> str | None:
    """A share as `read_share` reads it; None where it is not known."""
    if low_ppm is None or high_ppm is None:
        return None
    ends = [_percent(end) for end in (low_ppm, high_ppm)]
    return ends[0] if low_ppm == high_ppm else "-".join(ends)


def _percent(ppm: int) -> str:
    text = f"{ppm // 10_000}.{ppm % 10_000:04d}"
    return text.rstrip("0").rstrip(".")


def span_text(span: BirthSpan | None) -> str | None:
    """A birth span as a day, or two with a slash (ISO 8601)."""
    if span is None:
        return None
    days = [span.earliest.isoformat(), span.latest.isoformat()]
    return days[0] if days[0] == days[1] else "/".join(days)


def read_span(text: str | None) -> BirthSpan | None:
    """A day, a year, or two days with a slash.

    Raises:
        Refusal: it is none of these.
    """
    if not text:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}", text):
            return BirthSpan(earliest=date(int(text), 1, 1), latest=date(int(text), 12, 31))
        first, _, last = text.partition("/")
        earliest = date.fromisoformat(first)
        return BirthSpan(earliest=earliest, latest=date.fromisoformat(last) if last else earliest)
    except ValueError:
        raise Refusal(
            "a birth date is a day (1970-01-31), a year, or two days with a slash between"
        ) from None


def _is_line(text: str) -> bool:
    return 0 < len(text) <= LONGEST and text == text.strip() and not _has_breaks(text)


def _has_breaks(text: str) -> bool:
    # Zero-width joiners belong to some scripts; control characters and lone surrogates to none.
    return any(unicodedata.category(ch) in ("Cc", "Cs", "Zl", "Zp") for ch in text)


def _check_days(what: str, since: date | None, until: date | None) -> None:
    if since is not None and until is not None and until < since:
        raise Refusal(f"{what} ends before it begins")


def _check_source(what: str, source: str) -> None:
    if source and not _is_line(source):
        raise Refusal(f"{what}: the source is one line of at most {LONGEST} characters")
