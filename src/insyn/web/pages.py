"""Pages: templates with automatic escaping, static files by their content, problems in words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from mimetypes import guess_type
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from insyn.base.errors import InsynError, Refusal

MONTH = "private, max-age=2592000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a form was not taken: a sentence, the field that is meant ("": the whole), which form."""

    text: str
    field: str = ""
    form: str = ""


def refused_by(error: InsynError, fields: Collection[str] = (), form: str = "") -> Refused:
    """What a page says of an error; of a form that has these `fields`."""
    field = error.field if error.field in fields else ""
    return Refused(text=sentence(error), field=field, form=form)


def sentence(error: InsynError) -> str:
    """An error as a sentence of a page."""
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


class Pages:
    """Renders the templates of a console, and those that both share."""

    def __init__(self, package: str, *, frame: Callable[[Request], Mapping[str, Any]]) -> None:
        """Find templates in `package` first.

        Args:
            package: has folders `templates` and `static`.
            frame: what the frame of every page shows: who is signed in, menu, banner.
        """
        self._frame = frame
        self._package = package
        self._environment = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader("insyn.web")]),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["static"] = self.static_url
        self._environment.filters["size"] = shown_size
        self._environment.filters["moment"] = shown_moment

    # `Any`: what a template shows.
    def show(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        refused: Refused | None = None,
        **shown: Any,
    ) -> Response:
        """A page; where a form of it was refused, the sentence stands and the focus lies there."""
        page = self._environment.get_template(template)
        frame = {"path": request.url.path, **self._frame(request)}
        body = page.render(**frame, refused=refused, **shown)
        return HTMLResponse(body, status_code=status)

    def problem(self, request: Request, status: int, sentence: str) -> Response:
        """A page that says what went wrong and what to do."""
        return self.show(request, "problem.html", status=status, status_code=status, text=sentence)

    def static_url(self, name: str) -> str:
        """The address of a static file; it changes with the content of any: one imports others."""
        if _content(self._package, name) is None:
            raise Refusal(f"there is no static file {name}")
        return f"/static/{_version(self._package)}/{name}"

    def static_routes(self) -> APIRouter:
        """Serves the static files; the part of the address before the name is not looked at."""
        routes = APIRouter()

        @routes.get("/static/{version}/{name}")
        def get_static(version: str, name: str) -> Response:
            content = _content(self._package, name)
            if content is None:
                return Response(status_code=404)
            kind = guess_type(name)[0] or "application/octet-stream"
            return Response(content, media_type=kind, headers={"Cache-Control": MONTH})

        return routes


@cache
def _version(package: str) -> str:
    digest = hashlib.sha256()
    for place in (package, "insyn.web"):
        for path in sorted((files(place) / "static").iterdir(), key=lambda one: one.name):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _content(package: str, name: str) -> bytes | None:
    if "/" in name or name.startswith("."):
        return None
    for place in (package, "insyn.web"):
        path = files(place) / "static" / name
        if path.is_file():
            return path.read_bytes()
    return None


def shown_size(count: float | None) -> str:
    """Bytes for people: 1.4 GB."""
    if count is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(count) < 1000 or unit == "TB":
            return f"{count:.0f} {unit}" if unit in ("B", "kB") else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def shown_moment(at: datetime | str | None, zone: str = "UTC") -> str:
    """A time (or one as the ledger writes it) for people, in a place's zone."""
    if at is None:
        return "–"
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return at.astimezone(ZoneInfo(zone) if zone else UTC).strftime("%Y-%m-%d %H:%M:%S")
