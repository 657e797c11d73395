"""`insyn deal`: assess deals from a file; no office needs to be set up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.cli.options import JsonOption
from insyn.cli.tables import counted

if TYPE_CHECKING:
    from rich.console import Console

    from insyn.office.diligence.assess import Assessment
    from insyn.office.diligence.rulebook import Rulebook

app = typer.Typer(
    name="deal",
    no_args_is_help=True,
    help="Judge deals: who buys what, for which site and use, through whom.",
)
RulesOption = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        metavar="YAML",
        help="Your own rulebook beside ours; it can add rules and raise outcomes, never lower one.",
        show_default=False,
    ),
]


@app.callback()
def deal() -> None:
    """Judge deals: who buys what, for which site and use, through whom."""


@app.command()
def assess(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON: a list of deals, or one under `deals`.")
    ],
    json: JsonOption = False,
    json_lines: Annotated[
        bool, typer.Option("--json-lines", help="One JSON object a deal, in the order of the file.")
    ] = False,
    rules: RulesOption = None,
) -> None:
    """Judge every deal of a file by the rulebook, and say why.

    The outcome is the worst of the rules that fire, from best to worst: PASS, CONDITIONS (with
    conditions in the permit), INVESTIGATE (nothing ships until somebody knows more),
    PRESUMED_DECLINE (three of the committee, unanimous, or nothing) and STOP (no waiver). Fields
    may be missing: unknown is never the best case, and `unknown` lists what to find out. Free
    text is read in every language the lexicon knows; what is declared and what a text says may
    contradict each other, and then the worse counts.

    Exit 0: nothing worse than CONDITIONS; 1: a deal is held, or a field could not be read.
    """
    import orjson

    from insyn.base.errors import EnvironmentFailure
    from insyn.office.diligence.assess import assess as judge
    from insyn.office.diligence.deal import read_deals

    try:
        data = file.read_bytes()
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {file}: {error.strerror}") from error
    book = _book(rules)
    deals = read_deals(data, name=str(file))
    held, whole = False, []
    for record in deals:
        found = judge(record, book=book)
        held = held or found.outcome.asks_for_a_case or bool(found.problems)
        for problem in found.problems:
            typer.echo(problem, err=True)
        if json_lines:
            typer.echo(orjson.dumps(found.to_json()).decode())
        elif json:
            whole.append(found.to_json())
        else:
            _print(found)
    if json and not json_lines:
        typer.echo(orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode())
    elif not json_lines:
        _console().print(f"[dim]{counted(len(deals), 'deal')}, rulebook {book.version}[/]")
    if held:
        raise typer.Exit(1)


def _book(rules: Path | None) -> Rulebook:
    from insyn.office.diligence.rulebook import merge, rulebook

    return rulebook() if rules is None else merge(rulebook(), read_book(str(rules)))


def read_book(what: str) -> Rulebook:
    """A rulebook by the version of one of ours or by the path of a file.

    Raises:
        EnvironmentFailure: the file cannot be read.
        InsynError: it is no rulebook, or there is no such version.
    """
    from insyn.base.errors import EnvironmentFailure
    from insyn.office.diligence.rulebook import load, rulebook

    path = Path(what)
    if not path.exists() and not path.suffix.startswith(".y"):
        return rulebook(what)
    try:
        return load(path.read_text("utf-8"), name=what)
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFailure(f"cannot read the rulebook {what}: {error}") from error


_COLOURS = {
    "PASS": "green",
    "CONDITIONS": "cyan",
    "INVESTIGATE": "yellow",
    "PRESUMED_DECLINE": "red",
    "STOP": "bold red",
}


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _print(found: Assessment) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console = _console()
    colour = _COLOURS[found.outcome.name]
    console.print(Text(found.outcome.name, style=colour), Text(f" {found.id}", style="bold"))
    for firing in found.firings:
        rule = firing.rule
        head = Text(f"{rule.id} {rule.outcome.name:<16} ", style=_COLOURS[rule.outcome.name])
        console.print(Padding(head + Text(rule.because, style="default"), (0, 0, 0, 2)))
        if firing.met:
            console.print(Padding(Text(f"met: {firing.met}"), (0, 0, 0, 6)))
        console.print(Padding(Text(f"source: {rule.source}", style="dim"), (0, 0, 0, 6)))
    if found.unknown:
        console.print(Padding(Text(f"unknown: {', '.join(found.unknown)}"), (0, 0, 0, 2)))
    console.print()
