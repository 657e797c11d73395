"""`insyn clearance`, as a reviewer uses it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.exact_screener import entry
from tests.support.people_desk import CHEAP, PASSWORD
from tests.support.register_desk import Desk, desk_in
from tests.support.run_insyn import Ran, insyn

from insyn.office.screening.model import Subject
from insyn.trust.ledger import log
from insyn.trust.people import tokens, users
from insyn.trust.people.duties import Role

PARTY = Subject(id="c-1", name="Nordanvind AB")
WORDS = ("--because", "another company, same name", "--by", "A. Granskare")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("INSYN_TOKEN", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("INSYN_DATABASE_URL", raising=False)
    with desk_in(tmp_path) as desk:
        desk.shelf.change(un=[entry("QDe.001", "Nordanvind AB")])
        desk.put(PARTY)
        desk.rescreen()
        yield desk


def add(*more: str) -> Ran:
    return insyn("clearance", "add", "c-1", "un", "QDe.001", *WORDS, *more)


def test_a_cleared_party_is_clear_and_shows_by_which_clearance() -> None:
    done = add()
    assert (done.code, done.out) == (0, "clearance 1: party c-1 is now clear\n")
    party = insyn("party", "show", "c-1", "--json").json
    assert party["outcome"] == "clear"
    assert party["matches"][0]["cleared"] == "1"


def test_add_prints_json_for_programs() -> None:
    given = add("--json").json
    assert (given["id"], given["outcome"], given["by"]) == ("1", "clear", "A. Granskare")


def test_adding_it_twice_is_refused() -> None:
    add()
    again = add()
    assert again.code == 1
    assert "cleared already, by clearance 1" in again.err


@pytest.mark.parametrize("reason", ["", "   "])
def test_an_empty_reason_is_wrong_usage(reason: str) -> None:
    done = insyn(
        "clearance", "add", "c-1", "un", "QDe.001", "--because", reason, "--by", "A. Granskare"
    )
    assert done.code == 2
    assert "--because is empty" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("c-9", "un", "QDe.001"), "no known party has the id 'c-9'"),
        (("c-1", "eu", "QDe.001"), "no current match with eu QDe.001"),
        (("c-1", "un", "QDe.002"), "no current match with un QDe.002"),
    ],
)
def test_what_is_not_there_is_refused(arguments: tuple[str, ...], said: str) -> None:
    done = insyn("clearance", "add", *arguments, *WORDS)
    assert done.code == 1
    assert said in done.err
    assert PARTY.name not in done.err


def test_list_shows_what_was_said_and_by_whom() -> None:
    add()
    listed = insyn("clearance", "list").out
    assert "another company, same name" in listed
    assert "A. Granskare" in listed
    assert "applies" in listed


def test_lapsed_clearances_are_listed_with_the_side_that_changed(desk: Desk) -> None:
    add()
    assert insyn("clearance", "list", "--lapsed").out == "no clearance has lapsed\n"
    desk.shelf.change(un=[entry("QDe.001", "Nordanvind AB", "Nordan")])
    desk.rescreen()
    [lapsed] = insyn("clearance", "list", "--lapsed", "--json").json
    assert (lapsed["id"], lapsed["state"], lapsed["changed"]) == ("1", "lapsed", ["entry"])
    assert "lapsed: entry changed" in insyn("clearance", "list", "--lapsed").out


def test_a_withdrawn_clearance_counts_no_more_and_stays_listed() -> None:
    add()
    done = insyn("clearance", "withdraw", "1", "--because", "new facts", "--by", "B. Chef")
    assert (done.code, done.out) == (0, "clearance 1 withdrawn: party c-1 is now review\n")
    [listed] = insyn("clearance", "list", "--json").json
    assert listed["state"] == "withdrawn"
    assert listed["withdrawn"]["because"] == "new facts"
    assert "withdrawn by B. Chef: new facts" in insyn("clearance", "list").out


def test_an_unknown_clearance_cannot_be_withdrawn() -> None:
    done = insyn("clearance", "withdraw", "9", "--because", "x", "--by", "y")
    assert done.code == 1
    assert "there is no clearance '9'" in done.err


def test_without_clearances_the_list_says_so() -> None:
    assert insyn("clearance", "list").out == "no clearances\n"
    assert insyn("clearance", "list", "--json").json == []


def signed_in(desk: Desk, *roles: Role) -> str:
    """A token's secret for somebody with roles."""
    now = datetime.now(UTC)
    with desk.store.writing() as connection:
        first = users.claim(
            connection,
            users.invite_first(connection, now=now),
            password=PASSWORD,
            passwords=CHEAP,
            now=now,
        )
        _, once = users.add(connection, "Eve", roles=roles, actor=first.actor, now=now)
        eve = users.claim(connection, once, password=PASSWORD, passwords=CHEAP, now=now)
        _, secret = tokens.add(
            connection,
            label="x",
            scopes=["screen"],
            lasts=timedelta(days=1),
            actor=eve.actor,
            now=now,
        )
    return secret


def test_whoever_is_signed_in_is_who_cleared_whatever_by_says(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSYN_TOKEN", signed_in(desk, Role.ANALYST))
    given = add("--json").json
    assert given["by"].startswith("u-")
    with desk.store.reading() as connection:
        leaves = [leaf for _, leaf in log.contents(connection) if b'"clearance.added"' in leaf]
    assert [given["by"].encode() in leaf for leaf in leaves] == [True]


def test_whoever_is_signed_in_needs_the_role(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSYN_TOKEN", signed_in(desk, Role.APPROVER))
    assert "needs the role analyst" in add().err


@pytest.mark.parametrize("by", [(), ("--by", "u-0123456789ab")])
def test_who_says_so_is_said_and_is_nobody_s_id(by: tuple[str, ...]) -> None:
    done = insyn("clearance", "add", "c-1", "un", "QDe.001", "--because", "another company", *by)
    assert done.code == 2
    assert "sign in" in done.err
