"""`/api/v1/products`: the catalogue, and what export control says of each product."""

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
    Day,
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
from insyn.office.console.resources.paging import Paged, answer_whole
from insyn.office.console.resources.signed_in import Wants
from insyn.office.diligence.products import catalogue
from insyn.office.diligence.products.model import ExportClass, Product, ProductKind, Said
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Products"])

Reads = Annotated[Identified, Depends(Wants(scope="deals", reads=True, action="case.read"))]
Adds = Annotated[Identified, Depends(Wants(scope="deals", action="product.add"))]
Classifies = Annotated[Identified, Depends(Wants(scope="deals", action="product.classify"))]
Confirms = Annotated[Identified, Depends(Wants(scope="deals", action="product.confirm"))]

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


@router.get("/products", summary="All products", responses=answers(ProductPage, 400))
def list_products(request: Request, desk: AtDesk, page: Paged, asking: Reads) -> Response:
    """List the products by id, each with the class that stands now."""
    with desk.reading() as connection:
        every = list(catalogue.every(connection, at=desk.now()))
    return answer_whole(
        request,
        page,
        every,
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


def _product(connection: sa.Connection, desk: Desk, product: str) -> dict[str, Json]:
    with missing_is_404("product"):
        found = catalogue.find(connection, product, at=desk.now())
    said = [each.to_json() for each in catalogue.history(connection, product)]
    return {**found.to_json(), "classifications": said}
