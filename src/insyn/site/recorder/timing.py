"""From what a camera tells of time to media time: rising, plausible, in 90 kHz ticks. Pure.

Always: decoding times rise by at least a tick; no number that a camera tells makes a step that its
arrival does not bear out; nothing a camera tells is an error. Times are counted from the first
packet of a session.

What cameras tell is believed as far as it can be: their clock is steadier than the network. Left
aside are steps backwards and jumps (one packet: its arrival counts instead), times made from a
frame rate that is not kept (they run away from the arrival: then the arrival counts, smoothed, for
the rest of the session), and missing times (RTSP: the first packets have none).

Source: reference designs are Moonfire NVR's design/time.md (the least delayed frame tells the
start) and ISO/IEC 14496-12, 8.6.1.3 (composition offsets, signed); RFC 3550 (32-bit wrap of RTP
time), ISO/IEC 13818-1, 2.4.3.7 (33-bit wrap).
"""

from __future__ import annotations

import heapq

from insyn.site.streams import TICKS

SLACK = TICKS
"""How much further than its arrival a picture may step: network jitter and bursts."""

LONGEST_STEP = 30 * TICKS
LONGEST_OFFSET = 10 * TICKS
LONGEST_BACK = TICKS
"""A picture shown earlier than one decoded before it (B-frames) is at most a second earlier."""

MOST_REORDERED = 16
"""H.264 and H.265 hold at most 16 pictures back (A.3.1, max_num_reorder_frames)."""

WINDOW = 30 * TICKS
RUNAWAY = TICKS * 3 // 2
"""A camera's clock that leaves the arrival by so much in a window (5 %) is made from a lie."""

_WRAP = 1 << 32
_HALF = 1 << 31
_DISTRUST = 64
_A_LIE = 8


def ticks_of(duration_ns: int) -> int:
    """Nanoseconds in ticks, rounded down."""
    return duration_ns * 9 // 100_000


def ns_of(duration_90k: int) -> int:
    """Ticks in nanoseconds, rounded down."""
    return duration_90k * 100_000 // 9


class Timeline:
    """Places the packets of one session; a new session has a new one."""

    def __init__(self) -> None:
        self._dts = 0
        self._first_ns: int | None = None
        self._last_ns = 0
        self._told: int | None = None
        """The raw number that the last step was measured from."""
        self._pts_told: int | None = None
        self._pts = 0
        """Presentation time without wraps, for streams that tell no decoding time."""
        self._held: list[int] = []
        self._distrust = 0
        self._untimed = 0
        self._pace = _Pace()
        self._window_from = 0
        self._window_lead = -(1 << 62)
        self._lead_before: int | None = None
        self.by_arrival = False
        """The camera's times are not believed for the rest of the session."""
        self.absurd = 0
        """Packets whose time was not believed."""

    def place(
        self, pts: int | None, dts: int | None, *, is_key: bool, received_ns: int
    ) -> tuple[int, int]:
        """Decoding and presentation time of the next packet since the first one of the session."""
        if self._first_ns is None:
            self._first_ns = self._last_ns = received_ns
            self._told_step(pts, dts, is_key=is_key)
            return 0, _offset(pts, dts)
        arrived = min(max(0, ticks_of(received_ns - self._last_ns)), LONGEST_STEP)
        self._last_ns = max(self._last_ns, received_ns)
        step, offset = self._told_step(pts, dts, is_key=is_key)
        if self.by_arrival:
            step = self._pace.step(arrived)
        elif step is None or not 0 < step <= arrived + SLACK:
            self._doubt(is_told=step is not None)
            # The first packets of a session come at once and without times.
            step = max(1, arrived if step is not None else max(arrived, self._pace.usual))
            self._pace.settle(step)
        else:
            self._distrust = max(0, self._distrust - 1)
            self._untimed = 0
            self._pace.settle(step)
        self._dts += step
        self._watch(received_ns)
        return self._dts, self._dts + offset

    @property
    def usual_90k(self) -> int:
        """How long a picture lasts, about."""
        return self._pace.usual

    def _told_step(
        self, pts: int | None, dts: int | None, *, is_key: bool
    ) -> tuple[int | None, int]:
        """The step in decoding time as the camera tells it, if it tells one; and the offset."""
        if dts is None and pts is not None:
            return self._from_pts(pts, is_key=is_key)
        before, self._told = self._told, dts
        step = None if dts is None or before is None else _difference(dts, before)
        return step, _offset(pts, dts)

    def _from_pts(self, pts: int, *, is_key: bool) -> tuple[int | None, int]:
        """Decoding order from presentation times: the least of those held back, as they come."""
        before = self._told
        if self._pts_told is None or before is None:
            return self._restart(pts), 0
        moved = _difference(pts, self._pts_told)
        now = self._pts + moved
        is_back = now <= before
        if is_back and (is_key or len(self._held) >= MOST_REORDERED or before - now > LONGEST_BACK):
            return self._restart(pts), 0
        if abs(moved) > LONGEST_STEP:
            return self._restart(pts), 0
        self._pts_told, self._pts = pts, now
        if is_back:
            heapq.heappush(self._held, now)  # one more picture is held back from here on
            chosen = before + 1
        else:
            chosen = max(before + 1, heapq.heappushpop(self._held, now))
        self._told = chosen
        return chosen - before, now - chosen

    def _restart(self, pts: int) -> int | None:
        """Measure from here; tells a step that nobody believes where there was one before."""
        was_known = self._pts_told is not None and self._told is not None
        self._held.clear()
        self._pts_told = self._pts = self._told = pts
        return 0 if was_known else None

    def _doubt(self, *, is_told: bool) -> None:
        if is_told:
            self.absurd += 1
            self._distrust += _A_LIE
        else:
            self._untimed += 1
        if self._distrust > _DISTRUST or self._untimed > _A_LIE:
            self.by_arrival = True

    def _watch(self, received_ns: int) -> None:
        """Compare the least delayed packets of two windows; a clock that runs away is a lie."""
        assert self._first_ns is not None
        arrived = ticks_of(received_ns - self._first_ns)
        self._window_lead = max(self._window_lead, self._dts - arrived)
        if arrived - self._window_from < WINDOW:
            return
        before, self._lead_before = self._lead_before, self._window_lead
        self._window_from, self._window_lead = arrived, -(1 << 62)
        if before is not None and abs(self._lead_before - before) > RUNAWAY:
            self.by_arrival = True


class _Pace:
    """Smoothed arrival: a loop that follows the mean rate and forgets single delays."""

    def __init__(self) -> None:
        self._usual = float(TICKS // 25)
        self._behind = 0.0

    @property
    def usual(self) -> int:
        return max(1, min(round(self._usual), TICKS))

    def settle(self, step: int) -> None:
        """Learn from a step that was believed."""
        self._usual += (min(step, TICKS) - self._usual) / 16
        self._behind = 0.0

    def step(self, arrived: int) -> int:
        """The next step; `arrived` ticks after the last packet."""
        # How far the arrival is ahead of what has been told out so far.
        error = self._behind + arrived - self._usual
        if abs(error) > 3 * TICKS:
            taken = max(1.0, self._usual + error)
        else:
            taken = max(1.0, self._usual + error / 16)
            self._usual = min(max(1.0, self._usual + error / 1024), float(TICKS * 10))
        whole = round(taken)
        self._behind += arrived - whole
        return min(whole, LONGEST_STEP)


def _difference(after: int, before: int) -> int:
    """The step between two numbers that may have wrapped at 32 or at 33 bits."""
    return (after - before + _HALF) % _WRAP - _HALF


def _offset(pts: int | None, dts: int | None) -> int:
    if pts is None or dts is None:
        return 0
    offset = _difference(pts, dts)
    return offset if abs(offset) <= LONGEST_OFFSET else 0
