"""How cases, dossiers and replays are told, to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from insyn.base.clock import isoformat
from insyn.cli.case_permits import warn_of
from insyn.cli.tables import counted, print_table, shown
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.events import Event, Proposed, content_to_json
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


LISTED = {
    "none": "nobody is listed (none)",
    "possible": "somebody may be listed (possible)",
    "confirmed": "somebody is listed (confirmed)",
    "owned": "somebody is owned by a listed party (owned)",
    "unknown": "not screened as they are now (unknown)",
}
"""What screening says of the parties, in words, with the word that rules see."""


def tell_case(
    case: Case,
    *,
    as_json: bool,
    lapsed: tuple[Trigger, str] | None = None,
    permits: Sequence[str] = (),
) -> None:
    """Where a case stands.

    Args:
        case: it.
        as_json: for programs.
        lapsed: why what was proposed does not stand any more.
        permits: those issued for it that nobody has ended.
    """
    if as_json:
        told = case.to_json()
        told["lapsed"] = lapsed[1] if lapsed else None
        told["permits_not_ended"] = list(permits)
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"case     {shown(case.id)}, deal {shown(case.deal)}")
    print(f"state    {case.state}" + (f", round {case.round}" if case.round else ""))
    seen = case.proposal.seen if case.proposal else case.triaged.seen if case.triaged else None
    if case.screened:
        status = case.screened.list_status
        parties = counted(len(case.screened.parties), "party", "parties")
        print(f"lists    {LISTED.get(status, status)}; {parties}")
    if seen:
        print(f"outcome  {seen.outcome} by rulebook {seen.rulebook}")
        for rule in seen.rules:
            print(f"         {rule.id} {rule.outcome}: {shown(rule.because)}")
    if case.proposal:
        print(f"proposal {case.proposal.proposal}: {shown(case.proposal.because)}")
        for line in _offered(case.proposal, case):
            print(f"         {shown(line)}")
        print(f"votes    {len(case.votes)} of {case.votes_needed}")
    for name in case.open_engagements:
        print(f"dialogue {name} with {shown(case.engagements[name][0].with_whom)}, open")
    if case.decision:
        print(f"decision {case.decision.digest}, {isoformat(case.decision.at)}")
        print(f"review   {case.review_on}")
    if case.permit:
        print(f"permit   {case.permit.permit}")
    if lapsed:
        again = f"insyn case reopen {case.id} --trigger {lapsed[0]} --because ..."
        print(f"LAPSED   {shown(lapsed[1])}; {again}")
    elif case.state in NEXT:
        print(f"next     {NEXT[case.state].format(id=case.id)}")
    if lapsed or case.permit is None:
        warn_of(permits)


def _offered(proposal: Proposed, case: Case | None = None) -> Iterator[str]:
    """What a proposal asks the approvers to agree to: every condition, every term."""
    for condition in proposal.conditions:
        met = "; met" if case is not None and condition.id in case.met else ""
        due = f", due {condition.due}" if condition.due else ""
        yield (
            f"condition {condition.id} ({condition.verifier}{due}{met}): {condition.text} "
            f"Else: {condition.consequence}"
        )
    for name, value in _leaves("", proposal.terms):
        yield f"{name}: {value}"


def _leaves(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Each value of the terms with its place, such as `site.area.square_metres`."""
    if isinstance(value, Mapping):
        for key in sorted(value, key=lambda key: (key != "camera_cap", str(key))):
            yield from _leaves(f"{name}.{key}" if name else str(key), value[key])
    elif isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
        for number, each in enumerate(value, 1):
            yield from _leaves(f"{name} {number}", each)
    elif isinstance(value, list | tuple):
        yield name, "; ".join(map(str, value))
    else:
        yield name, str(value)


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
    parts = [str(told[name]) for name in ("trigger", "proposal") if name in told]
    if "agrees" in told:
        parts.append("agrees" if told["agrees"] else "does not agree")
    if status := told.get("list_status"):
        parts.append(LISTED.get(str(status), str(status)))
    parts += [str(seen["outcome"])] if isinstance(seen, dict) else []
    parts += [
        str(told[name])
        for name in ("because", "about", "result", "permit", "document")
        if told.get(name)
    ]
    lines = ["; ".join(parts)]
    if isinstance(event.content, Proposed):
        lines += _offered(event.content)
    return "\n".join(lines)


def tell_dossier(found: Dossier, *, as_json: bool) -> None:
    """What a decision would see."""
    seen = found.seen()
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False))
        return
    print(f"outcome  {seen.outcome} by rulebook {seen.rulebook}")
    for rule in seen.rules:
        print(f"         {rule.id} {rule.outcome}: {shown(rule.because)}")
        print(f"         source: {shown(rule.source)}")
    print(f"lists    {LISTED.get(seen.list_status, seen.list_status)}")
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
    if not look.is_known:
        print(f"{title}, {isoformat(look.at)}: nothing was known of this deal")
        return
    print(f"{title}, {isoformat(look.at)}: {found.outcome.name} by rulebook {found.rulebook}")
    if not look.had_rulebook:
        print("  no rulebook was in force in this office then; its first one judges")
    status = look.dossier.standing.list_status
    print(f"  lists: {LISTED.get(status, status)}; {counted(len(look.facts), 'fact')}")
    for firing in found.firings:
        print(f"  {firing.rule.id} {firing.rule.outcome.name}: {shown(firing.rule.because)}")
    if found.unknown:
        print(f"  unknown: {', '.join(found.unknown)}")
    if look.entered_later:
        print(f"  {len(look.entered_later)} of them entered only later")
