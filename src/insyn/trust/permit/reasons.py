"""Why a permit is or is not good: one reason a case, each with a sentence that says what to do."""

from __future__ import annotations

from enum import Enum, StrEnum


class Standing(StrEnum):
    """What a site may do; best first."""

    VALID = "valid"
    """All the permit allows."""

    IN_GRACE = "in grace"
    """Go on as it is, say so on every page, and add no camera."""

    REFUSED = "refused"
    """No new recordings, live view masked only; what is recorded stays and keeps its retention."""


class Reason(Enum):
    """The one reason of a verdict: its code, the standing it leads to, and what to do."""

    code: str
    standing: Standing
    sentence: str

    def __init__(self, code: str, standing: Standing, sentence: str) -> None:
        self.code, self.standing, self.sentence = code, standing, sentence

    VALID = (
        "valid",
        Standing.VALID,
        "The permit is valid; nothing is to be done.",
    )
    EXPIRED_IN_GRACE = (
        "expired-in-grace",
        Standing.IN_GRACE,
        "The permit has ended and its grace runs; ask the office for a renewed permit now.",
    )
    STATUS_IN_GRACE = (
        "status-in-grace",
        Standing.IN_GRACE,
        "The status list is past its next update, so how the permit stands is not known; fetch or "
        "carry over the newest list.",
    )
    MALFORMED = (
        "malformed",
        Standing.REFUSED,
        "The file is no signed permit, or was changed or cut; copy it again from the office.",
    )
    TOO_FEW_SIGNATURES = (
        "too-few-signatures",
        Standing.REFUSED,
        "Fewer approvers signed than the root asks for; let another approver sign, then issue.",
    )
    SAME_SIGNER = (
        "same-signer",
        Standing.REFUSED,
        "One person signed twice; two different people must sign, so ask another approver.",
    )
    UNKNOWN_SIGNER = (
        "unknown-signer",
        Standing.REFUSED,
        "A signature is by a key that the root does not name as an approver's; take up the "
        "newest root, else ask the office who signed.",
    )
    RETIRED_SIGNER = (
        "retired-signer",
        Standing.REFUSED,
        "An approver's key was retired before this permit was drafted; have it signed by standing "
        "approvers.",
    )
    SIGNATURE_WRONG = (
        "signature-wrong",
        Standing.REFUSED,
        "One signature does not fit, while another does; copy the file again, or have that "
        "approver sign anew.",
    )
    ALTERED = (
        "altered",
        Standing.REFUSED,
        "No signature fits: the content was changed after it was signed; do not use this file, "
        "and tell the office.",
    )
    WRONG_PREDICATE = (
        "wrong-predicate",
        Standing.REFUSED,
        "What was signed is no permit of this version; ask the office for a permit, or update "
        "Insyn.",
    )
    CAP_OVER_LIMIT = (
        "cap-over-limit",
        Standing.REFUSED,
        "The permit allows more than 512 cameras, which no permit can; ask the office for one "
        "within the limit.",
    )
    SCHEMA = (
        "schema",
        Standing.REFUSED,
        "The permit breaks its published format; ask the office to issue it again.",
    )
    OTHER_SITE = (
        "other-site",
        Standing.REFUSED,
        "The permit is for another site's key; ask the office for one that names this site's "
        "fingerprint.",
    )
    ROOT_ROLLED_BACK = (
        "root-rolled-back",
        Standing.REFUSED,
        "A newer root was taken up before; put the newest root back.",
    )
    ROOT_EXPIRED = (
        "root-expired",
        Standing.REFUSED,
        "The root has ended; take up the office's next root.",
    )
    CLOCK_BEHIND = (
        "clock-behind",
        Standing.REFUSED,
        "A signed time lies in the future; set this machine's clock right.",
    )
    NOT_YET_VALID = (
        "not-yet-valid",
        Standing.REFUSED,
        "The permit has not begun; wait for its first day, or check this machine's clock.",
    )
    EXPIRED = (
        "expired",
        Standing.REFUSED,
        "The permit and its grace have ended; ask the office for a new permit.",
    )
    STATUS_MISSING = (
        "status-missing",
        Standing.REFUSED,
        "There is no status list, so nobody knows how the permit stands; fetch one or carry it "
        "over.",
    )
    STATUS_MALFORMED = (
        "status-malformed",
        Standing.REFUSED,
        "The status list is no list of ours, or was changed or cut; fetch it again.",
    )
    STATUS_UNTRUSTED = (
        "status-untrusted",
        Standing.REFUSED,
        "The status list is not signed as the root asks; fetch it again, or take up the newest "
        "root.",
    )
    STATUS_ROLLED_BACK = (
        "status-rolled-back",
        Standing.REFUSED,
        "A newer status list was seen before; fetch the newest one.",
    )
    STATUS_SPLIT = (
        "status-split",
        Standing.REFUSED,
        "Two different status lists carry one number; tell the office, which must issue a new one.",
    )
    STATUS_TOO_OLD = (
        "status-too-old",
        Standing.REFUSED,
        "The status list is past its next update and the grace; fetch or carry over the newest "
        "list.",
    )
    NOT_LISTED = (
        "not-listed",
        Standing.REFUSED,
        "The status list does not name this permit; fetch a list issued after the permit.",
    )
    LISTED_OTHERWISE = (
        "listed-otherwise",
        Standing.REFUSED,
        "The status list knows this permit's id with other content; ask the office which holds.",
    )
    SUSPENDED = (
        "suspended",
        Standing.REFUSED,
        "The office suspended the permit; ask it what is open, and fetch a newer list after.",
    )
    REVOKED = (
        "revoked",
        Standing.REFUSED,
        "The office revoked the permit, which is final; ask the office for the reason.",
    )
