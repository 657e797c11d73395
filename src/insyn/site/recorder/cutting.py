"""Packets into fragments, fragments into recordings: what to write, decided. Pure.

Always: a fragment lasts at most `FRAGMENT_90K` and begins at a key picture wherever one comes; a
recording begins at a key picture, except where a camera sends none for two minutes; what has come
in is handed on within `FLUSH_NS`, whether or not more comes. Recordings of one run follow each
other without a gap in media time; each tells both clocks at its start. Sound goes with the pictures
of its time; it never begins, cuts, delays or ends anything.

The clock of the wall at a recording's start is the best guess that its packets allow: the least
delayed one tells. From one recording to the next of a run the guess is corrected, and never by more
than a clock drifts (500 ppm), so that recordings neither overlap nor leave slits.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from insyn.site.archive.fmp4_sound import SoundSample
from insyn.site.archive.recording import EndReason
from insyn.site.archive.writing import Picture
from insyn.site.clocks import Reading
from insyn.site.recorder.hearing import Hearing
from insyn.site.recorder.timing import Timeline, ns_of
from insyn.site.streams import TICKS, Packet, Parameters, Sound, SoundParameters

FRAGMENT_90K = TICKS * 4 // 5
"""With what waits between network and disk, less than a second is in memory at any time."""

FLUSH_NS = 900_000_000
RECORDING_90K = 60 * TICKS
LONGEST_90K = 120 * TICKS
"""A recording of a camera that sends no key picture is cut here."""

LARGEST_FRAGMENT = 16 << 20
STEP_NS = 2_000_000_000
"""The machine's clock was set, if it moves by more between two looks."""

DRIFT_PPM = 500
STRAYED_NS = 2_000_000_000
"""A run whose guess of the time strays by more ends; the next one guesses anew."""

FIRST_CORRECTION_NS = 5_000_000_000
"""The first recording of a run was begun with few packets to guess from (a camera may send its
newest seconds at once): its guess may be wrong by this much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginRecording:
    """Begin a recording; a gap that lasts is over then. `sound`: what is heard in it, or None."""

    run: str
    parameters: Parameters
    sound: SoundParameters | None
    started: Reading
    media_start_90k: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFragment:
    """Write these pictures into the recording, and what is heard with them."""

    pictures: tuple[Picture, ...]
    sound: tuple[SoundSample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRecording:
    """End the recording."""

    reason: EndReason
    wall_duration_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginGap:
    """Nothing is recorded from here on, and why."""

    start_wall_ns: int
    reason: str


_GOES_ON = (EndReason.ROTATED, EndReason.PARAMETERS, EndReason.CLOCK_STEP)

Step = BeginRecording | WriteFragment | EndRecording | BeginGap


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """A picture whose duration is not known yet."""

    data: bytes
    dts: int
    pts: int
    is_key: bool
    received_ns: int


@dataclass(slots=True, kw_only=True)
class _Run:
    """Media time without a gap. `anchor_ns` is the wall time of its media time 0."""

    id: str
    anchor_ns: int
    recordings: int = 0


@dataclass(slots=True, kw_only=True)
class _Open:
    parameters: Parameters
    media_start: int
    target: int
    least_ns: int
    """The least delayed packet: wall time of media time 0 by the packets of this recording."""
    has_sound: bool


def never_heard() -> str:
    """Why no sound is recorded where nobody says that it may be."""
    return "no sound is recorded unless a permit allows it"


class Cutter:
    """Decides for one stream of one camera."""

    def __init__(
        self,
        camera: str,
        *,
        may_record: Callable[[], str],
        run_id: Callable[[], str],
        may_hear: Callable[[], str] = never_heard,
    ) -> None:
        """Cut the packets of `camera`.

        Args:
            camera: its id; recordings of different cameras are cut at different moments.
            may_record: asked as each recording begins; "" where one may.
            run_id: makes the id of a run.
            may_hear: asked as each recording of a session with sound begins; "" where it may.
        """
        self._may_record = may_record
        self._may_hear = may_hear
        self._hearing: Hearing | None = None
        self._run_id = run_id
        self._first_target = RECORDING_90K - stagger_90k(camera)
        self._timeline = Timeline()
        self._parameters: Parameters | None = None
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._run: _Run | None = None
        self._open: _Open | None = None
        self._needs_key = True
        self._cut_at_key: EndReason | None = None
        self._is_new_run = False
        self._delta_ns: int | None = None
        self._delta_now_ns = 0
        self._last_dts = -1
        self._written_end = 0
        self._end_wall_ns: int | None = None
        self._in_gap = False
        self.refusal = ""
        """Why the permit allows no recording now."""
        self.skipped = 0
        """Packets before the first key picture, which nothing can decode."""
        self.keyless = 0
        """Recordings that had to begin without a key picture."""

    @property
    def absurd(self) -> int:
        """Packets of this session whose time was not believed."""
        return self._timeline.absurd

    def open(self, parameters: Parameters, sound: SoundParameters | None = None) -> list[Step]:
        """A new session with the camera begins; `sound` where its sound was asked for."""
        steps = self._end_session(EndReason.CAMERA)
        self._parameters = parameters
        self._hearing = Hearing(sound) if sound is not None else None
        return steps

    def hear(self, sound: Sound) -> None:
        """The next frame of sound, in the order of arrival; goes with the pictures of its time."""
        if self._hearing is not None:
            self._hearing.hear(sound)

    def look(self, clocks: Reading) -> list[Step]:
        """Both clocks now; hands on what has waited long enough. Call it a few times a second."""
        delta = clocks.wall_ns - clocks.monotonic_ns
        if self._delta_ns is None or abs(delta - self._delta_ns) <= STEP_NS or self._run is None:
            self._delta_ns = delta
        elif self._cut_at_key is None:
            # Until the next key picture the old clock counts on; then a new run has the new one.
            self._cut_at_key, self._is_new_run = EndReason.CLOCK_STEP, True
        self._delta_now_ns = delta
        if self._waiting and clocks.monotonic_ns - self._waiting[0].received_ns >= FLUSH_NS:
            return self._write(None)
        return []

    def put(self, packet: Packet) -> list[Step]:
        """The next packet, in the order of arrival."""
        is_key = packet.is_key
        is_changed = packet.parameters is not None and packet.parameters != self._parameters
        is_blind = self._parameters is None and not is_changed
        if (self._needs_key and not is_key) or not packet.data or is_blind:
            self.skipped += 1
            return []
        dts, pts = self._place(packet)
        steps: list[Step] = []
        if self._waiting:
            is_full = (
                dts - self._waiting[0].dts >= FRAGMENT_90K or self._waiting_bytes > LARGEST_FRAGMENT
            )
            if is_key or is_full or is_changed:
                steps = self._write(dts)
        if is_changed:
            steps += self._end(EndReason.PARAMETERS, dts)
            self._parameters = packet.parameters
        elif self._is_over(dts, is_key=is_key):
            steps += self._end(self._reason(is_key=is_key), dts)
        if self._needs_key and not is_key:  # the permit refused what waited
            self.skipped += 1
            return steps
        if self._is_new_run and self._open is None and not self._waiting:
            dts, pts = self._new_run(packet)
        self._needs_key = False
        self._waiting.append(
            _Waiting(
                data=packet.data, dts=dts, pts=pts, is_key=is_key, received_ns=packet.received_ns
            )
        )
        self._waiting_bytes += len(packet.data)
        return steps

    def lose(self, reason: EndReason, gap: str, now: Reading) -> list[Step]:
        """Nothing follows, or something is missing here; `gap` tells why, "" for no gap."""
        steps = self._end_session(reason)
        return steps + self._gap(now.wall_ns, gap)

    def _gap(self, now_wall_ns: int, reason: str) -> list[Step]:
        """A gap begins where the last recording ended, unless one lasts already."""
        if not reason or self._in_gap:
            return []
        self._in_gap = True
        start = self._end_wall_ns if self._end_wall_ns is not None else now_wall_ns
        return [BeginGap(start_wall_ns=start, reason=str(reason))]

    def _place(self, packet: Packet) -> tuple[int, int]:
        was_believed = not self._timeline.by_arrival
        dts, pts = self._timeline.place(
            packet.pts_90k,
            packet.dts_90k,
            is_key=packet.is_key,
            received_ns=packet.received_ns,
        )
        if was_believed and self._timeline.by_arrival and self._open is not None:
            self._cut_at_key, self._is_new_run = EndReason.ROTATED, True
        offset = pts - dts
        # What was flushed with a guessed duration may reach a little beyond this picture.
        dts = max(dts, self._last_dts + 1, self._written_end)
        self._last_dts = dts
        if self._hearing is not None:
            self._hearing.see(dts, packet.dts_90k, packet.received_ns)
        return dts, dts + offset

    def _new_run(self, packet: Packet) -> tuple[int, int]:
        """Count anew from this packet, whose clock is that of now."""
        by_arrival = self._timeline.by_arrival
        self._forget_times()
        self._cut_at_key = None
        self._timeline.by_arrival = by_arrival
        self._delta_ns = self._delta_now_ns
        return self._place(packet)

    def _is_over(self, dts: int, *, is_key: bool) -> bool:
        if self._open is None:
            return False
        lasted = dts - self._open.media_start
        if not is_key:
            return lasted >= LONGEST_90K
        return self._cut_at_key is not None or lasted >= self._open.target

    def _reason(self, *, is_key: bool) -> EndReason:
        if not is_key:
            self.keyless += 1
        reason = self._cut_at_key if is_key else None
        if is_key:
            self._cut_at_key = None
        return reason or EndReason.ROTATED

    def _end_session(self, reason: EndReason) -> list[Step]:
        steps = self._write(None)
        steps += self._end(reason, self._written_end)
        self._forget_times()
        self._needs_key = True
        self._cut_at_key = None
        return steps

    def _forget_times(self) -> None:
        self._timeline = Timeline()
        self._run = None
        self._is_new_run = False
        self._last_dts, self._written_end = -1, 0
        if self._hearing is not None:
            self._hearing.restart()

    def _write(self, next_dts: int | None) -> list[Step]:
        """Hand on what waits; `next_dts` is when the next picture comes, where it is known."""
        waiting = self._waiting
        if not waiting:
            return []
        self._waiting, self._waiting_bytes = [], 0
        steps: list[Step] = []
        if self._open is None:
            steps = self._begin(waiting)
        if self._open is None:
            return steps
        end = waiting[-1].dts + self._timeline.usual_90k if next_dts is None else next_dts
        ends = [*(picture.dts for picture in waiting[1:]), end]
        delta = self._delta_ns or 0
        least = min(one.received_ns + delta - ns_of(one.dts) for one in waiting)
        self._open.least_ns = min(self._open.least_ns, least)
        self._written_end = end
        pictures = tuple(
            Picture(
                data=one.data,
                dts_90k=one.dts,
                pts_90k=one.pts,
                duration_90k=until - one.dts,
                is_key=one.is_key,
            )
            for one, until in zip(waiting, ends, strict=True)
        )
        steps.append(WriteFragment(pictures=pictures, sound=self._heard(self._open, end)))
        return steps

    def _heard(self, opened: _Open, end: int) -> tuple[SoundSample, ...]:
        """What belongs into the fragment that ends here; taken also where it is not kept."""
        if self._hearing is None:
            return ()
        heard = self._hearing.take(opened.media_start, end)
        return heard if opened.has_sound else ()

    def _begin(self, waiting: list[_Waiting]) -> list[Step]:
        """Begin a recording with the pictures that wait; a gap where the permit refuses."""
        assert self._parameters is not None
        delta = self._delta_ns or 0
        first = waiting[0]
        self.refusal = self._may_record()
        if self.refusal:
            self._run, self._is_new_run, self._needs_key = None, True, True
            return self._gap(first.received_ns + delta, EndReason.PERMIT)
        if self._run is None:
            least = min(one.received_ns + delta - ns_of(one.dts) for one in waiting)
            self._run = _Run(id=self._run_id(), anchor_ns=least)
        wall = self._run.anchor_ns + ns_of(first.dts)
        sound = self._hearing.parameters if self._hearing and not self._may_hear() else None
        self._open = _Open(
            parameters=self._parameters,
            media_start=first.dts,
            target=self._first_target,
            least_ns=1 << 62,
            has_sound=sound is not None,
        )
        self._first_target = RECORDING_90K
        self._in_gap = False
        begin = BeginRecording(
            run=self._run.id,
            parameters=self._parameters,
            sound=sound,
            started=Reading(wall_ns=wall, monotonic_ns=wall - delta),
            media_start_90k=first.dts,
        )
        return [begin]

    def _end(self, reason: EndReason, end_dts: int) -> list[Step]:
        """End the recording, correct the guess of the time, and see whether another may begin."""
        opened, run = self._open, self._run
        if opened is None or run is None:
            return []
        self._open = None
        duration = ns_of(end_dts) - ns_of(opened.media_start)
        strayed = opened.least_ns - run.anchor_ns
        most = FIRST_CORRECTION_NS if run.recordings == 0 else duration * DRIFT_PPM // 1_000_000
        correction = max(-min(most, duration // 2), min(most, strayed))
        run.anchor_ns += correction
        run.recordings += 1
        if abs(strayed - correction) > STRAYED_NS:
            self._is_new_run = True
        self._end_wall_ns = run.anchor_ns + ns_of(end_dts)
        if reason in _GOES_ON and self._may_record():
            reason = EndReason.PERMIT
        return [EndRecording(reason=reason, wall_duration_ns=duration + correction)]


def stagger_90k(camera: str) -> int:
    """How much shorter the first recording of a camera is, lest all cameras cut at once."""
    return zlib.crc32(camera.encode()) % (RECORDING_90K // 2)


def new_run_id() -> str:
    """An id for a run."""
    return secrets.token_hex(6)
