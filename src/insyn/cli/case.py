"""`insyn case`: from a draft to a decision by two people, and back to any day."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import UsageError
from insyn.cli.case_texts import tell_case, tell_dossier, tell_events, tell_replay
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import print_table
from insyn.office.diligence.cases.events import EndedIn, Proposal
from insyn.office.diligence.cases.states import State, Trigger

if TYPE_CHECKING:
    from datetime import datetime

    import sqlalchemy as sa

    from insyn.office.diligence.cases.case import Case
    from insyn.trust.people.duties import Actor

app = typer.Typer(
    no_args_is_help=True,
    help="Cases: studied by analysts, decided by two people, replayed as known on a day.",
)

CaseArgument = Annotated[str, typer.Argument(metavar="ID", help="A case's id, or its deal's.")]
BecauseOption = Annotated[str, typer.Option("--because", help="Why, in a sentence.")]
FINDING = 1


@app.command("open")
def open_case(
    deal: Annotated[str, typer.Argument(metavar="DEAL", help="The id of a deal that is known.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Open a case for a deal."""
    from insyn.office.diligence.cases import steps

    def begin(connection: sa.Connection, actor: Actor, now: datetime) -> Case:
        return steps.open_case(connection, deal, actor=actor, now=now)

    _write(data, as_json, begin)


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
    tell_case(found, as_json=as_json, lapsed=lapsed)


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


@app.command("submit")
def submit(case: CaseArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Ask for a decision: the parties go to screening, and screening's word is taken up."""
    from insyn.office.diligence.cases import steps

    _write(data, as_json, steps.submit, case, tell=False)
    _screen(data, case, as_json)


@app.command("screen")
def screen(case: CaseArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Screen the parties of a case as they are now, and take it up."""
    _screen(data, case, as_json)


@app.command("triage")
def triage(
    case: CaseArgument, because: BecauseOption, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Take a case up, with what the rules say of it."""
    from insyn.office.diligence.cases import steps

    _write(data, as_json, steps.triage, case, because=because)


@app.command("wait")
def wait(
    case: CaseArgument,
    for_whom: Annotated[str, typer.Option("--for", help="Who has to answer.")],
    because: BecauseOption,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Put a case aside until the customer or an expert answers."""
    from insyn.office.diligence.cases import steps

    _write(data, as_json, steps.wait, case, for_whom=for_whom, because=because)


@app.command("resume")
def resume(
    case: CaseArgument, because: BecauseOption, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Go on with a case that waited."""
    from insyn.office.diligence.cases import steps

    _write(data, as_json, steps.resume, case, because=because)


@app.command("engage")
def engage(
    case: CaseArgument,
    with_whom: Annotated[str, typer.Option("--with", help="With whom: a party, an expert.")],
    about: Annotated[str, typer.Option("--about", help="About what.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Begin a dialogue. Nothing is proposed before it has come to something."""
    from insyn.office.diligence.cases import steps

    _write(data, as_json, steps.engage, case, with_whom=with_whom, about=about)


@app.command("end")
def end(
    case: CaseArgument,
    engagement: Annotated[str, typer.Argument(help="The dialogue's id, such as G-1.")],
    ended_in: Annotated[EndedIn, typer.Option("--in", help="What it came to.")],
    result: Annotated[
        str, typer.Option("--result", help="The fact's number, the condition, or the decision.")
    ],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """End a dialogue in a fact, a condition or a decision."""
    from insyn.office.diligence.cases import steps

    _write(
        data, as_json, steps.end_engagement, case, engagement=engagement, ended=(ended_in, result)
    )


@app.command("propose")
def propose(
    case: CaseArgument,
    proposal: Annotated[Proposal, typer.Argument(help="What to decide.")],
    because: BecauseOption,
    terms: Annotated[
        Path | None,
        typer.Option(
            "--terms", metavar="JSON", help="The permit's terms; docs/reference/cases.md."
        ),
    ] = None,
    conditions: Annotated[
        Path | None,
        typer.Option("--conditions", metavar="JSON", help="A list of conditions."),
    ] = None,
    review_on: Annotated[
        str | None,
        typer.Option("--review-on", metavar="DAY", help="When to look again; else the latest."),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Lay a case before the approvers."""
    from insyn.cli.case_files import read_conditions, read_day, read_terms
    from insyn.office.diligence.cases import steps

    offer = steps.Offer(
        proposal=proposal,
        because=because,
        conditions=read_conditions(conditions),
        terms=read_terms(terms),
        review_on=read_day(review_on),
    )
    _write(data, as_json, steps.propose, case, offer=offer)


@app.command("take-back")
def take_back(
    case: CaseArgument, because: BecauseOption, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Take a proposal back before anybody has voted."""
    from insyn.office.diligence.cases import steps

    _write(data, as_json, steps.take_back, case, because=because)


@app.command("vote")
def vote(
    case: CaseArgument,
    because: BecauseOption,
    agrees: Annotated[bool, typer.Option("--yes/--no", help="Agree with the proposal, or not.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Agree with the proposal, or not. Two who agree decide; one who does not sends it back."""
    from insyn.office.diligence.cases import steps

    _write(data, as_json, steps.vote, case, agrees=agrees, because=because)


@app.command("met")
def met(
    case: CaseArgument,
    condition: Annotated[str, typer.Argument(help="The condition's id.")],
    because: BecauseOption,
    evidence: Annotated[str | None, typer.Option("--evidence", help="Its id.")] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Say that a condition was verified, and by what."""
    from insyn.office.diligence.cases import steps
    from insyn.office.diligence.cases.events import ConditionMet

    said = ConditionMet(condition=condition, because=because, evidence=evidence)
    _write(data, as_json, steps.meet_condition, case, said=said)


@app.command("monitor")
def monitor(case: CaseArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Say that the site works under its permit."""
    from insyn.office.diligence.cases import steps

    _write(data, as_json, steps.monitor, case)


@app.command("reopen")
def reopen(
    case: CaseArgument,
    trigger: Annotated[Trigger, typer.Option("--trigger", help="What happened.")],
    because: BecauseOption,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Open a case again, from before the screening; what was approved does not stand any more."""
    from insyn.office.diligence.cases import steps

    _write(data, as_json, steps.reopen, case, trigger=trigger, because=because)


@app.command("close")
def close(
    case: CaseArgument, because: BecauseOption, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Put a case away: a draft, a declined or a monitored one."""
    from insyn.office.diligence.cases import steps

    _write(data, as_json, steps.close, case, because=because)


@app.command("sweep")
def sweep(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Open again every decided case whose ground has shifted. Run it daily.

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


@app.command("permit")
def permit(
    case: CaseArgument,
    site_key: Annotated[
        str, typer.Option("--site-key", help="Fingerprint of the site's key (insyn key site).")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DRAFT", help="The new file to write.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Draft the permit that the decision on a case allows; two approvers sign it then."""
    import os

    from insyn.cli.permit_texts import tell_permit
    from insyn.office.diligence.cases import casebook, permits
    from insyn.office.screening.store import open_store
    from insyn.trust.keys.keyfile import write_new
    from insyn.trust.permit.issue import new_permit_id

    now = system_clock()
    with open_store(data_directory(data)) as store, store.reading() as connection:
        envelope = permits.draft(
            casebook.find(connection, case),
            site_key="".join(site_key.split()).casefold(),
            permit_id=new_permit_id(now, os.urandom(6)),
            now=now,
        )
    write_new(out, envelope.to_bytes())
    tell_permit(envelope, None, as_json)


def _screen(data: Path | None, case: str, as_json: bool) -> None:
    """Screen whoever is not screened as it is now, outside of the case's own transaction."""
    from insyn.office.diligence.cases import steps
    from insyn.office.screening.rescreen import rescreen_office

    rescreen_office(data_directory(data), clock=system_clock)
    _write(data, as_json, steps.screen, case)


def _write(
    data: Path | None,
    as_json: bool,
    step: Callable[..., Case],
    case: str | None = None,
    *,
    tell: bool = True,
    **said: object,
) -> None:
    """Take a step as whoever is signed in, in one transaction, and tell how the case stands."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.cases import casebook
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    now = system_clock()
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        if case is None:
            after = step(connection, actor, now)
        else:
            found = casebook.find(connection, case)
            after = step(connection, found, **said, actor=actor, now=now)
    if tell:
        tell_case(after, as_json=as_json)
