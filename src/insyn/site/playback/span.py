"""A span of one camera as pieces: which fragments of which recordings, and where they go. Pure.

Always: pieces follow each other in time and never overlap; recordings of one run join without a
seam, by media time; where recordings stop and begin again, the next piece says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from insyn.site.archive.recording import FragmentEntry, Recording
from insyn.site.streams import TICKS

JOINED_NS = 1_000_000_000
"""Recordings of one run that are at most so far apart by the clock follow each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Fragments of one recording that follow each other.

    Attributes:
        first, last: numbers of fragments, both included.
        start_90k: where the first goes, since the beginning of the span's stream; gaps left out.
        wall_ns: when the first was, by the clock.
        is_joined: nothing is missing between the piece before and this one.
    """

    recording: Recording
    first: int
    last: int
    start_90k: int
    wall_ns: int
    is_joined: bool

    @property
    def duration_90k(self) -> int:
        """How long it plays."""
        entries = self.recording.fragments
        end = entries[self.last].start_90k + entries[self.last].duration_90k
        return end - entries[self.first].start_90k

    @property
    def end_wall_ns(self) -> int:
        """When it ended, by the clock."""
        return self.wall_ns + self.duration_90k * 10**9 // TICKS

    def split(self, longest_90k: int, most_90k: int | None = None) -> Iterator[Piece]:
        """Parts that begin at key pictures, each as long as allowed or one group of pictures.

        With `most_90k` none is longer than this but a single fragment; such a part may begin
        between key pictures.
        """
        entries = self.recording.fragments
        first = self.first
        base = from_90k = entries[first].start_90k
        for number in range(self.first + 1, self.last + 2):
            is_end = number > self.last
            if not is_end:
                entry = entries[number]
                lasts_90k = entry.start_90k + entry.duration_90k - from_90k
                is_cut = entry.is_key and lasts_90k > longest_90k
                is_cut = is_cut or (most_90k is not None and lasts_90k > most_90k)
            if is_end or is_cut:
                shift = from_90k - base
                yield Piece(
                    recording=self.recording,
                    first=first,
                    last=number - 1,
                    start_90k=self.start_90k + shift,
                    wall_ns=self.wall_ns + shift * 10**9 // TICKS,
                    is_joined=self.is_joined or first != self.first,
                )
                if not is_end:
                    first, from_90k = number, entry.start_90k


def pieces_of(recordings: Sequence[Recording], from_ns: int, until_ns: int) -> list[Piece]:
    """What plays from `from_ns` (at or before it, at a key picture) until `until_ns`.

    Args:
        recordings: of one camera's masked stream, by start, as the archive tells them.
        from_ns: by the clock, since the Unix epoch.
        until_ns: likewise, not included.
    """
    found: list[Piece] = []
    at = 0
    for recording in recordings:
        begin_ns = max(from_ns, recording.start_wall_ns)
        if found:
            # Clocks that were set back make recordings overlap: what was played is not again.
            begin_ns = max(begin_ns, min(found[-1].end_wall_ns, recording.start_wall_ns + 10**9))
        chosen = _fragments(recording, begin_ns, until_ns, is_first=not found)
        if chosen is None:
            continue
        first, last = chosen
        start = recording.fragments[first].start_90k
        piece = Piece(
            recording=recording,
            first=first,
            last=last,
            start_90k=at,
            wall_ns=recording.start_wall_ns + start * 10**9 // TICKS,
            is_joined=bool(found) and _is_joined(found[-1], recording, first),
        )
        found.append(piece)
        at += piece.duration_90k
    return found


def _fragments(
    recording: Recording, from_ns: int, until_ns: int, *, is_first: bool
) -> tuple[int, int] | None:
    entries = recording.fragments
    if not entries:
        return None
    from_90k = (from_ns - recording.start_wall_ns) * TICKS // 10**9
    until_90k = (until_ns - recording.start_wall_ns) * TICKS // 10**9
    end_90k = entries[-1].start_90k + entries[-1].duration_90k
    if until_90k <= 0 or from_90k >= end_90k:
        return None
    first = max(0, bisect_right(entries, max(0, from_90k), key=_start) - 1)
    if is_first:
        while first > 0 and not entries[first].is_key:
            first -= 1
    while first < len(entries) and not entries[first].is_key:
        first += 1  # nothing can be decoded before the first key picture
    last = bisect_right(entries, until_90k - 1, key=_start) - 1
    return (first, last) if first <= last else None


def _start(entry: FragmentEntry) -> int:
    return entry.start_90k


def _is_joined(before: Piece, recording: Recording, first: int) -> bool:
    apart_ns = abs(recording.start_wall_ns - before.end_wall_ns)
    return (
        first == 0
        and before.last == len(before.recording.fragments) - 1
        and recording.run == before.recording.run
        and recording.codec == before.recording.codec
        and (recording.width, recording.height) == (before.recording.width, before.recording.height)
        and apart_ns <= JOINED_NS
    )
