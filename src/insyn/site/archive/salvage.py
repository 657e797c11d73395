"""What a killed recorder left, taken in: parts become recordings up to their last whole fragment.

Always: nothing is deleted that holds a fragment; what cannot be read is put aside in `quarantine`,
where people can look; what another process is still writing is let alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from insyn.base.errors import EnvironmentFailure, UnreadableInput
from insyn.base.files import is_locked_now, sync_directory
from insyn.site.archive.garbage import empty_garbage
from insyn.site.archive.index import Index
from insyn.site.archive.recording import EndReason, Recording
from insyn.site.archive.root import ArchiveRoot
from insyn.site.archive.walk import Walked, walk
from insyn.site.archive.writing import PART, add_recording
from insyn.site.streams import TICKS, StreamName

log = logging.getLogger("insyn.archive")

QUARANTINE = "quarantine"
SUFFIXES = (".mp4", ".sealed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvaged:
    """What was done."""

    recordings: int = 0
    cut_bytes: int = 0
    """Of torn fragments at the ends."""
    empty: int = 0
    quarantined: int = 0
    garbage: int = 0


def salvage(root: ArchiveRoot, index: Index) -> Salvaged:
    """Take in whatever has no row; finish what was being deleted. Safe beside running recorders.

    Raises:
        EnvironmentFailure: the archive's disk is not the right one, or fails.
    """
    root.require()
    taken = empty = quarantined = cut = 0
    garbage = empty_garbage(root.path, index)
    known = _known(index)
    try:
        for path in _files(root.path):
            final = path.with_name(path.name.removesuffix(PART))
            if path == final and str(path.relative_to(root.path)) in known:
                continue
            with _alone(path) as is_alone:
                if not is_alone or not path.exists():
                    continue
                try:
                    walked = walk(path)
                except UnreadableInput as error:
                    quarantined += _set_aside(root.path, path, error)
                    continue
                if not walked.fragments:
                    path.unlink()
                    empty += 1
                    continue
                cut += walked.size_bytes - walked.whole_bytes
                _take_in(root.path, index, path, final, walked)
                taken += 1
    except OSError as error:
        raise EnvironmentFailure(f"the archive cannot be salvaged: {error}") from error
    done = Salvaged(
        recordings=taken, cut_bytes=cut, empty=empty, quarantined=quarantined, garbage=garbage
    )
    if done != Salvaged():
        log.warning(
            "salvaged: recordings taken in %d, torn bytes cut off %d, empty files removed %d, "
            "put aside %d, deletions finished %d",
            taken, cut, empty, quarantined, garbage,
        )  # fmt: skip
    return done


def recording_of(walked: Walked, path: str, sha256: bytes, reason: EndReason) -> Recording:
    """The row that a file alone tells."""
    about = walked.about
    stream = StreamName(str(about["stream"]))
    return Recording(
        id=walked.recording,
        camera=walked.camera,
        stream=stream,
        run=str(about["run"]),
        codec=str(about["codec"]),
        sound=str(about.get("sound", "")),
        width=int(str(about["width"])),
        height=int(str(about["height"])),
        start_wall_ns=int(str(about["start_wall_ns"])),
        start_monotonic_ns=int(str(about["start_monotonic_ns"])),
        boot=str(about["boot"]),
        media_start_90k=int(str(about["media_start_90k"])),
        duration_90k=walked.duration_90k,
        wall_duration_ns=walked.duration_90k * 10**9 // TICKS,
        frames=walked.frames,
        size_bytes=walked.whole_bytes,
        sha256=sha256,
        is_sealed=stream is not StreamName.MASKED,
        path=path,
        end_reason=reason,
        activity=b"",
        fragments=walked.fragments,
    )


def digest(path: Path, size: int | None = None) -> bytes:
    """SHA-256 of a file's first `size` bytes, or of all."""
    hashed = hashlib.sha256()
    left = path.stat().st_size if size is None else size
    with path.open("rb") as file:
        while left and (part := file.read(min(left, 1 << 20))):
            hashed.update(part)
            left -= len(part)
    return hashed.digest()


def _take_in(root: Path, index: Index, path: Path, final: Path, walked: Walked) -> None:
    with path.open("r+b") as file:
        file.truncate(walked.whole_bytes)
        os.fsync(file.fileno())
    if path != final:
        path.rename(final)
    sync_directory(final.parent)
    name = str(final.relative_to(root))
    row = recording_of(walked, name, digest(final), EndReason.SALVAGED)
    with index.writing() as connection:
        connection.execute("DELETE FROM recordings WHERE id = ?", (row.id,))
    add_recording(index, row)


def _files(root: Path) -> Iterator[Path]:
    for camera in sorted(root.iterdir()):
        if camera.is_dir() and camera.name != QUARANTINE:
            for path in sorted(camera.rglob("*")):
                if path.name.removesuffix(PART).endswith(SUFFIXES) and path.is_file():
                    yield path


def _known(index: Index) -> set[str]:
    with index.reading() as connection:
        return {row[0] for row in connection.execute("SELECT path FROM recordings")}


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether no other process writes the file; held meanwhile."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        yield is_locked_now(file)
    finally:
        os.close(file)


def _set_aside(root: Path, path: Path, error: UnreadableInput) -> int:
    folder = root / QUARANTINE
    folder.mkdir(exist_ok=True, mode=0o700)
    target = folder / f"{path.parent.parent.parent.name}-{path.name}"
    path.rename(target)
    sync_directory(folder)
    log.warning("%s was put aside in %s: %s", path.name, QUARANTINE, error)
    return 1
