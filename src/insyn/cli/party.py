"""`insyn party`: known parties in, as they stand, their history, and screened again."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.config import DataDirectory
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import print_table, shown
from insyn.office.screening.model import Match, Outcome

if TYPE_CHECKING:
    from insyn.base.canonical import Json
    from insyn.office.screening.customers import BadRow
    from insyn.office.screening.known import Alert, KnownParty, OutcomeChange
    from insyn.office.screening.model import Subject
    from insyn.office.screening.rescreen import Progress, Report

app = typer.Typer(
    no_args_is_help=True,
    help="Known parties: import, list, show, history, and screening again after a change.",
)

PartyArgument = Annotated[str, typer.Argument(metavar="ID", help="The party's id.")]
FINDING = 1
_NO_ID = re.compile(r"row-\d+")  # what the reader puts where a file gives no id
CHANGES_SHOWN = 50
"""Changes a re-screening prints for people; `--json` and `party history` have them all."""


@app.command("import")
def import_parties(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV, with the columns of `insyn screen --file`; or what `party export` writes."
        ),
    ],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Add parties from a file, or bring known ones up to date, and screen what is new.

    Exit 1: a row could not be read, or a party needs a look.
    """
    from insyn.cli.party_files import import_channel, is_channel_file
    from insyn.office.screening import register
    from insyn.office.screening.customers import read_customers
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    if is_channel_file(file):
        import_channel(file, directory, as_json=as_json)
        return
    bad: list[str] = []
    now = system_clock()
    # One transaction: a file that turns out cut or hostile leaves nothing behind.
    with open_store(directory) as store, store.writing() as connection:
        put = register.put(connection, _readable(read_customers(file), bad), now=now)
    counts: dict[str, Json] = {
        "new": put.new,
        "changed": put.changed,
        "same": put.same,
        "bad_rows": list(bad),
    }
    if not as_json:
        print(f"{put.new} new, {put.changed} changed, {put.same} as known")
        for row in bad:
            print(f"insyn: {shown(row)}", file=sys.stderr)
    report = _rescreen(directory, everything=False)
    if as_json:
        print(json.dumps({**counts, "screening": report.to_json()}, ensure_ascii=False))
    else:
        _print_report(report)
    raise typer.Exit(FINDING if bad or report.worse else 0)


def _readable(rows: Iterable[Subject | BadRow], bad: list[str]) -> Iterator[Subject]:
    """The subjects; rows that are none, or repeat an id, go to `bad`."""
    from insyn.office.screening.customers import BadRow

    seen: set[str] = set()
    for row in rows:
        if isinstance(row, BadRow):
            bad.append(f"line {row.line}: {row.reason}; it was left out")
        elif _NO_ID.fullmatch(row.id):
            bad.append(f"line {row.id[4:]}: no id; a known party is found again by its own id")
        elif row.id in seen:
            bad.append(f"id {row.id!r} stands twice in the file; the first row was kept")
        else:
            seen.add(row.id)
            yield row


@app.command("list")
def list_parties(
    outcome: Annotated[
        Outcome | None, typer.Option("--outcome", help="Only parties with this outcome.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List known parties with their outcome; with --json, one object a line."""
    from insyn.office.screening import register
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        parties = (
            party
            for party in register.every(connection)
            if outcome is None or party.outcome is outcome
        )
        if as_json:
            for party in parties:
                print(json.dumps(party.to_json(), ensure_ascii=False))
            return
        rows = [(p.subject.id, p.subject.name, str(p.outcome), _summary(p)) for p in parties]
    if rows:
        print_table(("id", "name", "outcome", "matches"), rows)
    else:
        print("no known party" if outcome is None else f"no known party has outcome {outcome}")


@app.command("show")
def show_party(party: PartyArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show one party, its outcome, and its matches, cleared ones too.

    Of a party of the channel also its other names, owners, channel, and what they come to.
    """
    from insyn.cli.party_shown import channel_side, print_side
    from insyn.office.screening import register
    from insyn.office.screening.store import open_store

    today = system_clock().date()
    with open_store(data_directory(data)) as store, store.reading() as connection:
        side = channel_side(connection, party, on=today)
        # An unknown tier without a name is no subject of screening.
        named = side is None or side["names"]
        found = register.find(connection, party) if named else None
    if as_json:
        told: dict[str, Json] = found.to_json() if found else {"id": party}
        print(json.dumps({**told, "channel": side} if side else told, ensure_ascii=False))
        return
    if found:
        _print_party(found)
    if side:
        print_side(side)


def _print_party(party: KnownParty) -> None:
    for label, value in party.to_json().items():
        if label != "matches" and value not in (None, ""):
            print(f"{label:<13}{shown(str(value))}")
    matches = party.latest.matches if party.latest else ()
    if matches:
        columns = ("list", "entry", "name", "class", "score", "for and against", "cleared")
        print_table(columns, [_match_row(match) for match in matches])
    else:
        print("no matches")


@app.command("history")
def show_history(
    party: PartyArgument, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Show every change of a party's outcome and matches, oldest first."""
    from insyn.office.screening import register
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        changes = register.history(connection, party)
    if as_json:
        print(json.dumps([change.to_json() for change in changes], ensure_ascii=False))
    elif changes:
        _print_changes(changes)
    else:
        print(f"party {shown(party)} was never screened; run `insyn party rescreen`")


@app.command("rescreen")
def rescreen_parties(
    full: Annotated[
        bool, typer.Option("--full", help="Screen every party against whole lists.")
    ] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Screen known parties against what changed since, in lists, parties or matcher.

    Exit 1: an outcome got worse, or a new match needs a look.
    """
    report = _rescreen(data_directory(data), everything=full)
    if as_json:
        print(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        _print_report(report)
    raise typer.Exit(FINDING if report.worse else 0)


def _rescreen(data: DataDirectory, *, everything: bool) -> Report:
    from insyn.office.screening.rescreen import rescreen_office

    with _progress_bar() as progress:
        return rescreen_office(data, clock=system_clock, everything=everything, progress=progress)


@contextlib.contextmanager
def _progress_bar() -> Iterator[Progress | None]:
    """A bar on the terminal; nothing where there is none."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Screening", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance


def _print_report(report: Report) -> None:
    print(
        f"{report.parties} parties: {report.unchanged} unchanged, {len(report.changes)} changed "
        f"({report.worse} need a look), {report.in_full} screened in full"
    )
    print(f"{report.entries_compared} changed entries compared, {report.entries_left} left")
    for reason in report.full_because:
        print(f"full run: {reason}")
    for reason in report.degraded:
        print(f"insyn: degraded list {shown(reason)}", file=sys.stderr)
    # The worst first: a first import may change thousands.
    _print_changes(sorted(report.changes, key=lambda c: not c.is_worse)[:CHANGES_SHOWN])
    if len(report.changes) > CHANGES_SHOWN:
        print(f"and {len(report.changes) - CHANGES_SHOWN} more; --json prints all")


def _print_changes(changes: list[OutcomeChange]) -> None:
    if changes:
        rows = [
            (
                isoformat(change.at),
                change.party,
                f"{change.before or '-'} to {change.after}",
                change.because,
                _alerts(change.appeared, "+") + _alerts(change.vanished, "-"),
            )
            for change in changes
        ]
        print_table(("at", "party", "outcome", "because", "matches"), rows)


def _alerts(alerts: tuple[Alert, ...], sign: str) -> str:
    return "".join(
        f"{sign} {alert.list} {alert.entry}{' (cleared)' if alert.cleared else ''}\n"
        for alert in alerts
    )


def _summary(party: KnownParty) -> str:
    matches = party.latest.matches if party.latest else ()
    text = ", ".join(
        f"{m.list} {m.entry} {m.score:.2f}{' cleared' if m.cleared else ''}" for m in matches[:3]
    )
    more = f" and {len(matches) - 3} more" if len(matches) > 3 else ""
    return "; ".join(part for part in (party.note, text + more) if part)


def _match_row(match: Match) -> tuple[str, ...]:
    evidence = [f"for: {text}" for text in match.supports]
    evidence += [f"against: {text}" for text in match.contradicts]
    return (
        match.list,
        match.entry,
        match.name,
        str(match.match_class),
        f"{match.score:.3f}",
        "\n".join(evidence),
        f"by clearance {match.cleared}" if match.cleared else "",
    )
