"""`insyn compare`: two names, or a file of pairs, with the score that screening uses."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.errors import UsageError
from insyn.cli.options import JsonOption

if TYPE_CHECKING:
    from insyn.office.names.compare import Comparison


def compare(
    first: Annotated[
        str | None, typer.Argument(metavar="A", help="A name, in any script.", show_default=False)
    ] = None,
    second: Annotated[
        str | None, typer.Argument(metavar="B", help="Another name.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="CSV", help="Pairs: columns name1, name2 and schema."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="person or organisation; else guessed from the names."),
    ] = None,
    json: JsonOption = False,
    json_lines: Annotated[
        bool, typer.Option("--json-lines", help="One JSON object a pair, in order.")
    ] = False,
) -> None:
    """Compare two names, word by word.

    The score is the one that screening uses; 0.7 is the bar from which a human looks. With
    --file, every row of a CSV is compared, and gives one JSON object, in order.
    """
    from insyn.office.names.compare import compare_texts
    from insyn.office.screening.customers import kind_of
    from insyn.office.screening.engine import is_personal

    if kind is not None and kind_of(kind) is None:
        raise UsageError(f"--kind is person or organisation, not {kind!r}")
    if file is not None:
        _compare_file(file, kind)
        return
    if first is None or second is None:
        raise UsageError("give two names, or --file with a CSV of pairs")
    found = compare_texts(first, second, personal=is_personal(kind_of(kind or "")))
    if json or json_lines:
        typer.echo(_line(found).decode())
        return
    _print(found)


def _compare_file(path: Path, kind: str | None) -> None:
    import orjson

    from insyn.base.errors import UnreadableInput
    from insyn.office.names.compare import compare_texts
    from insyn.office.screening.customers import kind_of
    from insyn.office.screening.engine import is_personal
    from insyn.office.screening.sheet import BrokenRow, open_sheet

    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    sheet = open_sheet(path)
    if not {"name1", "name2"} <= set(sheet.header):
        raise UnreadableInput(f"{path.name} needs the columns name1 and name2")
    broken = 0
    for number, row in sheet.rows():
        if isinstance(row, BrokenRow):
            broken += 1
            _write(orjson.dumps({"line": number, "error": row.reason}))
            typer.echo(f"row {number}: {row.reason}; not compared", err=True)
            continue
        schema = kind or row.get("schema") or row.get("kind") or ""
        personal = is_personal(kind_of(schema))
        _write(_line(compare_texts(row["name1"], row["name2"], personal=personal)))
    sys.stdout.flush()
    if broken:
        raise typer.Exit(1)


def _write(line: bytes) -> None:
    """One line of JSON, in UTF-8 whatever the terminal's encoding."""
    sys.stdout.buffer.write(line + b"\n")


def _line(found: Comparison) -> bytes:
    import orjson

    from insyn.office.screening.engine import class_of

    return orjson.dumps(
        {
            "score": round(found.score, 4),
            "class": str(class_of(found.score, literal=found.literal)),
            "tokens": [
                {"first": m.first, "second": m.second, "score": round(m.score, 3), "how": m.how}
                for m in found.meetings
            ],
        }
    )


def _print(found: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from insyn.office.screening.engine import class_of
    from insyn.office.screening.model import ALERT_BAR

    over = found.score >= ALERT_BAR
    console = Console(highlight=False)
    console.print(
        f"[bold]{found.score:.2f}[/]  {class_of(found.score, literal=found.literal)}  "
        + ("[yellow]a human looks[/]" if over else "[green]below the bar[/]")
    )
    table = Table(box=None, pad_edge=False)
    for column in ("A", "B", "Score", "How"):
        table.add_column(column)
    for meeting in found.meetings:
        table.add_row(
            Text(meeting.first or "-"), Text(meeting.second or "-"), f"{meeting.score:.2f}",
            meeting.how,
        )  # fmt: skip
    console.print(table)
