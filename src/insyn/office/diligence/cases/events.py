"""What is kept of each step of a case. An event is added, never edited.

Always: an event read back equals the one written; one that is not of its shape cannot be built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from insyn.base.canonical import Json
from insyn.office.diligence.cases.states import Step, Trigger

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class Proposal(StrEnum):
    """What the analyst proposes to the approvers."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions"
    DECLINE = "decline"


class Verifier(StrEnum):
    """Who can tell that a condition is met: the product itself, a document, or a visit."""

    PRODUCT = "product"
    DOCUMENT = "document"
    VISIT = "visit"


class EndedIn(StrEnum):
    """What a dialogue came to; one that ends in nothing has not ended."""

    FACT = "fact"
    CONDITION = "condition"
    DECISION = "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something the approval asks for, who verifies it, by when, and what follows if it fails."""

    id: str
    text: str
    verifier: Verifier
    due: date | None = None
    consequence: str = "the case is opened again"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSeen:
    """A rule that fired, as the decision saw it."""

    id: str
    outcome: str
    because: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What stood before whoever proposed or voted.

    `digest` is of all that a decision is bound to (`dossier.py`); the rest tells it in words.
    `outcome` is one of the rulebook's five.
    """

    digest: str
    parts: Mapping[str, str]
    """Digests of what it is made of, so that a change can say what changed."""
    outcome: str
    rulebook: str
    list_status: str
    rules: tuple[RuleSeen, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A case was opened for a deal."""

    step: ClassVar[Step] = Step.DRAFT
    deal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The requester asks for a decision."""

    step: ClassVar[Step] = Step.SUBMIT
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningBegun:
    """The parties go to screening."""

    step: ClassVar[Step] = Step.BEGIN_SCREENING


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """Every party was screened; `manifests` name the lists it was done against."""

    step: ClassVar[Step] = Step.SCREEN
    list_status: str
    manifests: tuple[str, ...]
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Triaged:
    """An analyst has taken the case up, with what the rules say of it."""

    step: ClassVar[Step] = Step.TRIAGE
    seen: Seen
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """Nothing goes on before somebody outside answers."""

    step: ClassVar[Step] = Step.WAIT
    for_whom: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The answer came, or is not waited for any more."""

    step: ClassVar[Step] = Step.RESUME
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Engaged:
    """A dialogue was begun: with whom, about what."""

    step: ClassVar[Step] = Step.ENGAGE
    engagement: str
    with_whom: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementEnded:
    """A dialogue ended in a fact, a condition or a decision; `result` names it."""

    step: ClassVar[Step] = Step.END_ENGAGEMENT
    engagement: str
    ended_in: EndedIn
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What the analyst proposes, on what, for what terms, and when to look again.

    `terms` are the permit's fields (docs/reference/permit.md) as far as the decision sets them.
    """

    step: ClassVar[Step] = Step.PROPOSE
    proposal: Proposal
    because: str
    seen: Seen
    review_on: date
    conditions: tuple[Condition, ...] = ()
    terms: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """The analyst takes the proposal back."""

    step: ClassVar[Step] = Step.TAKE_BACK
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Voted:
    """An approver agrees with the proposal or not; `seen` is the digest of what stood before."""

    step: ClassVar[Step] = Step.VOTE
    agrees: bool
    because: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """A permit was issued for the decision with this digest."""

    step: ClassVar[Step] = Step.PERMIT
    permit: str
    permit_digest: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitored:
    """The site works under its permit."""

    step: ClassVar[Step] = Step.MONITOR
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionMet:
    """A condition was verified, and by what."""

    step: ClassVar[Step] = Step.MEET_CONDITION
    condition: str
    because: str
    evidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """A notification to the authority was drafted; `document` is SHA-256 of its JSON, as kept."""

    step: ClassVar[Step] = Step.NOTIFY
    document: str
    blanks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """Something changed, or somebody has reason to look again."""

    step: ClassVar[Step] = Step.REOPEN
    trigger: Trigger
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Nothing is pending; it can be opened again."""

    step: ClassVar[Step] = Step.CLOSE
    because: str


Content = (
    Drafted
    | Submitted
    | ScreeningBegun
    | Screened
    | Triaged
    | Waited
    | Resumed
    | Engaged
    | EngagementEnded
    | Proposed
    | TakenBack
    | Voted
    | Permitted
    | Monitored
    | ConditionMet
    | Notified
    | Reopened
    | Closed
)
CONTENTS: Mapping[Step, type[Any]] = {kind.step: kind for kind in Content.__args__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of one case; `number` counts from 0 in the case, `by` is a person's id."""

    case: str
    number: int
    at: datetime
    by: str
    content: Content

    @property
    def step(self) -> Step:
        """What it was."""
        return self.content.step


@cache
def _adapter(step: Step) -> TypeAdapter[Content]:
    # Imported only where an event is read or written: it takes a tenth of a second.
    from pydantic import TypeAdapter

    return TypeAdapter(CONTENTS[step])


def content_to_json(content: Content) -> dict[str, Json]:
    """As stored and printed."""
    told: dict[str, Json] = _adapter(content.step).dump_python(content, mode="json")
    return told


def content_from_json(step: Step, record: Mapping[str, Any]) -> Content:
    """What `content_to_json` wrote.

    Raises:
        ValueError: it is not of the shape of this step.
    """
    return _adapter(step).validate_python(record)
