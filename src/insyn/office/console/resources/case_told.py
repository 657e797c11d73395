"""How cases, their dossiers and notifications are answered."""

from __future__ import annotations

from typing import Any

from insyn.office.console.resources.described import PageOf, Told


class CaseLine(Told):
    """A case in a list."""

    id: str
    deal: str
    state: str
    version: int
    outcome: str | None
    review_on: str | None
    changed_at: str


class CasePage(PageOf):
    """A page of cases, by id."""

    items: list[CaseLine]


class VoteTold(Told):
    """One approver's word."""

    by: str
    at: str
    agrees: bool
    because: str


class CaseTold(Told):
    """Where a case stands, and what it stands on."""

    id: str
    deal: str
    state: str
    version: int
    round: int
    opened_at: str
    screened: dict[str, Any] | None
    triaged: dict[str, Any] | None
    proposal: dict[str, Any] | None
    votes: list[VoteTold]
    votes_needed: int
    decision_digest: str | None
    decided_at: str | None
    permit: str | None
    permits: list[str]
    open_engagements: list[str]
    conditions_met: list[str]
    review_on: str | None


class EventTold(Told):
    """One step that was taken."""

    number: int
    step: str
    at: str
    by: str
    content: dict[str, Any]


class EventPage(PageOf):
    """A page of a case's steps, oldest first."""

    items: list[EventTold]


class StatementTold(Told):
    """One line of a notification; `text` null: a blank."""

    label: str
    text: str | None
    source: str


class SectionTold(Told):
    """Statements under a title."""

    title: str
    statements: list[StatementTold]


class DocumentTold(Told):
    """A drafted notification; `blanks` are to be filled in before it is sent."""

    format: str
    status: str
    case: str
    drafted_on: str
    blanks: list[str]
    sections: list[SectionTold]


class NotificationTold(Told):
    """A drafted notification, for programs and for people."""

    document: DocumentTold
    markdown: str


class LapsedTold(Told):
    """Why what was proposed or decided does not stand any more."""

    trigger: str
    because: str


class DossierTold(Told):
    """What a decision would see and be bound to; a part that changes lapses an approval."""

    digest: str
    parts: dict[str, str]
    record: dict[str, Any]
    list_status: str
    outcome: str
    rules: list[dict[str, str]]
    unknown: list[str]
    evidence: int
    lapsed: LapsedTold | None


class DueTold(Told):
    """A case that was opened again, and why."""

    case: str
    was: str
    trigger: str
    because: str
    permits: list[str]


class SweepTold(Told):
    """The cases that were opened again."""

    opened: list[DueTold]
