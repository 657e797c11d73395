"""Sealed originals of an open release: the only place where a clear picture can be read again.

Always: only the recordings that were asked for, only while the release is open; keys live in
memory and are forgotten at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from insyn.base.errors import EnvironmentFailure, Refusal, UnreadableInput
from insyn.site.archive import sealed
from insyn.site.archive.recording import Recording

Unwrap = Callable[[bytes, str], bytes]
"""The data key of a recording from its wrapped form and its id; the vault's part."""


def keys_of(root: Path, recordings: list[Recording], unwrap: Unwrap) -> dict[str, bytes]:
    """The data keys of these recordings.

    Raises:
        Refusal, UnreadableInput: a file is not the recording that its row says, or another vault's.
        EnvironmentFailure: a file is missing.
    """
    found = {}
    for recording in recordings:
        head = _head(root, recording)
        if head.recording != recording.id or head.camera != recording.camera:
            raise UnreadableInput(
                f"the file of recording {recording.id} is that of another one; run insyn site check"
            )
        found[recording.id] = unwrap(head.wrapped_key, recording.id)
    return found


class OpenedReader:
    """Reads opened originals as `insyn.site.archive.reading.Reader` reads masked recordings."""

    def __init__(
        self, root: Path, keys: Mapping[str, bytes], *, is_open: Callable[[], bool]
    ) -> None:
        """Read recordings with these data keys while `is_open`."""
        self._root = root
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._is_open = is_open
        self._heads: dict[str, sealed.Head] = {}

    def init_segment(self, recording: Recording) -> bytes:
        """What precedes the fragments.

        Raises:
            Refusal: the release is over, or does not hold this recording.
            UnreadableInput: the file was changed.
        """
        head = self._head(recording)
        start = len(head.raw)
        return self._piece(recording, head, start, recording.fragments[0].offset - start)

    def fragment(self, recording: Recording, number: int) -> bytes:
        """A fragment, counted from 0; raises as `init_segment` does."""
        head = self._head(recording)
        entry = recording.fragments[number]
        return self._piece(recording, head, entry.offset, entry.size)

    def size_of(self, recording: Recording, first: int, last: int) -> int:
        """How many bytes these fragments give: what lies in the file, without frames and tags."""
        entries = recording.fragments[first : last + 1]
        return sum(entry.size - sealed.FRAME_BYTES - sealed.TAG_BYTES for entry in entries)

    def close(self) -> None:
        """Forget the keys."""
        self._ciphers.clear()

    def _head(self, recording: Recording) -> sealed.Head:
        if not self._is_open():
            self._ciphers.clear()
        if recording.id not in self._ciphers:
            raise Refusal(
                f"recording {recording.id} is not open; ask for a release, which two custodians "
                "grant"
            )
        if recording.id not in self._heads:
            self._heads[recording.id] = _head(self._root, recording)
        return self._heads[recording.id]

    def _piece(self, recording: Recording, head: sealed.Head, offset: int, size: int) -> bytes:
        try:
            with (self._root / recording.path).open("rb") as file:
                file.seek(offset)
                content = file.read(size)
        except OSError as error:
            raise _missing(recording, error) from error
        return sealed.open_piece(self._ciphers[recording.id], head, content)


def _head(root: Path, recording: Recording) -> sealed.Head:
    try:
        with (root / recording.path).open("rb") as file:
            return sealed.read_head(file)
    except OSError as error:
        raise _missing(recording, error) from error


def _missing(recording: Recording, error: OSError) -> EnvironmentFailure:
    return EnvironmentFailure(
        f"recording {recording.id} cannot be read ({error.strerror}); run insyn site check"
    )
