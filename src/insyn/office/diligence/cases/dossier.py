"""The dossier: all that a decision sees and is bound to. Pure.

Always: whatever changes what the deal comes to, or what it rests on, changes the digest, part by
part: so an approval lapses, and the part that changed says why. What does not bear on the decision
(the day, a newer list that says the same of these parties, the wording of a rule) leaves it as is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from insyn.base.canonical import Json, digest
from insyn.office.diligence.assess import Assessment
from insyn.office.diligence.cases.events import RuleSeen, Seen
from insyn.office.diligence.cases.states import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What screening says of a deal's parties now.

    Attributes:
        list_status: none, possible, confirmed, owned or unknown.
        matches: SHA-256 of every party, owner and match at or over the bar that it rests on.
        manifests: digests of the lists that they were screened against.
        parties: their ids.
        channel: SHA-256 of who supplies whom as what, since and until when.
    """

    list_status: str
    matches: str
    manifests: tuple[str, ...]
    parties: tuple[str, ...]
    channel: str = digest([])


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What is known of a deal, and what it comes to."""

    record: Mapping[str, Any]
    assessment: Assessment
    standing: Standing
    evidence: tuple[str, ...]
    """Digests of its pieces."""
    export: Mapping[str, Json]
    """What the catalogue and the authorities say of its goods."""

    def parts(self) -> dict[str, str]:
        """Digest of each part; `TRIGGERS` says what a change of it means."""
        found = self.assessment
        return {
            "channel": self.standing.channel,
            "record": digest(dict(self.record)),
            "parties": digest([self.standing.list_status, self.standing.matches]),
            "export": digest(dict(self.export)),
            "evidence": digest(sorted(self.evidence)),
            "rules": digest([[f.rule.id, f.rule.outcome.name] for f in found.firings]),
        }

    def seen(self) -> Seen:
        """What an event of a case keeps of it."""
        found = self.assessment
        parts = self.parts()
        return Seen(
            digest=digest(parts),
            parts=parts,
            outcome=found.outcome.name,
            rulebook=found.rulebook,
            list_status=self.standing.list_status,
            rules=tuple(
                RuleSeen(
                    id=told["id"],
                    outcome=told["outcome"],
                    because=told["because"],
                    source=told["source"],
                )
                for told in (firing.to_json() for firing in found.firings)
            ),
            unknown=found.unknown,
        )

    def to_json(self) -> dict[str, Json]:
        """As `insyn case dossier --json` prints it."""
        seen = self.seen()
        return {
            "digest": seen.digest,
            "parts": dict(seen.parts),
            "record": dict(self.record),
            "list_status": seen.list_status,
            "outcome": seen.outcome,
            "rules": [firing.to_json() for firing in self.assessment.firings],
            "unknown": list(seen.unknown),
            "evidence": len(self.evidence),
        }


TRIGGERS: Mapping[str, Trigger] = {
    "export": Trigger.AUTHORITY_NOTICE,
    "channel": Trigger.PARTY_CHANGE,
    "parties": Trigger.LIST_CHANGE,
    "record": Trigger.NEW_FACT,
    "evidence": Trigger.NEW_FACT,
    "rules": Trigger.RULEBOOK_CHANGE,
}
"""A part of the dossier that changed to the trigger it is; the first that changed is told."""

FIRST = frozenset({"export", "parties", "record", "evidence", "rules"})
"""Parts of the first version of the digest."""
SECOND = FIRST | {"channel"}
"""Of the second. What was seen in one version is judged by that one: decisions name the digest."""


def change(before: Seen, after: Seen) -> tuple[Trigger, str] | None:
    """Why what stood on `before` does not stand any more; None where it does."""
    bound = SECOND if "channel" in before.parts else FIRST
    changed = [
        name
        for name in TRIGGERS
        if name in bound and before.parts.get(name) != after.parts.get(name)
    ]
    if not changed:
        return None
    because = f"changed since it was seen: {', '.join(changed)}"
    if before.outcome != after.outcome:
        because += f"; the outcome was {before.outcome} and is {after.outcome}"
    return TRIGGERS[changed[0]], because
