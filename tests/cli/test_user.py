"""`insyn office init`, `user`, `sign-in` and `whoami`, as an office's people use them."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.run_insyn import Ran, insyn

PASSWORD = "granit och hav och 7 moln"
OTHER = "elva hattar i regnet"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("INSYN_DATABASE_URL", raising=False)
    monkeypatch.delenv("INSYN_TOKEN", raising=False)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "other").write_text(OTHER + "\n")
    return tmp_path


def claim(place: Path, token: str, name: str) -> Ran:
    file = str(place / "password")
    return insyn("user", "claim", "--token", token, "--name", name, "--password-file", file)


def sign_in(place: Path, name: str, file: str = "password") -> Ran:
    return insyn("sign-in", name, "--password-file", str(place / file), "--json")


def first(place: Path) -> str:
    """The first administrator, signed in; their id."""
    assert claim(place, insyn("office", "init").out.strip(), "Ada").code == 0
    return str(sign_in(place, "ada").json["id"])


def test_an_office_begins_with_one_administrator(place: Path) -> None:
    old = insyn("office", "init", "--json").json["token"]
    new = insyn("office", "init", "--json").json["token"]
    assert claim(place, old, "Ada").code == 1
    assert claim(place, new, "Ada").code == 0
    assert insyn("office", "init").code == 1
    assert "sign in first" in insyn("whoami").err
    person = sign_in(place, "ADA ").json["id"]
    assert insyn("whoami", "--json").json["id"] == person
    assert insyn("sign-out", "--json").json == {"signed_out": True}
    assert insyn("whoami").code == 1


def test_a_token_or_a_session_is_looked_at_before_a_password_is_asked_for(place: Path) -> None:
    nowhere = str(place / "nowhere")
    token = insyn("office", "init").out.strip()
    mistyped = insyn("user", "claim", "--token", token[1:], "--password-file", nowhere)
    assert mistyped.code == 1
    assert "mistyped" in mistyped.err
    assert "insyn office init" in mistyped.err
    first(place)
    assert insyn("sign-out").code == 0
    refused = insyn("user", "password", "--old-password-file", nowhere)
    assert (refused.code, "sign in first" in refused.err) == (1, True)


def test_a_kept_session_is_readable_by_its_owner_alone(place: Path) -> None:
    first(place)
    kept = place / "state" / "insyn" / "sessions.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert str(place / "data") not in kept.read_text()


def test_an_invited_person_sets_a_password_of_their_own(place: Path) -> None:
    first(place)
    token = insyn("user", "add", "Eve", "--role", "analyst", "--json").json["token"]
    assert claim(place, token, "Eve").code == 0
    assert insyn("user", "grant", "Eve", "approver", "--json").json["roles"] == [
        "analyst",
        "approver",
    ]
    assert insyn("user", "show", "Eve", "--json").json["waits_until"] is None
    assert [one["name"] for one in insyn("user", "list", "--json").json] == ["Ada", "Eve"]
    assert sign_in(place, "Eve").code == 0
    assert "needs the role administrator" in insyn("user", "list").err
    assert "needs the role administrator" in insyn("user", "show", "Ada").err
    assert insyn("user", "show", "Eve").code == 0


def test_a_changed_password_ends_the_session(place: Path) -> None:
    first(place)
    files = (str(place / "password"), str(place / "other"))
    changed = insyn(
        "user", "password", "--old-password-file", files[0], "--password-file", files[1]
    )
    assert changed.code == 0
    assert "your session has ended" in insyn("whoami").err
    assert sign_in(place, "Ada").code == 1
    assert sign_in(place, "Ada", "other").code == 0


def test_a_disabled_person_is_out_at_once(place: Path) -> None:
    first(place)
    token = insyn("user", "add", "Eve", "--role", "administrator", "--json").json["token"]
    claim(place, token, "Eve")
    assert insyn("user", "disable", "Eve", "--json").json["state"] == "disabled"
    assert sign_in(place, "Eve").code == 1
    assert insyn("user", "enable", "Eve", "--json").json["state"] == "active"
    assert insyn("user", "disable", "Ada").code == 0
    assert "your session has ended" in insyn("whoami").err


def test_a_token_acts_within_its_scopes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = first(place)
    made = insyn("user", "token", "add", "nightly", "--scope", "people", "--days", "2", "--json")
    insyn("sign-out")
    monkeypatch.setenv("INSYN_TOKEN", made.json["secret"])
    assert "INSYN_TOKEN is set and goes before" in sign_in(place, "ada").err
    assert "lacks the scope read" in insyn("whoami").err
    assert insyn("user", "show", "Ada", "--json").json["id"] == person
    wider = insyn("user", "token", "add", "more", "--scope", "cases")
    assert "scopes that it lacks" in wider.err
    longer = insyn("user", "token", "add", "more", "--scope", "people", "--days", "300", "--json")
    assert longer.json["expires_at"] == made.json["expires_at"]
    ended = insyn("user", "token", "revoke", made.json["id"], "--json").json
    assert ended["revoked_at"] is not None
    assert "unknown, over or revoked" in insyn("user", "show", "Ada").err


def test_an_ended_session_is_said_and_not_passed_over(place: Path) -> None:
    first(place)
    token = insyn("user", "add", "Eve", "--role", "administrator", "--json").json["token"]
    claim(place, token, "Eve")
    insyn("user", "disable", "Ada")
    words = ("--because", "another company", "--by", "Somebody")
    assert "your session has ended" in insyn("clearance", "withdraw", "1", *words).err


def test_a_sign_in_that_fails_says_who_is_still_signed_in(place: Path) -> None:
    person = first(place)
    failed = sign_in(place, "ada", "other")
    assert (failed.code, f"{person} is still signed in here" in failed.err) == (1, True)
    assert insyn("whoami", "--json").json["id"] == person
    insyn("sign-out")
    assert "still signed in" not in sign_in(place, "ada", "other").err


def test_the_first_administrator_chooses_a_name(place: Path) -> None:
    token = insyn("office", "init").out.strip()
    bare = ("user", "claim", "--token", token, "--password-file", str(place / "password"))
    refused = insyn(*bare)
    assert (refused.code, "--name" in refused.err) == (2, True)
    assert claim(place, token, "Ada").code == 0


def test_a_second_first_token_says_that_the_earlier_one_is_void(place: Path) -> None:
    assert "void" not in insyn("office", "init").err
    assert "printed before is void" in insyn("office", "init").err
    assert insyn("office", "init", "--json").json["voids_earlier"] is True


def test_nobody_is_invited_without_a_role(place: Path) -> None:
    first(place)
    done = insyn("user", "add", "eve")
    assert (done.code, "--role" in done.err) == (2, True)
    assert len(insyn("user", "list", "--json").json) == 1


def test_a_password_file_that_is_missing_is_called_one(place: Path) -> None:
    done = sign_in(place, "ada", "nowhere")
    assert (done.code, "password file" in done.err) == (3, True)
    assert "passphrase" not in done.err


def test_without_a_terminal_no_password_is_typed_for_all_to_see(place: Path) -> None:
    # A session of its own has no terminal, whatever runs the tests.
    done = subprocess.run(
        [sys.executable, "-m", "insyn.cli.main", "sign-in", "ada"],
        input=b"secret\n",
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    assert done.returncode == 2
    assert b"--password-file FILE" in done.stderr
    assert b"Warning" not in done.stderr
