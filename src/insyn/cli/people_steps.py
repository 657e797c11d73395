"""What `insyn user` and `insyn site user` do alike with people; who acts, and where, differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.cli.options import DataOption, JsonOption
from insyn.cli.tables import print_table
from insyn.cli.user_told import say, tell_person
from insyn.trust.people.duties import Role, require

if TYPE_CHECKING:
    import sqlalchemy as sa

    from insyn.trust.people.duties import Actor
    from insyn.trust.people.users import Person, State

PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="An id or sign-in name.")]
RoleArgument = Annotated[Role, typer.Argument(help="A role.")]

Acting = Callable[[Path | None], "AbstractContextManager[tuple[sa.Connection, Actor]]"]
"""A writing transaction in a data directory, and who acts in it."""


def grant_in(acting: tuple[sa.Connection, Actor], person: str, role: Role) -> Person:
    """Give a role; which there are to give, each noun says itself."""
    from insyn.trust.people import users

    connection, actor = acting
    id_ = users.find(connection, person).id
    return users.grant(connection, id_, role, actor=actor, now=system_clock())


def add_steps(app: typer.Typer, acting_in: Acting, *, whose: str, claim: str) -> None:
    """Give a noun the commands list, invite, withdraw, disable, enable and unlock.

    Args:
        app: the noun.
        acting_in: opens its database.
        whose: whose people they are, for the help.
        claim: the command by which a one-time token is used.
    """

    @app.command("list", help=f"List {whose} people with their roles.")
    def list_people(as_json: JsonOption = False, data: DataOption = None) -> None:
        from insyn.trust.people import users

        with acting_in(data) as (connection, actor):
            require(actor, "user.manage")
            found = users.every(connection)
        if as_json:
            print(json.dumps([person.to_json() for person in found], ensure_ascii=False))
        else:
            rows = [(p.id, p.name, str(p.state), ", ".join(sorted(p.roles))) for p in found]
            print_table(("id", "name", "state", "roles"), rows)

    @app.command("invite")
    def invite(
        person: PersonArgument, as_json: JsonOption = False, data: DataOption = None
    ) -> None:
        """Give a new one-time token to somebody who forgot the password; the old one is void."""
        from insyn.trust.people import users

        with acting_in(data) as (connection, actor):
            id_ = users.find(connection, person).id
            token = users.invite_again(connection, id_, actor=actor, now=system_clock())
            found = users.find(connection, id_)
        tell_person(found, as_json, token, claim=claim)

    @app.command("withdraw")
    def withdraw(
        person: PersonArgument,
        role: RoleArgument,
        as_json: JsonOption = False,
        data: DataOption = None,
    ) -> None:
        """Take a role from a person."""
        from insyn.trust.people import users

        with acting_in(data) as (connection, actor):
            id_ = users.find(connection, person).id
            found = users.withdraw(connection, id_, role, actor=actor, now=system_clock())
        tell_person(found, as_json)

    @app.command("disable")
    def disable(
        person: PersonArgument, as_json: JsonOption = False, data: DataOption = None
    ) -> None:
        """Keep a person out: no session, no token of theirs works from now on."""
        from insyn.trust.people.users import State

        set_state(data, person, State.DISABLED, as_json)

    @app.command("enable")
    def enable(
        person: PersonArgument, as_json: JsonOption = False, data: DataOption = None
    ) -> None:
        """Let a disabled person in again."""
        from insyn.trust.people.users import State

        set_state(data, person, State.ACTIVE, as_json)

    @app.command("unlock")
    def unlock(
        person: PersonArgument, as_json: JsonOption = False, data: DataOption = None
    ) -> None:
        """Let somebody who failed too often try again at once."""
        from insyn.trust.people import signing_in, users

        with acting_in(data) as (connection, actor):
            id_ = users.find(connection, person).id
            signing_in.unlock(connection, id_, actor=actor, now=system_clock())
            found = users.find(connection, id_)
        say(f"{found.id} may try again", as_json, found.to_json())

    def set_state(data: Path | None, person: str, state: State, as_json: bool) -> None:
        from insyn.trust.people import users

        with acting_in(data) as (connection, actor):
            id_ = users.find(connection, person).id
            found = users.set_state(connection, id_, state, actor=actor, now=system_clock())
        tell_person(found, as_json)
