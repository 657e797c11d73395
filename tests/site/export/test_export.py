"""Exports made from a real archive, and every way in which one must be refused."""

from __future__ import annotations

import base64
import contextlib
import importlib
import io
import itertools
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.masked_archive import SECOND_NS, START_NS, MaskedArchive
from tests.support.run_insyn import insyn

from insyn.base.canonical import canonical_bytes
from insyn.base.errors import Refusal, UnreadableInput, UsageError
from insyn.site.directory import SiteDirectory
from insyn.site.export.making import Span, export_masked
from insyn.site.export.manifest import PAYLOAD_TYPE, Fault
from insyn.site.export.package import verify_export
from insyn.site.export.wrapping import entry
from insyn.site.permission.judging import judge, site_public_key
from insyn.site.shielding import uncovered
from insyn.site.store import open_site
from insyn.trust.keys.envelope import seal, signed
from insyn.trust.keys.keyfile import SigningKey
from insyn.trust.keys.site import open_site_key
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
    """The package written anew, as the site writes it, with other content."""
    with zipfile.ZipFile(export) as package, zipfile.ZipFile(out, "w") as made:
        for name in package.namelist():
            part = name.split(".")[0]
            change = changed.get(part)
            if change is not None:
                made.writestr(entry(name), change(package.read(name)))
            elif part not in changed:
                made.writestr(entry(name), package.read(name))
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


@pytest.mark.parametrize("at", [0.05, 0.5, 0.95])
def test_a_bit_flipped_in_the_package_itself_is_altered_not_cut(
    export: Path, tmp_path: Path, at: float
) -> None:
    with zipfile.ZipFile(export) as package:
        place = package.getinfo("clip.mp4").header_offset + 30 + len("clip.mp4")
        place += int(package.getinfo("clip.mp4").compress_size * at)
    content = bytearray(export.read_bytes())
    content[place] ^= 1
    bad = tmp_path / "x.zip"
    bad.write_bytes(content)
    assert [one.fault for one in verify_export(bad).findings] == [Fault.CLIP_ALTERED]


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


FIXTURES = [HealthCheck.function_scoped_fixture]


def edited(manifest: bytes, key: SigningKey | None = None, **changed: object) -> bytes:
    """The manifest with other words in it; signed again by `key`, or with its old signature."""
    envelope = json.loads(manifest)
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"] |= changed
    if key is not None:
        own = {"fingerprint": key.public.fingerprint, "public": key.public.raw.hex()}
        statement["predicate"]["site"] = own
        return signed(seal(canonical_bytes(statement), PAYLOAD_TYPE), key).to_bytes()
    envelope["payload"] = base64.b64encode(canonical_bytes(statement)).decode()
    return canonical_bytes(envelope) + b"\n"


@pytest.mark.parametrize(
    "changed",
    [
        {"masking": "everyone-but-one"},
        {"camera": "cam-2"},
        {"begins": "2026-11-18T11:06:00Z"},
        {"permit": "p-000000000000"},
        {"size_bytes": 1},
        {"recordings": []},
    ],
    ids=lambda one: next(iter(one)),
)
def test_an_edited_manifest_is_found(
    export: Path, tmp_path: Path, changed: dict[str, object]
) -> None:
    bad = rewritten(export, tmp_path / "x.zip", manifest=lambda said: edited(said, None, **changed))
    faults = [one.fault for one in verify_export(bad).findings]
    assert Fault.MANIFEST_ALTERED in faults


@pytest.mark.parametrize(
    "changed",
    [{"masking": "everyone-but-one"}, {"camera": "cam-2"}, {"release": "rel-0123456789ab"}],
    ids=lambda one: next(iter(one)),
)
def test_an_edited_manifest_under_another_sites_key_is_not_what_the_ledger_holds(
    site: Site, export: Path, tmp_path: Path, changed: dict[str, object]
) -> None:
    thief = SiteDirectory(root=tmp_path / "thief")
    site_public_key(thief)
    key = open_site_key(thief.key)
    bad = rewritten(export, tmp_path / "x.zip", manifest=lambda said: edited(said, key, **changed))
    assert [one.fault for one in verify_export(bad).findings] == [Fault.NOT_IN_LEDGER]
    found = verify_export(bad, site=site_public_key(site.directory).fingerprint)
    assert [one.fault for one in found.findings] == [Fault.OTHER_SITE, Fault.NOT_IN_LEDGER]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_flipped_bit_of_the_clip_passes(
    export: Path, tmp_path: Path, at: float, bit: int
) -> None:
    def flip(clip: bytes) -> bytes:
        place = int(len(clip) * at)
        return clip[:place] + bytes([clip[place] ^ (1 << bit)]) + clip[place + 1 :]

    bad = rewritten(export, tmp_path / "x.zip", clip=flip)
    assert [one.fault for one in verify_export(bad).findings] == [Fault.CLIP_ALTERED]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.floats(0, 1, exclude_max=True), cut=st.booleans())
def test_a_package_that_was_damaged_is_refused(
    export: Path, tmp_path: Path, at: float, cut: bool
) -> None:
    content = export.read_bytes()
    place = int(len(content) * at)
    flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    bad = tmp_path / "x.zip"
    bad.write_bytes(content[:place] if cut else flipped)
    try:
        found = verify_export(bad)
    except UnreadableInput:
        return
    assert not found.is_sound


def outside_members(export: Path) -> list[int]:
    """Where in the package the bytes lie that are no content of a member."""
    content = set(range(export.stat().st_size))
    with zipfile.ZipFile(export) as package:
        for one in package.infolist():
            start = one.header_offset + 30 + len(one.filename)
            content -= set(range(start, start + one.file_size))
    return sorted(content)


def test_no_flipped_bit_of_the_zip_itself_passes(export: Path, tmp_path: Path) -> None:
    content, bad = bytearray(export.read_bytes()), tmp_path / "x.zip"
    places = outside_members(export)
    assert len(places) > 200
    for place, bit in itertools.product(places, range(8)):
        content[place] ^= 1 << bit
        bad.write_bytes(content)
        with contextlib.suppress(UnreadableInput):
            assert not verify_export(bad).is_sound, (place, bit)
        content[place] ^= 1 << bit


def test_what_was_added_to_a_package_is_told(export: Path, tmp_path: Path) -> None:
    bad = rewritten(export, tmp_path / "x.zip")
    assert verify_export(bad).is_sound
    with zipfile.ZipFile(bad, "a") as package:
        package.writestr("what it shows.txt", "nothing that the site has said")
    assert [one.fault for one in verify_export(bad).findings] == [Fault.PACKAGE_ALTERED]
    for around in (b"x" + export.read_bytes(), export.read_bytes() + b"x"):
        bad.write_bytes(around)
        assert [one.fault for one in verify_export(bad).findings] == [Fault.PACKAGE_ALTERED]


def test_another_page_beside_the_clip_is_told(export: Path, tmp_path: Path) -> None:
    bad = rewritten(export, tmp_path / "x.zip", verify=lambda page: page.replace(b"bad", b"good"))
    assert [one.fault for one in verify_export(bad).findings] == [Fault.PAGE_ALTERED]
    with zipfile.ZipFile(bad) as package:
        package.extractall(tmp_path / "x")
    assert [one.fault for one in verify_export(tmp_path / "x").findings] == [Fault.PAGE_ALTERED]


def test_an_export_says_what_it_holds_of_the_span_that_was_asked_for(
    site: Site, tmp_path: Path
) -> None:
    verified = verify_export(site.export(tmp_path / "x.zip", from_s=-300, until_s=4))
    assert verified.is_sound
    held = verified.held
    assert held is not None
    assert held.kept_ns == 4 * SECOND_NS
    assert [(one.from_ns, one.until_ns) for one in held.missing] == [
        (START_NS - 300 * SECOND_NS, START_NS)
    ]
    assert verified.said["begins"] == "2026-11-18T11:06:40Z"
    assert verified.said["asked"] == {
        "begins": "2026-11-18T11:01:40.000Z", "ends": "2026-11-18T11:06:44.000Z",
    }  # fmt: skip


def test_of_a_time_with_uncovered_zones_not_everybody_is_masked(site: Site, tmp_path: Path) -> None:
    def masked(name: str) -> object:
        return verify_export(site.export(tmp_path / name)).said["masking"]

    began = datetime.fromtimestamp(START_NS / 1e9, tz=UTC)
    zones = uncovered.Uncovered(
        zones=(((0.0, 0.0), (0.1, 0.0), (0.1, 0.1)),),
        because="The departure board changes all day.",
        ends=began + timedelta(seconds=5),
    )
    for camera, before in (("cam-2", "everyone"), ("cam-1", "everyone")):
        assert masked(f"{camera}.zip") == before
        with open_site(site.directory) as store, store.writing() as connection:
            uncovered.begin(
                connection, camera, zones, proposed_by="u-1", confirmed_by="u-2", now=began
            )
    assert masked("after.zip") == "everyone-outside-zones"
    with open_site(site.directory) as store, store.writing() as connection:
        connection.execute(uncovered.uncovered.delete())


def test_a_manifest_that_does_not_say_what_the_clip_holds_still_verifies(
    site: Site, export: Path, tmp_path: Path
) -> None:
    key = open_site_key(site.directory.key)

    def of_before(said: bytes) -> bytes:
        statement = json.loads(base64.b64decode(json.loads(said)["payload"]))
        statement["predicateType"] = "urn:insyn:export:1"
        for name in ("asked", "holds", "missing", "page", "time_zone"):
            del statement["predicate"][name]
        return signed(seal(canonical_bytes(statement), PAYLOAD_TYPE), key).to_bytes()

    old = rewritten(export, tmp_path / "x.zip", manifest=of_before)
    verified = verify_export(old)
    assert verified.is_sound
    assert verified.held is None
    told = insyn("export", "verify", str(old))
    assert "does not say how much" in told.out


def test_a_signed_manifest_that_leaves_something_out_breaks_nothing(
    site: Site, export: Path, tmp_path: Path
) -> None:
    key = open_site_key(site.directory.key)

    def without(said: bytes) -> bytes:
        statement = json.loads(base64.b64decode(json.loads(said)["payload"]))
        for name in ("made_at", "time_zone", "style"):
            del statement["predicate"][name]
        return signed(seal(canonical_bytes(statement), PAYLOAD_TYPE), key).to_bytes()

    told = insyn("export", "verify", str(rewritten(export, tmp_path / "x.zip", manifest=without)))
    assert told.code == 0, told.err
    assert "begins" in told.out


@pytest.mark.parametrize(
    "changed", [{"asked": None}, {"holds": [1]}, {"missing": [{}]}, {"holds": "all"}],
    ids=["no span", "a number", "an empty one", "a word"],
)  # fmt: skip
def test_a_signed_manifest_of_another_shape_is_no_manifest(
    site: Site, export: Path, tmp_path: Path, changed: dict[str, object]
) -> None:
    key = open_site_key(site.directory.key)
    bad = rewritten(export, tmp_path / "x.zip", manifest=lambda said: edited(said, key, **changed))
    assert [one.fault for one in verify_export(bad).findings] == [Fault.NO_MANIFEST]


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


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ({"clip": flipped(0.3)}, "clip-altered"),
        ({"clip": lambda clip: clip[:-1]}, "clip-cut"),
        ({"clip": None}, "clip-missing"),
        ({"manifest": lambda said: edited(said, style="ghost")}, "manifest-altered"),
        ({"manifest": lambda said: said[: len(said) // 2]}, "no-manifest"),
        ({"manifest": None}, "no-manifest"),
        ({"verify": flipped(0.5)}, "page-altered"),
        ({"verify": None}, "package-altered"),
    ],
    ids=[
        "flipped",
        "cut",
        "no clip",
        "edited",
        "half a manifest",
        "no manifest",
        "another page",
        "no page",
    ],
)
def test_the_command_names_each_reason(
    export: Path, tmp_path: Path, damage: dict[str, Any], reason: str
) -> None:
    bad = rewritten(export, tmp_path / "x.zip", **damage)
    done = insyn("export", "verify", str(bad), "--json")
    assert done.code == 1
    assert done.json["valid"] is False
    assert reason in [one["reason"] for one in done.json["findings"]]


def test_the_command_names_another_site(export: Path) -> None:
    done = insyn("export", "verify", str(export), "--site", "0" * 64, "--json")
    assert done.code == 1
    assert [one["reason"] for one in done.json["findings"]] == ["other-site"]


def test_a_span_over_a_change_of_the_picture_or_too_long_is_refused(
    site: Site, tmp_path: Path
) -> None:
    for until_s in (2, 3 * 3600):
        with pytest.raises(UsageError, match="two hours"):
            site.export(tmp_path / "x.zip", from_s=2, until_s=until_s)
    assert not list(tmp_path.iterdir())
