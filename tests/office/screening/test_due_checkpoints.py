"""Whatever writes into the office's database signs the ledger's checkpoint when one is due."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.support.ledger_desk import NOON, LedgerDesk, ledger_in, thing

from insyn.base.config import DataDirectory
from insyn.office.screening.store import Store, open_store
from insyn.trust.ledger import checkpoints, log
from insyn.trust.ledger.keyfile import FILE, open_signer

pytestmark = pytest.mark.databases

A_DAY_LATER = NOON + timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Iterator[LedgerDesk]:
    with ledger_in(tmp_path) as found:
        yield found


@contextmanager
def office_at(desk: LedgerDesk, now: datetime) -> Iterator[Store]:
    """The same office, opened at some time."""
    data = DataDirectory(root=desk.root)
    with open_store(data, environ=desk.environ, clock=lambda: now) as store:
        yield store


def covered(store: Store) -> list[int]:
    """The sizes of all checkpoints."""
    with store.reading() as connection:
        notes = checkpoints.notes(connection)
    return [int(note.split("\n")[1]) for note in notes]


def write(store: Store, number: int) -> None:
    with store.writing() as connection:
        log.append(connection, thing(number), now=NOON)


def test_a_checkpoint_is_signed_once_it_is_due(desk: LedgerDesk) -> None:
    open_signer(desk.root)
    with office_at(desk, NOON) as store:
        write(store, 0)
        assert covered(store) == []
    with office_at(desk, A_DAY_LATER) as store:
        write(store, 1)
        assert covered(store) == [2]
        with store.writing():
            pass
        assert covered(store) == [2]


def test_without_a_key_none_is_signed(desk: LedgerDesk) -> None:
    with office_at(desk, A_DAY_LATER) as store:
        write(store, 0)
        assert covered(store) == []


def test_what_is_rolled_back_signs_nothing(desk: LedgerDesk) -> None:
    desk.append(thing(0))
    open_signer(desk.root)
    with office_at(desk, A_DAY_LATER) as store:
        with pytest.raises(ZeroDivisionError), store.writing():
            raise ZeroDivisionError
        assert covered(store) == []


def test_a_change_is_kept_where_its_checkpoint_cannot_be_signed(
    desk: LedgerDesk, caplog: pytest.LogCaptureFixture
) -> None:
    open_signer(desk.root)
    (desk.root / FILE).write_text("damaged")
    with office_at(desk, A_DAY_LATER) as store, caplog.at_level(logging.WARNING):
        write(store, 0)
        with store.reading() as connection:
            assert log.size(connection) == 1
        assert covered(store) == []
    assert "is damaged and holds no key" in caplog.text


def test_a_ledger_that_was_altered_gets_no_checkpoint(
    desk: LedgerDesk, caplog: pytest.LogCaptureFixture
) -> None:
    signer = open_signer(desk.root)
    desk.append(thing(0), thing(1))
    with desk.store.writing() as connection:
        checkpoints.make(connection, signer)
    desk.tamper("UPDATE ledger_nodes SET hash = ?", bytes(32))
    with office_at(desk, A_DAY_LATER) as store, caplog.at_level(logging.WARNING):
        write(store, 2)
        assert covered(store) == [2]
    assert "does not continue its checkpoint" in caplog.text
