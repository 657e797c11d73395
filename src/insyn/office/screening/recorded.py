"""What screening leaves in the ledger: outcomes that change, clearances given and withdrawn.

Always: a leaf goes in with the change that it records, in one transaction; what a person wrote
(the reason, the name of who gave it) goes beside the tree, under the party's id, and can be erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json, digest
from insyn.office.screening.clearances import Clearance
from insyn.office.screening.known import Alert, OutcomeChange
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import ID_LENGTH, Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf, Personal

OFFICE = "office"
"""Who acts where no signed-in person is known: screening itself, or who uses the command line."""

OUTCOME_CHANGED = register(
    Kind(
        name="screening.outcome-changed",
        title="a party's outcome, or its matches at or over the bar, changed",
        what={
            "party": Shape.ID,
            "before": Shape.WORD,
            "after": Shape.WORD,
            "appeared": Shape.RECORDS,
            "vanished": Shape.RECORDS,
            "manifest": Shape.DIGEST,
        },
        optional=frozenset({"before"}),
        personal=frozenset({"because"}),
    )
)

_BOUND = {
    "party": Shape.ID,
    "clearance": Shape.ID,
    "list": Shape.ID,
    "entry": Shape.ID,
    "subject_digest": Shape.DIGEST,
    "entry_digest": Shape.DIGEST,
    "matcher": Shape.ID,
}
CLEARANCE_ADDED = register(
    Kind(
        name="clearance.added",
        title="a person said that a party is not the listed entry it matches",
        what=_BOUND,
        personal=frozenset({"because", "by"}),
    )
)
CLEARANCE_WITHDRAWN = register(
    Kind(
        name="clearance.withdrawn",
        title="a person ended a clearance",
        what=_BOUND,
        personal=frozenset({"because", "by"}),
    )
)


def record_changes(connection: sa.Connection, changes: Sequence[OutcomeChange]) -> None:
    """Add a leaf for each change, in their order."""
    leaves = [_changed(change) for change in changes]
    if leaves:
        log.append_all(connection, leaves, now=changes[-1].at)


def record_clearance(
    connection: sa.Connection, clearance: Clearance, *, person: str | None = None
) -> None:
    """Add a leaf for a clearance that was given, or for its withdrawal where it is withdrawn.

    `person`: the id of whoever did it and was signed in; None: the office's word is all there is.
    """
    ended = clearance.withdrawn
    by = clearance.by if ended is None else ended.by
    because = clearance.because if ended is None else ended.because
    now: datetime = clearance.at if ended is None else ended.at
    kind = CLEARANCE_ADDED if ended is None else CLEARANCE_WITHDRAWN
    leaf = Leaf(
        kind=kind.name,
        who=person or OFFICE,
        what={
            "party": id_of(clearance.party),
            "clearance": clearance.id,
            "list": clearance.list,
            "entry": id_of(clearance.entry),
            "subject_digest": clearance.subject_digest,
            "entry_digest": clearance.entry_digest,
            "matcher": clearance.matcher,
        },
        personal={
            "because": Personal(subject=clearance.party, data=because),
            "by": Personal(subject=clearance.party, data=by),
        },
    )
    log.append(connection, leaf, now=now)


def _changed(change: OutcomeChange) -> Leaf:
    what: dict[str, Json] = {
        "party": id_of(change.party),
        "after": str(change.after),
        "appeared": _alerts(change.appeared),
        "vanished": _alerts(change.vanished),
        "manifest": change.manifest,
    }
    if change.before is not None:
        what["before"] = str(change.before)
    because = Personal(subject=change.party, data=change.because)
    return Leaf(kind=OUTCOME_CHANGED.name, who=OFFICE, what=what, personal={"because": because})


def _alerts(alerts: Sequence[Alert]) -> list[Json]:
    return [{**alert.to_json(), "entry": id_of(alert.entry)} for alert in alerts]


def id_of(text: str) -> str:
    """An id as a leaf can hold it: itself, or its digest where it is long or has line breaks."""
    if 0 < len(text) <= ID_LENGTH and text.isprintable():
        return text
    return f"sha256:{digest(text)}"
