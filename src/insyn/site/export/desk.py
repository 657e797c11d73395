"""Where exports are made for the people of a console: one after the other, each for whoever asked.

Always: a person has one export going at a time, and sees no other's; what came of an opened
original is in memory alone and forgotten when its release closes; a finished file is deleted after
an hour, or when the console ends; each step is a leaf, and names the site where nobody took it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from insyn.base.clock import Clock, epoch_ns, spoken
from insyn.base.errors import InsynError, Refusal
from insyn.site.archive.held import held
from insyn.site.archive.reading import Reader
from insyn.site.directory import SiteDirectory
from insyn.site.export import person
from insyn.site.export.job import BUSY, GOING_ON, GivenUp, Job, Stage
from insyn.site.export.making import (
    Shown,
    Span,
    export_masked,
    export_person,
    new_export,
    require_length,
)
from insyn.site.export.original import Original
from insyn.site.export.pointing import Pointing
from insyn.site.export.recorded import SITE, Step, record_step
from insyn.site.export.shelf import KEPT, Shelf
from insyn.site.permission.allowed import Allowed
from insyn.site.release import matter
from insyn.site.release.desk import ReleaseDesk
from insyn.site.shielding.masking import masking_of
from insyn.site.shielding.scenes import SceneFolder
from insyn.site.streams import StreamName
from insyn.trust.keys.site import open_site_key
from insyn.trust.people.duties import Actor, Done, require, why_not
from insyn.trust.store import Store

log = logging.getLogger("insyn.export")

GAVE_UP, CLOSED = "You gave it up.", "The console ended."

LONGEST_PERSON = timedelta(minutes=10)
"""An original is looked through picture by picture: ten minutes take about as long."""


class ExportDesk:
    """The exports of one console; shared by its threads."""

    def __init__(
        self,
        site: SiteDirectory,
        store: Store,
        *,
        open_reader: Callable[[], Reader],
        releases: ReleaseDesk,
        allowed: Callable[[], Allowed],
        clock: Clock,
    ) -> None:
        self._site = site
        self._store = store
        self._open_reader = open_reader
        self._releases = releases
        self._allowed = allowed
        self._clock = clock
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._is_closing = False
        # One after the other: an export takes a processor, and live view comes first.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="export")
        self._shelf = Shelf(site.root / "exports")
        self.pointing = Pointing(self._lock, self._record)

    def begin_masked(self, span: Span, *, actor: Actor) -> Job:
        """Begin to export masked recordings.

        Raises:
            Refusal: the actor may not, or has an export going.
        """
        require(actor, "export.masked")
        require_length(span)
        return self._begin(Job(
            export=new_export(), actor=actor, span=span, begun_at=self._clock(),
        ), self._make_masked)  # fmt: skip

    def begin_person(self, release: str, *, actor: Actor) -> Job:
        """Begin to look through the original of an open release.

        Raises:
            Refusal: the release is not open to the actor, is too long, or they have one going.
        """
        reader, recordings = self._releases.reader(release, actor=actor)
        with self._store.reading() as connection:
            found = matter.find(connection, release)
            always = masking_of(connection, found.camera, now=self._clock()).always
        because = self.why_not_person(found, actor=actor)
        if because:
            raise Refusal(because)
        span = Span(
            camera=found.camera,
            from_ns=epoch_ns(found.begins),
            until_ns=epoch_ns(found.ends),
        )
        with contextlib.closing(self._open_reader()) as archive:
            gaps = archive.gaps(span.camera, StreamName.MAIN, span.from_ns, span.until_ns)
        opened_ns = epoch_ns(found.opened_at or self._clock())
        job = Job(
            export=new_export(),
            actor=actor,
            span=span,
            begun_at=self._clock(),
            release=release,
            recordings=tuple(recordings),
            require_open=lambda: self._require_open(release, actor),
        )

        def look(job: Job) -> None:
            original = Original(reader, recordings, span.from_ns, span.until_ns)
            job.held = held(original.parts, gaps, span.from_ns, span.until_ns, now_ns=opened_ns)
            folder = SceneFolder(self._site.backgrounds, open_site_key(self._site.key))
            kept = sorted(folder.of(span.camera), key=lambda one: one.at_ns, reverse=True)
            scenes = [one.background for one in kept]
            job.looked = person.look(original, always, job.progress, scenes=scenes)
            self._move(job, Stage.POINTING)

        return self._begin(job, look, Stage.LOOKING)

    def why_not_person(self, release: matter.Release, *, actor: Actor) -> str:
        """Why no person of an open release is exported by the actor, in words; "" where one is.

        What counts is how much is held of the span that was asked for.
        """
        done = [Done(action="release.request", by=release.asked_by)]
        done += [Done(action="release.approve", by=each.custodian) for each in release.answers]
        because = why_not(actor, "export.take", done)
        if because:
            return because
        holds = self._releases.held(release)
        if holds is None:
            return "what is watched live is not exported; ask for a release of what was recorded"
        if holds.kept_ns > LONGEST_PERSON / timedelta(microseconds=1) * 1000:
            return (
                f"a person is followed through ten minutes at most, and this holds "
                f"{spoken(holds.kept_ns)}; ask for a release of the minutes in which they are there"
            )
        return ""

    def find(self, export: str, *, actor: Actor) -> Job:
        """An export of this person.

        Raises:
            Refusal: it is none, or is over and gone.
        """
        with self._lock:
            job = self._jobs.get(export)
        if job is None or job.actor.id != actor.id:
            raise Refusal(f"there is no export {export[:40]!r} of yours; its time may be over")
        return job

    def mine(self, actor: Actor) -> list[Job]:
        """The exports of a person, the newest first."""
        with self._lock:
            found = [job for job in self._jobs.values() if job.actor.id == actor.id]
        return sorted(found, key=lambda job: job.begun_at, reverse=True)

    def confirm(self, job: Job, named: str) -> None:
        """Make the export of what was shown.

        Raises:
            Refusal: something else was shown last, or nothing.
        """
        job.require_open()
        looked = job.seen()
        with self._lock:
            if not job.shown or named != job.shown:
                raise Refusal("the choice has changed since it was shown; look at it again")
            holds = job.held
            if holds is None:
                raise Refusal(f"export {job.export} was not looked through; begin it again")
            tracks = tuple(person.chosen(looked, job.points))
            job.stage, job.share = Stage.WAITING, 0.0
        shown = Shown(
            release=job.release,
            looked=looked,
            tracks=tracks,
            recordings=job.recordings,
            held=holds,
        )
        self._record(job, Step.CONFIRMED, track=named)
        self._submit(job, lambda job: self._make_person(job, shown), Stage.MAKING)

    def give_up(self, job: Job) -> None:
        """End an export; its file, if there is one, is deleted."""
        with self._lock:
            job.is_given_up = True
            is_at_work = job.stage in BUSY
        if job.stage is Stage.MADE:
            self._remove(job, who=job.actor.id)
        elif not is_at_work:
            self._end(job, GAVE_UP, who=job.actor.id)

    def take(self, job: Job) -> Path:
        """The finished file, to be handed over now; that it was taken is a leaf.

        Raises:
            Refusal: it is not finished, or its time is over.
        """
        path = job.path
        if job.stage is not Stage.MADE or path is None or not path.exists():
            raise Refusal(f"export {job.export} has no file to take")
        self._record(job, Step.TAKEN)
        return path

    def until(self, job: Job) -> datetime | None:
        """When the finished file is deleted."""
        return job.made_at + KEPT if job.made_at else None

    def tidy(self) -> None:
        """Delete what waited long enough, and what a release that closed leaves; often asked."""
        now = self._clock()
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            if job.stage is Stage.MADE and job.made_at and now >= job.made_at + KEPT:
                self._remove(job, who=SITE)
            elif job.stage is Stage.POINTING:
                try:
                    job.require_open()
                except Refusal as refusal:
                    self._end(job, _sentence(refusal), who=SITE)
            elif job.stage is Stage.ENDED and now >= job.begun_at + timedelta(days=1):
                with self._lock:
                    self._jobs.pop(job.export, None)
        with self._lock:
            known = {job.path for job in self._jobs.values() if job.stage is Stage.MADE}
        self._shelf.sweep(now, known)

    def close(self) -> None:
        """End everything; what is being made is given up."""
        with self._lock:
            self._is_closing = True
            for job in self._jobs.values():
                job.is_given_up = True
        self._worker.shutdown(wait=True, cancel_futures=True)
        for job in list(self._jobs.values()):
            if job.stage is Stage.MADE:
                self._remove(job, who=SITE)
            elif job.stage is not Stage.ENDED:
                self._end(job, CLOSED, who=SITE)

    def _begin(self, job: Job, work: Callable[[Job], None], stage: Stage = Stage.MAKING) -> Job:
        with self._lock:
            for other in self.mine(job.actor):
                if other.stage in GOING_ON:
                    raise Refusal(
                        f"one export at a time: finish {other.export} or give it up, then begin "
                        "another"
                    )
            self._jobs[job.export] = job
        try:
            self._record(job, Step.BEGUN)
        except InsynError:
            with self._lock:
                self._jobs.pop(job.export, None)
            raise
        self._submit(job, work, stage)
        return job

    def _submit(self, job: Job, work: Callable[[Job], None], stage: Stage) -> None:
        def run() -> None:
            try:
                job.progress(0.0)
                self._move(job, stage)
                work(job)
            except GivenUp:
                text = CLOSED if self._is_closing else GAVE_UP
                self._end(job, text, who=self._who_gave_up(job))
            except InsynError as error:
                self._end(job, _sentence(error), who=SITE)
            except Exception:
                log.exception("export %s failed", job.export)
                text = "Something failed here; it has been logged. Begin it again."
                self._end(job, text, who=SITE)

        self._worker.submit(run)

    def _make_masked(self, job: Job) -> None:
        with contextlib.closing(self._open_reader()) as reader:
            made = export_masked(
                self._site,
                self._store,
                reader,
                job.span,
                out=self._shelf.path(job.export),
                allowed=self._allowed(),
                actor=job.actor,
                now=self._clock(),
                export=job.export,
            )
        job.held = made.held
        self._finished(job)

    def _make_person(self, job: Job, shown: Shown) -> None:
        export_person(
            self._site,
            self._store,
            shown,
            job.span.camera,
            out=self._shelf.path(job.export),
            allowed=self._allowed(),
            actor=job.actor,
            clock=self._clock,
            progress=job.progress,
            require_open=job.require_open,
            export=job.export,
        )
        self._finished(job)

    def _finished(self, job: Job) -> None:
        with self._lock:
            job.path, job.made_at = self._shelf.path(job.export), self._clock()
            job.stage, job.share = Stage.MADE, 1.0
            job.forget()
            is_given_up = job.is_given_up
        if is_given_up:
            self._remove(job, who=self._who_gave_up(job))

    def _who_gave_up(self, job: Job) -> str:
        return SITE if self._is_closing else job.actor.id

    def _require_open(self, release: str, actor: Actor) -> None:
        self._releases.reader(release, actor=actor)

    def _move(self, job: Job, stage: Stage) -> None:
        with self._lock:
            job.stage, job.share = stage, 0.0

    def _end(self, job: Job, text: str, *, who: str) -> None:
        with self._lock:
            if job.stage is Stage.ENDED:
                return
            job.stage, job.text = Stage.ENDED, text
            job.forget()
        self._record_late(job, Step.ENDED, who=who)

    def _remove(self, job: Job, *, who: str) -> None:
        with self._lock:
            if job.stage is not Stage.MADE:
                return
            job.stage, job.text = Stage.ENDED, "Its file was deleted."
        if job.path is not None:
            job.path.unlink(missing_ok=True)
        self._record_late(job, Step.REMOVED, who=who)

    def _record(
        self,
        job: Job,
        step: Step,
        *,
        points: int | None = None,
        track: str = "",
        who: str = "",
    ) -> None:
        with self._store.writing() as connection:
            record_step(
                connection,
                step,
                export=job.export,
                camera=job.span.camera,
                who=who or job.actor.id,
                now=self._clock(),
                release=job.release,
                points=points,
                track=track,
            )

    def _record_late(self, job: Job, step: Step, *, who: str) -> None:
        """Record what has happened already, and cannot be undone where that fails."""
        try:
            self._record(job, step, who=who)
        except InsynError as error:
            log.error("that export %s is %s could not be recorded: %s", job.export, step, error)


def _sentence(error: InsynError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
