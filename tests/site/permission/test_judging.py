"""What a site may do, from the files that lie on its shelf."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.permit_office import NOW, Office
from tests.support.permit_site import office_of

from insyn.base.errors import Refusal
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import (
    Permission,
    judge,
    take_up_permit,
    take_up_status,
)
from insyn.trust.keys.envelope import read_envelope
from insyn.trust.permit.reasons import Standing
from insyn.trust.permit.shelf import Shelf
from insyn.trust.permit.status import State, StatusList, read_status

DURING = datetime(2026, 12, 25, tzinfo=UTC)
AFTER = datetime(2027, 12, 20, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> SiteDirectory:
    return SiteDirectory(root=tmp_path / "site")


@pytest.fixture
def office(site: SiteDirectory) -> Office:
    return office_of(site)


def test_a_site_without_a_permit_runs_on_its_own_declaration(site: SiteDirectory) -> None:
    allowed = judge(site, NOW)
    assert allowed.is_self_declared
    assert allowed.may_record() == ""
    assert allowed.room_for(16) == ""
    assert "16 cameras" in allowed.room_for(17)


def test_a_valid_permit_sets_the_cap(site: SiteDirectory, office: Office) -> None:
    permit = office.permit()
    take_up_permit(site, permit.to_bytes(), now=NOW)
    allowed = take_up_status(site, office.status(office.entry(permit)), now=DURING)
    assert allowed.standing is Standing.VALID
    assert not allowed.is_self_declared
    assert (allowed.camera_cap, allowed.retention_days, allowed.custodians) == (48, 14, 2)
    assert allowed.room_for(48) == ""
    assert "48 cameras" in allowed.room_for(49)


def test_a_permit_that_has_not_begun_starts_no_recording(
    site: SiteDirectory, office: Office
) -> None:
    permit = office.permit()
    take_up_permit(site, permit.to_bytes(), now=NOW)
    take_up_status(site, office.status(office.entry(permit), at=NOW), now=NOW)
    assert judge(site, NOW).code == "not-yet-valid"
    assert judge(site, NOW).may_record()


def test_in_grace_recording_goes_on_and_no_camera_is_added(
    site: SiteDirectory, office: Office
) -> None:
    permit = office.permit()
    take_up_permit(site, permit.to_bytes(), now=NOW)
    late = datetime(2027, 12, 5, tzinfo=UTC)
    take_up_status(site, office.status(office.entry(permit), at=late), now=late)
    allowed = judge(site, late)
    assert allowed.standing is Standing.IN_GRACE
    assert allowed.may_record() == ""
    assert "grace" in allowed.room_for(1)


@pytest.mark.parametrize("state", [State.REVOKED, State.SUSPENDED])
def test_a_revoked_or_suspended_permit_starts_no_recording(
    site: SiteDirectory, office: Office, state: State
) -> None:
    permit = office.permit()
    take_up_permit(site, permit.to_bytes(), now=NOW)
    allowed = take_up_status(site, office.status(office.entry(permit, state)), now=DURING)
    assert allowed.standing is Standing.REFUSED
    assert allowed.may_record()
    assert allowed.retention_days == 14, "what is recorded keeps its retention"


def test_a_permit_of_another_site_is_not_taken_up(site: SiteDirectory, office: Office) -> None:
    other = Office(approvers=office.approvers, registrar=office.registrar)
    with pytest.raises(Refusal, match="another site"):
        take_up_permit(site, other.permit().to_bytes(), now=NOW)
    assert judge(site, NOW).is_self_declared


def test_a_permit_signed_by_one_is_not_taken_up(site: SiteDirectory, office: Office) -> None:
    from insyn.trust.permit.issue import sign_permit

    half = sign_permit(office.draft(), office.approvers[0], root=office.root, now=NOW)
    with pytest.raises(Refusal, match="Fewer approvers"):
        take_up_permit(site, half.to_bytes(), now=NOW)


def test_taking_the_permit_away_does_not_bring_the_declaration_back(
    site: SiteDirectory, office: Office
) -> None:
    permit = office.permit()
    take_up_permit(site, permit.to_bytes(), now=NOW)
    take_up_status(site, office.status(office.entry(permit)), now=DURING)
    for path in (site.trust / "permits").iterdir():
        path.unlink()
    allowed = judge(site, DURING)
    assert allowed.code == "permit-missing"
    assert allowed.may_record()


def test_a_damaged_shelf_starts_no_recording(site: SiteDirectory, office: Office) -> None:
    take_up_permit(site, office.permit().to_bytes(), now=NOW)
    (site.trust / "seen.json").write_bytes(b"{")
    assert judge(site, DURING).may_record()


def test_permission_is_judged_again_when_a_file_or_a_date_turns(
    site: SiteDirectory, office: Office
) -> None:
    times = [DURING]
    permission = Permission(site, clock=lambda: times[0])
    assert permission.now().is_self_declared
    permit = office.permit()
    take_up_permit(site, permit.to_bytes(), now=NOW)
    take_up_status(site, office.status(office.entry(permit)), now=DURING)
    assert permission.now().standing is Standing.VALID
    times[0] = AFTER
    assert permission.now().standing is Standing.REFUSED


LIVE = {
    "everyday": "everyone",
    "originals": "sealed",
    "custodians": 2,
    "live_break_glass_minutes": 10,
}


def test_live_break_glass_is_for_a_valid_permit_that_says_so(
    site: SiteDirectory, office: Office
) -> None:
    assert judge(site, NOW).live_minutes == 0, "a site's own declaration allows none"
    permit = office.permit(masking=LIVE)
    take_up_permit(site, permit.to_bytes(), now=NOW)
    assert judge(site, NOW).live_minutes == 0, "not yet valid"
    take_up_status(site, office.status(office.entry(permit)), now=DURING)
    assert judge(site, DURING).live_minutes == 10
    late = datetime(2027, 12, 5, tzinfo=UTC)
    assert judge(site, late).standing is not Standing.VALID
    assert judge(site, late).live_minutes == 0, "in grace and beyond"


def test_a_permit_of_version_1_allows_no_live_break_glass(
    site: SiteDirectory, office: Office
) -> None:
    permit = office.permit()
    take_up_permit(site, permit.to_bytes(), now=NOW)
    take_up_status(site, office.status(office.entry(permit)), now=DURING)
    assert judge(site, DURING).standing is Standing.VALID
    assert judge(site, DURING).live_minutes == 0


HEARD = {"everyday": "everyone", "originals": "sealed", "custodians": 2, "sound": "sealed"}


def test_sound_is_for_a_valid_permit_that_says_so(site: SiteDirectory, office: Office) -> None:
    assert "own declaration" in judge(site, NOW).may_hear()
    permit = office.permit(masking=HEARD)
    take_up_permit(site, permit.to_bytes(), now=NOW)
    assert "valid permit" in judge(site, NOW).may_hear(), "not yet valid"
    take_up_status(site, office.status(office.entry(permit)), now=DURING)
    assert judge(site, DURING).may_hear() == ""
    late = datetime(2027, 12, 5, tzinfo=UTC)
    take_up_status(
        site, office.status(office.entry(permit), at=late, after=_listed(site)), now=late
    )
    in_grace = judge(site, late)
    assert (in_grace.standing, in_grace.may_record()) == (Standing.IN_GRACE, "")
    assert in_grace.may_hear()
    assert judge(site, AFTER).may_hear(), "beyond the grace"


def _listed(site: SiteDirectory) -> StatusList:
    content = Shelf(site.trust).status_file()
    assert content is not None
    return read_status(read_envelope(content, "the status list"))


@pytest.mark.parametrize("fault", ["revoked", "suspended", "gone", "broken", "no sound"])
def test_without_a_permit_that_stands_no_sound_is_recorded(
    site: SiteDirectory, office: Office, fault: str
) -> None:
    permit = office.permit(**({} if fault == "no sound" else {"masking": HEARD}))
    take_up_permit(site, permit.to_bytes(), now=NOW)
    state = {"revoked": State.REVOKED, "suspended": State.SUSPENDED}.get(fault, State.ACTIVE)
    take_up_status(site, office.status(office.entry(permit, state)), now=DURING)
    (file,) = (site.trust / "permits").iterdir()
    if fault == "gone":
        file.unlink()
    if fault == "broken":
        file.write_bytes(file.read_bytes()[:-9])
    assert judge(site, DURING).may_hear()
