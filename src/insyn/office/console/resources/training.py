"""`/api/v1/training`: modules, what was completed, and what somebody's roles still ask for.

Always: right answers are never told; what one takes oneself counts by its score alone, and a
trainer's word is never one's own.
"""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import (
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
from insyn.office.console.resources.desk import AtDesk, Desk, Sent
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_page, answer_whole
from insyn.office.console.resources.signed_in import Wants, require_role
from insyn.office.console.resources.told import made
from insyn.office.diligence.commitments import training
from insyn.office.diligence.commitments.modules import LONGEST_BYTES, Module, paper, score_percent
from insyn.trust.people import users
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1/training", tags=["Training"])

Anyone = Annotated[Identified, Depends(Wants(scope="people", reads=True))]
Takes = Annotated[Identified, Depends(Wants(scope="people", action="training.take"))]
Trains = Annotated[Identified, Depends(Wants(scope="people", action="training.record"))]
Adds = Annotated[Identified, Depends(Wants(scope="people", action="training.add"))]

MAX_QUESTIONS = 200
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class ModuleLine(Told):
    """A module: for whom, how long it counts, and the digest of its text."""

    id: str
    version: str
    title: str
    required_for: list[str]
    validity_months: int
    questions: int
    digest: str


class ModuleTold(ModuleLine):
    """A module with what is to be learned."""

    text: str


class ModulePage(PageOf):
    """A page of modules, by id."""

    items: list[ModuleLine]


class QuestionTold(Told):
    """A question and its answers, of which one is right."""

    text: str
    answers: list[str]


class PaperTold(Told):
    """The questions in an order that the seed alone decides."""

    module: str
    version: str
    digest: str
    seed: int
    questions: list[QuestionTold]


class RecordTold(Told):
    """A completed module; `score_percent` null: the trainer gave none."""

    number: int
    person: str
    module: str
    version: str
    digest: str
    score_percent: int | None
    how: str
    completed_on: str
    recorded_at: str
    by: str


class RecordPage(PageOf):
    """A page of records, in the order they were made."""

    items: list[RecordTold]


class StandingLine(Told):
    """A module that somebody's roles ask for; `why_not` is empty where it counts."""

    module: str
    version: str
    title: str
    completed_on: str | None
    until: str | None
    why_not: str


class StandingTold(Told):
    """Where somebody stands in all modules that their roles ask for."""

    person: str
    modules: list[StandingLine]


class NewModule(Given):
    """A module of the company's own, as Markdown; docs/reference/commitments.md has the format."""

    content: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_BYTES)]


class Answers(Given):
    """Answers to a paper, in its order, each as it stands there."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="Of the module that was asked."
    )
    seed: Seed
    answers: Annotated[list[Line], Field(max_length=MAX_QUESTIONS)]


class NewRecord(Given):
    """What somebody has completed with a trainer, on the trainer's word."""

    person: Id
    module: Id = Field(examples=["two-people-and-a-reason"])
    completed_on: Day
    score_percent: Annotated[int, Field(ge=0, le=100)] | None = None


@router.get("/modules", summary="All modules", responses=answers(ModulePage, 400))
def list_training_modules(request: Request, desk: AtDesk, page: Paged, asking: Anyone) -> Response:
    """List the modules by id, ours and the company's, in the version that is asked for now."""
    with desk.reading() as connection:
        every = training.known(connection, at=desk.now()).values()
    return answer_whole(
        request,
        page,
        every,
        key=lambda module: module.id,
        show=lambda module: module.to_json(),
    )


@router.post(
    "/modules",
    status_code=201,
    summary="Add a module",
    dependencies=[CREATES],
    responses=answers(ModuleTold, 400, 409, 413, status=201, etag=True),
)
def add_training_module(
    request: Request, desk: AtDesk, body: Sent, asking: Adds, given: NewModule
) -> Response:
    """Keep a module of the company's own, or a later version of one; ours are never replaced."""

    def make(connection: sa.Connection) -> Response:
        module = training.add_module(
            connection,
            given.content.encode(),
            actor=asking.actor,
            now=desk.now(),
            name="the module",
        )
        answer = etags.answer(request, _module(module), status=201)
        answer.headers["Location"] = f"{router.prefix}/modules/{module.id}"
        return answer

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/modules/{module}",
    summary="One module",
    dependencies=[SHOWS],
    responses=answers(ModuleTold, 404, etag=True),
)
def get_training_module(request: Request, desk: AtDesk, module: PathId, asking: Anyone) -> Response:
    """Show what a module teaches; its questions are asked by the paper."""
    with desk.reading() as connection:
        return etags.answer(request, _module(_found(connection, desk, module)))


@router.get(
    "/modules/{module}/paper",
    summary="A module's questions",
    responses=answers(PaperTold, 404),
)
def get_training_paper(
    request: Request,
    desk: AtDesk,
    module: PathId,
    asking: Anyone,
    seed: Annotated[Seed, Query(description="Decides the order; give it back with the answers.")],
) -> Response:
    """Ask a module's questions, in an order that the seed alone decides."""
    with desk.reading() as connection:
        found = _found(connection, desk, module)
    asked: list[Json] = [
        {"text": each.text, "answers": list(each.answers)} for each in paper(found, seed=seed)
    ]
    told: dict[str, Json] = {
        "module": found.id,
        "version": found.version,
        "digest": found.digest,
        "seed": seed,
        "questions": asked,
    }
    return etags.answer(request, told)


@router.post(
    "/modules/{module}/completion",
    status_code=201,
    summary="Take a module",
    dependencies=[CREATES],
    responses=answers(RecordTold, 400, 404, 409, 413, status=201),
)
def take_training(
    request: Request, desk: AtDesk, body: Sent, asking: Takes, module: PathId, given: Answers
) -> Response:
    """Answer a module's paper: passed from 80 % it is kept; else 409, and nothing is kept."""

    def make(connection: sa.Connection) -> Response:
        found = _found(connection, desk, module)
        if found.digest != given.digest:
            raise Problem(409, "the module is another by now; read it, and ask for its paper again")
        score = score_percent(paper(found, seed=given.seed), given.answers)
        kept = training.take(
            connection, found, score_percent=score, actor=asking.actor, now=desk.now()
        )
        return made(kept.to_json())

    return desk.create(request, body, asking.actor.id, make)


@router.get("/records", summary="Training records", responses=answers(RecordPage, 400))
def list_training_records(
    request: Request,
    desk: AtDesk,
    page: Paged,
    asking: Anyone,
    person: Annotated[Id | None, Query(description="Only this person's, by id.")] = None,
) -> Response:
    """List who completed which module, on whose word; one's own, or with the role anybody's."""
    _require_may_see(asking, person)
    last = page.after_number()
    with desk.reading() as connection:
        every = training.records(connection, person=person)
    found = [each for each in every if last is None or each.number > last]
    return answer_page(
        request,
        page,
        found[: page.wanted],
        key=lambda each: each.number,
        show=lambda each: each.to_json(),
    )


@router.post(
    "/records",
    status_code=201,
    summary="Record somebody's training",
    dependencies=[CREATES],
    responses=answers(RecordTold, 400, 404, 409, 413, status=201),
)
def record_training(
    request: Request, desk: AtDesk, body: Sent, asking: Trains, given: NewRecord
) -> Response:
    """Keep what somebody completed with you as their trainer; never what you did yourself."""

    def make(connection: sa.Connection) -> Response:
        with missing_is_404("person"):
            person = users.find(connection, given.person)
        kept = training.record(
            connection,
            _found(connection, desk, given.module),
            person.id,
            completed_on=given.completed_on,
            score_percent=given.score_percent,
            actor=asking.actor,
            now=desk.now(),
        )
        return made(kept.to_json())

    return desk.create(request, body, asking.actor.id, make)


@router.get("/standing", summary="What training is missing", responses=answers(StandingTold, 404))
def get_training_standing(
    request: Request,
    desk: AtDesk,
    asking: Anyone,
    person: Annotated[Id | None, Query(description="By id; else your own.")] = None,
) -> Response:
    """Show each module that somebody's roles ask for, until when it counts, or why it does not."""
    wanted = asking.actor.id if person is None else person
    _require_may_see(asking, wanted)
    now = desk.now()
    with desk.reading() as connection:
        with missing_is_404("person"):
            who = users.find(connection, wanted)
        found = training.status(connection, who.id, who.roles, now)
    return etags.answer(request, {"person": who.id, "modules": [each.to_json() for each in found]})


def _require_may_see(asking: Identified, person: str | None) -> None:
    if person != asking.actor.id:
        require_role(asking.actor, "training.read")


def _found(connection: sa.Connection, desk: Desk, module: str) -> Module:
    with missing_is_404("training module"):
        return training.find_module(connection, module, at=desk.now())


def _module(module: Module) -> dict[str, Json]:
    return {**module.to_json(), "text": module.text}
