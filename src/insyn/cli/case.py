"""`insyn case`: from a draft to a decision by two people, and back to any day."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import UsageError
from insyn.cli import case_decided, case_notify, case_study
from insyn.cli.case_permits import not_ended, warn_of
from insyn.cli.case_step import CaseArgument
from insyn.cli.case_texts import tell_case, tell_dossier, tell_events, tell_replay
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import print_table
from insyn.office.diligence.cases.states import State

app = typer.Typer(
    no_args_is_help=True,
    help="Cases: studied by analysts, decided by two people, replayed as known on a day.",
)
# Without a name: their commands stand beside ours.
app.add_typer(case_study.app)
app.add_typer(case_decided.app)
app.add_typer(case_notify.app)

FINDING = 1


@app.command("list")
def list_cases(
    state: Annotated[
        list[State] | None, typer.Option("--state", help="Only these; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List cases, where they stand and when they are looked at again."""
    from insyn.office.diligence.cases import casebook
    from insyn.office.screening.store import open_store

    states = frozenset(state or State)
    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = list(casebook.every(connection, states=states))
    if as_json:
        for line in found:
            print(json.dumps(line.to_json(), ensure_ascii=False))
    elif found:
        rows = [
            (
                line.id,
                line.deal,
                str(line.state),
                line.outcome or "-",
                str(line.review_on or "-"),
                isoformat(line.changed_at),
            )
            for line in found
        ]
        print_table(("case", "deal", "state", "outcome", "review", "changed"), rows)
    else:
        print("no cases; `insyn deal import FILE` brings deals in and opens one for each")


@app.command("show")
def show(case: CaseArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show where a case stands, on what, and what its next step is."""
    from insyn.office.diligence.cases import casebook, steps
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = casebook.find(connection, case)
        lapsed = steps.lapsed(connection, found, now=system_clock())
    tell_case(found, as_json=as_json, lapsed=lapsed, permits=not_ended(found.permits, data))


@app.command("history")
def history(case: CaseArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show every step of a case: when, by whom, and what was said."""
    from insyn.office.diligence.cases import casebook
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = casebook.events(connection, casebook.id_of(connection, case))
    tell_events(found, as_json=as_json)


@app.command("dossier")
def dossier(case: CaseArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show what a decision would see and be bound to now: facts, rules, screening, evidence."""
    from insyn.office.diligence.cases import casebook, view
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = casebook.find(connection, case)
        tell_dossier(view.dossier(connection, found.deal, known=system_clock()), as_json=as_json)


@app.command("sweep")
def sweep(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Open again every decided case whose ground has shifted. Run it daily.

    A permit that was issued for such a case still stands, and is named; suspending or revoking it
    is a person's decision (insyn permit suspend | revoke).

    Exit 1: at least one was opened again.
    """
    from insyn.office.diligence.cases import sweep as sweeping
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.writing() as connection:
        found = sweeping.sweep(connection, now=system_clock())
    if as_json:
        print(json.dumps([due.to_json() for due in found], ensure_ascii=False))
    elif found:
        rows = [(due.case, str(due.was), str(due.trigger), due.because) for due in found]
        print_table(("case", "was", "trigger", "because"), rows)
        for due in found:
            warn_of(not_ended(due.permits, data))
    else:
        print("nothing has changed under any decided case")
    raise typer.Exit(FINDING if found else 0)


@app.command("replay")
def replay(
    case: CaseArgument,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="A day (its end, UTC) or a moment.")
    ],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show what was known on a day and what the rulebook of that day said, beside today's."""
    from insyn.cli.case_files import read_moment
    from insyn.office.diligence.cases import casebook, deals
    from insyn.office.diligence.cases import replay as replaying
    from insyn.office.screening.store import open_store

    now = system_clock()
    moment = read_moment(as_of)
    if moment.date() == now.date():  # of a day that is not over, what is known by now
        moment = min(moment, now)
    if moment > now:
        raise UsageError(f"{as_of} is still to come; nobody knows what will be known then")
    with open_store(data_directory(data)) as store, store.reading() as connection:
        deal = case if deals.exists(connection, case) else casebook.find(connection, case).deal
        found = replaying.replay(connection, deal, as_of=moment, now=now)
    tell_replay(found, as_json=as_json)
