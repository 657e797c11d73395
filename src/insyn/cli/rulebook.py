"""`insyn rulebook`: show, check and compare rulebooks; no office needs to be set up."""

from __future__ import annotations

from typing import Annotated

import typer

from insyn.cli.deal import read_book
from insyn.cli.options import JsonOption

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
def diff(before: BookArgument, after: BookArgument, json: JsonOption = False) -> None:
    """List rules added, removed or changed between two rulebooks. Exit 1 where they differ."""
    import orjson

    from insyn.office.diligence.rulebook import diff as compare

    changes = compare(read_book(before), read_book(after))
    if json:
        told = [{"id": change.id, "change": str(change)} for change in changes]
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        for change in changes:
            typer.echo(str(change))
        typer.echo(f"{len(changes)} rules differ")
    if changes:
        raise typer.Exit(1)
