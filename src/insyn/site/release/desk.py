"""Where releases open: custodians' shares, combined keys and their end; memory of one process.

Always: a share is held only until enough others came, ten minutes at most; the vault's private key
exists for the moment in which the asked recordings' keys are unwrapped, and is let go; those keys
are forgotten when the release ends. Nothing here is ever written.

A break-glass alone holds the vault's key for its minutes: each minute is a recording with a key of
its own. It ends at once where the permit no longer allows it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from insyn.base.clock import Clock, epoch_ns
from insyn.base.errors import InsynError, Refusal
from insyn.site.archive.held import NOT_CLOSED, Held, held_by
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import Recording
from insyn.site.recorder.process import boot_id
from insyn.site.release import live, matter, recorded
from insyn.site.release.following import LiveOriginal
from insyn.site.release.live import LiveRequest
from insyn.site.release.opened import OpenedReader, Unwrap, keys_of
from insyn.site.release.request import Request
from insyn.site.streams import StreamName
from insyn.trust.people.duties import Actor, Done, require
from insyn.trust.store import Store

SHARES_WAIT = timedelta(minutes=10)
"""How long a custodian's opened share waits for the other's."""

OpenShare = Callable[[str, str], object]
"""A custodian's share under their passphrase: (person id, passphrase). Refuses a wrong one."""

Combine = Callable[[Sequence[object]], Unwrap]
"""The vault opened from enough shares; refuses too few, and the same twice."""


@dataclass(slots=True)
class _Waiting:
    shares: dict[str, object] = field(default_factory=dict)
    first_at: datetime | None = None


@dataclass(slots=True)
class _Open:
    reader: OpenedReader
    recordings: list[Recording]
    held: Held
    until: datetime


@dataclass(slots=True)
class _Live:
    original: LiveOriginal
    until: datetime


class ReleaseDesk:
    """The releases of one site; shared by the threads of the process that opens them."""

    def __init__(
        self,
        store: Store,
        *,
        root: Path,
        open_reader: Callable[[], Reader],
        open_share: OpenShare,
        combine: Combine,
        threshold: Callable[[], int],
        clock: Clock,
        live_minutes: Callable[[], int] = lambda: 0,
    ) -> None:
        """Open with the parts of a site; `live_minutes` is what its permit allows now."""
        self._store = store
        self._root = root
        self._open_reader = open_reader
        self._open_share = open_share
        self._combine = combine
        self._threshold = threshold
        self._clock = clock
        self._lock = threading.RLock()
        self._waiting: dict[str, _Waiting] = {}
        self._open: dict[str, _Open] = {}
        self._live_minutes = live_minutes
        self._live: dict[str, _Live] = {}
        self.version = 0
        """Rises with each change of a release: pages that stay open look anew then."""

    def begin(self) -> None:
        """Close what an earlier process left open: its keys are lost, and nobody sees it."""
        with self._lock, self._store.writing() as connection:
            for release in matter.opened_ids(connection):
                if release not in self._open and release not in self._live:
                    matter.forget(connection, release, now=self._clock())

    def ask(self, request: Request, *, longest_minutes: int, actor: Actor) -> matter.Release:
        """Ask for a release of what was recorded.

        Raises:
            Refusal: the actor may not, what is asked for lies ahead or is open for too long, or no
                original of it is kept.
        """
        require(actor, "release.request")
        now = self._clock()
        found = self._held(request.camera, request.begins, request.ends, now)
        with self._lock, self._store.writing() as connection:
            asked = matter.ask(
                connection, request, longest_minutes=longest_minutes, actor=actor, now=now
            )
            if not found.kept_ns:  # last: what lies ahead is refused as such
                raise Refusal(_nothing(found), field="begins")
        self.version += 1
        return asked

    def held(self, release: matter.Release) -> Held | None:
        """What is kept of the span that a release asks for, or has opened; None of a live one.

        What is open is what there was when it was opened.
        """
        if release.is_live:
            return None
        with self._lock:
            opened = self._open.get(release.id)
        if opened is None:
            return self._held(release.camera, release.begins, release.ends, self._clock())
        return opened.held

    def ask_live(self, request: LiveRequest, *, actor: Actor) -> matter.Release:
        """Ask for a break-glass.

        Raises:
            Refusal: the actor may not, or the permit does not allow it; that is recorded.
        """
        with self._lock, self._store.writing() as connection:
            asked = live.ask(
                connection,
                request,
                longest_minutes=self._live_minutes(),
                actor=actor,
                now=self._clock(),
            )
        if isinstance(asked, str):
            raise Refusal(asked)
        self.version += 1
        return asked

    def standing_live(self) -> list[matter.Release]:
        """Break-glasses asked for or open now, for everybody to see."""
        now = self._clock()
        with self._store.reading() as connection:
            found = live.standing(connection)
        return [one for one in found if one.until is None or now < one.until]

    def live(self, release: str, *, actor: Actor) -> LiveOriginal:
        """What an open break-glass lets the person who asked see.

        Raises:
            Refusal: it is not open, or not theirs.
        """
        now = self._clock()
        with self._lock:
            self._tidy(now)
            with self._store.reading() as connection:
                matter.require_viewer(matter.find(connection, release), actor, now)
            opened = self._live.get(release)
            if opened is None:
                raise Refusal(f"release {release} is not open live; ask for a new one")
            return opened.original

    def agree(self, release: str, *, passphrase: str, actor: Actor) -> matter.Release:
        """A custodian agrees with their own passphrase; the last one needed opens the release.

        Raises:
            Refusal: the actor may not, the passphrase is wrong, or the shares do not fit.
        """
        now = self._clock()
        with self._lock:
            self._tidy(now)
            # First who may: a passphrase is not tried for whoever has no say.
            with self._store.reading() as connection:
                found = matter.find(connection, release)
                has_agreed = _require_answer(found, actor)
            if found.is_live:
                self._require_live(found)
            share = self._share_of(found, passphrase, actor)
            waiting = self._waiting.setdefault(release, _Waiting())
            waiting.first_at = waiting.first_at or now
            waiting.shares[actor.id] = share
            is_enough = len(waiting.shares) >= max(2, self._threshold())
            opened = self._unlocked(found, waiting, now) if is_enough else None
            with self._store.writing() as connection:
                if not has_agreed:
                    matter.answer(
                        connection, release, agrees=True, because="", actor=actor, now=now
                    )
                found = matter.find(connection, release)
                if opened is not None:
                    found = matter.opened(
                        connection,
                        release,
                        recordings=len(opened.recordings) if isinstance(opened, _Open) else 0,
                        actor=actor,
                        now=now,
                    )
            if isinstance(opened, _Live):
                self._live[release] = opened
            elif opened is not None:
                self._open[release] = opened
            if opened is not None:
                self._waiting.pop(release, None)
            self.version += 1
            return found

    def needs_again(self, release: matter.Release) -> tuple[str, ...]:
        """Custodians who agreed and whose share is held no longer: each gives the passphrase again.

        A share waits ten minutes, and not over an end of this process.
        """
        if release.state is not matter.State.ASKED:
            return ()
        now = self._clock()
        with self._lock:
            waiting = self._waiting.get(release.id, _Waiting())
            is_over = waiting.first_at is not None and now >= waiting.first_at + SHARES_WAIT
            shares = frozenset() if is_over else frozenset(waiting.shares)
        return tuple(
            one.custodian for one in release.answers if one.agrees and one.custodian not in shares
        )

    def refuse(self, release: str, *, because: str, actor: Actor) -> matter.Release:
        """A custodian refuses; the matter is over."""
        with self._lock:
            with self._store.writing() as connection:
                found = matter.answer(
                    connection,
                    release,
                    agrees=False,
                    because=because,
                    actor=actor,
                    now=self._clock(),
                )
            self._waiting.pop(release, None)
            self.version += 1
            return found

    def withdraw(self, release: str, *, actor: Actor) -> matter.Release:
        """Whoever asked takes the request back; shares that were given are forgotten.

        Raises:
            Refusal: another asked for it, or it does not wait any more.
        """
        with self._lock:
            with self._store.writing() as connection:
                found = matter.withdraw(connection, release, actor=actor, now=self._clock())
            self._waiting.pop(release, None)
            self.version += 1
            return found

    def end(self, release: str, *, actor: Actor) -> matter.Release:
        """Close an open release: whoever asked, or a custodian, at any time.

        Raises:
            Refusal: the actor is neither.
        """
        with self._lock:
            with self._store.writing() as connection:
                found = matter.find(connection, release)
                if actor.id not in (found.asked_by, *(a.custodian for a in found.answers)):
                    raise Refusal("a release is ended by whoever asked, or by its custodians")
                found = matter.end(connection, release, who=actor.id, now=self._clock())
            self._forget(release)
            self.version += 1
            return found

    def reader(self, release: str, *, actor: Actor) -> tuple[OpenedReader, list[Recording]]:
        """What an open release lets the person who asked see.

        Raises:
            Refusal: it is not open, not theirs, or was opened before this process began.
        """
        now = self._clock()
        with self._lock:
            self._tidy(now)
            with self._store.reading() as connection:
                matter.require_viewer(matter.find(connection, release), actor, now)
            opened = self._open.get(release)
            if opened is None:
                raise Refusal(f"the keys of release {release} were forgotten; ask for a new one")
            return opened.reader, opened.recordings

    def tidy(self) -> None:
        """End what is over; asked every few seconds."""
        with self._lock:
            self._tidy(self._clock())

    def close(self) -> None:
        """Forget all keys; what is open ends with this process."""
        with self._lock:
            for release in (*self._open, *self._live):
                with suppress(InsynError), self._store.writing() as connection:
                    matter.forget(connection, release, now=self._clock())
                self._forget(release)
            self._waiting.clear()

    def _share_of(self, found: matter.Release, passphrase: str, actor: Actor) -> object:
        try:
            return self._open_share(actor.id, passphrase)
        except Refusal:
            # Whoever tries the passphrases of others leaves a trace of it.
            with self._store.writing() as connection:
                recorded.record_step(
                    connection,
                    found.id,
                    "share-refused",
                    kind=found.kind,
                    who=actor.id,
                    now=self._clock(),
                )
            raise

    def _require_live(self, found: matter.Release) -> None:
        because = live.why_not(found.minutes, longest_minutes=self._live_minutes())
        if because:
            raise Refusal(because)

    def _unlocked(self, found: matter.Release, waiting: _Waiting, now: datetime) -> _Open | _Live:
        shares = list(waiting.shares.values())
        return self._live_of(found, shares, now) if found.is_live else self._open_of(found, shares)

    def _live_of(self, found: matter.Release, shares: list[object], now: datetime) -> _Live:
        until = now + timedelta(minutes=found.minutes)
        original = LiveOriginal(
            self._root,
            found.camera,
            self._combine(shares),
            boot=boot_id(),
            from_ns=int(now.timestamp() * 1000) * 10**6,
            is_open=lambda: self._clock() < until and self._live_minutes() >= found.minutes,
        )
        return _Live(original=original, until=until)

    def _open_of(self, found: matter.Release, shares: list[object]) -> _Open:
        now = self._clock()
        holds = self._held(found.camera, found.begins, found.ends, now)
        if not holds.kept_ns:
            with self._store.writing() as connection:
                matter.lapse(connection, found.id, now=now)
            raise Refusal(f"{_nothing(holds)}; the request has lapsed")
        with closing(self._open_reader()) as reader:
            recordings = reader.recordings(
                found.camera, StreamName.MAIN, holds.from_ns, holds.until_ns
            )
        until = now + timedelta(minutes=found.minutes)
        keys = keys_of(self._root, recordings, self._combine(shares))
        opened = OpenedReader(self._root, keys, is_open=lambda: self._clock() < until)
        return _Open(reader=opened, recordings=recordings, held=holds, until=until)

    def _held(self, camera: str, begins: datetime, ends: datetime, now: datetime) -> Held:
        from_ns, until_ns, now_ns = (epoch_ns(at) for at in (begins, ends, now))
        with closing(self._open_reader()) as reader:
            return held_by(reader, camera, StreamName.MAIN, from_ns, until_ns, now_ns=now_ns)

    def _tidy(self, now: datetime) -> None:
        for release, waiting in list(self._waiting.items()):
            if waiting.first_at is not None and now >= waiting.first_at + SHARES_WAIT:
                del self._waiting[release]
        for release, opened in list(self._open.items()):
            if now >= opened.until:
                self._forget(release)
        self._tidy_live(now)
        with suppress(InsynError):
            with self._store.reading() as connection:
                is_any = bool(matter.overdue(connection, now=now))
            if is_any:  # the write lock is taken only where there is something to write
                with self._store.writing() as connection:
                    matter.close_overdue(connection, now=now)
                self.version += 1

    def _tidy_live(self, now: datetime) -> None:
        """Let go of what is over; end what the permit no longer allows."""
        for release, opened in list(self._live.items()):
            with suppress(Refusal):
                opened.original.require()
                continue
            self._forget(release)
            self.version += 1
            if now < opened.until:
                with suppress(InsynError), self._store.writing() as connection:
                    matter.end(connection, release, who="site", now=now)

    def _forget(self, release: str) -> None:
        opened = self._open.pop(release, None)
        if opened is not None:
            opened.reader.close()
        watched = self._live.pop(release, None)
        if watched is not None:
            watched.original.close()


def _nothing(found: Held) -> str:
    """Why nothing can be opened."""
    reasons = dict.fromkeys(one.because for one in found.missing)
    later = "; ask again in two minutes" if NOT_CLOSED in reasons else ""
    return f"no original of this camera is kept of this span ({', '.join(reasons)}){later}"


def _require_answer(found: matter.Release, actor: Actor) -> bool:
    """Whether the custodian has agreed before, and only brings the share again.

    A share is forgotten after a while, and when the console is started again; the word stands.

    Raises:
        Refusal: the actor has no say in this release, or it is over.
    """
    if found.state is not matter.State.ASKED:
        raise Refusal(f"release {found.id} is {found.state}; ask for a new one")
    others = [each for each in found.answers if each.custodian != actor.id]
    done = [Done(action="release.request", by=found.asked_by)]
    done += [Done(action="release.approve", by=each.custodian) for each in others]
    require(actor, "release.approve", done)
    return len(others) < len(found.answers)
