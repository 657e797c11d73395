"""One camera's line: its sub-stream decoded, shielded, encoded, kept and shown; a thread.

Always: clear pictures live in this thread alone (and, where there is a detector, in its own),
between decoder and shield, and are let go at once; whatever fails, what leaves is masked or
nothing. A picture that comes out late is left out rather than shown late; where the line cannot
keep up, the newest picture is masked and older ones are left out.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from insyn.site import nal
from insyn.site.archive import fmp4
from insyn.site.archive.recording import EndReason
from insyn.site.archive.writing import Picture
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.source import OpenStream, Source
from insyn.site.clocks import Clocks, Reading
from insyn.site.shield.frame import Mask, MaskedFrame, YuvFrame
from insyn.site.shielding.decoder import Decoder
from insyn.site.shielding.encoder import MaskedEncoder
from insyn.site.shielding.keeping import Gop, Keeper
from insyn.site.shielding.places import Places
from insyn.site.shielding.publisher import Publisher
from insyn.site.shielding.wire import Message, Say
from insyn.site.streams import TICKS, Packet

log = logging.getLogger("insyn.shield")

LARGEST = (640, 360)
"""What is shown and kept every day: enough to see what happens, cheap enough for every camera."""

MOST_FPS = 12.5
LATE_NS = 1_000_000_000
"""A packet that has waited so long is decoded, for the next ones' sake, and not shown."""

IDLE_NS = 2_000_000
"""A line that waited so long for its camera is not what a burst of packets is owed to."""

UNWATCHED_NS = 100_000_000
"""A picture that nobody looks at is due so much later than one that somebody does."""

LASTS_90K = 2 * TICKS
"""How long a picture is said to last in live view: the next one, which ends it, comes sooner.

So a viewer's clock may run ahead of the newest picture, and none waits for its time to come.
"""

RETRY_S = (1.0, 2.0, 4.0, 8.0, 15.0)
SEEN_NS = 250_000_000
"""How often it is told how much is covered."""

CREDENTIALS_RETRY_S = 60.0
"""A refused password is tried again rarely: cameras lock out whoever tries too often."""


class Step(Protocol):
    """What a shield yields for a picture."""

    @property
    def frame(self) -> MaskedFrame:
        """The masked picture."""

    @property
    def mask(self) -> Mask | None:
        """What is covered; None: all of it."""

    @property
    def state(self) -> str:
        """One of LEARN, RUN, LIGHT, SHAKE, BLOCKED, LATE, LOST."""

    @property
    def activity(self) -> float:
        """Share of the picture that moves, 0 to 1."""

    @property
    def text(self) -> str:
        """What the operator should know of it, in a sentence, or ""."""


class Scene(Protocol):
    """What is known of a camera's empty scene."""

    @property
    def how(self) -> str:
        """`confirmed`, `learned`, or "" while none is known."""

    @property
    def by(self) -> str:
        """Whose id confirmed it, or ""."""

    @property
    def at_ns(self) -> int:
        """Wall time since when it is known; 0 while none is."""

    @property
    def text(self) -> str:
        """What somebody who asked for it should know, in a sentence, or ""."""


class Shielding(Protocol):
    """What masks the pictures of one camera, all of one size."""

    @property
    def scene(self) -> Scene:
        """The empty scene that it masks by."""

    def step(self, frame: YuvFrame) -> Step:
        """Mask the next picture."""


MakeShield = Callable[[int, int, float], Shielding]
"""Makes a shield for pictures of (width, height) at about so many a second."""


@runtime_checkable
class Gathered(Protocol):
    """An open stream that yields at once all that has come in."""

    def batches(self) -> Iterator[list[Packet]]:
        """As `OpenStream.packets`, one or more at a time."""

    def pump(self) -> list[Packet]:
        """What has come in meanwhile; does not wait."""


@dataclass(slots=True, kw_only=True)
class LineState:
    """What a line tells of itself; read by the worker's state file."""

    state: str = "LOST"
    trouble: str = ""
    text: str = ""
    frames: int = 0
    late: int = 0
    failures: int = 0
    activity: float = 0.0
    last_ns: int = 0
    """Monotonic time of the last masked picture."""
    step_ms: float = 0.0
    """What a picture costs, smoothed."""
    scene: Scene | None = None


class Line:
    """Runs until it is told to stop."""

    def __init__(
        self,
        camera: str,
        source: Source,
        make_shield: MakeShield,
        *,
        publisher: Publisher,
        keeper: Keeper | None,
        clocks: Clocks,
        places: Places,
        largest: tuple[int, int] = LARGEST,
    ) -> None:
        self.camera = camera
        self._places = places
        self._largest = largest
        self.state = LineState()
        self._source = source
        self._make_shield = make_shield
        self._publisher = publisher
        self._keeper = keeper
        self._clocks = clocks
        self._stopping = threading.Event()
        self._stream: OpenStream | None = None
        self._thread = threading.Thread(target=self._run, name=f"line {camera}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the line to end."""
        self._stopping.set()
        stream = self._stream
        if stream is not None:
            stream.close()

    @property
    def is_over(self) -> bool:
        """It was told to end, and has ended."""
        return self._stopping.is_set() and not self._thread.is_alive()

    def join(self, timeout_s: float) -> None:
        """Wait for the end."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            before = self.state.frames
            try:
                self._follow()
                failure = CameraFailure(Trouble.ENDED, "the stream has ended")
            except CameraFailure as error:
                failure = error
            except Exception:
                # The edge of the task: the camera is told as lost, and tried again.
                log.exception("the line of %s failed", self.camera)
                failure = CameraFailure(Trouble.GARBAGE, "the picture could not be masked")
            if self._stopping.is_set():
                break
            self._fail(failure)
            tries = 0 if self.state.frames > before else tries + 1
            wait_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
            if failure.trouble is Trouble.CREDENTIALS:
                wait_s = CREDENTIALS_RETRY_S
            self._stopping.wait(wait_s)
        if self._keeper is not None:
            self._keeper.end(self.camera, gap="", reason=EndReason.STOPPED)
        self._publisher.forget(self.camera)

    def _fail(self, failure: CameraFailure) -> None:
        self.state.state, self.state.trouble = "LOST", str(failure.trouble)
        self.state.text = str(failure)
        self.state.failures += 1
        said = {"reason": str(failure.trouble), "text": f"No picture: {failure}"}
        self._publisher.say(self.camera, Message(kind=Say.ERROR, body=json.dumps(said).encode()))
        if self._keeper is not None:
            self._keeper.end(self.camera, gap=str(failure.trouble))

    def _follow(self) -> None:
        with self._source.open() as stream:
            self._stream = stream
            session = _Session(self, Decoder(stream.parameters, largest=self._largest))
            try:
                self._read(stream, session)
            finally:
                session.end()

    def _read(self, stream: OpenStream, session: _Session) -> None:
        gathered = stream if isinstance(stream, Gathered) else None
        asked_ns = time.monotonic_ns()
        for packets in gathered.batches() if gathered else ([one] for one in stream.packets()):
            if self._stopping.is_set():
                return
            was_idle = time.monotonic_ns() - asked_ns > IDLE_NS
            due_ns = packets[0].received_ns
            if not self._publisher.is_watched(self.camera):
                due_ns += UNWATCHED_NS
            with self._places.taken(due_ns) as has_waited:
                if has_waited and gathered:
                    packets += gathered.pump()
                session.take(packets, is_ours=has_waited or not was_idle)
            asked_ns = time.monotonic_ns()

    def show(self, *messages: Message) -> None:
        """Hand messages to whoever looks."""
        self._publisher.say(self.camera, *messages)

    def keep(self, gop: Gop) -> None:
        """Hand a GOP to the archive."""
        if self._keeper is not None:
            self._keeper.put(gop)

    def shield_for(self, width: int, height: int) -> Shielding:
        """A new shield for pictures of this size."""
        return self._make_shield(width, height, MOST_FPS)

    def read_clocks(self) -> Reading:
        """Both clocks."""
        return self._clocks()


class _Session:
    """One session of a camera: what has come in, decoded, and what is masked of it."""

    def __init__(self, line: Line, decoder: Decoder) -> None:
        self._state = line.state
        self._decoder = decoder
        self._pace = _Pace()
        self._work = _Work(line)
        self._was_behind = False

    def take(self, packets: Sequence[Packet], *, is_ours: bool) -> None:
        """Decode all of them; mask all, or the newest alone.

        Who finds several twice running is behind, and would only ever show what is old.

        Args:
            packets: what has come in since the last time.
            is_ours: there may be several because we came late, and not because the camera did.
        """
        is_behind = len(packets) > 1 and is_ours
        leaves_out = is_behind and self._was_behind
        self._was_behind = is_behind
        for number, packet in enumerate(packets, 1):
            for clear in self._decoder.decode(packet):
                is_old = leaves_out and number < len(packets)
                if is_old or time.monotonic_ns() - packet.received_ns > LATE_NS:
                    self._state.late += 1
                    continue
                at_90k = self._pace.place(clear.pts_90k, packet.received_ns)
                if at_90k is not None:
                    self._work.mask(clear, at_90k, packet)

    def end(self) -> None:
        """The camera yields no more."""
        self._work.end()


class _Pace:
    """Places pictures in time and leaves out those beyond `MOST_FPS`."""

    def __init__(self) -> None:
        self._last_pts: int | None = None
        self._at = 0
        self._first_ns: int | None = None
        self._due = 0

    def place(self, pts_90k: int, received_ns: int) -> int | None:
        """Media time since the start of the stream, or None for a picture that is left out.

        The camera's own distances count where they are sound and agree with the arrival within
        300 ms; else the arrival does.
        """
        if self._first_ns is None:
            self._first_ns = received_ns
        arrived = (received_ns - self._first_ns) * TICKS // 10**9
        step = pts_90k - self._last_pts if self._last_pts is not None else 0
        self._last_pts = pts_90k
        at = self._at + step if 0 < step <= TICKS // 2 else arrived
        if abs(at - arrived) > TICKS * 3 // 10:
            at = arrived
        if at <= self._at and self._at:
            at = self._at + 1
        self._at = at
        if at < self._due:
            return None
        distance = round(TICKS / MOST_FPS)
        # Due times go on from each other, so that 25 a second become 12.5 and not 8.3.
        self._due = max(self._due + distance, at + distance // 2)
        return at


class _Work:
    """From clear to masked, for one session of a camera."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._run = secrets.token_hex(6)
        self._shield: Shielding | None = None
        self._encoder: MaskedEncoder | None = None
        self._size = (0, 0)
        self._sequence = 0
        self._gop: list[Packet] = []
        self._gop_started: Reading | None = None
        self._gop_activity = 0.0
        self._told = ""
        self._seen_ns = 0

    def mask(self, clear: YuvFrame, at_90k: int, packet: Packet) -> None:
        """Mask, encode, show and keep one picture."""
        began_ns = time.perf_counter_ns()
        size = (clear.y.shape[1], clear.y.shape[0])
        if self._shield is None or size != self._size:
            self.end()
            self._shield = self._line.shield_for(*size)
            self._encoder = MaskedEncoder(width=size[0], height=size[1], fps=MOST_FPS)
            self._size, self._sequence = size, 0
            self._run = secrets.token_hex(6)
        assert self._encoder is not None
        placed = YuvFrame(y=clear.y, u=clear.u, v=clear.v, pts_90k=at_90k)
        step = self._shield.step(placed)
        coded = self._encoder.encode(step.frame)
        state = self._line.state
        state.frames += 1
        state.last_ns = time.monotonic_ns()
        state.scene = self._shield.scene
        state.activity, state.state, state.trouble, state.text = (
            step.activity,
            step.state,
            "",
            step.text,
        )
        if coded is not None:
            self._pass_on(coded, step, packet)
            self._tell(step, again=coded.is_key)
        took_ms = (time.perf_counter_ns() - began_ns) / 1e6
        state.step_ms += (took_ms - state.step_ms) / 16
        self._tell_seen(step)

    def end(self) -> None:
        """Keep what has been masked so far: the camera yields no more, or another size."""
        self._flush()

    def _tell(self, step: Step, *, again: bool) -> None:
        """Tell a state that is new; one with a text with each key picture, to who came late."""
        if (self._told and step.state != self._told) or (again and step.text):
            said = json.dumps({"state": step.state, "text": step.text}).encode()
            self._line.show(Message(kind=Say.STATE, body=said))
        self._told = step.state

    def _pass_on(self, coded: Packet, step: Step, packet: Packet) -> None:
        assert self._encoder is not None
        assert coded.pts_90k is not None
        parameters = self._encoder.parameters
        if self._sequence == 0:
            mime = f'video/mp4; codecs="{fmp4.codec_string(parameters)}"'
            said = json.dumps({"mime": mime, "state": step.state}).encode()
            segment = fmp4.init_segment(parameters)
            self._line.show(
                Message(kind=Say.INIT, body=said), Message(kind=Say.INIT_SEGMENT, body=segment)
            )
        self._sequence += 1
        sample = fmp4.Sample(
            data=nal.length_prefixed(coded.data, parameters.codec),
            duration_90k=LASTS_90K,
            offset_90k=0,
            is_key=coded.is_key,
        )
        shown = fmp4.fragment(self._sequence, coded.pts_90k, [sample])
        self._line.show(
            Message(kind=Say.KEY if coded.is_key else Say.FRAGMENT, body=shown),
        )
        if coded.is_key:
            self._flush(coded.pts_90k)
            now = self._line.read_clocks()
            waited = time.monotonic_ns() - packet.received_ns
            self._gop_started = Reading(
                wall_ns=now.wall_ns - waited, monotonic_ns=now.monotonic_ns - waited
            )
        self._gop.append(coded)
        self._gop_activity = max(self._gop_activity, step.activity)

    def _flush(self, next_90k: int | None = None) -> None:
        """Hand the GOP over; `next_90k` is when the next one begins."""
        gop, started = self._gop, self._gop_started
        self._gop, self._gop_started = [], None
        activity, self._gop_activity = self._gop_activity, 0.0
        if not gop or started is None or self._encoder is None:
            return
        times = [packet.pts_90k or 0 for packet in gop]
        usual = round(TICKS / MOST_FPS)
        ends = [*times[1:], next_90k if next_90k is not None else times[-1] + usual]
        pictures = tuple(
            Picture(
                data=packet.data,
                dts_90k=at,
                pts_90k=at,
                duration_90k=end - at,
                is_key=packet.is_key,
            )
            for packet, at, end in zip(gop, times, ends, strict=True)
        )
        self._line.keep(
            Gop(
                camera=self._line.camera,
                parameters=self._encoder.parameters,
                run=self._run,
                pictures=pictures,
                activity=min(255, round(activity * 255 * 4)),
                started=started,
            )
        )

    def _tell_seen(self, step: Step) -> None:
        now_ns = time.monotonic_ns()
        if now_ns - self._seen_ns < SEEN_NS:
            return
        self._seen_ns = now_ns
        mask = step.mask
        covered = 1.0 if mask is None else float(np.count_nonzero(mask)) / mask.size
        said = {"covered": round(covered, 4), "activity": round(step.activity, 4)}
        self._line.show(Message(kind=Say.SEEN, body=json.dumps(said).encode()))
