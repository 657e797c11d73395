"""A human's "not the same, because ...", and what it silences. No database here.

Always: a clearance holds for one party as it was, one entry as it was, and one version of the
matcher; when any of them changes it no longer applies. A cleared match is still shown. Importing
this module does not import SQLAlchemy, so that a plain `insyn screen` never waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.config import DataDirectory
from insyn.office.screening.database import database_exists
from insyn.office.screening.model import Match, Screening, Subject
from insyn.office.screening.outcome import decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Why a clearance holds no longer, by whose word, since when."""

    because: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """One "not the same", with what it is bound to. `matcher` is Manifest.matcher of its day."""

    id: str
    party: str
    subject_digest: str
    list: str
    entry: str
    entry_digest: str
    matcher: str
    because: str
    by: str
    at: datetime
    withdrawn: Withdrawal | None = None

    def to_json(self) -> dict[str, Json]:
        """The clearance as the commands print it."""
        record: dict[str, Json] = {
            "id": self.id,
            "party": self.party,
            "list": self.list,
            "entry": self.entry,
            "because": self.because,
            "by": self.by,
            "at": isoformat(self.at),
            "subject_digest": self.subject_digest,
            "entry_digest": self.entry_digest,
            "matcher": self.matcher,
        }
        if self.withdrawn is not None:
            record["withdrawn"] = {
                "because": self.withdrawn.because,
                "by": self.withdrawn.by,
                "at": isoformat(self.withdrawn.at),
            }
        return record


_Key = tuple[str, str, str, str, str]


class ClearanceBook:
    """The clearances in force under one matcher, to be applied to its screenings. Never changes."""

    def __init__(self, clearances: Iterable[Clearance] = (), *, matcher: str = "") -> None:
        """Take those not withdrawn and given under `matcher`, a `Manifest.matcher`."""
        self._ids: dict[_Key, str] = {
            (c.party, c.subject_digest, c.list, c.entry, c.entry_digest): c.id
            for c in clearances
            if c.withdrawn is None and c.matcher == matcher
        }

    def __len__(self) -> int:
        return len(self._ids)

    def apply(self, screening: Screening, subject: Subject) -> Screening:
        """The screening with cleared matches marked, and the outcome of the others.

        The order and number of matches stay. Where nothing is cleared, the screening itself.

        Args:
            screening: without clearances, as the screener gave it.
            subject: who was screened; its id and content must be those of the clearance.
        """
        if not self._ids or not screening.matches:
            return screening
        digest = subject.content_digest()
        matches = tuple(
            replace(match, cleared=self._cleared_by(subject.id, digest, match))
            for match in screening.matches
        )
        if all(match.cleared is None for match in matches):
            return screening
        return replace(screening, matches=matches, outcome=decide(matches, screening.note))

    def _cleared_by(self, party: str, digest: str, match: Match) -> str | None:
        if not match.entry_digest:  # what was cleared cannot be told: doubt is not cleared
            return None
        return self._ids.get((party, digest, match.list, match.entry, match.entry_digest))


def load_active(
    data: DataDirectory, *, matcher: str | None = None, environ: Mapping[str, str] | None = None
) -> ClearanceBook:
    """The clearances not withdrawn; an empty book where the office has no database yet.

    Args:
        data: where the database is, unless INSYN_DATABASE_URL names another.
        matcher: of the screenings they will be applied to (None: the engine's).
        environ: instead of the process's environment.

    Raises:
        EnvironmentFailure: there is a database and it cannot be read.
    """
    if not database_exists(data, environ=environ):
        return ClearanceBook()
    # Kept out of the import: see the head of this module.
    from insyn.office.screening import clearing, store
    from insyn.office.screening.version import matcher as current

    with store.open_store(data, environ=environ) as opened, opened.reading() as connection:
        return ClearanceBook(clearing.standing(connection), matcher=matcher or current())
