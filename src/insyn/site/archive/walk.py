"""What a recording's file holds, told from the file alone: no index, no key.

Always: only whole fragments count; what follows the last whole one is told by its offset.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from insyn.base.canonical import Json
from insyn.base.errors import UnreadableInput
from insyn.site.archive import fmp4, sealed
from insyn.site.archive.recording import FragmentEntry
from insyn.site.archive.sealed import Kind

MAX_HEAD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """A file, walked through.

    Attributes:
        recording: its id.
        camera: whose it is.
        about: what it says of itself beside that (`writing.about`).
        fragments: the whole ones.
        frames: pictures in them.
        whole_bytes: where the last whole fragment (or the end piece) ends.
        size_bytes: of the file.
        is_ended: it was closed properly; plain files never tell.
    """

    recording: str
    camera: str
    about: Mapping[str, Json]
    fragments: tuple[FragmentEntry, ...]
    frames: int
    whole_bytes: int
    size_bytes: int
    is_ended: bool

    @property
    def duration_90k(self) -> int:
        """Media time of the whole fragments."""
        if not self.fragments:
            return 0
        last = self.fragments[-1]
        return last.start_90k + last.duration_90k


def walk(path: Path) -> Walked:
    """Walk through a file, sealed or plain.

    Raises:
        UnreadableInput: it is no recording, or cut within its head.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        is_sealed = file.read(len(sealed.MAGIC)) == sealed.MAGIC
    return _walk_sealed(path) if is_sealed else _walk_plain(path)


def _walk_sealed(path: Path) -> Walked:
    with path.open("rb") as file:
        head = sealed.read_head(file)
        entries: list[FragmentEntry] = []
        frames, whole, is_ended, is_begun = 0, file.tell(), False, False
        for piece in sealed.pieces(file):
            if is_ended or (piece.kind is Kind.INIT) == is_begun:
                break
            is_begun = True
            whole = piece.offset + piece.size
            is_ended = piece.kind is Kind.END
            if piece.kind in (Kind.FRAGMENT, Kind.CONTINUED):
                frames += piece.pictures
                entries.append(
                    FragmentEntry(
                        offset=piece.offset,
                        size=piece.size,
                        start_90k=piece.start_90k,
                        duration_90k=piece.duration_90k,
                        is_key=piece.kind is Kind.FRAGMENT,
                    )
                )
    return Walked(
        recording=head.recording,
        camera=head.camera,
        about=head.about,
        fragments=tuple(entries),
        frames=frames,
        whole_bytes=whole,
        size_bytes=path.stat().st_size,
        is_ended=is_ended,
    )


def _walk_plain(path: Path) -> Walked:
    content = path.read_bytes()  # a masked minute has some 3 MB
    said: dict[str, Json] | None = None
    entries: list[FragmentEntry] = []
    frames, whole, open_at = 0, 0, -1
    for kind, at, size in fmp4.boxes(content):
        if kind == b"uuid" and content[at + 8 : at + 24] == fmp4.NOTE:
            said = _noted(content[at + 24 : at + size], path)
            whole = at + size
        elif kind == b"moof":
            open_at = at
        elif kind == b"mdat" and open_at >= 0:
            try:
                start, samples = fmp4.samples_of(content[open_at : at + size])
            except UnreadableInput:
                break
            frames += len(samples)
            whole = at + size
            entries.append(
                FragmentEntry(
                    offset=open_at,
                    size=whole - open_at,
                    start_90k=start,
                    duration_90k=sum(sample.duration_90k for sample in samples),
                    is_key=bool(samples) and samples[0].is_key,
                )
            )
            open_at = -1
    if said is None:
        raise UnreadableInput(f"{path.name} is no recording of ours, or cut within its head")
    return Walked(
        recording=str(said["recording"]),
        camera=str(said["camera"]),
        about=said,
        fragments=tuple(entries),
        frames=frames,
        whole_bytes=whole,
        size_bytes=len(content),
        is_ended=False,
    )


def _noted(content: bytes, path: Path) -> dict[str, Json]:
    try:
        said = json.loads(content)
        if not isinstance(said, dict) or not {"recording", "camera", "run"} <= said.keys():
            raise ValueError
    except ValueError as error:
        raise UnreadableInput(f"what {path.name} says of itself is damaged") from error
    return said
