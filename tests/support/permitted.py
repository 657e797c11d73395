"""A site under a real permit of a real office, from now on: for tests that run its processes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from tests.support import permit_office
from tests.support.permit_office import Office

from insyn.base.clock import isoformat
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import (
    site_public_key,
    take_up_permit,
    take_up_root,
    take_up_status,
)
from insyn.trust.keys.envelope import Envelope, signed
from insyn.trust.keys.site import open_site_key

LIVE = {
    "everyday": "everyone",
    "originals": "sealed",
    "custodians": 2,
    "live_break_glass_minutes": 10,
}


HEARD = {"everyday": "everyone", "originals": "sealed", "custodians": 2, "sound": "sealed"}


def permit_site(site: SiteDirectory, **changed: Any) -> tuple[Office, Envelope]:
    """Have the site take up root, permit and status list that hold now; the office, the permit."""
    site_public_key(site)
    now = datetime.now(UTC).replace(microsecond=0)
    with mock.patch.object(permit_office, "NOW", now):
        office = Office(site=open_site_key(site.key))
        root = office.root.envelope()
        for approver in office.approvers[:2]:
            root = signed(root, approver)
        take_up_root(site, root.to_bytes(), fingerprint=root.digest)
        permit = office.permit(
            not_before=isoformat(now - timedelta(days=1)),
            not_after=isoformat(now + timedelta(days=300)),
            **changed,
        )
        take_up_permit(site, permit.to_bytes(), now=now)
        take_up_status(site, office.status(office.entry(permit), at=now), now=now)
    return office, permit
