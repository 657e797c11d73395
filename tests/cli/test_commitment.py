"""`insyn commitment`: signed, listed with what is wrong, withdrawn, and who signed erased."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.cli_people import People
from tests.support.run_insyn import Ran, insyn

from insyn.base.config import DataDirectory
from insyn.office.screening import register
from insyn.office.screening.model import Subject
from insyn.office.screening.store import open_store
from insyn.trust.people.duties import Role

ROLES = {"anna": Role.ANALYST, "per": Role.APPROVER, "pia": Role.PRIVACY_OFFICER}


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "data"))
    found = People(tmp_path / "data", ROLES, monkeypatch)
    with open_store(DataDirectory(root=tmp_path / "data")) as store, store.writing() as connection:
        known = Subject(id="c-1", name="Påhittad Partner AB")
        register.put(connection, [known], now=datetime.now(tz=UTC))
    return found


def add(folder: Path, days: int = 365) -> Ran:
    signed = folder / "signed.pdf"
    signed.write_bytes(b"an invented signature")
    today = datetime.now(tz=UTC).date()
    return insyn(
        "commitment", "add", "c-1", "--signatory", "Påhittad Person",
        "--signed-on", str(today), "--until", str(today + timedelta(days=days)),
        "--file", str(signed), "--json",
    )  # fmt: skip


def test_a_commitment_is_kept_shown_and_withdrawn(people: People, tmp_path: Path) -> None:
    people.call("anna")
    assert add(tmp_path, days=900).code == 1
    id_ = add(tmp_path).json["id"]
    assert insyn("commitment", "list", "--json").json["why_not"] == ""
    assert "Påhittad Person" in insyn("commitment", "show", id_).out
    done = insyn("commitment", "withdraw", id_, "--because", "goods were passed on")
    assert (done.code, "withdrawn" in done.out) == (0, True)
    assert insyn("commitment", "list", "--json").json["why_not"].startswith("withdrawn on")


def test_who_signed_is_erased_by_the_privacy_officer_alone(people: People, tmp_path: Path) -> None:
    people.call("anna")
    id_ = add(tmp_path).json["id"]
    assert insyn("commitment", "forget", id_).code == 1
    people.call("pia")
    assert insyn("commitment", "forget", id_).code == 0
    assert insyn("commitment", "show", id_, "--json").json["signatory"] is None


def test_an_approver_keeps_none(people: People, tmp_path: Path) -> None:
    people.call("per")
    done = add(tmp_path)
    assert (done.code, "needs the role" in done.err) == (1, True)


def test_the_text_is_printed_with_its_version() -> None:
    done = insyn("commitment", "text")
    assert done.out.startswith("# Partner commitment, version 1.0")
    assert "SHA-256" in done.err
    assert insyn("commitment", "text", "7").code == 1
