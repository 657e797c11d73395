"""`insyn case open | submit | screen | triage | ... | propose`: up to a proposal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.cli.case_step import BecauseOption, CaseArgument, screened, take
from insyn.cli.options import DataOption, JsonOption
from insyn.office.diligence.cases.events import EndedIn, Proposal

if TYPE_CHECKING:
    from datetime import datetime

    import sqlalchemy as sa

    from insyn.office.diligence.cases.case import Case
    from insyn.trust.people.duties import Actor

app = typer.Typer()


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

    take(data, as_json, begin)


@app.command("submit")
def submit(case: CaseArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Ask for a decision: the parties go to screening, and screening's word is taken up."""
    from insyn.office.diligence.cases import steps

    take(data, as_json, steps.submit, case, tell=False)
    screened(data, case, as_json)


@app.command("screen")
def screen(case: CaseArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Screen the parties of a case as they are now, and take it up."""
    screened(data, case, as_json)


@app.command("triage")
def triage(
    case: CaseArgument, because: BecauseOption, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Take a case up, with what the rules say of it."""
    from insyn.office.diligence.cases import steps

    take(data, as_json, steps.triage, case, because=because)


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

    take(data, as_json, steps.wait, case, for_whom=for_whom, because=because)


@app.command("resume")
def resume(
    case: CaseArgument, because: BecauseOption, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Go on with a case that waited."""
    from insyn.office.diligence.cases import steps

    take(data, as_json, steps.resume, case, because=because)


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

    take(data, as_json, steps.engage, case, with_whom=with_whom, about=about)


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

    take(data, as_json, steps.end_engagement, case, engagement=engagement, ended=(ended_in, result))


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
    from insyn.cli.case_files import read_conditions, read_terms
    from insyn.cli.days import read_day
    from insyn.office.diligence.cases import steps

    offer = steps.Offer(
        proposal=proposal,
        because=because,
        conditions=read_conditions(conditions),
        terms=read_terms(terms),
        review_on=read_day(review_on),
    )
    take(data, as_json, steps.propose, case, offer=offer)


@app.command("take-back")
def take_back(
    case: CaseArgument, because: BecauseOption, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Take a proposal back before anybody has voted."""
    from insyn.office.diligence.cases import steps

    take(data, as_json, steps.take_back, case, because=because)
