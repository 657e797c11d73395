"""A span as one MP4 that is never written: its size is known, any range of it is read on demand.

Always: the file plays from 0 without a seam; time without recordings is left out; it holds masked
video only, because the archive's reader gives nothing else.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from insyn.base.errors import Refusal
from insyn.site.archive import fmp4
from insyn.site.archive.recording import Recording
from insyn.site.playback.span import Piece


@dataclass(frozen=True, slots=True)
class _Part:
    """One fragment in the file."""

    offset: int
    piece: Piece
    number: int
    sequence: int
    start_90k: int


class Readable(Protocol):
    """What a clip is read from: masked recordings, or opened originals of a release."""

    def init_segment(self, recording: Recording) -> bytes:
        """What precedes the fragments."""

    def fragment(self, recording: Recording, number: int) -> bytes:
        """A fragment in the clear, counted from 0."""

    def fragment_size(self, recording: Recording, number: int) -> int:
        """How many bytes `fragment` gives; known without reading it."""


class Clip:
    """A file made of pieces; what it reads from belongs to its thread."""

    def __init__(self, reader: Readable, pieces: Sequence[Piece]) -> None:
        """Put the pieces together.

        Pieces after a change of size or codec do not fit one MP4; `ends_at_ns` tells where it ends
        then.

        Raises:
            Refusal: there is nothing to play.
        """
        if not pieces:
            raise Refusal("nothing was recorded in this span; the timeline shows what there is")
        self._reader = reader
        self._init = reader.init_segment(pieces[0].recording)
        self._parts: list[_Part] = []
        self.ends_at_ns: int | None = None
        shape = _shape(pieces[0])
        offset = len(self._init)
        digest = hashlib.sha256(self._init)
        for piece in pieces:
            if _shape(piece) != shape:
                self.ends_at_ns = piece.wall_ns
                break
            entries = piece.recording.fragments
            base = entries[piece.first].start_90k
            digest.update(piece.recording.sha256 + b"%d-%d" % (piece.first, piece.last))
            for number in range(piece.first, piece.last + 1):
                self._parts.append(
                    _Part(
                        offset,
                        piece,
                        number,
                        len(self._parts) + 1,
                        piece.start_90k + entries[number].start_90k - base,
                    )
                )
                offset += reader.fragment_size(piece.recording, number)
        self._offsets = [part.offset for part in self._parts]
        self.size = offset
        self.tag = digest.hexdigest()[:32]
        """Changes whenever the content does: an entity tag."""

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`; a fragment at a time."""
        if start < len(self._init):
            yield self._init[start : min(end, len(self._init))]
            start = len(self._init)
        number = max(0, bisect_right(self._offsets, start) - 1)
        while start < end and number < len(self._parts):
            part = self._parts[number]
            plain = self._reader.fragment(part.piece.recording, part.number)
            placed = fmp4.with_start(plain, part.sequence, part.start_90k)
            yield placed[start - part.offset : end - part.offset]
            start = part.offset + len(placed)
            number += 1


def _shape(piece: Piece) -> tuple[str, int, int]:
    recording = piece.recording
    return recording.codec, recording.width, recording.height
