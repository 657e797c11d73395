"""RTP taken apart: any cut of the bytes, any packing, nothing that crashes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.coded_video import coded

from insyn.base.errors import UnreadableInput
from insyn.site import nal
from insyn.site.cameras.rtp import START, AccessUnit, Depacketizer
from insyn.site.cameras.sps import picture_size
from insyn.site.streams import Codec, Packet

CLIPS = {codec: coded(frames=30, gop=10, codec=codec) for codec in Codec}
STEP = 3600


def framed(packet: bytes, channel: int = 0) -> bytes:
    return b"$" + bytes((channel,)) + len(packet).to_bytes(2, "big") + packet


def rtp(payload: bytes, number: int, timestamp: int, *, marker: bool, first: int = 0x80) -> bytes:
    head = bytes((first, (0x80 if marker else 0) | 96))
    sequence = (number & 0xFFFF).to_bytes(2, "big")
    return head + sequence + (timestamp & 0xFFFFFFFF).to_bytes(4, "big") + bytes(4) + payload


def payloads(unit: bytes, codec: Codec, most: int) -> list[bytes]:
    """A NAL unit as RTP packs it: whole, or in fragments (RFC 6184 5.8, RFC 7798 4.4.3)."""
    if len(unit) <= most:
        return [unit]
    if codec is Codec.H264:
        indicator, kind, body = bytes((unit[0] & 0xE0 | 28,)), unit[0] & 31, unit[1:]
    else:
        indicator = bytes((unit[0] & 0x81 | 49 << 1, unit[1]))
        kind, body = unit[0] >> 1 & 63, unit[2:]
    parts = [body[at : at + most] for at in range(0, len(body), most)]
    return [
        indicator
        + bytes((kind | (0x80 if n == 0 else 0) | (0x40 if part is parts[-1] else 0),))
        + part
        for n, part in enumerate(parts)
    ]


def sent(
    clip: list[Packet], codec: Codec, *, most: int = 700, start: int = 65530, markers: bool = True
) -> bytes:
    stream = b""
    number = start
    for index, packet in enumerate(clip):
        parts = [part for unit in nal.units(packet.data) for part in payloads(unit, codec, most)]
        for part in parts:
            is_last = markers and part is parts[-1]
            timestamp = (1 << 32) - 5 * STEP + index * STEP
            stream += framed(rtp(part, number, timestamp, marker=is_last))
            number += 1
        if index % 7 == 3:
            stream += framed(b"\x80\xc8\x00\x06" + bytes(24), channel=1)
        if index % 11 == 5:
            stream += b"RTSP/1.0 200 OK\r\nCSeq: 9\r\nContent-Length: 3\r\n\r\nabc"
    return stream


def taken(content: bytes, codec: Codec, cuts: list[int]) -> list[AccessUnit]:
    depacketizer = Depacketizer(codec)
    found: list[AccessUnit] = []
    edges = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    for begin, end in itertools.pairwise(edges):
        found += depacketizer.feed(content[begin:end])
    assert depacketizer.lost == 0
    return found


def normal(data: bytes) -> list[bytes]:
    return list(nal.units(data))


@pytest.mark.parametrize("codec", list(Codec))
@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 1 << 20), max_size=40), most=st.integers(30, 60000))
def test_pictures_come_out_as_they_were_sent_however_the_bytes_arrive(
    codec: Codec, cuts: list[int], most: int
) -> None:
    clip = CLIPS[codec]
    found = taken(sent(clip, codec, most=most), codec, cuts)
    assert [normal(unit.data) for unit in found] == [normal(packet.data) for packet in clip]
    assert [unit.is_key for unit in found] == [packet.is_key for packet in clip]
    assert found[5].timestamp == 0
    assert found[0].has_sets


def test_a_camera_that_sets_no_marker_yields_a_picture_when_the_next_begins() -> None:
    clip = CLIPS[Codec.H264]
    found = taken(sent(clip, Codec.H264, markers=False), Codec.H264, [])
    assert [normal(unit.data) for unit in found] == [normal(packet.data) for packet in clip[:-1]]


def test_a_camera_that_marks_every_slice_is_understood_from_the_second_picture_on() -> None:
    stream = b""
    for number in range(12):
        slice_unit = bytes((0x41, 0x80 | number, 1, 2))
        stream += framed(rtp(slice_unit, number, number // 3 * STEP, marker=True))
    found = taken(stream, Codec.H264, [])
    assert [len(normal(unit.data)) for unit in found[-2:]] == [3, 3]


def test_sets_sent_ahead_belong_to_the_picture_that_follows() -> None:
    sps, pps, key = b"\x67abc", b"\x68de", b"\x65fgh"
    stream = framed(rtp(sps, 0, 0, marker=True)) + framed(rtp(pps, 1, 0, marker=True))
    stream += framed(rtp(key, 2, STEP, marker=True))
    (unit,) = taken(stream, Codec.H264, [])
    assert normal(unit.data) == [sps, pps, key]
    assert (unit.is_key, unit.has_sets, unit.timestamp) == (True, True, STEP)


def test_units_packed_together_padding_and_extensions_are_read() -> None:
    sps, key = b"\x67abc", b"\x65fgh"
    together = b"\x18" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in (sps, key))
    padded = rtp(together + b"\x00\x00\x03", 0, 0, marker=True, first=0xA0)
    (unit,) = taken(framed(padded), Codec.H264, [])
    assert normal(unit.data) == [sps, key]
    extended = rtp(b"\xbe\xde\x00\x01" + bytes(4) + key, 0, 0, marker=True, first=0x90)
    (unit,) = taken(framed(extended), Codec.H264, [])
    assert unit.data == START + key


def test_what_a_camera_left_out_is_counted_and_its_key_picture_not_trusted() -> None:
    depacketizer = Depacketizer(Codec.H264)
    stream = framed(rtp(b"\x65abc", 1, 0, marker=True)) + framed(rtp(b"\x65abc", 4, 9, marker=True))
    first, second = depacketizer.feed(stream)
    assert depacketizer.lost == 2
    assert (first.is_key, second.is_key) == (True, False)


@given(st.binary(max_size=4000), st.sampled_from(list(Codec)))
def test_noise_is_waited_for_or_refused_and_never_crashes(noise: bytes, codec: Codec) -> None:
    depacketizer = Depacketizer(codec)
    try:
        for at in range(0, len(noise), 97):
            depacketizer.feed(noise[at : at + 97])
    except UnreadableInput:
        pass


@given(st.lists(st.binary(max_size=60), max_size=30), st.sampled_from(list(Codec)))
def test_noise_inside_packets_never_crashes(packets: list[bytes], codec: Codec) -> None:
    depacketizer = Depacketizer(codec)
    try:
        for packet in packets:
            depacketizer.feed(framed(packet))
    except UnreadableInput:
        pass


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("size", [(160, 96), (1920, 1080), (642, 362), (704, 576)])
def test_the_size_is_read_from_parameter_sets(codec: Codec, size: tuple[int, int]) -> None:
    clip = coded(frames=1, width=size[0], height=size[1], codec=codec)
    assert clip[0].parameters is not None
    assert picture_size(clip[0].parameters.parameter_sets, codec) == size


@given(st.binary(min_size=1, max_size=60), st.sampled_from(list(Codec)))
def test_a_damaged_parameter_set_is_refused_or_read_and_never_crashes(
    noise: bytes, codec: Codec
) -> None:
    start = b"\x67" if codec is Codec.H264 else b"\x42\x01"
    try:
        width, height = picture_size((start + noise,), codec)
    except UnreadableInput:
        return
    assert 0 < width <= 16384
    assert 0 < height <= 16384
