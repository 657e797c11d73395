"""The ledger's tables: made in a database that an earlier version wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from tests.support import postgres
from tests.support.ledger_desk import KEYS, NOON, thing

from insyn.base.config import DataDirectory
from insyn.office.screening import register
from insyn.office.screening.database import URL_VARIABLE
from insyn.office.screening.store import open_store
from insyn.trust.ledger import log
from insyn.trust.ledger.check import check

pytestmark = pytest.mark.databases


def _made_by_the_first_version(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", "insyn.office:migrations")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO parties (id, name, digest, added_at, changed_at)"
            " VALUES ('c-1', 'Påhitt AB', 'd', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
        )
    engine.dispose()


def test_an_office_of_the_first_version_gets_an_empty_ledger_and_keeps_its_parties(
    tmp_path: Path, database: str
) -> None:
    data = DataDirectory(root=tmp_path)
    if database:
        postgres.empty(database)
    _made_by_the_first_version(database or f"sqlite:///{data.database}")
    environ = {URL_VARIABLE: database} if database else {}
    with open_store(data, environ=environ) as store:
        with store.writing() as connection:
            assert register.count(connection) == 1
            assert log.size(connection) == 0
            log.append(connection, thing(0), now=NOON)
        with store.reading() as connection:
            assert check(connection, KEYS).findings == ()
