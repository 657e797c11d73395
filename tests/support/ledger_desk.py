"""A ledger for tests: an empty database, a key, and leaves made to order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.support import postgres

from insyn.base.canonical import Json
from insyn.base.config import DataDirectory
from insyn.office.screening.database import URL_VARIABLE
from insyn.office.screening.store import Store, open_store
from insyn.trust.ledger import checkpoints, export, log
from insyn.trust.ledger.audit import Report
from insyn.trust.ledger.check import check
from insyn.trust.ledger.keyfile import FileSigner
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf, Personal

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIGNER = FileSigner("example.org/ledger", bytes(range(32)))
KEYS = [SIGNER.public]

THING = register(
    Kind(
        name="test.thing-done",
        title="something was done in a test",
        what={"case": Shape.ID, "count": Shape.COUNT, "digest": Shape.DIGEST},
        optional=frozenset({"digest"}),
        personal=frozenset({"name", "reason"}),
    )
)


def thing(number: int, subject: str | None = None) -> Leaf:
    """A leaf about case `number`; with personal data of an invented subject where one is named."""
    personal = {"name": Personal(subject=subject, data=f"Påhitt {number}")} if subject else {}
    what: dict[str, Json] = {"case": f"case-{number}", "count": number}
    return Leaf(kind=THING.name, who="u-7", what=what, personal=personal)


@dataclass
class LedgerDesk:
    """What a test does with a ledger, in one word each."""

    root: Path
    environ: dict[str, str]
    store: Store

    def append(self, *leaves: Leaf) -> range:
        """Add leaves in a transaction of their own."""
        with self.store.writing() as connection:
            return log.append_all(connection, leaves, now=NOON)

    def grow(self, count: int, *, signed: bool = True) -> None:
        """Add so many leaves, and a checkpoint."""
        with self.store.writing() as connection:
            start = log.size(connection)
            log.append_all(connection, [thing(start + n) for n in range(count)], now=NOON)
            if signed:
                checkpoints.make(connection, SIGNER)

    def check(self) -> Report:
        """Verify the database."""
        with self.store.reading() as connection:
            return check(connection, KEYS)

    def exported(self) -> bytes:
        """The export as it stands."""
        with self.store.reading() as connection:
            return b"".join(export.lines(connection))

    def tamper(self, statement: str, *values: object) -> None:
        """Change rows behind the ledger's back, as who owns the disk can."""
        with self.store.writing() as connection:
            _unguard(connection.dialect.name, connection.exec_driver_sql)
            style = "?" if connection.dialect.name == "sqlite" else "%s"
            connection.exec_driver_sql(statement.replace("?", style), values)


def _unguard(dialect: str, run: object) -> None:
    assert callable(run)
    for table in ("ledger_leaves", "ledger_nodes", "ledger_checkpoints"):
        if dialect == "sqlite":
            run(f"DROP TRIGGER IF EXISTS {table}_no_update")
            run(f"DROP TRIGGER IF EXISTS {table}_no_delete")
        else:
            run(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")


@contextmanager
def ledger_in(root: Path) -> Iterator[LedgerDesk]:
    """An empty ledger, in a directory or in the database that INSYN_TEST_DATABASE_URL names."""
    url = os.environ.get("INSYN_TEST_DATABASE_URL", "")
    environ = {URL_VARIABLE: url} if url else {}
    if url:
        postgres.empty(url)
    with open_store(DataDirectory(root=root), environ=environ) as store:
        yield LedgerDesk(root=root, environ=environ, store=store)
