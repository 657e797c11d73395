"""Exports over the console's pages: masked ones, and one person of a release by two custodians."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import uvicorn
from numpy.typing import NDArray
from playwright.sync_api import sync_playwright
from tests.support.asgi_client import AsgiClient
from tests.support.masked_archive import MaskedArchive
from tests.support.opened_original import FPS, START_NS, Filmed
from tests.support.recorder_desk import until

from insyn.base.clock import system_clock
from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.register import Wanted, add
from insyn.site.cameras.virtual.concourse import Events, Scene
from insyn.site.console.app import create_app
from insyn.site.console.desk import SiteDesk
from insyn.site.directory import SiteDirectory
from insyn.site.export import desk as export_desk
from insyn.site.export.job import BUSY, Job, Stage
from insyn.site.export.making import Span
from insyn.site.export.package import verify_export
from insyn.site.permission.judging import site_public_key
from insyn.site.shield.analysis import analysed, analysis_size
from insyn.site.shield.background import confirmed
from insyn.site.shield.frame import YuvFrame
from insyn.site.shield.paint import SOLID_YUV
from insyn.site.shielding.scenes import CONFIRMED, KeptScene, SceneFolder
from insyn.site.store import open_site
from insyn.site.vault import folder
from insyn.trust.keys.site import open_site_key
from insyn.trust.ledger import log
from insyn.trust.people import sessions, users
from insyn.trust.people.duties import Actor, Role
from insyn.trust.people.passwords import Passwords
from insyn.web.signing import COOKIE

CHEAP = Passwords(time_cost=1, memory_kib=8, lanes=1)
SECONDS = 12
FIRST = 6 * FPS
"""Two people come and cross; nobody is alone throughout."""

BEGAN = datetime.fromtimestamp(START_NS / 1e9, tz=UTC)
ORIGIN = {"Origin": "http://127.0.0.1"}


@dataclass
class Console:
    site: SiteDirectory
    desk: SiteDesk
    app: object
    filmed: Filmed
    camera: str
    people: dict[str, Actor]
    sessions: dict[str, str]
    words: dict[str, str]

    def client(self, who: str) -> AsgiClient:
        client = AsgiClient(self.app)  # type: ignore[arg-type] # an ASGI application
        client.cookies.set(COOKIE, self.sessions[who])
        return client

    def post(self, who: str, path: str, **form: object) -> str:
        """Send a form; where it leads to."""
        answer = self.client(who).post(path, data=form, headers=ORIGIN)
        assert answer.status_code == 303, answer.text[:2000]
        return answer.headers["location"]

    def asked(self, by: str = "investigator", *, seconds: int = SECONDS) -> str:
        """A release of the clip that waits for its custodians."""
        leads = self.post(
            by, "/releases", camera=self.camera, begins=BEGAN.isoformat(),
            ends=(BEGAN + timedelta(seconds=seconds)).isoformat(), case_number="K-17",
            reason="The person asked for the pictures of themselves.",
            basis="GDPR Article 15, data subject access", minutes="30",
        )  # fmt: skip
        page = self.client(by).get(leads).text
        assert "<dt>Kept</dt>" in page, "how much of it is kept"
        return str(re.findall(r"<title>(rel-[0-9a-f]{12})", page)[0])

    def release(self, by: str = "investigator", *, seconds: int = SECONDS) -> str:
        """An open release of the clip."""
        release = self.asked(by, seconds=seconds)
        for who in ("carl", "cora"):
            self.desk.releases.agree(release, passphrase=self.words[who], actor=self.people[who])
        return release

    def settled(self, who: str, export: str) -> Stage:
        """How an export stands once nothing is at work on it."""
        job = self.desk.exports.find(export, actor=self.people[who])
        until(lambda: job.stage not in BUSY, seconds=120)
        return job.stage

    def steps(self, export: str) -> list[str]:
        """What the ledger says of an export, in order."""
        with self.desk.store.reading() as connection:
            leaves = [log.find(connection, number) for number in range(log.size(connection))]
        return [
            "made" if leaf.kind == "export.made" else str(leaf.what["step"])
            for leaf in leaves
            if leaf.kind in ("export.step", "export.made") and leaf.what["export"] == export
        ]

    def whoever(self, export: str) -> dict[str, str]:
        """Whom the ledger names for each step of an export."""
        with self.desk.store.reading() as connection:
            leaves = [log.find(connection, number) for number in range(log.size(connection))]
        return {
            str(leaf.what.get("step", "made")): leaf.who
            for leaf in leaves
            if leaf.kind in ("export.step", "export.made") and leaf.what["export"] == export
        }

    def owners(self, at_s: float) -> NDArray[np.int16]:
        return self.filmed.owners(round(at_s * FPS))


def frame_of(scene: Scene) -> YuvFrame:
    return YuvFrame(y=scene.y, u=scene.u, v=scene.v, pts_90k=0)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    site = SiteDirectory(root=tmp_path_factory.mktemp("site") / "site")
    site_public_key(site)
    now = datetime.now(UTC)
    people: dict[str, Actor] = {}
    secrets: dict[str, str] = {}
    roles = {
        "operator": (Role.OPERATOR,), "investigator": (Role.INVESTIGATOR,),
        "second": (Role.INVESTIGATOR,), "guard": (Role.OPERATOR,),
        "carl": (Role.CUSTODIAN, Role.INVESTIGATOR), "cora": (Role.CUSTODIAN,),
    }  # fmt: skip
    words = {"carl": "lantern under the stairs", "cora": "nine geese went north"}
    with open_site(site) as store, store.writing() as connection:
        token = users.invite_first(connection, now=now)
        first = users.claim(
            connection, token, name="chief", password="a long password 1",
            passwords=CHEAP, now=now,
        )  # fmt: skip
        for name, held in roles.items():
            invited, token = users.add(connection, name, roles=held, actor=first.actor, now=now)
            users.claim(connection, token, password="a long password 1", passwords=CHEAP, now=now)
            secrets[name] = sessions.begin(connection, invited.id, now=now)
            people[name] = Actor(id=invited.id, roles=frozenset(held))
        camera = add(
            connection,
            Wanted(name="Hall", main=read_address("virtual://concourse?seed=7")[0]),
            keeper=CredentialKeeper(open_site_key(site.key)),
            room_for=lambda _: "",
            actor=first.actor,
            now=now,
        ).id
        vault = folder.make_vault(
            connection, site, {people[name].id: said for name, said in words.items()},
            needed=2, who=first.id, now=now, cost=1 << 14,
        )  # fmt: skip
    archive = MaskedArchive(site.archive)
    archive.record(0, SECONDS, camera=camera)
    archive.close()
    filmed = Filmed(
        site.archive,
        seconds=SECONDS,
        first=FIRST,
        camera=camera,
        events=Events(empty_s=6.0),
        sealed_to=vault,
    )
    filmed.record()
    size = analysis_size(*filmed.size)
    empty = [analysed(frame_of(filmed.place.render(number)), size) for number in range(0, 60, 6)]
    scene = KeptScene(
        camera=camera, how=CONFIRMED, by="u-x", at_ns=START_NS, order=1, background=confirmed(empty)
    )
    SceneFolder(site.backgrounds, open_site_key(site.key)).keep(scene)
    desk = SiteDesk(site, clock=system_clock)
    yield Console(
        site=site, desk=desk, app=create_app(desk), filmed=filmed, camera=camera, people=people,
        sessions=secrets, words=words,
    )  # fmt: skip
    desk.close()


@pytest.fixture(scope="module")
def pointing(console: Console) -> tuple[str, str]:
    """A release, and its export at the stage of pointing."""
    release = console.release()
    path = console.post("investigator", f"/releases/{release}/export")
    export = path.rsplit("/", 1)[1]
    assert console.settled("investigator", export) is Stage.POINTING
    return release, export


def middle(console: Console, person: int, at_s: float) -> tuple[int, int]:
    """Where somebody is, in pixels of the picture that is pointed into."""
    rows, columns = np.nonzero(console.owners(at_s) == person)
    place = len(rows) // 2
    return int(columns[place]), int(rows[place])


def test_a_masked_span_is_made_taken_and_deleted(console: Console) -> None:
    path = console.post(
        "operator", "/exports", camera=console.camera,
        begins=(BEGAN + timedelta(seconds=2)).isoformat(),
        ends=(BEGAN + timedelta(seconds=6)).isoformat(),
    )  # fmt: skip
    export = path.rsplit("/", 1)[1]
    assert console.settled("operator", export) is Stage.MADE
    client = console.client("operator")
    assert "Download" in client.get(path).text
    taken = client.get(f"{path}/file")
    assert taken.headers["content-type"] == "application/zip"
    out = console.site.root / "taken.zip"
    out.write_bytes(taken.content)
    verified = verify_export(out, site=site_public_key(console.site).fingerprint)
    assert verified.is_sound
    assert verified.said["export"] == export
    assert export in client.get("/exports").text
    console.post("operator", path, action="give-up")
    assert client.get(f"{path}/file").status_code == 404
    assert not list((console.site.root / "exports").glob("*"))
    assert console.steps(export) == ["begun", "made", "taken", "removed"]


def test_a_span_without_recordings_ends_with_its_reason(console: Console) -> None:
    path = console.post(
        "operator", "/exports", camera=console.camera,
        begins=(BEGAN + timedelta(hours=2)).isoformat(),
        ends=(BEGAN + timedelta(hours=3)).isoformat(),
    )  # fmt: skip
    export = path.rsplit("/", 1)[1]
    assert console.settled("operator", export) is Stage.ENDED
    assert "Nothing was recorded" in console.client("operator").get(path).text
    until(lambda: console.steps(export) == ["begun", "ended"], seconds=30)


@pytest.mark.parametrize(
    ("begins", "ends", "why"),
    [
        ("yesterday", "today", "date and time"),
        ("2026-11-18T12:00:00", "2026-11-18T11:00:00", "ends after it begins"),
        ("2026-11-18T09:00:00", "2026-11-18T12:00:01", "two hours"),
    ],
)
def test_a_span_that_cannot_be_is_told_at_once(
    console: Console, begins: str, ends: str, why: str
) -> None:
    answer = console.client("operator").post(
        "/exports", data={"camera": console.camera, "begins": begins, "ends": ends}, headers=ORIGIN
    )
    assert answer.status_code == 400
    assert why in answer.text


def test_clear_pictures_go_to_who_asked_alone(console: Console, pointing: tuple[str, str]) -> None:
    _, export = pointing
    for path in ("/picture.jpg?at=2", "/track", "/sheet/3.jpg", "/file", ""):
        for who in ("second", "operator", "carl"):
            answer = console.client(who).get(f"/exports/{export}{path}")
            assert answer.status_code in (403, 404), f"{who} {path}"
    shown = console.client("investigator").get(f"/exports/{export}/picture.jpg?at=2")
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["cache-control"] == "no-store"


def test_a_release_is_heard_by_who_asked_and_by_nobody_else(
    console: Console, pointing: tuple[str, str]
) -> None:
    release, _ = pointing
    page = console.client("investigator").get(f"/releases/{release}").text
    assert "and can be heard" in page
    path = f"/release/{release}/stream.mp4"
    film = console.client("investigator").get(path)
    assert film.status_code == 200
    lasts: dict[str, float] = {}
    # `Any`: the stubs do not know that a container opened for reading demuxes.
    container: Any = av.open(io.BytesIO(film.content))
    with container:
        for packet in container.demux():
            if packet.size:
                lasts[packet.stream.type] = float(packet.pts * packet.time_base)
    assert set(lasts) == {"video", "audio"}
    assert abs(lasts["video"] - lasts["audio"]) < 0.8
    for who in ("second", "cora", "guard"):
        assert console.client(who).get(path).status_code in (403, 404), who


def test_after_a_new_start_it_is_carl_who_gives_his_passphrase_again(console: Console) -> None:
    release = console.asked()
    desk, address = console.desk.releases, f"/releases/{release}"
    desk.agree(release, passphrase=console.words["carl"], actor=console.people["carl"])
    desk._waiting.clear()  # as in a console that was started anew
    desk.agree(release, passphrase=console.words["cora"], actor=console.people["cora"])
    his, hers = (console.client(who).get(address).text for who in ("carl", "cora"))
    assert "carl agreed; the passphrase is needed again<br>cora agreed<br>" in hers
    assert "give your passphrase again" in his
    assert "give your passphrase again" not in hers
    told = console.client("carl").get(f"/api/v1{address}").json()
    assert told["needs_again"] == [console.people["carl"].id]
    desk.withdraw(release, actor=console.people["investigator"])


def test_one_export_at_a_time(console: Console, pointing: tuple[str, str]) -> None:
    release, _ = pointing
    answer = console.client("investigator").post(f"/releases/{release}/export", headers=ORIGIN)
    assert answer.status_code == 400
    assert "One export at a time" in answer.text
    assert f"<title>{release}" in answer.text, "it comes back to the page that it was asked on"


def test_a_custodian_who_agreed_and_a_guard_do_not_take_it(console: Console) -> None:
    release = console.release("guard")
    page = console.client("guard").get(f"/releases/{release}").text
    assert "needs the role investigator" in page
    assert "<button>Export for the person" not in page
    for who in ("guard", "carl"):
        answer = console.client(who).post(f"/releases/{release}/export", headers=ORIGIN)
        assert answer.status_code == 400, who
    assert console.desk.exports.mine(console.people["carl"]) == []


def test_ten_minutes_are_measured_by_what_is_held(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = console.release("second", seconds=3600)
    client, button = console.client("second"), "<button>Export for the person"
    assert button in client.get(f"/releases/{release}").text, "of an hour, seconds are held"
    monkeypatch.setattr(export_desk, "LONGEST_PERSON", timedelta(seconds=2))
    page = client.get(f"/releases/{release}").text
    assert button not in page
    assert "ask for a release of the minutes in which they are there" in page
    refused = client.post(f"/releases/{release}/export", headers=ORIGIN)
    assert (refused.status_code, f"<title>{release}" in refused.text) == (400, True)
    console.desk.releases.end(release, actor=console.people["second"])


def test_pointing_at_nobody_or_at_several_shows_nobody(
    console: Console, pointing: tuple[str, str]
) -> None:
    _, export = pointing
    client = console.client("investigator")
    nobody = client.post(
        f"/exports/{export}/point", data={"at": "2.0", "p.x": "600", "p.y": "5"}, headers=ORIGIN
    )
    assert nobody.status_code == 400
    assert "nobody is outlined" in nobody.text.lower()
    job = console.desk.exports.find(export, actor=console.people["investigator"])
    looked = job.seen()
    crowded = next(
        (index, box)
        for index in range(len(looked.followed))
        for track, box in looked.followed.at(index)
        if not track.is_one and box.width * box.height > 2000
    )
    index, box = crowded
    width, height = looked.followed.size
    at = {"at": f"{looked.at_s(index):.3f}"}
    for row in range(box.y, box.y + box.height, 4):
        for column in range(box.x, box.x + box.width, 4):
            point = {"p.x": str(column * 640 // width), "p.y": str(row * 360 // height)}
            answer = client.post(f"/exports/{export}/point", data=at | point, headers=ORIGIN)
            if "Several people" in answer.text:
                assert job.points == []
                return
    pytest.fail("nobody could be pointed at in a crowded outline")


def test_the_person_is_pointed_at_shown_confirmed_and_exported(
    console: Console, pointing: tuple[str, str], tmp_path: Path
) -> None:
    release, export = pointing
    client = console.client("investigator")
    page = client.get(f"/exports/{export}?at=7.5").text
    assert 'type="image"' in page
    assert client.get(f"/exports/{export}/track").status_code == 400, "nobody is shown yet"
    column, row = middle(console, 3, 7.5)
    console.post("investigator", f"/exports/{export}/point",
                 **{"at": "7.5", "p.x": column, "p.y": row})  # fmt: skip
    sheet = client.get(f"/exports/{export}/track")
    assert sheet.status_code == 200
    assert "made out of them alone" not in sheet.text, "a kept scene fits"
    said = re.search(r"<h2>Shown for ([0-9.]+) of 12.0 seconds</h2>", sheet.text)
    assert said is not None
    assert 0 < float(said[1]) < 12
    named = re.search(r'name="track" value="([0-9a-f]{64})"', sheet.text)
    assert named is not None
    images = re.findall(r'src="(/exports/[^"]+/sheet/(\d+)\.jpg)"', sheet.text)
    assert len(images) >= 6
    for path, index in images:
        answer = client.get(path)
        picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert (
            shown_of_others(np.asarray(picture, np.uint8), console.filmed.owners(int(index)), 3)
            < 0.03
        )

    # What is confirmed is what was shown: another choice in between wants another look.
    stale = client.post(
        f"/exports/{export}", data={"action": "confirm", "track": "0" * 64}, headers=ORIGIN
    )
    assert stale.status_code == 404
    console.post("investigator", f"/exports/{export}", action="confirm", track=named[1])
    assert console.settled("investigator", export) is Stage.MADE
    package = client.get(f"/exports/{export}/file").content
    out = tmp_path / "export.zip"
    out.write_bytes(package)
    verified = verify_export(out, site=site_public_key(console.site).fingerprint)
    assert verified.findings == ()
    assert verified.said["masking"] == "everyone-but-one"
    assert verified.said["release"] == release
    assert verified.said["export"] == export
    with zipfile.ZipFile(io.BytesIO(package)) as parts:
        assert sorted(parts.namelist()) == ["clip.mp4", "manifest.json", "verify.html"]
    assert console.steps(export) == [
        "begun", "looked", "pointed", "shown", "confirmed", "made", "taken",
    ]  # fmt: skip
    # The original is let go of; nothing more is shown of it.
    assert client.get(f"/exports/{export}/picture.jpg?at=2").status_code == 404


def shown_of_others(picture: NDArray[np.uint8], owners: NDArray[np.int16], person: int) -> float:
    """The share of others' pixels that are not of the mask's colour, JPEG's edges left out."""
    high, wide = picture.shape[:2]
    small = cv2.resize(owners, (wide, high), interpolation=cv2.INTER_NEAREST)
    others = ((small >= 0) & (small != person)).astype(np.uint8)
    if not others.any():
        return 0.0
    yuv = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV).astype(np.int16)
    slate = (np.array(SOLID_YUV, np.int16) - (16, 0, 0)) * (255 / 219, 1, 1)
    away = np.abs(yuv - slate).max(axis=2)
    return float(((others > 0) & (away > 28)).sum() / others.sum())


def test_an_early_end_of_the_release_ends_the_export(console: Console) -> None:
    release = console.release("second")
    path = console.post("second", f"/releases/{release}/export")
    export = path.rsplit("/", 1)[1]
    console.desk.releases.end(release, actor=console.people["cora"])
    until(lambda: tidied(console, export) is Stage.ENDED)
    assert console.client("second").get(f"{path}/picture.jpg?at=1").status_code == 404
    until(lambda: console.steps(export)[-1] == "ended")  # its thread tells it a moment later
    assert console.whoever(export)["ended"] == "site"


def tidied(console: Console, export: str) -> Stage:
    console.desk.exports.tidy()
    return console.desk.exports.find(export, actor=console.people["second"]).stage


def test_a_finished_file_is_deleted_at_its_time(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = console.post(
        "guard", "/exports", camera=console.camera, begins=BEGAN.isoformat(),
        ends=(BEGAN + timedelta(seconds=3)).isoformat(),
    )  # fmt: skip
    export = path.rsplit("/", 1)[1]
    assert console.settled("guard", export) is Stage.MADE
    console.desk.exports.tidy()
    assert list((console.site.root / "exports").glob(f"{export}.zip"))
    left = console.site.root / "exports" / ".export-x"
    left.mkdir()
    (left / "plain.mp4").write_bytes(b"of a console that was killed")
    later = system_clock() + timedelta(minutes=61)
    monkeypatch.setattr(console.desk.exports, "_clock", lambda: later)
    console.desk.exports.tidy()
    assert not list((console.site.root / "exports").iterdir())
    assert console.client("guard").get(f"{path}/file").status_code == 404
    assert console.steps(export) == ["begun", "made", "removed"]
    assert console.whoever(export) == {
        "begun": console.people["guard"].id, "made": console.people["guard"].id, "removed": "site",
    }  # fmt: skip


def test_what_ends_with_the_console_is_the_sites_own_doing(console: Console) -> None:
    desk = SiteDesk(console.site, clock=system_clock)
    span = Span(camera=console.camera, from_ns=START_NS, until_ns=START_NS + 3 * 10**9)

    def made(who: str) -> Job:
        job = desk.exports.begin_masked(span, actor=console.people[who])
        until(lambda: job.stage is Stage.MADE, seconds=60)
        return job

    left, given_up = made("guard"), made("operator")
    desk.exports.give_up(given_up)
    desk.close()
    assert not list((console.site.root / "exports").glob(f"{left.export}.zip"))
    assert console.whoever(left.export)["removed"] == "site"
    assert console.whoever(given_up.export)["removed"] == console.people["operator"].id


@contextlib.contextmanager
def served(console: Console) -> Iterator[str]:
    """The console over HTTP, until the block ends; without what its lifespan would close."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            console.app,  # type: ignore[arg-type] # an ASGI application
            log_level="error", ws="none", lifespan="off",
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
        thread.start()
        try:
            until(lambda: server.started)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_a_browser_without_scripts_points_confirms_and_downloads(
    console: Console, tmp_path: Path
) -> None:
    release = console.release("second")
    with served(console) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(
            java_script_enabled=False, viewport={"width": 390, "height": 700}
        )
        context.set_default_timeout(90_000)
        context.add_cookies([{"name": COOKIE, "value": console.sessions["second"], "url": url}])
        page = context.new_page()
        page.goto(f"{url}/releases/{release}")
        page.get_by_role("button", name="Export for the person concerned").click()
        page.wait_for_selector("input[type=image]")  # the page has come back by itself
        page.goto(f"{page.url}?at=7.5")
        column, row = middle(console, 3, 7.5)
        # On a narrow screen the picture is not scaled: it scrolls, and the click is where it was.
        page.locator("input[type=image]").click(position={"x": column, "y": row})
        page.get_by_role("link", name="See what would be exported").click()
        page.get_by_role("button", name="Yes, make the export").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download,").click()
        out = tmp_path / "taken.zip"
        download.value.save_as(out)
        browser.close()
    verified = verify_export(out, site=site_public_key(console.site).fingerprint)
    assert verified.is_sound
    assert verified.said["release"] == release
    assert verified.said["masking"] == "everyone-but-one"
