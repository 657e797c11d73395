"""`insyn party add | own | owners | export` and `insyn channel`, as an office uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.run_insyn import insyn
from tests.support.small_lists import put_in_force, write_list


@pytest.fixture(autouse=True)
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "office"
    monkeypatch.setenv("INSYN_DATA", str(root))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("INSYN_DATABASE_URL", raising=False)
    monkeypatch.delenv("INSYN_TOKEN", raising=False)
    put_in_force(root, write_list(tmp_path))
    return root


def test_a_party_is_screened_when_it_is_made_and_when_it_changes() -> None:
    first = insyn("party", "add", "P-1", "--name", "Sunnanvind AB", "--country", "SE", "--json")
    assert (first.code, first.json["came"], first.json["list_status"]) == (0, "new", "none")
    again = insyn(
        "party", "add", "P-1", "--name", "Sunnanvind AB", "--name", "en=Harbinger Lens Company"
    )
    assert again.code == 1
    assert "changed" in again.out
    assert "none" not in again.out


def test_an_owned_party_is_told_with_the_path() -> None:
    # A name alone never confirms: the number of the list's own entry does.
    insyn(
        *("party", "add", "L", "--name", "Harbinger Lens Company", "--country", "DE"),
        *("--identifier", "hrb=HRB-99887"),
    )
    insyn("party", "add", "P", "--name", "Sunnanvind AB")
    done = insyn("party", "own", "L", "P", "--share", "50", "--source", "a register", "--json")
    assert (done.code, done.json["list_status"]) == (1, "owned")
    told = insyn("party", "owners", "P")
    assert "because: L holds 50% of P" in told.out
    assert insyn("party", "owners", "P", "--json").json["stakes"][0]["source"] == "a register"


def test_show_has_names_owners_channel_and_what_they_come_to() -> None:
    insyn("party", "add", "L", "--name", "Harbinger Lens Company", "--identifier", "x=HRB-99887")
    insyn(
        *(
            "party",
            "add",
            "P",
            "--name",
            "Sunnanvind AB",
            "--name",
            "zh=南风",
            "--role",
            "reseller",
        ),
    )
    insyn("party", "own", "L", "P", "--share", "50")
    insyn("party", "add", "T", "--kind", "unknown")
    insyn("channel", "add", "P", "T", "--role", "reseller")
    told = insyn("party", "show", "P").out
    for fact in ("南风 (zh)", "P~2", "because      L holds 50% of P", "list status  owned", "T"):
        assert fact in told
    shown = insyn("party", "show", "P", "--json").json
    assert (shown["name"], shown["channel"]["list_status"]) == ("Sunnanvind AB", "owned")
    assert [each["status"] for each in shown["channel"]["screened"]] == ["none", "none"]
    assert shown["channel"]["edges"][0]["customer"] == "T"
    tier = insyn("party", "show", "T", "--json").json
    assert (tier["id"], tier["channel"]["list_status"]) == ("T", "possible")
    insyn("channel", "identify", "T", "L")
    assert "identified as L" in insyn("party", "show", "T").out
    assert insyn("party", "show", "nobody").code == 1


def test_show_of_a_flat_party_is_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("id,name\nc-1,Norrsken AB\n", encoding="utf-8")
    insyn("party", "import", str(file))
    assert "channel" not in insyn("party", "show", "c-1", "--json").json
    assert insyn("party", "show", "c-1").out.endswith("no matches\n")


def test_a_stake_without_a_share_is_wrong_usage() -> None:
    assert insyn("party", "own", "A", "B").code == 2
    assert insyn("party", "own", "A", "B", "--share", "5", "--share-unknown").code == 2
    assert insyn("party", "own", "A", "B", "--share", "5", "--since", "May").code == 2


def test_the_channel_of_a_deal_from_edge_to_end() -> None:
    insyn("party", "add", "S", "--name", "Sunnanvind AB")
    insyn("party", "add", "P", "--name", "Norrsken AB")
    insyn("party", "add", "T", "--kind", "unknown")
    added = insyn(
        *("channel", "add", "S", "T", "--role", "reseller", "--deal", "D-1"),
        *("--since", "2026-01-01", "--json"),
    )
    assert "T" in insyn("channel", "show", "D-1").out
    assert insyn("channel", "identify", "T", "P", "--source", "a visit").code == 0
    assert insyn("channel", "show", "D-1", "--json").json["customer"] == "P"
    assert insyn("channel", "show", "D-2").out == "no edge is recorded for deal D-2\n"
    assert insyn("channel", "end", added.json["id"], "--because", "contract over").code == 0
    assert insyn("channel", "list").out == "no edge of the channel is known\n"


@pytest.mark.parametrize("form", ["csv", "ftm"])
def test_an_export_is_taken_in_by_another_office(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    insyn("party", "add", "A", "--name", "Sunnanvind AB", "--name", "zh=南风", "--country", "SE")
    insyn("party", "add", "B", "--name", "Norrsken AB")
    insyn("party", "own", "A", "B", "--share", "25-50")
    insyn("channel", "add", "A", "B", "--role", "end_user")
    written = insyn("party", "export", "--format", form).out
    file = tmp_path / f"parties.{form}"
    file.write_bytes(written.encode())
    other = tmp_path / "other"
    put_in_force(other, write_list(tmp_path, name="other.csv"))
    monkeypatch.setenv("INSYN_DATA", str(other))
    done = insyn("party", "import", str(file), "--json")
    assert (done.code, done.json["new"], done.json["stakes"], done.json["edges"]) == (0, 2, 1, 1)
    assert insyn("party", "export", "--format", form).out == written


def test_a_bad_row_is_told_and_the_others_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "parties.csv"
    file.write_text("record,id,name\nparty,A,Sunnanvind AB\nparty,,Nobody\n", encoding="utf-8")
    done = insyn("party", "import", str(file))
    assert done.code == 1
    assert "line 3" in done.err
    assert "Nobody" not in done.err
    assert json.loads(insyn("party", "list", "--json").out)["id"] == "A"


def test_a_file_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "parties.csv"
    file.write_text('record;id;name\nparty;A;Sunnanvind AB\nparty;B;"Norr', encoding="utf-16")
    done = insyn("party", "import", str(file))
    assert (done.code, done.out) == (1, "")
    assert "line 3" in done.err
    assert "Norr" not in done.err
    assert insyn("party", "list").out == "no known party\n"
    file.write_text("record;id;name\nparty;A;Sunnanvind AB\n", encoding="utf-16")
    assert insyn("party", "import", str(file)).code == 0
