"""From a decision to a permit: the terms that were approved, and no others.

Always: a permit of a case is drafted from the approved terms and issued only if it still says
them, for the decision that stands now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal, UnreadableInput
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.events import Condition, Permitted
from insyn.office.diligence.cases.states import ALLOWED
from insyn.trust.keys.envelope import Envelope
from insyn.trust.permit.issue import draft_permit
from insyn.trust.permit.model import Permit

FROM_DECISION = ("case", "decision_digest", "rulebook", "conditions")
"""Fields of a permit that the case gives; all others are terms of the proposal."""
_ANY_KEY = "0" * 64
_ANY_PERMIT = "P-20000101-000000000000"


def check_terms(
    terms: Mapping[str, Any], *, case: str, conditions: Sequence[Condition], now: datetime
) -> None:
    """Refuse terms that no permit could have, before anybody votes on them.

    Raises:
        Refusal: they set what the decision sets.
        UnreadableInput: one is missing, unknown or out of bounds.
    """
    if taken := sorted(set(terms) & set(FROM_DECISION)):
        raise Refusal(f"case {case}: the terms set {', '.join(taken)}; the decision does that")
    fields = _fields(terms, case, _ANY_KEY, "0", conditions)
    try:
        draft_permit(fields, site_key=_ANY_KEY, permit_id=_ANY_PERMIT, now=now)
    except UnreadableInput as error:
        raise UnreadableInput(
            f"case {case}: the terms make no permit: {error}; docs/reference/permit.md has all"
        ) from error


def draft(case: Case, *, site_key: str, permit_id: str, now: datetime) -> Envelope:
    """The permit that the decision on a case allows, unsigned.

    Raises:
        Refusal: the case is not approved.
    """
    decision = case.decision
    if decision is None or case.state not in ALLOWED:
        raise Refusal(f"case {case.id} is {case.state}; a permit needs an approval")
    proposal = decision.proposal
    fields = _fields(
        proposal.terms, case.id, decision.digest, proposal.seen.rulebook, proposal.conditions
    )
    return draft_permit(fields, site_key=site_key, permit_id=permit_id, now=now)


def require_approved(case: Case, permit: Permit) -> Permitted:
    """What is kept when this permit is issued for the case.

    Raises:
        Refusal: the case is not approved, or the permit says something else than was approved.
    """
    if case.decision is None or case.state not in ALLOWED:
        raise Refusal(f"case {case.id} is {case.state}; {permit.id} cannot be issued for it")
    wanted = draft(case, site_key=permit.site_key, permit_id=permit.id, now=permit.drafted_at)
    if wanted.payload != canonical_bytes(permit.to_json()):
        raise Refusal(
            f"{permit.id} does not say what was approved in case {case.id}; draft it from the case "
            f"(insyn permit draft --case {case.id})"
        )
    return Permitted(permit=permit.id, permit_digest=wanted.digest, decision=case.decision.digest)


def _fields(
    terms: Mapping[str, Any],
    case: str,
    decision: str,
    rulebook: str,
    conditions: Sequence[Condition],
) -> dict[str, Json]:
    return {
        **terms,
        "case": case,
        "decision_digest": decision,
        "rulebook": rulebook,
        "conditions": [_condition(each) for each in conditions],
    }


def _condition(condition: Condition) -> dict[str, Json]:
    told: dict[str, Json] = {"id": condition.id, "text": condition.text}
    if condition.due is not None:
        told["due"] = isoformat(datetime.combine(condition.due, time(), UTC))
    return told
