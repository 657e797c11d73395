"""A half's database: opened, brought up to date, and used in transactions.

Always: two commands at once are safe. One brings the database up to date while the other waits;
a writing transaction begins by taking the write lock, so what it read stays true until it ends.
After it, a checkpoint of the ledger is signed where one is due and the half has the ledger's key.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from insyn.base.clock import Clock, system_clock
from insyn.base.errors import EnvironmentFailure, InsynError, Refusal
from insyn.base.files import exclusive

BUSY_TIMEOUT_MS = 60_000
"""How long a command waits for another's write; a page of a re-screening holds it for seconds."""

log = logging.getLogger("insyn.ledger")

_ADVISORY_LOCK = 0x1A5E_11  # any constant of ours; PostgreSQL's lock around a migration


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Which database it is: `owner` in messages, its Alembic scripts, and their newest revision."""

    owner: str
    scripts: str
    head: str
    url_variable: str = ""


class Store:
    """An open database at the revision this version knows. Close it, or use it in a `with`."""

    def __init__(self, engine: sa.Engine, kind: Kind, keys: Path, clock: Clock) -> None:
        self._engine = engine
        self._kind = kind
        self._keys = keys
        self._clock = clock

    def __enter__(self) -> Store:
        """The store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections; the store is then of no more use."""
        self._engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database and writes nothing."""
        with _failures_named(self._kind), self._engine.connect() as connection:
            reader = connection
            if connection.dialect.name == "postgresql":
                # Its default shows each statement what others have kept meanwhile.
                reader = connection.execution_options(isolation_level="REPEATABLE READ")
            with reader.begin():
                yield reader

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock from its start; on an exception nothing stays.

        Once it is kept, a checkpoint of the ledger is signed where one is due.
        """
        with self._holding() as writer:
            yield writer
        self._sign_if_due()

    @contextlib.contextmanager
    def _holding(self) -> Iterator[sa.Connection]:
        with _failures_named(self._kind), self._engine.connect() as connection:
            writer = connection.execution_options(insyn_write=True)
            with writer.begin():
                yield writer

    def _sign_if_due(self) -> None:
        from insyn.trust.ledger import checkpoints
        from insyn.trust.ledger.keyfile import find_signer

        try:
            signer = find_signer(self._keys)
            if signer is None:
                return
            now = self._clock()
            with self.reading() as connection:
                is_due = checkpoints.is_due(connection, now=now)
            if is_due:
                with self._holding() as connection:
                    checkpoints.make_if_due(connection, signer, now=now)
        except InsynError as error:
            # In a transaction of its own: what the caller changed is kept by now, and must not be
            # told as failed because the ledger before it was tampered with or its key is damaged.
            log.warning("insyn: the checkpoint that is due was not signed: %s", error)


def open_database(
    url: str, kind: Kind, *, directory: Path, keys: Path, clock: Clock = system_clock
) -> Store:
    """Open a database, made or brought up to date if need be.

    Args:
        url: a SQLAlchemy URL; it may hold a password, and no message repeats it.
        kind: which half's database it is.
        directory: an existing folder whose lock keeps two commands from migrating at once.
        keys: where the ledger's key lies, if there is one.
        clock: tells when a checkpoint of the ledger is due.

    Raises:
        EnvironmentFailure: it cannot be reached, or a newer Insyn has written it.
    """
    engine = _make_engine(url, kind)
    try:
        # The lock is held for the look as well: SQLite cannot switch a file to WAL while another
        # command reads it.
        with _failures_named(kind), exclusive(directory, ".migrate.lock"):
            if _revision(engine) != kind.head:
                _bring_up_to_date(engine, kind)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, kind, keys, clock)


def _make_engine(url: str, kind: Kind) -> sa.Engine:
    try:
        # Parameters are names of people: no message of SQLAlchemy's repeats them.
        engine = sa.create_engine(url, hide_parameters=True)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise EnvironmentFailure(
            f"cannot use the database that {kind.url_variable} names ({type(error).__name__}); "
            "give a SQLAlchemy URL such as postgresql+psycopg://HOST/NAME and install its driver"
        ) from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


# `Any`: sqlite3's own connection as SQLAlchemy hands it over.
def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer that began as a reader cannot wait for the lock: SQLite answers "busy" at once.
    write = connection.get_execution_options().get("insyn_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _revision(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        return _revision_of(connection)


def _revision_of(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def _bring_up_to_date(engine: sa.Engine, kind: Kind) -> None:
    # Alembic is imported only where there is something to do: it costs a tenth of a second.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", kind.scripts)
    if engine.dialect.name == "sqlite":
        _switch_to_wal(engine)
    with engine.connect() as plain:
        connection = plain.execution_options(insyn_write=True)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
            found = _revision_of(connection)
            known = {
                script.revision for script in ScriptDirectory.from_config(config).walk_revisions()
            }
            if found is not None and found not in known:
                raise EnvironmentFailure(
                    f"{kind.owner} database is at revision {found}, which this version of Insyn "
                    "does not know; use the newer Insyn that wrote it"
                )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _switch_to_wal(engine: sa.Engine) -> None:
    """Once a file: readers then never wait for the writer. Cannot be done in a transaction."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode = WAL").close()
    finally:
        connection.close()


@contextlib.contextmanager
def _failures_named(kind: Kind) -> Iterator[None]:
    """Turn what the database cannot do into a message with a next step, without the values."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise Refusal(
            f"{kind.owner} database refused a change that contradicts another one, perhaps made "
            "at the same moment; nothing was kept, try again"
        ) from None
    except sa.exc.DataError:
        raise Refusal(
            f"{kind.owner} database cannot hold a value (too long, or out of range); "
            "nothing was kept"
        ) from None
    except sa.exc.DatabaseError as error:
        raise EnvironmentFailure(
            f"{kind.owner} database cannot be used: {error.orig}; check the disk, the permissions"
            f"{kind.url_variable and f' and {kind.url_variable}'}, and that no other program "
            "holds the file"
        ) from None
