"""A span as one MP4 that is never written: its size is known, any range of it is read on demand.

Always: the file plays from 0 without a seam; time without recordings is left out; it holds masked
video only, because the archive's reader gives nothing else. Opened originals of a release may have
sound; masked recordings have none. An index at its head tells players where each few seconds lie,
so that one that seeks reads no more than it shows.
"""

from __future__ import annotations

import hashlib
import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from insyn.base.errors import Refusal
from insyn.site.archive import fmp4
from insyn.site.archive.recording import Recording
from insyn.site.playback.span import Piece

INDEXED = 4
"""Fragments (of a second at most) for each entry of the index: some 21,000 for a day, 260 kB."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One piece in the file: where its bytes begin, and how many fragments come before it."""

    offset: int
    piece: Piece
    fragments_before: int


class Readable(Protocol):
    """What a clip is read from: masked recordings, or opened originals of a release."""

    def init_segment(self, recording: Recording) -> bytes:
        """What precedes the fragments."""

    def fragment(self, recording: Recording, number: int) -> bytes:
        """A fragment in the clear, counted from 0."""

    def size_of(self, recording: Recording, first: int, last: int) -> int:
        """How many bytes the fragments from `first` to `last` have; known without reading them."""


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
        shape = _shape(pieces[0])
        apart = next((n for n, piece in enumerate(pieces) if _shape(piece) != shape), len(pieces))
        self.ends_at_ns = pieces[apart].wall_ns if apart < len(pieces) else None
        pieces = pieces[:apart]
        heard = _heard(pieces)
        self._sound = heard.recording.sound
        self._init = reader.init_segment(heard.recording) + _index_of(reader, pieces)
        self._parts: list[_Part] = []
        offset = len(self._init)
        digest = hashlib.sha256(self._init)
        count = 0
        for piece in pieces:
            digest.update(piece.recording.sha256 + b"%d-%d" % (piece.first, piece.last))
            self._parts.append(_Part(offset, piece, count))
            offset += reader.size_of(piece.recording, piece.first, piece.last)
            count += piece.last - piece.first + 1
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
            for offset, content in self._fragments(self._parts[number], start):
                if offset >= end:
                    return
                yield content[max(0, start - offset) : end - offset]
                start = offset + len(content)
            number += 1

    def _fragments(self, part: _Part, start: int) -> Iterator[tuple[int, bytes]]:
        """The fragments of a piece from the one with the byte `start` on, and where each begins."""
        piece, offset = part.piece, part.offset
        recording, entries = piece.recording, piece.recording.fragments
        base = entries[piece.first].start_90k
        for number in range(piece.first, piece.last + 1):
            size = self._reader.size_of(recording, number, number)
            if offset + size > start:
                plain = self._reader.fragment(recording, number)
                if recording.sound != self._sound:
                    plain = fmp4.muted(plain)  # of another coder: pictures alone
                sequence = part.fragments_before + number - piece.first + 1
                at_90k = piece.start_90k + entries[number].start_90k - base
                yield offset, fmp4.with_start(plain, sequence, at_90k)
            offset += size


def _index_of(reader: Readable, pieces: Sequence[Piece]) -> bytes:
    """Where each few fragments lie; "" where there are more than an index can tell."""
    found = []
    for piece in pieces:
        entries = piece.recording.fragments
        firsts = [piece.first]
        at = piece.first + INDEXED
        while at <= piece.last:
            if entries[at].is_key:
                firsts.append(at)
                at += INDEXED
            else:
                at += 1
        ends_90k = entries[piece.first].start_90k + piece.duration_90k
        starts = [entries[first].start_90k for first in firsts]
        for number, first in enumerate(firsts):
            is_last = number == len(firsts) - 1
            last = piece.last if is_last else firsts[number + 1] - 1
            until_90k = ends_90k if is_last else starts[number + 1]
            size = reader.size_of(piece.recording, first, last)
            found.append((size, until_90k - starts[number]))
    return fmp4.segment_index(found) if len(found) <= fmp4.MOST_REFERENCES else b""


def _heard(pieces: Sequence[Piece]) -> Piece:
    """Whose init segment fits all: the first one with sound, else the first."""
    shape = _shape(pieces[0])
    alike = itertools.takewhile(lambda piece: _shape(piece) == shape, pieces)
    return next((piece for piece in alike if piece.recording.sound), pieces[0])


def _shape(piece: Piece) -> tuple[str, int, int]:
    recording = piece.recording
    return recording.codec, recording.width, recording.height
