"""Where sound goes in the media time of pictures, whatever clocks and networks do."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.site.archive.fmp4_sound import SoundSample
from insyn.site.recorder.hearing import LATE, STRAYED, Hearing
from insyn.site.recorder.timing import ns_of
from insyn.site.streams import TICKS, Sound, SoundCodec, SoundParameters

RATE, FRAME = 16_000, 320
FRAME_90K = FRAME * TICKS // RATE
PICTURE_90K = TICKS // 25
BEGAN_NS = 77 * 10**9
PCM = SoundParameters(codec=SoundCodec.PCMU, rate=RATE, channels=1)


def played(
    seconds: int,
    *,
    first_samples: int = 0,
    sound_ppm: int = 0,
    jitter_ms: tuple[int, ...] = (0,),
    pause_s: tuple[int, int] = (0, 0),
    burst_s: int = 0,
) -> tuple[Hearing, list[tuple[int, SoundSample]]]:
    """A camera whose two clocks begin at once; each frame taken, beside when it was made.

    Args:
        seconds: how long it plays.
        first_samples: what the sound's clock shows at its first frame.
        sound_ppm: how much quicker the sound's clock goes than the pictures'.
        jitter_ms: how late packets come, in turn.
        pause_s: from when until when no sound is sent.
        burst_s: the pictures of so many seconds before come at once at the beginning.
    """
    hearing = Hearing(PCM)
    found: list[tuple[int, SoundSample]] = []
    late = itertools.cycle(jitter_ms)
    begins = burst_s * TICKS
    for number in range(burst_s * 25):
        hearing.see(number * PICTURE_90K, None, BEGAN_NS)
    made: dict[bytes, int] = {}
    events: list[tuple[int, int, int]] = []
    for number in range(seconds * 25):
        events.append((number * PICTURE_90K, 0, number))
    for number in range(seconds * RATE // FRAME):
        at = number * FRAME_90K * 1_000_000 // (1_000_000 + sound_ppm)
        if not pause_s[0] * TICKS <= at < pause_s[1] * TICKS:
            events.append((at, 1, number))
    for at, kind, number in sorted(events):
        received_ns = BEGAN_NS + ns_of(at) + next(late) * 1_000_000
        if kind == 0:
            hearing.see(begins + at, None, received_ns)
            if number % 20 == 0 and number:
                found += [(made[one.data], one) for one in hearing.take(0, begins + at)]
        else:
            data = number.to_bytes(4, "big")
            made[data] = begins + at
            told = (first_samples + number * FRAME) & 0xFFFFFFFF
            hearing.hear(Sound(data=data, at_samples=told, samples=FRAME, received_ns=received_ns))
    return hearing, found


def off_ms(found: list[tuple[int, SoundSample]]) -> list[float]:
    return [(one.start_90k - at) / 90 for at, one in found]


@pytest.mark.parametrize(
    ("given", "least_ms", "most_ms"),
    [
        ({}, -1, 1),
        ({"first_samples": (1 << 32) - 5 * RATE}, -1, 1),  # it wraps
        ({"jitter_ms": (3, 0, 20, 5, 11)}, -25, 25),
        ({"burst_s": 3}, -46, 46),  # a camera that sends its newest seconds at once
        ({"pause_s": (4, 7)}, -46, 46),  # nothing is sent while nobody speaks
    ],
)
def test_sound_is_where_its_pictures_are(
    given: dict[str, object], least_ms: int, most_ms: int
) -> None:
    hearing, found = played(12, **given)  # type: ignore[arg-type]  # as the table gives them
    assert len(found) > 400
    assert least_ms <= min(off_ms(found))
    assert max(off_ms(found)) <= most_ms
    assert hearing.left_out <= 2


@pytest.mark.parametrize("ppm", [-500, 500])
def test_clocks_that_run_apart_are_brought_together(ppm: int) -> None:
    hearing, found = played(300, sound_ppm=ppm)
    assert max(abs(one) for one in off_ms(found)) < 60
    assert hearing.left_out < 30, "of 15,000 frames"


def test_without_a_picture_nothing_is_heard_and_what_comes_late_begins_the_recording() -> None:
    hearing = Hearing(PCM)
    frame = Sound(data=b"x", at_samples=0, samples=FRAME, received_ns=BEGAN_NS)
    hearing.hear(frame)
    assert hearing.left_out == 1
    hearing.see(0, None, BEGAN_NS)
    hearing.hear(Sound(data=b"y", at_samples=FRAME, samples=FRAME, received_ns=BEGAN_NS))
    (one,) = hearing.take(LATE // 2, TICKS)
    assert one.start_90k == LATE // 2
    hearing.hear(Sound(data=b"z", at_samples=2 * FRAME, samples=FRAME, received_ns=BEGAN_NS))
    assert hearing.take(5 * TICKS, 9 * TICKS) == (), "it belongs to another recording"


def test_a_file_tells_both_by_one_clock_whatever_comes_first() -> None:
    hearing = Hearing(PCM)
    for number in range(3):
        hearing.hear(
            Sound(
                data=bytes([number]), at_samples=0, samples=FRAME, received_ns=BEGAN_NS,
                pts_90k=7000 + number * FRAME_90K,
            )
        )  # fmt: skip
    hearing.see(50, 7000, BEGAN_NS)
    assert [one.start_90k for one in hearing.take(0, TICKS)] == [
        50 + n * FRAME_90K for n in (0, 1, 2)
    ]


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(0, (1 << 32) - 1),
            st.integers(1, 5000),
            st.integers(0, 3 * 10**9),
        ),
        max_size=60,
    )
)
def test_whatever_comes_frames_never_overlap_nor_run_backwards(
    events: list[tuple[bool, int, int, int]],
) -> None:
    hearing, now, dts = Hearing(PCM), BEGAN_NS, 0
    found: list[SoundSample] = []
    for is_picture, samples_at, samples, passed in events:
        now += passed
        if is_picture:
            dts += PICTURE_90K
            hearing.see(dts, None, now)
            found += hearing.take(dts // 2, dts)
        else:
            hearing.hear(Sound(data=b"s", at_samples=samples_at, samples=samples, received_ns=now))
    found += hearing.take(0, 1 << 62)
    for before, after in itertools.pairwise(found):
        assert before.end_90k <= after.start_90k
    assert all(one.start_90k >= 0 and one.duration_90k >= 0 for one in found)


def test_sound_that_nobody_fetches_is_bounded() -> None:
    hearing = Hearing(PCM)
    hearing.see(0, None, BEGAN_NS)
    for number in range(2000):
        hearing.hear(
            Sound(
                data=bytes(1000), at_samples=number * FRAME, samples=FRAME,
                received_ns=BEGAN_NS + number * 20_000_000,
            )
        )  # fmt: skip
    assert 1400 < hearing.left_out < 2000
    assert STRAYED < LATE
