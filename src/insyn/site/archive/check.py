"""The archive's fsck: rows against files, files against rows; deep: every byte and fragment.

Always: looking changes nothing; repairing puts aside and takes in, and deletes only what holds
nothing. Findings name recordings and paths, never people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from insyn.base.errors import UnreadableInput
from insyn.site.archive.index import Index
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import Recording
from insyn.site.archive.root import ArchiveRoot
from insyn.site.archive.salvage import QUARANTINE, SUFFIXES, digest, salvage
from insyn.site.archive.walk import walk
from insyn.site.archive.writing import PART


class Fault(StrEnum):
    """What can be wrong."""

    MISSING = "missing"
    """A row without its file."""
    SIZE = "size"
    """The file is not as long as its row says."""
    HASH = "hash"
    """The file is not what was written."""
    STRUCTURE = "structure"
    """The fragments are not where the row says."""
    ORPHAN = "orphan"
    """A file without a row, such as a killed recorder leaves."""
    GARBAGE = "garbage"
    """A deletion that was not finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault of one recording or file."""

    fault: Fault
    path: str
    recording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found, and what repairing did."""

    recordings: int
    findings: tuple[Finding, ...]
    repaired: int = 0

    @property
    def is_sound(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


def check(
    root: ArchiveRoot,
    index: Index,
    *,
    deep: bool = False,
    repair: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> Report:
    """Look at the whole archive.

    Args:
        root: the archive.
        index: its index.
        deep: also hash every file and walk its fragments: reads every byte.
        repair: take in what has no row, put aside what is damaged, drop rows without a file.
        on_progress: told how many of how many recordings were looked at.

    Raises:
        EnvironmentFailure: the archive's disk is not the right one.
    """
    root.require()
    reader = Reader(root.path, index)
    with index.reading() as connection:
        (total,) = connection.execute("SELECT count(*) FROM recordings").fetchone()
    findings: list[Finding] = []
    known: set[str] = set()
    for count, recording in enumerate(reader.every(), 1):
        known.add(recording.path)
        fault = _fault(root.path, recording, deep)
        if fault is not None:
            findings.append(Finding(fault=fault, path=recording.path, recording=recording.id))
        if count % 50 == 0 or count == total:
            on_progress(count, total)
    findings += [
        Finding(fault=Fault.ORPHAN, path=path)
        for path in _paths(root.path)
        if path not in known and not path.endswith(PART)
    ]
    with index.reading() as connection:
        findings += [
            Finding(fault=Fault.GARBAGE, path=row[0])
            for row in connection.execute("SELECT path FROM garbage")
        ]
    repaired = _repair(root, index, findings) if repair else 0
    return Report(recordings=total, findings=tuple(findings), repaired=repaired)


def _fault(root: Path, recording: Recording, deep: bool) -> Fault | None:
    path = root / recording.path
    try:
        size = path.stat().st_size
    except OSError:
        return Fault.MISSING
    if size != recording.size_bytes:
        return Fault.SIZE
    if not deep:
        return None
    if digest(path) != recording.sha256:
        return Fault.HASH
    try:
        walked = walk(path)
    except UnreadableInput:
        return Fault.STRUCTURE
    same = walked.fragments == recording.fragments and walked.recording == recording.id
    return None if same else Fault.STRUCTURE


def _paths(root: Path) -> Iterator[str]:
    for camera in sorted(root.iterdir()):
        if camera.is_dir() and camera.name != QUARANTINE:
            for path in sorted(camera.rglob("*")):
                if path.name.removesuffix(PART).endswith(SUFFIXES):
                    yield str(path.relative_to(root))


def _repair(root: ArchiveRoot, index: Index, findings: list[Finding]) -> int:
    for finding in findings:
        if not finding.recording:
            continue
        path = root.path / finding.path
        if finding.fault is not Fault.MISSING and path.exists():
            # Put aside whole; what of it is sound is taken in again as a salvaged recording.
            folder = root.path / QUARANTINE
            folder.mkdir(exist_ok=True, mode=0o700)
            copy = folder / f"{finding.recording}-{path.name}"
            copy.write_bytes(path.read_bytes())
        with index.writing() as connection:
            connection.execute("DELETE FROM recordings WHERE id = ?", (finding.recording,))
    salvage(root, index)
    return len(findings)
