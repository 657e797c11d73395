"""`insyn site archive`: where the recordings lie, named by whoever installs the site."""

from __future__ import annotations

from pathlib import Path

from tests.support.run_insyn import insyn

from insyn.site.archive.place import open_place
from insyn.site.directory import SiteDirectory


def test_an_archive_is_given_a_disk_of_its_own(tmp_path: Path) -> None:
    data, disk = str(tmp_path / "data"), tmp_path / "disk"
    assert insyn("--data", data, "site", "init").code == 0
    usual = insyn("--data", data, "site", "archive")
    assert usual.out.strip() == str(tmp_path / "data" / "site" / "archive")
    named = insyn("--data", data, "site", "archive", str(disk))
    assert (named.code, named.out.strip()) == (0, str(disk))
    site = SiteDirectory(root=tmp_path / "data" / "site")
    assert open_place(site).path == disk
    assert insyn("--data", data, "site", "check").code == 0
    # The disk is away: nothing is written where it would be, and the error names this command.
    disk.rename(tmp_path / "away")
    away = insyn("--data", data, "site", "check")
    assert away.code == 3
    assert "mount its disk" in away.err
    assert not disk.exists()


def test_a_moved_archive_keeps_what_is_in_it(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    insyn("--data", data, "site", "init")
    site = SiteDirectory(root=tmp_path / "data" / "site")
    before = open_place(site)
    site.archive.rename(tmp_path / "disk")
    assert insyn("--data", data, "site", "archive", str(tmp_path / "disk")).code == 0
    assert open_place(site).id == before.id


def test_an_archive_needs_a_site_and_a_folder(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    assert insyn("--data", data, "site", "archive").code == 3
    insyn("--data", data, "site", "init")
    (tmp_path / "file").write_text("")
    refused = insyn("--data", data, "site", "archive", str(tmp_path / "file"))
    assert refused.code == 3
    assert "cannot make the archive" in refused.err
