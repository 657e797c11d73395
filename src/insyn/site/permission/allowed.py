"""What a site may do: the answer that cameras, recorder and pages obey. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from insyn.trust.permit.model import CAMERA_LIMIT, Permit
from insyn.trust.permit.reasons import Reason, Standing

DECLARED_CAMERAS = 16
"""DESIGN 6: what a site may have that nobody but itself vouches for."""

DECLARED_RETENTION_DAYS = 30
"""How long a self-declared site keeps recordings; longer wants the office's word."""

UNJUDGED_RETENTION_DAYS = 1826
"""Where no permit can be believed, the site's own settings alone decide how long recordings are
kept: nothing is deleted early because a permit is gone or broken (DESIGN 2, promise 6). Five years
is the longest that settings take."""

RELEASE_MINUTES = 60
"""How long a release stays open at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What holds now.

    Attributes:
        standing: VALID, IN_GRACE (go on, add no camera) or REFUSED (no new recordings, live masked
            only, the archive is kept).
        code: the reason's code, for programs; `self-declared` and `permit-missing` beside those
            of `trust.permit.reasons`.
        sentence: the reason with what to do, for people.
        is_self_declared: nobody but the site vouches; every page says so.
        camera_cap: cameras at most, at most 512.
        custodians: how many must agree to a release; 0: no originals are kept.
        retention_days: recordings are kept at most so long.
        permit: what was signed, where there is one that could be believed.
        ends_at: when this ends, where it does.
    """

    standing: Standing
    code: str
    sentence: str
    is_self_declared: bool
    camera_cap: int
    custodians: int
    retention_days: int
    permit: Permit | None = None
    ends_at: datetime | None = None

    @property
    def live_minutes(self) -> int:
        """How long one camera may be opened live, unmasked; 0: never.

        A permit in its grace, one that could not be believed, and a site's own declaration allow
        none.
        """
        if self.is_self_declared or self.standing is not Standing.VALID or self.permit is None:
            return 0
        return self.permit.masking.live_minutes

    def may_hear(self) -> str:
        """Why no sound may be recorded now, in a sentence; "" where cameras' originals may have it.

        As live break-glass it needs a permit that is valid, and says so: a permit in its grace,
        one that could not be believed, and a site's own declaration allow none.
        """
        if self.is_self_declared:
            return "no sound is recorded on a site's own declaration; a permit may allow it"
        if self.permit is None or self.standing is not Standing.VALID:
            return f"no sound is recorded without a valid permit. {self.sentence}"
        if not self.permit.masking.has_sound or self.custodians == 0:
            return "the permit does not allow sound; ask the office for one that does"
        return ""

    def may_record(self) -> str:
        """Why no recording may begin now, in a sentence; "" where one may."""
        return "" if self.standing is not Standing.REFUSED else self.sentence

    def kept_days(self, days: int) -> int:
        """How many days recordings are kept where the site's setting says `days`."""
        return min(days, self.retention_days)

    def cut_days(self, days: int) -> str:
        """What is kept instead of the `days` of the setting, in words; "" where it is as set."""
        if days <= self.retention_days:
            return ""
        whose = "a site's own declaration" if self.is_self_declared else "the permit"
        return (
            f"{days} days are set; {whose} allows at most {self.retention_days}, and "
            f"{self.retention_days} is what applies"
        )

    def room_for(self, count: int) -> str:
        """Why there may not be `count` cameras in all, in a sentence; "" where there may."""
        if self.standing is Standing.REFUSED:
            return self.sentence
        if self.standing is Standing.IN_GRACE:
            return f"no camera is added while the permit is in its grace. {self.sentence}"
        if count <= min(self.camera_cap, CAMERA_LIMIT):
            return ""
        if self.is_self_declared:
            return (
                f"a self-declared site has at most {DECLARED_CAMERAS} cameras; ask the office for "
                "a permit"
            )
        return f"the permit allows {self.camera_cap} cameras; ask the office for a larger one"


def self_declared() -> Allowed:
    """What a site may do that never took up a permit."""
    return Allowed(
        standing=Standing.VALID,
        code="self-declared",
        sentence=(
            "This site runs on its own declaration; take up a permit with insyn site permit."
        ),
        is_self_declared=True,
        camera_cap=DECLARED_CAMERAS,
        custodians=2,
        retention_days=DECLARED_RETENTION_DAYS,
    )


def missing() -> Allowed:
    """What a site may do whose permit was taken away: nothing new."""
    return Allowed(
        standing=Standing.REFUSED,
        code="permit-missing",
        sentence=(
            "This site had a permit, and its file is gone; put it back, or take up a new one with "
            "insyn site permit."
        ),
        is_self_declared=False,
        camera_cap=0,
        custodians=2,
        retention_days=UNJUDGED_RETENTION_DAYS,
    )


def under(permit: Permit | None, reason: Reason, detail: str) -> Allowed:
    """What a site may do under a permit, as it was judged."""
    sentence = reason.sentence if not detail else f"{reason.sentence} ({detail})"
    return Allowed(
        standing=reason.standing,
        code=reason.code,
        sentence=sentence,
        is_self_declared=False,
        camera_cap=permit.camera_cap if permit else 0,
        # Nothing that is sealed becomes easier to open because a permit cannot be read.
        custodians=permit.masking.custodians if permit else 2,
        retention_days=permit.retention_days if permit else UNJUDGED_RETENTION_DAYS,
        permit=permit,
        ends_at=permit.ends_at if permit else None,
    )
