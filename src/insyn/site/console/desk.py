"""What the pages of a site work with: database, permit, cameras, archive, live view, releases."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request

from insyn.base.clock import Clock, system_clock
from insyn.base.errors import InsynError, Refusal
from insyn.site.archive import place
from insyn.site.archive.index import NAME, Index
from insyn.site.archive.reading import Reader
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.register import Camera, every
from insyn.site.console.looking import Looking
from insyn.site.directory import SiteDirectory
from insyn.site.export.desk import ExportDesk
from insyn.site.live.hub import Hub
from insyn.site.permission.judging import Permission
from insyn.site.release.desk import ReleaseDesk
from insyn.site.serving.full import full_socket
from insyn.site.settings import Settings, read_settings
from insyn.site.shielding.masking import Masking, partly_uncovered
from insyn.site.shielding.worker import find_socket
from insyn.site.store import open_site
from insyn.site.vault import folder
from insyn.trust.keys.site import open_site_key
from insyn.trust.people import users
from insyn.trust.people.duties import DUTIES, Actor, Done, Role, require, why_not
from insyn.web.media_tokens import MediaTokens
from insyn.web.signing import Visitor, visitor_of


class NotSignedIn(Exception):  # noqa: N818 - an answer on its way up, not a fault
    """Nobody is signed in, and the page needs somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry of the menu."""

    href: str
    text: str
    duty: str


MENU = (
    Link(href="/", text="Wall", duty="live.watch"),
    Link(href="/playback", text="Playback", duty="playback.watch"),
    Link(href="/releases", text="Releases", duty="site.read"),
    Link(href="/exports", text="Exports", duty="export.masked"),
    Link(href="/privacy", text="Privacy", duty="site.read"),
    Link(href="/cameras", text="Cameras", duty="camera.manage"),
    Link(href="/health", text="Health", duty="site.read"),
    Link(href="/permit", text="Permit", duty="site.read"),
    Link(href="/people", text="People", duty="user.manage"),
    Link(href="/audit", text="Audit", duty="ledger.read"),
)


NOT_ALL = "Not everybody is masked"


class SiteDesk:
    """One for the whole process; its parts are safe between threads."""

    def __init__(self, site: SiteDirectory, *, clock: Clock = system_clock) -> None:
        self.site = site
        self.clock = clock
        self.store = open_site(site)
        self.permission = Permission(site, clock=clock)
        self.keeper = CredentialKeeper(open_site_key(site.key))
        self.tokens = MediaTokens(secrets.token_bytes(32))
        self.hub = Hub(lambda camera: find_socket(site.run, camera))
        self.full = Hub(lambda _: _existing(full_socket(site)), linger_s=2.0)
        self.looking = Looking(self.store, clock)
        self.releases = ReleaseDesk(
            self.store,
            root=place.place_of(site),
            open_reader=self.open_reader,
            open_share=lambda who, words: folder.open_share(site, who, words),
            combine=lambda points: folder.opener(site, points),  # type: ignore[arg-type] # points
            threshold=self.needed,
            clock=clock,
            live_minutes=lambda: self.permission.now().live_minutes,
        )
        self.exports = ExportDesk(
            site,
            self.store,
            open_reader=self.open_reader,
            releases=self.releases,
            allowed=self.permission.now,
            clock=clock,
        )

    def needed(self) -> int:
        """How many custodians must agree: as the vault was shared, and no fewer than permitted.

        0 where there is no vault.
        """
        shared = folder.needed(self.site)
        return max(shared, self.permission.now().custodians) if shared else 0

    def settings(self) -> Settings:
        """What the site is told."""
        return read_settings(self.site)

    def open_reader(self) -> Reader:
        """The archive, to read masked recordings; to be closed."""
        root = place.open_place(self.site)
        return Reader(root.path, Index(root.path / NAME))

    def cameras(self) -> list[Camera]:
        """Those in use, by name."""
        with self.store.reading() as connection:
            return sorted(every(connection), key=lambda camera: camera.name.casefold())

    def camera(self, camera: str) -> Camera:
        """One camera, also one that was taken out of use: its recordings stay.

        Raises:
            Refusal: there never was one.
        """
        with self.store.reading() as connection:
            for each in every(connection, removed=True):
                if each.id == camera:
                    return each
        raise Refusal(f"there is no camera {camera[:64]!r}")

    def visitor(self, request: Request, duty: str) -> Visitor:
        """Who asks, where the duty allows it.

        Raises:
            NotSignedIn: nobody is signed in.
            Refusal: they may not.
        """
        visitor = visitor_of(request, self.store, self.clock)
        if visitor is None:
            raise NotSignedIn
        require(visitor.actor, duty)
        return visitor

    def frame(self, request: Request) -> Mapping[str, Any]:
        """What the frame of every page shows."""
        visitor = visitor_of(request, self.store, self.clock)
        roles = visitor.actor.roles if visitor else frozenset()
        alarms = self.alarms(visitor.actor) if visitor else []
        return {
            "place": self.settings().name,
            "visitor": visitor,
            "my_roles": ", ".join(sorted(roles)) or "no role yet",
            "menu": [link for link in MENU if DUTIES[link.duty].roles & roles],
            "banner": self._banner(),
            "opened_live": alarms,
            "some_uncovered": any(one["text"].startswith(NOT_ALL) for one in alarms),
            "zone": self.settings().time_zone,
        }

    def sign(self, request: Request, prefix: str) -> str:
        """A token for the media below a prefix, for this session and some minutes."""
        visitor = visitor_of(request, self.store, self.clock)
        if visitor is None:
            raise NotSignedIn
        return self.tokens.make(visitor.session, prefix, now_s=int(time.time()))

    def states(self, kind: str) -> list[dict[str, Any]]:
        """What the processes of a kind (recorder, shield) told last; stale ones left out."""
        found = []
        for path in sorted(self.site.run.glob(f"{kind}-*.json")):
            try:
                said = json.loads(path.read_bytes())
            except (OSError, ValueError):
                continue
            if isinstance(said, dict) and time.time_ns() - int(said.get("at_ns", 0)) < 15 * 10**9:
                found.append(said)
        return found

    def alarms(self, actor: Actor) -> list[dict[str, str]]:
        """What everybody who is signed in sees on every page: each camera that is open live, or has
        zones that are never covered.

        What waits for somebody's word is shown to those who may give it.
        """
        standing = self.releases.standing_live()
        with self.store.reading() as connection:
            uncovered = partly_uncovered(connection, now=self.clock())
        if not standing and not uncovered:
            return []  # as nearly always: asked on every page, and again and again
        zone = ZoneInfo(self.settings().time_zone)
        cameras = self.cameras()
        found = _told_of(uncovered, cameras, actor, zone)
        names = {camera.id: camera.name for camera in cameras}
        with self.store.reading() as connection:
            people = {person.id: person.name for person in users.every(connection)}
        for one in standing:
            camera = names.get(one.camera, one.camera)
            asker = people.get(one.asked_by, one.asked_by)
            said = {"release": one.id, "href": f"/releases/{one.id}"}
            if one.opened_at is not None and one.until is not None:
                since, until = (
                    f"{at.astimezone(zone):%H:%M:%S}" for at in (one.opened_at, one.until)
                )
                text = (
                    f"Unmasked, live: {asker} watches {camera} since {since}, until {until}. "
                    "People there are not masked for them."
                )
                found.append({**said, "kind": "bad", "text": text})
            elif Role.CUSTODIAN in actor.roles:
                text = f"{asker} asks to watch {camera} live, unmasked, for {one.minutes} minutes."
                found.append({**said, "kind": "warn", "text": text})
        return found

    def close(self) -> None:
        """Let go of everything; keys of open releases are forgotten."""
        self.exports.close()
        self.releases.close()
        self.looking.close()
        self.store.close()

    def _banner(self) -> dict[str, str] | None:
        try:
            allowed = self.permission.now()
        except InsynError as error:
            return {"kind": "bad", "text": str(error)}
        if allowed.may_record():
            return {"kind": "bad", "text": f"Nothing new is recorded. {allowed.sentence}"}
        if allowed.is_self_declared:
            text = "Self-declared: nobody but this site vouches for it. At most 16 cameras."
            return {"kind": "warn", "text": text}
        if str(allowed.standing) != "valid":
            return {"kind": "warn", "text": allowed.sentence}
        return None


def _told_of(
    uncovered: Mapping[str, Masking], cameras: list[Camera], actor: Actor, zone: ZoneInfo
) -> list[dict[str, str]]:
    """Parts of pictures that are never covered, or shall not be, as alarms."""
    found = []
    for camera in cameras:
        masking = uncovered.get(camera.id)
        if masking is None:
            continue
        said = {"release": "", "href": "/privacy", "kind": "warn"}
        if masking.open.ends is not None:
            until = f"{masking.open.ends.astimezone(zone):%Y-%m-%d %H:%M}"
            text = f"{NOT_ALL}: a part of {camera.name} is never covered, until {until}."
            found.append({**said, "text": text})
        wants = [Done(action="masking.zones", by=masking.proposed_by)]
        if masking.proposed and not why_not(actor, "masking.confirm", wants):
            text = f"A part of {camera.name} shall never be covered: do you agree?"
            found.append({**said, "text": text})
    return found


def _existing(path: Path) -> Path | None:
    return path if path.exists() else None
