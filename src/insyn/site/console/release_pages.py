"""Releases: asked for, answered by custodians with their own passphrases, looked at, ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from insyn.base.errors import InsynError, UsageError
from insyn.site.console.desk import SiteDesk
from insyn.site.console.forms import moment_of, sentence
from insyn.site.playback.clip import Clip
from insyn.site.playback.routes import wanted_range
from insyn.site.playback.span import pieces_of
from insyn.site.release import matter
from insyn.site.release.matter import Request as ReleaseRequest
from insyn.trust.people import users
from insyn.trust.people.duties import why_not
from insyn.web.pages import Pages

Text = Annotated[str, Form(max_length=2000)]


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    def shown(request: Request, text: str = "", status: int = 200, **form: str) -> Response:
        visitor = desk.visitor(request, "site.read")
        with desk.store.reading() as connection:
            releases = matter.every(connection)
        usual = {"camera": "", "begins": "", "ends": "", "reason": "", "basis": "",
                 "case_number": "", "minutes": "30"}  # fmt: skip
        return pages.show(
            request,
            "releases.html",
            status=status,
            releases=releases,
            cameras=desk.cameras(),
            may_ask=not why_not(visitor.actor, "release.request"),
            may_answer=not why_not(visitor.actor, "release.approve"),
            me=visitor.actor.id,
            needed=desk.needed(),
            longest=desk.settings().release_minutes,
            live_minutes=desk.permission.now().live_minutes,
            form={**usual, **form},
            text=text,
        )

    @made.get("/releases")
    def show_releases(request: Request) -> Response:
        return shown(request)

    @made.post("/releases")
    def ask(
        request: Request,
        camera: Text,
        begins: Text,
        ends: Text,
        reason: Text,
        basis: Text,
        case_number: Text,
        minutes: Annotated[int, Form(ge=1, le=1440)] = 30,
    ) -> Response:
        visitor = desk.visitor(request, "release.request")
        form = {"camera": camera, "begins": begins, "ends": ends, "reason": reason,
                "basis": basis, "case_number": case_number, "minutes": str(minutes)}  # fmt: skip
        try:
            zone = desk.settings().time_zone
            wanted = ReleaseRequest(
                camera=desk.camera(camera).id,
                begins=moment_of(begins, zone),
                ends=moment_of(ends, zone),
                reason=reason,
                basis=basis,
                case_number=case_number,
                minutes=minutes,
            )
            with desk.store.writing() as connection:
                matter.ask(
                    connection,
                    wanted,
                    longest_minutes=desk.settings().release_minutes,
                    actor=visitor.actor,
                    now=desk.clock(),
                )
        except InsynError as error:
            return shown(request, sentence(error), 400, **form)
        return RedirectResponse("/releases", 303)

    @made.get("/releases/{release}")
    def show_release(request: Request, release: str) -> Response:
        return one(request, release)

    def one(request: Request, release: str, text: str = "", status: int = 200) -> Response:
        visitor = desk.visitor(request, "site.read")
        with desk.store.reading() as connection:
            found = matter.find(connection, release)
            names = {person.id: person.name for person in users.every(connection)}
        has_agreed = any(each.custodian == visitor.actor.id for each in found.answers)
        return pages.show(
            request,
            "release.html",
            status=status,
            release=found,
            camera=desk.camera(found.camera),
            names=names,
            needed=desk.needed(),
            is_mine=found.asked_by == visitor.actor.id,
            may_answer=not why_not(visitor.actor, "release.approve"),
            has_agreed=has_agreed,
            me=visitor.actor.id,
            text=text,
        )

    @made.post("/releases/{release}")
    def answer(
        request: Request,
        release: str,
        action: Annotated[str, Form(max_length=20)],
        passphrase: Annotated[str, Form(max_length=1024)] = "",
        because: Text = "",
    ) -> Response:
        visitor = desk.visitor(request, "site.read")
        try:
            if action == "agree":
                desk.releases.agree(release, passphrase=passphrase, actor=visitor.actor)
            elif action == "refuse":
                desk.releases.refuse(release, because=because, actor=visitor.actor)
            elif action == "end":
                desk.releases.end(release, actor=visitor.actor)
            else:
                raise UsageError("agree, refuse or end")
        except InsynError as error:
            return one(request, release, sentence(error), 400)
        return RedirectResponse(f"/releases/{release}", 303)

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
