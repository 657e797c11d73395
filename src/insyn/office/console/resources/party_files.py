"""`/api/v1/party-imports` and `/party-exports`: parties, stakes and edges as CSV or FollowTheMoney.

Always: a row that cannot be used costs itself alone, and is told by line and reason, not by name.
"""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from insyn.office.console.resources import etags
from insyn.office.console.resources.described import CREATES, SHOWS, Given, Told, answers
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.signed_in import Wants
from insyn.office.diligence.parties import register, relations
from insyn.office.diligence.parties.exchange import keep
from insyn.office.diligence.parties.ftm import is_ftm, read_ftm, write_ftm
from insyn.office.diligence.parties.sheet import read_sheet, write_sheet
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Parties"])

Reads = Annotated[Identified, Depends(Wants(scope="deals", reads=True, action="case.read"))]
Changes = Annotated[Identified, Depends(Wants(scope="deals", action="party.change"))]

MAX_FILE = 900_000
"""Characters; the body has at most 1 MiB. Larger files come in by `insyn party import`."""


class PartyFile(Given):
    """The text of a file as `insyn party export` writes it, or another's FollowTheMoney."""

    content: Annotated[str, StringConstraints(min_length=1, max_length=MAX_FILE)] = Field(
        description="docs/reference/parties.md has both formats."
    )


class KeptTold(Told):
    """How much of a file was new, changed or as known, and the rows that could not be kept."""

    new: int
    changed: int
    same: int
    stakes: int
    edges: int
    bad_rows: list[str]


class ExportTold(Told):
    """All that stands, as the text of a file."""

    format: str
    content: str


@router.post(
    "/party-imports",
    status_code=201,
    summary="Bring in a file of parties",
    dependencies=[CREATES],
    responses=answers(KeptTold, 400, 409, 413, status=201),
)
def import_parties(
    request: Request, desk: AtDesk, body: Sent, asking: Changes, given: PartyFile
) -> Response:
    """Keep the parties, stakes and edges of a file; what is new is put before screening."""
    read = read_ftm(given.content) if is_ftm(given.content) else read_sheet(given.content)

    def make(connection: sa.Connection) -> Response:
        kept = keep(connection, read, actor=asking.actor, now=desk.now())
        return Response(
            orjson.dumps(kept.to_json()), status_code=201, media_type="application/json"
        )

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/party-exports",
    summary="All parties as a file",
    dependencies=[SHOWS],
    responses=answers(ExportTold, etag=True),
)
def export_parties(
    request: Request,
    desk: AtDesk,
    asking: Reads,
    form: Annotated[
        Literal["csv", "ftm"], Query(alias="format", description="CSV or FollowTheMoney.")
    ] = "csv",
) -> Response:
    """Give all parties, stakes and edges of the channel that stand, as the text of a file."""
    with desk.reading() as connection:
        parties = [party for party in register.every(connection) if not party.erased]
        stakes = relations.stakes(connection, resolved=False)
        edges = relations.edges(connection, resolved=False)
    write = write_sheet if form == "csv" else write_ftm
    return etags.answer(request, {"format": form, "content": write(parties, stakes, edges)})
