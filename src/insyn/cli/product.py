"""`insyn product`: what is sold, how it is classified for export, what authorities have said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.cli import notice
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import counted, print_table, shown
from insyn.office.diligence.products.model import Classification, ExportClass, Product, ProductKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from insyn.office.diligence.products.catalogue import Listed
    from insyn.office.screening.sheet import BrokenRow

app = typer.Typer(
    no_args_is_help=True,
    help="Products: classified for export control; authorities' notices hold what they name.",
)
app.add_typer(notice.app, name="notice")

ProductArgument = Annotated[str, typer.Argument(metavar="ID", help="The product's id.")]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="As it stood then; else now.")
]


@app.command("add")
def add(
    product: ProductArgument,
    name: Annotated[str, typer.Option("--name", help="As it stands in offers and orders.")],
    kind: Annotated[ProductKind, typer.Option("--kind", help="What it is.")],
    maker: Annotated[str | None, typer.Option("--maker", help="Who makes it.")] = None,
    capability: Annotated[
        list[str] | None, typer.Option("--capability", help="What it can do; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Keep a product, or another version of it; nobody has classified it then."""
    found = Product(
        id=product, name=name, kind=kind, maker=maker, capabilities=tuple(capability or ())
    )
    new = _keep(data, [found])
    if as_json:
        print(json.dumps({**found.to_json(), "changed": bool(new)}, ensure_ascii=False))
    else:
        print(f"product {shown(found.id)}: {'kept' if new else 'known already'}")


@app.command("import")
def import_products(
    file: Annotated[
        Path, typer.Argument(help="CSV: id, name, kind, maker, capabilities (with | between).")
    ],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Keep the products of a CSV file.

    Exit 1: a row could not be read; all others are kept.
    """
    from insyn.base.errors import Refusal, UnreadableInput, UsageError
    from insyn.office.screening.sheet import open_sheet

    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    sheet = open_sheet(file)
    if not {"id", "name", "kind"} <= set(sheet.header):
        raise UnreadableInput(f"{file.name} needs the columns id, name and kind")
    found, problems = [], []
    for line, row in sheet.rows():
        try:
            found.append(_product(row))
        except Refusal as error:
            problems.append(f"line {line}: {error}")
    new = _keep(data, found)
    if as_json:
        told = {"products": len(found), "changed": new, "problems": problems}
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{counted(len(found), 'product')}: {new} new or changed")
        for problem in problems:
            typer.echo(f"insyn: {shown(problem)}", err=True)
    raise typer.Exit(1 if problems else 0)


@app.command("list")
def list_products(
    export_class: Annotated[
        ExportClass | None, typer.Option("--class", help="Only those of this class.")
    ] = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List the products, with the class that stands; unknown: nobody has classified it."""
    from insyn.office.diligence.products import catalogue
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        every = catalogue.every(connection, at=_moment(as_of))
        found = [each for each in every if export_class in (None, each.export_class)]
    if as_json:
        for each in found:
            print(json.dumps(each.to_json(), ensure_ascii=False))
    elif found:
        print_table(("product", "name", "kind", "maker", "class"), [_row(each) for each in found])
    else:
        print("no products; `insyn product import FILE` brings them in")


@app.command("show")
def show(
    product: ProductArgument,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show a product as it stood, and everything that was ever said of its class."""
    from insyn.office.diligence.products import catalogue
    from insyn.office.diligence.products.model import standing
    from insyn.office.screening.store import open_store

    at = _moment(as_of)
    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = catalogue.find(connection, product, at=at)
        said = [each for each in catalogue.history(connection, product) if each.recorded_at <= at]
    if as_json:
        history = [each.to_json() for each in said]
        print(json.dumps({**found.to_json(), "history": history}, ensure_ascii=False))
        return
    print_table(("product", "name", "kind", "maker", "class"), [_row(found)])
    stands = standing(said, at=at)
    if said:
        print_table(
            ("number", "class", "by whom", "decided", "reason", "source", "stands"),
            [_said_row(each, stands) for each in said],
        )
    else:
        print("nobody has classified it: unknown (insyn product classify)")


@app.command("classify")
def classify(
    product: ProductArgument,
    export_class: Annotated[ExportClass, typer.Argument(metavar="CLASS", help="What it is.")],
    because: Annotated[str, typer.Option("--because", help="Why, in a sentence.")],
    authority: Annotated[
        str, typer.Option("--by", help="Who decided: an authority with its reference, or you.")
    ],
    source: Annotated[str, typer.Option("--source", help="The document that it rests on.")],
    on: Annotated[str, typer.Option("--on", metavar="DAY", help="When it was decided.")],
    entry: Annotated[
        str | None, typer.Option("--entry", help="Of the list, such as 5A001.j, where listed.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Classify a product, as export officer; a milder class waits for a second person."""
    from insyn.cli.acting import acting
    from insyn.cli.days import day_of
    from insyn.office.diligence.products import catalogue
    from insyn.office.diligence.products.model import Said, standing
    from insyn.office.screening.store import open_store

    day = day_of(on)
    said = Said(
        export_class=export_class,
        reason=because,
        authority=authority,
        decided_on=day,
        source=source,
        entry=entry,
    )
    directory, now = data_directory(data), system_clock()
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        kept = catalogue.classify(connection, product, said, actor=actor, now=now)
        stands = standing(catalogue.history(connection, product), at=now)
    waits = stands is None or stands.number != kept.number
    if as_json:
        print(json.dumps({**kept.to_json(), "stands": not waits}, ensure_ascii=False))
    else:
        print(f"classification {kept.number}: {export_class}")
        if waits:
            print(
                "it is milder than what stands, and counts once a second person confirms it "
                f"(insyn product confirm {kept.number})"
            )


@app.command("confirm")
def confirm(
    number: Annotated[int, typer.Argument(help="The classification's number.")],
    data: DataOption = None,
) -> None:
    """Confirm a milder classification, as a second person."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.products import catalogue
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        catalogue.confirm(connection, number, actor=actor, now=system_clock())
    print(f"classification {number} is confirmed")


def _keep(data: Path | None, found: list[Product]) -> int:
    """Keep products in one transaction; gives how many are new or changed."""
    from insyn.cli.acting import acting_or_office
    from insyn.office.diligence.products import catalogue
    from insyn.office.screening.store import open_store

    directory, now = data_directory(data), system_clock()
    with open_store(directory) as store, store.writing() as connection:
        actor = acting_or_office(directory, connection)
        return sum(catalogue.add(connection, each, actor=actor, now=now) for each in found)


def _product(row: Mapping[str, str] | BrokenRow) -> Product:
    from insyn.base.errors import Refusal
    from insyn.office.lists.formats.tabular import first
    from insyn.office.screening.sheet import BrokenRow

    if isinstance(row, BrokenRow):
        raise Refusal(row.reason)
    kind = first(row, "kind").lower()
    if kind not in list(ProductKind):
        raise Refusal(f"kind is one of {', '.join(ProductKind)}")
    parts = first(row, "capabilities").replace(";", "|").split("|")
    return Product(
        id=first(row, "id"),
        name=first(row, "name"),
        kind=ProductKind(kind),
        maker=first(row, "maker") or None,
        capabilities=tuple(part.strip() for part in parts if part.strip()),
    )


def _moment(as_of: str | None) -> datetime:
    from insyn.cli.case_files import read_moment

    return system_clock() if as_of is None else read_moment(as_of)


def _row(each: Listed) -> tuple[str, ...]:
    found = each.product
    stands = f"{each.export_class} {each.entry}" if each.entry else str(each.export_class)
    return (found.id, found.name, str(found.kind), found.maker or "unknown", stands)


def _said_row(each: Classification, stands: Classification | None) -> tuple[str, ...]:
    said = each.said
    confirmed = f", confirmed {isoformat(each.confirmed.at)}" if each.confirmed else ""
    return (
        str(each.number),
        f"{said.export_class} {said.entry or ''}".strip(),
        said.authority,
        f"{said.decided_on}{confirmed}",
        said.reason,
        said.source,
        "yes" if stands is not None and stands.number == each.number else "",
    )
