"""Virtual cameras: the same people everywhere, exact masks, real H.264 and H.265."""

from __future__ import annotations

import itertools
from typing import Any

import av
import numpy as np
import pytest

from insyn.base.errors import UsageError
from insyn.site.cameras.address import read_address
from insyn.site.cameras.opening import source_for
from insyn.site.cameras.virtual.concourse import Concourse, Events
from insyn.site.streams import Codec, StreamName


def test_the_same_numbers_give_the_same_picture() -> None:
    one, other = Concourse(seed=3), Concourse(seed=3)
    for index in (0, 17, 500):
        assert np.array_equal(one.render(index).y, other.render(index).y)
    assert not np.array_equal(one.render(500).y, Concourse(seed=4).render(500).y)


def test_the_mask_is_exactly_where_people_change_the_picture() -> None:
    events = Events(noise=0, drift=0)
    place, empty = Concourse(seed=5, events=events), Concourse(seed=5, people=0, events=events)
    seen = 0
    for index in range(0, 2400, 120):
        scene, nobody = place.render(index), empty.render(index)
        outside = ~scene.mask
        # Outside the mask only shadows differ, and they only darken.
        assert (scene.y[outside] <= nobody.y[outside].astype(int) + 1).all()
        assert (scene.heads <= scene.mask).all()
        if scene.mask.any():
            changed = scene.y.astype(int) != nobody.y
            assert changed[scene.mask].mean() > 0.8
            seen += 1
    assert seen > 5


def test_people_walk_stand_and_leave() -> None:
    place = Concourse(seed=11, events=Events(noise=0, drift=0))
    shares = [place.render(index).mask.mean() for index in range(0, 6000, 60)]
    assert min(shares) < max(shares) * 0.6
    assert max(shares) > 0.01


def test_events_happen_when_they_are_told_to() -> None:
    quiet = Events(noise=0, drift=0)
    base = Concourse(people=0, events=quiet, fps=10)
    lit = Concourse(people=0, events=Events(noise=0, drift=0, light=((5, 1.35),)), fps=10)
    assert np.array_equal(base.render(49).y, lit.render(49).y)
    ratio = (lit.render(50).y.astype(float) - 16) / np.maximum(1, base.render(50).y - 16.0)
    assert np.median(ratio) == pytest.approx(1.35, abs=0.03)
    bumped = Concourse(people=0, events=Events(noise=0, drift=0, bump=(5, 9, 5)), fps=10)
    assert np.array_equal(base.render(49).y, bumped.render(49).y)
    assert not np.array_equal(base.render(50).y, bumped.render(50).y)
    empty = Concourse(people=20, events=Events(noise=0, empty_s=30), fps=10)
    assert not any(empty.render(index).mask.any() for index in range(0, 300, 30))
    occupied = Concourse(people=20, events=Events(noise=0, occupied=3), fps=10)
    assert occupied.render(0).mask.any()


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("stream", [StreamName.MAIN, StreamName.SUB])
def test_a_virtual_camera_sends_video_that_decodes(codec: Codec, stream: StreamName) -> None:
    address, _ = read_address(f"virtual://concourse?seed=2&size=960x540&fps=50&codec={codec}")
    with source_for(address, stream=stream).open() as opened:
        expected = (960, 540) if stream is StreamName.MAIN else (640, 360)
        assert (opened.parameters.width, opened.parameters.height) == expected
        packets = list(itertools.islice(opened.packets(), 8))
    assert packets[0].is_key
    decoder: Any = av.CodecContext.create("h264" if codec is Codec.H264 else "hevc", "r")
    frames = [f for packet in packets for f in decoder.decode(av.Packet(packet.data))]
    frames += decoder.decode(None)
    assert len(frames) == 8
    assert (frames[0].width, frames[0].height) == expected


@pytest.mark.parametrize(
    "wrong", ["seed=x", "size=7x7", "fps=0", "codec=mjpeg", "people=9999", "colour=red"]
)
def test_a_wrong_option_is_told(wrong: str) -> None:
    address, _ = read_address(f"virtual://concourse?{wrong}")
    with pytest.raises(UsageError):
        source_for(address)
