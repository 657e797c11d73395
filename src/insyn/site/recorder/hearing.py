"""Where the sound of a session goes in the media time of its pictures. Pure.

Always: sound never moves a picture; frames follow each other without overlap; what has no place is
left out and counted. Times are in 90 kHz ticks.

Cameras tell no common clock for both over RTP but in RTCP, often wrongly. So each is held against
its arrival: the least delayed packet of either tells how far its clock is from ours. Between
packets the sound's own clock counts, sample by sample. Where the two clocks run apart (a camera's
crystals, a pause, a lie), sound is placed anew.

Source: RFC 3550, 5.1 (times that wrap at 32 bits); ITU-R BT.1359-1 (sound is noticed that is 45 ms
early or 125 ms late).
"""

from __future__ import annotations

from collections import deque

from insyn.site.archive.fmp4_sound import SoundSample
from insyn.site.recorder.timing import ns_of, ticks_of
from insyn.site.streams import TICKS, Sound, SoundParameters

STRAYED = TICKS * 45 // 1000
"""Sound that is further from its place is placed anew: sound 45 ms early is noticed."""

LATE = TICKS // 5
"""Sound of just before a recording, come after its first picture, is its first sound."""

LONGEST_STEP_S = 30
MOST_BYTES = 512 << 10
"""What waits for its pictures at most: seconds of any codec that we record."""

MOST_EARLY = 500
"""Frames of a file that come before its first picture and are shown with it."""

WINDOW_NS = 10_000_000_000
_WRAP, _HALF = 1 << 32, 1 << 31


class _Least:
    """The least of the last 10 to 20 seconds."""

    def __init__(self) -> None:
        self._from_ns: int | None = None
        self._now = 0
        self._before = 0

    def add(self, value: int, at_ns: int) -> None:
        if self._from_ns is None:
            self._from_ns, self._now, self._before = at_ns, value, value
        elif at_ns - self._from_ns > WINDOW_NS:
            self._from_ns, self._before, self._now = at_ns, self._now, value
        else:
            self._now = min(self._now, value)

    @property
    def value(self) -> int | None:
        return None if self._from_ns is None else min(self._now, self._before)


class Hearing:
    """The sound of one session, from its arrival to the fragment of its time."""

    def __init__(self, parameters: SoundParameters) -> None:
        self.parameters = parameters
        self.left_out = 0
        """Frames that had no place."""
        self._waiting: deque[SoundSample] = deque()
        self._waiting_bytes = 0
        self._early: deque[Sound] = deque(maxlen=MOST_EARLY)
        self.restart()

    def restart(self) -> None:
        """Media time counts anew, from the next picture on."""
        self._forget()
        self._pictures = _Least()
        self._shift: int | None = None
        self._sounds = _Least()
        self._told: int | None = None
        self._total = 0
        self._base: int | None = None
        self._count = 0
        self._written = 0

    def see(self, dts_90k: int, told_90k: int | None, received_ns: int) -> None:
        """A picture was placed at `dts_90k`; the camera told `told_90k`."""
        self._pictures.add(received_ns - ns_of(dts_90k), received_ns)
        self._shift = None if told_90k is None else dts_90k - told_90k
        while self._early and self._shift is not None:
            self.hear(self._early.popleft())

    def hear(self, sound: Sound) -> None:
        """The next frame, in the order of arrival."""
        if sound.pts_90k is not None and self._shift is None:
            self._early.append(sound)
            return
        target = self._target(sound)
        if target is None:
            self.left_out += 1
            return
        start = self._next()
        if start is None or abs(target - start) > STRAYED:
            if start is not None and target < start:
                self.left_out += 1  # it ran ahead: what follows catches up
                return
            self._base, self._count, start = target, 0, target
        self._count += sound.samples
        end = self._next()
        assert end is not None
        frame = SoundSample(data=sound.data, start_90k=start, duration_90k=end - start)
        self._waiting.append(frame)
        self._waiting_bytes += len(frame.data)
        while self._waiting_bytes > MOST_BYTES:
            self._waiting_bytes -= len(self._waiting.popleft().data)
            self.left_out += 1

    def take(self, from_90k: int, until_90k: int) -> tuple[SoundSample, ...]:
        """The frames that begin before `until_90k`, none of them before `from_90k`.

        What came a little too late for its own recording begins this one.
        """
        found: list[SoundSample] = []
        while self._waiting and self._waiting[0].start_90k < until_90k:
            frame = self._waiting.popleft()
            self._waiting_bytes -= len(frame.data)
            start = max(frame.start_90k, from_90k, self._written)
            if start - frame.start_90k > LATE:
                self.left_out += 1
                continue
            placed = SoundSample(data=frame.data, start_90k=start, duration_90k=frame.duration_90k)
            self._written = placed.end_90k
            found.append(placed)
        return tuple(found)

    def _next(self) -> int | None:
        """Where the next frame begins, if it follows the last one."""
        if self._base is None:
            return None
        return self._base + self._count * TICKS // self.parameters.rate

    def _target(self, sound: Sound) -> int | None:
        """Where it belongs by clock or arrival; None before the first picture."""
        if sound.pts_90k is not None and self._shift is not None:
            return self._place(sound.pts_90k + self._shift)
        rate = self.parameters.rate
        step = 0
        if self._told is not None:
            step = (sound.at_samples - self._told + _HALF) % _WRAP - _HALF
        self._told = sound.at_samples
        if not 0 <= step <= LONGEST_STEP_S * rate:
            self._sounds, self._total, step = _Least(), 0, 0  # another clock counts from here
        self._total += step
        self._sounds.add(sound.received_ns - self._total * 10**9 // rate, sound.received_ns)
        pictures, sounds = self._pictures.value, self._sounds.value
        if pictures is None or sounds is None:
            return None
        return self._place(self._total * TICKS // rate + ticks_of(sounds - pictures))

    def _place(self, target: int) -> int | None:
        """The place, if the session has one there: nothing is before its first picture."""
        return target if target >= 0 else None

    def _forget(self) -> None:
        self.left_out += len(self._waiting)
        self._waiting.clear()
        self._early.clear()
        self._waiting_bytes = 0
