"""`insyn site vault`: custodians by name, and what is refused before anybody types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.run_insyn import Ran, insyn

PASSWORD = "granit och hav och 7 moln"
WORDS = {
    "carl": "lantern under the stairs",
    "cora": "nine geese went north",
    "clio": "salt on sill",
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("INSYN_TOKEN", raising=False)
    (tmp_path / "password").write_text(PASSWORD + "\n", "utf-8")
    for who, words in WORDS.items():
        (tmp_path / who).write_text(words + "\n", "utf-8")
    return tmp_path


@pytest.fixture
def ids() -> dict[str, str]:
    insyn("site", "init")
    return {
        name: str(insyn("site", "user", "add", name, role, "--json").json["id"])
        for name, role in (*((who, "custodian") for who in WORDS), ("oskar", "operator"))
    }


def files(place: Path, *who: str, option: str = "--passphrase-file") -> list[str]:
    return [part for one in who for part in (option, str(place / one))]


def named(*who: str) -> list[str]:
    return [part for one in who for part in ("--custodian", one)]


def typed(*arguments: str) -> Ran:
    """Run where there is no terminal: what is asked for first stands in the refusal."""
    ran = subprocess.run(
        [sys.executable, "-m", "insyn.cli.main", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        start_new_session=True,
    )  # fmt: skip
    return Ran(code=ran.returncode, out=ran.stdout, err=ran.stderr)


def test_custodians_are_named_by_name_or_id_and_shown_with_both(
    place: Path, ids: dict[str, str]
) -> None:
    made = insyn(
        "site",
        "vault",
        "init",
        *named("CARL", ids["cora"]),
        *files(place, "carl", "cora"),
        "--json",
    )
    assert made.code == 0, made.err
    assert made.json["custodians"] == sorted((ids["carl"], ids["cora"]))
    shown = insyn("site", "vault", "show", "--json").json
    assert shown["names"] == {ids["carl"]: "carl", ids["cora"]: "cora"}
    assert f"carl ({ids['carl']})" in insyn("site", "vault", "show").out
    shared = insyn(
        "site", "vault", "share", "--by", "carl", "--by", ids["cora"],
        *files(place, "carl", "cora", option="--by-passphrase-file"),
        *named("clio", "cora"), *files(place, "clio", "cora"),
    )  # fmt: skip
    assert shared.code == 0, shared.err
    held = insyn("site", "vault", "show", "--json").json["names"]
    assert sorted(held.values()) == ["clio", "cora"]
    changed = insyn(
        "site", "vault", "passphrase", "clio",
        *files(place, "clio"), "--new-passphrase-file", str(place / "password"),
    )  # fmt: skip
    assert changed.code == 0, changed.err


def test_a_custodian_is_asked_by_name(ids: dict[str, str]) -> None:
    asked = typed("site", "vault", "init", *named("cora", "carl"))
    assert asked.code == 2
    assert f"Passphrase of cora ({ids['cora']})" in asked.err


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (("carl", "nobody"), "no such person"),
        (("carl", "oskar"), "insyn site user grant"),
        (("carl", "CARL"), "named twice"),
        (("carl",), "at least 2"),
    ],
)
@pytest.mark.usefixtures("ids")
def test_what_cannot_be_is_refused_before_anybody_types(who: tuple[str, ...], said: str) -> None:
    refused = typed("site", "vault", "init", *named(*who))
    assert refused.code in (1, 2)
    assert said in refused.err
    assert "Passphrase of" not in refused.err


def test_whoever_may_not_is_told_before_anybody_types(place: Path) -> None:
    token = insyn("site", "init").out.strip()
    word = ("--password-file", str(place / "password"))
    assert insyn("site", "claim", "--token", token, "--name", "anna", *word).code == 0
    assert insyn("site", "sign-in", "anna", *word).code == 0
    for who, role in (("carl", "custodian"), ("cora", "custodian"), ("oskar", "operator")):
        token = insyn("site", "user", "add", who, role, "--json").json["token"]
        assert insyn("site", "claim", "--token", token, *word).code == 0
    assert insyn("site", "sign-in", "oskar", *word).code == 0
    refused = typed("site", "vault", "init", *named("carl", "cora"))
    assert refused.code == 1
    assert "needs the role administrator or custodian" in refused.err
    assert "Passphrase of" not in refused.err
    assert insyn("site", "sign-in", "carl", *word).code == 0
    made = insyn("site", "vault", "init", *named("carl", "cora"), *files(place, "carl", "cora"))
    assert made.code == 0, made.err
    again = typed("site", "vault", "init", *named("carl", "cora"))
    assert (again.code, "this site has a vault" in again.err) == (1, True)
    stranger = typed("site", "vault", "passphrase", "oskar")
    assert (stranger.code, "holds no share" in stranger.err) == (1, True)
