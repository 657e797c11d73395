"""`insyn user`: who the office's people are, and what each may do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import UsageError
from insyn.cli import user_token
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.passphrases import new_password, passphrase
from insyn.cli.people_steps import (
    PersonArgument,
    RolesArgument,
    RolesOption,
    add_steps,
    grant_in,
    roles_of,
)
from insyn.cli.user_told import PasswordFileOption, acting_in, advising, say, tell_person
from insyn.trust.people.duties import Role, require

app = typer.Typer(
    no_args_is_help=True,
    help="People: invited by an administrator, with roles; their API tokens; erased on request.",
)
ANOTHER = (
    "an administrator makes another (insyn user invite PERSON), and the first administrator's is "
    "made anew with insyn office init"
)

app.add_typer(user_token.app, name="token")
add_steps(app, acting_in, whose="the office's", claim="insyn user claim", noun="insyn user")


@app.command("claim")
def claim(
    token: Annotated[
        str, typer.Option("--token", help="The one-time token.", prompt=True, hide_input=True)
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="The sign-in name you want (else as invited).")
    ] = None,
    password_file: PasswordFileOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Set your password with a one-time token; nobody else ever knows it."""
    from insyn.office.screening.store import open_store
    from insyn.trust.people import users
    from insyn.trust.people.passwords import Passwords

    with advising(ANOTHER), open_store(data_directory(data)) as store:
        with store.reading() as connection:
            users.require_invitation(connection, token.strip(), now=system_clock())
        password = new_password(password_file)
        with store.writing() as connection:
            person = users.claim(
                connection,
                token.strip(),
                password=password,
                passwords=Passwords(),
                name=name,
                now=system_clock(),
            )
            if name is None and person.name == users.UNNAMED:
                # In the transaction: what is refused leaves the token good.
                raise UsageError("choose the name that you sign in with (--name), and claim again")
    tell_person(person, as_json)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The sign-in name.")],
    role: RolesArgument = None,
    more: RolesOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Invite a person: prints a one-time token, with which they set their own password."""
    from insyn.trust.people import users

    roles = roles_of(role, more, Role)
    with acting_in(data) as (connection, actor):
        person, token = users.add(connection, name, roles=roles, actor=actor, now=system_clock())
    tell_person(person, as_json, token)


@app.command("grant")
def grant(
    person: PersonArgument,
    role: RolesArgument = None,
    more: RolesOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Give a person roles; nobody gives one to themselves."""
    roles = roles_of(role, more, Role)
    with acting_in(data) as acting:
        found = grant_in(acting, person, roles)
    tell_person(found, as_json)


@app.command("show")
def show(person: PersonArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show a person: state, roles, and until when they have to wait after failed sign-ins."""
    from insyn.trust.people import signing_in, users

    with acting_in(data) as (connection, actor):
        found = users.find(connection, person)
        if found.id != actor.id:
            require(actor, "user.manage")
        until = signing_in.waits_until(connection, found.name, now=system_clock())
    if as_json:
        waits = isoformat(until) if until else None
        print(json.dumps({**found.to_json(), "waits_until": waits}, ensure_ascii=False))
        return
    tell_person(found, as_json)
    if until:
        print(f"failed to sign in too often; has to wait until {isoformat(until)}")


@app.command("password")
def password(
    old_file: Annotated[
        Path | None, typer.Option("--old-password-file", metavar="FILE", help="The old one.")
    ] = None,
    password_file: PasswordFileOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Change your own password; all your sessions end."""
    from insyn.cli.acting import acting
    from insyn.office.screening.store import open_store
    from insyn.trust.people import signing_in
    from insyn.trust.people.passwords import Passwords

    directory = data_directory(data)
    with open_store(directory) as store:
        with store.writing() as connection:
            actor = acting(directory, connection, scope="people").actor
        old = passphrase(old_file, "Old password", what="password", option="--old-password-file")
        new = new_password(password_file)
        signing_in.change_password(
            store.writing,
            actor.id,
            old=old,
            new=new,
            source="console",
            passwords=Passwords(),
            now=system_clock(),
        )
    say("changed; sign in again", as_json, {"id": actor.id, "changed": "password"})


@app.command("erase")
def erase(
    person: PersonArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without being asked.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Erase who a person is; what they did stays under their id. It cannot be undone."""
    from insyn.trust.people import users

    if not yes:
        typer.confirm(f"Erase who {person} is, for good?", abort=True, err=True)
    with acting_in(data) as (connection, actor):
        id_ = users.find(connection, person).id
        users.erase(connection, id_, actor=actor, now=system_clock())
        found = users.find(connection, id_)
    say(f"{id_} is erased", as_json, found.to_json())
