"""The steps that people take in a case: who may, what it needs, and what is kept of it.

Always: a step is taken by a person who holds the role and has done nothing in the matter that
forbids it (`trust.people.duties`), on the version that the person saw; what was seen is put
together afresh each time, and a proposal that rests on something else by now is not voted on: the
case is opened again. Every function works inside the transaction of the connection it is given.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from insyn.base.errors import Refusal
from insyn.office.diligence.cases import (
    casebook,
    deals,
    evidence,
    gates,
    permits,
    rulebooks,
    screened,
)
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.dossier import change
from insyn.office.diligence.cases.events import (
    Closed,
    Condition,
    ConditionMet,
    Content,
    EndedIn,
    Engaged,
    EngagementEnded,
    Monitored,
    Proposal,
    Proposed,
    Reopened,
    Resumed,
    Screened,
    ScreeningBegun,
    Seen,
    Submitted,
    TakenBack,
    Triaged,
    Verifier,
    Voted,
    Waited,
)
from insyn.office.diligence.cases.machine import DUTY_OF, require_next
from insyn.office.diligence.cases.states import SUPERVISED, State, Step, Trigger
from insyn.office.diligence.cases.view import dossier
from insyn.trust.people.duties import Actor, Done, require

REVIEW_AFTER = {"C0": timedelta(days=1096), "C1": timedelta(days=1096)}
"""When a decided case is looked at again, by the country's safeguards; reference, section 4.2.5."""
OF_EVIDENCE = {
    "complaint": Trigger.COMPLAINT,
    "grievance": Trigger.COMPLAINT,
    "tender": Trigger.TENDER_HIT,
    "award": Trigger.TENDER_HIT,
}
"""Kinds of evidence that open a case again by a name of their own."""
REVIEW_SOONER = timedelta(days=365)
"""Weaker safeguards, and unknown ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What an analyst proposes; `terms` are fields of the permit, `review_on` of None the usual."""

    proposal: Proposal
    because: str
    conditions: tuple[Condition, ...] = ()
    terms: Mapping[str, Any] | None = None
    review_on: date | None = None


def open_case(
    connection: sa.Connection, deal: str, *, actor: Actor, now: datetime, case: str | None = None
) -> Case:
    """A draft for a deal that is known.

    Raises:
        Refusal: the deal is unknown or has a case, or the actor may not.
    """
    require(actor, DUTY_OF[Step.DRAFT])
    if not deals.exists(connection, deal):
        raise Refusal(f"no deal is known as {deal!r}; import it first (insyn deal import)")
    rulebooks.adopt_ours(connection, now=now)
    return casebook.begin(
        connection, case or f"C-{secrets.token_hex(5)}", deal, by=actor.id, now=now
    )


def submit(connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
    """Ask for a decision; its parties are made known to screening."""
    case = take(connection, case, Submitted(), actor=actor, now=now)
    screened.register_parties(connection, deals.deal_at(connection, case.deal, known=now), now=now)
    return casebook.add(connection, case, ScreeningBegun(), by=actor.id, now=now)


def screen(connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
    """Take up what screening says of the parties, all of whom were screened before.

    Raises:
        Refusal: a party was not screened as it is now, or the deal names none.
    """
    deal = deals.deal_at(connection, case.deal, known=now)
    stands = screened.standing(connection, deal)
    if stands.list_status == "unknown":
        raise Refusal(
            f"case {case.id}: its parties were not screened as they are now; import a list and run "
            f"`insyn case screen {case.id}`"
            if stands.parties
            else f"case {case.id} names no party; say who the end user is (insyn deal fact)"
        )
    said = Screened(
        list_status=stands.list_status, manifests=stands.manifests, parties=stands.parties
    )
    return take(connection, case, said, actor=actor, now=now)


def triage(
    connection: sa.Connection, case: Case, *, because: str, actor: Actor, now: datetime
) -> Case:
    """Take the case up with what the rules say of it now."""
    seen = see(connection, case, now=now)
    return take(connection, case, Triaged(seen=seen, because=because), actor=actor, now=now)


def propose(
    connection: sa.Connection, case: Case, offer: Offer, *, actor: Actor, now: datetime
) -> Case:
    """Lay the case before the approvers.

    Raises:
        Refusal: it lacks a step, a dialogue is open, STOP is to be approved, or the terms allow
            sound that the deal does not name.
        UnreadableInput: the terms are no permit's.
    """
    # First whether it is time for a proposal at all: terms are looked at when they count.
    require_free(connection, case, Step.PROPOSE, actor)
    require_next(case, Step.PROPOSE)
    terms = dict(offer.terms or {})
    if offer.proposal is not Proposal.DECLINE and not terms:
        raise Refusal(f"case {case.id}: an approval needs the permit's terms (--terms FILE)")
    if offer.proposal is not Proposal.DECLINE:
        permits.check_terms(terms, case=case.id, conditions=offer.conditions, now=now)
        if unheard := gates.unheard(connection, case.deal, terms, at=now):
            raise Refusal(f"case {case.id}: {unheard}")
        _require_promised(case, offer)
    elif terms:
        raise Refusal(f"case {case.id}: what is declined has no terms")
    said = Proposed(
        proposal=offer.proposal,
        because=_reason(case, offer.because),
        seen=see(connection, case, now=now),
        review_on=_review_day(connection, case, offer.review_on, now),
        conditions=offer.conditions,
        terms=terms,
    )
    return take(connection, case, said, actor=actor, now=now)


def vote(
    connection: sa.Connection,
    case: Case,
    *,
    agrees: bool,
    because: str,
    actor: Actor,
    now: datetime,
) -> Case:
    """Say yes or no to the proposal; the last yes decides, a no sends it back.

    Raises:
        Refusal: no proposal stands, something changed since, the approver lacks training, or has
            a part in the case.
    """
    require_free(connection, case, Step.VOTE, actor)
    if lacks := gates.untrained(connection, actor, at=now):
        raise Refusal(
            f"case {case.id}: nobody decides without valid training: {'; '.join(lacks)} (insyn "
            "training take)"
        )
    if case.proposal is not None:
        _require_unchanged(connection, case, case.proposal.seen, now)
    seen = case.proposal.seen.digest if case.proposal else ""
    said = Voted(agrees=agrees, because=because, seen=seen)
    return take(connection, case, said, actor=actor, now=now)


def reopen(
    connection: sa.Connection,
    case: Case,
    trigger: Trigger,
    *,
    because: str,
    actor: Actor,
    now: datetime,
) -> Case:
    """Look again, from before the screening."""
    said = Reopened(trigger=trigger, because=_reason(case, because))
    return take(connection, case, said, actor=actor, now=now)


def wait(
    connection: sa.Connection,
    case: Case,
    for_whom: str,
    *,
    because: str,
    actor: Actor,
    now: datetime,
) -> Case:
    """Nothing goes on before the customer or an expert answers."""
    return take(connection, case, Waited(for_whom=for_whom, because=because), actor=actor, now=now)


def resume(
    connection: sa.Connection, case: Case, *, because: str, actor: Actor, now: datetime
) -> Case:
    """Go on investigating."""
    return take(connection, case, Resumed(because=because), actor=actor, now=now)


def engage(
    connection: sa.Connection,
    case: Case,
    with_whom: str,
    *,
    about: str,
    actor: Actor,
    now: datetime,
) -> Case:
    """Begin a dialogue; it must come to a fact, a condition or a decision before a proposal."""
    said = Engaged(engagement=f"G-{len(case.engagements) + 1}", with_whom=with_whom, about=about)
    return take(connection, case, said, actor=actor, now=now)


def end_engagement(
    connection: sa.Connection,
    case: Case,
    engagement: str,
    ended: tuple[EndedIn, str],
    *,
    actor: Actor,
    now: datetime,
) -> Case:
    """End a dialogue in something, and name it: a fact's number, a condition's id, the decision."""
    ended_in, result = ended
    if ended_in is EndedIn.FACT:
        known = {str(fact.id) for fact in deals.facts_of(connection, case.deal)}
        if result not in known:
            raise Refusal(
                f"deal {case.deal} has no fact {result}; record what was learned first "
                "(insyn deal fact), then end the dialogue in its number"
            )
    said = EngagementEnded(engagement=engagement, ended_in=ended_in, result=result)
    return take(connection, case, said, actor=actor, now=now)


def take_back(
    connection: sa.Connection, case: Case, *, because: str, actor: Actor, now: datetime
) -> Case:
    """Take the proposal back before anybody has voted."""
    return take(connection, case, TakenBack(because=because), actor=actor, now=now)


def monitor(connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
    """The site works under its permit."""
    return take(connection, case, Monitored(), actor=actor, now=now)


def meet_condition(
    connection: sa.Connection, case: Case, said: ConditionMet, *, actor: Actor, now: datetime
) -> Case:
    """A condition was verified, by what its verifier asks for.

    Raises:
        Refusal: a document verifies it and none is named, or the deal has no such evidence.
    """
    decided = case.decision.proposal.conditions if case.decision else ()
    by_document = {c.id for c in decided if c.verifier is Verifier.DOCUMENT}
    if said.condition in by_document and said.evidence is None:
        raise Refusal(
            f"case {case.id}: condition {said.condition} is verified by a document; add it (insyn "
            "deal evidence), and name it (--evidence)"
        )
    known = {piece.id for piece in evidence.of_deal(connection, case.deal)}
    if said.evidence is not None and said.evidence not in known:
        raise Refusal(
            f"deal {case.deal} has no evidence {said.evidence}; `insyn deal show` lists what it has"
        )
    return take(connection, case, said, actor=actor, now=now)


def close(
    connection: sa.Connection, case: Case, *, because: str, actor: Actor, now: datetime
) -> Case:
    """Put it away; a reason can open it again."""
    return take(connection, case, Closed(because=_reason(case, because)), actor=actor, now=now)


def take(
    connection: sa.Connection, case: Case, content: Content, *, actor: Actor, now: datetime
) -> Case:
    """Any step, by somebody who may.

    Raises:
        Refusal: the role is missing, the history forbids it, or it does not follow.
    """
    require_free(connection, case, content.step, actor)
    return casebook.add(connection, case, content, by=actor.id, now=now)


def see(connection: sa.Connection, case: Case, *, now: datetime) -> Seen:
    """What stands before whoever looks at the case now."""
    return dossier(connection, case.deal, known=now).seen()


def lapsed(connection: sa.Connection, case: Case, *, now: datetime) -> tuple[Trigger, str] | None:
    """Why what was proposed or approved does not stand any more; None where it does."""
    if case.proposal is None or case.state not in SUPERVISED | {State.DECLINED}:
        return None
    before, after = case.proposal.seen, see(connection, case, now=now)
    found = change(before, after)
    if found is None or before.parts.get("evidence") == after.parts["evidence"]:
        return found
    trigger, because = found
    # Evidence is only ever added: the newest piece is new, and its kind may say more.
    newest = evidence.of_deal(connection, case.deal)[-1]
    if trigger is Trigger.NEW_FACT:
        trigger = OF_EVIDENCE.get(newest.kind.casefold(), trigger)
    return trigger, f"{because}; the newest evidence is {newest.id}, {newest.kind}"


def parts_in(connection: sa.Connection, deal: str) -> list[Done]:
    """Who brought in facts and evidence of a deal: a part in the matter like a step."""
    facts = {fact.by for fact in deals.facts_of(connection, deal)}
    pieces = {piece.by for piece in evidence.of_deal(connection, deal)}
    return [Done(action="fact.record", by=by) for by in sorted(facts)] + [
        Done(action="evidence.add", by=by) for by in sorted(pieces)
    ]


def require_free(connection: sa.Connection, case: Case, step: Step, actor: Actor) -> None:
    """Refuse whoever lacks the role, or did something in the matter that forbids the step.

    Raises:
        Refusal: with the reason.
    """
    done = [*case.done, *parts_in(connection, case.deal)]
    require(actor, DUTY_OF[step], done, this_round=case.round)


def _require_unchanged(connection: sa.Connection, case: Case, before: Seen, now: datetime) -> None:
    if found := change(before, see(connection, case, now=now)):
        raise Refusal(
            f"case {case.id}: {found[1]}; nobody votes on what is not so any more: open it again "
            f"(insyn case reopen {case.id} --trigger {found[0]})"
        )


def _require_promised(case: Case, offer: Offer) -> None:
    """A dialogue that came to a condition is kept to: the approval names it."""
    named = {condition.id for condition in offer.conditions}
    for name, (_, end) in case.engagements.items():
        if end is not None and end.ended_in is EndedIn.CONDITION and end.result not in named:
            raise Refusal(
                f"case {case.id}: dialogue {name} came to the condition {end.result}, which the "
                "proposal does not have; add it under that id (--conditions FILE)"
            )


def _reason(case: Case, because: str) -> str:
    if not because.strip():
        raise Refusal(f"case {case.id}: give a reason (--because)")
    return because.strip()


def _review_day(connection: sa.Connection, case: Case, wanted: date | None, now: datetime) -> date:
    deal = deals.deal_at(connection, case.deal, known=now)
    latest = (now + REVIEW_AFTER.get(deal.country_safeguards or "", REVIEW_SOONER)).date()
    if wanted is not None and not now.date() < wanted <= latest:
        raise Refusal(f"case {case.id} is looked at again by {latest} at the latest")
    return wanted or latest
