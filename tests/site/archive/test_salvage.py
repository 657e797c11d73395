"""What a killed recorder leaves, and what becomes of it: cut at every kind of place."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.masked_archive import FPS, MaskedArchive

from insyn.base.errors import EnvironmentFailure, InsynError
from insyn.site.archive.check import Fault, check
from insyn.site.archive.garbage import delete
from insyn.site.archive.index import Index
from insyn.site.archive.recording import EndReason
from insyn.site.archive.root import open_root
from insyn.site.archive.salvage import QUARANTINE, salvage
from insyn.site.archive.walk import walk
from insyn.site.archive.writing import PART
from insyn.site.streams import TICKS, StreamName
from insyn.site.vault import shares
from insyn.site.vault.public import VaultPublicKey

VAULT, _ = shares.new_vault(
    {"a": "lantern under the stairs", "b": "nine geese went north"}, needed=2, cost=1 << 14
)
SEALS = pytest.mark.parametrize("seal", [None, VAULT], ids=["plain", "sealed"])


def left_behind(
    folder: Path, seal: VaultPublicKey | None, size: int | None = None
) -> MaskedArchive:
    """An archive in which a recorder was killed over a recording of five seconds."""
    archive = MaskedArchive(folder)
    made = archive.record(0, 5, seal=seal)
    path = folder / made.path
    with archive.index.writing() as connection:
        connection.execute("DELETE FROM recordings")
    part = path.with_name(path.name + PART)
    path.rename(part)
    if size is not None:
        with part.open("r+b") as file:
            file.truncate(size)
    return archive


@SEALS
def test_a_part_becomes_a_recording_up_to_its_last_whole_fragment(
    tmp_path: Path, seal: VaultPublicKey | None
) -> None:
    whole = left_behind(tmp_path / "whole", seal)
    assert salvage(whole.root, whole.index).recordings == 1
    reader = whole.reader()
    stream = StreamName.MAIN if seal else StreamName.MASKED
    (found,) = reader.recordings("cam-1", stream, 0, 2**62)
    assert found.end_reason is EndReason.SALVAGED
    assert (found.frames, found.duration_90k) == (5 * FPS, 5 * TICKS)
    assert len(found.fragments) == 5
    assert check(whole.root, whole.index, deep=True).is_sound
    reader.close()
    whole.close()


@SEALS
def test_cut_at_any_byte_at_most_the_last_second_is_lost(
    tmp_path: Path, seal: VaultPublicKey | None
) -> None:
    template = left_behind(tmp_path / "template", seal)
    template.close()
    (part,) = (tmp_path / "template").rglob(f"*{PART}")
    content = part.read_bytes()
    ends = [entry.offset + entry.size for entry in walk(part).fragments]

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(size=st.integers(0, len(content)))
    def cut(size: int) -> None:
        shutil.rmtree(tmp_path / "cut", ignore_errors=True)
        target = tmp_path / "cut" / part.relative_to(tmp_path / "template")
        target.parent.mkdir(parents=True)
        root = open_root(tmp_path / "cut", expected=None)
        index = Index(tmp_path / "cut" / "index.sqlite")
        target.write_bytes(content[:size])
        salvage(root, index)
        whole = sum(end <= size for end in ends)
        report = check(root, index, deep=True)
        assert report.is_sound
        assert report.recordings == (1 if whole else 0)
        if whole:
            with index.reading() as connection:
                (frames,) = connection.execute("SELECT frames FROM recordings").fetchone()
            assert frames == whole * FPS
        index.close()

    cut()


def test_a_salvaged_masked_recording_plays(tmp_path: Path) -> None:
    archive = left_behind(tmp_path, None)
    (part,) = tmp_path.rglob(f"*{PART}")
    with part.open("r+b") as file:
        file.truncate(part.stat().st_size - 100)
    salvage(archive.root, archive.index)
    (path,) = tmp_path.rglob("*.mp4")
    with av.open(path) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4 * FPS
    archive.close()


def test_a_part_that_is_being_written_is_let_alone(tmp_path: Path) -> None:
    script = (
        "import fcntl, os, sys, time\n"
        "f = os.open(sys.argv[1], os.O_WRONLY)\n"
        "fcntl.flock(f, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(60)\n"
    )
    archive = left_behind(tmp_path, None)
    (part,) = tmp_path.rglob(f"*{PART}")
    with subprocess.Popen(
        [sys.executable, "-c", script, str(part)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "held\n"
        assert salvage(archive.root, archive.index).recordings == 0
        writer.send_signal(signal.SIGKILL)
    assert salvage(archive.root, archive.index).recordings == 1
    archive.close()


def test_salvaging_twice_changes_nothing(tmp_path: Path) -> None:
    archive = left_behind(tmp_path, None)
    assert salvage(archive.root, archive.index).recordings == 1
    assert salvage(archive.root, archive.index).recordings == 0
    archive.close()


def test_a_file_that_was_named_but_has_no_row_is_taken_in(tmp_path: Path) -> None:
    archive = MaskedArchive(tmp_path)
    made = archive.record(0, 3)
    with archive.index.writing() as connection:
        connection.execute("DELETE FROM recordings")
    salvage(archive.root, archive.index)
    reader = archive.reader()
    assert reader.find(made.id).sha256 == made.sha256
    reader.close()
    archive.close()


def test_what_is_no_recording_is_put_aside_and_never_deleted(tmp_path: Path) -> None:
    archive = MaskedArchive(tmp_path)
    strange = tmp_path / "cam-1" / "masked" / "2026-11-24" / "x.mp4"
    strange.parent.mkdir(parents=True)
    strange.write_bytes(b"this is no recording of ours")
    assert salvage(archive.root, archive.index).quarantined == 1
    (kept,) = (tmp_path / QUARANTINE).iterdir()
    assert kept.read_bytes() == b"this is no recording of ours"
    archive.close()


def test_a_deletion_that_was_broken_off_is_finished(tmp_path: Path) -> None:
    archive = MaskedArchive(tmp_path)
    made = archive.record(0, 3)
    with archive.index.writing() as connection:
        connection.execute("INSERT INTO garbage VALUES (?, 0)", (made.path,))
        connection.execute("DELETE FROM recordings")
    assert [one.fault for one in check(archive.root, archive.index).findings] == [
        Fault.ORPHAN,
        Fault.GARBAGE,
    ]
    assert salvage(archive.root, archive.index).garbage == 1
    assert not (tmp_path / made.path).exists()
    assert check(archive.root, archive.index).is_sound
    archive.close()


def test_an_empty_mount_point_is_not_written_into(tmp_path: Path) -> None:
    root = open_root(tmp_path / "disk", expected=None)
    (tmp_path / "disk" / "archive.json").unlink()
    with pytest.raises(EnvironmentFailure, match="mount its disk"):
        root.require()
    with pytest.raises(EnvironmentFailure, match="mount its disk"):
        open_root(tmp_path / "disk", expected=root.id)
    open_root(tmp_path / "other", expected=None)
    with pytest.raises(EnvironmentFailure, match="the right disk"):
        open_root(tmp_path / "other", expected=root.id)


@SEALS
@pytest.mark.parametrize("fault", list(Fault)[:3])
def test_check_finds_what_is_wrong_and_repair_keeps_what_is_sound(
    tmp_path: Path, seal: VaultPublicKey | None, fault: Fault
) -> None:
    archive = MaskedArchive(tmp_path)
    made = archive.record(0, 5, seal=seal)
    path = tmp_path / made.path
    content = path.read_bytes()
    if fault is Fault.MISSING:
        path.unlink()
    elif fault is Fault.SIZE:
        path.write_bytes(content[:-40])
    else:
        path.write_bytes(content[:-40] + bytes([content[-40] ^ 1]) + content[-39:])
    assert [one.fault for one in check(archive.root, archive.index, deep=True).findings] == [fault]
    check(archive.root, archive.index, deep=True, repair=True)
    after = check(archive.root, archive.index, deep=True)
    assert after.is_sound
    assert after.recordings == (0 if fault is Fault.MISSING else 1)
    archive.close()


def test_deleting_leaves_neither_row_nor_file_nor_empty_folder(tmp_path: Path) -> None:
    archive = MaskedArchive(tmp_path)
    made = archive.record(0, 3)
    delete(tmp_path, archive.index, [made.path])
    assert check(archive.root, archive.index).is_sound
    assert not (tmp_path / made.path).parent.exists()
    archive.close()


def test_an_index_of_a_newer_insyn_is_refused(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite")
    with index.writing() as connection:
        connection.execute("PRAGMA user_version = 99")
    index.close()
    with pytest.raises(InsynError, match="newer Insyn"):
        Index(tmp_path / "index.sqlite")
