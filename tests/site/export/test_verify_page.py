"""The page that comes with an export, in a real browser: it says valid of the good file alone."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.site.export.test_export import NOW, OPERATOR, edited
from tests.support.masked_archive import SECOND_NS, START_NS, MaskedArchive

from insyn.site.directory import SiteDirectory
from insyn.site.export.making import Span, export_masked
from insyn.site.permission.judging import judge, site_public_key
from insyn.site.store import open_site
from insyn.trust.keys.site import open_site_key

CHROMIUM = shutil.which("chromium") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")


@dataclass
class Unpacked:
    folder: Path
    site: SiteDirectory
    fingerprint: str

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    root = tmp_path_factory.mktemp("page")
    site = SiteDirectory(root=root / "site")
    fingerprint = site_public_key(site).fingerprint
    archive = MaskedArchive(root / "archive")
    archive.record(0, 4)
    with open_site(site) as store:
        export_masked(
            site,
            store,
            archive.reader(),
            Span(
                camera="cam-1", from_ns=START_NS - 10 * SECOND_NS, until_ns=START_NS + 4 * SECOND_NS
            ),
            out=root / "export.zip",
            allowed=judge(site, NOW),
            actor=OPERATOR,
            now=NOW,
        )
    archive.close()
    with zipfile.ZipFile(root / "export.zip") as package:
        package.extractall(root / "export")
    return Unpacked(folder=root / "export", site=site, fingerprint=fingerprint)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any, unpacked: Unpacked) -> Iterator[Page]:
    """The page as somebody opens it: a file, without a network."""
    context = browser.new_context(offline=True)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto((unpacked.folder / "verify.html").as_uri())
    yield opened
    context.close()
    assert complaints == []


def judged(page: Page, clip: bytes, manifest: bytes, site: str = "") -> tuple[str, str]:
    """The verdict, and all that was found, in words."""
    if site:
        page.fill("#site", site)
    page.set_input_files("#clip", {"name": "c.mp4", "mimeType": "video/mp4", "buffer": clip})
    page.set_input_files(
        "#manifest", {"name": "m.json", "mimeType": "application/json", "buffer": manifest}
    )
    expect(page.locator("#verdict")).to_be_visible()
    return page.inner_text("#verdict"), page.inner_text("#findings")


def test_a_good_export_is_valid_and_plays(page: Page, unpacked: Unpacked) -> None:
    verdict, _ = judged(
        page, unpacked.read("clip.mp4"), unpacked.read("manifest.json"), unpacked.fingerprint
    )
    assert verdict.startswith("Valid")
    assert "cam-1" in page.inner_text("#said")
    page.wait_for_function("() => document.querySelector('video').duration > 3")


def test_whose_signature_it_is_must_be_compared(page: Page, unpacked: Unpacked) -> None:
    verdict, found = judged(page, unpacked.read("clip.mp4"), unpacked.read("manifest.json"))
    assert verdict.startswith("Unchanged")
    assert "No fingerprint" in found
    page.fill("#site", unpacked.fingerprint)
    page.press("#site", "Tab")
    expect(page.locator("#verdict")).to_have_text(re.compile("^Valid"))


def test_what_the_clip_does_not_hold_is_told(page: Page, unpacked: Unpacked) -> None:
    verdict, found = judged(
        page, unpacked.read("clip.mp4"), unpacked.read("manifest.json"), unpacked.fingerprint
    )
    assert verdict.startswith("Valid")
    assert "does not hold all" in found
    told = page.inner_text("#said")
    assert "2026-11-18 11:06:30 – 2026-11-18 11:06:40 UTC: not recorded" in told


@pytest.mark.parametrize("at", [0, 0.5, 0.99999])
def test_a_flipped_byte_is_not_valid(page: Page, unpacked: Unpacked, at: float) -> None:
    clip = bytearray(unpacked.read("clip.mp4"))
    clip[int(len(clip) * at)] ^= 1
    verdict, found = judged(page, bytes(clip), unpacked.read("manifest.json"))
    assert verdict.startswith("Not valid")
    assert "changed or swapped" in found


def test_a_cut_tail_is_told(page: Page, unpacked: Unpacked) -> None:
    verdict, found = judged(page, unpacked.read("clip.mp4")[:-1], unpacked.read("manifest.json"))
    assert verdict.startswith("Not valid")
    assert "it was cut" in found


def test_an_edited_manifest_is_not_valid(page: Page, unpacked: Unpacked) -> None:
    bad = edited(unpacked.read("manifest.json"), masking="everyone-but-one")
    verdict, found = judged(page, unpacked.read("clip.mp4"), bad)
    assert verdict.startswith("Not valid")
    assert "changed after the site signed it" in found


def test_another_sites_key_is_not_valid(page: Page, unpacked: Unpacked, tmp_path: Path) -> None:
    thief = SiteDirectory(root=tmp_path / "thief")
    site_public_key(thief)
    forged = edited(
        unpacked.read("manifest.json"), open_site_key(thief.key), masking="everyone-but-one"
    )
    verdict, found = judged(page, unpacked.read("clip.mp4"), forged, unpacked.fingerprint)
    assert verdict.startswith("Not valid")
    assert "another site" in found


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"null",
        b"{}",
        b"\xff\xfe",
        json.dumps({"payload": "bnVsbA==", "payloadType": "", "signatures": []}).encode(),
    ],
)
def test_what_is_no_manifest_is_told(page: Page, unpacked: Unpacked, manifest: bytes) -> None:
    verdict, found = judged(page, unpacked.read("clip.mp4"), manifest)
    assert verdict.startswith("Not valid")
    assert "manifest" in found
