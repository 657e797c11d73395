"""How cases, dossiers and replays are told, to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.cli.tables import print_table, shown
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.events import Event, content_to_json
from insyn.office.diligence.cases.states import State, Trigger

if TYPE_CHECKING:
    from insyn.office.diligence.cases.dossier import Dossier
    from insyn.office.diligence.cases.replay import Look, Replay

NEXT = {
    State.DRAFT: "insyn case submit {id}",
    State.SUBMITTED: "insyn case screen {id}",
    State.SCREENING: "insyn case screen {id}",
    State.TRIAGE: "insyn case triage {id} --because ...  (an analyst who did not ask for it)",
    State.INVESTIGATING: "insyn case propose {id} ...  (the analyst)",
    State.WAITING: "insyn case resume {id} --because ...",
    State.PROPOSED: "insyn case vote {id} --yes|--no --because ...  (an approver)",
    State.SECOND_REVIEW: "insyn case vote {id} --yes|--no --because ...  (another approver)",
    State.APPROVED: "insyn case permit {id} --site-key ... --out DRAFT",
    State.APPROVED_WITH_CONDITIONS: "insyn case permit {id} --site-key ... --out DRAFT",
    State.PERMITTED: "insyn case monitor {id}",
}


def tell_case(case: Case, *, as_json: bool, lapsed: tuple[Trigger, str] | None = None) -> None:
    """Where a case stands; `lapsed`: why what was proposed does not stand any more."""
    if as_json:
        told = case.to_json()
        told["lapsed"] = lapsed[1] if lapsed else None
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"case     {shown(case.id)}, deal {shown(case.deal)}")
    print(f"state    {case.state}" + (f", round {case.round + 1}" if case.round else ""))
    seen = case.proposal.seen if case.proposal else case.triaged.seen if case.triaged else None
    if case.screened:
        print(f"lists    {case.screened.list_status}, {len(case.screened.parties)} parties")
    if seen:
        print(f"outcome  {seen.outcome} by rulebook {seen.rulebook}")
        for rule in seen.rules:
            print(f"         {rule.id} {rule.outcome}: {shown(rule.because)}")
    if case.proposal:
        print(f"proposal {case.proposal.proposal}: {shown(case.proposal.because)}")
        print(f"votes    {len(case.votes)} of {case.votes_needed}")
    for name in case.open_engagements:
        print(f"dialogue {name} with {shown(case.engagements[name][0].with_whom)}, open")
    if case.decision:
        print(f"decision {case.decision.digest}, {isoformat(case.decision.at)}")
        print(f"review   {case.review_on}")
    if case.permit:
        print(f"permit   {case.permit.permit}")
    if lapsed:
        print(f"LAPSED   {shown(lapsed[1])}; insyn case reopen {case.id} --trigger {lapsed[0]}")
    elif case.state in NEXT:
        print(f"next     {NEXT[case.state].format(id=case.id)}")


def tell_events(events: Sequence[Event], *, as_json: bool) -> None:
    """Every step, oldest first."""
    if as_json:
        told = [
            {
                "number": event.number,
                "step": str(event.step),
                "at": isoformat(event.at),
                "by": event.by,
                "content": content_to_json(event.content),
            }
            for event in events
        ]
        print(json.dumps(told, ensure_ascii=False))
        return
    rows = [
        (str(event.number), isoformat(event.at), event.by, str(event.step), _said(event))
        for event in events
    ]
    print_table(("no", "at", "by", "step", "said"), rows)


def _said(event: Event) -> str:
    told = content_to_json(event.content)
    seen = told.get("seen")
    parts = [str(told[name]) for name in ("trigger", "proposal", "agrees") if name in told]
    parts += [str(seen["outcome"])] if isinstance(seen, dict) else []
    parts += [
        str(told[name])
        for name in ("because", "about", "result", "permit", "list_status")
        if told.get(name)
    ]
    return "; ".join(parts)


def tell_dossier(found: Dossier, *, as_json: bool) -> None:
    """What a decision would see."""
    seen = found.seen()
    if as_json:
        told: dict[str, Json] = {
            "digest": seen.digest,
            "parts": dict(seen.parts),
            "record": dict(found.record),
            "list_status": seen.list_status,
            "outcome": seen.outcome,
            "rules": [firing.to_json() for firing in found.assessment.firings],
            "unknown": list(seen.unknown),
            "evidence": len(found.evidence),
        }
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"outcome  {seen.outcome} by rulebook {seen.rulebook}")
    for rule in seen.rules:
        print(f"         {rule.id} {rule.outcome}: {shown(rule.because)}")
        print(f"         source: {shown(rule.source)}")
    print(f"lists    {seen.list_status}")
    print(f"evidence {len(found.evidence)}")
    if seen.unknown:
        print(f"unknown  {', '.join(seen.unknown)}")
    print(f"digest   {seen.digest}")
    for name, value in found.record.items():
        print(f"  {name:<22} {shown(json.dumps(value, ensure_ascii=False))}")


def tell_replay(found: Replay, *, as_json: bool) -> None:
    """Then and today, side by side."""
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False))
        return
    print(f"deal {shown(found.deal)}")
    for title, look in (("as known then", found.then), ("today", found.today)):
        _tell_look(title, look)
    then = {fact.id for fact in found.then.facts}
    new = [fact for fact in found.today.facts if fact.id not in then]
    if new:
        print("learned since")
        rows = [
            (
                str(fact.known_since.date()),
                fact.field,
                json.dumps(fact.value, ensure_ascii=False)[:100],
                fact.source,
            )
            for fact in new
        ]
        print_table(("known since", "field", "value", "source"), rows)


def _tell_look(title: str, look: Look) -> None:
    found = look.dossier.assessment
    if not look.facts:
        print(f"{title}, {isoformat(look.at)}: nothing was known of this deal")
        return
    print(f"{title}, {isoformat(look.at)}: {found.outcome.name} by rulebook {found.rulebook}")
    if not look.had_rulebook:
        print("  no rulebook was in force in this office then; its first one judges")
    print(f"  lists: {look.dossier.standing.list_status}; facts: {len(look.facts)}")
    for firing in found.firings:
        print(f"  {firing.rule.id} {firing.rule.outcome.name}: {shown(firing.rule.because)}")
    if found.unknown:
        print(f"  unknown: {', '.join(found.unknown)}")
    if look.entered_later:
        print(f"  {len(look.entered_later)} of these facts were entered only later")
