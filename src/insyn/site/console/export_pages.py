"""Exports: masked ones of a span, and those for the person of a release; each with its own page.

Always: everything works without a script; pictures of an opened original go to the person who asked
for its release, while it is open, and to nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from math import ceil
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from insyn.base.clock import epoch_ns
from insyn.base.errors import InsynError, Refusal, UsageError
from insyn.site.console.desk import SiteDesk
from insyn.site.console.forms import Typed, about, moment_of
from insyn.site.export import person
from insyn.site.export.job import BUSY, Job, Stage
from insyn.site.export.making import MASKED, Span
from insyn.site.export.recorded import made_exports
from insyn.site.playback.timeline import day_of
from insyn.site.shield.tracks import Turn
from insyn.trust.ledger.leaf import KeptLeaf
from insyn.trust.people import users
from insyn.web.pages import Pages, refused_by

WIDE, NARROW = 960, 480
"""Pixels across of the picture that is pointed into, and of those on the sheet."""

MEANT_S = 600
"""What an export is begun with from playback, until somebody says another span."""

NAMED = ("begins", "ends")

Short = Annotated[str, Form(max_length=100)]

BEGINS = {
    Turn.EDGE: "comes into view, or was there at the start",
    Turn.JOINED: "is together with others before",
    Turn.PARTED: "parts from others",
    Turn.BREAK: "after a break in the recording",
}
ENDS = {
    Turn.EDGE: "goes out of view, or is there to the end",
    Turn.JOINED: "comes together with others",
    Turn.PARTED: "parts",
    Turn.BREAK: "before a break in the recording",
}


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    def job_of(request: Request, export: str) -> Job:
        visitor = desk.visitor(request, "export.masked")
        return desk.exports.find(export, actor=visitor.actor)

    def listed(
        request: Request, form: Mapping[str, str], error: InsynError | None = None
    ) -> Response:
        visitor = desk.visitor(request, "export.masked")
        with desk.store.reading() as connection:
            leaves = made_exports(connection)
            names = {one.id: one.name for one in users.every(connection)}
        cameras = desk.cameras()
        return pages.show(
            request,
            "exports.html",
            status=400 if error else 200,
            refused=refused_by(error, form) if error else None,
            mine=desk.exports.mine(visitor.actor),
            until=desk.exports.until,
            made=[_made(leaf) for leaf in leaves],
            names=names,
            cameras=cameras,
            camera_names={one.id: one.name for one in cameras},
            form={"camera": "", "begins": "", "ends": "", **form},
        )

    @made.get("/exports")
    def show_exports(
        request: Request,
        camera: Annotated[list[str] | None, Query()] = None,
        day: Annotated[str, Query(max_length=10)] = "",
        at: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        chosen = (camera or [""])[0]
        return listed(request, {"camera": chosen, **_meant(desk, chosen, day, at)})

    @made.post("/exports")
    def begin(
        request: Request, camera: Typed = "", begins: Typed = "", ends: Typed = ""
    ) -> Response:
        visitor = desk.visitor(request, "export.masked")
        zone = desk.settings().time_zone
        try:
            with about("camera"):
                found = desk.camera(camera).id
            span = Span(
                camera=found,
                from_ns=epoch_ns(moment_of(begins, zone, "begins")),
                until_ns=epoch_ns(moment_of(ends, zone, "ends")),
            )
            job = desk.exports.begin_masked(span, actor=visitor.actor)
        except InsynError as error:
            form = {"camera": camera, "begins": begins, "ends": ends}
            return listed(request, form, error)
        return RedirectResponse(f"/exports/{job.export}", 303)

    @made.get("/exports/{export}")
    def show_export(
        request: Request, export: str, at: Annotated[float, Query(ge=0, le=1e6)] = 0.0
    ) -> Response:
        return one(request, job_of(request, export), at)

    def one(request: Request, job: Job, at_s: float, error: InsynError | None = None) -> Response:
        camera = desk.camera(job.span.camera)
        status, refused = (400, refused_by(error)) if error else (200, None)
        if job.stage is not Stage.POINTING:
            return pages.show(
                request,
                "export.html",
                status=status,
                refused=refused,
                job=job,
                camera=camera,
                is_busy=job.stage in BUSY,
                until=desk.exports.until(job),
                size_bytes=_size(job),
                text=job.text,
            )
        looked = job.seen()
        index = looked.index(at_s)
        tracks = person.chosen(looked, job.points)
        return pages.show(
            request,
            "export_point.html",
            status=status,
            refused=refused,
            job=job,
            camera=camera,
            at_s=looked.at_s(index),
            at=_wall(looked, index, desk.settings().time_zone),
            lasts_s=looked.lasts_s,
            steps=_steps(looked, index),
            outlines=len(person.outlined(looked, index)),
            size=person.shown_size(looked, WIDE),
            stretches=person.stretches(looked, tracks),
            begins=BEGINS,
            ends=ENDS,
        )

    @made.post("/exports/{export}/point")
    def point(
        request: Request,
        export: str,
        at: Annotated[float, Form(ge=0, le=1e6)],
        x: Annotated[int | None, Form(alias="p.x", ge=0, le=100_000)] = None,
        y: Annotated[int | None, Form(alias="p.y", ge=0, le=100_000)] = None,
        outline: Annotated[int | None, Form(ge=1, le=10_000)] = None,
    ) -> Response:
        job = job_of(request, export)
        try:
            looked = job.seen()
            if outline is not None:
                found = person.outlined(looked, looked.index(at))
                if outline > len(found):
                    raise Refusal("there is no such outline in this picture")
                share = (found[outline - 1].x, found[outline - 1].y)
            elif x is not None and y is not None:
                width, height = person.shown_size(looked, WIDE)
                share = (x / width, y / height)
            else:
                raise UsageError("point into the picture, or choose an outline by its number")
            desk.exports.pointing.point(job, at, *share)
        except InsynError as error:
            return one(request, job, at, error)
        return RedirectResponse(f"/exports/{export}?at={at:.3f}", 303)

    @made.post("/exports/{export}")
    def act(
        request: Request,
        export: str,
        action: Short,
        number: Annotated[int, Form(ge=0, le=1000)] = 0,
        track: Short = "",
    ) -> Response:
        job = job_of(request, export)
        if action == "confirm":
            desk.exports.confirm(job, track)
        elif action == "unpoint":
            desk.exports.pointing.unpoint(job, number)
        elif action == "give-up":
            desk.exports.give_up(job)
        else:
            raise UsageError("confirm, unpoint or give-up")
        return RedirectResponse(f"/exports/{export}", 303)

    @made.get("/exports/{export}/picture.jpg")
    def show_picture(
        request: Request, export: str, at: Annotated[float, Query(ge=0, le=1e6)] = 0.0
    ) -> Response:
        """A clear picture to point into: to the person who asked, while the release is open."""
        job = job_of(request, export)
        return _jpeg(desk.exports.pointing.pointing_picture(job, at, width=WIDE))

    @made.get("/exports/{export}/track")
    def show_track(request: Request, export: str) -> Response:
        job = job_of(request, export)
        try:
            named, indices = desk.exports.pointing.sheet(job)
        except InsynError as error:
            return one(request, job, 0.0, error)
        looked = job.seen()
        tracks = person.chosen(looked, job.points)
        seams = {index for each in tracks for index in each.look_at}
        stretches = person.stretches(looked, tracks)
        return pages.show(
            request,
            "export_track.html",
            job=job,
            looked=looked,
            camera=desk.camera(job.span.camera),
            track=named,
            pictures=[(index, looked.at_s(index), index in seams) for index in indices],
            size=person.shown_size(looked, NARROW),
            stretches=stretches,
            shown_s=sum(each.until_s - each.from_s for each in stretches),
            lasts_s=looked.lasts_s,
            begins=BEGINS,
            ends=ENDS,
        )

    @made.get("/exports/{export}/sheet/{index}.jpg")
    def show_sheet(request: Request, export: str, index: int) -> Response:
        """A picture of the sheet: everybody masked but the one."""
        job = job_of(request, export)
        return _jpeg(desk.exports.pointing.sheet_picture(job, index, width=NARROW))

    @made.get("/exports/{export}/file")
    def take(request: Request, export: str) -> Response:
        """The finished package."""
        path = desk.exports.take(job_of(request, export))
        return FileResponse(
            path,
            media_type="application/zip",
            filename=f"{export}.zip",
            headers={"Cache-Control": "no-store"},
        )

    return made


def _made(leaf: KeptLeaf) -> dict[str, Any]:
    """An export that was made, for the list: its times as times."""
    said = {name: str(leaf.what.get(name) or "") for name in ("export", "camera", "release")}
    times = {name: datetime.fromisoformat(str(leaf.what[name])) for name in ("begins", "ends")}
    return {
        **said,
        **times,
        "at": datetime.fromisoformat(leaf.at),
        "who": leaf.who,
        "masked": MASKED.get(str(leaf.what["masking"]), str(leaf.what["masking"])),
    }


def _meant(desk: SiteDesk, camera: str, day: str, at: str) -> dict[str, str]:
    """The ten minutes up to the moment that is watched, else the newest recorded of a day.

    Nothing where neither is known: the form is empty then.
    """
    zone = desk.settings().time_zone
    try:
        if at:
            watched = datetime.fromtimestamp(int(at) / 1000, UTC) if at.isdecimal() else None
            ends_s = ceil((watched or moment_of(at, zone)).timestamp())
            begins_s = ends_s - MEANT_S
        else:
            whole = day_of(day, zone)
            with closing(desk.open_reader()) as reader:
                found = reader.shown(camera, whole.from_ns, whole.until_ns)
            if not found:
                return {}
            ends_s = -(-min(whole.until_ns, max(one.end_wall_ns for one in found)) // 10**9)
            begins_s = max(whole.from_ns // 10**9, ends_s - MEANT_S)
        span = [datetime.fromtimestamp(each, ZoneInfo(zone)) for each in (begins_s, ends_s)]
    except (InsynError, ValueError, OverflowError):  # no such day or time, or no archive
        return {}
    return {name: f"{each:%Y-%m-%dT%H:%M:%S}" for name, each in zip(NAMED, span, strict=True)}


def _jpeg(content: bytes) -> Response:
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


def _size(job: Job) -> int | None:
    return job.path.stat().st_size if job.path is not None and job.path.exists() else None


def _wall(looked: person.Looked, index: int, zone: str) -> str:
    wall_ns = looked.original.wall_ns(looked.followed.time(index))
    at = datetime.fromtimestamp(wall_ns / 1e9, tz=ZoneInfo(zone))
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 100_000}"


def _steps(looked: person.Looked, index: int) -> list[tuple[str, float]]:
    """Ways to other moments: what they are called, and seconds."""
    last = looked.index(looked.lasts_s)
    first = looked.index(0)
    at_s = looked.at_s(index)
    back, on = (looked.at_s(min(max(each, first), last)) for each in (index - 1, index + 1))
    steps = [("−5 s", at_s - 5), ("−1 s", at_s - 1), ("Picture before", back),
             ("Picture after", on), ("+1 s", at_s + 1), ("+5 s", at_s + 5)]  # fmt: skip
    return [(name, min(max(0.0, each), looked.lasts_s)) for name, each in steps]
