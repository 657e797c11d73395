"""The permit of this site, taken up and judged: at start, for each camera, each recording, hourly.

Always: what a verdict has seen is kept before it is acted on, so that nothing is rolled back; a
site that ever took up a permit never falls back to its own declaration.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

from insyn.base.clock import Clock, system_clock
from insyn.base.errors import InsynError, Refusal
from insyn.base.files import exclusive
from insyn.site.directory import SiteDirectory
from insyn.site.permission.allowed import (
    UNJUDGED_RETENTION_DAYS,
    Allowed,
    missing,
    self_declared,
    under,
)
from insyn.trust.keys.envelope import read_envelope
from insyn.trust.keys.public import PublicKey
from insyn.trust.keys.root import Root
from insyn.trust.keys.site import make_site_key, open_site_key
from insyn.trust.permit.reasons import Standing
from insyn.trust.permit.shelf import Shelf, read_seen, write_seen
from insyn.trust.permit.verify import Verdict, verify

RECHECK = timedelta(hours=1)
"""DESIGN 6: a permit is judged at least once an hour."""

_ORDER = (Standing.VALID, Standing.IN_GRACE, Standing.REFUSED)


def site_public_key(site: SiteDirectory) -> PublicKey:
    """The site's public key; the key is made where there is none yet."""
    # Two processes that start at once must not make two keys.
    path = site.key
    with exclusive(site.root, ".key.lock"):
        if not path.exists():
            return make_site_key(path).public
    return open_site_key(path).public


def judge(site: SiteDirectory, now: datetime) -> Allowed:
    """What the site may do now; never raises for what a file holds.

    Where several permits lie on the shelf, the best counts; of equals the one that ends last.
    """
    shelf = Shelf(site.trust)
    with exclusive(site.trust, ".seen.lock"):
        try:
            seen = read_seen(site.trust / "seen.json")
            ids = shelf.permit_ids()
            if not ids:
                return self_declared() if seen.root_version == 0 else missing()
            root = shelf.root()
            key = site_public_key(site)
            verdicts: list[Verdict] = []
            for permit_id in ids:
                content = shelf.permit(permit_id).to_bytes()
                verdict = verify(content, root, key, shelf.status_file(), now, seen)
                seen = verdict.seen
                verdicts.append(verdict)
            write_seen(site.trust / "seen.json", seen)
        except InsynError as error:
            # A shelf that cannot be read is a doubt, and on doubt a permit is invalid.
            return Allowed(
                standing=Standing.REFUSED,
                code="unreadable",
                sentence=f"The permit cannot be judged: {error}",
                is_self_declared=False,
                camera_cap=0,
                custodians=2,
                retention_days=UNJUDGED_RETENTION_DAYS,
            )
    best = min(verdicts, key=_rank)
    return under(best.permit, best.reason, best.detail)


def _rank(verdict: Verdict) -> tuple[int, float]:
    ends = verdict.permit.ends_at.timestamp() if verdict.permit else 0.0
    return (_ORDER.index(verdict.standing), -ends)


class Permission:
    """What the site may do, judged again when an hour has passed or a file on the shelf changed."""

    def __init__(self, site: SiteDirectory, *, clock: Clock = system_clock) -> None:
        self._site = site
        self._clock = clock
        self._judged_at: datetime | None = None
        self._shelf_state: tuple[object, ...] = ()
        self._allowed: Allowed | None = None

    def now(self) -> Allowed:
        """What holds now."""
        now = self._clock()
        state = self._state()
        is_old = self._judged_at is None or not (timedelta(0) <= now - self._judged_at < RECHECK)
        if self._allowed is None or is_old or state != self._shelf_state or self._has_turned(now):
            self._allowed = judge(self._site, now)
            self._judged_at, self._shelf_state = now, state
        return self._allowed

    def _has_turned(self, now: datetime) -> bool:
        """Whether a date of the permit lies between the last judgement and now."""
        permit = self._allowed.permit if self._allowed else None
        if permit is None or self._judged_at is None:
            return False
        turns = (permit.not_before, permit.not_after, permit.ends_at)
        return any(self._judged_at < turn <= now for turn in turns)

    def _state(self) -> tuple[object, ...]:
        found: list[object] = []
        for folder in ("roots", "permits", "status"):
            with contextlib.suppress(OSError):
                entries = sorted((self._site.trust / folder).iterdir())
                found += [(entry.name, entry.stat().st_mtime_ns) for entry in entries]
        return tuple(found)


Judge = Callable[[], Allowed]
"""Asks what the site may do now; `Permission(...).now` is one."""


def take_up_root(site: SiteDirectory, content: bytes, *, fingerprint: str | None) -> Root:
    """Take up the office's root: the first by its fingerprint, the next by the one in force.

    Raises:
        Refusal: it is not signed as it must be, or the first comes without a fingerprint.
    """
    return Shelf(site.trust).install_root(content, fingerprint=fingerprint)


def take_up_permit(site: SiteDirectory, content: bytes, *, now: datetime) -> Allowed:
    """Take up a permit, if it is for this site and signed as the root asks.

    One that has not begun is taken up too: it waits. The answer tells what holds then.

    Raises:
        Refusal: it is for another site, or not signed as it must be; says which and what to do.
    """
    shelf = Shelf(site.trust)
    root = shelf.root()
    seen = read_seen(site.trust / "seen.json")
    verdict = verify(content, root, site_public_key(site), shelf.status_file(), now, seen)
    if verdict.permit is None or verdict.reason.code in ("other-site", "root-expired"):
        raise Refusal(f"{verdict.reason.sentence} {verdict.detail}".strip())
    shelf.keep_permit(read_envelope(content), root)
    return judge(site, now)


def take_up_status(site: SiteDirectory, content: bytes, *, now: datetime) -> Allowed:
    """Take up the office's newest status list.

    Raises:
        Refusal: it is not signed as the root asks, or a newer one was taken up before.
    """
    from insyn.trust.permit.status import read_status

    shelf = Shelf(site.trust)
    root = shelf.root()
    envelope = read_envelope(content, "the status list")
    newest = shelf.status(root)
    if newest is not None and read_status(envelope).number == newest.number:
        current = shelf.status_file()
        if current is not None and read_envelope(current).digest == envelope.digest:
            return judge(site, now)
    shelf.keep_status(envelope, root)
    return judge(site, now)
