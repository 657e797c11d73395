"""Exports made from a real archive, and every way in which one must be refused."""

from __future__ import annotations

import importlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import pytest
from tests.support.masked_archive import SECOND_NS, START_NS, MaskedArchive
from tests.support.run_insyn import insyn

from insyn.base.errors import Refusal
from insyn.site.directory import SiteDirectory
from insyn.site.export.making import Span, export_masked
from insyn.site.export.manifest import Fault
from insyn.site.export.package import verify_export
from insyn.site.permission.judging import judge, site_public_key
from insyn.site.store import open_site
from insyn.trust.people.duties import Actor, Role

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OPERATOR = Actor(id="u-0123456789ab", roles=frozenset({Role.OPERATOR}))


@dataclass
class Site:
    directory: SiteDirectory
    archive: MaskedArchive

    def export(
        self, out: Path, *, from_s: int = 2, until_s: int = 8, actor: Actor = OPERATOR
    ) -> Path:
        span = Span(
            camera="cam-1",
            from_ns=START_NS + from_s * SECOND_NS,
            until_ns=START_NS + until_s * SECOND_NS,
        )
        reader = self.archive.reader()
        with open_site(self.directory) as store:
            export_masked(
                self.directory,
                store,
                reader,
                span,
                out=out,
                allowed=judge(self.directory, NOW),
                actor=actor,
                now=NOW,
            )
        reader.close()
        return out


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    root = tmp_path_factory.mktemp("site")
    directory = SiteDirectory(root=root / "site")
    site_public_key(directory)
    archive = MaskedArchive(root / "archive")
    archive.record(0, 10)
    return Site(directory=directory, archive=archive)


@pytest.fixture(scope="module")
def export(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site.export(tmp_path_factory.mktemp("out") / "export.zip")


def test_an_export_verifies_plays_and_carries_content_credentials(site: Site, export: Path) -> None:
    verified = verify_export(export, site=site_public_key(site.directory).fingerprint)
    assert verified.findings == ()
    assert verified.said["masking"] == "everyone"
    with zipfile.ZipFile(export) as package:
        clip = package.read("clip.mp4")
    with av.open(io.BytesIO(clip), mode="r") as container:
        assert sum(1 for _ in container.decode(video=0)) == 60
    c2pa: Any = importlib.import_module("c2pa")  # it is not typed

    reader = c2pa.Reader("video/mp4", io.BytesIO(clip))
    told = json.loads(reader.json())
    assert told["validation_state"] == "Valid"


def rewritten(export: Path, out: Path, **changed: Callable[[bytes], bytes] | None) -> Path:
    with zipfile.ZipFile(export) as package, zipfile.ZipFile(out, "w") as made:
        for name in package.namelist():
            part = name.split(".")[0]
            change = changed.get(part)
            if change is not None:
                made.writestr(name, change(package.read(name)))
            elif part not in changed:
                made.writestr(name, package.read(name))
    return out


def flipped(at: float) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        place = int(len(content) * at)
        return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

    return change


@pytest.mark.parametrize("at", [0.0, 0.1, 0.5, 0.9, 0.9999])
def test_a_flipped_byte_of_the_clip_is_found(export: Path, tmp_path: Path, at: float) -> None:
    found = verify_export(rewritten(export, tmp_path / "x.zip", clip=flipped(at)))
    assert [one.fault for one in found.findings] == [Fault.CLIP_ALTERED]


@pytest.mark.parametrize("at", [0.05, 0.2, 0.4, 0.6, 0.8, 0.99])
def test_a_flipped_byte_of_the_manifest_is_found(export: Path, tmp_path: Path, at: float) -> None:
    assert not verify_export(rewritten(export, tmp_path / "x.zip", manifest=flipped(at))).is_sound


def test_a_cut_tail_is_told_as_cut(export: Path, tmp_path: Path) -> None:
    found = verify_export(rewritten(export, tmp_path / "x.zip", clip=lambda clip: clip[:-500]))
    assert [one.fault for one in found.findings] == [Fault.CLIP_CUT]


def test_a_swapped_manifest_is_found(site: Site, export: Path, tmp_path: Path) -> None:
    other = site.export(tmp_path / "other.zip", from_s=3, until_s=6)
    with zipfile.ZipFile(other) as package:
        manifest = package.read("manifest.json")
    found = verify_export(rewritten(export, tmp_path / "x.zip", manifest=lambda _: manifest))
    assert [one.fault for one in found.findings] == [Fault.CLIP_ALTERED]


def test_a_manifest_signed_by_another_site_is_found(
    export: Path, tmp_path: Path, site: Site
) -> None:
    other = Site(directory=SiteDirectory(root=tmp_path / "site"), archive=site.archive)
    theirs = site_public_key(other.directory).fingerprint
    found = verify_export(export, site=theirs)
    assert [one.fault for one in found.findings] == [Fault.OTHER_SITE]


def test_a_clip_or_manifest_that_is_missing_is_told(export: Path, tmp_path: Path) -> None:
    without_clip = verify_export(rewritten(export, tmp_path / "a.zip", clip=None))
    assert [one.fault for one in without_clip.findings] == [Fault.CLIP_MISSING]
    without = verify_export(rewritten(export, tmp_path / "b.zip", manifest=None))
    assert [one.fault for one in without.findings] == [Fault.NO_MANIFEST]


def test_an_unpacked_export_verifies_too(export: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(export) as package:
        package.extractall(tmp_path)
    assert verify_export(tmp_path).is_sound
    assert verify_export(tmp_path / "clip.mp4").is_sound


def test_who_may_not_export_makes_nothing(site: Site, tmp_path: Path) -> None:
    nobody = Actor(id="u-aaaaaaaaaaaa", roles=frozenset({Role.ADMINISTRATOR}))
    with pytest.raises(Refusal):
        site.export(tmp_path / "x.zip", actor=nobody)
    assert not (tmp_path / "x.zip").exists()


def test_an_existing_file_is_not_replaced(site: Site, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"mine")
    with pytest.raises(Refusal, match="exists"):
        site.export(tmp_path / "x.zip")
    assert (tmp_path / "x.zip").read_bytes() == b"mine"


def test_the_command_tells_valid_and_refused(export: Path, tmp_path: Path) -> None:
    fine = insyn("export", "verify", str(export), "--json")
    assert fine.code == 0
    assert fine.json["valid"] is True
    bad = rewritten(export, tmp_path / "x.zip", clip=flipped(0.5))
    refused = insyn("export", "verify", str(bad), "--json")
    assert refused.code == 1
    assert refused.json["findings"][0]["reason"] == "clip-altered"
