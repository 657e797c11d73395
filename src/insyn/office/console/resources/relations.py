"""`/api/v1/stakes`, `/edges` and `/relations`: who owns whom, who supplies whom, and what ended.

Always: nothing is edited; what is said anew supersedes what was said of the same relation.
"""

from __future__ import annotations

import secrets
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from insyn.office.console.resources.described import (
    CREATES,
    Day,
    Given,
    Id,
    Line,
    PageOf,
    PathId,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.paging import Paged, answer_whole
from insyn.office.console.resources.parties import Short
from insyn.office.console.resources.signed_in import Wants
from insyn.office.console.resources.told import made
from insyn.office.diligence.parties import relations
from insyn.office.diligence.parties.model import (
    ChannelRole,
    Edge,
    Stake,
    StakeKind,
    read_share,
)
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Parties"])

Reads = Annotated[Identified, Depends(Wants(scope="deals", reads=True, action="case.read"))]
Changes = Annotated[Identified, Depends(Wants(scope="deals", action="party.change"))]


class StakeTold(Told):
    """What one party holds of another; the share in percent."""

    id: str
    owner: str
    owned: str
    share: str | None
    kind: str
    since: str | None
    until: str | None
    source: str


class StakePage(PageOf):
    """A page of stakes that stand, by id."""

    items: list[StakeTold]


class EdgeTold(Told):
    """One party supplies another, for one deal or (null) for any."""

    id: str
    supplier: str
    customer: str
    role: str
    since: str | None
    until: str | None
    deal: str | None
    source: str


class EdgePage(PageOf):
    """A page of edges that stand, by id."""

    items: list[EdgeTold]


class NewStake(Given):
    """What one party holds of another; `share` as `51`, `25-50` or not known."""

    owner: Id
    owned: Id
    share: Annotated[Line, Field(max_length=40)] | None = Field(default=None, examples=["51"])
    kind: Annotated[StakeKind, Field(strict=False)] = StakeKind.OWNER
    since: Day | None = None
    until: Day | None = None
    source: Short


class NewEdge(Given):
    """That one party supplies another."""

    supplier: Id
    customer: Id
    role: Annotated[ChannelRole, Field(strict=False)]
    since: Day | None = None
    until: Day | None = None
    deal: Id | None = None
    source: Short


class Ending(Given):
    """Why a stake or an edge ends, and on which day; at once if none is given."""

    because: Short
    until: Day | None = None


@router.get("/stakes", summary="All stakes", responses=answers(StakePage, 400))
def list_stakes(
    request: Request,
    desk: AtDesk,
    page: Paged,
    asking: Reads,
    party: Annotated[Id | None, Query(description="Only those of this party.")] = None,
) -> Response:
    """List what parties hold of one another, as it stands now, by id."""
    with desk.reading() as connection:
        every = (
            relations.stakes(connection)
            if party is None
            else relations.stakes_of(connection, party)
        )
    return answer_whole(
        request,
        page,
        every,
        key=lambda stake: stake.id,
        show=lambda stake: stake.to_json(),
    )


@router.post(
    "/stakes",
    status_code=201,
    summary="Record a stake",
    dependencies=[CREATES],
    responses=answers(StakeTold, 400, 409, 413, status=201),
)
def record_stake(
    request: Request, desk: AtDesk, body: Sent, asking: Changes, given: NewStake
) -> Response:
    """Keep what one party holds of another; it supersedes what was said of the same holding."""
    low, high = (None, None) if given.share is None else read_share(given.share)
    stake = Stake(
        id=f"s-{secrets.token_hex(6)}",
        owner=given.owner,
        owned=given.owned,
        share_low_ppm=low,
        share_high_ppm=high,
        kind=given.kind,
        since=given.since,
        until=given.until,
        source=given.source,
    )

    def make(connection: sa.Connection) -> Response:
        kept = relations.record_stake(connection, stake, actor=asking.actor, now=desk.now())
        return made(kept.to_json())

    return desk.create(request, body, asking.actor.id, make)


@router.get("/edges", summary="The channel", responses=answers(EdgePage, 400))
def list_edges(
    request: Request,
    desk: AtDesk,
    page: Paged,
    asking: Reads,
    deal: Annotated[Id | None, Query(description="Only those recorded for this deal.")] = None,
) -> Response:
    """List who supplies whom, as it stands now, by id."""
    with desk.reading() as connection:
        every = relations.edges(connection, deal=deal)
    return answer_whole(
        request,
        page,
        every,
        key=lambda edge: edge.id,
        show=lambda edge: edge.to_json(),
    )


@router.post(
    "/edges",
    status_code=201,
    summary="Record an edge of the channel",
    dependencies=[CREATES],
    responses=answers(EdgeTold, 400, 409, 413, status=201),
)
def record_edge(
    request: Request, desk: AtDesk, body: Sent, asking: Changes, given: NewEdge
) -> Response:
    """Keep that one party supplies another; it supersedes the same edge said before."""
    edge = Edge(id=f"g-{secrets.token_hex(6)}", **dict(given))

    def make(connection: sa.Connection) -> Response:
        kept = relations.record_edge(connection, edge, actor=asking.actor, now=desk.now())
        return made(kept.to_json())

    return desk.create(request, body, asking.actor.id, make)


@router.post(
    "/relations/{relation}/ending",
    status_code=201,
    summary="End a stake or an edge",
    dependencies=[CREATES],
    responses=answers(StakeTold | EdgeTold, 400, 409, 413, status=201),
)
def end_relation(
    request: Request, desk: AtDesk, body: Sent, asking: Changes, relation: PathId, given: Ending
) -> Response:
    """Say that a stake or an edge ends, and why; what stood stays on record."""

    def make(connection: sa.Connection) -> Response:
        ended = relations.end(
            connection,
            relation,
            until=given.until,
            because=given.because,
            actor=asking.actor,
            now=desk.now(),
        )
        return made(ended.to_json())

    return desk.create(request, body, asking.actor.id, make)
