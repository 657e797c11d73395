"""`insyn screen`: one name, or a customer file, against the lists in force."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.errors import UsageError
from insyn.cli.compiling import compiled_index
from insyn.cli.options import DataOption, JsonOption, data_directory

if TYPE_CHECKING:
    from insyn.office.screening.batch import Done, Work
    from insyn.office.screening.model import Match, Screening, Subject


def screen(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A name, in any script.", show_default=False),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="person, organisation, vessel or aircraft.")
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", help="ISO code or English name of the country.")
    ] = None,
    birth_date: Annotated[
        str | None, typer.Option("--birth-date", help="1964-08-14, 1964-08 or 1964.")
    ] = None,
    identifier: Annotated[
        str | None, typer.Option("--identifier", help="Passport, registration or IMO number.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="CSV",
            help="Customers: columns id, name, kind, country, birth_date, identifier.",
        ),
    ] = None,
    json: JsonOption = False,
    json_lines: Annotated[
        bool,
        typer.Option("--json-lines", help="The manifest, then one JSON object a row, in order."),
    ] = False,
    engine: Annotated[
        str, typer.Option("--engine", help="local (all cores) or ray (a cluster).")
    ] = "local",
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; all cores if not given.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Screen a name or a customer file against the lists in force.

    The outcome is match (an identifier, or a name that something else supports), review (a human
    looks) or clear. Every match shows which words met and what speaks for and against it. Exit 0:
    all clear; 1: something to look at.
    """
    from insyn.office.screening.batch import Work
    from insyn.office.screening.clearances import load_active

    if (name is None) == (file is None):
        raise UsageError("give either a name or --file CSV")
    directory = data_directory(data)
    subject = None if name is None else _subject(name, kind, country, birth_date, identifier)
    index, manifest = compiled_index(directory)
    work = Work(index=index, manifest=manifest, clearances=load_active(directory))
    if subject is not None:
        _screen_one(work, subject, as_json=json or json_lines)
    else:
        assert file is not None
        _screen_file(work, file, as_lines=json_lines or json, engine=engine, workers=workers)


def _subject(
    name: str, kind: str | None, country: str | None, birth_date: str | None, identifier: str | None
) -> Subject:
    from insyn.base.countries import country_code
    from insyn.office.screening.customers import birth_span, kind_of
    from insyn.office.screening.model import Subject

    if not name.strip():
        raise UsageError("the name is empty")
    if kind and kind_of(kind) is None:
        raise UsageError(f"--kind is person, organisation, vessel or aircraft, not {kind!r}")
    if country and country_code(country) is None:
        raise UsageError(f"--country is an ISO code or an English name, not {country!r}")
    if birth_date and birth_span(birth_date) is None:
        raise UsageError(f"--birth-date is a date or a year such as 1964-08-14, not {birth_date!r}")
    return Subject(
        id="",
        name=name,
        kind=kind_of(kind or ""),
        country=country_code(country or ""),
        birth_date=birth_span(birth_date or ""),
        identifier=identifier,
    )


def _screen_one(work: Work, subject: Subject, *, as_json: bool) -> None:
    import orjson

    from insyn.office.screening.engine import Screener
    from insyn.office.screening.index import Index
    from insyn.office.screening.model import Outcome

    screener = Screener(Index(work.index), work.manifest)
    result = work.clearances.apply(screener.screen([subject])[0], subject)
    if as_json:
        record = {**result.to_json(), "lists": work.manifest.to_json()["lists"]}
        typer.echo(orjson.dumps(record, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(result, work)
    if result.outcome is not Outcome.CLEAR:
        raise typer.Exit(1)


def _print(result: Screening, work: Work) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    colour = {"match": "red", "review": "yellow", "clear": "green"}[str(result.outcome)]
    lists = work.manifest.lists
    console.print(Text(result.outcome.upper(), style=f"bold {colour}"), Text(f" {result.name}"))
    console.print(
        f"against {sum(s.entries for s in lists):,} entries of "
        f"{', '.join(s.list for s in lists)}  [dim]manifest {result.manifest[:12]}[/]"
    )
    for state in lists:
        if state.degraded:
            console.print(Text(f"degraded: {state.list}: {state.degraded}", style="yellow"))
    if result.note:
        console.print(Text(result.note, style="yellow"))
    for match in result.matches:
        _print_match(console, match)


def _print_match(console: object, match: Match) -> None:
    from rich.console import Console
    from rich.text import Text

    assert isinstance(console, Console)
    console.print()
    head = Text(f"{match.score:.2f} {match.match_class}", style="bold")
    console.print(head, Text(f" {match.list} {match.entry}  "), Text(match.name, style="cyan"))
    if match.cleared:
        console.print(Text(f"  cleared by {match.cleared}", style="green"))
    for text in match.supports:
        console.print(Text(f"  + {text}", style="red"))
    for text in match.contradicts:
        console.print(Text(f"  - {text}", style="green"))
    for token in match.tokens:
        pair = f"{token.subject or '-'} : {token.entry or '-'}"
        console.print(Text(f"    {pair:<44} {token.score:.2f} {token.how}", style="dim"))


def _screen_file(
    work: Work, path: Path, *, as_lines: bool, engine: str, workers: int | None
) -> None:
    import orjson
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from insyn.office.screening.batch import screen_batch
    from insyn.office.screening.customers import read_customers

    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    console = Console(stderr=True)
    rows = read_customers(path)  # a file that is none is refused before a line is printed
    total = _count_rows(path) if console.is_terminal else None
    out = sys.stdout.buffer
    if as_lines:
        out.write(orjson.dumps(work.manifest.to_json()) + b"\n")
    counts: dict[str, int] = {}
    bad = 0
    with Progress(
        TextColumn("screening"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        task = progress.add_task("screening", total=total)
        for done in screen_batch(work, rows, engine=engine, workers=workers):
            _write(done, as_lines)
            for outcome, count in done.outcomes.items():
                counts[outcome] = counts.get(outcome, 0) + count
            for row in done.bad:
                bad += 1
                console.print(f"row {row.line}: {row.reason}; not screened", highlight=False)
            progress.advance(task, done.subjects)
    out.flush()
    if not as_lines or console.is_terminal:
        summary = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items())
        console.print(f"{summary or 'no rows'}" + (f", {bad:,} not screened" if bad else ""))
    if bad or counts.get("match") or counts.get("review"):
        raise typer.Exit(1)


def _write(done: Done, as_lines: bool) -> None:
    """The result lines as they are, or a line for a person for each row to look at."""
    if as_lines:
        sys.stdout.buffer.write(done.lines)
        return
    import orjson
    from rich.cells import cell_len

    for line in done.lines.splitlines():
        row = orjson.loads(line)
        if row.get("outcome") in ("match", "review"):
            best = next((m for m in row["matches"] if "cleared" not in m), None)
            found = (
                f"{best['score']:.2f} {best['list']} {best['entry']} {best['name']}" if best else ""
            )
            # Han letters are two columns wide.
            id_, name = (
                text + " " * (size - cell_len(text))
                for text, size in ((row["id"], 12), (row["name"], 40))
            )
            typer.echo(f"{row['outcome']:<6} {id_} {name} {found}")


def _count_rows(path: Path) -> int:
    with path.open("rb") as file:
        return max(
            0, sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) - 1
        )
