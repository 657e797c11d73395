"""Is this permit good, for this site, now? Pure: no file, no network, no clock of its own.

Always: on doubt the answer is no, and says why with one reason; where several would hold, the
first in the order of the checks is told, and what refuses outranks grace. The signatures are
judged before a word of the content is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from insyn.base.canonical import Json
from insyn.base.errors import UnreadableInput
from insyn.trust.keys.envelope import Envelope, SignatureFault, check, read_envelope
from insyn.trust.keys.public import PublicKey
from insyn.trust.keys.root import CLOCK_SKEW, Role, Root
from insyn.trust.keys.strict import read_canonical
from insyn.trust.permit.model import (
    CAMERA_LIMIT,
    PAYLOAD_TYPE,
    PREDICATE_TYPES,
    Permit,
    permit_of,
)
from insyn.trust.permit.reasons import Reason, Standing
from insyn.trust.permit.status import State, StatusList, is_signed_status, read_status


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSeen:
    """What a verifier must remember between two verdicts, so that nothing is rolled back."""

    root_version: int = 0
    status_number: int = 0
    status_digest: str = ""
    revoked: frozenset[str] = frozenset()
    """Ids of permits that were ever seen revoked; a revocation is final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer. `permit` is None where what was signed could not be believed or read."""

    reason: Reason
    seen: LastSeen
    """To be stored, whatever the reason, and given to the next `verify`."""

    permit: Permit | None = None
    detail: str = ""
    """What exactly was wrong, where the reason alone does not say it."""

    @property
    def standing(self) -> Standing:
        """Valid, in grace or refused."""
        return self.reason.standing


class _Refused(Exception):  # noqa: N818 - an answer on its way up, not an error
    """Carries the reason from the check that found it to `verify`; never leaves this module."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason.code)
        self.reason, self.detail = reason, detail


@dataclass(slots=True, kw_only=True)
class _Progress:
    seen: LastSeen
    permit: Permit | None = None
    grace: list[Reason] = field(default_factory=list)


def verify(
    envelope: bytes,
    root: Root,
    site_key: PublicKey,
    status: bytes | None,
    now: datetime,
    last_seen: LastSeen,
) -> Verdict:
    """Judge a permit.

    Args:
        envelope: the permit file as it lies on the disk.
        root: accepted by `accept_first` and `accept_next`, never merely read.
        site_key: the key of the site that asks.
        status: the status list as it lies on the disk; None where there is none.
        now: aware; up to `CLOCK_SKEW` (5 minutes) behind the office's clock is forgiven at a
            beginning, nothing at an end, which has its grace.
        last_seen: `seen` of the verdict before; `LastSeen()` at first.

    Returns:
        VALID, IN_GRACE or REFUSED, with its reason. Never raises for what a file holds.
    """
    progress = _Progress(seen=last_seen)
    try:
        _judge_root(root, now, progress)
        progress.permit = _believed(envelope, root)
        if progress.permit.site_key != site_key.fingerprint:
            raise _Refused(Reason.OTHER_SITE)
        current = _judge_status(status, root, now, progress)
        _judge_entry(current, read_envelope(envelope), progress)
        _judge_times(current, now, progress)
    except _Refused as refused:
        return Verdict(
            reason=refused.reason,
            seen=progress.seen,
            permit=progress.permit,
            detail=refused.detail,
        )
    reason = progress.grace[0] if progress.grace else Reason.VALID
    return Verdict(reason=reason, seen=progress.seen, permit=progress.permit)


def believed_permit(envelope: bytes, root: Root) -> tuple[Permit | None, Reason]:
    """The permit, if enough approvers of `root` signed it; else None and the reason.

    Says nothing of site, time and status: for issuing and inspecting.
    """
    try:
        return _believed(envelope, root), Reason.VALID
    except _Refused as refused:
        return None, refused.reason


def _judge_root(root: Root, now: datetime, progress: _Progress) -> None:
    if root.version < progress.seen.root_version:
        raise _Refused(
            Reason.ROOT_ROLLED_BACK,
            f"version {root.version}, after version {progress.seen.root_version}",
        )
    progress.seen = replace(progress.seen, root_version=root.version)
    if now >= root.expires_at:
        raise _Refused(Reason.ROOT_EXPIRED)
    if root.issued_at > now + CLOCK_SKEW:
        raise _Refused(Reason.CLOCK_BEHIND, "the root's")


_FAULTS: Mapping[SignatureFault, Reason] = {
    SignatureFault.REPEATED: Reason.SAME_SIGNER,
    SignatureFault.UNKNOWN_SIGNER: Reason.UNKNOWN_SIGNER,
    SignatureFault.WRONG: Reason.SIGNATURE_WRONG,
    SignatureFault.ALTERED: Reason.ALTERED,
}


def _believed(content: bytes, root: Root) -> Permit:
    """What enough different approvers signed, read; raises `_Refused`."""
    try:
        envelope = read_envelope(content, "the permit")
    except UnreadableInput as error:
        raise _Refused(Reason.MALFORMED, str(error)) from None
    signers = _signers(envelope, root)
    if envelope.payload_type != PAYLOAD_TYPE:
        raise _Refused(Reason.WRONG_PREDICATE, "the type of the payload")
    try:
        record = read_canonical(envelope.payload, "the permit")
    except UnreadableInput as error:
        raise _Refused(Reason.SCHEMA, str(error)) from None
    permit = _read(record)
    if not set(signers) <= set(root.signers(Role.PERMIT, at=permit.drafted_at)):
        raise _Refused(Reason.RETIRED_SIGNER)
    return permit


def _signers(envelope: Envelope, root: Root) -> tuple[str, ...]:
    """Right signatures by enough different holders, those of retired keys included."""
    named = {name: root.keys[name].public for name in root.roles[Role.PERMIT].keys}
    checked = check(envelope, named)
    wanted = root.roles[Role.PERMIT].threshold
    if checked.fault in (SignatureFault.REPEATED, SignatureFault.UNKNOWN_SIGNER):
        raise _Refused(_FAULTS[checked.fault])
    if len(envelope.signatures) < wanted:
        raise _Refused(Reason.TOO_FEW_SIGNATURES, f"{len(envelope.signatures)} of {wanted}")
    if checked.fault is not None:
        raise _Refused(_FAULTS[checked.fault])
    if len(root.people(checked.signers)) < len(checked.signers):
        raise _Refused(Reason.SAME_SIGNER, "two keys of one holder")
    return checked.signers


def _read(record: Mapping[str, Json]) -> Permit:
    if record.get("predicateType") not in PREDICATE_TYPES:
        raise _Refused(Reason.WRONG_PREDICATE, "the type of the predicate")
    predicate = record.get("predicate")
    cap = predicate.get("camera_cap") if isinstance(predicate, Mapping) else None
    if isinstance(cap, int) and cap > CAMERA_LIMIT:
        raise _Refused(Reason.CAP_OVER_LIMIT)
    try:
        return permit_of(record)
    except UnreadableInput as error:
        raise _Refused(Reason.SCHEMA, str(error)) from None


def _judge_status(
    content: bytes | None, root: Root, now: datetime, progress: _Progress
) -> StatusList:
    """The list, if it is signed and not older than one seen before; raises `_Refused`."""
    if content is None:
        raise _Refused(Reason.STATUS_MISSING)
    try:
        envelope = read_envelope(content, "the status list")
    except UnreadableInput as error:
        raise _Refused(Reason.STATUS_MALFORMED, str(error)) from None
    if not is_signed_status(envelope, root):
        raise _Refused(Reason.STATUS_UNTRUSTED)
    try:
        status = read_status(envelope)
    except UnreadableInput as error:
        raise _Refused(Reason.STATUS_MALFORMED, str(error)) from None
    seen = progress.seen
    if status.number < seen.status_number:
        raise _Refused(
            Reason.STATUS_ROLLED_BACK, f"number {status.number}, after {seen.status_number}"
        )
    if status.number == seen.status_number and envelope.digest != seen.status_digest:
        raise _Refused(Reason.STATUS_SPLIT, f"number {status.number}")
    revoked = {name for name, entry in status.entries.items() if entry.state is State.REVOKED}
    progress.seen = replace(
        seen,
        status_number=status.number,
        status_digest=envelope.digest,
        revoked=seen.revoked | revoked,
    )
    # A list from the future proves this clock wrong, and with it every other judgement of time.
    if status.issued_at > now + CLOCK_SKEW:
        raise _Refused(Reason.CLOCK_BEHIND, "the status list's")
    return status


def _judge_entry(status: StatusList, envelope: Envelope, progress: _Progress) -> None:
    assert progress.permit is not None
    name = progress.permit.id
    entry = status.entries.get(name)
    if name in progress.seen.revoked:
        raise _Refused(Reason.REVOKED, entry.because if entry is not None else "")
    if entry is None:
        raise _Refused(Reason.NOT_LISTED)
    if entry.digest != envelope.digest:
        raise _Refused(Reason.LISTED_OTHERWISE)
    if entry.state is not State.ACTIVE:
        raise _Refused(Reason.SUSPENDED, entry.because)


def _judge_times(status: StatusList, now: datetime, progress: _Progress) -> None:
    permit = progress.permit
    assert permit is not None
    if permit.not_before > now + CLOCK_SKEW:
        raise _Refused(Reason.NOT_YET_VALID)
    if now >= permit.ends_at:
        raise _Refused(Reason.EXPIRED)
    if now >= status.next_update + timedelta(days=permit.grace_days):
        raise _Refused(Reason.STATUS_TOO_OLD)
    if now >= permit.not_after:
        progress.grace.append(Reason.EXPIRED_IN_GRACE)
    if now >= status.next_update:
        progress.grace.append(Reason.STATUS_IN_GRACE)
