"""What somebody typed is not lost: a refused form comes back as it was, and says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.asgi_client import AsgiClient
from tests.support.masked_archive import MaskedArchive
from tests.support.page_forms import Form, Page
from tests.support.permitted import LIVE, permit_site
from tests.support.served_site import PASSWORD, WORDS, MadeSite, make_site

from insyn.site.console.app import create_app
from insyn.site.console.desk import MENU, SiteDesk
from insyn.site.release.live import LiveRequest
from insyn.trust.people.duties import Actor, Role
from insyn.web.signing import COOKIE

PAGES = {
    "anna": ("/cameras", "/cameras/hall", "/people", "/permit", "/privacy"),
    "ines": ("/releases", "/exports"),
    "paula": ("/privacy/walk/hall",),
    "": ("/sign-in", "/claim"),
}
TOO_LONG = 6000
ASK = {
    "camera": "hall",
    "begins": "2026-11-18T12:00:00",
    "ends": "2026-11-18T12:10:00",
    "reason": "A bag was taken at the machines.",
    "basis": "GDPR Article 6(1)(f)",
    "case_number": "K-17",
    "minutes": "30",
}
BREAK = {name: ASK[name] for name in ("camera", "reason", "basis", "case_number")} | {
    "minutes": "5"
}
ADD = {"name": "Yard", "url": "virtual://concourse?seed=8", "place": "east", "user": "", "sub": ""}
SAY = {
    "name": "Norrby station", "controller": "Norrby Stationer (invented)",
    "necessity": "Two attacks since May; lamps were tried first.", "time_zone": "Europe/Stockholm",
    "retention_days": "14", "notice_url": "",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Console:
    made: MadeSite
    app: Any
    desk: SiteDesk
    sessions: Mapping[str, str]

    def client(self, who: str) -> AsgiClient:
        client = AsgiClient(self.app)
        if who:
            client.cookies.set(COOKIE, self.sessions[who])
        return client

    def post(self, who: str, path: str, form: Mapping[str, Any]) -> Any:
        headers = {"Origin": "http://127.0.0.1"}
        return self.client(who).post(path, data=dict(form), headers=headers)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    made = make_site(tmp_path_factory.mktemp("norrby"), {"Hall": "virtual://concourse?seed=7"})
    permit_site(made.site, masking=LIVE)
    MaskedArchive(made.site.archive).close()
    desk = SiteDesk(made.site)
    who = ("anna", "ines", "carl", "paula", "oskar")
    yield Console(
        made=made, app=create_app(desk), desk=desk, sessions={one: made.session(one) for one in who}
    )
    desk.close()


def form_at(text: str, action: str) -> Form:
    (found,) = [one for one in Page(text).forms() if one.action == action and one.texts]
    return found


def typed_forms() -> list[tuple[str, str]]:
    return [(who, page) for who, pages in PAGES.items() for page in pages]


@pytest.mark.parametrize(("who", "page"), typed_forms())
def test_every_form_keeps_what_was_typed_when_it_is_refused(
    console: Console, who: str, page: str
) -> None:
    """Forms are taken from the pages, so that a new field is tried without being named here."""
    forms = [one for one in Page(console.client(who).get(page).text).forms() if one.texts]
    assert forms, "a page whose forms hold nothing typed needs no row"
    for form in forms:
        typed = {name: f"{name}, typed <& " + "x" * TOO_LONG for name in form.texts}
        if form.action in ("/sign-in", "/claim"):
            typed = {name: f"{name}, typed <&" for name in form.texts}
        chosen = {name: options[-1] for name, options in form.offered.items()}
        secret = {"password": PASSWORD, "again": PASSWORD + "2"}
        sent = {**form.hidden, **chosen, **typed, **secret}
        answer = console.post(who, form.action, sent)
        assert answer.status_code in (400, 401), (form.action, answer.status_code)
        again = form_at(answer.text, form.action)
        for name, value in typed.items():
            assert again.texts[name] == value, f"{form.action} lost what was typed as {name}"
        for name, value in chosen.items():
            if name != "file":
                assert value in again.chosen.get(name, again.offered[name][:1]), name
        assert PASSWORD not in answer.text
        focus = Page(answer.text).focus()
        assert focus.described.strip(), "the focus lies where the sentence is"


def test_no_page_of_the_menu_has_a_form_that_is_not_tried(console: Console) -> None:
    tried = {page for pages in PAGES.values() for page in pages}
    for who in console.sessions:
        for link in MENU:
            answer = console.client(who).get(link.href)
            forms = Page(answer.text).forms() if answer.status_code == 200 else []
            assert link.href in tried or not any(one.texts for one in forms), link.href


@pytest.mark.parametrize(
    ("who", "path", "form", "wrong", "field", "said"),
    [
        ("ines", "/releases", ASK, {"reason": "no"}, "reason", "in a sentence"),
        ("ines", "/releases", ASK, {"basis": " "}, "basis", "legal basis"),
        ("ines", "/releases", ASK, {"case_number": "K" * 121}, "case_number", "120"),
        ("ines", "/releases", ASK, {"begins": "soon"}, "begins", "date and time"),
        ("ines", "/releases", ASK, {"begins": "2097-01-01T12:00"}, "ends", "must follow"),
        ("ines", "/releases", ASK, {"ends": "2026-11-18T11:00"}, "ends", "two hours"),
        ("ines", "/releases", ASK, {"minutes": "soon"}, "minutes", "whole number"),
        ("ines", "/releases", ASK, {"minutes": "600"}, "minutes", "at most"),
        ("ines", "/releases", ASK, {"camera": "cellar"}, "camera", "no camera"),
        ("ines", "/break-glass", BREAK, {"reason": "now"}, "reason", "in a sentence"),
        ("ines", "/break-glass", BREAK, {"minutes": "16"}, "minutes", "15"),
        ("ines", "/break-glass", BREAK, {"case_number": ""}, "case_number", "case number"),
        ("ines", "/exports", {**ASK, "ends": ASK["begins"]}, {}, "ends", "ends after"),
        ("anna", "/cameras", ADD, {"name": "hall"}, "name", "already"),
        ("anna", "/cameras", ADD, {"url": "ftp://192.0.2.7/a"}, "url", "reached by"),
        ("anna", "/cameras", ADD, {"url": "/no/such/clip.mp4"}, "url", ""),
        ("anna", "/cameras", ADD, {"sub": "ftp://192.0.2.7/a"}, "sub", "reached by"),
        ("anna", "/cameras", ADD, {"style": "glass"}, "style", "solid"),
        ("anna", "/cameras/hall", ADD, {"days": "ten"}, "days", "whole number"),
        ("anna", "/cameras/hall", ADD, {"place": "x\ny"}, "place", "a line"),
        ("anna", "/people", {"name": "Ines"}, {}, "name", "already"),
        ("anna", "/permit", {"kind": "root", "fingerprint": "ab cd"}, {}, "file", "choose"),
        ("anna", "/privacy", SAY, {"time_zone": "Norrby"}, "time_zone", "Europe/Stockholm"),
        ("anna", "/privacy", SAY, {"retention_days": "0"}, "retention_days", "1 to 1826"),
        ("anna", "/privacy", SAY, {"notice_url": "norrby"}, "notice_url", "address"),
        ("paula", "/privacy/scene", {"camera": "hall", "asked": "empty-now"}, {}, "nobody", "tick"),
        ("paula", "/privacy/walk/hall", {"held": "no", "note": " "}, {}, "note", "what was seen"),
    ],
)
def test_the_sentence_stands_beside_its_field_which_has_the_focus(
    console: Console, who: str, path: str, form: dict[str, str], wrong: dict[str, str],
    field: str, said: str,
) -> None:  # fmt: skip
    sent = {**form, **wrong}
    answer = console.post(who, path, sent)
    assert answer.status_code == 400, answer.text
    page = Page(answer.text)
    focus = page.focus()
    assert (focus.name, focus.is_invalid) == (field, True)
    assert said.casefold() in re.sub(r"\s+", " ", focus.described).casefold()
    (found,) = [one for one in page.forms() if one.action == path]
    for name, value in found.texts.items():
        assert value == sent.get(name, value), name


@pytest.mark.parametrize("who", ["ines"])
def test_break_glass_opens_again_where_it_was_refused(console: Console, who: str) -> None:
    answer = console.post(who, "/break-glass", BREAK | {"reason": "<now> & here"})
    assert re.search(r'<details class="more" open>\s*<summary>Break glass', answer.text)
    assert form_at(answer.text, "/break-glass").texts["reason"] == "<now> & here"
    assert form_at(answer.text, "/releases").texts["reason"] == "", "the other form is another"


def test_roles_stay_ticked_and_the_reason_has_the_focus(console: Console) -> None:
    roles = ("administrator", "custodian")
    answer = console.post("anna", "/people", {"name": "Both", "role": list(roles)})
    page = Page(answer.text)
    assert "at once" in page.focus().described
    assert set(form_at(answer.text, "/people").chosen["role"]) == set(roles)
    assert form_at(answer.text, "/people").texts["name"] == "Both"


def test_a_password_in_an_address_is_not_shown_again(console: Console) -> None:
    for url in ("rtsp://root:geheim9@192.0.2.7:port/a", "rtsp://root:geheim9@/a"):
        for path in ("/cameras", "/cameras/hall"):
            answer = console.post(
                "anna", path, ADD | {"url": url, "sub": url, "password": "geheim9"}
            )
            assert answer.status_code == 400
            assert "geheim9" not in answer.text


def test_a_custodians_reason_stays_and_the_passphrase_does_not(console: Console) -> None:
    asker = Actor(id=console.made.people["oskar"], roles=frozenset({Role.OPERATOR}))
    release = console.desk.releases.ask_live(
        LiveRequest(
            camera="hall", reason="Somebody lies there.", basis="b", case_number="K-1", minutes=5
        ),
        actor=asker,
    ).id
    path = f"/releases/{release}"
    refused = console.post("carl", path, {"action": "refuse", "because": "No need."})
    focus = Page(refused.text).focus()
    assert (refused.status_code, focus.name, focus.is_invalid) == (400, "because", True)
    assert "say in a sentence" in focus.described.casefold()
    assert form_at(refused.text, path).texts["because"] == "No need."
    wrong = console.post("carl", path, {"action": "agree", "passphrase": WORDS["cora"]})
    assert wrong.status_code == 400
    assert WORDS["cora"] not in wrong.text
    assert Page(wrong.text).focus().described.strip()
    mine = console.client("oskar").get(path).text
    assert 'value="withdraw"' in mine
    assert 'value="withdraw"' not in console.client("carl").get(path).text
    others = console.post("carl", path, {"action": "withdraw"})
    assert (others.status_code, "alone" in others.text) == (400, True)
    assert console.post("oskar", path, {"action": "withdraw"}).status_code == 303
    after = console.client("oskar").get(path).text
    assert "withdrawn" in after
    assert 'value="withdraw"' not in after
    late = console.post("carl", path, {"action": "agree", "passphrase": WORDS["carl"]})
    assert "is withdrawn; ask for a new one" in late.text
