"""`insyn site sign-in | sign-out | whoami | claim | password | user`: a site's people.

With `--console` over HTTP, from anywhere; else in the site's own database, on its machine, whether
or not the console runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import Refusal, UsageError
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.passphrases import new_password, passphrase
from insyn.cli.people_steps import PersonArgument, add_steps, grant_in, roles_of
from insyn.cli.site_console import ConsoleOption, console_of, place_of_site
from insyn.cli.tables import ask, shown
from insyn.cli.user_told import PasswordFileOption, advising, say, tell_person
from insyn.trust.people.duties import SiteRole

if TYPE_CHECKING:
    import sqlalchemy as sa

    from insyn.site.directory import SiteDirectory
    from insyn.trust.people.duties import Actor

app = typer.Typer(
    no_args_is_help=True,
    help="The site's people: invited by an administrator, with roles. Until somebody has claimed a "
    "one-time token, whoever can write the site's files acts as the site itself, and needs not "
    "sign in; from then on, only who is signed in acts.",
)

ANOTHER = (
    "it stands where insyn site init or whoever invited you printed it, and nowhere else; an "
    "administrator makes another (insyn site user invite PERSON), and the first administrator's is "
    "made anew with insyn site init --new-token"
)

TokenOption = Annotated[
    str, typer.Option("--token", help="The one-time token.", prompt=True, hide_input=True)
]
SiteRolesArgument = Annotated[
    list[SiteRole] | None,
    typer.Argument(metavar="[ROLE]...", help="Roles, each a word; or as --role."),
]
SiteRolesOption = Annotated[
    list[SiteRole] | None, typer.Option("--role", help="A role; may be repeated.")
]


def sign_in(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Your sign-in name (else asked for).")
    ] = None,
    console: ConsoleOption = None,
    password_file: PasswordFileOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Sign in at the site, for the commands that follow; half an hour's rest ends the session."""
    from insyn.cli.acting import keep_at
    from insyn.trust.people import sessions, signing_in, users
    from insyn.trust.people.passwords import Passwords

    name = name or ask("Name")
    password = passphrase(password_file, "Password", what="password", option="--password-file")
    if console is not None:
        reached = console_of(console, data)
        sent = {"name": name, "password": password}
        said = reached.ask("POST", "/session", sent, as_who=False)
        reached.keep(str(said["session"]))
        _tell(said["person"], as_json)
        return
    site = _site(data)
    from insyn.site.store import open_site

    with open_site(site) as store:
        secret, why_not = signing_in.sign_in(
            store.writing,
            name,
            password,
            source="command line",
            passwords=Passwords(),
            now=system_clock(),
        )
        if secret is None:
            raise Refusal(why_not)
        keep_at(place_of_site(site.root), secret)
        with store.reading() as connection:
            found = sessions.identify(connection, secret, now=system_clock(), touch=False)
            assert found is not None
            person = users.find(connection, found.actor.id)
    tell_person(person, as_json)


def sign_out(
    console: ConsoleOption = None, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """End the session that was begun here at the site."""
    from insyn.cli.acting import keep_at, kept_at
    from insyn.trust.people import sessions

    if console is not None:
        reached = console_of(console, data)
        reached.ask("DELETE", "/session")
        reached.keep(None)
    else:
        site = _site(data)
        from insyn.site.store import open_site

        with open_site(site) as store, store.writing() as connection:
            sessions.end(connection, kept_at(place_of_site(site.root)))
        keep_at(place_of_site(site.root), None)
    say("signed out", as_json, {"signed_out": True})


def whoami(
    console: ConsoleOption = None, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Show who acts here at the site."""
    from insyn.trust.people import users

    if console is not None:
        _tell(console_of(console, data).ask("GET", "/session")["person"], as_json)
        return
    with _acting_in(data) as (connection, actor):
        person = None if actor.id == "site" else users.find(connection, actor.id)
    if person is None:
        say("the site itself: it has no people yet", as_json, {"id": "site"})
    else:
        tell_person(person, as_json)


def claim(
    token: TokenOption,
    name: Annotated[
        str | None, typer.Option("--name", help="The sign-in name you want (else as invited).")
    ] = None,
    console: ConsoleOption = None,
    password_file: PasswordFileOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Set your password with a one-time token; nobody else ever knows it."""
    from insyn.trust.people import users
    from insyn.trust.people.passwords import Passwords

    token = token.strip()
    if console is not None:
        password = new_password(password_file)
        sent = {"token": token, "password": password, "name": name}
        _tell(
            console_of(console, data).ask("POST", "/claim", sent, as_who=False)["person"], as_json
        )
        return
    from insyn.site.store import open_site

    with advising(ANOTHER), open_site(_site(data)) as store:
        with store.reading() as connection:
            users.require_invitation(connection, token, now=system_clock())
        password = new_password(password_file)
        with store.writing() as connection:
            person = users.claim(
                connection,
                token,
                password=password,
                passwords=Passwords(),
                name=name,
                now=system_clock(),
            )
            if name is None and person.name == users.UNNAMED:
                # In the transaction: what is refused leaves the token good.
                raise UsageError("choose the name that you sign in with (--name), and claim again")
    tell_person(person, as_json)


def password(
    old_file: Annotated[
        Path | None, typer.Option("--old-password-file", metavar="FILE", help="The old one.")
    ] = None,
    console: ConsoleOption = None,
    password_file: PasswordFileOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Change your own password; all your sessions end."""
    from insyn.trust.people import signing_in
    from insyn.trust.people.passwords import Passwords

    def typed() -> tuple[str, str]:
        old = passphrase(old_file, "Old password", what="password", option="--old-password-file")
        return old, new_password(password_file)

    if console is not None:
        reached = console_of(console, data)
        old, new = typed()
        reached.ask("POST", "/password", {"old": old, "password": new})
        reached.keep(None)
    else:
        from insyn.site.store import open_site

        with open_site(_site(data)) as store:
            with store.writing() as connection:
                actor = _person_of(connection)
            old, new = typed()
            signing_in.change_password(
                store.writing,
                actor.id,
                old=old,
                new=new,
                source="command line",
                passwords=Passwords(),
                now=system_clock(),
            )
    say("changed; sign in again", as_json, {"changed": "password"})


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The sign-in name.")],
    role: SiteRolesArgument = None,
    more: SiteRolesOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Invite a person: prints a one-time token, with which they set their own password."""
    from insyn.trust.people import users

    roles = roles_of(role, more, SiteRole)
    with _acting_in(data) as (connection, actor):
        person, token = users.add(connection, name, roles=roles, actor=actor, now=system_clock())
    tell_person(person, as_json, token, claim="insyn site claim")


@app.command("grant")
def grant(
    person: PersonArgument,
    role: SiteRolesArgument = None,
    more: SiteRolesOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Give a person roles; nobody gives one to themselves."""
    roles = roles_of(role, more, SiteRole)
    with _acting_in(data) as acting:
        found = grant_in(acting, person, roles)
    tell_person(found, as_json)


@contextmanager
def _acting_in(data: Path | None) -> Iterator[tuple[sa.Connection, Actor]]:
    from insyn.cli.site_acting import acting_at_site
    from insyn.site.store import open_site

    with open_site(_site(data)) as store, store.writing() as connection:
        yield connection, acting_at_site(connection)


def _person_of(connection: sa.Connection) -> Actor:
    from insyn.cli.site_acting import OWNER, acting_at_site

    actor = acting_at_site(connection)
    if actor.id == OWNER:
        raise Refusal("the site has no people yet; claim its first invitation (insyn site claim)")
    return actor


def _site(data: Path | None) -> SiteDirectory:
    from insyn.site.directory import site_directory

    return site_directory(data_directory(data))


def _tell(person: dict[str, object], as_json: bool) -> None:
    """A person as the console told of them."""
    if as_json:
        print(json.dumps(person, ensure_ascii=False))
        return
    roles = person.get("roles")
    held = ", ".join(map(str, roles)) if isinstance(roles, list) else ""
    print(shown(f"{person.get('id')}  {person.get('name')}  {person.get('state')}  {held}"))


add_steps(app, _acting_in, whose="the site's", claim="insyn site claim", noun="insyn site user")
