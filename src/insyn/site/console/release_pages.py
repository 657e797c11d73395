"""Releases: asked for, answered by custodians with their own passphrases, looked at, ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from insyn.base.errors import InsynError, UsageError
from insyn.site.console.desk import SiteDesk
from insyn.site.console.forms import Typed, about, moment_of, number_of
from insyn.site.playback.clip import Clip
from insyn.site.playback.routes import wanted_range
from insyn.site.playback.span import pieces_of
from insyn.site.release import matter
from insyn.site.release.request import Request as ReleaseRequest
from insyn.site.streams import StreamName
from insyn.trust.people import users
from insyn.trust.people.duties import why_not
from insyn.web.pages import Pages, refused_by

USUAL = {"camera": "", "begins": "", "ends": "", "reason": "", "basis": "", "case_number": "",
         "minutes": "30"}  # fmt: skip
LIVE_MINUTES = 5
STANDING = (matter.State.ASKED, matter.State.OPEN)
LIVE = "live"
"""The form of a break-glass, beside that of a release."""


def listed(
    desk: SiteDesk,
    pages: Pages,
    request: Request,
    error: InsynError | None = None,
    *,
    asked: Mapping[str, str] | None = None,
    asked_live: Mapping[str, str] | None = None,
) -> Response:
    """All releases and the forms to ask; one that was refused as it was typed."""
    visitor = desk.visitor(request, "site.read")
    with desk.store.reading() as connection:
        releases = matter.every(connection)
    live_minutes = desk.permission.now().live_minutes
    typed = asked if asked is not None else (asked_live or {})
    refused = refused_by(error, typed, LIVE if asked_live is not None else "") if error else None
    return pages.show(
        request,
        "releases.html",
        status=400 if error else 200,
        refused=refused,
        releases=releases,
        names={one.id: one.name for one in desk.cameras()},
        cameras=[(one.id, one.name) for one in desk.cameras()],
        may_ask=not why_not(visitor.actor, "release.request"),
        needed=desk.needed(),
        longest=desk.settings().release_minutes,
        live_minutes=live_minutes,
        form={**USUAL, **(asked or {})},
        live={**USUAL, "minutes": str(min(LIVE_MINUTES, live_minutes)), **(asked_live or {})},
    )


def _sounds(desk: SiteDesk, release: matter.Release) -> set[str]:
    """What is heard in the originals of a release; nothing in what is watched live."""
    if release.is_live:
        return set()
    reader = desk.open_reader()
    try:
        span = [int(at.timestamp() * 1000) * 10**6 for at in (release.begins, release.ends)]
        found = reader.recordings(release.camera, StreamName.MAIN, span[0], span[1])
    finally:
        reader.close()
    return {one.sound.partition("/")[0] for one in found if one.sound}


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    @made.get("/releases")
    def show_releases(request: Request) -> Response:
        return listed(desk, pages, request)

    @made.post("/releases")
    def ask(
        request: Request,
        camera: Typed = "",
        begins: Typed = "",
        ends: Typed = "",
        reason: Typed = "",
        basis: Typed = "",
        case_number: Typed = "",
        minutes: Typed = "30",
    ) -> Response:
        visitor = desk.visitor(request, "release.request")
        form = {"camera": camera, "begins": begins, "ends": ends, "reason": reason,
                "basis": basis, "case_number": case_number, "minutes": minutes}  # fmt: skip
        try:
            zone = desk.settings().time_zone
            with about("camera"):
                found = desk.camera(camera).id
            wanted = ReleaseRequest(
                camera=found,
                begins=moment_of(begins, zone, "begins"),
                ends=moment_of(ends, zone, "ends"),
                reason=reason,
                basis=basis,
                case_number=case_number,
                minutes=number_of(minutes, 1, 1440, "minutes"),
            )
            asked = desk.releases.ask(
                wanted, longest_minutes=desk.settings().release_minutes, actor=visitor.actor
            )
        except InsynError as error:
            return listed(desk, pages, request, error, asked=form)
        return RedirectResponse(f"/releases/{asked.id}", 303)

    @made.get("/releases/{release}")
    def show_release(request: Request, release: str) -> Response:
        return one(request, release)

    def one(
        request: Request,
        release: str,
        error: InsynError | None = None,
        action: str = "",
        because: str = "",
    ) -> Response:
        visitor = desk.visitor(request, "site.read")
        with desk.store.reading() as connection:
            found = matter.find(connection, release)
            names = {person.id: person.name for person in users.every(connection)}
        has_agreed = any(each.custodian == visitor.actor.id for each in found.answers)
        is_mine = found.asked_by == visitor.actor.id
        may_answer = not is_mine and not why_not(visitor.actor, "release.approve")
        may_answer = may_answer and found.state is matter.State.ASKED
        form = action if may_answer and action in ("agree", "refuse") else ""
        fields = ("passphrase", "because") if form else ()
        no_export = ""
        if is_mine and found.state is matter.State.OPEN:
            no_export = desk.exports.why_not_person(found, actor=visitor.actor)
        return pages.show(
            request,
            "release.html",
            status=400 if error else 200,
            refused=refused_by(error, fields, form) if error else None,
            because=because,
            release=found,
            camera=desk.camera(found.camera),
            names=names,
            needed=desk.needed(),
            is_mine=is_mine,
            may_answer=may_answer,
            no_export=no_export,
            has_agreed=has_agreed,
            needs_again=desk.releases.needs_again(found),
            me=visitor.actor.id,
            sounds=_sounds(desk, found),
            held=desk.releases.held(found) if found.state in STANDING else None,
        )

    @made.post("/releases/{release}")
    def answer(
        request: Request,
        release: str,
        action: Annotated[str, Form(max_length=20)],
        passphrase: Annotated[str, Form(max_length=1024)] = "",
        because: Typed = "",
    ) -> Response:
        visitor = desk.visitor(request, "site.read")
        try:
            if action == "agree":
                desk.releases.agree(release, passphrase=passphrase, actor=visitor.actor)
            elif action == "refuse":
                desk.releases.refuse(release, because=because, actor=visitor.actor)
            elif action == "withdraw":
                desk.releases.withdraw(release, actor=visitor.actor)
            elif action == "end":
                desk.releases.end(release, actor=visitor.actor)
            else:
                raise UsageError("agree, refuse, withdraw or end")
        except InsynError as error:
            return one(request, release, error, action, because)
        return RedirectResponse(f"/releases/{release}", 303)

    @made.post("/releases/{release}/export")
    def begin_person(request: Request, release: str) -> Response:
        visitor = desk.visitor(request, "release.request")
        try:
            job = desk.exports.begin_person(release, actor=visitor.actor)
        except InsynError as error:
            return one(request, release, error)
        return RedirectResponse(f"/exports/{job.export}", 303)

    @made.api_route("/release/{release}/stream.mp4", methods=["GET", "HEAD"])
    def watch(request: Request, release: str) -> Response:
        """The opened original: to the person who asked, while it is open, and to nobody else."""
        visitor = desk.visitor(request, "release.request")
        reader, recordings = desk.releases.reader(release, actor=visitor.actor)
        with desk.store.reading() as connection:
            found = matter.find(connection, release)
        span = [int(at.timestamp() * 1000) * 10**6 for at in (found.begins, found.ends)]
        clip = Clip(reader, pieces_of(recordings, span[0], span[1]))
        wanted = wanted_range(request.headers.get("range"), clip.size)
        headers = {"Accept-Ranges": "bytes", "Cache-Control": "no-store"}
        if wanted is None:
            headers["Content-Range"] = f"bytes */{clip.size}"
            return Response(status_code=416, headers=headers)
        first, last, is_part = wanted
        headers["Content-Length"] = str(last - first)
        if is_part:
            headers["Content-Range"] = f"bytes {first}-{last - 1}/{clip.size}"
        if request.method == "HEAD":
            return Response(headers=headers, media_type="video/mp4")
        if first == 0:
            with desk.store.writing() as connection:
                matter.looked(connection, release, actor=visitor.actor, now=desk.clock())

        def body() -> Iterator[bytes]:
            yield from clip.read(first, last)

        code = 206 if is_part else 200
        return StreamingResponse(body(), code, headers=headers, media_type="video/mp4")

    return made
