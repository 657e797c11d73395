"""Privacy: masking of each camera, when it was tested, releases this month, what the papers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError, UsageError
from insyn.site.cameras.register import Camera
from insyn.site.console.desk import SiteDesk
from insyn.site.console.forms import Typed, about, number_of
from insyn.site.console.papers import facts_of
from insyn.site.release import matter
from insyn.site.release.matter import Release
from insyn.site.settings import record_change
from insyn.site.shielding import walking
from insyn.site.shielding.masking import Asked, Masking, ask, confirm_zones, masking_of
from insyn.site.shielding.walking import Walk
from insyn.site.vault import folder
from insyn.trust.people import users
from insyn.trust.people.duties import DUTIES, require, why_not
from insyn.web.pages import Pages, refused_by

SCENE = "scene"
"""The form of the empty scene, beside that of the papers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One camera on the page. `state` is a worker's state file, empty where none works on it."""

    camera: Camera
    state: dict[str, Any]
    known_at: datetime | None
    known_for: str
    by: str
    walk: Walk | None
    walked_for: str
    masking: Masking


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    def shown(
        request: Request,
        error: InsynError | None = None,
        *,
        said: Mapping[str, str] | None = None,
        scene_of: str = "",
    ) -> Response:
        visitor = desk.visitor(request, "site.read")
        now, zone = desk.clock(), ZoneInfo(desk.settings().time_zone)
        with desk.store.reading() as connection:
            releases = matter.every(connection, most=5000)
            walks = walking.last_of(connection)
            names = {one.id: one.name for one in users.every(connection)}
        begins = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        facts = facts_of(desk)
        fields, form = (said, "") if said is not None else (("camera", "nobody"), SCENE)
        return pages.show(
            request,
            "privacy.html",
            status=400 if error else 200,
            refused=refused_by(error, fields, form) if error else None,
            rows=_rows(desk, walks, names, now),
            names=names,
            may_confirm_zones=not why_not(visitor.actor, "masking.confirm"),
            month=begins.strftime("%Y-%m"),
            releases=_month([one for one in releases if one.asked_at >= begins]),
            facts=facts,
            custodians=folder.custodians(desk.site),
            needed=desk.needed(),
            settings=facts.settings,
            said=said or asdict(facts.settings),
            scene_of=scene_of,
            may_set=not why_not(visitor.actor, "site.settings"),
            may_write=not why_not(visitor.actor, "site.papers"),
            writers=" or ".join(sorted(DUTIES["site.papers"].roles)),
            may_show_scene=not why_not(visitor.actor, "background.confirm"),
            may_walk=not why_not(visitor.actor, "live.watch"),
        )

    @made.post("/privacy/zones")
    def agree_to_zones(request: Request, camera: Typed = "") -> Response:
        visitor = desk.visitor(request, "masking.confirm")
        with desk.store.writing() as connection:
            confirm_zones(connection, camera, actor=visitor.actor, now=desk.clock())
        return RedirectResponse("/privacy", 303)

    @made.get("/privacy")
    def show_privacy(request: Request) -> Response:
        return shown(request)

    @made.post("/privacy")
    def change(
        request: Request,
        name: Typed = "",
        address: Typed = "",
        controller: Typed = "",
        contact: Typed = "",
        officer: Typed = "",
        authority: Typed = "",
        notice_url: Typed = "",
        purpose: Typed = "",
        legal_basis: Typed = "",
        necessity: Typed = "",
        recipients: Typed = "",
        consultation: Typed = "",
        time_zone: Typed = "",
        retention_days: Typed = "",
    ) -> Response:
        visitor = desk.visitor(request, "site.papers")
        papers = {
            "address": address,
            "controller": controller,
            "contact": contact,
            "officer": officer,
            "authority": authority,
            "notice_url": notice_url.strip(),
            "purpose": purpose,
            "legal_basis": legal_basis,
            "necessity": necessity,
            "recipients": recipients,
            "consultation": consultation,
        }
        others = {
            "name": name,
            "time_zone": time_zone.strip(),
            "retention_days": retention_days,
        }
        sets_others = any(others.values()) or not why_not(visitor.actor, "site.settings")
        if sets_others:
            require(visitor.actor, "site.settings")
        said = papers | others if sets_others else papers
        try:
            wanted: dict[str, str | int] = {**said}
            if sets_others:
                if not name.strip():
                    raise UsageError("name the place", field="name")
                wanted["retention_days"] = number_of(retention_days, 1, 1826, "retention_days")
            record_change(desk.site, desk.store, wanted, who=visitor.actor.id, now=desk.clock())
        except InsynError as error:
            return shown(request, error, said=said)
        return RedirectResponse("/privacy", 303)

    @made.post("/privacy/scene")
    def ask_scene(
        request: Request, camera: Typed = "", asked: Typed = "", nobody: Typed = ""
    ) -> Response:
        visitor = desk.visitor(request, "background.confirm")
        try:
            if asked not in list(Asked):
                raise UsageError("choose what the shield shall do")
            wanted = Asked(asked)
            if wanted is Asked.EMPTY_NOW and not nobody:
                raise UsageError(
                    "look at the place first, and tick that nobody is in view", field="nobody"
                )
            with about("camera"), desk.store.writing() as connection:
                ask(connection, camera, wanted, actor=visitor.actor, now=desk.clock())
        except InsynError as error:
            # Whether nobody is in view is looked at anew: the tick is not kept.
            return shown(request, error, scene_of=camera)
        return RedirectResponse("/privacy", 303)

    return made


def for_how_long(since: datetime | None, now: datetime) -> str:
    """A time that has passed, for people: `3 days`, `an hour`; "" where there is no beginning."""
    if since is None:
        return ""
    minutes = max(0, int((now - since).total_seconds()) // 60)
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        count = minutes // size
        if count > 1:
            return f"{count} {unit}s"
        if count == 1:
            return f"{'an' if unit == 'hour' else 'a'} {unit}"
    return "less than a minute"


def _rows(
    desk: SiteDesk, walks: dict[str, Walk], names: dict[str, str], now: datetime
) -> list[Row]:
    states = {
        name: state
        for said in desk.states("shield")
        for name, state in said.get("cameras", {}).items()
    }
    found = []
    cameras = desk.cameras()
    with desk.store.reading() as connection:
        maskings = {one.id: masking_of(connection, one.id, now=now) for one in cameras}
    for camera in cameras:
        state = states.get(camera.id, {})
        scene = state.get("scene") or {}
        at_ns = scene.get("at_ns")
        known_at = datetime.fromtimestamp(at_ns / 1e9, tz=UTC) if at_ns else None
        walk = walks.get(camera.id)
        found.append(
            Row(
                camera=camera,
                state=state,
                known_at=known_at,
                known_for=for_how_long(known_at, now),
                by=names.get(str(scene.get("by", "")), ""),
                walk=walk,
                walked_for=for_how_long(walk.at if walk else None, now),
                masking=maskings[camera.id],
            )
        )
    return found


def _month(releases: list[Release]) -> dict[str, Any]:
    """What was asked for, opened and refused; those of what was recorded and those live apart."""

    def counted(live: bool) -> dict[str, int]:
        mine = [one for one in releases if one.is_live == live]
        return {
            "asked": len(mine),
            "opened": sum(one.opened_at is not None for one in mine),
            "refused": sum(one.state is matter.State.REFUSED for one in mine),
        }

    return {"all": releases, "recorded": counted(live=False), "live": counted(live=True)}
