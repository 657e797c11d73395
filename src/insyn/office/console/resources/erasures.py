"""`/api/v1/erasures`: personal data erased for good, by a privacy officer.

Always: an erasure is a leaf and cannot be taken back; answers kept for Idempotency-Keys may hold
what is erased, and go with it. People of the office and signatories have routes of their own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Body, Depends, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from insyn.base.errors import Refusal
from insyn.office.console.problems import Problem
from insyn.office.console.resources import schema
from insyn.office.console.resources.described import CREATES, Given, Id, Told, answers
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.signed_in import Wants
from insyn.office.diligence.cases import deals, erasing
from insyn.office.diligence.parties import register
from insyn.trust.ledger import privacy
from insyn.trust.people.duties import Actor
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Erasure"])

Erases = Annotated[Identified, Depends(Wants(scope="people", action="personal.erase"))]

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]{0,63}$")]
LARGEST_FACT = 2**31 - 1


class ErasureTold(Told):
    """How many fields beside the ledger's leaves went; the leaves verify as before."""

    fields: int


class _Erasure(Given):
    of: str
    because: Word = Field(examples=["request"])

    def carry_out(self, connection: sa.Connection, *, actor: Actor, now: datetime) -> int:
        """Erase; gives how many fields beside the ledger went."""
        raise NotImplementedError


class PartyErasure(_Erasure):
    """Who a natural person in the channel is."""

    of: Literal["party"]
    party: Id

    def carry_out(self, connection: sa.Connection, *, actor: Actor, now: datetime) -> int:
        """Erase; gives how many fields beside the ledger went."""
        with missing_is_404("party"):
            register.find(connection, self.party)
        return erasing.erase_party(
            connection, self.party, because=self.because, actor=actor, now=now
        )


class FactErasure(_Erasure):
    """The value and source of a fact about a deal."""

    of: Literal["fact"]
    deal: Id
    fact: Annotated[int, Field(ge=0, le=LARGEST_FACT)]

    def carry_out(self, connection: sa.Connection, *, actor: Actor, now: datetime) -> int:
        """Erase; gives how many fields beside the ledger went."""
        if all(fact.id != self.fact for fact in deals.facts_of(connection, self.deal)):
            raise Problem(404, "the deal has no such fact")
        return erasing.erase_fact(
            connection, self.deal, self.fact, because=self.because, actor=actor, now=now
        )


class LedgerErasure(_Erasure):
    """What the ledger keeps beside its leaves of one subject, such as a deal."""

    of: Literal["ledger"]
    subject: Id

    def carry_out(self, connection: sa.Connection, *, actor: Actor, now: datetime) -> int:
        """Erase; gives how many fields beside the ledger went."""
        fields = privacy.erase(
            connection, self.subject, now=now, who=actor.id, because=self.because
        )
        if not fields:
            raise Refusal("the ledger keeps no personal data of that subject")
        return fields


AnyErasure = Annotated[PartyErasure | FactErasure | LedgerErasure, Field(discriminator="of")]


@router.post(
    "/erasures",
    status_code=201,
    summary="Erase personal data",
    dependencies=[CREATES],
    responses=answers(ErasureTold, 400, 404, 409, 413, status=201),
)
def erase_personal_data(
    request: Request,
    desk: AtDesk,
    body: Sent,
    asking: Erases,
    given: Annotated[AnyErasure, Body()],
) -> Response:
    """Erase who a natural person in the channel is, a fact's value, or what the ledger keeps.

    Refused while a case that is not closed rests on it: that is kept as long as the law asks for.
    """

    def make(connection: sa.Connection) -> Response:
        fields = given.carry_out(connection, actor=asking.actor, now=desk.now())
        connection.execute(sa.delete(schema.idempotency_keys))
        told = orjson.dumps({"fields": fields})
        return Response(told, status_code=201, media_type="application/json")

    return desk.create(request, body, asking.actor.id, make)
