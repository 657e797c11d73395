"""How many custodians must agree: as the vault was shared, and no fewer than the permit says."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.masked_archive import START_NS, MaskedArchive
from tests.support.permitted import permit_site

from insyn.base.errors import Refusal
from insyn.site.console.desk import SiteDesk
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import site_public_key
from insyn.site.release import matter
from insyn.site.release.matter import Release, State
from insyn.site.release.request import Request
from insyn.site.store import open_site
from insyn.site.vault import folder
from insyn.trust.people.duties import Actor, Role

AT_S = int(time.time()) - START_NS // 10**9 - 3600
"""An hour ago by this machine's clock, which the console asks."""

BEGAN = datetime.fromtimestamp(START_NS / 1e9 + AT_S, tz=UTC)
WORDS = {
    "u-one": "lantern under the stairs",
    "u-two": "nine geese went north",
    "u-three": "salt on the window sill",
}
ASKER = Actor(id="u-asker", roles=frozenset({Role.INVESTIGATOR}))


def sealed(custodians: int) -> dict[str, object]:
    return {"everyday": "everyone", "originals": "sealed", "custodians": custodians}


@pytest.mark.parametrize(("permitted", "needed"), [(None, 2), (2, 2), (3, 3)])
def test_the_permit_may_ask_for_more_than_the_vault(
    tmp_path: Path, permitted: int | None, needed: int
) -> None:
    site = SiteDirectory(root=tmp_path / "site")
    site_public_key(site)
    if permitted is not None:
        permit_site(site, masking=sealed(permitted))
    with open_site(site) as store, store.writing() as connection:
        vault = folder.make_vault(
            connection, site, WORDS, needed=2, who="site", now=datetime.now(UTC), cost=1 << 14
        )
    archive = MaskedArchive(site.archive)
    archive.record(AT_S, 10, seal=vault)
    archive.close()
    desk = SiteDesk(site)
    try:
        assert desk.needed() == needed
        request = Request(
            camera="cam-1", begins=BEGAN, ends=BEGAN + timedelta(seconds=5), minutes=5,
            reason="A bag was taken at the machines.", basis="b", case_number="c",
        )  # fmt: skip
        with desk.store.writing() as connection:
            asked = matter.ask(
                connection, request, longest_minutes=60, actor=ASKER, now=datetime.now(UTC)
            )
        answers = [agree(desk, asked.id, who) for who in list(WORDS)[:needed]]
        assert [one.state for one in answers[:-1]] == [State.ASKED] * (needed - 1)
        assert answers[-1].state is State.OPEN
    finally:
        desk.close()


def test_a_permit_that_asks_for_more_than_there_are_opens_nothing(tmp_path: Path) -> None:
    site = SiteDirectory(root=tmp_path / "site")
    permit_site(site, masking=sealed(4))
    with open_site(site) as store, store.writing() as connection:
        folder.make_vault(
            connection, site, WORDS, needed=2, who="site", now=datetime.now(UTC), cost=1 << 14
        )
    desk = SiteDesk(site)
    try:
        request = Request(
            camera="cam-1", begins=BEGAN, ends=BEGAN + timedelta(seconds=5), minutes=5,
            reason="A bag was taken at the machines.", basis="b", case_number="c",
        )  # fmt: skip
        with desk.store.writing() as connection:
            asked = matter.ask(
                connection, request, longest_minutes=60, actor=ASKER, now=datetime.now(UTC)
            )
        for who in WORDS:
            assert agree(desk, asked.id, who).state is State.ASKED
        with pytest.raises(Refusal):
            desk.releases.reader(asked.id, actor=ASKER)
    finally:
        desk.close()


def agree(desk: SiteDesk, release: str, who: str) -> Release:
    custodian = Actor(id=who, roles=frozenset({Role.CUSTODIAN}))
    return desk.releases.agree(release, passphrase=WORDS[who], actor=custodian)
