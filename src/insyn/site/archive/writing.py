"""Recordings written: a fragment at a time, then closed durably.

Always: a fragment is in the file wholly or not at all; a recording gets its final name and its row
only when its content and its name are durable (file, directory, row: in this order), so that a row
never promises what a crash can take away.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import EnvironmentFailure
from insyn.base.files import sync_directory
from insyn.site import nal
from insyn.site.archive import fmp4, fmp4_sound
from insyn.site.archive.fmp4_sound import SoundSample
from insyn.site.archive.index import Index
from insyn.site.archive.recording import EndReason, FragmentEntry, Recording, pack_entries
from insyn.site.archive.root import ArchiveRoot
from insyn.site.archive.sealed import Sealer
from insyn.site.clocks import Reading
from insyn.site.streams import Parameters, SoundParameters, StreamName
from insyn.site.vault.public import VaultPublicKey

PART = ".part"
"""What a file is called while it is being written; salvage looks for these."""


class DiskTrouble(EnvironmentFailure):
    """The disk took no more; what was written before stands. `is_full` tells the commonest why."""

    def __init__(self, message: str, *, is_full: bool) -> None:
        super().__init__(message)
        self.is_full = is_full


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One coded picture in its place: times since the start of the run, decoding times rising."""

    data: bytes
    """The access unit in Annex B."""
    dts_90k: int
    pts_90k: int
    duration_90k: int
    is_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """What is known when a recording begins."""

    camera: str
    stream: StreamName
    run: str
    parameters: Parameters
    sound: SoundParameters | None = None
    """What is heard; in a sealed recording alone."""
    started: Reading
    """Both clocks at its first picture, as well as they are known."""
    boot: str
    media_start_90k: int


def about(begin: Begin) -> dict[str, Json]:
    """What the file itself says of a recording, so that it can be taken in again without a row."""
    said: dict[str, Json] = {
        "boot": begin.boot,
        "codec": fmp4.codec_string(begin.parameters),
        "height": begin.parameters.height,
        "media_start_90k": begin.media_start_90k,
        "run": begin.run,
        "start_monotonic_ns": str(begin.started.monotonic_ns),
        "start_wall_ns": str(begin.started.wall_ns),
        "stream": str(begin.stream),
        "width": begin.parameters.width,
    }
    return {**said, "sound": sound_of(begin)} if begin.sound is not None else said


def sound_of(begin: Begin) -> str:
    """What is heard in a recording, such as `mp4a.40.2/16000/1`; "" where nothing is."""
    sound = begin.sound
    if sound is None:
        return ""
    return f"{fmp4_sound.codec_string(sound)}/{sound.rate}/{sound.channels}"


class RecordingWriter:
    """One recording being written; used by one thread."""

    def __init__(self, root: Path, begin: Begin, seal: VaultPublicKey | None) -> None:
        self._root = root
        self._begin = begin
        self.id = f"r-{secrets.token_hex(8)}"
        at = datetime.fromtimestamp(begin.started.wall_ns / 1e9, tz=UTC)
        ending = "sealed" if seal else "mp4"
        folder = Path(begin.camera) / str(begin.stream) / at.strftime("%Y-%m-%d")
        self.path = folder / f"{at.strftime('%H%M%S')}-{self.id}.{ending}"
        self._entries: list[FragmentEntry] = []
        self._frames = 0
        self._size = 0
        self._media_end = 0
        self._has_end = False
        self._hash = hashlib.sha256()
        self._sealer = (
            Sealer(
                recording=self.id,
                camera=begin.camera,
                stream=str(begin.stream),
                to=seal,
                about=about(begin),
            )
            if seal
            else None
        )
        self.init_segment = fmp4.init_segment(begin.parameters, begin.sound)
        if seal is None:
            said = {**about(begin), "recording": self.id, "camera": begin.camera}
            self.init_segment += fmp4.note(canonical_bytes(said))
        self._part = root / f"{self.path}{PART}"
        self._file = self._create()
        try:
            first = self.init_segment
            if self._sealer:
                first = self._sealer.head + self._sealer.init(first)
            self._write(first)
        except BaseException:
            self.discard()
            raise

    @property
    def duration_90k(self) -> int:
        """How much has been written, in media time."""
        return self._media_end

    @property
    def size_bytes(self) -> int:
        """How much has been written, in bytes."""
        return self._size

    def append(self, pictures: Sequence[Picture], sound: Sequence[SoundSample] = ()) -> bytes:
        """Write one fragment; once this returns, a killed process does not lose it.

        Args:
            pictures: at least one.
            sound: what is heard with them; none begins before the recording.

        Returns:
            The plain fragment (`moof` and `mdat`), in time from the start of the recording.

        Raises:
            DiskTrouble: nothing of it is in the file.
        """
        codec = self._begin.parameters.codec
        if self._begin.sound is None and sound:
            raise ValueError("this recording has no sound")
        begin_90k = self._begin.media_start_90k
        start = pictures[0].dts_90k - begin_90k
        samples = [
            fmp4.Sample(
                data=nal.length_prefixed(picture.data, codec),
                duration_90k=picture.duration_90k,
                offset_90k=picture.pts_90k - picture.dts_90k,
                is_key=picture.is_key,
            )
            for picture in pictures
        ]
        duration = sum(picture.duration_90k for picture in pictures)
        plain = fmp4.fragment(
            len(self._entries) + 1,
            start,
            samples,
            sound=sound,
            sound_start_90k=sound[0].start_90k - begin_90k if sound else 0,
        )
        written = plain
        if self._sealer:
            written = self._sealer.fragment(
                plain,
                start_90k=start,
                duration_90k=duration,
                pictures=len(pictures),
                is_key=pictures[0].is_key,
            )
        offset = self._size
        self._write(written)
        self._entries.append(
            FragmentEntry(
                offset=offset,
                size=len(written),
                start_90k=start,
                duration_90k=duration,
                is_key=pictures[0].is_key,
            )
        )
        self._frames += len(pictures)
        self._media_end = start + duration
        return plain

    def sync(self) -> None:
        """Make what is written survive a power cut, not only a killed process.

        Raises:
            DiskTrouble: the disk failed.
        """
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise _trouble(error) from error

    def close(
        self,
        index: Index,
        reason: EndReason,
        *,
        wall_duration_ns: int,
        activity: bytes = b"",
    ) -> Recording | None:
        """End the recording: durable, then named, then in the index. None where it holds nothing.

        Raises:
            DiskTrouble: the disk failed; call it again later, or leave the part to be salvaged.
            EnvironmentFailure: the index cannot be written; likewise.
        """
        if not self._entries:
            self.discard()
            return None
        begin = self._begin
        try:
            # Each step is done once: after a refusal, `close` is called again.
            if self._file >= 0:
                self._finish(reason)
            final = self._root / self.path
            if self._part.exists():
                self._part.rename(final)
            sync_directory(final.parent)
        except OSError as error:
            raise _trouble(error) from error
        recording = Recording(
            id=self.id,
            camera=begin.camera,
            stream=begin.stream,
            run=begin.run,
            codec=fmp4.codec_string(begin.parameters),
            sound=sound_of(begin),
            width=begin.parameters.width,
            height=begin.parameters.height,
            start_wall_ns=begin.started.wall_ns,
            start_monotonic_ns=begin.started.monotonic_ns,
            boot=begin.boot,
            media_start_90k=begin.media_start_90k,
            duration_90k=self._media_end,
            wall_duration_ns=wall_duration_ns,
            frames=self._frames,
            size_bytes=self._size,
            sha256=self._hash.digest(),
            is_sealed=self._sealer is not None,
            path=str(self.path),
            end_reason=reason,
            activity=activity,
            fragments=tuple(self._entries),
        )
        add_recording(index, recording)
        return recording

    def _finish(self, reason: EndReason) -> None:
        if self._sealer and not self._has_end:
            with contextlib.suppress(DiskTrouble):  # without its end it is still whole
                self._write(self._sealer.end(str(reason)))
                self._has_end = True
        os.fsync(self._file)
        os.close(self._file)
        self._file = -1

    def discard(self) -> None:
        """Let go of a recording that holds nothing worth keeping."""
        self.abandon()
        self._part.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Let go of the file as it is; salvage takes it in at the next start."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _create(self) -> int:
        try:
            self._part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
            file = os.open(self._part, flags, 0o600)
            # Salvage tells by this lock which parts are still being written.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except OSError as error:
            raise _trouble(error) from error

    def _write(self, content: bytes) -> None:
        left = memoryview(content)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            # The last whole fragment stays the end of the file.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
                os.lseek(self._file, self._size, os.SEEK_SET)
            raise _trouble(error) from error
        self._size += len(content)
        self._hash.update(content)


class Archive:
    """An archive to write into; each disk thread has its own."""

    def __init__(self, root: ArchiveRoot, index: Index) -> None:
        self.root = root
        self.index = index

    def begin(self, begin: Begin, *, seal: VaultPublicKey | None) -> RecordingWriter:
        """Begin a recording; sealed to this vault, or plain where it is masked.

        Raises:
            EnvironmentFailure: the archive's disk is not the right one, or took nothing.
            ValueError: a clear stream, or sound, is to be kept unsealed.
        """
        if seal is None and begin.stream is not StreamName.MASKED:
            raise ValueError("only masked streams are kept unsealed")
        if begin.sound is not None and (seal is None or begin.stream is not StreamName.MAIN):
            raise ValueError("sound is kept in sealed originals alone")
        self.root.require()
        return RecordingWriter(self.root.path, begin, seal)

    def add_gap(
        self,
        camera: str,
        stream: StreamName,
        *,
        start_wall_ns: int,
        reason: str,
        end_wall_ns: int | None = None,
    ) -> int:
        """A time without a recording begins (or was); returns its id, for `end_gap`."""
        with self.index.writing() as connection:
            cursor = connection.execute(
                "INSERT INTO gaps (camera, stream, start_wall_ns, end_wall_ns, reason)"
                " VALUES (?, ?, ?, ?, ?)",
                (camera, str(stream), start_wall_ns, end_wall_ns, reason),
            )
            return int(cursor.lastrowid or 0)

    def end_gap(self, gap: int, *, end_wall_ns: int) -> None:
        """The gap is over."""
        with self.index.writing() as connection:
            connection.execute("UPDATE gaps SET end_wall_ns = ? WHERE id = ?", (end_wall_ns, gap))

    def left_open(self, camera: str, stream: StreamName) -> tuple[int | None, int | None]:
        """The gap of this stream that lasts, and when its last recording ended; None for none.

        What a recorder that ended left behind; the next one goes on from it.
        """
        with self.index.reading() as connection:
            gap = connection.execute(
                "SELECT id FROM gaps WHERE camera = ? AND stream = ? AND end_wall_ns IS NULL"
                " ORDER BY start_wall_ns DESC LIMIT 1",
                (camera, str(stream)),
            ).fetchone()
            last = connection.execute(
                "SELECT start_wall_ns + wall_duration_ns FROM recordings"
                " WHERE camera = ? AND stream = ? ORDER BY start_wall_ns DESC LIMIT 1",
                (camera, str(stream)),
            ).fetchone()
        return (int(gap[0]) if gap else None, int(last[0]) if last else None)

    def close(self) -> None:
        """Close the index."""
        self.index.close()


def add_recording(index: Index, recording: Recording) -> None:
    """Add the row of a recording whose file is durable."""
    add_recordings(index, [recording])


def add_recordings(index: Index, recordings: Sequence[Recording]) -> None:
    """Add the rows of recordings whose files are durable, all or none."""
    with index.writing() as connection:
        for recording in recordings:
            row = {
                name: getattr(recording, name)
                for name in Recording.__slots__
                if name not in ("fragments", "stream", "end_reason", "is_sealed")
            }
            row |= {
                "stream": str(recording.stream),
                "end_reason": str(recording.end_reason),
                "is_sealed": int(recording.is_sealed),
                "fragments": pack_entries(recording.fragments),
            }
            names = ", ".join(row)
            marks = ", ".join(f":{name}" for name in row)
            connection.execute(f"INSERT INTO recordings ({names}) VALUES ({marks})", row)  # noqa: S608


def _trouble(error: OSError) -> DiskTrouble:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    what = "is full" if is_full else f"failed ({error.strerror})"
    return DiskTrouble(
        f"the archive's disk {what}; free space or lower the retention; recording then goes on",
        is_full=is_full,
    )
