"""`insyn export make`: masked spans from a site on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.masked_archive import START_NS, MaskedArchive
from tests.support.run_insyn import insyn

from insyn.base.config import DataDirectory
from insyn.site.directory import site_directory

BEGAN = datetime.fromtimestamp(START_NS / 1e9, tz=UTC)


@dataclass
class Site:
    data: Path
    fingerprint: str

    def make(self, out: Path, *, camera: str = "Hall", **times: str) -> tuple[str, ...]:
        begins = times.get("begins", (BEGAN + timedelta(seconds=2)).isoformat())
        ends = times.get("ends", (BEGAN + timedelta(seconds=5)).isoformat())
        return (
            "--data", str(self.data), "export", "make", "--camera", camera,
            "--from", begins, "--until", ends, "--out", str(out),
        )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    data = tmp_path_factory.mktemp("data")
    made = insyn("--data", str(data), "site", "init", "--json")
    added = insyn(
        "--data", str(data), "site", "camera", "add", "Hall", "virtual://concourse?seed=7",
        "--no-probe", "--json",
    )  # fmt: skip
    archive = MaskedArchive(site_directory(DataDirectory(root=data)).archive)
    archive.record(0, 10, camera=added.json["id"])
    archive.close()
    return Site(data=data, fingerprint=made.json["fingerprint"])


def test_a_span_is_exported_and_verified(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "export.zip"
    done = insyn(*site.make(out), "--json")
    assert done.code == 0, done.err
    assert done.json["site"] == site.fingerprint
    verified = insyn("export", "verify", str(out), "--site", site.fingerprint, "--json")
    assert verified.code == 0
    assert verified.json["export"] == done.json["export"]
    assert verified.json["masking"] == "everyone"


def test_what_an_export_does_not_hold_is_said(site: Site, tmp_path: Path) -> None:
    early = (BEGAN - timedelta(minutes=5)).isoformat()
    made = insyn(*site.make(tmp_path / "x.zip", begins=early))
    assert "5 s of the 5 min 5 s asked for" in made.out
    assert "2026-11-18 11:01:40 to 2026-11-18 11:06:40 UTC: not recorded" in made.out
    told = insyn("export", "verify", str(tmp_path / "x.zip"))
    assert told.code == 0
    assert "5 s of the 5 min 5 s asked for" in told.out
    assert "compare this fingerprint" in told.out
    answer = insyn("export", "verify", str(tmp_path / "x.zip"), "--json").json
    assert (answer["valid"], answer["is_whole"], answer["is_site_compared"]) == (True, False, False)
    assert answer["begins"] == "2026-11-18T11:06:40Z"
    assert answer["missing"][0]["because"] == "not recorded"


def test_times_are_the_sites_own_unless_they_name_a_zone(site: Site, tmp_path: Path) -> None:
    local = BEGAN.replace(tzinfo=None)
    done = insyn(
        *site.make(tmp_path / "x.zip", begins=str(local), ends=str(local + timedelta(seconds=3)))
    )
    assert done.code == 0, done.err  # a new site's zone is UTC


@pytest.mark.parametrize(
    ("changed", "code", "why"),
    [
        ({"camera": "Nowhere"}, 1, "no camera"),
        ({"begins": "noon"}, 2, "date and time"),
        ({"begins": "2020-01-01T00:00:00Z", "ends": "2020-01-01T01:00:00Z"}, 1, "nothing was"),
        ({"begins": "2026-11-18T00:00:00Z", "ends": "2026-11-19T00:00:00Z"}, 2, "two hours"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_leaves_nothing(
    site: Site, tmp_path: Path, changed: dict[str, str], code: int, why: str
) -> None:
    done = insyn(*site.make(tmp_path / "x.zip", **changed))
    assert done.code == code, done.err
    assert why in done.err
    assert not list(tmp_path.iterdir())


def test_an_existing_file_and_a_missing_folder_are_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(b"mine")
    done = insyn(*site.make(tmp_path / "mine.zip"))
    assert done.code == 1
    assert "exists" in done.err
    assert (tmp_path / "mine.zip").read_bytes() == b"mine"
    nowhere = insyn(*site.make(tmp_path / "no" / "x.zip"))
    assert nowhere.code == 3
    assert "folder" in nowhere.err
