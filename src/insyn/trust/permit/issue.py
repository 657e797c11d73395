"""Making a permit: drafted, signed by two people at two moments, then issued. Pure.

Always: what an approver signs is read out in plain words from the very bytes that are signed; the
same person never counts twice; nothing is issued that `verify` would not believe.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal, UnreadableInput
from insyn.trust.keys.envelope import Envelope, check, signed
from insyn.trust.keys.keyfile import SigningKey
from insyn.trust.keys.public import grouped
from insyn.trust.keys.root import Role, Root
from insyn.trust.permit.model import Permit, permit_of, read_permit, statement
from insyn.trust.permit.status import State, StatusEntry
from insyn.trust.permit.verify import believed_permit

_GIVEN_BY_US = ("permit", "drafted_at")


def new_permit_id(now: datetime, randomness: bytes) -> str:
    """An id such as `P-20261123-3f9a0c12b7d4`; `randomness` is 6 bytes nobody can foretell."""
    return f"P-{now:%Y%m%d}-{randomness[:6].hex()}"


def draft_permit(
    fields: Mapping[str, Json], *, site_key: str, permit_id: str, now: datetime
) -> Envelope:
    """A permit that nobody has signed yet.

    Args:
        fields: the predicate of the published schema without `permit` and `drafted_at`.
        site_key: fingerprint of the site's key, 64 hexadecimal characters.
        permit_id: as `new_permit_id` makes it.
        now: becomes `drafted_at`.

    Raises:
        UnreadableInput: a field is missing, unknown or out of bounds.
        Refusal: the permit would have ended already.
    """
    if given := sorted(set(fields) & set(_GIVEN_BY_US)):
        raise UnreadableInput(f"a draft is given no {' and no '.join(given)}: Insyn sets it")
    whole = {**fields, "permit": permit_id, "drafted_at": isoformat(now)}
    permit = permit_of(statement(site_key, whole))
    if permit.not_after <= now:
        raise Refusal("the permit would have ended already; give a later not_after")
    return permit.envelope()


def sign_permit(envelope: Envelope, key: SigningKey, *, root: Root, now: datetime) -> Envelope:
    """Add an approver's signature to a draft.

    Raises:
        UnreadableInput: the envelope holds no permit.
        Refusal: the key is no standing approver's, its holder has signed, an earlier signature is
            not right, or the root or the permit has ended.
    """
    permit = read_permit(envelope)
    if now >= root.expires_at:
        raise Refusal("the root has ended; make its next version first (insyn key root draft)")
    if now >= permit.not_after:
        raise Refusal(f"{permit.id} has ended; draft a new permit")
    may = root.signers(Role.PERMIT)
    mine = key.public.fingerprint
    if mine not in may:
        raise Refusal(
            "this key is no approver's: the root does not name it for permits, or it is retired "
            "(insyn key root show)"
        )
    checked = check(envelope, may)
    if checked.fault is not None:
        raise Refusal(f"{permit.id} was not signed: {checked.fault}; start a new draft")
    if root.people([mine]) & root.people(checked.signers):
        raise Refusal(
            f"{permit.id} bears a signature of this holder already; another approver must sign"
        )
    return signed(envelope, key)


def completed(envelope: Envelope, root: Root) -> Permit:
    """The permit, once enough approvers have signed.

    Raises:
        UnreadableInput: the envelope holds no permit.
        Refusal: the threshold does not stand, with what to do.
    """
    drafted = read_permit(envelope)
    permit, reason = believed_permit(envelope.to_bytes(), root)
    if permit is None:
        raise Refusal(f"{drafted.id} is not issued: {reason.sentence}")
    return permit


def entry_of(envelope: Envelope, *, state: State, now: datetime, because: str = "") -> StatusEntry:
    """What a status list says of the permit in the envelope."""
    permit = read_permit(envelope)
    return StatusEntry(
        permit=permit.id, digest=envelope.digest, state=state, at=now, because=because
    )


def plain_words(permit: Permit) -> list[tuple[str, str]]:
    """What is signed, label and text a line, for a person to read before signing."""
    site, masking = permit.site, permit.masking
    originals = (
        f"everyone is masked; originals sealed, opened by {masking.custodians} custodians together"
        if masking.originals == "sealed"
        else "everyone is masked; originals are not kept"
    )
    return [
        ("permit", permit.id),
        ("case", f"{permit.case}, decision {permit.decision_digest}"),
        ("rulebook", permit.rulebook),
        ("site", f"{site.name}, {site.address}"),
        ("area", f"{site.area} ({site.square_metres} m²)"),
        ("site's key", grouped(permit.site_key)),
        *(("purpose", purpose) for purpose in permit.purposes),
        ("cameras", f"at most {permit.camera_cap}"),
        ("masking", originals),
        *_live_words(permit),
        *_sound_words(permit),
        ("kept", f"at most {permit.retention_days} days, evidence holds apart"),
        *(("goes to", f"{sink.kind}: {sink.name}") for sink in permit.sinks),
        ("from", isoformat(permit.not_before)),
        ("until", f"{isoformat(permit.not_after)}, then {permit.grace_days} days of grace"),
        ("status list", permit.status_list),
        *(
            ("condition", _condition_words(permit, index))
            for index in range(len(permit.conditions))
        ),
        ("notice", permit.notice_text),
        ("complaints", permit.complaint_address),
    ]


def _live_words(permit: Permit) -> list[tuple[str, str]]:
    masking = permit.masking
    if not masking.live_minutes:
        return []
    told = (
        f"{masking.custodians} custodians together may open one camera UNMASKED, LIVE, for at most "
        f"{masking.live_minutes} minutes; everybody at the site sees that they did"
    )
    return [("break-glass", told)]


def _sound_words(permit: Permit) -> list[tuple[str, str]]:
    masking = permit.masking
    if not masking.has_sound:
        return []
    told = (
        "VOICES may be recorded, of cameras that are set so, into the sealed originals alone; "
        f"{masking.custodians} custodians together open them"
    )
    return [("sound", told)]


def _condition_words(permit: Permit, index: int) -> str:
    condition = permit.conditions[index]
    due = "" if condition.due is None else f", due {isoformat(condition.due)}"
    return f"{condition.id}{due}: {condition.text}"
