"""A camera's original followed as the recorder seals it: what a break-glass looks at.

The recorder seals each fragment before it is on the disk, and there is no other way to a clear
picture. So a viewer that may see one reads the sealed file that grows, a fragment (at most 0.8 s)
at a time, and opens it with the key that the custodians put together for these minutes.

Always: of the camera that was asked for alone; nothing from before the opening or after its end is
opened; once it is over, the vault's key is let go and nothing more is read. Nothing is written.
Pictures alone are given: where the original has sound, it is left out byte by byte (ADR 15).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from insyn.base.errors import Refusal, UnreadableInput
from insyn.site.archive import fmp4, sealed
from insyn.site.archive.writing import PART
from insyn.site.release.opened import Unwrap
from insyn.site.streams import TICKS, StreamName

OVER = "this break-glass is over; ask for a new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begins:
    """Another stream begins: its type by RFC 6381, and what precedes its fragments."""

    mime: str
    segment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Up to a second of the original, in the clear."""

    body: bytes
    is_key: bool


Part = Begins | Fragment


class LiveOriginal:
    """One camera, open for some minutes; shared by the viewers of whoever asked."""

    def __init__(
        self,
        root: Path,
        camera: str,
        unwrap: Unwrap,
        *,
        boot: str,
        from_ns: int,
        is_open: Callable[[], bool],
    ) -> None:
        """Open what is sealed from now on.

        Args:
            root: of the archive.
            camera: the one that was asked for.
            unwrap: the vault's part; held until `close`.
            boot: which boot of the machine this is: files of another one do not grow.
            from_ns: wall time from which on fragments may be opened.
            is_open: asked before anything is read.
        """
        self.camera = camera
        self.boot = boot
        self.from_ns = from_ns
        self._root = root
        self._unwrap: Unwrap | None = unwrap
        self._is_open = is_open

    def follow(self) -> Follower:
        """A viewer's own place in what grows."""
        return Follower(self)

    def close(self) -> None:
        """Let go of the vault's key."""
        self._unwrap = None

    def cipher(self, head: sealed.Head) -> AESGCM:
        """What opens the recording with this head.

        Raises:
            Refusal: it is over, or the recording is another camera's or another vault's.
        """
        unwrap = self.require()
        if head.camera != self.camera or head.stream != str(StreamName.MAIN):
            raise Refusal("this is the recording of another camera")
        return AESGCM(unwrap(head.wrapped_key, head.recording))

    def require(self) -> Unwrap:
        """The vault's part, while it is open.

        Raises:
            Refusal: it is over.
        """
        if not self._is_open():
            self.close()
        if self._unwrap is None:
            raise Refusal(OVER)
        return self._unwrap

    def newest(self) -> Path | None:
        """The file that the recorder is writing for this camera now; None where it writes none.

        By this boot's monotonic clock: the wall clock may have been set, and files that an ended
        recorder left behind lie there until the next one has taken them in.
        """
        found: list[tuple[int, Path]] = []
        for path in self._parts():
            with contextlib.suppress(OSError, UnreadableInput, ValueError), path.open("rb") as file:
                about = sealed.read_head(file).about
                if about.get("boot") == self.boot:
                    found.append((int(str(about.get("start_monotonic_ns"))), path))
        return max(found)[1] if found else None

    def _parts(self) -> list[Path]:
        """Files that are being written, in the folders that were written to last."""
        stream = self._root / self.camera / str(StreamName.MAIN)
        try:
            days = sorted(stream.iterdir(), key=lambda day: day.stat().st_mtime_ns)
        except OSError:
            return []
        # The day before: a recording goes on over midnight.
        return [path for day in days[-2:] for path in day.glob(f"*.sealed{PART}")]


class Follower:
    """Reads on from where it was; used by one viewer at a time."""

    def __init__(self, original: LiveOriginal) -> None:
        self._original = original
        self._file: _Open | None = None
        self._run = ""
        self._segment = b""
        self._sequence = 0
        self._has_key = False

    @property
    def is_fed(self) -> bool:
        """Whether the recorder writes a file of this camera, as far as was seen."""
        return self._file is not None and not self._file.is_done

    def read(self) -> list[Part]:
        """What has been sealed since the last time; nothing where nothing has.

        Raises:
            Refusal: it is over.
            UnreadableInput: a file was changed.
        """
        self._original.require()
        parts: list[Part] = []
        if self._file is not None:
            parts += self._take(self._file)
        if self._file is None or self._file.is_done or not parts:
            parts += self._go_on()
        return parts

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _go_on(self) -> list[Part]:
        """Take up the newest file, where it is not the one that is read."""
        path = self._original.newest()
        if path is None:
            return []
        try:
            opened = _Open(path)
        except (OSError, UnreadableInput):  # closed and named finally just now, or cut
            return []
        if self._file is not None and opened.head.recording == self._file.head.recording:
            opened.close()
            return []
        # What the last one got before it ended comes first.
        parts = self._take(self._file) if self._file is not None else []
        self.close()
        try:
            opened.cipher = self._original.cipher(opened.head)
        except BaseException:
            opened.close()
            raise
        self._file = opened
        return parts + self._take(opened)

    def _take(self, file: _Open) -> list[Part]:
        if file.cipher is None:
            return []
        parts: list[Part] = []
        waiting = list(file.pieces())
        first = self._first(file, waiting)
        for number, piece in enumerate(waiting):
            if piece.kind is sealed.Kind.INIT:
                opened = sealed.open_piece(file.cipher, file.head, file.content(piece))
                self._begin(file, fmp4.picture_only(opened))
            elif piece.kind is sealed.Kind.END:
                file.is_done = True
            elif first is not None and number >= first:
                if not self._has_key:
                    self._has_key = True
                    parts.append(Begins(mime=file.mime, segment=self._segment))
                opened = sealed.open_piece(file.cipher, file.head, file.content(piece))
                plain = fmp4.without_sound(opened)
                self._sequence += 1
                at_90k = file.media_start_90k + piece.start_90k
                body = fmp4.with_start(plain, self._sequence, at_90k)
                parts.append(Fragment(body=body, is_key=piece.kind is sealed.Kind.FRAGMENT))
        return parts

    def _begin(self, file: _Open, segment: bytes) -> None:
        # A recording of a minute follows another of the same run without anybody noticing.
        if file.run != self._run or segment != self._segment:
            self._run, self._segment, self._sequence = file.run, segment, 0
            self._has_key = False

    def _first(self, file: _Open, waiting: list[sealed.Piece]) -> int | None:
        """Where to begin: among what may be opened, at the newest key picture for who is new."""
        allowed = [
            number
            for number, piece in enumerate(waiting)
            if piece.kind in (sealed.Kind.FRAGMENT, sealed.Kind.CONTINUED)
            and file.wall_ns(piece) >= self._original.from_ns
        ]
        changes = any(piece.kind is sealed.Kind.INIT for piece in waiting) and (
            file.run != self._run
        )
        if self._has_key and not changes:
            return allowed[0] if allowed else None
        keys = [number for number in allowed if waiting[number].kind is sealed.Kind.FRAGMENT]
        return keys[-1] if keys else None


class _Open:
    """One file that is read while it grows."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb", buffering=0)
        try:
            self.head = sealed.read_head(self._file)
            about = self.head.about
            self.run = str(about["run"])
            self.mime = f'video/mp4; codecs="{about["codec"]}"'
            self.media_start_90k = int(str(about["media_start_90k"]))
            self._start_wall_ns = int(str(about["start_wall_ns"]))
        except (KeyError, ValueError) as error:
            self._file.close()
            raise UnreadableInput("the head of a sealed recording is damaged") from error
        except BaseException:
            self._file.close()
            raise
        self.cipher: AESGCM | None = None
        self.is_done = False
        self._at = len(self.head.raw)
        self._last = -1

    def pieces(self) -> Iterator[sealed.Piece]:
        """The whole pieces that came since."""
        self._file.seek(self._at)
        for piece in sealed.pieces(self._file):
            if piece.number <= self._last:
                raise UnreadableInput(f"recording {self.head.recording} repeats a piece")
            self._at, self._last = piece.offset + piece.size, piece.number
            yield piece

    def content(self, piece: sealed.Piece) -> bytes:
        """A piece as it lies in the file."""
        self._file.seek(piece.offset)
        found = b""
        while len(found) < piece.size:
            more = self._file.read(piece.size - len(found))
            if not more:
                raise UnreadableInput(f"recording {self.head.recording} is cut within a piece")
            found += more
        return found

    def wall_ns(self, piece: sealed.Piece) -> int:
        """When the piece begins."""
        return self._start_wall_ns + piece.start_90k * 10**9 // TICKS

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
