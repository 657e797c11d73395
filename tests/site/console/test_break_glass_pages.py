"""Break-glass in the console: asked for, agreed to, told to everybody, watched by one."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest
from tests.support.asgi_client import AsgiClient
from tests.support.asgi_socket import Message, SocketClosed, heard
from tests.support.masked_archive import STEP, MaskedArchive, second, shade_of
from tests.support.permit_office import Office
from tests.support.plain_viewer import close_the_tab, connected, read_message, reset
from tests.support.served_app import served_app

from insyn.site.archive.writing import Begin, Picture
from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.register import Wanted, add
from insyn.site.clocks import Reading
from insyn.site.console.app import create_app
from insyn.site.console.desk import MENU, SiteDesk
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import (
    site_public_key,
    take_up_permit,
    take_up_root,
    take_up_status,
)
from insyn.site.recorder.process import boot_id
from insyn.site.store import open_site
from insyn.site.streams import StreamName
from insyn.site.vault import folder
from insyn.site.vault.public import VaultPublicKey
from insyn.trust.keys.envelope import signed
from insyn.trust.keys.site import open_site_key
from insyn.trust.people import sessions, users
from insyn.trust.people.duties import DUTIES, Role
from insyn.trust.people.passwords import Passwords
from insyn.web.signing import COOKIE

NOW = datetime(2026, 12, 25, 8, tzinfo=UTC)
CHEAP = Passwords(time_cost=1, memory_kib=8, lanes=1)
PEOPLE = {
    "oskar": Role.OPERATOR,
    "ines": Role.INVESTIGATOR,
    "carl": Role.CUSTODIAN,
    "cora": Role.CUSTODIAN,
    "paula": Role.PRIVACY_OFFICER,
}
WORDS = {"carl": "lantern under the stairs", "cora": "nine geese went north"}
LIVE = {
    "everyday": "everyone",
    "originals": "sealed",
    "custodians": 2,
    "live_break_glass_minutes": 10,
}
FORM = {
    "camera": "hall",
    "reason": "Somebody lies on the tracks.",
    "basis": "GDPR Article 6(1)(d)",
    "case_number": "K-18",
    "minutes": "5",
}
SAID = re.compile(r"ines watches Hall since 08:00:00, until 08:05:00")


@dataclass
class Console:
    app: Any
    desk: SiteDesk
    sessions: dict[str, str]
    archive: MaskedArchive
    vault: VaultPublicKey
    camera: str
    now: list[datetime]

    def client(self, who: str) -> AsgiClient:
        client = AsgiClient(self.app)
        client.cookies.set(COOKIE, self.sessions[who])
        return client

    def post(self, who: str, path: str, **form: str) -> Any:
        headers = {"Origin": "http://127.0.0.1"}
        return self.client(who).post(path, data=form, headers=headers)

    def hear(self, who: str, path: str, enough: Any, meanwhile: Any = None) -> list[Message]:
        cookie = f"{COOKIE}={self.sessions[who]}"
        return asyncio.run(heard(self.app, path, cookie=cookie, enough=enough, meanwhile=meanwhile))

    def ask(self) -> str:
        answer = self.post("ines", "/break-glass", **(FORM | {"camera": self.camera}))
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"]).removeprefix("/releases/")

    def open(self) -> str:
        release = self.ask()
        for who, words in WORDS.items():
            answer = self.post(who, f"/releases/{release}", action="agree", passphrase=words)
            assert answer.status_code == 303, answer.text
        return release

    def record(self, seconds: int) -> None:
        """The recorder seals so many seconds from now on."""
        parameters, _ = second(shade_of(0))
        wall_ns = int(self.now[0].timestamp()) * 10**9
        writer = self.archive.archive.begin(
            Begin(
                camera=self.camera, stream=StreamName.MAIN, run="run", parameters=parameters,
                started=Reading(wall_ns=wall_ns, monotonic_ns=wall_ns), boot=boot_id(),
                media_start_90k=0,
            ),
            seal=self.vault,
        )  # fmt: skip
        for number in range(seconds):
            _, packets = second(shade_of(number))
            writer.append(
                [
                    Picture(
                        data=data, dts_90k=number * 90_000 + place * STEP,
                        pts_90k=number * 90_000 + place * STEP, duration_90k=STEP,
                        is_key=place == 0,
                    )
                    for place, data in enumerate(packets)
                ]
            )  # fmt: skip
        writer.abandon()


@pytest.fixture
def permit(request: pytest.FixtureRequest) -> bool:
    return bool(getattr(request, "param", True))


@pytest.fixture
def console(tmp_path: Path, permit: bool) -> Iterator[Console]:
    site = SiteDirectory(root=tmp_path / "site")
    site_public_key(site)
    now = [NOW]
    if permit:
        office = Office(site=open_site_key(site.key))
        root = office.root.envelope()
        for approver in office.approvers[:2]:
            root = signed(root, approver)
        take_up_root(site, root.to_bytes(), fingerprint=root.digest)
        issued = office.permit(masking=LIVE)
        take_up_permit(site, issued.to_bytes(), now=NOW)
        take_up_status(site, office.status(office.entry(issued)), now=NOW)
    secrets, ids = {}, {}
    with open_site(site) as store, store.writing() as connection:
        token = users.invite_first(connection, now=NOW)
        chief = users.claim(
            connection, token, name="anna", password="a long password 1", passwords=CHEAP, now=NOW
        )
        secrets["anna"] = sessions.begin(connection, chief.id, now=NOW)
        for name, role in PEOPLE.items():
            person, token = users.add(connection, name, roles=(role,), actor=chief.actor, now=NOW)
            users.claim(connection, token, password="a long password 1", passwords=CHEAP, now=NOW)
            secrets[name], ids[name] = sessions.begin(connection, person.id, now=NOW), person.id
        camera = add(
            connection,
            Wanted(name="Hall", main=read_address("virtual://concourse?seed=7")[0]),
            keeper=CredentialKeeper(open_site_key(site.key)),
            room_for=lambda _: "",
            actor=chief.actor,
            now=NOW,
        ).id
        vault = folder.make_vault(
            connection, site, {ids[who]: words for who, words in WORDS.items()},
            needed=2, who=chief.id, now=NOW, cost=1 << 14,
        )  # fmt: skip
    archive = MaskedArchive(site.archive)
    desk = SiteDesk(site, clock=lambda: now[0])
    yield Console(
        app=create_app(desk), desk=desk, sessions=secrets, archive=archive, vault=vault,
        camera=camera, now=now,
    )  # fmt: skip
    desk.close()
    archive.close()


def test_every_page_of_everybody_says_which_camera_is_open(console: Console) -> None:
    release = console.open()
    for who, session in console.sessions.items():
        with console.desk.store.reading() as connection:
            found = sessions.identify(connection, session, now=NOW, touch=False)
        assert found is not None
        pages = [link.href for link in MENU if DUTIES[link.duty].roles & found.actor.roles]
        for page in [*pages, "/password", f"/releases/{release}"]:
            answer = console.client(who).get(page)
            assert answer.status_code == 200, f"{who} {page}"
            assert SAID.search(answer.text), f"{who} is not told on {page}"
    console.now[0] += timedelta(minutes=5)
    assert not SAID.search(console.client("oskar").get("/health").text)


def test_whoever_is_not_signed_in_is_told_no_name(console: Console) -> None:
    console.open()
    for page in ("/sign-in", "/privacy/notice"):
        said = AsgiClient(console.app).get(page).text
        assert "watches Hall" not in said
        assert not re.search(r"\bines\b", said)


def test_a_page_that_stands_open_is_told_at_once_and_custodians_of_the_request(
    console: Console,
) -> None:
    asked = console.hear(
        "carl", "/alarms", lambda found: len(found) == 3, meanwhile=lambda: console.ask() and None
    )
    (told,) = json.loads(asked[-1]["text"])
    assert told["kind"] == "warn"
    assert "ines asks to watch Hall live" in told["text"]
    release = told["release"]

    def agree() -> None:
        for who, words in WORDS.items():
            console.post(who, f"/releases/{release}", action="agree", passphrase=words)

    opened = console.hear("oskar", "/alarms", lambda found: len(found) == 3, meanwhile=agree)
    assert json.loads(opened[1]["text"]) == [], "who may not answer is not asked"
    (told,) = json.loads(opened[-1]["text"])
    assert SAID.search(told["text"])
    ended = console.hear(
        "oskar",
        "/alarms",
        lambda found: len(found) == 3,
        meanwhile=lambda: console.post("cora", f"/releases/{release}", action="end") and None,
    )
    assert json.loads(ended[-1]["text"]) == []


def test_the_asker_sees_the_original_live_and_nobody_else(console: Console) -> None:
    release = console.open()
    path = f"/release/{release}/live"
    sent = console.hear(
        "ines",
        path,
        lambda found: sum("bytes" in one for one in found) >= 2,
        meanwhile=lambda: console.record(2),
    )
    said = [json.loads(one["text"]) for one in sent if "text" in one]
    assert {"type": "init", "mime": said[-1]["mime"], "state": "UNMASKED"} in said
    content = b"".join(one["bytes"] for one in sent if "bytes" in one)
    with av.open(io.BytesIO(content), mode="r") as container:
        seen = {int(f.to_ndarray(format="yuv420p")[20, 20]) for f in container.decode(video=0)}
    assert seen <= {shade_of(0), shade_of(1)}
    assert seen
    for who in ("oskar", "carl", "cora", "paula", "anna"):
        with pytest.raises(SocketClosed) as closed:
            console.hear(who, path, lambda _: False)
        assert closed.value.code == 1008, who
        assert "insyn-opened" not in console.client(who).get(f"/releases/{release}").text
    assert f'path="{path}"' in console.client("ines").get(f"/releases/{release}").text


def test_a_custodian_reads_who_asks_and_for_what(console: Console) -> None:
    release = console.ask()
    said = console.client("carl").get(f"/releases/{release}").text
    assert "You agree that ines watches Hall live, with nobody masked, for 5 minutes" in said
    assert "Somebody lies on the tracks." in said


def test_the_asker_is_told_where_nothing_is_recorded(console: Console) -> None:
    sent = console.hear(
        "ines", f"/release/{console.open()}/live", lambda found: "text" in str(found[-1:])
    )
    assert "being recorded now" in json.loads(sent[-1]["text"])["text"]


def test_live_view_of_everybody_yields_nothing_of_it(console: Console) -> None:
    """No worker masks this camera: nothing is shown, though its original is open."""
    console.open()
    console.record(2)
    sent = console.hear("ines", f"/live/{console.camera}", lambda found: len(found) >= 2)
    assert not [one for one in sent if "bytes" in one]


def test_it_is_over_for_the_viewer_when_it_ends(console: Console) -> None:
    release = console.open()

    def end() -> None:
        console.post("carl", f"/releases/{release}", action="end")

    sent = console.hear(
        "ines",
        f"/release/{release}/live",
        lambda found: "over" in str(found[-1:]),
        meanwhile=end,
    )
    assert json.loads(sent[-1]["text"])["reason"] == "over"


@pytest.mark.parametrize("leave", [reset, close_the_tab])
def test_an_asker_who_goes_away_leaves_no_traceback(
    console: Console, leave: Callable[[socket.socket], None], caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/release/{console.open()}/live"
    with (
        caplog.at_level(logging.INFO),
        served_app(console.app) as url,
        connected(url, path, console.sessions["ines"]) as viewer,
    ):
        read_message(viewer)
        leave(viewer)
    assert f'"WebSocket {path}" [accepted]' in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("permit", [False], indirect=True)
def test_a_self_declared_site_offers_none_and_grants_none(console: Console) -> None:
    assert "/break-glass" not in console.client("ines").get("/releases").text
    answer = console.post("ines", "/break-glass", **(FORM | {"camera": console.camera}))
    assert answer.status_code == 400
    assert "no permit in force" in answer.text.casefold()
    assert "break-glass.denied" in kinds(console)


@pytest.mark.parametrize("who", ["carl", "paula", "anna"])
def test_whoever_may_not_ask_for_releases_may_not_break_the_glass(
    console: Console, who: str
) -> None:
    answer = console.post(who, "/break-glass", **(FORM | {"camera": console.camera}))
    assert answer.status_code == 403


def kinds(console: Console) -> list[str]:
    from insyn.trust.ledger import log

    with console.desk.store.reading() as connection:
        return [log.find(connection, number).kind for number in range(log.size(connection))]
