"""The office's database: made, brought up to date, shared by two commands."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateTable
from tests.support.office_tables import METADATA

import insyn.office.migrations
from insyn.base.config import DataDirectory
from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.office.screening import schema
from insyn.office.screening.database import URL_VARIABLE, database_exists
from insyn.office.screening.store import Store, open_store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    return DataDirectory(root=tmp_path / "data")


def test_migrations_make_the_tables_that_the_code_uses(data: DataDirectory) -> None:
    with open_store(data, environ={}) as store, store.reading() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, list(METADATA)) == []  # type: ignore[arg-type]


def test_head_is_the_newest_version() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "insyn.office:migrations")
    script = ScriptDirectory.from_config(config)
    assert script.get_current_head() == insyn.office.migrations.HEAD


def test_sqlite_keeps_foreign_keys_and_a_write_ahead_log(data: DataDirectory) -> None:
    with open_store(data, environ={}) as store:
        with store.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        with pytest.raises(Refusal, match="nothing was kept"), store.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO outcome_changes"
                " (party, at, after, because, appeared, vanished, manifest)"
                " VALUES ('nobody', '2026-01-01', 'clear', 'x', '[]', '[]', 'none')"
            )


def _add_and_fail(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(sa.insert(schema.manifests).values(digest="d", content={}))
        _ = 1 // 0


def test_nothing_stays_of_a_transaction_that_fails(data: DataDirectory) -> None:
    table = schema.manifests
    with open_store(data, environ={}) as store:
        with pytest.raises(ZeroDivisionError):
            _add_and_fail(store)
        with store.reading() as connection:
            assert connection.execute(sa.select(table)).all() == []


def test_times_come_back_in_utc_whatever_zone_they_were_given_in(data: DataDirectory) -> None:
    stockholm = NOON.astimezone(timezone(timedelta(hours=1)))
    with open_store(data, environ={}) as store, store.writing() as connection:
        connection.execute(
            sa.insert(schema.parties).values(
                id="p", name="n", digest="d", added_at=stockholm, changed_at=NOON
            )
        )
        row = connection.execute(sa.select(schema.parties)).one()
    assert row.added_at == row.changed_at == NOON
    assert row.added_at.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(data: DataDirectory) -> None:
    naive = NOON.replace(tzinfo=None)
    with (
        open_store(data, environ={}) as store,
        pytest.raises(sa.exc.StatementError, match="needs a zone"),
        store.writing() as connection,
    ):
        connection.execute(
            sa.insert(schema.parties).values(
                id="p", name="n", digest="d", added_at=naive, changed_at=naive
            )
        )


def test_a_database_of_a_newer_version_is_left_alone(data: DataDirectory) -> None:
    with open_store(data, environ={}) as store, store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(EnvironmentFailure, match=r"revision 9999.*newer Insyn"):
        open_store(data, environ={})


def test_a_file_that_is_no_database_is_named_as_the_trouble(data: DataDirectory) -> None:
    data.database.write_bytes(b"this is not a database, it is a note" * 100)
    with pytest.raises(EnvironmentFailure, match="database cannot be used"):
        open_store(data, environ={})


def test_the_variable_names_another_database(data: DataDirectory, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere.sqlite"
    environ = {URL_VARIABLE: f"sqlite:///{other}"}
    assert not database_exists(data, environ={})
    assert database_exists(data, environ=environ)
    open_store(data, environ=environ).close()
    assert other.exists()
    assert not data.database.exists()


@pytest.mark.parametrize("url", ["nonsense", "cobol://host/name", "postgresql+nodriver://h/n"])
def test_an_unusable_url_is_refused_without_repeating_it(data: DataDirectory, url: str) -> None:
    with pytest.raises(EnvironmentFailure, match=URL_VARIABLE) as caught:
        open_store(data, environ={URL_VARIABLE: url})
    assert url not in str(caught.value)


def _open_and_add(root: Path, name: str) -> None:
    with open_store(DataDirectory(root=root), environ={}) as store, store.writing() as connection:
        connection.execute(sa.insert(schema.manifests).values(digest=name, content={}))


def test_commands_that_start_at_once_make_one_database(data: DataDirectory) -> None:
    context = multiprocessing.get_context("spawn")
    names = [f"m{number}" for number in range(4)]
    commands = [context.Process(target=_open_and_add, args=(data.root, name)) for name in names]
    for command in commands:
        command.start()
    for command in commands:
        command.join(60)
    assert [command.exitcode for command in commands] == [0] * len(commands)
    with open_store(data, environ={}) as store, store.reading() as connection:
        found = connection.execute(sa.select(schema.manifests.c.digest)).scalars().all()
    assert sorted(found) == names


def test_no_message_of_the_database_repeats_a_name(data: DataDirectory) -> None:
    row = {"id": "p", "name": "Ada Exempel", "digest": "d", "added_at": NOON, "changed_at": NOON}
    with open_store(data, environ={}) as store:
        with pytest.raises(Refusal) as refused, store.writing() as connection:
            connection.execute(sa.insert(schema.parties), [row, row])
        with pytest.raises(sa.exc.StatementError) as other, store.writing() as connection:
            connection.execute(sa.insert(schema.parties), {**row, "added_at": "noon"})
    assert "Exempel" not in str(refused.value) + str(other.value)


def test_the_tables_can_be_made_in_postgresql_too() -> None:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
    made = "".join(
        str(CreateTable(table).compile(dialect=dialect)) for table in schema.metadata.sorted_tables
    )
    assert "matches JSONB NOT NULL" in made
    assert "screened_at TIMESTAMP WITH TIME ZONE NOT NULL" in made
    assert "id SERIAL NOT NULL" in made
