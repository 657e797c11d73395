"""A site that has taken up the root of an office, which can sign permits for it."""

from __future__ import annotations

from tests.support.permit_office import Office

from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import site_public_key, take_up_root
from insyn.trust.keys.envelope import signed
from insyn.trust.keys.site import open_site_key


def office_of(site: SiteDirectory) -> Office:
    """An office that knows this site's key, whose root the site has taken up."""
    site_public_key(site)
    made = Office(site=open_site_key(site.key))
    envelope = made.root.envelope()
    for approver in made.approvers[:2]:
        envelope = signed(envelope, approver)
    take_up_root(site, envelope.to_bytes(), fingerprint=envelope.digest)
    return made
