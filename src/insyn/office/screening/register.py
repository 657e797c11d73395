"""Known parties, the latest screening of each, and the history of their outcomes.

Always: an outcome that changes, or a match that comes or goes at or over the bar, leaves a row in
`outcome_changes`; no "checked already" suppresses it. A guard that did so hid a changed verdict
for up to a year elsewhere (reference/matching.md, section 5, TulevaEE #1805).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import Clock, isoformat
from insyn.base.errors import Refusal
from insyn.office.lists.entry import Kind
from insyn.office.screening import schema
from insyn.office.screening.model import (
    BirthSpan,
    ListedState,
    Manifest,
    Outcome,
    Screening,
    Subject,
)
from insyn.office.screening.stored import match_from_record, match_to_record
from insyn.office.screening.changes import Alert, alerts_of, OutcomeChange
from insyn.office.screening.store import Store
