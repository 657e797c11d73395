"""What `insyn user`, `sign-in` and `user token` share: who acts, and how people are told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.errors import Refusal
from insyn.cli.options import data_directory
from insyn.cli.tables import shown

if TYPE_CHECKING:
    import sqlalchemy as sa

    from insyn.base.canonical import Json
    from insyn.trust.people.duties import Actor
    from insyn.trust.people.identity import Identified
    from insyn.trust.people.users import Person

PasswordFileOption = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help="File whose first line is it (else it is asked for).",
    ),
]


@contextmanager
def acting_in(data: Path | None) -> Iterator[tuple[sa.Connection, Actor]]:
    """A writing transaction, and who acts in it."""
    with identified_in(data) as (connection, asking):
        yield connection, asking.actor


@contextmanager
def identified_in(data: Path | None) -> Iterator[tuple[sa.Connection, Identified]]:
    """A writing transaction, and who acts in it by what."""
    from insyn.cli.acting import acting
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        yield connection, acting(directory, connection, scope="people")


@contextmanager
def advising(another: str) -> Iterator[None]:
    """Where a one-time token is not taken, say how another is made."""
    from insyn.trust.people.users import NoInvitation

    try:
        yield
    except NoInvitation as error:
        raise Refusal(f"{error}; {another}") from error


def say(sentence: str, as_json: bool, record: Mapping[str, Json]) -> None:
    """The sentence, or the record for programs."""
    print(json.dumps(record, ensure_ascii=False) if as_json else sentence)


def tell_person(
    person: Person, as_json: bool, token: str | None = None, *, claim: str = "insyn user claim"
) -> None:
    """A person, and the one-time token that was made for them."""
    if as_json:
        told = person.to_json()
        print(json.dumps(told | {"token": token} if token else told, ensure_ascii=False))
        return
    roles = ", ".join(sorted(person.roles)) or "no role"
    print(f"{person.id}  {shown(person.name)}  {person.state}  {roles}")
    if token:
        print(token)
        typer.echo(f"one-time token, for 24 hours, shown once: {claim} --token TOKEN", err=True)
