"""Clear pictures share the decoder's buffers: they must stay as they are while they are held."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.support.coded_video import coded, parameters_of

from insyn.site.shield.frame import YuvFrame
from insyn.site.shield.paint import paint
from insyn.site.shielding.decoder import Decoder
from insyn.site.shielding.encoder import MaskedEncoder
from insyn.site.streams import Codec


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
@pytest.mark.parametrize("largest", [(160, 96), (80, 48)], ids=["as it comes", "scaled"])
def test_a_picture_stays_as_it_was_while_later_ones_are_decoded(
    codec: Codec, largest: tuple[int, int]
) -> None:
    packets = coded(frames=60, b_frames=2, codec=codec)
    decoder = Decoder(parameters_of(packets), largest=largest)
    held: list[YuvFrame] = []
    copies = []
    for packet in packets:
        for frame in decoder.decode(packet):
            held.append(frame)
            copies.append([plane.copy() for plane in (frame.y, frame.u, frame.v)])
    assert len(held) >= 55
    for frame, copy in zip(held, copies, strict=True):
        for plane, before in zip((frame.y, frame.u, frame.v), copy, strict=True):
            assert (plane == before).all()
            assert not plane.flags.writeable
    assert any((one.y != two.y).any() for one, two in itertools.pairwise(held))


@pytest.mark.parametrize("size", [(160, 96), (98, 54), (640, 360)])
def test_what_is_encoded_is_what_was_painted(size: tuple[int, int]) -> None:
    width, height = size
    ramp = np.add.outer(np.arange(height), np.arange(width)) % 180 + 30
    frame = YuvFrame(
        y=ramp.astype(np.uint8),
        u=np.full((height // 2, width // 2), 90, np.uint8),
        v=np.full((height // 2, width // 2), 170, np.uint8),
        pts_90k=0,
    )
    mask = np.zeros((height, width), bool)
    mask[: height // 3] = True
    masked = paint(frame, mask)
    encoder = MaskedEncoder(width=width, height=height, fps=25)
    packet = encoder.encode(masked)
    assert packet is not None
    (shown,) = Decoder(encoder.parameters, largest=size).decode(packet)
    for plane, given in ((shown.y, masked.y), (shown.u, masked.u), (shown.v, masked.v)):
        assert np.abs(plane.astype(int) - given).mean() < 6
