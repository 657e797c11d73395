"""What `insyn lists` prints for people. Text from a list is printed as text, never as commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from insyn.cli.tables import counted, shown

if TYPE_CHECKING:
    from insyn.base.canonical import Json
    from insyn.office.lists.difference import Difference
    from insyn.office.lists.intake import Intake
    from insyn.office.lists.snapshots import ListState

_INDENT = " " * 11
_COLOURS = {"refused": "red", "failed": "red", "kept": "yellow"}


def print_intake(item: Intake) -> None:
    """One publication: what became of it, the counts, and why where there is a why."""
    typer.secho(f"{item.outcome:<10}", fg=_COLOURS.get(item.outcome, "green"), nl=False)
    typer.secho(f" {item.list}", bold=True, nl=False)
    if not item.entries and not item.read:
        typer.echo(f": {shown(item.reason)}")
        return
    counts = [f"{counted(item.read, 'record')} read"] if item.read else []
    counts.append(counted(item.entries, "entry", "entries"))
    if item.withdrawn:
        counts.append(f"{item.withdrawn:,} withdrawn by the publisher")
    if item.unread:
        counts.append(f"{item.unread:,} unread")
    if item.published:
        counts.append(f"published {item.published}")
    typer.echo(f": {', '.join(counts)} ({item.format})")
    if item.reason:
        typer.echo(_INDENT + shown(item.reason))
    for line in item.unread_reasons[:5]:
        typer.echo(_INDENT + shown(line))
    if item.unread > 5:
        typer.echo(f"{_INDENT}... and {item.unread - 5:,} more (--json shows the first 20)")


def print_refused_file(name: str, reason: str) -> None:
    """A file that is no list."""
    typer.secho(f"{'refused':<10}", fg="red", nl=False)
    typer.echo(f" {shown(name)}: {shown(reason)}")


def print_status(states: Sequence[ListState], failures: Mapping[str, str]) -> None:
    """A line for each list, and under them why any is not good."""
    rows = [
        (s.list, f"{s.entries:,}", s.published or "unknown", s.imported_at[:10], s.snapshot[:12],
         "degraded" if s.degraded else "good")
        for s in states
    ]  # fmt: skip
    rows += [(name, "0", "-", "-", "-", "missing") for name in failures]
    head = ("List", "Entries", "Published", "Imported", "Snapshot", "State")
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    for row in [head, *rows]:
        cells = [
            cell.rjust(width) if n == 1 else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        typer.secho("  ".join(cells[:-1]), bold=row is head or None, nl=False)
        colour = {"good": "green", "degraded": "yellow", "missing": "red"}.get(row[-1])
        typer.secho(f"  {row[-1]}", fg=colour, bold=row is head or None)
    reasons = {s.list: f"degraded: {s.degraded}" for s in states if s.degraded}
    reasons |= {name: f"nothing in force: {reason}" for name, reason in failures.items()}
    if reasons:
        typer.echo()
    for name, reason in reasons.items():
        typer.echo(f"{name}: {shown(reason)}")


def print_entry(record: Mapping[str, Json]) -> None:
    """One entry, a field a line or an item a line; the source record is left out."""
    for name, value in record.items():
        if name == "source_record":
            continue
        typer.secho(name.replace("_", " "), bold=True, nl=False)
        if isinstance(value, list):
            typer.echo()
            for item in value:
                typer.echo("  " + shown(_item_text(item)))
        else:
            typer.echo(f": {shown(str(value))}")


def _item_text(item: Json) -> str:
    if not isinstance(item, dict):
        return str(item)
    first = next((key for key in ("text", "value") if item.get(key)), None)
    rest = ", ".join(
        key if value is True else f"{key} {value}".lstrip()
        for key, value in _said_once(item).items()
        if key != first
    )
    if first is None:
        return rest
    return f"{item[first]}  ({rest})" if rest else str(item[first])


def _said_once(item: Mapping[str, Json]) -> dict[str, Json]:
    """The item; of a birth date a span only where it is one, and nothing that its text says."""
    rest = dict(item)
    if "earliest" not in item or "latest" not in item:
        return rest
    text, first, last = (str(item.get(key, "")) for key in ("text", "earliest", "latest"))
    if first == last or (first, last) == (f"{text}-01-01", f"{text}-12-31"):
        del rest["earliest"], rest["latest"]
    if first == last != text:
        rest[""] = first
    return rest


def print_difference(title: str, found: Difference) -> None:
    """A heading, then an entry a line: + added, - removed, ~ changed with its fields."""
    counts = f"{len(found.added):,} added, {len(found.removed):,} removed, "
    typer.echo(f"{title}: {counts}{len(found.changed):,} changed")
    for entry in found.added:
        typer.secho(f"+ {shown(entry.reference)}  {shown(entry.names[0].text)}", fg="green")
    for entry in found.removed:
        typer.secho(f"- {shown(entry.reference)}  {shown(entry.names[0].text)}", fg="red")
    for change in found.changed:
        fields = ", ".join(name.replace("_", " ") for name in change.fields)
        name = shown(change.new.names[0].text)
        typer.echo(f"~ {shown(change.new.reference)}  {name}  ({fields})")
