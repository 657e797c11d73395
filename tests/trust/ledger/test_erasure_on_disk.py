"""Erased data is gone from SQLite's file; PostgreSQL's vacuum does the same in its own time."""

import sqlite3
from pathlib import Path

import pytest
from tests.support.ledger_desk import NOON, ledger_in, thing

from insyn.trust.ledger import privacy
from insyn.trust.ledger.leaf import Leaf, Personal


def test_erased_data_leaves_no_bytes_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INSYN_TEST_DATABASE_URL", raising=False)
    secret = "Hemlighetsson-Utraderad"
    leaf = thing(0)
    personal = {"name": Personal(subject="p-1", data=secret)}
    with ledger_in(tmp_path) as desk:
        desk.append(Leaf(kind=leaf.kind, who=leaf.who, what=leaf.what, personal=personal))
        with desk.store.writing() as connection:
            privacy.erase(connection, "p-1", now=NOON, who="u-9")
    plain = sqlite3.connect(tmp_path / "office.sqlite")
    plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    plain.close()
    for file in tmp_path.glob("office.sqlite*"):
        assert secret.encode() not in file.read_bytes()
