"""The catalogue in the database: products, their versions, how they are classified.

Always: nothing is edited; every function that takes `at` tells what stood then. All work inside
the transaction of the connection they are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from insyn.base.canonical import Json, digest
from insyn.base.errors import Refusal
from insyn.office.diligence.products import recorded, schema
from insyn.office.diligence.products.model import (
    Classification,
    Confirmation,
    ExportClass,
    Product,
    ProductKind,
    Said,
    class_of,
    is_milder,
    standing,
)
from insyn.office.screening.recorded import id_of
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import Leaf, Personal
from insyn.trust.people.duties import Actor, Done, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A product as it stood, with the class that stood."""

    product: Product
    export_class: ExportClass
    entry: str | None

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        told = self.product.to_json()
        return {**told, "class": str(self.export_class), "entry": self.entry}


def add(connection: sa.Connection, product: Product, *, actor: Actor, now: datetime) -> bool:
    """Keep a product, or another version of one that is known; gives whether anything is new.

    Raises:
        Refusal: the actor may not.
    """
    require(actor, "product.add")
    known = _latest(connection, product.id, now)
    if known == product:
        return False
    if known is None:
        values = {"id": product.id, "added_at": now, "by": actor.id}
        connection.execute(sa.insert(schema.products).values(values))
    row = {name: getattr(product, name) for name in ("name", "maker")}
    row |= {"product": product.id, "kind": str(product.kind)}
    row |= {"capabilities": list(product.capabilities), "recorded_at": now, "by": actor.id}
    connection.execute(sa.insert(schema.versions), [row])
    what: dict[str, Json] = {
        "product": id_of(product.id),
        "digest": digest(product.to_json()),
        "is_new": known is None,
    }
    kind = recorded.PRODUCT_RECORDED.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what), now=now)
    return True


def classify(
    connection: sa.Connection, product: str, said: Said, *, actor: Actor, now: datetime
) -> Classification:
    """Classify a product. One that is milder than what stands waits for a second person.

    Raises:
        Refusal: the actor may not, the product is unknown, or the day is still to come.
    """
    require(actor, "product.classify")
    find(connection, product, at=now)
    if said.decided_on > now.date():
        raise Refusal(f"product {product}: nobody classified it on a day that is still to come")
    before = standing(history(connection, product), at=now)
    table = schema.classifications
    row = {name: getattr(said, name) for name in said.__slots__}
    row |= {"export_class": str(said.export_class), "product": product}
    row |= {"recorded_at": now, "by": actor.id}
    number = connection.execute(sa.insert(table).returning(table.c.number), [row]).scalar_one()
    what: dict[str, Json] = {
        "product": id_of(product),
        "number": number,
        "class": str(said.export_class),
        "needs_confirming": before is not None and is_milder(said, before.said),
    }
    what |= {"entry": said.entry} if said.entry else {}
    data: dict[str, Json] = {
        "reason": said.reason,
        "authority": said.authority,
        "source": said.source,
    }
    personal = {"said": Personal(subject=product, data=data)}
    kind = recorded.CLASSIFIED.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what, personal=personal), now=now)
    return Classification(number=number, product=product, said=said, recorded_at=now, by=actor.id)


def confirm(connection: sa.Connection, number: int, *, actor: Actor, now: datetime) -> None:
    """Confirm a classification that is milder than the one before it, as a second person.

    Raises:
        Refusal: the actor may not or made it, there is none, or it was confirmed before.
    """
    table = schema.classifications
    row = connection.execute(sa.select(table).where(table.c.number == number)).first()
    if row is None:
        raise Refusal(f"there is no classification {number}; `insyn product show ID` lists them")
    require(actor, "product.confirm", [Done(action="product.classify", by=row.by)])
    confirmed = schema.confirmations
    if connection.execute(sa.select(confirmed).where(confirmed.c.classification == number)).first():
        raise Refusal(f"classification {number} was confirmed before")
    values = {"classification": number, "confirmed_at": now, "by": actor.id}
    connection.execute(sa.insert(confirmed).values(values))
    what: dict[str, Json] = {
        "product": id_of(row.product),
        "number": number,
        "class": row.export_class,
    }
    kind = recorded.CLASS_CONFIRMED.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what), now=now)


def find(connection: sa.Connection, product: str, *, at: datetime) -> Listed:
    """A product as it stood.

    Raises:
        Refusal: it was not known.
    """
    found = _latest(connection, product, at)
    if found is None:
        raise Refusal(f"no product is known as {product!r}; `insyn product list` shows those known")
    return _listed(found, history(connection, product), at)


def every(connection: sa.Connection, *, at: datetime) -> Iterator[Listed]:
    """All products as they stood, by id."""
    versions: dict[str, Product] = {}
    table = schema.versions
    query = sa.select(table).where(table.c.recorded_at <= at).order_by(table.c.number)
    for row in connection.execute(query):
        versions[row.product] = _product(row)
    said: dict[str, list[Classification]] = {}
    for each in _classifications(connection, None):
        said.setdefault(each.product, []).append(each)
    for id_ in sorted(versions):
        yield _listed(versions[id_], said.get(id_, []), at)


def history(connection: sa.Connection, product: str) -> list[Classification]:
    """All that was ever said of a product's class, in order."""
    return list(_classifications(connection, product))


def _classifications(connection: sa.Connection, product: str | None) -> Iterator[Classification]:
    table, confirmed = schema.classifications, schema.confirmations
    query = (
        sa.select(table, confirmed.c.confirmed_at, confirmed.c.by.label("confirmed_by"))
        .outerjoin(confirmed, confirmed.c.classification == table.c.number)
        .order_by(table.c.number)
    )
    if product is not None:
        query = query.where(table.c.product == product)
    for row in connection.execute(query):
        yield Classification(
            number=row.number,
            product=row.product,
            said=Said(
                export_class=ExportClass(row.export_class),
                reason=row.reason,
                authority=row.authority,
                decided_on=row.decided_on,
                source=row.source,
                entry=row.entry,
            ),
            recorded_at=row.recorded_at,
            by=row.by,
            confirmed=Confirmation(by=row.confirmed_by, at=row.confirmed_at)
            if row.confirmed_at
            else None,
        )


def _latest(connection: sa.Connection, product: str, at: datetime) -> Product | None:
    table = schema.versions
    query = sa.select(table).where(table.c.product == product, table.c.recorded_at <= at)
    row = connection.execute(query.order_by(table.c.number.desc()).limit(1)).first()
    return None if row is None else _product(row)


def _product(row: sa.Row[Any]) -> Product:
    return Product(
        id=row.product,
        name=row.name,
        kind=ProductKind(row.kind),
        maker=row.maker,
        capabilities=tuple(row.capabilities),
    )


def _listed(product: Product, said: list[Classification], at: datetime) -> Listed:
    stands = standing(said, at=at)
    return Listed(
        product=product,
        export_class=class_of(said, at=at),
        entry=stands.said.entry if stands else None,
    )
