"""`/api/v1/products` and `/notices`: the catalogue, export control, and what authorities told."""

from __future__ import annotations

import secrets
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
    Day,
    Digest,
    Given,
    Line,
    Number,
    PageOf,
    PathId,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Desk, Sent
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.signed_in import Wants
from insyn.office.diligence.products import catalogue, notices
from insyn.office.diligence.products.model import ExportClass, Product, ProductKind, Said
from insyn.office.diligence.products.notice import About, KeptNotice, Notice
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Products"])

Reads = Annotated[Identified, Depends(Wants(scope="deals", reads=True, action="case.read"))]
Adds = Annotated[Identified, Depends(Wants(scope="deals", action="product.add"))]
Classifies = Annotated[Identified, Depends(Wants(scope="deals", action="product.classify"))]
Confirms = Annotated[Identified, Depends(Wants(scope="deals", action="product.confirm"))]
Notes = Annotated[Identified, Depends(Wants(scope="deals", action="notice.add"))]
Lifts = Annotated[Identified, Depends(Wants(scope="deals", action="notice.lift"))]
Ends = Annotated[Identified, Depends(Wants(scope="deals", action="notice.confirm"))]

ProductId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
Words = Annotated[list[Annotated[Line, Field(max_length=300)]], Field(max_length=100)]


class ClassificationTold(Told):
    """What was said of a product's class, by whom, and who confirmed it."""

    number: int
    product: str
    class_: str = Field(alias="class")
    entry: str | None
    reason: str
    authority: str
    decided_on: str
    source: str
    recorded_at: str
    by: str
    confirmed_at: str | None
    confirmed_by: str | None


class ProductLine(Told):
    """A product with the class that stands."""

    id: str
    name: str
    kind: str
    maker: str | None
    capabilities: list[str]
    class_: str = Field(alias="class")
    entry: str | None


class ProductTold(ProductLine):
    """A product, and all that was ever said of its class."""

    classifications: list[ClassificationTold]


class ProductPage(PageOf):
    """A page of products, by id."""

    items: list[ProductLine]


class LiftingTold(Told):
    """An authority's word that its notice no longer holds; not confirmed, it does not count."""

    number: int
    notice: str
    reference: str
    lifted_on: str
    sha256: str
    recorded_at: str
    by: str
    confirmed_at: str | None
    confirmed_by: str | None


class NoticeTold(Told):
    """What an authority has told, and its liftings."""

    id: str
    about: str
    subject: str
    authority: str
    reference: str
    received_on: str
    sha256: str
    basis: str
    note: str
    recorded_at: str
    by: str
    liftings: list[LiftingTold]


class NoticePage(PageOf):
    """A page of notices, by id."""

    items: list[NoticeTold]


class NewProduct(Given):
    """A product, or a newer version of one that is known."""

    id: ProductId = Field(examples=["CAM-100"])
    name: Annotated[Line, Field(max_length=300)]
    kind: Annotated[ProductKind, Field(strict=False)]
    maker: Annotated[Line, Field(max_length=300)] | None = None
    capabilities: Words = Field(default_factory=list)


class NewClass(Given):
    """A classification with its reason and source; `entry` for a listed product alone."""

    class_: Annotated[ExportClass, Field(strict=False, alias="class")]
    reason: Line
    authority: Line
    decided_on: Day
    source: Line
    entry: Annotated[Line, Field(max_length=40)] | None = None


class NewNotice(Given):
    """What an authority told, by the SHA-256 of its document."""

    about: Annotated[About, Field(strict=False)]
    subject: Annotated[Line, Field(max_length=300)]
    authority: Annotated[Line, Field(max_length=300)]
    reference: Annotated[Line, Field(max_length=300)]
    received_on: Day
    sha256: Digest
    basis: Annotated[Line, Field(max_length=300)] = "Regulation (EU) 2021/821, Article 5(1)"
    note: Line | None = None


class NewLifting(Given):
    """The authority's own word that its notice no longer holds."""

    reference: Annotated[Line, Field(max_length=300)]
    lifted_on: Day
    sha256: Digest


@router.get("/products", summary="All products", responses=answers(ProductPage, 400))
def list_products(request: Request, desk: AtDesk, page: Paged, asking: Reads) -> Response:
    """List the products by id, each with the class that stands now."""
    with desk.reading() as connection:
        every = list(catalogue.every(connection, at=desk.now()))
    found = [each for each in every if page.after is None or each.product.id > page.after]
    return answer_page(
        request,
        page,
        found[: page.wanted],
        key=lambda each: each.product.id,
        show=lambda each: each.to_json(),
    )


@router.post(
    "/products",
    status_code=201,
    summary="Make a product known",
    dependencies=[CREATES],
    responses=answers(ProductTold, 400, 409, 413, status=201, etag=True),
)
def add_product(
    request: Request, desk: AtDesk, body: Sent, asking: Adds, given: NewProduct
) -> Response:
    """Keep a product, or another version of one that is known; what stood stays on record."""
    product = Product(
        id=given.id,
        name=given.name,
        kind=given.kind,
        maker=given.maker,
        capabilities=tuple(given.capabilities),
    )

    def make(connection: sa.Connection) -> Response:
        catalogue.add(connection, product, actor=asking.actor, now=desk.now())
        answer = etags.answer(request, _product(connection, desk, product.id), status=201)
        answer.headers["Location"] = f"{router.prefix}/products/{quote(product.id, safe='')}"
        return answer

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/products/{product}",
    summary="One product",
    dependencies=[SHOWS],
    responses=answers(ProductTold, 404, etag=True),
)
def get_product(request: Request, desk: AtDesk, product: PathId, asking: Reads) -> Response:
    """Show a product, the class that stands, and all that was ever said of it."""
    with desk.reading() as connection:
        return etags.answer(request, _product(connection, desk, product))


@router.post(
    "/products/{product}/classifications",
    status_code=201,
    summary="Classify a product",
    dependencies=[CREATES, CHANGES],
    responses=answers(ProductTold, 400, 404, 409, 412, 413, 428, status=201, etag=True),
)
def classify_product(
    request: Request,
    desk: AtDesk,
    body: Sent,
    asking: Classifies,
    product: PathId,
    given: NewClass,
) -> Response:
    """Classify a product; one that is milder than what stands waits for a second person."""
    said = Said(
        export_class=given.class_,
        reason=given.reason,
        authority=given.authority,
        decided_on=given.decided_on,
        source=given.source,
        entry=given.entry,
    )

    def make(connection: sa.Connection) -> Response:
        etags.require_match(request, _product(connection, desk, product))
        catalogue.classify(connection, product, said, actor=asking.actor, now=desk.now())
        return etags.answer(request, _product(connection, desk, product), status=201)

    return desk.create(request, body, asking.actor.id, make)


@router.post(
    "/products/{product}/classifications/{number}/confirmation",
    status_code=201,
    summary="Confirm a classification",
    dependencies=[CREATES],
    responses=answers(ProductTold, 400, 404, 409, status=201, etag=True),
)
def confirm_classification(
    request: Request, desk: AtDesk, body: Sent, asking: Confirms, product: PathId, number: Number
) -> Response:
    """Confirm a milder classification as a second person; from then on it counts."""

    def make(connection: sa.Connection) -> Response:
        _product(connection, desk, product)
        if all(each.number != number for each in catalogue.history(connection, product)):
            raise Problem(404, "the product has no such classification")
        catalogue.confirm(connection, number, actor=asking.actor, now=desk.now())
        return etags.answer(request, _product(connection, desk, product), status=201)

    return desk.create(request, body, asking.actor.id, make)


@router.get("/notices", summary="All notices", responses=answers(NoticePage, 400))
def list_notices(request: Request, desk: AtDesk, page: Paged, asking: Reads) -> Response:
    """List what authorities have told, by id, lifted notices too."""
    with desk.reading() as connection:
        every = sorted(notices.every(connection), key=lambda kept: kept.notice.id)
    found = [kept for kept in every if page.after is None or kept.notice.id > page.after]
    return answer_page(
        request,
        page,
        found[: page.wanted],
        key=lambda kept: kept.notice.id,
        show=lambda kept: kept.to_json(),
    )


@router.post(
    "/notices",
    status_code=201,
    summary="Record an authority's notice",
    dependencies=[CREATES],
    responses=answers(NoticeTold, 400, 409, 413, status=201, etag=True),
)
def add_notice(
    request: Request, desk: AtDesk, body: Sent, asking: Notes, given: NewNotice
) -> Response:
    """Keep what an authority told; it holds every deal that it touches, from its receipt on."""
    notice = Notice(
        id=f"n-{secrets.token_hex(6)}",
        about=given.about,
        subject=given.subject,
        authority=given.authority,
        reference=given.reference,
        received_on=given.received_on,
        sha256=given.sha256,
        basis=given.basis,
        note=given.note or "",
    )

    def make(connection: sa.Connection) -> Response:
        kept = notices.add(connection, notice, actor=asking.actor, now=desk.now())
        answer = etags.answer(request, kept.to_json(), status=201)
        answer.headers["Location"] = f"{router.prefix}/notices/{notice.id}"
        return answer

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/notices/{notice}",
    summary="One notice",
    dependencies=[SHOWS],
    responses=answers(NoticeTold, 404, etag=True),
)
def get_notice(request: Request, desk: AtDesk, notice: PathId, asking: Reads) -> Response:
    """Show what an authority told, and whether and how it was lifted."""
    with desk.reading() as connection:
        return etags.answer(request, _notice(connection, notice).to_json())


@router.post(
    "/notices/{notice}/liftings",
    status_code=201,
    summary="Record that a notice was lifted",
    dependencies=[CREATES, CHANGES],
    responses=answers(NoticeTold, 400, 404, 409, 412, 413, 428, status=201, etag=True),
)
def lift_notice(
    request: Request, desk: AtDesk, body: Sent, asking: Lifts, notice: PathId, given: NewLifting
) -> Response:
    """Record the authority's own lifting; the hold stands until a second person confirms it."""

    def make(connection: sa.Connection) -> Response:
        etags.require_match(request, _notice(connection, notice).to_json())
        notices.lift(
            connection,
            notice,
            reference=given.reference,
            lifted_on=given.lifted_on,
            sha256=given.sha256,
            actor=asking.actor,
            now=desk.now(),
        )
        return etags.answer(request, _notice(connection, notice).to_json(), status=201)

    return desk.create(request, body, asking.actor.id, make)


@router.post(
    "/notices/{notice}/confirmation",
    status_code=201,
    summary="Confirm that a notice was lifted",
    dependencies=[CREATES],
    responses=answers(NoticeTold, 400, 404, 409, status=201, etag=True),
)
def confirm_lifting(
    request: Request, desk: AtDesk, body: Sent, asking: Ends, notice: PathId
) -> Response:
    """Confirm the latest lifting as a second person; the hold ends with it."""

    def make(connection: sa.Connection) -> Response:
        _notice(connection, notice)
        kept = notices.confirm(connection, notice, actor=asking.actor, now=desk.now())
        return etags.answer(request, kept.to_json(), status=201)

    return desk.create(request, body, asking.actor.id, make)


def _product(connection: sa.Connection, desk: Desk, product: str) -> dict[str, Json]:
    with missing_is_404("product"):
        found = catalogue.find(connection, product, at=desk.now())
    said = [each.to_json() for each in catalogue.history(connection, product)]
    return {**found.to_json(), "classifications": said}


def _notice(connection: sa.Connection, notice: str) -> KeptNotice:
    with missing_is_404("notice"):
        return notices.find(connection, notice)
