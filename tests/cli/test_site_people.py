"""`insyn site init` and `insyn site user`: who is made known at a site, and as what."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.run_insyn import insyn

from insyn.base.canonical import Json
from insyn.site.directory import SiteDirectory
from insyn.site.store import open_site
from insyn.trust.ledger import log

PASSWORD = "granit och hav och 7 moln"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("INSYN_TOKEN", raising=False)
    (tmp_path / "password").write_text(PASSWORD + "\n", "utf-8")
    return tmp_path


def claim(place: Path, token: str, *more: str) -> int:
    file = str(place / "password")
    return insyn("site", "claim", "--token", token, "--password-file", file, *more).code


def test_another_init_is_refused_and_the_first_token_stays_good(place: Path) -> None:
    first = insyn("site", "init", "--json").json
    again = insyn("site", "init")
    assert (again.code, again.out) == (1, "")
    assert "--new-token" in again.err
    assert claim(place, first["token"], "--name", "Ada") == 0


def test_a_lost_token_is_replaced_where_that_is_asked_for(place: Path) -> None:
    first = insyn("site", "init", "--json").json
    assert first["voids_earlier"] is False
    invited = insyn("site", "user", "add", "Olle", "--role", "operator", "--json").json
    second = insyn("site", "init", "--new-token", "--json").json
    assert second["voids_earlier"] is True
    assert second["fingerprint"] == first["fingerprint"]
    told = insyn("site", "init", "--new-token")
    assert "printed before is void" in told.err
    for void in (first["token"], second["token"]):
        assert claim(place, void, "--name", "Ada") == 1
    assert claim(place, told.out.strip(), "--name", "Ada") == 0
    assert claim(place, invited["token"]) == 0, "who was invited meanwhile is not forgotten"


def test_the_ledger_says_which_settings_were_changed_and_by_whom(place: Path) -> None:
    def said() -> list[tuple[str, Json]]:
        site = SiteDirectory(root=place / "data" / "site")
        with open_site(site) as store, store.reading() as connection:
            leaves = [log.find(connection, number) for number in range(log.size(connection))]
        kept = [leaf for leaf in leaves if leaf.kind == "site.settings"]
        return [(leaf.who, leaf.what["settings"]) for leaf in kept]

    token = insyn("site", "init").out.strip()
    assert insyn("site", "settings", "name=Norr", "retention_days=9").code == 0
    assert insyn("site", "settings", "name=Norr").code == 0
    assert insyn("site", "settings", "time_zone=Nowhere").code == 2
    assert said() == [("site", ["name", "retention_days"])]
    assert claim(place, token, "--name", "Ada") == 0
    assert insyn("site", "settings", "name=Soder").code == 0, "whoever can write the files may"
    assert said()[1:] == [("site", ["name"])]


def test_a_retention_longer_than_allowed_is_told_when_it_is_set() -> None:
    insyn("site", "init")
    longer = insyn("site", "settings", "retention_days=99", "--json")
    assert (longer.code, longer.json["retention_days"]) == (0, 99)
    assert "allows at most 30, and 30 is what applies" in longer.err
    assert insyn("site", "settings", "retention_days=30").err == ""
    assert insyn("site", "settings", "name=Norr").err == ""


def test_where_there_are_people_nobody_becomes_the_first_again(place: Path) -> None:
    assert claim(place, insyn("site", "init").out.strip(), "--name", "Ada") == 0
    for more in ((), ("--new-token",)):
        refused = insyn("site", "init", *more)
        assert (refused.code, refused.out) == (1, "")
        assert "insyn site user add" in refused.err


@pytest.mark.parametrize("role", ["requester", "analyst", "approver", "export officer"])
def test_an_office_s_role_is_neither_offered_nor_taken(role: str) -> None:
    insyn("site", "init")
    assert insyn("site", "user", "add", "Olle", "--role", "operator").code == 0
    for asked in (("add", "Rut", "--role", role), ("grant", "Olle", role)):
        refused = insyn("site", "user", *asked)
        assert refused.code == 2
        assert "'custodian'" in refused.err
    people = insyn("site", "user", "list", "--json").json
    assert [(one["name"], one["roles"]) for one in people] == [
        ("administrator", ["administrator"]),
        ("Olle", ["operator"]),
    ]
    assert role not in insyn("site", "user", "add", "--help").out
    without = insyn("site", "user", "add", "Rut")
    assert without.code == 2
    assert "'privacy officer'" in without.err
    assert role not in without.err


def test_roles_are_named_as_words_or_as_options(place: Path) -> None:
    claim(place, insyn("site", "init").out.strip(), "--name", "Ada")
    file = str(place / "password")
    assert insyn("site", "sign-in", "Ada", "--password-file", file).code == 0
    added = insyn("site", "user", "add", "Olle", "operator", "--role", "investigator", "--json")
    assert added.json["roles"] == ["investigator", "operator"]
    for said in (("custodian",), ("--role", "custodian")):
        granted = insyn("site", "user", "grant", "Olle", *said, "--json").json
        assert granted["roles"] == ["custodian", "investigator", "operator"]
        taken = insyn("site", "user", "withdraw", "Olle", *said, "--json").json
        assert taken["roles"] == ["investigator", "operator"]
    both = insyn("site", "user", "grant", "Olle", "--role", "custodian", "--role", "administrator")
    assert both.code == 1
    assert insyn("site", "user", "list", "--json").json[1]["roles"] == ["investigator", "operator"]
    for step in ("grant", "withdraw"):
        nothing = insyn("site", "user", step, "Olle")
        assert (nothing.code, "--role 'operator'" in nothing.err) == (2, step == "grant")


def test_the_last_administrator_is_kept_and_the_site_s_own_command_is_advised(place: Path) -> None:
    claim(place, insyn("site", "init").out.strip(), "--name", "Ada")
    file = str(place / "password")
    assert insyn("site", "sign-in", "Ada", "--password-file", file).code == 0
    for step in (("disable", "Ada"), ("withdraw", "Ada", "administrator")):
        refused = insyn("site", "user", *step)
        assert refused.code == 1
        assert "(insyn site user grant PERSON administrator)" in refused.err


def test_a_mistyped_token_is_told_before_a_password_is_asked_for(place: Path) -> None:
    token = insyn("site", "init").out.strip()
    mistyped = ("site", "claim", "--token", token[:-1], "--name", "Ada")
    refused = insyn(*mistyped, "--password-file", str(place / "nowhere"))
    assert refused.code == 1
    for said in ("mistyped", "insyn site init --new-token", "insyn site user invite"):
        assert said in refused.err
    assert claim(place, token, "--name", "Ada") == 0
    again = insyn("site", "claim", "--token", token, "--password-file", str(place / "nowhere"))
    assert (again.code, "was used" in again.err) == (1, True)


def test_whoever_may_not_add_cameras_is_asked_for_no_password(place: Path) -> None:
    word = ("--password-file", str(place / "password"))
    claim(place, insyn("site", "init").out.strip(), "--name", "Ada")
    assert insyn("site", "sign-in", "Ada", *word).code == 0
    token = insyn("site", "user", "add", "Olle", "operator", "--json").json["token"]
    claim(place, token)
    assert insyn("site", "sign-in", "Olle", *word).code == 0
    nowhere = ("--user", "insyn", "--password-file", str(place / "nowhere"))
    for step in (("add", "Hall", "rtsp://192.0.2.1/main"), ("change", "Hall")):
        refused = insyn("site", "camera", *step, *nowhere)
        assert refused.code == 1
        assert "adding and changing cameras needs the role administrator" in refused.err


def test_whoever_is_not_signed_in_is_asked_for_no_password(place: Path) -> None:
    claim(place, insyn("site", "init").out.strip(), "--name", "Ada")
    refused = insyn("site", "password", "--old-password-file", str(place / "nowhere"))
    assert refused.code == 1
    assert "sign in first" in refused.err


def test_the_site_itself_acts_until_the_first_claim_and_never_after(place: Path) -> None:
    token = insyn("site", "init").out.strip()
    assert "needs not sign in" in " ".join(insyn("site", "user", "--help").out.split())
    assert insyn("site", "user", "add", "Olle", "operator").code == 0
    assert insyn("site", "whoami", "--json").json == {"id": "site"}
    assert claim(place, token, "--name", "Ada") == 0
    steps = (
        ("user", "add", "Rut", "operator"),
        ("user", "list"),
        ("camera", "add", "Hall", "virtual://concourse", "--no-probe"),
        ("camera", "scene", "Hall", "--empty-now"),
        ("vault", "init", "--custodian", "Olle", "--custodian", "Ada"),
    )
    for step in steps:
        refused = insyn("site", *step)
        assert refused.code == 1, step
        assert "nobody is signed in here" in refused.err, step
