"""`insyn case vote | permit | met | monitor | reopen | close`: the decision, and after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import UsageError
from insyn.cli.case_step import BecauseOption, CaseArgument, take
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import shown
from insyn.office.diligence.cases.states import Trigger

app = typer.Typer()


@app.command("vote")
def vote(
    case: CaseArgument,
    because: BecauseOption,
    yes: Annotated[bool, typer.Option("--yes", help="Agree with the proposal.")] = False,
    no: Annotated[bool, typer.Option("--no", help="Do not agree with it.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Agree with the proposal, or not. Two who agree decide; one who does not sends it back."""
    from insyn.office.diligence.cases import steps

    # Two flags, not one with two names: of those the last one would win, and a vote is no place
    # for guessing.
    if yes is no:
        raise UsageError(f"a vote says --yes or --no, {'not both' if yes else 'one of them'}")
    take(data, as_json, steps.vote, case, agrees=yes, because=because)


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
    from insyn.office.diligence.cases import casebook, gates, permits
    from insyn.office.screening.store import open_store
    from insyn.trust.keys.keyfile import write_new
    from insyn.trust.permit.issue import new_permit_id

    now = system_clock()
    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = casebook.find(connection, case)
        lacks = gates.uncommitted(connection, found.deal, at=now)
        envelope = permits.draft(
            found,
            site_key="".join(site_key.split()).casefold(),
            permit_id=new_permit_id(now, os.urandom(6)),
            now=now,
        )
    write_new(out, envelope.to_bytes())
    tell_permit(envelope, None, as_json)
    for lack in lacks:
        typer.echo(
            f"insyn: this draft cannot be issued yet, {shown(lack)}; "
            "record the signed commitment first (insyn commitment add)",
            err=True,
        )


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
    take(data, as_json, steps.meet_condition, case, said=said)


@app.command("monitor")
def monitor(case: CaseArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Say that the site works under its permit."""
    from insyn.office.diligence.cases import steps

    take(data, as_json, steps.monitor, case)


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

    take(data, as_json, steps.reopen, case, trigger=trigger, because=because)


@app.command("close")
def close(
    case: CaseArgument, because: BecauseOption, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Put a case away: a draft, a declined or a monitored one."""
    from insyn.office.diligence.cases import steps

    take(data, as_json, steps.close, case, because=because)
