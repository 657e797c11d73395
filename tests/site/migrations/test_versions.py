"""A site's database of an earlier version is brought up to date, and loses nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from insyn.site.directory import SiteDirectory
from insyn.site.migrations import HEAD
from insyn.site.release import matter
from insyn.site.release.recorded import Kind
from insyn.site.store import open_site

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_releases_of_before_opened_what_was_recorded(tmp_path: Path) -> None:
    site = SiteDirectory(root=tmp_path / "site")
    engine = sa.create_engine(f"sqlite:///{site.database}")
    config = Config()
    config.set_main_option("script_location", "insyn.site:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        connection.exec_driver_sql(
            "INSERT INTO releases (id, camera, begins, ends, reason, basis, case_number, minutes,"
            " asked_by, asked_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                "rel-000000000001", "hall", *("2026-11-20 09:00:00.000000",) * 2, "r", "b", "c",
                30, "u-1", "2026-11-20 09:00:00.000000", "ended",
            ),
        )  # fmt: skip
    engine.dispose()
    with open_site(site) as store, store.reading() as connection:
        found = matter.find(connection, "rel-000000000001")
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    assert found.kind is Kind.RECORDED
    assert found.asked_at == AT
    assert version == HEAD
