"""Sound over RTP: descriptions read, packets taken apart, and nothing that raises."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.coded_sound import coded_sound

from insyn.site.cameras.rtp_sound import (
    BROKEN,
    Packing,
    SoundDepacketizer,
    SoundMedia,
    sound_of,
)
from insyn.site.sound import aac_config, latm_config, opus_samples
from insyn.site.streams import Sound, SoundCodec, SoundParameters

VIDEO = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:stream=0\r\n"
HBR = "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config="


def described(*lines: str, types: str = "97") -> SoundMedia | str:
    section = "\r\n".join((f"m=audio 0 RTP/AVP {types}", *lines, "a=control:stream=1", ""))
    return sound_of(VIDEO + section)


@pytest.mark.parametrize(
    ("media", "codec", "rate", "channels"),
    [
        (described(types="0"), SoundCodec.PCMU, 8000, 1),
        (described(types="8"), SoundCodec.PCMA, 8000, 1),
        (described("a=rtpmap:97 PCMU/16000/2"), SoundCodec.PCMU, 16_000, 2),
        (described("a=rtpmap:97 opus/48000/2"), SoundCodec.OPUS, 48_000, 2),
        (
            described("a=rtpmap:97 mpeg4-generic/16000/1", f"a=fmtp:97 {HBR}1408"),
            SoundCodec.AAC, 16_000, 1,
        ),
        (  # as cameras write it: capitals, blanks, stereo told by the configuration alone
            described(
                "a=rtpmap:97 MPEG4-GENERIC/48000",
                "a=fmtp:97 streamtype=5; profile-level-id=1; mode=AAC-hbr; sizeLength=13; "
                "indexLength=3; indexDeltaLength=3; config=1190",
            ),
            SoundCodec.AAC, 48_000, 2,
        ),
        (
            described("a=rtpmap:97 MP4A-LATM/16000", "a=fmtp:97 cpresent=0;config=400028103fc0"),
            SoundCodec.AAC, 16_000, 1,
        ),
        (  # two offers: the first that is recorded
            sound_of(
                VIDEO + "m=audio 0 RTP/AVP 99\r\na=rtpmap:99 G726-32/8000\r\na=control:a\r\n"
                "m=audio 0 RTP/AVP 0\r\na=control:b\r\n"
            ),
            SoundCodec.PCMU, 8000, 1,
        ),
    ],
)  # fmt: skip
def test_what_cameras_describe_is_understood(
    media: SoundMedia | str, codec: SoundCodec, rate: int, channels: int
) -> None:
    assert isinstance(media, SoundMedia), media
    said = media.parameters
    assert (said.codec, said.rate, said.channels) == (codec, rate, channels)


@pytest.mark.parametrize(
    ("found", "because"),
    [
        (sound_of(VIDEO), "the camera sends none"),
        (described("a=rtpmap:97 G726-32/8000"), "codec g726-32"),
        (described("a=rtpmap:97 L16/44100/2"), "codec l16"),
        (described(), "codec that is not named"),
        (described("a=rtpmap:97 PCMU/0"), "codec pcmu of an absurd rate"),
        (described("a=rtpmap:97 mpeg4-generic/16000/1"), "unusual way"),
        (described("a=rtpmap:97 mpeg4-generic/16000/1", f"a=fmtp:97 {HBR}zz"), "damaged"),
        (described("a=rtpmap:97 mpeg4-generic/16000/1", f"a=fmtp:97 {HBR}"), "damaged"),
        (described("a=rtpmap:97 mpeg4-generic/16000/1", f"a=fmtp:97 {HBR}b990"), "object type 23"),
        (
            described("a=rtpmap:97 mpeg4-generic/16000/1", f"a=fmtp:97 ctsdeltalength=8;{HBR}1408"),
            "unusual way",
        ),
        (described("a=rtpmap:97 MP4A-LATM/16000", "a=fmtp:97 config=400028103fc0"), "in band"),
        (described("a=sendonly", types="0"), "the camera sends none"),
    ],
)
def test_what_is_not_recorded_is_told_by_its_name(found: SoundMedia | str, because: str) -> None:
    assert isinstance(found, str)
    assert because in found


def packet(
    payload: bytes, *, number: int = 0, at: int = 0, kind: int = 97, is_last: bool = True
) -> bytes:
    return struct.pack(">BBHII", 0x80, kind | (is_last << 7), number & 0xFFFF, at, 7) + payload


def taken(media: SoundMedia, *packets: bytes) -> list[Sound]:
    reader = SoundDepacketizer(media)
    for one in packets:
        reader.take(b"$\x02\x00\x00" + one, 4, 4 + len(one))
    return reader.heard(1)


def aac(**more: int) -> SoundMedia:
    found = described("a=rtpmap:97 mpeg4-generic/16000/1", f"a=fmtp:97 {HBR}1408")
    assert isinstance(found, SoundMedia)
    return found


def headed(*sizes: int) -> bytes:
    heads = b"".join(struct.pack(">H", size << 3) for size in sizes)
    return struct.pack(">H", 16 * len(sizes)) + heads


def test_frames_of_aac_come_one_by_one_several_at_once_and_in_parts() -> None:
    one, two = bytes(range(200)), bytes(range(100))
    assert [(s.data, s.at_samples) for s in taken(aac(), packet(headed(200) + one, at=5))] == [
        (one, 5)
    ]
    both = taken(aac(), packet(headed(200, 100) + one + two, at=(1 << 32) - 1))
    assert [(s.data, s.at_samples, s.samples) for s in both] == [
        (one, (1 << 32) - 1, 1024),
        (two, 1023, 1024),
    ]
    parts = [
        packet(headed(200) + one[:150], number=65_535, is_last=False),
        packet(headed(200) + one[150:], number=0),
    ]
    assert [s.data for s in taken(aac(), *parts)] == [one]
    lost = [
        packet(headed(200) + one[:150], number=1, is_last=False),
        packet(headed(200) + one[150:], number=3),
        packet(headed(100) + two, number=4, at=1024),
    ]
    assert [s.data for s in taken(aac(), *lost)] == [two], "a frame that lacks a part is none"


def test_elements_of_latm_are_taken_apart_over_packets() -> None:
    media = described("a=rtpmap:97 MP4A-LATM/90000", "a=fmtp:97 cpresent=0;config=400028103fc0")
    assert isinstance(media, SoundMedia)
    assert media.packing is Packing.LATM
    frame = bytes(300)
    element = bytes((255, 45)) + frame
    parts = [packet(element[:100], is_last=False), packet(element[100:], number=1)]
    (found,) = taken(media, *parts)
    assert (found.data, found.samples) == (frame, 1024 * 90_000 // 16_000)
    assert taken(media, packet(element + b"more")) == []


def test_other_payload_types_and_headers_of_rtp_are_passed_over() -> None:
    media = described(types="0")
    assert isinstance(media, SoundMedia)
    noise = packet(b"n", kind=13)
    extended = struct.pack(">BBHII", 0x91, 0, 1, 160, 7) + bytes(4)
    extended += struct.pack(">HH", 0xBEDE, 1) + bytes(4) + bytes(160)
    padded = struct.pack(">BBHII", 0xA0, 0, 2, 320, 7) + bytes(160) + b"\x00\x00\x03"
    found = taken(media, noise, extended, padded)
    assert [(len(one.data), one.at_samples) for one in found] == [(160, 160), (160, 320)]


@given(st.lists(st.binary(max_size=80), max_size=40), st.sampled_from(["aac", "latm", "opus"]))
def test_no_bytes_raise(contents: list[bytes], kind: str) -> None:
    lines = {
        "aac": ("a=rtpmap:97 mpeg4-generic/16000/1", f"a=fmtp:97 {HBR}1408"),
        "latm": ("a=rtpmap:97 MP4A-LATM/16000", "a=fmtp:97 cpresent=0;config=400028103fc0"),
        "opus": ("a=rtpmap:97 opus/48000/2",),
    }[kind]
    media = described(*lines)
    assert isinstance(media, SoundMedia)
    for one in taken(media, *contents, *(packet(content) for content in contents)):
        assert one.samples > 0
        assert one.data


@given(st.text(max_size=300))
def test_no_description_raises(text: str) -> None:
    for found in (sound_of(VIDEO + text), described(text), described(f"a=fmtp:97 {text}")):
        assert isinstance(found, SoundMedia | str)


def test_what_never_is_what_was_described_is_told() -> None:
    reader = SoundDepacketizer(aac())
    for number in range(BROKEN + 1):
        one = packet(b"\xff" * 50, number=number)
        reader.take(one, 0, len(one))
    assert reader.heard(1) == []
    assert "not what was described" in reader.trouble


def test_what_aac_and_opus_say_of_themselves_is_what_a_coder_made() -> None:
    parameters, sounds = coded_sound(SoundCodec.AAC, seconds=2, rate=44_100, channels=2)
    said = aac_config(parameters.config)
    assert (said.rate, said.channels, said.frame_samples) == (44_100, 2, 1024)
    assert latm_config(bytes.fromhex("400028103fc0")).config == bytes.fromhex("1408")
    _, sounds = coded_sound(SoundCodec.OPUS, seconds=1)
    assert {opus_samples(one.data) for one in sounds} == {960}
    sbr = aac_config(bytes.fromhex("2b098800"))  # 24 kHz, and 48 with spectral bands
    assert (sbr.object_type, sbr.rate, sbr.channels) == (5, 24_000, 1)
    assert SoundParameters(codec=SoundCodec.AAC, rate=1, channels=1).config == b""
