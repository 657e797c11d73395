"""A site's people and its releases from the command line, at a console that runs."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.support.masked_archive import START_NS, MaskedArchive
from tests.support.run_insyn import Ran, insyn

from insyn.base.config import DataDirectory
from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.register import Wanted, add
from insyn.site.directory import SiteDirectory, site_directory
from insyn.site.store import open_site
from insyn.site.vault import folder
from insyn.trust.keys.site import open_site_key
from insyn.trust.ledger import log
from insyn.trust.people import users
from insyn.trust.people.duties import Actor, Role

AT_S = int(time.time()) - START_NS // 10**9 - 3600
"""An hour ago by this machine's clock, which the console asks."""

BEGAN = datetime.fromtimestamp(START_NS / 1e9 + AT_S, tz=UTC)
WORDS = {"carl": "lantern under the stairs", "cora": "nine geese went north"}
PASSWORD = "four unrelated words here"
SPAN = (
    "--from", (BEGAN + timedelta(seconds=2)).isoformat(),
    "--until", (BEGAN + timedelta(seconds=8)).isoformat(),
)  # fmt: skip
WHY = ("--reason", "A bag was taken at the machines.", "--basis", "GDPR Art. 6", "--case", "K-17")


@dataclass
class Site:
    data: Path
    site: SiteDirectory
    state: Path
    patch: pytest.MonkeyPatch
    url: str = ""

    def words(self, name: str, text: str) -> str:
        """A file whose first line is a password or passphrase."""
        path = self.state / f"{name}.txt"
        path.write_text(text + "\n", encoding="utf-8")
        return str(path)

    def run(self, who: str, *arguments: str) -> Ran:
        """`insyn site ARGUMENTS` as one person at their own account on the machine."""
        self.patch.setenv("XDG_STATE_HOME", str(self.state / who))
        return insyn("--data", str(self.data), "site", *arguments)

    def claimed(self, who: str, token: str) -> None:
        password = self.words(f"{who}-password", PASSWORD)
        ran = self.run(
            who, "claim", "--token", token, "--name", who, "--password-file", password, "--json"
        )
        assert ran.code == 0, ran.err

    def sign_in(self, who: str, *more: str) -> None:
        ran = self.run(
            who, "sign-in", who, "--password-file", self.words(f"{who}-password", PASSWORD), *more
        )
        assert ran.code == 0, ran.err


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as made:
        for name in ("INSYN_TOKEN", "INSYN_CONSOLE", "INSYN_DATA"):
            made.delenv(name, raising=False)
        yield made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("site")
    (root / "state").mkdir()
    made = Site(
        data=root / "data", site=site_directory(DataDirectory(root=root / "data")),
        state=root / "state", patch=patch,
    )  # fmt: skip
    begun = made.run("anna", "init", "--json")
    made.claimed("anna", begun.json["token"])
    made.sign_in("anna")
    ids = {}
    for who, role in (
        ("ines", "investigator"), ("carl", "custodian"), ("cora", "custodian"),
        ("oskar", "operator"),
    ):  # fmt: skip
        ran = made.run("anna", "user", "add", who, "--role", role, "--json")
        assert ran.code == 0, ran.err
        ids[who] = ran.json["id"]
        made.claimed(who, ran.json["token"])
        made.sign_in(who)
    owner, now = Actor(id="site", roles=frozenset(Role)), datetime.now(UTC)
    with open_site(made.site) as store, store.writing() as connection:
        vault = folder.make_vault(
            connection, made.site, {ids[who]: words for who, words in WORDS.items()},
            needed=2, who="site", now=now, cost=1 << 14,
        )  # fmt: skip
        camera = add(
            connection,
            Wanted(name="Hall", main=read_address("virtual://concourse?seed=7")[0]),
            keeper=CredentialKeeper(open_site_key(made.site.key)),
            room_for=lambda _: "",
            actor=owner,
            now=now,
        ).id
    archive = MaskedArchive(made.site.archive)
    archive.record(AT_S, 10, camera=camera, seal=vault)
    archive.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made.url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "insyn.cli.main", "--data", str(made.data)]
    with subprocess.Popen([*command, "site", "web", "--port", str(port)]) as process:
        try:
            until_it_answers(made.url)
            yield made
        finally:
            process.terminate()
            process.wait(20)


def until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{url}/healthz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            assert time.monotonic() < deadline, "the console did not start"
            time.sleep(0.05)


def asked(place: Site) -> str:
    ran = place.run("ines", "release", "ask", "Hall", *SPAN, *WHY, "--minutes", "5", "--json")
    assert ran.code == 0, ran.err
    return str(ran.json["id"])


def agree(place: Site, who: str, release: str, words: str | None = None) -> Ran:
    file = place.words(f"{who}-share", words or WORDS[who])
    return place.run(who, "release", "agree", release, "--passphrase-file", file, "--json")


def test_from_asking_to_the_end(place: Site) -> None:
    release = asked(place)
    shown = place.run("carl", "release", "show", release)
    assert "A bag was taken" in shown.out
    assert "asked, 0 of 2 agreed" in shown.out
    waits = agree(place, "carl", release).json
    assert (waits["state"], waits["needs_again"]) == ("asked", [])
    wrong = agree(place, "cora", release, "not the right passphrase")
    assert (wrong.code, "passphrase is wrong" in wrong.err) == (1, True)
    opened = agree(place, "cora", release)
    assert opened.json["state"] == "open"
    assert opened.json["until"]
    listed = place.run("oskar", "release", "list", "--json").json
    assert [one["state"] for one in listed if one["id"] == release] == ["open"]
    assert place.run("oskar", "release", "end", release).code == 1
    ended = place.run("ines", "release", "end", release, "--json")
    assert ended.json["state"] == "ended"
    with open_site(place.site) as store, store.reading() as connection:
        steps = [
            leaf.what.get("step")
            for number in range(log.size(connection))
            if (leaf := log.find(connection, number)).what.get("release") == release
        ]
    assert steps == [None, "agreed", "share-refused", "agreed", "opened", "ended"]


def test_a_release_is_shown_with_names_and_the_sites_time(place: Site) -> None:
    release = asked(place)
    shown = place.run("carl", "release", "show", release)
    assert "asked by   ines (" in shown.out
    assert re.search(r"span +2026-\S+ \S+ to 2026-\S+ \S+ UTC", shown.out)  # a new site's zone
    assert "kept       " in shown.out
    assert place.run("carl", "release", "show", release, "--json").json["missing"] == []


def test_what_was_never_recorded_is_not_asked_for(place: Site) -> None:
    early = ("--from", "2020-01-01T00:00:00Z", "--until", "2020-01-01T00:10:00Z")
    ran = place.run("ines", "release", "ask", "Hall", *early, *WHY)
    assert (ran.code, "no original of this camera is kept" in ran.err) == (1, True)


def test_a_custodian_refuses(place: Site) -> None:
    release = asked(place)
    short = place.run("carl", "release", "refuse", release, "--because", "no")
    assert (short.code, "sentence" in short.err) == (2, True)
    ran = place.run(
        "carl", "release", "refuse", release, "--because", "The masked pictures show it well."
    )
    assert ran.code == 0, ran.err
    assert "refused" in ran.out


def test_whoever_asked_takes_a_request_back(place: Site) -> None:
    release = asked(place)
    assert agree(place, "carl", release).json["state"] == "asked"
    assert place.run("carl", "release", "withdraw", release).code == 1
    ran = place.run("ines", "release", "withdraw", release, "--json")
    assert (ran.code, ran.json["state"]) == (0, "withdrawn")
    late = agree(place, "cora", release)
    assert (late.code, "is withdrawn" in late.err) == (1, True)
    assert place.run("ines", "release", "withdraw", release).code == 1


def test_who_may_not_is_refused_with_the_reason(place: Site) -> None:
    release = asked(place)
    for who in ("ines", "oskar"):
        ran = agree(place, who, release, "whatever words are given")
        assert ran.code == 1
        assert "role custodian" in ran.err
    ran = place.run("carl", "release", "ask", "Hall", *SPAN, *WHY)
    assert (
        ran.code,
        "asking for a release needs the role investigator or operator" in ran.err,
    ) == (1, True)
    assert place.run("nobody", "release", "list").code == 1


def test_live_is_not_for_a_self_declared_site(place: Site) -> None:
    ran = place.run("ines", "release", "ask", "Hall", "--live", *WHY)
    assert (ran.code, "no permit in force" in ran.err) == (1, True)
    both = place.run("ines", "release", "ask", "Hall", "--live", *SPAN, *WHY)
    assert both.code == 2
    assert place.run("ines", "release", "ask", "Hall", *WHY).code == 2


def test_a_camera_that_is_not_there_and_an_absurd_id(place: Site) -> None:
    ran = place.run("ines", "release", "ask", "Cellar", *SPAN, *WHY)
    assert (ran.code, "no camera" in ran.err) == (1, True)
    assert place.run("ines", "release", "show", "../session").code == 2
    assert place.run("ines", "release", "show", "rel-000000000000").code == 1


def test_over_the_network_nothing_goes_in_the_clear(place: Site) -> None:
    for url in ("http://cameras.example", "ftp://127.0.0.1", "cameras"):
        ran = place.run("ines", "release", "list", "--console", url)
        assert ran.code == 2, url


def test_a_console_that_does_not_run_is_named(place: Site) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        place.patch.setenv("XDG_STATE_HOME", str(place.state / "ines"))
        from insyn.cli.acting import keep_at
        from insyn.cli.site_console import place_of_url

        keep_at(place_of_url(url), "session_x")
        ran = place.run("ines", "release", "list", "--console", url)
    assert (ran.code, "does not answer" in ran.err) == (3, True)


def test_signing_in_at_the_console_from_elsewhere(place: Site) -> None:
    at = ("--console", place.url)
    place.sign_in("oskar", *at)
    assert "oskar" in place.run("oskar", "whoami", *at).out
    assert place.run("oskar", "release", "list", *at).code == 0
    wrong = place.run(
        "oskar", "sign-in", "oskar", "--password-file", place.words("w", "quite another one"), *at
    )
    assert wrong.code == 1
    assert place.run("oskar", "sign-out", *at).code == 0
    assert place.run("oskar", "release", "list", *at).code == 1


def test_an_account_is_claimed_at_the_console_once(place: Site) -> None:
    invited = place.run("anna", "user", "add", "olle", "--role", "operator", "--json").json
    at = ("--console", place.url)
    claim = ("claim", "--token", invited["token"], "--password-file", place.words("o", PASSWORD))
    short = ("claim", "--token", invited["token"], "--password-file", place.words("s", "short"))
    assert place.run("olle", *short, *at).code == 1
    assert place.run("olle", *claim, *at).code == 0
    again = place.run("olle", *claim, *at)
    assert again.code == 1
    assert "insyn site init --new-token" in again.err
    place.sign_in("olle", *at)
    changed = place.run(
        "olle", "password", "--old-password-file", place.words("o", PASSWORD),
        "--password-file", place.words("n", "another few words of mine"), *at,
    )  # fmt: skip
    assert changed.code == 0, changed.err
    assert place.run("olle", "whoami", *at).code == 1, "every session ends"


def test_an_administrator_manages_people_here_and_nobody_else_does(place: Site) -> None:
    listed = place.run("anna", "user", "list", "--json").json
    assert {"anna", "ines", "carl", "cora", "oskar"} <= {one["name"] for one in listed}
    assert place.run("ines", "user", "list").code == 1
    person = place.run("anna", "user", "add", "oda", "--role", "operator", "--json").json
    assert "insyn site claim" in place.run("anna", "user", "invite", person["id"]).err
    granted = place.run("anna", "user", "grant", "oda", "investigator", "--json").json
    assert granted["roles"] == ["investigator", "operator"]
    assert place.run("anna", "user", "withdraw", "oda", "operator").code == 0
    assert place.run("anna", "user", "disable", "oda", "--json").json["state"] == "disabled"
    assert place.run("anna", "user", "grant", "anna", "operator").code == 1, "not to oneself"
    with open_site(place.site) as store, store.reading() as connection:
        assert users.find(connection, "oda").state is users.State.DISABLED
