"""`/api/v1/parties`, `/stakes` and `/edges`: who is in the channel, who owns whom, who supplies."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import quote

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import (
    CHANGES,
    CREATES,
    SHOWS,
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
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.signed_in import Wants
from insyn.office.diligence.parties import register
from insyn.office.diligence.parties.model import (
    ChannelRole,
    Edge,
    Party,
    PartyIdentifier,
    PartyKind,
    PartyName,
    Stake,
    StakeKind,
    read_share,
    read_span,
)
from insyn.office.diligence.parties.standing import standing
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Parties"])

Reads = Annotated[Identified, Depends(Wants(scope="deals", reads=True, action="case.read"))]
Changes = Annotated[Identified, Depends(Wants(scope="deals", action="party.change"))]

Short = Annotated[Line, Field(max_length=300)]


class NameTold(Told):
    """A name as written."""

    text: str
    language: str | None


class IdentifierTold(Told):
    """A number given by a register."""

    scheme: str
    value: str


class PartyTold(Told):
    """An organisation or person in the channel, or a tier not known yet."""

    id: str
    kind: str
    names: list[NameTold]
    country: str | None
    identifiers: list[IdentifierTold]
    birth: str | None
    roles: list[str]
    erased: bool = Field(default=False, description="True: who it was is erased.")


class PathTold(Told):
    """How a party comes to its status through who owns it."""

    party: str
    path: str


class StandingTold(Told):
    """`list_status`: none, unknown, possible, owned or confirmed; the lists, by digest."""

    party: str
    list_status: str
    because: list[PathTold]
    manifests: list[str]


class PartyPage(PageOf):
    """A page of parties, by id."""

    items: list[PartyTold]


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


class NewName(Given):
    """A name in whatever script."""

    text: Short
    language: Annotated[Line, Field(max_length=16)] | None = None


class NewIdentifier(Given):
    """A number, and which register gave it."""

    scheme: Annotated[Line, Field(max_length=40)]
    value: Short


class PartySaid(Given):
    """All that is said of a party; a name for all but an unknown tier."""

    kind: Annotated[PartyKind, Field(strict=False)]
    names: Annotated[list[NewName], Field(max_length=50)] = Field(default_factory=list)
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    identifiers: Annotated[list[NewIdentifier], Field(max_length=50)] = Field(default_factory=list)
    birth: Annotated[Line, Field(max_length=40)] | None = None
    roles: Annotated[list[Annotated[Line, Field(max_length=60)]], Field(max_length=20)] = Field(
        default_factory=list
    )

    def party(self, id_: str) -> Party:
        """As the room takes it; raises `Refusal`."""
        return Party(
            id=id_,
            kind=self.kind,
            names=tuple(PartyName(text=n.text, language=n.language) for n in self.names),
            country=self.country,
            identifiers=tuple(
                PartyIdentifier(scheme=i.scheme, value=i.value) for i in self.identifiers
            ),
            birth=read_span(self.birth),
            roles=tuple(self.roles),
        )


class NewParty(PartySaid):
    """A party, under an id of your own."""

    id: Id = Field(examples=["q-optics"])


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


class Identifying(Given):
    """Which party an unknown tier is, and who says so."""

    party: Id
    source: Short


@router.get("/parties", summary="All parties", responses=answers(PartyPage, 400))
def list_parties(request: Request, desk: AtDesk, page: Paged, asking: Reads) -> Response:
    """List the parties of the channel by id, unknown tiers too."""
    found = []
    with desk.reading() as connection:
        for party in register.every(connection):
            if page.after is None or party.id > page.after:
                found.append(party)
            if len(found) == page.wanted:
                break
    return answer_page(
        request, page, found, key=lambda party: party.id, show=lambda party: party.to_json()
    )


@router.post(
    "/parties",
    status_code=201,
    summary="Make a party known",
    dependencies=[CREATES],
    responses=answers(PartyTold, 400, 409, 413, status=201, etag=True),
)
def add_party(
    request: Request, desk: AtDesk, body: Sent, asking: Changes, given: NewParty
) -> Response:
    """Keep a party under an id of your own, and put its names before screening."""
    party = given.party(given.id)

    def make(connection: sa.Connection) -> Response:
        _require_new(connection, party.id)
        register.put(connection, party, actor=asking.actor, now=desk.now())
        answer = etags.answer(request, party.to_json(), status=201)
        answer.headers["Location"] = f"{router.prefix}/parties/{quote(party.id, safe='')}"
        return answer

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/parties/{party}",
    summary="One party",
    dependencies=[SHOWS],
    responses=answers(PartyTold, 404, etag=True),
)
def get_party(request: Request, desk: AtDesk, party: PathId, asking: Reads) -> Response:
    """Show a party as it is known now: names in every script, identifiers, roles."""
    with desk.reading() as connection:
        return etags.answer(request, _party(connection, party).to_json())


@router.get(
    "/parties/{party}/standing",
    summary="What screening says of a party",
    responses=answers(StandingTold, 404),
)
def get_party_standing(request: Request, desk: AtDesk, party: PathId, asking: Reads) -> Response:
    """Show what screening and ownership say of a party now, all its owners included."""
    with desk.reading() as connection:
        _party(connection, party)
        found = standing(connection, [party])
    because: list[Json] = [{"party": id_, "path": path} for id_, path in found.because]
    told: dict[str, Json] = {
        "party": party,
        "list_status": found.list_status,
        "because": because,
        "manifests": list(found.manifests),
    }
    return etags.answer(request, told)


@router.put(
    "/parties/{party}",
    summary="Change a party",
    dependencies=[CHANGES],
    responses=answers(PartyTold, 400, 404, 409, 412, 413, 428, etag=True),
)
def change_party(
    request: Request, desk: AtDesk, party: PathId, asking: Changes, given: PartySaid
) -> Response:
    """Keep a new version of a party; the ones before stay on record, and it is screened again."""
    with desk.writing() as connection:
        etags.require_match(request, _party(connection, party).to_json())
        said = given.party(party)
        register.put(connection, said, actor=asking.actor, now=desk.now())
    return etags.answer(request, said.to_json())


@router.post(
    "/parties/{party}/identification",
    status_code=201,
    summary="Say who an unknown tier is",
    dependencies=[CREATES],
    responses=answers(PartyTold, 400, 404, 409, 413, status=201, etag=True),
)
def identify_party(
    request: Request, desk: AtDesk, body: Sent, asking: Changes, party: PathId, given: Identifying
) -> Response:
    """Say which party an unknown tier is; its edges and stakes are that party's from then on."""

    def make(connection: sa.Connection) -> Response:
        _party(connection, party)
        register.identify(
            connection, party, given.party, source=given.source, actor=asking.actor, now=desk.now()
        )
        return etags.answer(request, _party(connection, given.party).to_json(), status=201)

    return desk.create(request, body, asking.actor.id, make)


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
            register.stakes(connection) if party is None else register.stakes_of(connection, party)
        )
    found = [stake for stake in every if page.after is None or stake.id > page.after]
    return answer_page(
        request,
        page,
        found[: page.wanted],
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
        kept = register.record_stake(connection, stake, actor=asking.actor, now=desk.now())
        return _made(kept.to_json())

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
        every = register.edges(connection, deal=deal)
    found = [edge for edge in every if page.after is None or edge.id > page.after]
    return answer_page(
        request,
        page,
        found[: page.wanted],
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
        kept = register.record_edge(connection, edge, actor=asking.actor, now=desk.now())
        return _made(kept.to_json())

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
        ended = register.end(
            connection,
            relation,
            until=given.until,
            because=given.because,
            actor=asking.actor,
            now=desk.now(),
        )
        return _made(ended.to_json())

    return desk.create(request, body, asking.actor.id, make)


def _party(connection: sa.Connection, party: str) -> Party:
    with missing_is_404("party"):
        return register.find(connection, party)


def _require_new(connection: sa.Connection, party: str) -> None:
    if any(each.id == party for each in register.named(connection, party)):
        raise Problem(409, "the party is known already; PUT what changed")


def _made(shown: dict[str, Json]) -> Response:
    return Response(orjson.dumps(shown), status_code=201, media_type="application/json")
