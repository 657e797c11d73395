"""`insyn user`, `sign-in`, `sign-out`, `whoami`: who the office's people are, and who acts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import Refusal
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.passphrases import passphrase
from insyn.cli.tables import print_table, shown
from insyn.trust.people.duties import Role, require

if TYPE_CHECKING:
    import sqlalchemy as sa

    from insyn.base.canonical import Json
    from insyn.trust.people.duties import Actor
    from insyn.trust.people.identity import Identified
    from insyn.trust.people.users import Person, State

app = typer.Typer(
    no_args_is_help=True,
    help="People: invited by an administrator, with roles; their API tokens; erased on request.",
)
tokens_app = typer.Typer(no_args_is_help=True, help="Your API tokens, for programs.")
app.add_typer(tokens_app, name="token")

PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="An id or sign-in name.")]
RoleArgument = Annotated[Role, typer.Argument(help="A role.")]
PasswordFileOption = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help="File whose first line is it (else it is asked for).",
    ),
]


def sign_in(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Your sign-in name (else asked for).")
    ] = None,
    password_file: PasswordFileOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Sign in, for the commands that follow here; the session ends after half an hour's rest."""
    from insyn.cli.acting import keep_session
    from insyn.office.screening.store import open_store
    from insyn.trust.people import sessions, signing_in, users
    from insyn.trust.people.passwords import Passwords

    directory = data_directory(data)
    name = name or str(typer.prompt("Name", err=True))
    password = passphrase(password_file, "Password")
    with open_store(directory) as store:
        secret, why_not = signing_in.sign_in(
            store.writing,
            name,
            password,
            source="console",
            passwords=Passwords(),
            now=system_clock(),
        )
        if secret is None:
            raise Refusal(why_not)
        keep_session(directory, secret)
        with store.reading() as connection:
            found = sessions.identify(connection, secret, now=system_clock(), touch=False)
            person = users.find(connection, found.actor.id) if found else None
    if person:
        _tell(person, as_json)


def sign_out(as_json: JsonOption = False, data: DataOption = None) -> None:
    """End the session that was begun here."""
    from insyn.cli.acting import keep_session, kept_session
    from insyn.office.screening.store import open_store
    from insyn.trust.people import sessions

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        sessions.end(connection, kept_session(directory))
    keep_session(directory, None)
    _say("signed out", as_json, {"signed_out": True})


def whoami(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show who acts here now."""
    from insyn.cli.acting import acting
    from insyn.office.screening.store import open_store
    from insyn.trust.people import users

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        person = users.find(connection, acting(directory, connection, scope="read").actor.id)
    _tell(person, as_json)


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

    password = passphrase(password_file, "New password (12 characters or more)", new=True)
    with open_store(data_directory(data)) as store, store.writing() as connection:
        person = users.claim(
            connection,
            token.strip(),
            password=password,
            passwords=Passwords(),
            name=name,
            now=system_clock(),
        )
    _tell(person, as_json)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The sign-in name.")],
    role: Annotated[
        list[Role] | None, typer.Option("--role", help="A role; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Invite a person: prints a one-time token, with which they set their own password."""
    from insyn.trust.people import users

    with _acting(data) as (connection, actor):
        person, token = users.add(
            connection, name, roles=role or (), actor=actor, now=system_clock()
        )
    _tell(person, as_json, token)


@app.command("invite")
def invite(person: PersonArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Give a new one-time token to somebody who forgot the password; the old one is void."""
    from insyn.trust.people import users

    with _acting(data) as (connection, actor):
        id_ = users.find(connection, person).id
        token = users.invite_again(connection, id_, actor=actor, now=system_clock())
        found = users.find(connection, id_)
    _tell(found, as_json, token)


@app.command("list")
def list_people(as_json: JsonOption = False, data: DataOption = None) -> None:
    """List the office's people with their roles."""
    from insyn.trust.people import users

    with _acting(data) as (connection, actor):
        require(actor, "user.manage")
        found = users.every(connection)
    if as_json:
        print(json.dumps([person.to_json() for person in found], ensure_ascii=False))
    else:
        rows = [(p.id, p.name, str(p.state), ", ".join(sorted(p.roles))) for p in found]
        print_table(("id", "name", "state", "roles"), rows)


@app.command("show")
def show(person: PersonArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show a person: state, roles, and until when they have to wait after failed sign-ins."""
    from insyn.trust.people import signing_in, users

    with _acting(data) as (connection, actor):
        found = users.find(connection, person)
        if found.id != actor.id:
            require(actor, "user.manage")
        until = signing_in.waits_until(connection, found.name, now=system_clock())
    if as_json:
        waits = isoformat(until) if until else None
        print(json.dumps({**found.to_json(), "waits_until": waits}, ensure_ascii=False))
        return
    _tell(found, as_json)
    if until:
        print(f"failed to sign in too often; has to wait until {isoformat(until)}")


@app.command("grant")
def grant(
    person: PersonArgument, role: RoleArgument, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Give a person a role; nobody gives one to themselves."""
    from insyn.trust.people import users

    with _acting(data) as (connection, actor):
        id_ = users.find(connection, person).id
        found = users.grant(connection, id_, role, actor=actor, now=system_clock())
    _tell(found, as_json)


@app.command("withdraw")
def withdraw(
    person: PersonArgument, role: RoleArgument, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Take a role from a person."""
    from insyn.trust.people import users

    with _acting(data) as (connection, actor):
        id_ = users.find(connection, person).id
        found = users.withdraw(connection, id_, role, actor=actor, now=system_clock())
    _tell(found, as_json)


@app.command("disable")
def disable(person: PersonArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Keep a person out: no session, no token of theirs works from now on."""
    from insyn.trust.people.users import State

    _set_state(data, person, State.DISABLED, as_json)


@app.command("enable")
def enable(person: PersonArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Let a disabled person in again."""
    from insyn.trust.people.users import State

    _set_state(data, person, State.ACTIVE, as_json)


@app.command("unlock")
def unlock(person: PersonArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Let somebody who failed too often try again at once."""
    from insyn.trust.people import signing_in, users

    with _acting(data) as (connection, actor):
        signing_in.unlock(connection, person, actor=actor, now=system_clock())
        found = users.find(connection, person)
    _say(f"{found.id} may try again", as_json, found.to_json())


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
    from insyn.trust.people import users
    from insyn.trust.people.passwords import Passwords

    old = passphrase(old_file, "Old password")
    new = passphrase(password_file, "New password (12 characters or more)", new=True)
    with _acting(data) as (connection, actor):
        users.change_password(
            connection, actor.id, old=old, new=new, passwords=Passwords(), now=system_clock()
        )
    _say("changed; sign in again", as_json, {"id": actor.id, "changed": "password"})


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
    with _acting(data) as (connection, actor):
        id_ = users.find(connection, person).id
        users.erase(connection, id_, actor=actor, now=system_clock())
        found = users.find(connection, id_)
    _say(f"{id_} is erased", as_json, found.to_json())


@tokens_app.command("add")
def add_token(
    label: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="read, screen, deals, cases, permits, ...; may be repeated."),
    ],
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How long it lasts.")] = 90,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Make an API token of your own; it is printed once."""
    from insyn.trust.people import tokens

    with _identified(data) as (connection, asking):
        token, secret = tokens.add(
            connection,
            label=label,
            scopes=scope,
            lasts=timedelta(days=days),
            actor=asking.actor,
            now=system_clock(),
            within=asking,
        )
    if as_json:
        print(json.dumps({**token.to_json(), "secret": secret}, ensure_ascii=False))
    else:
        print(secret)
        typer.echo(f"token {token.id}, until {isoformat(token.expires_at)}; shown once", err=True)


@tokens_app.command("list")
def list_tokens(as_json: JsonOption = False, data: DataOption = None) -> None:
    """List your tokens, those that are over too."""
    from insyn.trust.people import tokens

    with _acting(data) as (connection, actor):
        found = tokens.of_person(connection, actor.id)
    if as_json:
        print(json.dumps([token.to_json() for token in found], ensure_ascii=False))
    else:
        rows = [
            (
                t.id,
                t.label,
                ", ".join(t.scopes),
                isoformat(t.expires_at),
                "revoked" if t.revoked_at else "",
            )
            for t in found
        ]
        print_table(("id", "label", "scopes", "until", ""), rows)


@tokens_app.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(help="The token's id.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """End a token at once."""
    from insyn.trust.people import tokens

    with _acting(data) as (connection, actor):
        ended = tokens.revoke(connection, token, actor=actor, now=system_clock())
    _say(f"{token} is revoked", as_json, ended.to_json())


@contextmanager
def _acting(data: Path | None) -> Iterator[tuple[sa.Connection, Actor]]:
    """A writing transaction, and who acts in it."""
    with _identified(data) as (connection, asking):
        yield connection, asking.actor


@contextmanager
def _identified(data: Path | None) -> Iterator[tuple[sa.Connection, Identified]]:
    """A writing transaction, and who acts in it by what."""
    from insyn.cli.acting import acting
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        yield connection, acting(directory, connection, scope="people")


def _set_state(data: Path | None, person: str, state: State, as_json: bool) -> None:
    from insyn.trust.people import users

    with _acting(data) as (connection, actor):
        id_ = users.find(connection, person).id
        found = users.set_state(connection, id_, state, actor=actor, now=system_clock())
    _tell(found, as_json)


def _say(sentence: str, as_json: bool, record: Mapping[str, Json]) -> None:
    print(json.dumps(record, ensure_ascii=False) if as_json else sentence)


def _tell(person: Person, as_json: bool, token: str | None = None) -> None:
    if as_json:
        told = person.to_json()
        print(json.dumps(told | {"token": token} if token else told, ensure_ascii=False))
        return
    roles = ", ".join(sorted(person.roles)) or "no role"
    print(f"{person.id}  {shown(person.name)}  {person.state}  {roles}")
    if token:
        print(token)
        typer.echo(
            "one-time token, for 24 hours, shown once: insyn user claim --token TOKEN", err=True
        )
