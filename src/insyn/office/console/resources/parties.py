"""`/api/v1/parties`: who is in the channel, unknown tiers too, and what screening says of them."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import (
    CHANGES,
    CREATES,
    SHOWS,
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
    Party,
    PartyIdentifier,
    PartyKind,
    PartyName,
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


def _party(connection: sa.Connection, party: str) -> Party:
    with missing_is_404("party"):
        return register.find(connection, party)


def _require_new(connection: sa.Connection, party: str) -> None:
    if any(each.id == party for each in register.named(connection, party)):
        raise Problem(409, "the party is known already; PUT what changed")
