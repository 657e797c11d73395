"""What `insyn user` and `insyn site user` do alike with people; who acts, and where, differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import Refusal, UsageError
from insyn.cli.options import DataOption, JsonOption
from insyn.cli.tables import print_table
from insyn.cli.user_told import say, tell_person
from insyn.trust.people.duties import Role, require

if TYPE_CHECKING:
    import sqlalchemy as sa

    from insyn.trust.people.duties import Actor
    from insyn.trust.people.users import Person, State

PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="An id or sign-in name.")]
RolesArgument = Annotated[
    list[Role] | None, typer.Argument(metavar="[ROLE]...", help="Roles, each a word; or as --role.")
]
RolesOption = Annotated[list[Role] | None, typer.Option("--role", help="A role; may be repeated.")]

Acting = Callable[[Path | None], "AbstractContextManager[tuple[sa.Connection, Actor]]"]
"""A writing transaction in a data directory, and who acts in it."""


def roles_of(
    words: Sequence[StrEnum] | None, options: Sequence[StrEnum] | None, offered: Iterable[StrEnum]
) -> tuple[Role, ...]:
    """The roles that were named, as words after the person or as options.

    Raises:
        UsageError: none was; says which are offered.
    """
    named = [Role(one.value) for one in (*(words or ()), *(options or ()))]
    if not named:
        raise UsageError(f"name a role: --role {' | '.join(repr(str(one)) for one in offered)}")
    return tuple(dict.fromkeys(named))


def grant_in(acting: tuple[sa.Connection, Actor], person: str, roles: Sequence[Role]) -> Person:
    """Give roles, all or none; which there are to give, each noun says itself."""
    from insyn.trust.people import users

    connection, actor = acting
    found = users.find(connection, person)
    for role in roles:
        found = users.grant(connection, found.id, role, actor=actor, now=system_clock())
    return found


def add_steps(app: typer.Typer, acting_in: Acting, *, whose: str, claim: str, noun: str) -> None:
    """Give a noun the commands list, invite, withdraw, disable, enable and unlock.

    Args:
        app: the noun.
        acting_in: opens its database.
        whose: whose people they are, for the help.
        claim: the command by which a one-time token is used.
        noun: how it is typed, for messages.
    """

    @contextmanager
    def keeping_administrator() -> Iterator[None]:
        from insyn.trust.people.users import NoAdministratorLeft

        try:
            yield
        except NoAdministratorLeft as error:
            raise Refusal(f"{error} ({noun} grant PERSON administrator)") from error

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
        role: RolesArgument = None,
        more: RolesOption = None,
        as_json: JsonOption = False,
        data: DataOption = None,
    ) -> None:
        """Take roles from a person."""
        from insyn.trust.people import users

        roles = roles_of(role, more, Role)
        with keeping_administrator(), acting_in(data) as (connection, actor):
            found = users.find(connection, person)
            for one in roles:
                found = users.withdraw(connection, found.id, one, actor=actor, now=system_clock())
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

        with keeping_administrator(), acting_in(data) as (connection, actor):
            id_ = users.find(connection, person).id
            found = users.set_state(connection, id_, state, actor=actor, now=system_clock())
        tell_person(found, as_json)
