"""Cameras: listed, added after a look at what they send, changed, taken out of use."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError
from insyn.site.cameras import register
from insyn.site.cameras.address import Credentials, read_address
from insyn.site.cameras.opening import source_for
from insyn.site.cameras.probing import look
from insyn.site.cameras.register import STYLES, Wanted
from insyn.site.console.desk import SiteDesk
from insyn.site.console.forms import sentence
from insyn.web.pages import Pages

Text = Annotated[str, Form(max_length=1000)]


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    def listed(request: Request, text: str = "", status: int = 200, **form: str) -> Response:
        states = {
            name: state
            for said in desk.states("shield")
            for name, state in said.get("cameras", {}).items()
        }
        allowed = desk.permission.now()
        return pages.show(
            request,
            "cameras.html",
            status=status,
            cameras=desk.cameras(),
            states=states,
            cap=allowed.camera_cap,
            styles=STYLES,
            text=text,
            form={"name": "", "url": "", "sub": "", "user": "", "place": "", **form},
        )

    @made.get("/cameras")
    def show_cameras(request: Request) -> Response:
        desk.visitor(request, "camera.manage")
        return listed(request)

    @made.post("/cameras")
    def add_camera(
        request: Request,
        name: Text,
        url: Text,
        sub: Text = "",
        user: Text = "",
        password: Text = "",
        place: Text = "",
        style: Text = "solid",
        anyway: Text = "",
    ) -> Response:
        visitor = desk.visitor(request, "camera.manage")
        form = {"name": name, "url": url, "sub": sub, "user": user, "place": place}
        try:
            main, credentials = read_address(url)
            form["url"] = main.url  # a password in it is not shown again
            if user:
                credentials = Credentials(user=user, password=password)
            found = {} if anyway else look(source_for(main, credentials))
            wanted = Wanted(
                name=name,
                main=main,
                sub=read_address(sub)[0] if sub.strip() else None,
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
            return listed(request, sentence(error), 400, **form)
        return RedirectResponse("/cameras", 303)

    @made.get("/cameras/{camera}")
    def show_camera(request: Request, camera: str) -> Response:
        desk.visitor(request, "camera.manage")
        return one(request, camera)

    def one(request: Request, camera: str, text: str = "", status: int = 200) -> Response:
        with desk.store.reading() as connection:
            found = register.find(connection, camera)
        return pages.show(
            request, "camera.html", status=status, camera=found, styles=STYLES, text=text
        )

    @made.post("/cameras/{camera}")
    def change_camera(
        request: Request,
        camera: str,
        name: Text,
        url: Text,
        sub: Text = "",
        user: Text = "",
        password: Text = "",
        place: Text = "",
        style: Text = "solid",
        recorded: Text = "",
        days: Text = "",
    ) -> Response:
        visitor = desk.visitor(request, "camera.manage")
        try:
            main, credentials = read_address(url)
            if user:
                credentials = Credentials(user=user, password=password)
            with desk.store.writing() as connection:
                before = register.find(connection, camera)
                register.change(
                    connection,
                    camera,
                    Wanted(
                        name=name,
                        main=main,
                        sub=read_address(sub)[0] if sub.strip() else None,
                        place=place,
                        credentials=credentials,
                        style=style,
                        device=before.device,
                        is_recorded=bool(recorded),
                        retention_days=int(days) if days.strip().isdecimal() else None,
                        floor_bytes=before.floor_bytes,
                    ),
                    keeper=desk.keeper,
                    actor=visitor.actor,
                    now=desk.clock(),
                )
        except InsynError as error:
            return one(request, camera, sentence(error), 400)
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
