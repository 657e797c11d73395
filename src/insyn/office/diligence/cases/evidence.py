"""Evidence by hash: what was found, where, how reliable; and what was searched and found empty.

Always: a file is kept under its SHA-256 in DATA/evidence before the row that names it, so a row
never points at nothing; reading it back compares the hash. "Not searched" is not "found nothing":
only a search with its source, and words, is a piece of evidence that there was nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.base.files import write_atomically
from insyn.office.diligence.cases import deals, recorded, schema
from insyn.office.diligence.cases.reliability import Reliability
from insyn.office.screening.recorded import id_of
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import Leaf, Personal
from insyn.trust.people.duties import Actor, require

LARGEST_BYTES = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece; `sha256` is None for a search that found nothing."""

    id: str
    deal: str
    kind: str
    source: str
    reliability: Reliability
    sha256: str | None = None
    size_bytes: int | None = None
    url: str | None = None
    language: str | None = None
    published_on: date | None = None
    searched: str | None = None
    found_nothing: bool = False
    note: str = ""
    recorded_at: datetime
    by: str

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        return {
            "id": self.id,
            "deal": self.deal,
            "kind": self.kind,
            "source": self.source,
            "reliability": str(self.reliability),
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "url": self.url,
            "language": self.language,
            "published_on": self.published_on.isoformat() if self.published_on else None,
            "searched": self.searched,
            "found_nothing": self.found_nothing,
            "note": self.note,
            "recorded_at": isoformat(self.recorded_at),
            "by": self.by,
        }


def keep_file(root: Path, content: bytes) -> str:
    """Keep a file under its hash, once; gives the hash.

    Raises:
        Refusal: it is empty or over `LARGEST_BYTES`.
        EnvironmentFailure: it cannot be written.
    """
    if not 0 < len(content) <= LARGEST_BYTES:
        raise Refusal(f"a piece of evidence has 1 to {LARGEST_BYTES:,} bytes, not {len(content):,}")
    sha256 = hashlib.sha256(content).hexdigest()
    path = root / sha256
    if not path.exists():
        root.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    return sha256


def read_file(root: Path, sha256: str) -> bytes:
    """The file with this hash.

    Raises:
        EnvironmentFailure: it is gone, or is not what was kept.
    """
    try:
        content = (root / sha256).read_bytes()
    except OSError as error:
        raise EnvironmentFailure(
            f"evidence {sha256} cannot be read: {error.strerror}; restore it from a backup"
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise EnvironmentFailure(f"evidence {sha256} was changed on the disk; restore a backup")
    return content


def add(connection: sa.Connection, found: Evidence, *, actor: Actor, now: datetime) -> Evidence:
    """Keep a piece of evidence; a file of its was kept before (`keep_file`).

    Raises:
        Refusal: the deal is unknown, the actor may not, or it is neither a file nor a search.
    """
    require(actor, "evidence.add")
    if not deals.exists(connection, found.deal):
        raise Refusal(f"no deal is known as {found.deal!r}; import it first (insyn deal import)")
    if found.found_nothing and not (found.searched or "").strip():
        raise Refusal("a search that found nothing says what was searched, and for which words")
    if found.sha256 is None and not found.found_nothing:
        raise Refusal("a piece of evidence is a file, or a search that found nothing")
    values = {name: getattr(found, name) for name in found.__slots__}
    row = {**values, "reliability": str(found.reliability)}
    connection.execute(sa.insert(schema.evidence), [row])
    what: dict[str, Json] = {
        "deal": id_of(found.deal),
        "evidence": found.id,
        "kind": found.kind,
        "found_nothing": found.found_nothing,
    }
    if found.sha256 is not None:
        what["sha256"] = found.sha256
    about = Personal(subject=found.deal, data=found.to_json())
    log.append(
        connection,
        Leaf(kind=recorded.EVIDENCE_ADDED.name, who=actor.id, what=what, personal={"about": about}),
        now=now,
    )
    return found


def of_deal(connection: sa.Connection, deal: str) -> list[Evidence]:
    """All evidence of a deal, in the order it was recorded."""
    table = schema.evidence
    rows = connection.execute(
        sa.select(table).where(table.c.deal == deal).order_by(table.c.recorded_at, table.c.id)
    )
    return [
        Evidence(**{**row._mapping, "reliability": Reliability(row.reliability)}) for row in rows
    ]
