"""Accounts in the console: claimed by a one-time token, passwords changed, people invited."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.support.asgi_client import AsgiClient

from insyn.base.clock import system_clock
from insyn.site.console.app import create_app
from insyn.site.console.desk import SiteDesk
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import site_public_key
from insyn.trust.ledger import log
from insyn.trust.people import users
from insyn.web.signing import COOKIE

WORDS = "four unrelated words here"
OTHERS = "another few words of mine"
ORIGIN = {"Origin": "http://127.0.0.1"}


@dataclass
class Console:
    app: Any
    desk: SiteDesk
    first: str
    """The one-time token of the first administrator."""

    def client(self) -> AsgiClient:
        return AsgiClient(self.app)

    def claim(
        self, token: str, name: str, password: str = WORDS, again: str = ""
    ) -> httpx.Response:
        form = {"token": token, "name": name, "password": password, "again": again or password}
        return self.client().post("/claim", data=form, headers=ORIGIN)

    def signed_in(self, name: str, password: str = WORDS) -> AsgiClient:
        client = self.client()
        form = {"name": name, "password": password, "to": "/people"}
        answer = client.post("/sign-in", data=form, headers=ORIGIN)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/people")
        return client

    def state(self, name: str) -> tuple[str, list[str]]:
        with self.desk.store.reading() as connection:
            found = users.find(connection, name)
        return str(found.state), sorted(found.roles)

    def person(self, name: str) -> str:
        with self.desk.store.reading() as connection:
            return users.find(connection, name).id


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    site = SiteDirectory(root=tmp_path_factory.mktemp("site") / "site")
    site_public_key(site)
    desk = SiteDesk(site, clock=system_clock)
    with desk.store.writing() as connection:
        token = users.invite_first(connection, now=system_clock())
    made = Console(app=create_app(desk), desk=desk, first=token)
    # The first administrator chooses a name, and a refusal costs the token nothing.
    refused = made.claim(token, "")
    assert refused.status_code == 400
    assert "Choose the name" in refused.text
    assert made.claim(token, "Anna").status_code == 303
    yield made
    desk.close()


def invited(client: AsgiClient, name: str, *roles: str) -> str:
    answer = client.post("/people", data={"name": name, "role": list(roles)}, headers=ORIGIN)
    assert answer.status_code == 200, answer.text
    found = re.search(r'class="mono">(once_[^<]+)</p>', answer.text)
    assert found, "the one-time token is shown"
    return html.unescape(found[1])


def test_a_token_is_used_once_and_a_wrong_one_never(console: Console) -> None:
    for token in (console.first, "once_nothing", ""):
        answer = console.claim(token, "Somebody")
        assert answer.status_code == 400, token
    answer = console.claim("once_nothing", "Somebody")
    assert "Somebody" in answer.text, "what was typed stays"
    (said,) = re.findall(r'<span class="wrong" id="e-token">(.*?)</span>', answer.text)
    assert "mistyped" in said
    assert "insyn site init --new-token" in said


def test_the_claim_page_is_open_and_takes_a_token_from_its_address(console: Console) -> None:
    answer = console.client().get("/claim", params={"token": 'once_"><script>'})
    assert answer.status_code == 200
    assert "<script>" not in answer.text.replace('<script type="module"', "")
    assert "once_&#34;&gt;" in answer.text


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [("short", "short", "12"), (WORDS, OTHERS, "differ"), ("password1234", "password1234", "")],
)
def test_a_bad_password_is_refused_and_the_token_stays_good(
    console: Console, password: str, again: str, said: str
) -> None:
    name = f"Person {len(password)} {said}"
    token = invited(console.signed_in("Anna"), name, "operator")
    answer = console.claim(token, "", password, again)
    assert answer.status_code == 400
    assert said in answer.text
    assert console.claim(token, "").status_code == 303
    assert console.state(name) == ("active", ["operator"])


def test_whoever_is_invited_signs_in_with_their_own_password(console: Console) -> None:
    token = invited(console.signed_in("Anna"), "Oskar", "operator", "investigator")
    assert console.state("Oskar") == ("invited", ["investigator", "operator"])
    assert console.claim(token, "Oskar Berg").status_code == 303
    wrong = console.client().post(
        "/sign-in", data={"name": "Oskar Berg", "password": OTHERS}, headers=ORIGIN
    )
    assert wrong.status_code == 401
    client = console.client()
    form = {"name": "oskar berg", "password": WORDS, "to": "/"}
    assert client.post("/sign-in", data=form, headers=ORIGIN).status_code == 303
    assert client.get("/").status_code == 200
    assert client.get("/people").status_code == 403


def test_a_new_password_ends_every_session(console: Console) -> None:
    token = invited(console.signed_in("Anna"), "Ines", "investigator")
    console.claim(token, "")
    form = {"name": "Ines", "password": WORDS, "to": "/"}
    here, there = console.client(), console.client()
    for client in (here, there):
        client.post("/sign-in", data=form, headers=ORIGIN)
        assert client.get("/password").status_code == 200
    change = {"old": "not it, not it, not it", "password": OTHERS, "again": OTHERS}
    assert here.post("/password", data=change, headers=ORIGIN).status_code == 400
    change["old"] = WORDS
    differs = here.post("/password", data=change | {"again": "x"}, headers=ORIGIN)
    assert (differs.status_code, "differ" in differs.text) == (400, True)
    assert here.post("/password", data=change, headers=ORIGIN).status_code == 303
    for client in (here, there):
        assert client.get("/password").headers["location"].startswith("/sign-in")
    form["password"] = OTHERS
    assert console.client().post("/sign-in", data=form, headers=ORIGIN).status_code == 303


def test_roles_are_given_taken_and_people_disabled(console: Console) -> None:
    anna = console.signed_in("Anna")
    console.claim(invited(anna, "Carl", "custodian"), "")
    carl = console.client()
    carl.post("/sign-in", data={"name": "Carl", "password": WORDS, "to": "/"}, headers=ORIGIN)
    assert carl.get("/releases").status_code == 200
    path = f"/people/{console.person('Carl')}"
    for action, role, held in (
        ("grant", "operator", ["custodian", "operator"]),
        ("withdraw", "custodian", ["operator"]),
    ):
        answer = anna.post(path, data={"action": action, "role": role}, headers=ORIGIN)
        assert answer.status_code == 303, answer.text
        assert console.state("Carl")[1] == held
    assert carl.get("/releases").status_code == 303, "a change of roles ends the session"
    assert anna.post(path, data={"action": "disable"}, headers=ORIGIN).status_code == 303
    assert console.state("Carl")[0] == "disabled"
    form = {"name": "Carl", "password": WORDS}
    assert console.client().post("/sign-in", data=form, headers=ORIGIN).status_code == 401
    assert anna.post(path, data={"action": "enable"}, headers=ORIGIN).status_code == 303
    again = anna.post(path, data={"action": "invite"}, headers=ORIGIN)
    assert "once_" in again.text


def test_whoever_failed_too_often_is_let_in_again(console: Console) -> None:
    anna = console.signed_in("Anna")
    console.claim(invited(anna, "Olle", "operator"), "")
    wrong, right = {"name": "Olle", "password": OTHERS}, {"name": "Olle", "password": WORDS}
    for _ in range(6):
        console.client().post("/sign-in", data=wrong, headers=ORIGIN)
    waits = console.client().post("/sign-in", data=right, headers=ORIGIN)
    assert (waits.status_code, "Too many tries" in waits.text) == (401, True)
    path = f"/people/{console.person('Olle')}"
    assert anna.post(path, data={"action": "unlock"}, headers=ORIGIN).status_code == 303
    assert console.client().post("/sign-in", data=right, headers=ORIGIN).status_code == 303


def test_what_excludes_each_other_is_refused_in_words(console: Console) -> None:
    anna = console.signed_in("Anna")
    both = anna.post(
        "/people", data={"name": "Both", "role": ["administrator", "custodian"]}, headers=ORIGIN
    )
    assert both.status_code == 400
    assert "at once" in both.text
    mine = anna.post(
        f"/people/{console.person('Anna')}", data={"action": "grant", "role": "operator"},
        headers=ORIGIN,
    )  # fmt: skip
    assert mine.status_code == 400
    twice = anna.post("/people", data={"name": "ANNA", "role": "operator"}, headers=ORIGIN)
    assert twice.status_code == 400


def test_a_role_of_an_office_is_refused_and_not_shown(console: Console) -> None:
    anna = console.signed_in("Anna")
    invited(anna, "Nils", "operator")
    assert "approver" not in anna.get("/people").text
    asked = {
        "/people": {"name": "Per", "role": ["operator", "approver"]},
        f"/people/{console.person('Nils')}": {"action": "grant", "role": "approver"},
    }
    for path, form in asked.items():
        refused = anna.post(path, data=form, headers=ORIGIN)
        assert refused.status_code == 400
        assert "a role of an office, not of a site" in refused.text
    assert console.state("Nils") == ("invited", ["operator"])
    assert ">Per<" not in anna.get("/people").text


def test_a_form_from_another_page_changes_nothing(console: Console) -> None:
    anna = console.signed_in("Anna")
    form = {"name": "Mallory", "role": "administrator"}
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert anna.post("/people", data=form, headers=elsewhere).status_code == 403
    assert anna.post("/people", data=form).status_code == 403, "a cookie and no origin"


def test_no_name_and_no_secret_stands_in_the_tree(console: Console) -> None:
    with console.desk.store.reading() as connection:
        said = [str(dict(log.find(connection, n).what)) for n in range(log.size(connection))]
    assert len(said) > 10
    for word in ("Anna", "Oskar", "once_", WORDS):
        assert not any(word in one for one in said)


def test_the_cookie_is_kept_from_scripts_and_other_sites(console: Console) -> None:
    client = console.client()
    answer = client.post("/sign-in", data={"name": "Anna", "password": WORDS}, headers=ORIGIN)
    cookie = answer.headers["set-cookie"].lower()
    assert COOKIE in cookie
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
