"""The papers of a site, drafted from what it is: impact assessment, record of processing, notice.

Always: what stands here is taken from the register, the permit, the vault and the settings as they
are now; what only people can say stands in brackets, and is listed. A draft is no assessment: the
controller answers for it.

Source: GDPR Articles 13, 30, 35; EDPB Guidelines 3/2019 on video devices, section 7 (two layers);
WP 248 rev.01 (what an assessment holds).
"""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import qrcode
import qrcode.image.svg
from fastapi import APIRouter, Request
from fastapi.responses import Response

from insyn.base.errors import InsynError
from insyn.site.cameras.register import Camera
from insyn.site.console.desk import SiteDesk
from insyn.site.permission.allowed import Allowed
from insyn.site.permission.judging import site_public_key
from insyn.site.settings import Settings
from insyn.site.shielding.masking import Masking, masking_of
from insyn.site.shielding.walking import Walk, last_of
from insyn.site.vault import folder
from insyn.trust.people import users
from insyn.web.pages import Pages

MINE = (
    ("controller", "who answers for the cameras"),
    ("contact", "where people ask and complain"),
    ("officer", "the data protection officer"),
    ("authority", "the supervisory authority"),
    ("legal_basis", "the legal basis"),
    ("necessity", "why nothing milder does"),
    ("recipients", "who else is given pictures, and who processes them for you"),
    ("consultation", "what those concerned said"),
    ("notice_url", "the address at which people can read the notice"),
)
"""What only people can say: a setting, and what it is called on the page."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFacts:
    """What a paper says of one camera."""

    camera: Camera
    masking: Masking
    days: int
    """How long its recordings are kept."""
    keeps_original: bool
    is_heard: bool
    """Its sealed original has its sound now."""
    walk: Walk | None

    @property
    def size(self) -> str:
        """What probing found, or ""."""
        return self.camera.device.get("size", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the papers are filled from."""

    settings: Settings
    allowed: Allowed
    cameras: list[CameraFacts]
    roles: dict[str, int]
    """Active people by role."""
    custodians: int
    needed: int
    missing: list[str]
    """What is still to be written, in words."""
    keeps_sound: bool
    """Originals of now or of earlier days hold sound."""
    drafted_at: datetime

    @property
    def days(self) -> int:
        """How long recordings are kept at most."""
        return min(self.settings.retention_days, self.allowed.retention_days)

    @property
    def purposes(self) -> list[str]:
        """What the cameras are for: as permitted, else as the site says."""
        if self.allowed.permit is not None:
            return list(self.allowed.permit.purposes)
        return [line.strip() for line in self.settings.purpose.splitlines() if line.strip()]

    @property
    def keeps_originals(self) -> bool:
        """Whether any original is kept."""
        return any(one.keeps_original for one in self.cameras)

    @property
    def heard(self) -> list[Camera]:
        """The cameras whose sound is recorded now."""
        return [one.camera for one in self.cameras if one.is_heard]

    @property
    def styles(self) -> str:
        """How people are masked, over all cameras."""
        return ", ".join(sorted({one.camera.style for one in self.cameras})) or "solid"

    @property
    def never(self) -> int:
        """Zones that are never covered, as two people agreed."""
        return sum(len(one.masking.never) for one in self.cameras)


def facts_of(desk: SiteDesk) -> Facts:
    """What stands now."""
    settings, allowed = desk.settings(), desk.permission.now()
    has_vault = folder.public_key(desk.site) is not None and allowed.custodians > 0
    with desk.store.reading() as connection:
        walks = last_of(connection)
        maskings = {
            one.id: masking_of(connection, one.id, now=desk.clock()) for one in desk.cameras()
        }
        people = [one for one in users.every(connection) if one.state is users.State.ACTIVE]
    longest = min(settings.retention_days, allowed.retention_days)
    may_hear = not allowed.may_hear()
    cameras = [
        CameraFacts(
            camera=one,
            masking=maskings[one.id],
            days=min(longest, one.retention_days or longest),
            keeps_original=has_vault and one.is_recorded,
            is_heard=has_vault and one.is_recorded and one.records_sound and may_hear,
            walk=walks.get(one.id),
        )
        for one in desk.cameras()
    ]
    missing = [words for name, words in MINE if not getattr(settings, name)]
    if allowed.permit is None and not settings.purpose:
        missing.insert(0, "what the cameras are for")
    return Facts(
        settings=settings,
        allowed=allowed,
        cameras=cameras,
        roles=dict(sorted(Counter(str(role) for one in people for role in one.roles).items())),
        custodians=len(folder.custodians(desk.site)),
        needed=desk.needed(),
        missing=missing,
        keeps_sound=any(one.is_heard for one in cameras) or _keeps_sound(desk),
        drafted_at=desk.clock(),
    )


def _keeps_sound(desk: SiteDesk) -> bool:
    """Whether the archive holds sound; where it cannot be read, whether a camera is set so."""
    try:
        reader = desk.open_reader()
    except InsynError:
        return any(one.records_sound for one in desk.cameras())
    try:
        return reader.has_sound()
    finally:
        reader.close()


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes; notice and sign are open to everybody: they are for the people on camera."""
    made = APIRouter()

    def notice_url(request: Request) -> str:
        return desk.settings().notice_url or str(request.url_for("show_notice"))

    def shown(request: Request, template: str, **more: Any) -> Response:
        url = notice_url(request)
        return pages.show(
            request,
            template,
            facts=facts_of(desk),
            url=url,
            fingerprint=site_public_key(desk.site).fingerprint,
            is_reachable=urlsplit(url).hostname not in _LOOPBACK,
            **more,
        )

    @made.get("/privacy/assessment")
    def show_assessment(request: Request) -> Response:
        desk.visitor(request, "site.read")
        return shown(request, "assessment.html")

    @made.get("/privacy/record")
    def show_record(request: Request) -> Response:
        desk.visitor(request, "site.read")
        return shown(request, "record.html")

    @made.get("/privacy/notice")
    def show_notice(request: Request) -> Response:
        return shown(request, "notice.html")

    @made.get("/privacy/sign")
    def show_sign(request: Request) -> Response:
        return shown(request, "sign.html")

    @made.get("/privacy/notice.svg")
    def notice_code(request: Request) -> Response:
        picture = io.BytesIO()
        image = qrcode.make(
            notice_url(request), image_factory=qrcode.image.svg.SvgPathImage, border=4
        )
        image.save(picture)
        return Response(picture.getvalue(), media_type="image/svg+xml")

    return made
