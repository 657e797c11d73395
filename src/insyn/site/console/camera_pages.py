"""Cameras: listed, added after a look at what they send, changed, taken out of use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError, UsageError
from insyn.site.cameras import register
from insyn.site.cameras.address import Address, Credentials, read_address
from insyn.site.cameras.opening import source_for
from insyn.site.cameras.probing import look
from insyn.site.cameras.register import STYLES, Camera, Wanted
from insyn.site.console.desk import SiteDesk
from insyn.site.console.forms import Typed, about, number_of
from insyn.web.pages import Pages, refused_by

Password = Annotated[str, Form(max_length=1000)]
LONGEST = 1000

ABOUT = {
    "solid": "solid: an even colour",
    "ghost": "ghost: the empty scene, tinted",
    "mosaic": "mosaic: coarse blocks, tells hair and clothing colours",
}
NEW = {"name": "", "url": "", "sub": "", "user": "", "place": "", "style": "solid", "anyway": ""}


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    def listed(request: Request, error: InsynError | None = None, **form: str) -> Response:
        states = {
            name: state
            for said in desk.states("shield")
            for name, state in said.get("cameras", {}).items()
        }
        allowed = desk.permission.now()
        return pages.show(
            request,
            "cameras.html",
            status=400 if error else 200,
            refused=refused_by(error, form) if error else None,
            cameras=desk.cameras(),
            states=states,
            cap=allowed.camera_cap,
            styles=[(style, ABOUT[style]) for style in STYLES],
            form={**NEW, **form},
        )

    @made.get("/cameras")
    def show_cameras(request: Request) -> Response:
        desk.visitor(request, "camera.manage")
        return listed(request)

    @made.post("/cameras")
    def add_camera(
        request: Request,
        name: Typed = "",
        url: Typed = "",
        sub: Typed = "",
        user: Typed = "",
        password: Password = "",
        place: Typed = "",
        style: Typed = "solid",
        anyway: Typed = "",
    ) -> Response:
        visitor = desk.visitor(request, "camera.manage")
        form = {"name": name, "url": without_password(url), "sub": without_password(sub),
                "user": user, "place": place, "style": style, "anyway": anyway}  # fmt: skip
        try:
            main, credentials = _main(url, user, password)
            with about("url"):
                found = {} if anyway else look(source_for(main, credentials))
            wanted = Wanted(
                name=name,
                main=main,
                sub=_sub(sub),
                place=place,
                credentials=credentials,
                style=style,
                device={key: str(found[key]) for key in ("codec", "size") if key in found},
            )
            with desk.store.writing() as connection:
                register.add(
                    connection,
                    wanted,
                    keeper=desk.keeper,
                    room_for=desk.permission.now().room_for,
                    actor=visitor.actor,
                    now=desk.clock(),
                )
        except InsynError as error:
            return listed(request, error, **form)
        return RedirectResponse("/cameras", 303)

    @made.get("/cameras/{camera}")
    def show_camera(request: Request, camera: str) -> Response:
        desk.visitor(request, "camera.manage")
        return one(request, camera)

    def one(
        request: Request,
        camera: str,
        error: InsynError | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Response:
        with desk.store.reading() as connection:
            found = register.find(connection, camera)
        return pages.show(
            request,
            "camera.html",
            status=400 if error else 200,
            refused=refused_by(error, form or ()) if error else None,
            camera=found,
            styles=[(style, style) for style in STYLES],
            form=_as_kept(found) if form is None else form,
            mute=desk.permission.now().may_hear(),
        )

    @made.post("/cameras/{camera}")
    def change_camera(
        request: Request,
        camera: str,
        name: Typed = "",
        url: Typed = "",
        sub: Typed = "",
        user: Typed = "",
        password: Password = "",
        place: Typed = "",
        style: Typed = "solid",
        recorded: Typed = "",
        days: Typed = "",
        sound: Typed = "",
    ) -> Response:
        visitor = desk.visitor(request, "camera.manage")
        form = {"name": name, "url": without_password(url), "sub": without_password(sub),
                "user": user, "place": place, "style": style, "recorded": recorded,
                "days": days, "sound": sound}  # fmt: skip
        try:
            main, credentials = _main(url, user, password)
            with desk.store.writing() as connection:
                before = register.find(connection, camera)
                register.change(
                    connection,
                    camera,
                    Wanted(
                        name=name,
                        main=main,
                        sub=_sub(sub),
                        place=place,
                        credentials=credentials,
                        style=style,
                        device=before.device,
                        is_recorded=bool(recorded),
                        records_sound=bool(sound),
                        retention_days=number_of(days, 1, 1826, "days") if days.strip() else None,
                        floor_bytes=before.floor_bytes,
                    ),
                    keeper=desk.keeper,
                    may_hear=desk.permission.now().may_hear,
                    actor=visitor.actor,
                    now=desk.clock(),
                )
        except InsynError as error:
            return one(request, camera, error, form)
        return RedirectResponse("/cameras", 303)

    @made.get("/cameras/{camera}/remove")
    def ask_remove(request: Request, camera: str) -> Response:
        desk.visitor(request, "camera.manage")
        with desk.store.reading() as connection:
            found = register.find(connection, camera)
        return pages.show(request, "camera_remove.html", camera=found)

    @made.post("/cameras/{camera}/remove")
    def remove_camera(request: Request, camera: str) -> Response:
        visitor = desk.visitor(request, "camera.manage")
        with desk.store.writing() as connection:
            register.remove(connection, camera, actor=visitor.actor, now=desk.clock())
        return RedirectResponse("/cameras", 303)

    return made


def without_password(url: str) -> str:
    """An address as it may be shown again, though it may be none."""
    return re.sub(r"//[^/]*@", "//", url)


def _main(url: str, user: str, password: str) -> tuple[Address, Credentials | None]:
    with about("url"):
        _require_short(url)
        main, credentials = read_address(url)
    with about("user"):
        _require_short(user)
    return main, Credentials(user=user, password=password) if user else credentials


def _sub(url: str) -> Address | None:
    with about("sub"):
        _require_short(url)
        return read_address(url)[0] if url.strip() else None


def _require_short(text: str) -> None:
    if len(text) > LONGEST:
        raise UsageError(f"at most {LONGEST} characters go here")


def _as_kept(camera: Camera) -> dict[str, str]:
    """A camera as its form shows it."""
    return {
        "name": camera.name,
        "place": camera.place,
        "url": camera.main.url,
        "sub": camera.sub.url if camera.sub != camera.main else "",
        "user": "",
        "days": str(camera.retention_days or ""),
        "style": camera.style,
        "recorded": "1" if camera.is_recorded else "",
        "sound": "1" if camera.records_sound else "",
    }
