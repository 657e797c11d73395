"""The privacy page and the papers: what stands, from this site and no other; walk tests."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import qrcode
import qrcode.image.svg
from tests.support.asgi_client import AsgiClient
from tests.support.masked_archive import MaskedArchive
from tests.support.permit_office import Office

from insyn.base.canonical import Json
from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.register import Wanted, add, change, find
from insyn.site.console.app import create_app
from insyn.site.console.desk import SiteDesk
from insyn.site.console.privacy import for_how_long
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import (
    site_public_key,
    take_up_permit,
    take_up_root,
    take_up_status,
)
from insyn.site.release import matter
from insyn.site.release.request import Request
from insyn.site.settings import change_settings
from insyn.site.shielding import masking
from insyn.site.store import open_site
from insyn.site.streams import SoundCodec
from insyn.site.vault import folder
from insyn.trust.keys.envelope import signed
from insyn.trust.keys.site import open_site_key
from insyn.trust.ledger import log
from insyn.trust.people import sessions, users
from insyn.trust.people.duties import Actor, Role
from insyn.trust.people.passwords import Passwords
from insyn.web.signing import COOKIE

NOW = datetime(2026, 12, 25, 8, tzinfo=UTC)
CHEAP = Passwords(time_cost=1, memory_kib=8, lanes=1)
ROLES = (
    Role.OPERATOR, Role.OPERATOR, Role.INVESTIGATOR, Role.PRIVACY_OFFICER, Role.CUSTODIAN,
)  # fmt: skip
WORDS = {"u-one": "lantern under the stairs", "u-two": "nine geese went north"}
OFFICER = "Petra Exempel <officer@norrby.example>"
SAID = {
    "controller": "Norrby Stationer (invented)",
    "contact": "privacy@norrby.example",
    "officer": OFFICER,
    "authority": "the authority of Norrby",
    "legal_basis": "Article 6(1)(f): safety of passengers",
    "necessity": "Two attacks since May; lamps were tried first.",
    "recipients": "police on a written request",
    "consultation": "The passengers' association asked for fewer cameras; two were left out.",
    "notice_url": "https://norrby.example/cameras",
    "purpose": "safety of passengers\norder at the gates",
}


@dataclass
class Console:
    app: Any
    desk: SiteDesk
    site: SiteDirectory
    sessions: dict[str, str]
    now: list[datetime]

    def client(self, who: str = "") -> AsgiClient:
        client = AsgiClient(self.app)
        if who:
            client.cookies.set(COOKIE, self.sessions[who])
        return client

    def page(self, path: str, who: str = "privacy officer") -> str:
        answer = self.client(who).get(path)
        assert answer.status_code == 200, answer.text[:300]
        return re.sub(r"\s+", " ", answer.text)

    def walked(self, held: str, note: str = "", who: str = "operator") -> Any:
        return self.client(who).post(
            "/privacy/walk/hall", data={"held": held, "note": note},
            headers={"Origin": "http://127.0.0.1"},
        )  # fmt: skip

    def shield(self, state: str, **scene: object) -> None:
        """What a worker tells of the hall now."""
        said = {"state": state, "trouble": "", "scene": scene}
        told = {"at_ns": time.time_ns(), "cameras": {"hall": said}}
        (self.site.run / "shield-1.json").write_text(json.dumps(told))

    def asked(self) -> masking.Order:
        with self.desk.store.reading() as connection:
            return masking.masking_of(connection, "hall", now=NOW).order


@pytest.fixture
def has_permit(request: pytest.FixtureRequest) -> bool:
    return bool(getattr(request, "param", False))


@pytest.fixture
def console(tmp_path: Path, has_permit: bool) -> Iterator[Console]:
    site = SiteDirectory(root=tmp_path / "site")
    site_public_key(site)
    change_settings(site, name="Norrby station", time_zone="Europe/Stockholm", retention_days=12)
    if has_permit:
        office = Office(site=open_site_key(site.key))
        root = office.root.envelope()
        for approver in office.approvers[:2]:
            root = signed(root, approver)
        take_up_root(site, root.to_bytes(), fingerprint=root.digest)
        issued = office.permit()
        take_up_permit(site, issued.to_bytes(), now=NOW)
        take_up_status(site, office.status(office.entry(issued)), now=NOW)
    secrets, now = {}, [NOW]
    with open_site(site) as store, store.writing() as connection:
        token = users.invite_first(connection, now=NOW)
        chief = users.claim(
            connection, token, name="anna", password="a long password 1", passwords=CHEAP, now=NOW
        )
        secrets["administrator"] = sessions.begin(connection, chief.id, now=NOW)
        for number, role in enumerate(ROLES):
            person, token = users.add(
                connection, f"person {number}", roles=(role,), actor=chief.actor, now=NOW
            )
            users.claim(connection, token, password="a long password 1", passwords=CHEAP, now=NOW)
            secrets[role.value] = sessions.begin(connection, person.id, now=NOW)
        for name, where, days in (("Hall", "over the gates", None), ("Stairs", "", 5)):
            add(
                connection,
                Wanted(
                    name=name, place=where, retention_days=days,
                    main=read_address("virtual://concourse?seed=7")[0],
                ),
                keeper=CredentialKeeper(open_site_key(site.key)),
                room_for=lambda _: "", actor=chief.actor, now=NOW,
            )  # fmt: skip
        folder.make_vault(connection, site, WORDS, needed=2, who=chief.id, now=NOW, cost=1 << 14)
    desk = SiteDesk(site, clock=lambda: now[0])
    yield Console(app=create_app(desk), desk=desk, site=site, sessions=secrets, now=now)
    desk.close()


def test_the_assessment_has_what_article_35_asks_for_from_this_site(console: Console) -> None:
    said = console.page("/privacy/assessment")
    for part in ("35(7)(a)", "35(7)(b)", "35(7)(c) and (d)", "35(2) and (9)", "35(11), 36"):
        assert part in said, part
    assert re.search(
        r"<td>Hall</td><td>over the gates</td>.*?<td>sealed</td><td>12 days</td>", said
    )
    assert re.search(r"<td>Stairs</td>.*?<td>5 days</td>", said)
    assert "2 operators, 1 privacy officer" in said
    assert "vault of 2 custodians; 2 open it together" in said
    assert "it is self-declared" in said
    assert "no permit in force allows it" in said


def test_what_only_people_can_say_is_in_brackets_until_they_say_it(console: Console) -> None:
    before = console.page("/privacy/assessment")
    assert "why nothing milder does" in before
    assert "what those concerned said" in before
    change_settings(console.site, **SAID)
    after = console.page("/privacy/assessment")
    assert "Still yours to write" not in after
    for text in ("Two attacks since May", "fewer cameras", "6(1)(f)", "Norrby Stationer"):
        assert text in after, text
    assert "safety of passengers; order at the gates" in after
    assert "Petra Exempel &lt;officer@norrby.example&gt;" in after, "escaped"
    assert "<dt>Data protection officer</dt><dd><mark" not in after


def test_a_site_without_a_vault_keeps_no_original_and_says_so(
    console: Console, tmp_path: Path
) -> None:
    for path in console.site.vault.iterdir():
        path.unlink()
    said = console.page("/privacy/assessment")
    assert "<td>not kept</td>" in said
    assert "sealed originals" not in said
    assert "No unmasked picture is kept" in console.page("/privacy/notice", who="")


@pytest.mark.parametrize("has_permit", [True], indirect=True)
def test_under_a_permit_the_papers_say_what_it_says(console: Console) -> None:
    said = console.page("/privacy/assessment")
    assert "P-20261123-0123456789ab" in said
    assert "42000 m²" in said
    assert "safety of visitors at matches" in said
    assert "of at most 48" in said
    assert "Signs stand at every gate." in said
    sign = console.page("/privacy/sign", who="")
    assert "Cameras watch the stands." in sign
    assert "klagomal@granlunda.example" in console.page("/privacy/notice", who="")


def test_the_record_has_each_letter_of_article_30(console: Console) -> None:
    change_settings(console.site, **SAID)
    said = console.page("/privacy/record")
    for letter in "abcdefg":
        assert f"<dt>({letter}) " in said
    assert "Hall (over the gates), Stairs" in said
    assert "12 days at most; Stairs: 5 days" in said
    assert "police on a written request" in said


def test_the_notice_has_two_layers_and_the_code_leads_to_the_second(console: Console) -> None:
    warned = console.page("/privacy/sign", who="")
    (warning,) = re.findall(r'<p class="notice warn no-print">(.*?)</p>', warned)
    assert "works on this machine alone" in warning
    assert "notice_url=https://" in warning
    assert warned.index(warning) < warned.index('class="card sign"'), "read before it is printed"
    change_settings(console.site, **SAID)
    sign, notice = console.page("/privacy/sign", who=""), console.page("/privacy/notice", who="")
    assert "works on this machine alone" not in sign
    assert "https://norrby.example/cameras" in sign
    for text in ("Norrby Stationer", "12 days", "privacy@norrby.example"):
        assert text in sign, text
        assert text in notice, text
    for text in ("6(1)(f)", "the authority of Norrby", "Article 15", "police on a written"):
        assert text in notice, text
    wanted = io.BytesIO()
    qrcode.make(
        "https://norrby.example/cameras", image_factory=qrcode.image.svg.SvgPathImage, border=4
    ).save(wanted)
    code = console.client().get("/privacy/notice.svg")
    assert code.headers["content-type"] == "image/svg+xml"
    assert code.content == wanted.getvalue()


def test_what_is_written_on_the_page_is_kept_and_a_wrong_value_loses_nothing(
    console: Console,
) -> None:
    form = {**SAID, "name": "Norrby", "time_zone": "Europe/Stockholm", "retention_days": "9"}
    headers = {"Origin": "http://127.0.0.1"}
    post = console.client("administrator").post
    wrong = post("/privacy", data=form | {"notice_url": "norrby"}, headers=headers)
    assert wrong.status_code == 400
    assert "Two attacks since May" in wrong.text
    assert console.desk.settings().name == "Norrby station"
    assert post("/privacy", data=form, headers=headers).status_code == 303
    kept = console.desk.settings()
    assert (kept.name, kept.retention_days, kept.necessity) == ("Norrby", 9, SAID["necessity"])
    refused = console.client("operator").post("/privacy", data=form, headers=headers)
    assert refused.status_code == 403


def test_who_changed_which_setting_is_in_the_ledger_without_what_it_says(
    console: Console,
) -> None:
    headers, post = {"Origin": "http://127.0.0.1"}, console.client("privacy officer").post

    def leaves() -> list[Json]:
        with console.desk.store.reading() as connection:
            every = [log.find(connection, n) for n in range(log.size(connection))]
        said = [leaf for leaf in every if leaf.kind == "site.settings"]
        assert "Petra" not in str(said)
        return [leaf.what["settings"] for leaf in said]

    assert (
        post("/privacy", data=SAID | {"notice_url": "norrby"}, headers=headers).status_code == 400
    )
    assert leaves() == [], "what was refused changed nothing"
    assert post("/privacy", data=SAID, headers=headers).status_code == 303
    assert post("/privacy", data=SAID, headers=headers).status_code == 303
    assert leaves() == [sorted(SAID)], "said a second time, it changes nothing"
    assert post("/privacy", data=SAID | {"officer": "Nobody"}, headers=headers).status_code == 303
    assert leaves()[1:] == [["officer"]]
    audit = console.page("/audit?kind=site.settings", "privacy officer")
    assert "somebody changed settings of the site" in audit


def test_a_privacy_officer_writes_the_papers_and_sets_nothing_else(console: Console) -> None:
    headers, post = {"Origin": "http://127.0.0.1"}, console.client("privacy officer").post
    page = console.page("/privacy")
    offered = set(re.findall(r'name="([a-z_]+)"', page[page.index('action="/privacy"') :]))
    assert offered == set(SAID) | {"address"}
    before = asdict(console.desk.settings())
    assert post("/privacy", data=SAID, headers=headers).status_code == 303
    assert asdict(console.desk.settings()) == before | SAID
    assert "Still to be written" not in console.page("/privacy")
    for name, value in (("name", "X"), ("time_zone", "UTC"), ("retention_days", "400")):
        refused = post("/privacy", data=SAID | {name: value}, headers=headers)
        assert refused.status_code == 403, name
        assert "needs the role administrator" in refused.text
    assert asdict(console.desk.settings()) == before | SAID
    wrong = post("/privacy", data=SAID | {"notice_url": "norrby"}, headers=headers)
    assert wrong.status_code == 400
    assert "Two attacks since May" in wrong.text


def test_who_may_not_write_the_papers_is_told_who_may(console: Console) -> None:
    assert "the role administrator or privacy officer" in console.page("/privacy", "operator")
    assert "the role administrator or privacy officer" not in console.page("/privacy")


def test_a_file_of_the_office_is_asked_for_from_who_may_take_it_up(console: Console) -> None:
    assert "Take up a file of the office" in console.page("/permit", "administrator")
    for who in ("privacy officer", "operator", "custodian"):
        assert "Take up" not in console.page("/permit", who)


def test_a_walk_test_is_kept_and_shown_with_its_age(console: Console) -> None:
    assert "never" in console.page("/privacy")
    for state in ("LEARN", "LIGHT"):
        console.shield(state)
        refused = console.walked("yes")
        assert (refused.status_code, "tells nothing" in refused.text) == (400, True), state
    console.shield("RUN")
    assert console.walked("yes").status_code == 303
    console.now[0] += timedelta(minutes=25)
    assert "held</span> 25 minutes ago" in console.page("/privacy")
    assert "held, 2026-12-25 09:00:00" in console.page("/privacy/assessment")
    assert console.asked().asked is masking.Asked.NOTHING


def test_a_walk_test_that_fails_covers_the_camera_at_once(console: Console) -> None:
    assert console.walked("no").status_code == 400, "it says what was seen"
    assert console.asked().number == 0
    assert console.walked("no", "A head, at the left edge.").status_code == 303
    assert console.asked().asked is masking.Asked.FORGET
    assert "did not hold" in console.page("/privacy")
    with console.desk.store.reading() as connection:
        leaves = [log.find(connection, n) for n in range(log.size(connection))]
    tested = [leaf for leaf in leaves if leaf.kind == "masking.tested"]
    assert [leaf.what["held"] for leaf in tested] == [False]
    assert "edge" not in str([dict(leaf.what) for leaf in tested])


@pytest.mark.parametrize(("who", "status"), [("custodian", 403), ("administrator", 403)])
def test_whoever_may_not_watch_makes_no_walk_test(console: Console, who: str, status: int) -> None:
    assert console.client(who).get("/privacy/walk/hall").status_code == status
    assert console.walked("yes", who=who).status_code == status
    assert console.client("operator").get("/privacy/walk/cellar").status_code == 404


def test_releases_are_counted_by_the_month_of_the_place(console: Console) -> None:
    asker = Actor(id="u-asker", roles=frozenset({Role.INVESTIGATOR}))
    # Half past eleven in the evening of November 30 in London is December in Stockholm.
    for at in (
        datetime(2026, 11, 30, 22, 30, tzinfo=UTC),
        datetime(2026, 11, 30, 23, 30, tzinfo=UTC),
    ):
        request = Request(
            camera="hall", begins=at - timedelta(hours=1), ends=at, minutes=5,
            reason="A bag was taken at the machines.", basis="b", case_number="c",
        )  # fmt: skip
        with console.desk.store.writing() as connection:
            matter.ask(connection, request, longest_minutes=60, actor=asker, now=at)
    said = console.page("/privacy")
    assert '<td>Of what was recorded</td><td class="number">1</td>' in said
    assert "2026-12" in said


def test_time_since_the_scene_was_confirmed_and_by_whom(console: Console) -> None:
    with console.desk.store.reading() as connection:
        person = users.find(connection, "person 0")
    at_ns = int((NOW - timedelta(days=3, hours=2)).timestamp()) * 10**9
    console.shield("RUN", how="confirmed", by=person.id, at_ns=at_ns, text="")
    assert "confirmed by person 0 3 days ago" in console.page("/privacy")


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=30), "less than a minute"),
        (timedelta(minutes=1), "a minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(minutes=119), "an hour"),
        (timedelta(hours=23), "23 hours"),
        (timedelta(hours=47), "a day"),
        (timedelta(days=400), "400 days"),
        (timedelta(days=-1), "less than a minute"),
    ],
)
def test_how_long_for_people(passed: timedelta, said: str) -> None:
    assert for_how_long(NOW - passed, NOW) == said
    assert for_how_long(None, NOW) == ""


def hear(console: Console, on: bool = True) -> None:
    """Turn the sound of the Hall's camera on or off, as if the permit allowed it."""
    with console.desk.store.writing() as connection:
        before = find(connection, "hall")
        change(
            connection,
            "hall",
            Wanted(name=before.name, place=before.place, main=before.main, records_sound=on),
            keeper=console.desk.keeper,
            may_hear=lambda: "",
            actor=Actor(id="u-chief", roles=frozenset({Role.ADMINISTRATOR})),
            now=NOW,
        )


def permit_sound(console: Console) -> None:
    """The site takes up a permit that allows sound."""
    office = Office(site=open_site_key(console.site.key))
    root = office.root.envelope()
    for approver in office.approvers[:2]:
        root = signed(root, approver)
    take_up_root(console.site, root.to_bytes(), fingerprint=root.digest)
    permit = office.permit(
        masking={"everyday": "everyone", "originals": "sealed", "custodians": 2, "sound": "sealed"}
    )
    take_up_permit(console.site, permit.to_bytes(), now=NOW)
    take_up_status(console.site, office.status(office.entry(permit)), now=NOW)


def test_the_papers_say_of_sound_what_is_so(console: Console) -> None:
    hear(console)
    for page in ("/privacy/notice", "/privacy/assessment"):
        assert "o sound" in console.page(page), "set so, and no permit: none is recorded"
    assert "Sound" not in console.page("/privacy/sign")
    permit_sound(console)
    notice = console.page("/privacy/notice")
    assert "Recorded by Hall (over the gates), sealed with the original" in notice
    assert "no sound" not in notice
    assert "Recorded at over the gates" in console.page("/privacy/sign")
    assessment = console.page("/privacy/assessment")
    assert "of Hall: voices" in assessment
    assert "The sound of 1 camera" in assessment
    assert "no sound" not in assessment.casefold()
    assert "with sound of Hall" in console.page("/privacy/record")
    hear(console, on=False)
    assert "no sound" in console.page("/privacy/notice")
    vault = folder.public_key(console.site)
    archive = MaskedArchive(console.site.archive)
    archive.record(0, 2, camera="hall", seal=vault, sound=SoundCodec.AAC)
    archive.close()
    assert "None is recorded now. What was recorded before is kept" in console.page(
        "/privacy/notice"
    )
    assert "None is recorded any more" in console.page("/privacy/assessment")
    assert "with sound of before" in console.page("/privacy/record")


def test_the_camera_page_turns_sound_on_only_where_the_permit_allows_it(console: Console) -> None:
    client = console.client("administrator")
    box = re.compile(r'name="sound" value="1"([^>]*)>')

    def looks() -> str:
        found = box.search(client.get("/cameras/hall").text)
        assert found is not None
        return found[1].split("aria")[0].strip()

    form = {"name": "Hall", "url": "virtual://concourse?seed=7", "recorded": "1", "sound": "1"}
    headers = {"Origin": "http://127.0.0.1"}
    assert looks() == "disabled"
    assert "own declaration" in client.get("/cameras/hall").text
    refused = client.request("POST", "/cameras/hall", data=form, headers=headers)
    assert refused.status_code == 400
    permit_sound(console)
    assert looks() == ""
    assert client.request("POST", "/cameras/hall", data=form, headers=headers).status_code == 303
    assert looks() == "checked"
    with console.desk.store.reading() as connection:
        assert find(connection, "hall").records_sound
    console.now[0] = datetime(2027, 12, 5, tzinfo=UTC)  # in its grace
    assert console.desk.permission.now().may_hear()


def test_a_part_that_is_never_covered_is_agreed_to_here_and_told_everywhere(
    console: Console,
) -> None:
    guard = Actor(id="u-guard", roles=frozenset({Role.OPERATOR}))
    board = masking.read_zone("0.4,0 0.6,0 0.6,0.2 0.4,0.2")
    console.shield("RUN")
    assert "Everybody is masked, live and recorded. " in console.page("/privacy/notice")
    with console.desk.store.writing() as connection:
        masking.set_zones(
            connection, "hall", always=(), never=(board,), actor=guard, now=NOW,
            because="The departure board changes all day.",
        )  # fmt: skip
    asked = console.page("/privacy")
    assert "shall never be covered: do you agree?" in asked
    assert "The departure board changes all day." in asked
    assert "do you agree?" not in console.page("/privacy", "operator")
    for who, code in (("operator", 403), ("privacy officer", 303)):
        answer = console.client(who).post(
            "/privacy/zones", data={"camera": "hall"}, headers={"Origin": "http://127.0.0.1"}
        )
        assert answer.status_code == code
    for path, who in (("/", "operator"), ("/playback", "operator"), ("/privacy", "operator")):
        told = console.page(path, who)
        assert "Not everybody is masked: a part of" in told
        assert "everyone is masked" not in told.replace("not everyone is masked", "")
    assert "but who steps into 1 part of the picture, until 2027-01-24" in console.page("/privacy")
    for paper in ("/privacy/notice", "/privacy/sign"):
        assert "live and recorded, but in 1 part of the pictures." in console.page(paper)
    console.now[0] = NOW + timedelta(days=30)
    assert console.desk.alarms(guard) == []


def test_the_notice_shows_the_fingerprint_to_compare(console: Console) -> None:
    assert site_public_key(console.site).fingerprint in console.page("/privacy/notice", "")
