"""Pointing at the person of a release, and the sheet of pictures by which the choice is confirmed.

Always: clear pictures are drawn while the release is open, for whoever asked for it; each look,
each point and each sheet is a leaf.
"""

from __future__ import annotations

import threading
from typing import Protocol

from insyn.base.errors import Refusal
from insyn.site.export import person
from insyn.site.export.job import Job
from insyn.site.export.person import Point
from insyn.site.export.recorded import Step
from insyn.site.shield.tracks import Track

MOST_POINTS = 40


class Record(Protocol):
    """Adds the leaf of a step."""

    def __call__(self, job: Job, step: Step, *, points: int | None = None, track: str = "") -> None:
        """`track` is the digest of what was shown."""


class Pointing:
    """Points, tracks and sheets of the exports of one desk; shared by its threads."""

    def __init__(self, lock: threading.RLock, record: Record) -> None:
        """Change jobs under the desk's `lock`."""
        self._lock = lock
        self._record = record
        self._drawing = threading.Lock()

    def point(self, job: Job, at_s: float, x: float, y: float) -> Track:
        """Point at the person, in shares of the picture at this moment.

        Raises:
            Refusal: nobody is outlined there, several may be, or it is another person.
        """
        job.require_open()
        looked = job.seen()
        point = Point(index=looked.index(at_s), x=x, y=y)
        with self._lock:
            if len(job.points) >= MOST_POINTS:
                raise Refusal(f"{MOST_POINTS} points are enough; begin a shorter export")
            track = person.chosen(looked, [point])[0]
            if track in person.chosen(looked, job.points):
                return track
            person.chosen(looked, [*job.points, point])
            job.points.append(point)
            job.shown = ""
        self._record(job, Step.POINTED, points=len(job.points))
        return track

    def unpoint(self, job: Job, number: int) -> None:
        """Take one of the tracks away again, by its place in time.

        Raises:
            Refusal: there is none.
        """
        looked = job.seen()
        with self._lock:
            tracks = person.chosen(looked, job.points)
            if not 0 <= number < len(tracks):
                raise Refusal("there is no such choice")
            gone = tracks[number]
            job.points = [one for one in job.points if person.chosen(looked, [one])[0] != gone]
            job.shown = ""

    def pointing_picture(self, job: Job, at_s: float, *, width: int) -> bytes:
        """A clear picture to point into, while the release is open to whoever asks."""
        job.require_open()
        looked = job.seen()
        if not job.has_looked:
            job.has_looked = True
            self._record(job, Step.LOOKED)
        with self._drawing:
            return person.pointing_picture(looked, looked.index(at_s), width=width)

    def sheet(self, job: Job) -> tuple[str, list[int]]:
        """The pictures by which a choice is confirmed, and the digest that names it.

        Raises:
            Refusal: nobody was pointed at, or the release is over.
        """
        job.require_open()
        looked = job.seen()
        with self._lock:
            tracks = person.chosen(looked, job.points)
            if not tracks:
                raise Refusal("point at the person first")
            named = person.digest(job.release, tracks)
            is_new = job.shown != named
            job.shown = named
        if is_new:
            self._record(job, Step.SHOWN, points=len(job.points), track=named)
        return named, person.sheet_indices(looked, tracks)

    def sheet_picture(self, job: Job, index: int, *, width: int) -> bytes:
        """One of these pictures: everybody masked but the one, whose outline is drawn."""
        job.require_open()
        looked = job.seen()
        if not 0 <= index < len(looked.followed):
            raise Refusal("there is no such picture")
        with self._drawing:
            tracks = person.chosen(looked, job.points)
            return person.sheet_picture(looked, index, tracks, width=width)
