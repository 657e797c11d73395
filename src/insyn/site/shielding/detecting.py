"""When a detector looks: a few times a second, at its own pace; what it found is held meanwhile.

Always: nobody waits for a detector but who masks a file. Until it has looked, when it fails, and
when its last answer is old, there is no answer, and the shield covers everything.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import numpy as np

from insyn.base.errors import Refusal
from insyn.site.shield.detector import Detector
from insyn.site.shield.engine import fitting, reason_of
from insyn.site.shield.frame import Mask, YuvFrame
from insyn.site.streams import TICKS

LOOK_90K = TICKS * 3 // 10
"""Media time between two looks: who walks moves by half a metre, which the margin covers."""

OLD_90K = 3 * TICKS
"""An answer about a picture so long ago says nothing about this one."""


class _Answers:
    """The two newest answers about one camera, in order of time."""

    def __init__(self) -> None:
        self._held: list[tuple[int, Mask]] = []

    def add(self, pts_90k: int, mask: Mask) -> None:
        if self._held and pts_90k < self._held[-1][0]:
            self._held = []  # the stream began anew
        self._held = [*self._held, (pts_90k, mask)][-2:]

    def forget(self) -> None:
        self._held = []

    @property
    def newest_90k(self) -> int | None:
        return self._held[-1][0] if self._held else None

    def union(self) -> Mask:
        first, last = self._held[0][1], self._held[-1][1]
        return last | fitting(first, last.shape)


class Paced:
    """A detector that looks every `LOOK_90K` of media time, and is waited for; for files."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._answers = _Answers()

    def people(self, frame: YuvFrame) -> Mask:
        """What the last two looks found; fails as the detector does."""
        last = self._answers.newest_90k
        if last is None or not 0 <= frame.pts_90k - last < LOOK_90K:
            try:
                self._answers.add(frame.pts_90k, self._detector.people(frame))
            except BaseException:
                self._answers.forget()
                raise
        return self._answers.union()


class Foreseeing:
    """A detector for pictures whose future is known: the looks before and after each count."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._looks: list[tuple[int, Mask | None]] = []
        self.failure = ""
        """Why it failed last, or ""."""

    def look(self, frame: YuvFrame) -> None:
        """Take every picture in its order."""
        if self._looks and frame.pts_90k - self._looks[-1][0] < LOOK_90K:
            return
        try:
            found: Mask | None = self._detector.people(frame)
        except Exception as error:
            # The edge of a task: what it should have looked at is covered.
            self.failure, found = reason_of(error), None
        self._looks.append((frame.pts_90k, found))

    def people(self, pts_90k: int) -> Mask | None:
        """What the looks around a picture found; None where one of them failed. Times must rise."""
        while len(self._looks) > 2 and self._looks[1][0] <= pts_90k:
            self._looks.pop(0)
        around = [mask for _, mask in self._looks[:2]]
        found = [mask for mask in around if mask is not None]
        if not found or len(found) < len(around):
            return None
        return found[-1] | fitting(found[0], found[-1].shape)


class Turns:
    """One thread that looks for all cameras of a worker, each in its turn at its newest picture."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._waiting: queue.Queue[_Turn | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="detector", daemon=True)
        self._thread.start()

    def for_camera(self) -> Detector:
        """A detector for the pictures of one session of a camera, which never waits."""
        return _Turn(self._waiting.put)

    def close(self) -> None:
        """End the thread; cameras that still ask are covered when the last answer is old."""
        self._waiting.put(None)

    def _run(self) -> None:
        while (turn := self._waiting.get()) is not None:
            turn.take(self._detector)


class _Turn:
    """One camera's place in the queue, and what was found there."""

    def __init__(self, enqueue: Callable[[_Turn], None]) -> None:
        self._enqueue = enqueue
        self._lock = threading.Lock()
        self._answers = _Answers()
        self._frame: YuvFrame | None = None
        self._asked_90k: int | None = None
        self._failure = ""

    def people(self, frame: YuvFrame) -> Mask:
        """What the last two looks found.

        Raises:
            Refusal: the last look failed, or is long ago.
        """
        with self._lock:
            asked = self._asked_90k
            is_due = asked is None or not 0 <= frame.pts_90k - asked < LOOK_90K
            if self._frame is None and is_due:
                self._frame, self._asked_90k = frame, frame.pts_90k
                self._enqueue(self)
            if self._failure:
                raise Refusal(self._failure)
            newest = self._answers.newest_90k
            if newest is None:
                return np.ones((1, 1), bool)  # not looked yet: anybody may be anywhere
            if not 0 <= frame.pts_90k - newest <= OLD_90K:
                raise Refusal("The detector is too slow for these cameras; everything is covered.")
            return self._answers.union()

    def take(self, detector: Detector) -> None:
        """Look at the picture that waits; on the detector's thread."""
        with self._lock:
            frame = self._frame
        if frame is None:
            return
        failure, found = "", None
        try:
            found = detector.people(frame)
        except Exception as error:
            # The edge of a task: the camera is covered, and told why.
            failure = reason_of(error)
        with self._lock:
            self._frame, self._failure = None, failure
            if found is not None:
                self._answers.add(frame.pts_90k, found)
            else:
                self._answers.forget()
