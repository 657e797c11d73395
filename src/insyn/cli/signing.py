"""`insyn sign-in`, `sign-out`, `whoami`: who acts in the commands that follow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import Refusal
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.passphrases import passphrase
from insyn.cli.tables import ask
from insyn.cli.user_told import PasswordFileOption, say, tell_person

if TYPE_CHECKING:
    from insyn.base.config import DataDirectory
    from insyn.office.screening.store import Store


def sign_in(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Your sign-in name (else asked for).")
    ] = None,
    password_file: PasswordFileOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Sign in, for the commands that follow here; the session ends after half an hour's rest."""
    from insyn.cli.acting import TOKEN_VARIABLE, keep_session
    from insyn.office.screening.store import open_store
    from insyn.trust.people import sessions, signing_in, users
    from insyn.trust.people.passwords import Passwords

    directory = data_directory(data)
    name = name or ask("Name")
    password = passphrase(password_file, "Password", what="password", option="--password-file")
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
            raise Refusal(why_not + _still_signed_in(directory, store))
        keep_session(directory, secret)
        with store.reading() as connection:
            found = sessions.identify(connection, secret, now=system_clock(), touch=False)
            person = users.find(connection, found.actor.id) if found else None
    if person:
        tell_person(person, as_json)
    if os.environ.get(TOKEN_VARIABLE, "").strip():
        typer.echo(
            f"insyn: {TOKEN_VARIABLE} is set and goes before this session; unset it to act as "
            "whoever signed in",
            err=True,
        )


def sign_out(as_json: JsonOption = False, data: DataOption = None) -> None:
    """End the session that was begun here."""
    from insyn.cli.acting import keep_session, kept_session
    from insyn.office.screening.store import open_store
    from insyn.trust.people import sessions

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        sessions.end(connection, kept_session(directory))
    keep_session(directory, None)
    say("signed out", as_json, {"signed_out": True})


def whoami(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show who acts here now."""
    from insyn.cli.acting import acting
    from insyn.office.screening.store import open_store
    from insyn.trust.people import users

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        person = users.find(connection, acting(directory, connection, scope="read").actor.id)
    tell_person(person, as_json)


def _still_signed_in(directory: DataDirectory, store: Store) -> str:
    """Who goes on acting here after a sign-in that failed; "" where nobody does."""
    from insyn.cli.acting import kept_session
    from insyn.trust.people import sessions

    with store.reading() as connection:
        found = sessions.identify(
            connection, kept_session(directory), now=system_clock(), touch=False
        )
    if found is None:
        return ""
    return f"; {found.actor.id} is still signed in here (insyn sign-out ends that)"
