"""What somebody asks to have opened, and why: as it must be to be looked at. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from insyn.base.errors import UsageError

LONGEST_SPAN = timedelta(hours=2)
"""A release opens what is needed of one event; more wants another request and another look."""

LONGEST_TEXT = 2000
LONGEST_CASE_NUMBER = 120
SHORTEST_REASON = 15
"""Characters: a reason is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for.

    Raises:
        UsageError: the span, a text or the minutes are not as they must be.
    """

    camera: str
    begins: datetime
    ends: datetime
    reason: str
    basis: str
    case_number: str
    minutes: int

    def __post_init__(self) -> None:
        if self.ends <= self.begins:
            raise UsageError("the end of a release must follow its beginning", field="ends")
        if self.ends - self.begins > LONGEST_SPAN:
            raise UsageError(
                "a release opens at most two hours; ask for a shorter span, or for one part after "
                "the other",
                field="ends",
            )
        check_texts(self.reason, self.basis, self.case_number)
        if not 1 <= self.minutes <= 24 * 60:
            raise UsageError(
                "a release is open for a minute at least and a day at most", field="minutes"
            )


def check_texts(reason: str, basis: str, case_number: str) -> None:
    """Refuse a request without a reason, a legal basis or a case number.

    Raises:
        UsageError: says which is missing, or too long.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise UsageError("say in a sentence why these pictures are needed", field="reason")
    for field, text in (("basis", basis), ("case_number", case_number)):
        if not text.strip():
            raise UsageError("name the legal basis and the case number", field=field)
    for field, text in (("reason", reason), ("basis", basis)):
        if len(text) > LONGEST_TEXT:
            raise UsageError(
                f"a text of a release has at most {LONGEST_TEXT} characters", field=field
            )
    if len(case_number.strip()) > LONGEST_CASE_NUMBER:
        raise UsageError(
            f"a case number has at most {LONGEST_CASE_NUMBER} characters", field="case_number"
        )
