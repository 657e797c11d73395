"""Why an outcome changed, in words for the history. Pure.

Always: entries are named by list and reference; no party's name is in a reason.
"""

from __future__ import annotations

from collections.abc import Iterable

from insyn.office.screening.known import KnownParty
from insyn.office.screening.model import ALERT_BAR, Match, Screening
from insyn.office.screening.plan import Plan

NAMED_ENTRIES = 5
"""How many entries the reason of one change names; the rest is counted."""


def because(cause: str, party: KnownParty, after: Screening, plan: Plan) -> str:
    """The cause, the entries that bring the change, and the clearances that no longer apply.

    `after` has the clearances applied that still hold.
    """
    before = party.latest.matches if party.latest else ()
    concerned = {
        (match.list, match.entry) for match in (*before, *after.matches) if match.score >= ALERT_BAR
    }
    parts = [
        f"{list_id} {plan.touched[list_id, entry]} {entry}"
        for list_id, entry in sorted(concerned)
        if (list_id, entry) in plan.touched
    ]
    parts += [
        f"{name} no longer in force" for name in sorted({e[0] for e in concerned} & plan.gone)
    ]
    if len(parts) > NAMED_ENTRIES:
        parts = [*parts[:NAMED_ENTRIES], f"and {len(parts) - NAMED_ENTRIES} more"]
    reason = f"{cause}: {', '.join(parts)}" if parts else cause
    lapsed = _lapsed(before, after, party)
    return f"{reason}; {lapsed}" if lapsed else reason


def _lapsed(before: Iterable[Match], after: Screening, party: KnownParty) -> str:
    """Which matches were silenced and are not any more, and which side changed."""
    still = {(m.list, m.entry): m for m in after.matches if m.score >= ALERT_BAR}
    said = []
    for old in before:
        new = still.get((old.list, old.entry))
        if old.cleared is None or new is None or new.cleared is not None:
            continue
        if not party.is_current:
            side = "party"
        else:
            side = "matcher" if old.entry_digest == new.entry_digest else "entry"
        said.append(f"clearance lapsed: {side} changed ({old.list} {old.entry})")
    return "; ".join(said)
