"""The status list: which permits stand, signed and numbered.

Always: numbers only rise; a revocation is final; a permit that the list does not name is not known
to stand. Carried by hand or fetched, a list says itself until when it may be believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.resources import files
from typing import Any

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal, UnreadableInput
from insyn.trust.keys.envelope import Envelope, check, seal, signed
from insyn.trust.keys.keyfile import SigningKey
from insyn.trust.keys.root import Role, Root
from insyn.trust.keys.strict import Schema, moment, read_canonical

STATUS_TYPE = "application/vnd.insyn.status+json"
"""payloadType of the envelope around a status list."""

LONGEST = timedelta(days=92)
"""A quarter: the longest a list may be believed, and so the longest a revocation may stay unknown
to a site that is kept from newer lists (its grace apart)."""

SCHEMA = Schema((files("insyn.trust.permit") / "schemas" / "status.schema.json").read_bytes())


class State(StrEnum):
    """How a permit stands; a revoked one never stands again."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """How one permit stands since `at`; `digest` is SHA-256 of its payload. No personal data."""

    permit: str
    digest: str
    state: State
    at: datetime
    because: str = ""

    def to_json(self) -> dict[str, Json]:
        """The entry as it is signed."""
        return {
            "permit": self.permit,
            "digest": self.digest,
            "state": str(self.state),
            "at": isoformat(self.at),
            "because": self.because,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """One list; `entries` by permit id. One that breaks the schema or a bound cannot be built."""

    number: int
    issued_at: datetime
    next_update: datetime
    entries: Mapping[str, StatusEntry]

    def __post_init__(self) -> None:
        if problem := SCHEMA.problem(self.to_json()):
            raise UnreadableInput(f"the status list breaks its format: {problem}")
        if not self.issued_at < self.next_update <= self.issued_at + LONGEST:
            raise UnreadableInput(
                f"a status list's next update is within {LONGEST.days} days after its issue"
            )

    def to_json(self) -> dict[str, Json]:
        """The list as it is signed."""
        return {
            "format": "insyn-status-1",
            "number": self.number,
            "issued_at": isoformat(self.issued_at),
            "next_update": isoformat(self.next_update),
            "permits": [self.entries[name].to_json() for name in sorted(self.entries)],
        }

    def envelope(self) -> Envelope:
        """The list in an envelope that nobody has signed yet."""
        return seal(canonical_bytes(self.to_json()), STATUS_TYPE)


def read_status(envelope: Envelope) -> StatusList:
    """The list in an envelope; no signature is checked.

    Raises:
        UnreadableInput: it is no status list, or breaks the schema or a bound.
    """
    if envelope.payload_type != STATUS_TYPE:
        raise UnreadableInput("the envelope holds no status list; name the office's status file")
    # `Any`: the schema says what each field is, and is asked before the first is touched.
    record: Mapping[str, Any] = read_canonical(envelope.payload, "the status list")
    if problem := SCHEMA.problem(record):
        raise UnreadableInput(f"the status list breaks its format: {problem}")
    entries = [_entry(item) for item in record["permits"]]
    names = [entry.permit for entry in entries]
    if names != sorted(set(names)):
        raise UnreadableInput("the status list names a permit twice, or out of order")
    return StatusList(
        number=record["number"],
        issued_at=moment(record["issued_at"]),
        next_update=moment(record["next_update"]),
        entries=dict(zip(names, entries, strict=True)),
    )


def _entry(item: Mapping[str, str]) -> StatusEntry:
    return StatusEntry(
        permit=item["permit"],
        digest=item["digest"],
        state=State(item["state"]),
        at=moment(item["at"]),
        because=item["because"],
    )


def next_status(
    current: StatusList | None,
    changes: Iterable[StatusEntry],
    *,
    now: datetime,
    lasts: timedelta,
) -> StatusList:
    """The list after `current`: its entries with the changes, numbered one higher.

    Args:
        current: the newest list there is; None before the first.
        changes: entries to add or to put in the place of a permit's former one.
        now: becomes the issue time.
        lasts: until the next update; at most `LONGEST`.

    Raises:
        Refusal: a change would bring back a revoked permit, or name another content under its id.
    """
    entries = {} if current is None else dict(current.entries)
    for change in changes:
        before = entries.get(change.permit)
        if before is not None and before.digest != change.digest:
            raise Refusal(f"the status list knows {change.permit} with other content; revoke it")
        if before is not None and before.state is State.REVOKED:
            raise Refusal(f"{change.permit} is revoked, which is final; issue a new permit")
        entries[change.permit] = change
    return StatusList(
        number=1 if current is None else current.number + 1,
        issued_at=now,
        next_update=now + lasts,
        entries=entries,
    )


def sign_status(envelope: Envelope, key: SigningKey, root: Root) -> Envelope:
    """Add a signature to a status list.

    Raises:
        Refusal: the root does not let the key sign status lists, or it has signed this one.
    """
    if key.public.fingerprint not in root.signers(Role.STATUS):
        raise Refusal(
            "this key may not sign status lists: the root does not name it for that; use the key "
            "of one whom it names (insyn key root show)"
        )
    after = signed(envelope, key)
    checked = check(after, root.signers(Role.STATUS))
    if checked.fault is not None:
        raise Refusal(f"the status list was not signed: {checked.fault}; start it anew")
    return after


def is_signed_status(envelope: Envelope, root: Root, *, at: datetime | None = None) -> bool:
    """Every signature is right, and as many different holders signed as the root asks for.

    Args:
        envelope: a status list.
        root: the root in force.
        at: also count keys retired after this time; only for a list that is one's own.
    """
    checked = check(envelope, root.signers(Role.STATUS, at=at))
    if checked.fault is not None:
        return False
    return len(root.people(checked.signers)) >= root.roles[Role.STATUS].threshold
