"""The ledger in a database: appended with the change, by many at once, proven, erased."""

from __future__ import annotations

import multiprocessing
import os
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.support.ledger_desk import KEYS, NOON, SIGNER, LedgerDesk, thing

from insyn.base.config import DataDirectory
from insyn.base.errors import EnvironmentFailure, Refusal, UsageError
from insyn.office.screening.store import open_store
from insyn.trust.ledger import checkpoints, log, privacy, proving, schema, tree
from insyn.trust.ledger.checkpoints import Policy
from insyn.trust.ledger.keyfile import FileSigner
from insyn.trust.ledger.leaf import Leaf, Personal
from insyn.trust.ledger.note import read_note
from insyn.trust.ledger.privacy import Disclosure, is_what_was_committed
from insyn.trust.ledger.verify import verify_lines

pytestmark = pytest.mark.databases


def test_leaves_are_numbered_from_zero_without_gaps(desk: LedgerDesk) -> None:
    assert desk.append(thing(0)) == range(1)
    assert desk.append(thing(1), thing(2)) == range(1, 3)
    with desk.store.reading() as connection:
        leaf = log.find(connection, 2)
    assert (leaf.number, leaf.kind, leaf.who, leaf.at) == (
        2,
        "test.thing-done",
        "u-7",
        "2026-03-01T12:00:00Z",
    )
    assert leaf.what == {"case": "case-2", "count": 2}


def _append_and_fail(desk: LedgerDesk) -> None:
    with desk.store.writing() as connection:
        log.append(connection, thing(1), now=NOON)
        _ = 1 // 0


def test_a_change_that_is_rolled_back_leaves_no_leaf(desk: LedgerDesk) -> None:
    desk.append(thing(0))
    with pytest.raises(ZeroDivisionError):
        _append_and_fail(desk)
    assert desk.append(thing(1)) == range(1, 2)
    assert desk.check().findings == ()


def test_stored_subtrees_give_the_root_at_every_size(desk: LedgerDesk) -> None:
    for count in (1, 2, 1, 5, 8):
        desk.grow(count, signed=False)
    with desk.store.reading() as connection:
        contents = [content for _, content in log.contents(connection)]
        frontier = tree.Frontier()
        for size, content in enumerate(contents):
            assert log.root(connection, size) == frontier.root
            list(frontier.add(tree.hash_leaf(content)))
        assert log.root(connection, 17) == frontier.root


def test_proofs_from_the_database_hold(desk: LedgerDesk) -> None:
    desk.grow(13)
    with desk.store.reading() as connection:
        roots = [log.root(connection, size) for size in range(14)]
        for number in range(13):
            leaf = tree.hash_leaf(log.content(connection, number))
            path = proving.inclusion_path(connection, number, 13)
            assert tree.is_included(leaf, number, 13, path, roots[13])
        for old in range(14):
            path = proving.consistency_path(connection, old, 13)
            assert tree.is_consistent(old, 13, path, roots[old], roots[13])
        with pytest.raises(Refusal, match="did not grow from 5 to 14"):
            proving.consistency_path(connection, 5, 14)


@pytest.mark.parametrize("table", schema.APPEND_ONLY)
def test_the_database_itself_refuses_to_change_or_delete_a_row(
    desk: LedgerDesk, table: str
) -> None:
    desk.grow(3)
    column = {"ledger_leaves": "number", "ledger_nodes": "id"}.get(table, "number")
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with (
            pytest.raises((EnvironmentFailure, Refusal)),
            desk.store.writing() as connection,
        ):
            connection.exec_driver_sql(statement)
    assert desk.check().size == 3


WRITERS, EACH = 6, 8


def _write(root: Path, environ: dict[str, str], writer: int) -> None:
    from tests.support.ledger_desk import thing as make

    with open_store(DataDirectory(root=root), environ=environ) as store:
        for number in range(EACH):
            with store.writing() as connection:
                connection.execute(sa.insert(_notes()).values(id=f"{writer}-{number}", note="done"))
                log.append(connection, make(writer * 1000 + number), now=NOON)


def _notes() -> sa.Table:
    return sa.Table("notes", sa.MetaData(), sa.Column("id", sa.Text), sa.Column("note", sa.Text))


def test_writers_of_many_processes_lose_no_leaf_and_break_no_chain(desk: LedgerDesk) -> None:
    with desk.store.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (id TEXT PRIMARY KEY, note TEXT)")
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=_write, args=(desk.root, desk.environ, writer))
        for writer in range(WRITERS)
    ]
    for process in writers:
        process.start()
    for process in writers:
        process.join(120)
    assert [process.exitcode for process in writers] == [0] * WRITERS
    with desk.store.writing() as connection:
        checkpoints.make(connection, SIGNER)
        counts = {log.find(connection, n).what["count"] for n in range(WRITERS * EACH)}
        notes = connection.execute(sa.select(sa.func.count()).select_from(_notes())).scalar_one()
    assert counts == {writer * 1000 + n for writer in range(WRITERS) for n in range(EACH)}
    assert notes == WRITERS * EACH
    report = desk.check()
    assert (report.size, report.covered, report.findings) == (notes, notes, ())


def test_personal_data_stands_beside_the_tree_and_can_be_proven(desk: LedgerDesk) -> None:
    desk.append(thing(4, "p-1"))
    with desk.store.reading() as connection:
        assert b"hitt" not in log.content(connection, 0)
        leaf = log.find(connection, 0)
        [(field, shown)] = privacy.disclose(connection, 0).items()
    assert shown is not None
    assert (field, shown.subject, shown.data) == ("name", "p-1", "Påhitt 4")
    assert is_what_was_committed(leaf, "name", shown)
    other = Disclosure(subject="p-1", data="Påhitt 5", salt=shown.salt)
    assert not is_what_was_committed(leaf, "name", other)
    assert not is_what_was_committed(leaf, "reason", shown)


def test_erased_data_is_gone_and_the_tree_still_verifies(desk: LedgerDesk) -> None:
    desk.append(thing(0, "p-1"), thing(1, "p-2"), thing(2, "p-1"))
    with desk.store.writing() as connection:
        checkpoints.make(connection, SIGNER)
        assert privacy.erase(connection, "p-1", now=NOON, who="u-9") == 2
        assert privacy.erase(connection, "p-1", now=NOON, who="u-9") == 0
    with desk.store.reading() as connection:
        assert privacy.disclose(connection, 0) == {"name": None}
        assert privacy.disclose(connection, 1)["name"] is not None
        erasure = log.find(connection, 3)
        rows = connection.execute(sa.select(schema.personal.c.subject)).scalars().all()
    assert rows == ["p-2"]
    assert (erasure.kind, erasure.who) == ("personal.erased", "u-9")
    assert erasure.what["leaves"] == [
        {"leaf": 0, "field": "name"},
        {"leaf": 2, "field": "name"},
    ]
    report = desk.check()
    assert (report.findings, report.erased) == ((), 2)


def test_an_export_holds_what_the_last_checkpoint_covers_and_nothing_personal(
    desk: LedgerDesk,
) -> None:
    with pytest.raises(Refusal, match="no checkpoint yet"):
        desk.exported()
    desk.grow(3)
    desk.append(thing(3, "p-1"))
    desk.grow(1)
    desk.append(thing(5))
    lines = desk.exported().splitlines(keepends=True)
    report = verify_lines(lines, KEYS)
    assert (report.size, report.checkpoints, report.findings) == (5, 2, ())
    assert not any(text in b"".join(lines) for text in (b"hitt", b"p-1"))


def test_a_checkpoint_signs_size_and_root(desk: LedgerDesk) -> None:
    desk.grow(5)
    with desk.store.reading() as connection:
        found = checkpoints.latest(connection)
        root = log.root(connection, 5)
    assert found is not None
    note, signed = found
    assert signed.checkpoint.size == 5
    assert signed.checkpoint.root == root
    assert signed.signed_by(KEYS) == KEYS[0]
    assert read_note(note) == signed


def test_a_checkpoint_of_the_same_tree_is_not_signed_again(desk: LedgerDesk) -> None:
    desk.grow(2)
    with desk.store.writing() as connection:
        checkpoints.make(connection, SIGNER)
        assert len(checkpoints.notes(connection)) == 1


def test_no_checkpoint_is_signed_over_a_changed_past(desk: LedgerDesk) -> None:
    desk.grow(4)
    desk.tamper("UPDATE ledger_nodes SET hash = ? WHERE id = 2", os.urandom(32))
    desk.tamper("UPDATE ledger_nodes SET hash = ? WHERE id = 6", os.urandom(32))
    with (
        pytest.raises(Refusal, match="does not continue its checkpoint of 4 leaves"),
        desk.store.writing() as connection,
    ):
        checkpoints.make(connection, SIGNER)


def test_another_ledgers_key_signs_nothing(desk: LedgerDesk) -> None:
    desk.grow(1)
    other = FileSigner("example.org/other", bytes(32))
    with pytest.raises(Refusal, match="keeps its origin"), desk.store.writing() as connection:
        checkpoints.make(connection, other)


def test_a_checkpoint_is_due_by_number_or_by_age(desk: LedgerDesk) -> None:
    policy = Policy(leaves=3, age=timedelta(minutes=10))

    def made(minutes: int) -> bool:
        now = NOON + timedelta(minutes=minutes)
        with desk.store.writing() as connection:
            note = checkpoints.make_if_due(connection, SIGNER, now=now, policy=policy)
            return note is not None

    assert not made(60)
    desk.append(thing(0), thing(1))
    assert not made(9)
    assert made(10)
    assert not made(60)
    desk.append(thing(2), thing(3), thing(4))
    assert made(0)


def test_left_alone_a_checkpoint_is_due_after_a_day_or_a_thousand_leaves(desk: LedgerDesk) -> None:
    desk.grow(999, signed=False)
    with desk.store.reading() as connection:
        assert not checkpoints.is_due(connection, now=NOON + timedelta(hours=23))
        assert checkpoints.is_due(connection, now=NOON + timedelta(hours=24))
    desk.append(thing(999))
    with desk.store.reading() as connection:
        assert checkpoints.is_due(connection, now=NOON)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "no.such-kind"}, "no kind of leaf"),
        ({"who": "Ada Exempel"}, "not an id"),
        ({"what": {"case": "c"}}, "lacks count"),
        ({"what": {"case": "c", "count": 1, "name": "x"}}, "has no field name"),
        ({"what": {"case": "c\n", "count": 1}}, "field case"),
        ({"what": {"case": "c", "count": -1}}, "field count"),
        ({"what": {"case": "c", "count": 1, "digest": "A" * 64}}, "field digest"),
        ({"personal": {"phone": Personal(subject="p", data=1)}}, "has no field phone"),
    ],
)
def test_a_leaf_that_says_other_than_its_kind_is_refused(
    change: dict[str, object], said: str
) -> None:
    fields = {"kind": "test.thing-done", "who": "u-1", "what": {"case": "c", "count": 1}, **change}
    with pytest.raises(UsageError, match=said) as caught:
        Leaf(**fields)  # type: ignore[arg-type]  # that is the point
    assert "Exempel" not in str(caught.value)
