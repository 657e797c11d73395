"""A database that was tampered with: found, and named."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ledger_desk import KEYS, NOON, SIGNER, LedgerDesk, thing

from insyn.base.errors import InsynError
from insyn.trust.ledger import checkpoints, log, privacy, schema, tree
from insyn.trust.ledger.check import check

pytestmark = pytest.mark.databases


def codes(desk: LedgerDesk) -> list[tuple[str, int | None, int | None]]:
    return [(item.code, item.leaf, item.checkpoint) for item in desk.check().findings]


def content(desk: LedgerDesk, number: int) -> bytes:
    with desk.store.reading() as connection:
        return log.content(connection, number)


@pytest.fixture(autouse=True)
def grown(desk: LedgerDesk) -> None:
    """Checkpoints at 4, 7 and 10 leaves, and two leaves that none covers."""
    for count in (4, 3, 3):
        desk.grow(count)
    desk.append(thing(10, "p-1"), thing(11))


def test_an_untouched_ledger_is_sound(desk: LedgerDesk) -> None:
    report = desk.check()
    assert (report.size, report.covered, report.checkpoints) == (12, 10, 3)
    assert (report.findings, report.origin) == ((), "example.org/ledger")


def test_leaves_that_come_while_a_check_runs_are_no_finding(desk: LedgerDesk) -> None:
    with desk.store.reading() as connection:
        assert log.size(connection) == 12
        desk.grow(5)
        report = check(connection, KEYS)
    assert (report.size, report.findings) == (12, ())
    assert desk.check().size == 17


@pytest.mark.parametrize("number", [0, 5, 9, 10, 11])
def test_an_altered_leaf_is_named(desk: LedgerDesk, number: int) -> None:
    altered = content(desk, number).replace(b"u-7", b"u-8")
    desk.tamper("UPDATE ledger_leaves SET content = ? WHERE number = ?", altered, number)
    assert codes(desk) == [("leaf-altered", number, None)]


def test_a_leaf_altered_together_with_its_hashes_is_named_by_its_checkpoint(
    desk: LedgerDesk,
) -> None:
    altered = content(desk, 5).replace(b"u-7", b"u-8")
    desk.tamper("UPDATE ledger_leaves SET content = ? WHERE number = 5", altered)
    contents = [content(desk, number) for number in range(12)]
    frontier = tree.Frontier()
    nodes = [node for item in contents for node in frontier.add(tree.hash_leaf(item))]
    for place, node in enumerate(nodes):
        desk.tamper("UPDATE ledger_nodes SET hash = ? WHERE id = ?", node, place)
    assert codes(desk) == [("checkpoint-inconsistent", 4, 1)]
    [finding] = desk.check().findings
    assert "of leaves 4 to 6" in finding.message


@pytest.mark.parametrize("number", [3, 11])
def test_a_deleted_leaf_is_named(desk: LedgerDesk, number: int) -> None:
    desk.tamper("DELETE FROM ledger_leaves WHERE number = ?", number)
    assert ("leaves-missing", number, None) in codes(desk)


def test_leaves_that_changed_places_are_named(desk: LedgerDesk) -> None:
    two, six = content(desk, 2), content(desk, 6)
    desk.tamper("UPDATE ledger_leaves SET content = ? WHERE number = 2", six)
    desk.tamper("UPDATE ledger_leaves SET content = ? WHERE number = 6", two)
    found = codes(desk)
    assert ("leaf-moved", 2, None) in found
    assert ("leaf-moved", 6, None) in found


def test_an_altered_stored_hash_is_named(desk: LedgerDesk) -> None:
    place = tree.node_id(1, 2)  # over leaves 4 and 5
    desk.tamper("UPDATE ledger_nodes SET hash = ? WHERE id = ?", os.urandom(32), place)
    assert codes(desk) == [("node-altered", 4, None)]


def test_an_altered_checkpoint_is_named(desk: LedgerDesk) -> None:
    with desk.store.reading() as connection:
        note = checkpoints.notes(connection)[1]
    altered = note.replace("\n7\n", "\n6\n")
    desk.tamper("UPDATE ledger_checkpoints SET note = ? WHERE number = 1", altered)
    assert codes(desk) == [("checkpoint-altered", None, 1)]


def test_a_deleted_checkpoint_is_named(desk: LedgerDesk) -> None:
    desk.tamper("DELETE FROM ledger_checkpoints WHERE number = 1")
    assert codes(desk) == [("checkpoints-missing", None, 1)]


def test_leaves_cut_from_the_end_are_missed_by_their_checkpoint(desk: LedgerDesk) -> None:
    desk.tamper("DELETE FROM ledger_leaves WHERE number >= 8")
    desk.tamper("DELETE FROM ledger_nodes WHERE id >= ?", tree.node_count(8))
    desk.tamper("DELETE FROM ledger_personal")
    desk.tamper("UPDATE ledger_head SET size = 8")
    assert codes(desk) == [("leaves-missing", 8, 2)]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE ledger_personal SET data = '\"Annan\"'", "personal-altered"),
        ("UPDATE ledger_personal SET subject = 'p-2'", "personal-altered"),
        ("DELETE FROM ledger_personal", "personal-missing"),
    ],
)
def test_personal_data_altered_or_gone_without_a_leaf_is_named(
    desk: LedgerDesk, statement: str, code: str
) -> None:
    desk.tamper(statement)
    assert codes(desk) == [(code, 10, None)]


def test_data_kept_after_its_recorded_erasure_is_named(desk: LedgerDesk) -> None:
    with desk.store.writing() as connection:
        [row] = connection.execute(sa.select(schema.personal)).all()
        privacy.erase(connection, "p-1", now=NOON, who="u-9")
        connection.execute(sa.insert(schema.personal).values(row._asdict()))
    assert codes(desk) == [("personal-kept", 10, None)]


def test_a_checkpoint_seen_earlier_outlives_its_row(desk: LedgerDesk) -> None:
    with desk.store.reading() as connection:
        seen = checkpoints.notes(connection)[-1]
    for statement in (
        "DELETE FROM ledger_checkpoints WHERE number = 2",
        "DELETE FROM ledger_personal",
        "DELETE FROM ledger_leaves WHERE number >= 7",
        f"DELETE FROM ledger_nodes WHERE id >= {tree.node_count(7)}",
        "UPDATE ledger_head SET size = 7",
    ):
        desk.tamper(statement)
    assert codes(desk) == []
    with desk.store.reading() as connection:
        [finding] = check(connection, KEYS, seen=[seen]).findings
    assert "leaves 7 to 9 are missing at the end" in finding.message


def test_an_invented_size_ends_the_check_and_is_named(desk: LedgerDesk) -> None:
    desk.tamper("UPDATE ledger_head SET size = ?", 2**50)
    assert codes(desk) == [("leaves-missing", 12, None)]


COLUMNS = [
    ("ledger_leaves", "number", "content"),
    ("ledger_nodes", "id", "hash"),
    ("ledger_checkpoints", "number", "note"),
    ("ledger_personal", "leaf", "salt"),
    ("ledger_personal", "leaf", "data"),
    ("ledger_personal", "leaf", "subject"),
    ("ledger_personal", "leaf", "field"),
]


def test_a_flipped_byte_anywhere_in_the_database_is_found(desk: LedgerDesk) -> None:
    desk.append(thing(12, "p-2"))
    with desk.store.writing() as connection:
        checkpoints.make(connection, SIGNER)
    desk.tamper("UPDATE ledger_head SET size = size")  # takes the guards away
    rows = [
        (f"UPDATE {table} SET {column} = ? WHERE {key} = {row[0]}", row[1])
        for table, key, column in COLUMNS
        for row in _rows(desk, f"SELECT {key}, {column} FROM {table} ORDER BY 1")
    ]

    @settings(max_examples=60, deadline=None, database=None)
    @given(st.data())
    def flip(data: st.DataObject) -> None:
        statement, value = data.draw(st.sampled_from(rows))
        changed = bytearray(value.encode() if isinstance(value, str) else bytes(value))
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 127))
        text = changed.decode("utf-8", "replace").replace("\0", "?")  # PostgreSQL keeps no NUL
        new = text if isinstance(value, str) else bytes(changed)
        assert _is_found(desk, statement, new)

    flip()


def _rows(desk: LedgerDesk, statement: str) -> list[tuple[int, bytes | str]]:
    with desk.store.reading() as connection:
        return [(row[0], row[1]) for row in connection.exec_driver_sql(statement)]


def _is_found(desk: LedgerDesk, statement: str, value: object) -> bool:
    """Whether a check finds something after this, which is then undone."""
    style = "?" if desk.store._engine.dialect.name == "sqlite" else "%s"
    with desk.store._engine.connect() as connection:
        transaction = connection.begin()
        try:
            connection.exec_driver_sql(statement.replace("?", style), (value,))
            return not check(connection, KEYS).is_sound
        except InsynError:
            return True
        finally:
            transaction.rollback()
