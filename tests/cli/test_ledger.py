"""`insyn ledger`, as an administrator and an auditor use it."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.exact_screener import entry
from tests.support.people_desk import PeopleDesk
from tests.support.register_desk import Desk, desk_in
from tests.support.run_insyn import insyn

from insyn.base.clock import system_clock
from insyn.base.config import DataDirectory
from insyn.cli.acting import TOKEN_VARIABLE
from insyn.office.screening.model import Subject
from insyn.office.screening.store import open_store
from insyn.trust.people import tokens
from insyn.trust.people.duties import Role


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """An office with one party under review: two leaves, of which one is a clearance."""
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "office"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("INSYN_DATABASE_URL", raising=False)
    monkeypatch.delenv("INSYN_TEST_DATABASE_URL", raising=False)
    with desk_in(tmp_path / "office") as desk:
        desk.shelf.change(un=[entry("QDe.001", "Nordanvind AB")])
        desk.put(Subject(id="c-1", name="Nordanvind AB"))
        desk.rescreen()
        done = insyn(
            *("clearance", "add", "c-1", "un", "QDe.001"),
            *("--because", "another company", "--by", "A. Granskare"),
        )
        assert done.code == 0
        yield desk


@pytest.fixture
def exported(tmp_path: Path) -> tuple[Path, str]:
    """An export, and the key to verify it with."""
    done = insyn("ledger", "export", str(tmp_path / "out.jsonl"), "--json").json
    assert done["size"] == 3
    return tmp_path / "out.jsonl", done["key"]


def test_what_screening_does_is_shown() -> None:
    kinds = [
        json.loads(line)["kind"] for line in insyn("ledger", "show", "--json").out.splitlines()
    ]
    assert kinds == ["screening.outcome-changed", "clearance.added", "screening.outcome-changed"]
    shown = insyn("ledger", "show", "--last", "2").out
    assert "clearance.added" in shown
    assert "Granskare" not in shown


def test_the_offices_own_ledger_verifies_before_and_after_a_checkpoint() -> None:
    before = insyn("ledger", "verify", "--json")
    assert (before.code, before.json["sound"], before.json["covered"]) == (0, True, 0)
    assert insyn("ledger", "checkpoint").code == 0
    after = insyn("ledger", "verify")
    assert (after.code, after.out) == (
        0,
        "3 leaves, 3 of them under 1 signed checkpoints\nnothing was changed\n",
    )


def test_the_key_is_made_once_and_is_private(desk: Desk) -> None:
    first = insyn("ledger", "checkpoint", "--json").json
    file = desk.root / "ledger.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert insyn("ledger", "checkpoint", "--json").json == first
    assert first["checkpoint"].startswith(first["key"].split("+")[0] + "\n3\n")
    file.chmod(0o644)
    refused = insyn("ledger", "checkpoint")
    assert refused.code == 3
    assert "can be read by others" in refused.err


def test_an_altered_row_is_a_finding(desk: Desk) -> None:
    insyn("ledger", "checkpoint")
    plain = sqlite3.connect(desk.root / "office.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        plain.execute("UPDATE ledger_leaves SET content = 'x'")
    plain.rollback()
    plain.execute("DROP TRIGGER ledger_leaves_no_update")
    plain.execute(
        "UPDATE ledger_leaves SET content = CAST(replace(content, 'QDe.001', 'QDe.002') AS BLOB)"
        " WHERE number = 1"
    )
    plain.commit()
    plain.close()
    done = insyn("ledger", "verify", "--json")
    assert done.code == 1
    [finding] = done.json["findings"]
    assert (finding["code"], finding["leaf"]) == ("leaf-altered", 1)
    assert "leaf 1 was altered" in insyn("ledger", "verify").out


def test_an_export_is_verified_elsewhere(
    exported: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, key = exported
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("INSYN_DATA", str(elsewhere))
    assert insyn("ledger", "verify", str(file), "--key", key).code == 0
    (tmp_path / "key").write_text(key + "\n")
    assert insyn("ledger", "verify", str(file), "--key", str(tmp_path / "key")).code == 0
    assert insyn("ledger", "verify", str(file)).code == 2
    assert insyn("ledger", "verify", str(file), "--key", "a+b+c").code == 1
    assert not elsewhere.exists()
    assert b"Granskare" not in file.read_bytes()


def test_an_altered_export_is_a_finding(exported: tuple[Path, str]) -> None:
    file, key = exported
    file.write_bytes(file.read_bytes().replace(b'"QDe.001"', b'"QDe.002"', 1))
    done = insyn("ledger", "verify", str(file), "--key", key, "--json")
    assert done.code == 1
    assert done.json["findings"][0]["leaf"] == 0


def test_a_shorter_history_is_told_by_a_checkpoint_seen(
    exported: tuple[Path, str], tmp_path: Path, desk: Desk
) -> None:
    old, key = exported
    desk.shelf.change(un=[])
    desk.rescreen()
    seen = tmp_path / "seen.txt"
    seen.write_text(insyn("ledger", "checkpoint").out)
    done = insyn("ledger", "verify", str(old), "--key", key, "--seen", str(seen))
    assert done.code == 1
    assert "are missing at the end" in done.out
    assert insyn("ledger", "verify", "--seen", str(seen)).code == 0


def test_a_proof_is_verified_without_the_ledger(tmp_path: Path) -> None:
    assert "no checkpoint covers leaf 1" in insyn("ledger", "prove", "1").err
    key = insyn("ledger", "checkpoint", "--json").json["key"]
    proof = insyn("ledger", "prove", "1", "--personal", "--json")
    file = tmp_path / "proof.json"
    file.write_text(proof.out)
    assert proof.json["personal"]["by"]["data"] == "A. Granskare"
    assert insyn("ledger", "verify", str(file), "--key", key).code == 0
    file.write_text(proof.out.replace("A. Granskare", "B. Granskare"))
    assert insyn("ledger", "verify", str(file), "--key", key).code == 1
    file.write_text(proof.out.replace("QDe.001", "QDe.002"))
    done = insyn("ledger", "verify", str(file), "--key", key)
    assert (done.code, "does not lead from leaf 1" in done.out) == (1, True)


def test_a_leaf_is_proven_for_people_too() -> None:
    insyn("ledger", "checkpoint")
    out = insyn("ledger", "prove", "1").out
    assert "leads by 2 hashes to the checkpoint of 3 leaves" in out
    assert "A. Granskare" not in out
    assert insyn("ledger", "prove", "9").code == 1


def test_erasing_takes_a_privacy_officer_and_leaves_a_leaf(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase = ("ledger", "erase", "c-1", "--because", "request", "--yes")
    assert "needs a person" in insyn(*erase).err
    with open_store(DataDirectory(root=desk.root)) as store:
        people = PeopleDesk(root=desk.root, store=store, now=system_clock())
        admin = people.first()
        privacy = people.add(admin, "Pia Privacysson", Role.PRIVACY_OFFICER)
        with store.writing() as connection:
            secrets = [
                tokens.add(
                    connection,
                    label="test",
                    scopes=["ledger"],
                    lasts=timedelta(days=1),
                    actor=actor,
                    now=people.now,
                )[1]
                for actor in (admin, privacy)
            ]
    monkeypatch.setenv(TOKEN_VARIABLE, secrets[0])
    assert "erasing personal data needs the role privacy officer" in insyn(*erase).err
    monkeypatch.setenv(TOKEN_VARIABLE, secrets[1])
    assert insyn("ledger", "checkpoint").code == 0
    assert insyn(*erase, "--json").json == {"fields": 4}
    again = insyn(*erase)
    assert (again.code, "keeps no personal data of that subject" in again.err) == (1, True)
    last = insyn("ledger", "show", "--last", "1", "--json").json
    assert (last["kind"], last["who"], len(last["what"]["leaves"])) == (
        "personal.erased",
        privacy.id,
        4,
    )
    assert insyn("ledger", "verify").code == 0


def test_an_office_without_a_key_is_reminded_of_its_first_checkpoint() -> None:
    assert "signs the first" in insyn("ledger", "verify").err
    assert insyn("ledger", "checkpoint").code == 0
    assert insyn("ledger", "verify").err == ""


@pytest.mark.parametrize("command", ["verify", "prove", "checkpoint", "export", "show", "erase"])
def test_every_command_explains_itself(command: str) -> None:
    done = insyn("ledger", command, "--help")
    assert done.code == 0
    assert "--json" in done.out
