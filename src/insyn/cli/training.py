"""`insyn training`: modules taken at the terminal, recorded by a trainer, and who lacks which."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import EnvironmentFailure
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import ask, counted, print_table, shown

if TYPE_CHECKING:
    from insyn.office.diligence.commitments.modules import Question

app = typer.Typer(
    no_args_is_help=True,
    help="Training: without what your roles ask for, you do not decide.",
)

ModuleArgument = Annotated[str, typer.Argument(metavar="MODULE", help="The module's id.")]
MISSING = 1


@app.command("list")
def list_modules(as_json: JsonOption = False, data: DataOption = None) -> None:
    """List the modules, whom they are for and how long they count."""
    from insyn.office.diligence.commitments import training
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = training.known(connection, at=system_clock()).values()
    if as_json:
        for module in found:
            print(json.dumps(module.to_json(), ensure_ascii=False))
        return
    rows = [
        (
            module.id,
            module.version,
            module.title,
            ", ".join(sorted(module.required_for)),
            f"{module.validity_months} months",
        )
        for module in found
    ]
    print_table(("module", "version", "title", "for", "counts"), rows)


@app.command("take")
def take(
    module: ModuleArgument,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Decides the order of questions; else chance.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Read a module and answer its questions; passed from 80 % of right answers.

    Exit 1: not passed; nothing is kept, and it can be taken again.
    """
    from insyn.cli.acting import acting
    from insyn.office.diligence.commitments import training
    from insyn.office.diligence.commitments.modules import paper, score_percent
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store:
        with store.writing() as connection:  # refused before the questions, not after them
            acting(directory, connection)
            found = training.find_module(connection, module, at=system_clock())
        asked = paper(found, seed=secrets.randbits(32) if seed is None else seed)
        typer.echo(f"{found.title}\n\n{found.text}\n", err=True)
        given = [_ask(n, each) for n, each in enumerate(asked, 1)]
        score = score_percent(asked, given)
        typer.echo(f"{score} % right", err=True)
        for n, (question, answer) in enumerate(zip(asked, given, strict=True), 1):
            if answer != question.right:
                typer.echo(f"not right: {n}. {shown(question.text)}", err=True)
        with store.writing() as connection:
            kept = training.take(
                connection,
                found,
                score_percent=score,
                actor=acting(directory, connection).actor,
                now=system_clock(),
            )
    if as_json:
        print(json.dumps(kept.to_json(), ensure_ascii=False))
    else:
        print(f"passed {found.id} {found.version}; it counts until {kept.counts_until(found)}")


@app.command("record")
def record(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="An id or sign-in name.")],
    module: ModuleArgument,
    on: Annotated[str, typer.Option("--on", metavar="DAY", help="When it was completed.")],
    score: Annotated[
        int | None, typer.Option("--score", help="Right answers of a hundred, if asked.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Record what somebody has completed with you, as their trainer; never your own."""
    from insyn.cli.acting import acting
    from insyn.cli.days import day_of
    from insyn.office.diligence.commitments import training
    from insyn.office.screening.store import open_store
    from insyn.trust.people import users

    day = day_of(on)
    directory, now = data_directory(data), system_clock()
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection, scope="people").actor
        kept = training.record(
            connection,
            training.find_module(connection, module, at=now),
            users.find(connection, person).id,
            completed_on=day,
            score_percent=score,
            actor=actor,
            now=now,
        )
    if as_json:
        print(json.dumps(kept.to_json(), ensure_ascii=False))
    else:
        print(f"{kept.person} has completed {kept.module} {kept.version}")


@app.command("status")
def status(
    person: Annotated[
        str | None,
        typer.Argument(
            metavar="PERSON", help="An id or sign-in name; else you.", show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show what somebody's roles ask for, and what is missing.

    Exit 1: something is missing.
    """
    from insyn.cli.acting import acting
    from insyn.office.diligence.commitments import training
    from insyn.office.screening.store import open_store
    from insyn.trust.people import users
    from insyn.trust.people.duties import require

    directory, now = data_directory(data), system_clock()
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection, scope="read").actor
        who = users.find(connection, person or actor.id)
        if who.id != actor.id:
            require(actor, "training.read")
        found = training.status(connection, who.id, who.roles, now)
    missing = [each for each in found if each.why_not]
    if as_json:
        told = {"person": who.id, "modules": [each.to_json() for each in found]}
        print(json.dumps(told, ensure_ascii=False))
    elif found:
        rows = [
            (each.module.id, each.module.title, str(each.until or "-"), each.why_not or "counts")
            for each in found
        ]
        print_table(("module", "title", "until", ""), rows)
    else:
        print(f"{who.id} holds no role that asks for training")
    raise typer.Exit(MISSING if missing else 0)


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="Markdown; docs/reference/commitments.md.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Add a module of your company's own, or a later version of it."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.commitments import training
    from insyn.office.screening.store import open_store

    try:
        content = file.read_bytes()
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {file}: {error.strerror}") from error
    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection, scope="people").actor
        module = training.add_module(
            connection, content, actor=actor, now=system_clock(), name=file.name
        )
    if as_json:
        print(json.dumps(module.to_json(), ensure_ascii=False))
    else:
        questions = counted(len(module.questions), "question")
        print(f"module {module.id} {module.version}: {questions}")


def _ask(number: int, question: Question) -> str:
    """The answer that was chosen, by its number; asked again where it is none."""
    typer.echo(f"\n{number}. {shown(question.text)}", err=True)
    for at, answer in enumerate(question.answers, 1):
        typer.echo(f"   {at}  {shown(answer)}", err=True)
    while True:
        chosen = ask("Answer")
        if chosen.isdecimal() and 1 <= int(chosen) <= len(question.answers):
            return question.answers[int(chosen) - 1]
        typer.echo(f"answer with a number from 1 to {len(question.answers)}", err=True)
