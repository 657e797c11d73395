"""Backups taken and put back; wrong passphrases, cuts and changes refused."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.masked_archive import MaskedArchive

from insyn.base.errors import InsynError, Refusal, UnreadableInput
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import site_public_key
from insyn.site.serving.backup import back_up, restore
from insyn.site.store import open_site
from insyn.trust.people import users

WORDS = "seven lamps over the gate"


@dataclass
class Made:
    site: SiteDirectory
    archive: Path
    backup: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("site")
    site = SiteDirectory(root=root / "site")
    site_public_key(site)
    with open_site(site) as store, store.writing() as connection:
        users.invite_first(connection, now=datetime(2026, 11, 24, tzinfo=UTC))
    archive = MaskedArchive(root / "archive")
    archive.record(0, 3)
    backup = root / "backup"
    # While the archive is open and a process could write.
    assert back_up(site, root / "archive", backup, WORDS) >= 4
    archive.close()
    return Made(site=site, archive=root / "archive", backup=backup)


def test_what_was_backed_up_comes_back(made: Made, tmp_path: Path) -> None:
    site, archive = SiteDirectory(root=tmp_path / "site"), tmp_path / "archive"
    restore(site, archive, made.backup, WORDS)
    assert site_public_key(site) == site_public_key(made.site)
    with open_site(site) as store, store.reading() as connection:
        assert users.are_any(connection)
    with contextlib.closing(sqlite3.connect(archive / "index.sqlite")) as index:
        (count,) = index.execute("SELECT count(*) FROM recordings").fetchone()
    assert count == 1


def test_a_backup_holds_no_readable_secret(made: Made) -> None:
    content = made.backup.read_bytes()
    assert b"PRIVATE" not in content
    assert b"SQLite" not in content
    assert made.backup.stat().st_mode & 0o077 == 0


def test_what_a_killed_backup_left_is_in_nobodys_way(made: Made, tmp_path: Path) -> None:
    left = tmp_path / ".again.part"
    left.write_bytes(b"half")
    assert back_up(made.site, made.archive, tmp_path / "again", WORDS) >= 4
    assert left.read_bytes() == b"half", "it may be another's that still runs"


def test_a_site_is_never_overwritten(made: Made) -> None:
    with pytest.raises(Refusal, match="holds a site"):
        restore(made.site, made.archive, made.backup, WORDS)
    with pytest.raises(Refusal, match="exists"):
        back_up(made.site, made.archive, made.backup, WORDS)


def test_a_wrong_passphrase_restores_nothing(made: Made, tmp_path: Path) -> None:
    site = SiteDirectory(root=tmp_path / "site")
    with pytest.raises(Refusal, match="passphrase"):
        restore(site, tmp_path / "archive", made.backup, "another")
    assert not site.root.exists()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.999])
def test_a_cut_or_changed_backup_restores_nothing(made: Made, tmp_path: Path, share: float) -> None:
    content = made.backup.read_bytes()
    at = int(len(content) * share)
    for number, wrong in enumerate(
        (content[:at], content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    ):
        path = tmp_path / f"wrong{number}"
        path.write_bytes(wrong)
        site = SiteDirectory(root=tmp_path / f"site{number}")
        with pytest.raises(InsynError) as told:
            restore(site, tmp_path / "archive", path, WORDS)
        assert isinstance(told.value, (Refusal, UnreadableInput))
        assert not site.root.exists()
