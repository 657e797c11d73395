"""Opened originals as cameras make them: H.264 and H.265, B-pictures, key pictures far apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from tests.support.coded_video import coded, parameters_of

from insyn.base.errors import Refusal, UnreadableInput
from insyn.site.archive.index import Index
from insyn.site.archive.recording import EndReason, Recording
from insyn.site.archive.root import open_root
from insyn.site.archive.writing import Archive, Begin, Picture
from insyn.site.clocks import Reading
from insyn.site.export.original import Original
from insyn.site.release.opened import OpenedReader, keys_of
from insyn.site.streams import Codec, StreamName
from insyn.site.vault.public import VaultPublicKey, unwrap

START_NS = 1_795_000_000 * 10**9
FPS, STEP = 25, 3600


@dataclass
class Kept:
    recording: Recording
    reader: OpenedReader
    path: Path


def kept(folder: Path, *, codec: Codec = Codec.H264, b_frames: int = 0, gop: int = 25) -> Kept:
    """Three seconds, sealed, in fragments of half a second or so."""
    packets = coded(frames=75, codec=codec, b_frames=b_frames, gop=gop, width=160, height=96)
    vault = X25519PrivateKey.generate()
    seal = VaultPublicKey(raw=vault.public_key().public_bytes_raw())
    root, index = open_root(folder, expected=None), Index(folder / "index.sqlite")
    writer = Archive(root, index).begin(
        Begin(
            camera="cam-1",
            stream=StreamName.MAIN,
            run="run",
            parameters=parameters_of(packets),
            started=Reading(wall_ns=START_NS, monotonic_ns=0),
            boot="boot",
            media_start_90k=0,
        ),
        seal=seal,
    )
    pictures = [
        Picture(
            data=one.data, dts_90k=number * STEP, pts_90k=one.pts_90k or 0, duration_90k=STEP,
            is_key=one.is_key,
        )
        for number, one in enumerate(packets)
    ]  # fmt: skip
    for begin in range(0, len(pictures), 12):
        writer.append(pictures[begin : begin + 12])
    made = writer.close(index, EndReason.ROTATED, wall_duration_ns=3 * 10**9, activity=b"")
    index.close()
    assert made is not None
    keys = keys_of(folder, [made], lambda wrapped, name: unwrap(vault, wrapped, name))
    reader = OpenedReader(folder, keys, is_open=lambda: True)
    return Kept(recording=made, reader=reader, path=folder / made.path)


@pytest.mark.parametrize(
    ("codec", "b_frames", "gop"),
    [
        (Codec.H264, 0, 25),
        (Codec.H264, 2, 25),
        (Codec.H264, 0, 75),
        (Codec.H265, 0, 25),
    ],
)
def test_a_picture_is_the_same_whether_all_or_it_alone_is_decoded(
    tmp_path: Path, codec: Codec, b_frames: int, gop: int
) -> None:
    one = kept(tmp_path, codec=codec, b_frames=b_frames, gop=gop)
    original = Original(one.reader, [one.recording], START_NS, START_NS + 3 * 10**9)
    frames = list(original.pictures())
    assert len(frames) == 75
    assert original.size == (160, 96)
    for number in (0, 1, 11, 12, 30, 49, 73, 74):
        again = original.picture(frames[number].pts_90k)
        assert again.pts_90k == frames[number].pts_90k
        assert np.array_equal(again.y, frames[number].y)
        assert np.array_equal(again.v, frames[number].v)


def test_a_span_begins_where_it_was_asked_though_decoding_begins_before(tmp_path: Path) -> None:
    one = kept(tmp_path, gop=75)
    original = Original(
        one.reader, [one.recording], START_NS + 1_500_000_000, START_NS + 2_500_000_000
    )
    assert next(iter(original.pictures())).pts_90k == 0
    assert (original.from_90k, original.until_90k) == (135_000, 225_000)
    assert abs(original.wall_ns(original.from_90k) - START_NS - 1_500_000_000) < 10**6


def test_a_changed_recording_is_refused(tmp_path: Path) -> None:
    one = kept(tmp_path)
    content = bytearray(one.path.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    one.path.write_bytes(content)
    original = Original(one.reader, [one.recording], START_NS, START_NS + 3 * 10**9)
    with pytest.raises(UnreadableInput, match="changed after it was sealed"):
        list(original.pictures())


def test_a_span_without_recordings_is_refused(tmp_path: Path) -> None:
    one = kept(tmp_path)
    with pytest.raises(Refusal, match="nothing was recorded"):
        Original(one.reader, [one.recording], START_NS + 10**11, START_NS + 2 * 10**11)
