"""`/api/v1/rulebooks`: the rules in force, each with its source, and what was ever in force."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import (
    CREATES,
    SHOWS,
    Given,
    PageOf,
    PathId,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.signed_in import Wants
from insyn.office.diligence.cases import rulebooks
from insyn.office.diligence.cases.rerun import rerun
from insyn.office.diligence.rulebook import Rule, Rulebook, check, diff, load, merge, rulebook
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Rulebooks"])

Reads = Annotated[Identified, Depends(Wants(scope="cases", reads=True))]
Compares = Annotated[Identified, Depends(Wants(scope="cases", reads=True, action="case.read"))]
Adopts = Annotated[Identified, Depends(Wants(scope="cases", action="rulebook.adopt"))]

RulebookText = Annotated[str, StringConstraints(min_length=1, max_length=500_000)]
"""A rulebook in YAML."""


class RuleTold(Told):
    """A rule: its condition in CEL, the outcome, why, whose rule it is, and cases that test it."""

    id: str
    title: str
    condition: str
    outcome: str
    because: str
    source: str
    since: str
    fires: list[dict[str, Any]]
    rests: list[dict[str, Any]]


class RulesTold(Told):
    """The rules that judge now."""

    version: str
    rules: list[RuleTold]


class RulebookTold(Told):
    """A rulebook that came into force; `digest` is SHA-256 of its text."""

    name: str
    version: str
    digest: str
    since: str
    by: str


class RulebookPage(PageOf):
    """A page of rulebooks, oldest first."""

    items: list[RulebookTold]


class NewRulebook(Given):
    """A company's rulebook as YAML; it may be stricter than ours, never laxer."""

    content: RulebookText = Field(description="docs/reference/rulebook.md has the format.")


class Compared(Given):
    """Two rulebooks; ours where one is not given."""

    before: RulebookText | None = None
    after: RulebookText | None = None


class ChangeTold(Told):
    """A rule that differs."""

    id: str
    change: str


class DifferenceTold(Told):
    """A case on which the two differ: outcomes, and rules that fire in one alone."""

    case: str
    deal: str
    state: str
    before: str
    after: str
    appeared: list[str]
    vanished: list[str]


class ComparisonTold(Told):
    """What another rulebook would change; `wrong`: where one contradicts its own cases."""

    wrong: list[str]
    rules: list[ChangeTold]
    cases: list[DifferenceTold]


@router.get(
    "/rules",
    summary="The rules in force",
    dependencies=[SHOWS],
    responses=answers(RulesTold, etag=True),
)
def list_rules(request: Request, desk: AtDesk, asking: Reads) -> Response:
    """Show the rules that judge now, ours and the company's."""
    with desk.reading() as connection:
        book = rulebooks.in_force(connection, at=desk.now()).book
    return etags.answer(
        request, {"version": book.version, "rules": [_told(rule) for rule in book.rules]}
    )


@router.get(
    "/rules/{rule}",
    summary="One rule",
    dependencies=[SHOWS],
    responses=answers(RuleTold, 404, etag=True),
)
def get_rule(request: Request, desk: AtDesk, rule: PathId, asking: Reads) -> Response:
    """Show one rule that judges now, with its source and the cases that test it."""
    with desk.reading() as connection:
        book = rulebooks.in_force(connection, at=desk.now()).book
    found = next((each for each in book.rules if each.id == rule), None)
    if found is None:
        raise Problem(404, "there is no such rule in force")
    return etags.answer(request, _told(found))


@router.get(
    "/rulebooks",
    summary="Rulebooks that came into force",
    responses=answers(RulebookPage, 400),
)
def list_rulebooks(request: Request, desk: AtDesk, page: Paged, asking: Reads) -> Response:
    """List all rulebooks that ever came into force in this office, oldest first."""
    with desk.reading() as connection:
        every = list(enumerate(rulebooks.adopted(connection)))
    last = page.after_number()
    start = 0 if last is None else last + 1
    found = every[start : start + page.wanted]
    return answer_page(
        request, page, found, key=lambda item: item[0], show=lambda item: item[1].to_json()
    )


@router.post(
    "/rulebooks",
    status_code=201,
    summary="Put a company's rulebook into force",
    dependencies=[CREATES],
    responses=answers(RulebookTold, 400, 409, 413, status=201),
)
def adopt_rulebook(
    request: Request, desk: AtDesk, body: Sent, asking: Adopts, given: NewRulebook
) -> Response:
    """Put a rulebook into force beside ours, if it is not laxer and agrees with its own cases."""

    def make(connection: sa.Connection) -> Response:
        found = rulebooks.adopt(connection, given.content, actor=asking.actor, now=desk.now())
        return Response(
            orjson.dumps(found.to_json()), status_code=201, media_type="application/json"
        )

    return desk.create(request, body, asking.actor.id, make)


@router.post(
    "/rulebooks/comparison",
    summary="What another rulebook would change",
    responses=answers(ComparisonTold, 400, 409, 413),
)
def compare_rulebooks(
    request: Request, desk: AtDesk, asking: Compares, given: Compared
) -> Response:
    """Judge every open and permitted case by both rulebooks, and tell which rules and cases differ.

    Nothing is put into force. A company's rulebook is judged beside ours.
    """
    old, new = (_read(text) for text in (given.before, given.after))
    beside = [
        book if book.name == rulebooks.OURS else merge(rulebook(), book) for book in (old, new)
    ]
    with desk.reading() as connection:
        cases = rerun(connection, beside[0], beside[1], now=desk.now())
    told = {
        "wrong": [f"{book.name}, {line}" for book in (old, new) for line in check(book)],
        "rules": [{"id": each.id, "change": str(each)} for each in diff(old, new)],
        "cases": [case.to_json() for case in cases],
    }
    return Response(orjson.dumps(told), media_type="application/json")


def _read(text: str | None) -> Rulebook:
    return rulebook() if text is None else load(text, name="the rulebook")


def _told(rule: Rule) -> dict[str, Json]:
    # The cases hold what YAML holds, days among it.
    cases = {"fires": list(rule.fires), "rests": list(rule.rests)}
    told: dict[str, Json] = orjson.loads(orjson.dumps(cases))
    return {
        "id": rule.id,
        "title": rule.title,
        "condition": rule.condition,
        "outcome": rule.outcome.name,
        "because": rule.because,
        "source": str(rule.source),
        "since": str(rule.since),
        **told,
    }
