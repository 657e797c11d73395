"""Sound as the archive keeps it: the second track of sealed originals, and of nothing else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from tests.support.masked_archive import START_NS, MaskedArchive

from insyn.site.archive import fmp4
from insyn.site.archive.check import check
from insyn.site.archive.index import VERSION, Index
from insyn.site.archive.recording import Recording
from insyn.site.archive.salvage import salvage
from insyn.site.playback.clip import Clip
from insyn.site.playback.span import pieces_of
from insyn.site.release.opened import OpenedReader, keys_of
from insyn.site.streams import SoundCodec, StreamName
from insyn.site.vault.public import VaultPublicKey, unwrap

VAULT = X25519PrivateKey.generate()
SEAL = VaultPublicKey(raw=VAULT.public_key().public_bytes_raw())
SECOND_NS = 10**9


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[MaskedArchive]:
    made = MaskedArchive(tmp_path / "archive")
    yield made
    made.close()


def opened(archive: MaskedArchive, recordings: list[Recording]) -> OpenedReader:
    keys = keys_of(archive.path, recordings, lambda key, name: unwrap(VAULT, key, name))
    return OpenedReader(archive.path, keys, is_open=lambda: True)


def film(archive: MaskedArchive, recordings: list[Recording], from_s: int, until_s: int) -> bytes:
    """What a release of these seconds plays."""
    span = (START_NS + from_s * SECOND_NS, START_NS + until_s * SECOND_NS)
    clip = Clip(opened(archive, recordings), pieces_of(recordings, *span))
    found = b"".join(clip.read(0, clip.size))
    assert len(found) == clip.size
    middle = clip.size // 3
    assert b"".join(clip.read(middle, clip.size)) == found[middle:]
    return found


def times(movie: bytes) -> dict[str, list[float]]:
    """Decoding times in seconds by kind of stream, as an independent reader sees them."""
    found: dict[str, list[float]] = {}
    # `Any`: the stubs do not know that a container opened for reading demuxes.
    container: Any = av.open(io.BytesIO(movie))
    with container:
        for packet in container.demux():
            if packet.size:
                seen = found.setdefault(packet.stream.type, [])
                seen.append(float(packet.dts * packet.time_base))
    return found


def decoded(movie: bytes) -> dict[str, int]:
    """How many pictures and samples of sound decode."""
    container: Any = av.open(io.BytesIO(movie))
    found = {"video": 0, "audio": 0}
    with container:
        for frame in container.decode():
            is_picture = isinstance(frame, av.VideoFrame)
            found["video" if is_picture else "audio"] += 1 if is_picture else frame.samples
    return found


def test_sound_is_kept_in_sealed_originals_alone(archive: MaskedArchive) -> None:
    with pytest.raises(ValueError, match="sealed originals alone"):
        archive.record(0, 2, sound=SoundCodec.AAC)
    assert not list(archive.path.rglob("*.mp4*"))


def test_rows_files_and_checks_are_as_without_sound(archive: MaskedArchive) -> None:
    made = archive.record(0, 4, seal=SEAL, sound=SoundCodec.AAC)
    silent = archive.record(10, 4, seal=SEAL)
    assert (made.sound, silent.sound) == ("mp4a.40.2/16000/1", "")
    assert made.frames == silent.frames
    reader = archive.reader()
    assert reader.find(made.id) == made
    reader.close()
    assert check(archive.root, archive.index, deep=True).is_sound
    path = archive.path / made.path
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    assert [one.recording for one in check(archive.root, archive.index, deep=True).findings] == [
        made.id
    ]


def test_a_cut_original_is_taken_in_with_the_sound_of_its_whole_fragments(
    archive: MaskedArchive,
) -> None:
    made = archive.record(0, 4, seal=SEAL, sound=SoundCodec.OPUS)
    path = archive.path / made.path
    with archive.index.writing() as connection:
        connection.execute("DELETE FROM recordings")
    cut = path.with_name(path.name + ".part")
    path.rename(cut)
    last = made.fragments[-1]
    with cut.open("r+b") as file:
        file.truncate(last.offset + last.size // 2)
    assert salvage(archive.root, archive.index).recordings == 1
    reader = archive.reader()
    taken = reader.find(made.id)
    reader.close()
    assert (taken.sound, taken.frames) == (made.sound, 30)
    found = times(film(archive, [taken], 0, 4))
    assert len(found["video"]) == 30
    assert 2.9 < found["audio"][-1] < 3.0


def test_a_release_plays_recordings_with_sound_without_a_seam(archive: MaskedArchive) -> None:
    some = [
        archive.record(0, 5, seal=SEAL, sound=SoundCodec.AAC),
        archive.record(5, 5, seal=SEAL, sound=SoundCodec.AAC, media_start_90k=5 * 90_000),
    ]
    movie = film(archive, some, 2, 8)
    found = times(movie)
    for seen in found.values():
        assert seen == sorted(set(seen))
    assert found["video"][0] == 0
    assert found["video"][-1] == pytest.approx(5.9)
    assert 0 <= found["audio"][0] < 0.07
    assert 5.8 < found["audio"][-1] < 6.0
    assert decoded(movie)["video"] == 60
    assert decoded(movie)["audio"] > 5.5 * 16_000


@pytest.mark.parametrize("first", [SoundCodec.AAC, None])
def test_a_release_over_a_change_of_sound_plays_every_picture(
    first: SoundCodec | None, archive: MaskedArchive
) -> None:
    """The permit allowed it for some minutes; then the camera's coder was changed."""
    some = [
        archive.record(0, 3, seal=SEAL, sound=first),
        archive.record(3, 3, seal=SEAL, sound=SoundCodec.AAC, run="two"),
        archive.record(6, 3, seal=SEAL, sound=SoundCodec.PCMU, run="three"),
        archive.record(9, 3, seal=SEAL, run="four"),
    ]
    found = times(film(archive, some, 0, 12))
    assert len(found["video"]) == 120
    assert found["video"] == sorted(found["video"])
    begins = 0 if first else 3
    assert begins <= found["audio"][0] < begins + 0.1
    assert 5.8 < found["audio"][-1] < 6, "another coder's sound is left out, its pictures are not"


def test_pictures_alone_hold_no_byte_of_sound(archive: MaskedArchive) -> None:
    made = archive.record(0, 2, seal=SEAL, sound=SoundCodec.PCMA)
    silent = archive.record(5, 2, seal=SEAL, first=0)
    heard, mute = opened(archive, [made]), opened(archive, [silent])
    assert fmp4.picture_only(heard.init_segment(made)) == mute.init_segment(silent)
    for number in (0, 1):
        plain = heard.fragment(made, number)
        bare = fmp4.without_sound(plain)
        assert bare == mute.fragment(silent, number)
        assert len(plain) - len(bare) > 7_000
        assert len(fmp4.muted(plain)) == len(plain)
    movie = heard.init_segment(made) + fmp4.muted(heard.fragment(made, 0))
    assert set(times(movie)) == {"video"}


def test_what_is_masked_is_read_as_before(archive: MaskedArchive) -> None:
    made = archive.record(0, 2)
    plain = archive.reader().fragment(made, 0)
    assert fmp4.muted(plain) == fmp4.without_sound(plain) == plain
    assert fmp4.samples_of(plain)[1]


def test_an_index_of_before_is_brought_up_to_date_and_says_that_nothing_was_heard(
    tmp_path: Path,
) -> None:
    made = MaskedArchive(tmp_path / "archive")
    kept = made.record(0, 2, seal=SEAL)
    with made.index.writing() as connection:
        connection.execute("DROP INDEX recordings_with_sound")
        connection.execute("ALTER TABLE recordings DROP COLUMN sound")
        connection.execute("PRAGMA user_version = 1")
    made.close()
    assert VERSION == 2
    index = Index(tmp_path / "archive" / "index.sqlite")
    with index.reading() as connection:
        row = connection.execute("SELECT sound, stream FROM recordings").fetchone()
    index.close()
    assert tuple(row) == ("", str(StreamName.MAIN))
    assert kept.sound == ""
