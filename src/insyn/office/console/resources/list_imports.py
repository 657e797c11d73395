"""`/api/v1/list-imports`: list files sent in, and put in force as by `insyn lists import`.

Always: who asks is known before a byte of the body is read; files go to the disk as they come, and
never into memory; one import works at a time. What is refused leaves the last good list in force,
marked degraded. Who brought in which snapshot is a leaf.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, StringConstraints
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import Response

from insyn.base.errors import InsynError
from insyn.office.console.problems import Problem
from insyn.office.console.resources.described import CREATES, Line, Told, answers
from insyn.office.console.resources.desk import AtDesk, Desk
from insyn.office.console.resources.signed_in import Wants
from insyn.office.lists.intake import Intake, gather, take_in_all
from insyn.office.lists.recorded import imported
from insyn.office.lists.snapshots import ListStore
from insyn.trust.ledger import log
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Lists"])

Imports = Annotated[Identified, Depends(Wants(scope="lists", action="list.import"))]
ListId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]

FIELD = "file"
MAX_FILES = 12
"""OFAC's lists come as four files each."""
_CHUNK = 1 << 20
_AT_WORK = threading.Lock()


class ImportTold(Told):
    """What became of one list: in force, unchanged, kept (older), refused or failed."""

    list_: str = Field(alias="list")
    format: str
    files: list[str]
    outcome: str
    reason: str
    snapshot: str | None
    published: str | None
    read: int
    entries: int
    unread: int
    withdrawn: int
    unread_reasons: list[str]


class RefusedFile(Told):
    """A file that is no list, and what it seems to be."""

    file: str
    reason: str


class ImportsTold(Told):
    """What became of the files."""

    imports: list[ImportTold]
    refused_files: list[RefusedFile]


_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    FIELD: {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "minItems": 1,
                        "maxItems": MAX_FILES,
                    }
                },
                "required": [FIELD],
            }
        }
    },
}


@router.post(
    "/list-imports",
    status_code=201,
    summary="Bring in list files",
    dependencies=[CREATES],
    responses=answers(ImportsTold, 400, 409, 413, 415, status=201),
    openapi_extra={"requestBody": _BODY},
)
async def import_lists(
    request: Request,
    desk: AtDesk,
    asking: Imports,
    list_: Annotated[
        ListId | None, Query(alias="list", description="Id of the list; else by format or name.")
    ] = None,
    as_format: Annotated[
        Line | None, Query(alias="as", description="Read as this format; else by content.")
    ] = None,
    accept_shrunken: Annotated[
        bool, Query(description="Take a list that lost over a tenth; look at it first.")
    ] = False,
    force_older: Annotated[bool, Query(description="Put an older publication in force.")] = False,
) -> Response:
    """Read the files of one list or of several, sent as `file`, and put them in force.

    The format is recognised from content. What is cut, hostile or shrunken is refused and the last
    good list stays; 409 where nothing could be taken. Parties are screened again by
    `POST /api/v1/rescreenings`.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Problem(415, f"send the list files as multipart/form-data, each as `{FIELD}`")
    if not _AT_WORK.acquire(blocking=False):
        raise Problem(
            503, "another import is at work; try again shortly", headers={"Retry-After": "10"}
        )
    try:
        with tempfile.TemporaryDirectory(prefix="insyn-import-") as folder:
            paths, digest = await _received(request, Path(folder))
            return await asyncio.to_thread(
                _taken,
                request,
                desk,
                asking,
                (paths, digest),
                {"as_format": as_format, "list_id": list_},
                {"accept_shrunken": accept_shrunken, "force_older": force_older},
            )
    finally:
        _AT_WORK.release()


async def _received(request: Request, folder: Path) -> tuple[list[Path], bytes]:
    """The files on the disk, and a digest of all of them with their names.

    Raises:
        Problem: 400, the body is no such form; 422, it holds no file.
    """
    try:
        form = await request.form(max_files=MAX_FILES, max_fields=4)
    except (MultiPartException, HTTPException):
        raise Problem(
            400, f"the body is no form with at most {MAX_FILES} files; send each as `{FIELD}`"
        ) from None
    try:
        sent = [each for each in form.getlist(FIELD) if isinstance(each, UploadFile)]
        if not sent or len(sent) != len(form.multi_items()):
            raise Problem(422, f"send list files alone, each as `{FIELD}`")
        return await _kept(sent, folder)
    finally:
        await form.close()


async def _kept(sent: Sequence[UploadFile], folder: Path) -> tuple[list[Path], bytes]:
    whole = hashlib.sha256()
    paths: list[Path] = []
    for number, each in enumerate(sent, 1):
        # In a folder of its own: companion files are told by their own name.
        path = folder / _name(each.filename, number, {path.name for path in paths})
        whole.update(path.name.encode() + b"\0")
        with path.open("wb") as out:
            while chunk := await each.read(_CHUNK):
                whole.update(len(chunk).to_bytes(8, "big") + chunk)
                out.write(chunk)
        paths.append(path)
    return paths, whole.digest()


def _name(sent: str | None, number: int, taken: set[str]) -> str:
    """A file name of ours, as near to what was sent as is safe: formats are told by it too."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(sent or "").name).strip("-.")[-80:]
    return f"{number}-{name}" if not name or name in taken else name


def _taken(
    request: Request,
    desk: Desk,
    asking: Identified,
    received: tuple[Sequence[Path], bytes],
    read_as: Mapping[str, Any],
    guards: Mapping[str, bool],
) -> Response:
    paths, digest = received
    publications, unknown = gather(paths, **read_as)
    store = ListStore(desk.data.lists, desk.now)
    found = list(take_in_all(store, publications, **guards))
    # Outside of the transaction, for it may take minutes; sent again it changes nothing.
    leaves = [imported(item, who=asking.actor.id, **guards) for item in found]
    if not any(not item.is_refused for item in found):
        if leaves:
            with desk.writing() as connection:
                log.append_all(connection, leaves, now=desk.now())
        raise Problem(409, f"nothing was taken in: {_reasons(found, unknown)}")

    def make(connection: sa.Connection) -> Response:
        log.append_all(connection, leaves, now=desk.now())
        told = {
            "imports": [asdict(item) for item in found],
            "refused_files": [{"file": path.name, "reason": str(error)} for path, error in unknown],
        }
        return Response(orjson.dumps(told), status_code=201, media_type="application/json")

    return desk.create(request, digest, asking.actor.id, make)


def _reasons(found: Sequence[Intake], unknown: Sequence[tuple[Path, InsynError]]) -> str:
    said = [f"{item.list}: {item.reason}" for item in found]
    return "; ".join([*said, *(str(error) for _, error in unknown)])
