"""Tables for people: ids stay whole, however narrow the terminal."""

from __future__ import annotations

import pytest

from insyn.cli.tables import counted, print_table

ID = "P-20261124-0123456789ab"


def test_an_id_is_never_broken_over_two_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    print_table(("permit", "state", "because"), [(ID, "suspended", "the use has changed since")])
    told = capsys.readouterr().out
    assert ID in told
    assert "suspended" in told
    assert all(word in told for word in ("the", "use", "has", "changed", "since"))


def test_a_digest_is_folded_and_not_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    digest = "0123456789abcdef" * 4
    print_table(("sha256",), [(digest,)])
    told = "".join(capsys.readouterr().out.split())
    assert told.replace("─", "") == f"sha256{digest}"


def test_one_is_told_as_one() -> None:
    assert [counted(n, "deal") for n in (0, 1, 2000)] == ["0 deals", "1 deal", "2,000 deals"]
    assert counted(2, "party", "parties") == "2 parties"
