"""`insyn rulebook`: show, check, compare and adopt rulebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.cli.deal import read_book
from insyn.cli.options import DataOption, JsonOption, data_directory

if TYPE_CHECKING:
    from insyn.office.diligence.cases.rerun import Difference
    from insyn.office.diligence.rulebook import Rulebook

app = typer.Typer(
    name="rulebook",
    no_args_is_help=True,
    help="The rules that deals are judged by: show, check and compare them.",
)
BookArgument = Annotated[
    str,
    typer.Argument(metavar="RULEBOOK", help="A version of ours such as 1.0.0, or a YAML file."),
]


@app.command()
def show(
    rule: Annotated[
        str | None, typer.Argument(metavar="[RULE]", help="One rule's id, such as R-11.")
    ] = None,
    book: Annotated[
        str | None, typer.Option("--book", metavar="RULEBOOK", help="Another than today's.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show all rules and the facts they judge by, or one rule with its source and cases."""
    import orjson

    from insyn.base.errors import UsageError
    from insyn.office.diligence.facts import FACTS
    from insyn.office.diligence.rulebook import CURRENT

    found = read_book(book or CURRENT)
    rules = [r for r in found.rules if rule in (None, r.id)]
    if not rules:
        raise UsageError(f"there is no rule {rule} in rulebook {found.version}")
    if json:
        told = [
            {
                "id": r.id,
                "title": r.title,
                "condition": r.condition,
                "outcome": r.outcome.name,
                "because": r.because,
                "source": str(r.source),
                "since": r.since,
                "fires": list(r.fires),
                "rests": list(r.rests),
            }
            for r in rules
        ]
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    for r in rules:
        typer.echo(f"{r.id}  {r.outcome.name:<16}  {r.title}")
        if rule:
            typer.echo(f"  if       {r.condition}\n  because  {r.because}")
            typer.echo(f"  source   {r.source}\n  since    {r.since}")
            for verb, cases in (("fires", r.fires), ("rests", r.rests)):
                for case in cases:
                    typer.echo(f"  {verb:<7}  {dict(case)}")
    if not rule:
        typer.echo("\nFacts a condition may name:")
        for name, (kind, meaning) in FACTS.items():
            typer.echo(f"  {name:<22} {kind:<7} {meaning}")


@app.command()
def check(book: BookArgument = "", json: JsonOption = False) -> None:
    """Check a rulebook: that it loads, stands beside ours, and does in its cases what it says.

    Exit 1 where something is wrong; the message names line and rule.
    """
    import orjson

    from insyn.office.diligence.rulebook import CURRENT, merge, rulebook
    from insyn.office.diligence.rulebook import check as try_cases

    found = read_book(book or CURRENT)
    if found.name != rulebook().name:
        merge(rulebook(), found)
    wrong = try_cases(found)
    cases = sum(len(r.fires) + len(r.rests) for r in found.rules)
    if json:
        typer.echo(orjson.dumps({"rules": len(found.rules), "cases": cases, "wrong": wrong}))
    else:
        for line in wrong:
            typer.echo(f"{found.name}, {line}")
        typer.echo(f"{len(found.rules)} rules, {cases} cases, {len(wrong)} wrong")
    if wrong:
        raise typer.Exit(1)


@app.command()
def diff(
    before: BookArgument, after: BookArgument, json: JsonOption = False, data: DataOption = None
) -> None:
    """List rules that differ between two rulebooks, and the cases on which they differ.

    Every open and permitted case of the office is judged by both; a file is judged beside ours.
    Exit 1 where anything differs.
    """
    import orjson

    from insyn.office.diligence.rulebook import diff as compare

    old, new = read_book(before), read_book(after)
    changes = compare(old, new)
    cases = _rerun(old, new, data)
    if json:
        told = {
            "rules": [{"id": change.id, "change": str(change)} for change in changes],
            "cases": [case.to_json() for case in cases],
        }
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        for change in changes:
            typer.echo(str(change))
        typer.echo(f"{len(changes)} rules differ")
        _tell_cases(cases)
    if changes or cases:
        raise typer.Exit(1)


@app.command()
def adopt(
    file: Annotated[Path, typer.Argument(metavar="YAML", help="Your company's rulebook.")],
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Put your own rulebook into force beside ours, from now on; it is never laxer than ours.

    Cases are judged by both from then on; `insyn case sweep` opens again those whose rules change.
    """
    import orjson

    from insyn.base.clock import system_clock
    from insyn.base.errors import EnvironmentFailure
    from insyn.cli.acting import acting
    from insyn.office.diligence.cases import rulebooks
    from insyn.office.screening.store import open_store

    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFailure(f"cannot read the rulebook {file}: {error}") from error
    directory = data_directory(data)
    now = system_clock()
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        rulebooks.adopt_ours(connection, now=now)
        found = rulebooks.adopt(connection, text, actor=actor, now=now)
    if json:
        typer.echo(orjson.dumps(found.to_json()).decode())
    else:
        typer.echo(f"{found.name} {found.version} is in force beside ours")


@app.command()
def history(json: JsonOption = False, data: DataOption = None) -> None:
    """List the rulebooks that were in force in this office, and since when."""
    import orjson

    from insyn.base.clock import isoformat
    from insyn.cli.tables import print_table
    from insyn.office.diligence.cases import rulebooks
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = rulebooks.adopted(connection)
    if json:
        typer.echo(orjson.dumps([each.to_json() for each in found]).decode())
    elif found:
        rows = [(each.name, each.version, isoformat(each.since), each.by) for each in found]
        print_table(("rulebook", "version", "since", "by"), rows)
    else:
        typer.echo("no rulebook is in force yet; the first deal or case brings ours in")


def _rerun(old: Rulebook, new: Rulebook, data: Path | None) -> list[Difference]:
    """Nothing where there is no office yet: the rules alone are compared then."""
    from insyn.base.clock import system_clock
    from insyn.office.diligence.cases.rerun import rerun
    from insyn.office.diligence.rulebook import merge, rulebook
    from insyn.office.screening.database import database_exists
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    if not database_exists(directory):
        return []
    ours = rulebook()
    books = [book if book.name == ours.name else merge(ours, book) for book in (old, new)]
    with open_store(directory) as store, store.reading() as connection:
        return rerun(connection, books[0], books[1], now=system_clock())


def _tell_cases(cases: list[Difference]) -> None:
    from insyn.cli.tables import print_table

    changed = sum(1 for case in cases if case.changes_outcome)
    if cases:
        rows = [
            (
                case.case,
                case.deal,
                str(case.state),
                f"{case.before.name} to {case.after.name}",
                " ".join([*(f"+{i}" for i in case.appeared), *(f"-{i}" for i in case.vanished)]),
            )
            for case in cases
        ]
        print_table(("case", "deal", "state", "outcome", "rules"), rows)
    typer.echo(f"{changed} open or permitted cases come to another outcome")
