"""The notification of Article 5(2), drafted from what a case found. Pure.

Always: a draft; every statement stands with its source, and what nobody knows is a blank with a
name, never left out and never guessed. Whether the exporter is aware is the exporter's own word.

Source: Regulation (EU) 2021/821, Article 5(2); Commission Recommendation (EU) 2024/2659.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import yaml

from insyn.base.canonical import Json
from insyn.base.countries import country_name

FORMAT = "insyn-art-5-2-notification/1"
_ARTICLE = "Regulation (EU) 2021/821, Article 5(2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A value and who or what says so; a value of None is unknown, and becomes a blank."""

    value: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyNamed:
    """A consignee, end user, or the exporter."""

    role: str
    name: Told
    address: Told
    country: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodNamed:
    """One line of goods: what, how many, how classified (class, entry, why and by whom)."""

    description: Told
    quantity: Told
    classification: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingNamed:
    """What due diligence found: a rule that fired, on what, and since when that is known."""

    rule: str
    outcome: str
    because: str
    source: str
    known_since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceNamed:
    """A document by hash, or a search that found nothing (`sha256` of None)."""

    kind: str
    source: str
    sha256: str | None
    dated: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationInput:
    """All that a notification says. Nothing is looked up beside it but the authority's name.

    Attributes:
        case, deal, rulebook: what was studied, under which rules.
        drafted_on: the day.
        member_state: ISO 3166-1 alpha-2 of where the exporter is established; None is unknown.
        exporter, consignees, end_user: who.
        goods: what.
        end_use: as stated by the buyer, with who says so.
        awareness: what the exporter declares of its own awareness; None until it has.
        findings, unknown, evidence: what due diligence found, did not find, and rests on.
        asks: what the exporter asks the authority.
    """

    case: str
    deal: str
    rulebook: str
    drafted_on: date
    member_state: str | None
    exporter: PartyNamed
    consignees: tuple[PartyNamed, ...]
    end_user: PartyNamed
    goods: tuple[GoodNamed, ...]
    end_use: Told
    awareness: Told
    findings: tuple[FindingNamed, ...]
    unknown: tuple[str, ...]
    evidence: tuple[EvidenceNamed, ...]
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One line of the document; `text` of None is a blank."""

    label: str
    text: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Statements under a title."""

    title: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """The drafted document."""

    case: str
    drafted_on: date
    sections: tuple[Section, ...]

    @property
    def blanks(self) -> tuple[str, ...]:
        """What is to be filled in before it is sent, as `section: label`."""
        return tuple(
            f"{section.title}: {each.label}"
            for section in self.sections
            for each in section.statements
            if each.text is None
        )

    def to_json(self) -> dict[str, Json]:
        """The document for programs."""
        return {
            "format": FORMAT,
            "status": "DRAFT",
            "case": self.case,
            "drafted_on": self.drafted_on.isoformat(),
            "blanks": list(self.blanks),
            "sections": [
                {
                    "title": section.title,
                    "statements": [
                        {"label": each.label, "text": each.text, "source": each.source}
                        for each in section.statements
                    ],
                }
                for section in self.sections
            ],
        }

    def to_markdown(self) -> str:
        """The document for people, in Markdown; what was typed in stands as plain text."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"# DRAFT: notification under {_ARTICLE}"
        yield ""
        yield f"Case {_plain(self.case)}, drafted on {self.drafted_on}. **DRAFT, not sent.**"
        yield ""
        count = len(self.blanks)
        yield f"Blanks to fill in before it is sent: {count}." if count else "No blanks."
        for number, section in enumerate(self.sections, 1):
            yield ""
            yield f"## {number}. {section.title}"
            yield ""
            for each in section.statements:
                text = f"**[BLANK: {each.label}]**" if each.text is None else _plain(each.text)
                yield f"- {each.label}: {text}  "
                yield f"  Source: {_plain(each.source)}"


def draft(given: NotificationInput) -> Notification:
    """The notification as it can be drafted from what is given."""
    sections = (
        Section(title="To", statements=(_authority(given.member_state),)),
        Section(title="Exporter", statements=tuple(_party(given.exporter))),
        Section(title="What is notified", statements=tuple(_notified(given))),
        Section(title="Goods", statements=tuple(_goods(given))),
        Section(title="Consignees", statements=tuple(_consignees(given))),
        Section(title="End user", statements=tuple(_party(given.end_user))),
        Section(title="Stated end use", statements=(_told("Stated end use", given.end_use),)),
        Section(title="Findings of due diligence", statements=tuple(_findings(given))),
        Section(title="What is unknown", statements=tuple(_unknown(given))),
        Section(title="Evidence", statements=tuple(_evidence(given))),
        Section(title="What the exporter asks", statements=tuple(_asks(given))),
        Section(title="Signed for the exporter", statements=tuple(_signature())),
    )
    return Notification(case=given.case, drafted_on=given.drafted_on, sections=sections)


def authority_of(member_state: str | None) -> str | None:
    """The competent authority of a member state, where we are certain of it; else None."""
    return _authorities()[1].get((member_state or "").upper())


@cache
def _authorities() -> tuple[str, Mapping[str, str]]:
    text = (files("insyn.office.diligence.products") / "data" / "authorities.yaml").read_text(
        "utf-8"
    )
    found = yaml.safe_load(text)
    return str(found["source"]), {str(k): str(v) for k, v in found["authorities"].items()}


def _authority(member_state: str | None) -> Statement:
    where = f" of {country_name(member_state)}" if member_state else " of the exporter's country"
    return Statement(
        label=f"Competent authority{where}",
        text=authority_of(member_state),
        source=_authorities()[0],
    )


def _notified(given: NotificationInput) -> Iterator[Statement]:
    yield Statement(
        label="Legal basis",
        text=f"{_ARTICLE}: an exporter that is aware, by its due diligence, that cyber-surveillance"
        " items outside Annex I are intended for internal repression or serious violations of"
        " human rights or international humanitarian law notifies the authority, which decides"
        " whether an authorisation is required.",
        source=_ARTICLE,
    )
    yield _told("What the exporter declares of its awareness", given.awareness)
    yield Statement(
        label="Case, deal and rules",
        text=f"case {given.case}, deal {given.deal}, rulebook {given.rulebook}",
        source="the exporter's case file",
    )


def _party(party: PartyNamed) -> Iterator[Statement]:
    yield Statement(label="Role", text=party.role, source="the exporter's case file")
    yield _told("Name", party.name)
    yield _told("Address", party.address)
    yield _told("Country", party.country)


def _consignees(given: NotificationInput) -> Iterator[Statement]:
    if not given.consignees:
        yield Statement(label="Consignees", text=None, source="the exporter's case file")
    for number, party in enumerate(given.consignees, 1):
        for each in _party(party):
            yield Statement(label=f"{number}. {each.label}", text=each.text, source=each.source)


def _goods(given: NotificationInput) -> Iterator[Statement]:
    if not given.goods:
        yield Statement(label="Goods", text=None, source="the exporter's case file")
    for number, good in enumerate(given.goods, 1):
        yield _told(f"{number}. Description", good.description)
        yield _told(f"{number}. Quantity", good.quantity)
        yield _told(f"{number}. Classification", good.classification)


def _findings(given: NotificationInput) -> Iterator[Statement]:
    if not given.findings:
        yield Statement(
            label="Findings",
            text="No rule fired.",
            source=f"rulebook {given.rulebook}",
        )
    for each in given.findings:
        known = f" Known since {each.known_since}." if each.known_since else ""
        yield Statement(
            label=f"{each.rule} ({each.outcome})",
            text=f"{each.because.rstrip()}{known}",
            source=each.source,
        )
        if each.known_since is None:
            yield Statement(
                label=f"{each.rule}: known since", text=None, source="the exporter's case file"
            )


def _unknown(given: NotificationInput) -> Iterator[Statement]:
    source = f"assessment of deal {given.deal} under rulebook {given.rulebook}"
    if not given.unknown:
        yield Statement(label="Unknown", text="Nothing that the rules look at.", source=source)
    for name in given.unknown:
        yield Statement(label=name, text="is unknown to the exporter", source=source)


def _evidence(given: NotificationInput) -> Iterator[Statement]:
    if not given.evidence:
        yield Statement(
            label="Evidence", text="No document is on file.", source="the exporter's case file"
        )
    for number, each in enumerate(given.evidence, 1):
        dated = f", {each.dated}" if each.dated else ", undated"
        found = f"SHA-256 {each.sha256}" if each.sha256 else "a search that found nothing"
        yield Statement(label=f"{number}. {each.kind}", text=f"{found}{dated}", source=each.source)


def _asks(given: NotificationInput) -> Iterator[Statement]:
    if not given.asks:
        yield Statement(label="Question", text=None, source="the exporter")
    for number, text in enumerate(given.asks, 1):
        yield Statement(label=f"{number}. Question", text=text, source="the exporter")


def _signature() -> Iterator[Statement]:
    for label in ("Name and position", "Place and date", "Signature"):
        yield Statement(label=label, text=None, source="the exporter")


def _told(label: str, told: Told) -> Statement:
    text = told.value.strip() if told.value else None
    return Statement(label=label, text=text or None, source=told.source)


def _plain(text: str) -> str:
    """One line without meaning to Markdown: a party's name must not become a link or a heading."""
    line = " ".join(text.split())
    return "".join(f"\\{ch}" if ch in "\\`*_{}[]<>()#+!|~&" else ch for ch in line)
