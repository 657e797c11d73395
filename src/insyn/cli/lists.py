"""`insyn lists`: official lists in, their state, their differences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.cli.list_texts import (
    print_difference,
    print_entry,
    print_intake,
    print_refused_file,
    print_status,
)
from insyn.cli.options import DataOption, JsonOption, data_directory

if TYPE_CHECKING:
    from rich.progress import TaskID

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
        list[Path],
        typer.Argument(metavar="FILE...", help="List files of any known format, or folders."),
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
    publications, unknown = gather(_expanded(files), as_format=as_format, list_id=list_id)
    taken = []
    for item in take_in_all(
        store, publications, accept_shrunken=accept_shrunken, force_older=force_older
    ):
        taken.append(item)
        if not json:
            print_intake(item)
    _record(data, taken, accept_shrunken=accept_shrunken, force_older=force_older)
    refused = [{"file": path.name, "reason": str(error)} for path, error in unknown]
    if json:
        imports: list[object] = [_intake_json(item) for item in taken]
        _print_json({"imports": imports, "refused_files": refused})
    else:
        for told in refused:
            print_refused_file(told["file"], told["reason"])
    _end(taken, refused_files=len(unknown))


def _record(
    data: Path | None, items: list[Intake], *, accept_shrunken: bool, force_older: bool
) -> None:
    """Keep in an office with people who brought a list in; what changed nothing is not told."""
    from insyn.base.errors import Refusal
    from insyn.cli.acting import OFFICE, signed_in
    from insyn.office.lists.recorded import imported
    from insyn.office.screening.database import database_exists

    directory = data_directory(data)
    told = [item for item in items if item.outcome != "unchanged"]
    if not told or not database_exists(directory):
        return
    from insyn.office.screening.store import open_store
    from insyn.trust.ledger import log
    from insyn.trust.people import users

    with open_store(directory) as store, store.writing() as connection:
        if not users.are_any(connection):
            return
        try:
            found = signed_in(directory, connection, scope="lists")
        except Refusal:
            found = None  # lists come in by a timer too, whoever was signed in before
        who = OFFICE if found is None else found.actor.id
        leaves = [
            imported(item, who=who, accept_shrunken=accept_shrunken, force_older=force_older)
            for item in told
        ]
        log.append_all(connection, leaves, now=system_clock())


def _intake_json(item: Intake) -> dict[str, object]:
    return {name: getattr(item, name) for name in item.__slots__}


def _print_json(value: object) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def _end(items: list[Intake], *, refused_files: int = 0) -> None:
    """End with 1 where a list was refused, else with 3 where the network or the disk failed."""
    if refused_files or any(item.outcome == "refused" for item in items):
        raise typer.Exit(1)
    if any(item.is_refused for item in items):
        raise typer.Exit(3)


def _expanded(paths: list[Path]) -> list[Path]:
    """Files as they are; for a folder, the files that lie in it, hidden ones left out."""
    from insyn.base.errors import UsageError

    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [p for p in sorted(path.iterdir()) if p.is_file() and p.name[0] != "."]
            if not inside:
                raise UsageError(f"folder {path} holds no file; name the list files")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise UsageError(f"there is no file {path}; nothing was imported")
    return found


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
    force, marked degraded. INSYN_LIST_URL_UN=https://... (and so on) names a mirror of a list;
    a proxy is taken from HTTPS_PROXY. Exit 1 if a list was refused, 3 if one could not be fetched.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from insyn.office.lists.fetch import update_lists

    console = Console(stderr=True)
    results = []
    progress = Progress(
        TextColumn("{task.description:<14}"),
        BarColumn(),
        DownloadColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    bars: dict[str, TaskID] = {}

    def show(name: str, done: int, total: int | None) -> None:
        if name not in bars:
            bars[name] = progress.add_task(name, total=total)
            progress.start()
        progress.update(bars[name], completed=done, total=total)

    try:
        for item in update_lists(
            _store(data), lists or [], accept_shrunken=accept_shrunken, show=show
        ):
            results.append(item)
            if item.list in bars:
                # The bar leaves the terminal before the line of its list comes.
                progress.stop()
                progress.remove_task(bars.pop(item.list))
            if not json:
                print_intake(item)
    finally:
        progress.stop()
    _record(data, results, accept_shrunken=accept_shrunken, force_older=False)
    if json:
        _print_json({"updates": [_intake_json(item) for item in results]})
    _end(results)


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
    print_status(states, failures)


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
    print_entry(record)


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
    print_difference(f"{list_id}, {first.effective()} to {second.effective()}", found)
