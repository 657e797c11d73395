"""`insyn lists`: official lists in, their state, their differences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.cli.options import DataOption, JsonOption, data_directory

if TYPE_CHECKING:
    from insyn.office.lists.intake import Intake
    from insyn.office.lists.snapshots import ListStore

app = typer.Typer(no_args_is_help=True, help="Official lists: update, import, status, show, diff.")

ListArgument = Annotated[str, typer.Argument(metavar="LIST", help="Id of a list: un, us-csl, ...")]
AcceptOption = Annotated[
    bool,
    typer.Option("--accept-shrunken", help="Take a list that lost over a tenth; look at it first."),
]


def _store(data: Path | None) -> ListStore:
    from insyn.office.lists.snapshots import ListStore

    return ListStore(data_directory(data).lists, system_clock)


@app.command("import")
def import_files(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="List files, in any known format.")
    ],
    as_format: Annotated[
        str | None,
        typer.Option("--as", metavar="FORMAT", help="Read as this format; else by content."),
    ] = None,
    list_id: Annotated[
        str | None,
        typer.Option("--list", metavar="ID", help="Id of the list; else by format or file name."),
    ] = None,
    accept_shrunken: AcceptOption = False,
    force_older: Annotated[
        bool, typer.Option("--force-older", help="Put an older publication in force.")
    ] = False,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Read list files and put them in force.

    The format is recognised from content. OFAC's companion files are found beside the one you
    name. A file that is cut, empty, hostile, a web page, or a tenth smaller than the list in
    force is refused: the last good list stays, marked degraded. Exit 1 if any was refused.
    """
    from insyn.office.lists.intake import gather, take_in_all

    store = _store(data)
    publications, unknown = gather(files, as_format=as_format, list_id=list_id)
    taken = list(
        take_in_all(store, publications, accept_shrunken=accept_shrunken, force_older=force_older)
    )
    if json:
        _print_json(
            {
                "imports": [_intake_json(item) for item in taken],
                "refused_files": [
                    {"file": path.name, "reason": str(error)} for path, error in unknown
                ],
            }
        )
    else:
        _print_intakes(taken)
        for path, error in unknown:
            typer.secho(f"refused  {path.name}: {error}", fg="red", err=True)
    if unknown or any(item.is_refused for item in taken):
        raise typer.Exit(1)


def _intake_json(item: Intake) -> dict[str, object]:
    return {name: getattr(item, name) for name in item.__slots__}


def _print_json(value: object) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def _print_intakes(taken: list[Intake]) -> None:
    for item in taken:
        colour = {"refused": "red", "kept": "yellow"}.get(item.outcome, "green")
        typer.secho(f"{item.outcome:<9} {item.list}", fg=colour, bold=True, nl=False)
        typer.echo(
            f"  {item.format}: {item.read:,} records read, {item.entries:,} entries"
            + (f", {item.withdrawn:,} withdrawn by the publisher" if item.withdrawn else "")
            + (f", {item.unread:,} unread" if item.unread else "")
            + (f", published {item.published}" if item.published else "")
        )
        if item.reason:
            typer.echo(f"          {item.reason}")
        for line in item.unread_reasons[:5]:
            typer.echo(f"          {line}")
        if item.unread > 5:
            typer.echo(f"          ... and {item.unread - 5:,} more (--json shows the first 20)")


@app.command()
def update(
    lists: Annotated[
        list[str] | None, typer.Argument(metavar="LIST...", help="Lists to fetch; all if none.")
    ] = None,
    accept_shrunken: AcceptOption = False,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Download lists from their publishers and put them in force.

    Asks only for what changed since the last time. Whatever fails leaves the last good list in
    force, marked degraded. Exit 1 if any list could not be updated.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from insyn.office.lists.fetch import update_lists

    console = Console(stderr=True)
    results = []
    with Progress(
        TextColumn("{task.description:<14}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        tasks: dict[str, object] = {}

        def show(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)  # type: ignore[arg-type] # its own id

        results = list(
            update_lists(_store(data), lists or [], accept_shrunken=accept_shrunken, show=show)
        )
    if json:
        _print_json({"updates": [_intake_json(item) for item in results]})
    else:
        _print_intakes(results)
    if any(item.is_refused for item in results):
        raise typer.Exit(1)


@app.command()
def status(json: JsonOption = False, data: DataOption = None) -> None:
    """Show which lists are in force, of when, and which are degraded and why."""
    store = _store(data)
    states = store.states()
    failures = store.failures()
    if json:
        fields = ("list", "title", "snapshot", "entries", "format", "published", "imported_at",
                  "last_checked", "degraded", "unread")  # fmt: skip
        shown: list[dict[str, object]] = [{f: getattr(s, f) for f in fields} for s in states]
        shown += [
            {"list": name, "snapshot": None, "entries": 0, "degraded": reason}
            for name, reason in failures.items()
        ]
        _print_json({"lists": shown})
        return
    if not states and not failures:
        typer.echo(
            "No list is in force yet. Run `insyn lists update` to download the official lists,\n"
            "or `insyn lists import FILE...` with files you have."
        )
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("List", "Entries", "Published", "Imported", "Snapshot", "State"):
        table.add_column(column, justify="right" if column == "Entries" else "left")
    for state in states:
        table.add_row(
            state.list,
            f"{state.entries:,}",
            state.published or "unknown",
            state.imported_at[:10],
            state.snapshot[:12],
            f"[yellow]degraded: {state.degraded}[/]" if state.degraded else "[green]good[/]",
        )
    for name, reason in failures.items():
        table.add_row(name, "0", "", "", "", f"[red]nothing in force: {reason}[/]")
    Console().print(table)


@app.command()
def show(
    list_id: ListArgument,
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The list's own reference.")],
    source: Annotated[
        bool, typer.Option("--source", help="Print the record as it was published.")
    ] = False,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show one entry of a list as it stands in force."""
    from insyn.base.errors import Refusal
    from insyn.office.lists.serial import entry_to_json

    found = _store(data).entry(list_id, entry)
    if found is None:
        raise Refusal(f"list {list_id} has no entry {entry}")
    if source:
        typer.echo(found.source_record)
        return
    record = entry_to_json(found)
    if json:
        _print_json(record)
        return
    for name, value in record.items():
        if name == "source_record":
            continue
        typer.secho(f"{name.replace('_', ' ')}", bold=True)
        for item in value if isinstance(value, list) else [value]:
            line = (
                "  ".join(f"{k}: {v}" for k, v in item.items()) if isinstance(item, dict) else item
            )
            typer.echo(f"  {line}")


@app.command()
def diff(
    list_id: ListArgument,
    old: Annotated[
        str, typer.Argument(metavar="OLD", help='Start of a digest, a day, or "previous".')
    ] = "previous",
    new: Annotated[
        str, typer.Argument(metavar="NEW", help='Start of a digest, a day, or "current".')
    ] = "current",
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show what changed between two snapshots of a list."""
    from insyn.office.lists.difference import compare_snapshots

    store = _store(data)
    first, second = store.find_snapshot(list_id, old), store.find_snapshot(list_id, new)
    found = compare_snapshots(
        store.entries(list_id, first.digest), store.entries(list_id, second.digest)
    )
    if json:
        _print_json({"list": list_id, "old": first.digest, "new": second.digest, **found.to_json()})
        return
    typer.echo(
        f"{list_id}: {first.effective()} to {second.effective()}: {len(found.added)} added, "
        f"{len(found.removed)} removed, {len(found.changed)} changed"
    )
    for entry in found.added:
        typer.secho(f"+ {entry.reference}  {entry.names[0].text}", fg="green")
    for entry in found.removed:
        typer.secho(f"- {entry.reference}  {entry.names[0].text}", fg="red")
    for change in found.changed:
        fields = ", ".join(name.replace("_", " ") for name in change.fields)
        typer.echo(f"~ {change.new.reference}  {change.new.names[0].text}: {fields}")
