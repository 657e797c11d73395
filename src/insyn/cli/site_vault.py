"""`insyn site vault`: made, shown, its passphrases changed, given to other custodians."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import Refusal, UsageError
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.passphrases import PassphraseFileOption, passphrase
from insyn.cli.site_acting import acting_at_site
from insyn.cli.tables import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from insyn.site.directory import SiteDirectory
    from insyn.trust.people.duties import Actor
    from insyn.trust.people.users import Person

app = typer.Typer(
    no_args_is_help=True,
    help="The vault: what originals are sealed to, opened by custodians together.",
)

CustodianOption = Annotated[
    list[str],
    typer.Option(
        "--custodian",
        metavar="PERSON",
        help="A custodian, by sign-in name or id (insyn site user list); at least two, repeatable.",
    ),
]
PassphraseFilesOption = Annotated[
    list[Path] | None,
    typer.Option("--passphrase-file", metavar="FILE", help="One for each custodian, in order."),
]
NeededOption = Annotated[int, typer.Option("--needed", min=2, help="How many must come together.")]


@app.command()
def init(
    custodian: CustodianOption,
    needed: NeededOption = 2,
    passphrase_file: PassphraseFilesOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Make the vault: each custodian types their own passphrase. From then on originals are kept.

    A passphrase is no password: it opens that custodian's share and nothing else. Each is asked for
    by name.

    Without a vault a site keeps masked video alone. Whoever loses so many passphrases that fewer
    than NEEDED remain loses all originals: nobody else can open them.
    """
    from insyn.site.vault.folder import make_vault, require_none

    site = _site(data)
    require_none(site)
    people = _custodians(site, custodian, needed)
    words = _passphrases(people, passphrase_file)
    with _acting_in(site) as (connection, actor):
        public = make_vault(
            connection, site, words, needed=needed, who=actor.id, now=system_clock()
        )
    if as_json:
        print(json.dumps({"vault": public.fingerprint, "custodians": sorted(words)}))
    else:
        print(f"the vault {public.fingerprint[:16]} is made; {needed} of {len(words)} open it")


@app.command()
def show(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show the vault and who holds its shares."""
    from insyn.site.vault.folder import custodians, needed, public_key

    site = _site(data)
    public = public_key(site)
    called = _called(site, custodians(site))
    if as_json:
        said = {
            "vault": public.fingerprint if public else None,
            "custodians": list(called),
            "names": called,
            "needed": needed(site),
        }
        print(json.dumps(said))
    elif public is None:
        print("there is no vault, so no originals are kept; make one (insyn site vault init)")
    else:
        print(f"vault       {public.fingerprint}")
        who = ", ".join(_of(id_, name) for id_, name in called.items())
        print(f"custodians  {who}; {needed(site)} open it together")


@app.command("passphrase")
def change(
    custodian: Annotated[
        str, typer.Argument(metavar="PERSON", help="You: your sign-in name or id.")
    ],
    old_file: PassphraseFileOption = None,
    new_file: Annotated[
        Path | None,
        typer.Option("--new-passphrase-file", metavar="FILE", help="File with the new one."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Change the passphrase of a custodian's share."""
    from insyn.site.store import open_site
    from insyn.site.vault.folder import change_passphrase

    site = _site(data)
    ((who, name),) = _holders(site, [custodian]).items()
    old = passphrase(old_file, f"Passphrase of the share of {_of(who, name)}")
    new = passphrase(new_file, "New passphrase", new=True, option="--new-passphrase-file")
    with open_site(site) as store, store.writing() as connection:
        change_passphrase(connection, site, who, old, new, now=system_clock())
    print("the passphrase is changed; the old one opens nothing any more")


@app.command("share")
def share_again(
    by: Annotated[
        list[str],
        typer.Option(
            "--by", metavar="PERSON", help="A custodian who opens the vault now, by name or id."
        ),
    ],
    custodian: CustodianOption,
    needed: NeededOption = 2,
    by_file: Annotated[
        list[Path] | None,
        typer.Option("--by-passphrase-file", metavar="FILE", help="One for each --by, in order."),
    ] = None,
    passphrase_file: PassphraseFilesOption = None,
    data: DataOption = None,
) -> None:
    """Give the vault to other custodians; enough of the present ones agree with their passphrases.

    What was sealed stays as it is. The old shares open nothing any more.
    """
    from insyn.site.vault.folder import open_share, share_vault_anew

    site = _site(data)
    holders = _holders(site, by)
    people = _custodians(site, custodian, needed)
    theirs = _passphrases(holders, by_file, option="--by-passphrase-file", new=False)
    points = [open_share(site, who, words) for who, words in theirs.items()]
    words = _passphrases(people, passphrase_file)
    with _acting_in(site) as (connection, actor):
        share_vault_anew(
            connection, site, points, words, needed=needed, who=actor.id, now=system_clock()
        )
    print(f"the vault is shared anew; {needed} of {len(words)} open it")


@contextmanager
def _acting_in(site: SiteDirectory) -> Iterator[tuple[sa.Connection, Actor]]:
    """A writing transaction of whoever may name custodians."""
    from insyn.site.store import open_site
    from insyn.trust.people.duties import require

    with open_site(site) as store, store.writing() as connection:
        actor = acting_at_site(connection)
        require(actor, "vault.share")
        yield connection, actor


def _custodians(site: SiteDirectory, named: Sequence[str], needed: int) -> dict[str, str]:
    """Who shall hold shares: names by id. All that can be refused is, before anybody types.

    Raises:
        Refusal: whoever acts may not; somebody is unknown, or no custodian.
        UsageError: somebody is named twice, or they are too few.
    """
    from insyn.site.vault.shares import require_count
    from insyn.trust.people import users
    from insyn.trust.people.duties import Role

    with _acting_in(site) as (connection, _):
        people = [users.find(connection, one) for one in named]
    for person in people:
        if Role.CUSTODIAN not in person.roles:
            raise Refusal(
                f"{person.id} is no custodian and could agree to no release; give the role first "
                f"(insyn site user grant {person.id} custodian)"
            )
    found = _each_once(people)
    require_count(len(found), needed)
    return found


def _holders(site: SiteDirectory, named: Sequence[str]) -> dict[str, str]:
    """Those of the present custodians who are named: names by id.

    Raises:
        Refusal: somebody is unknown, or holds no share.
    """
    from insyn.site.store import open_site
    from insyn.site.vault.folder import custodians
    from insyn.trust.people import users

    with open_site(site) as store, store.reading() as connection:
        people = [users.find(connection, one) for one in named]
    held = custodians(site)
    for person in people:
        if person.id not in held:
            raise Refusal(
                f"{person.id} holds no share of this site's vault; insyn site vault show says who"
            )
    return _each_once(people)


def _each_once(people: Sequence[Person]) -> dict[str, str]:
    found = {person.id: person.name for person in people}
    if len(found) < len(people):
        raise UsageError("a custodian is named twice; each is another person")
    return found


def _called(site: SiteDirectory, ids: Sequence[str]) -> dict[str, str]:
    """Names by id; "" of whoever is not known any more."""
    from insyn.site.store import open_site
    from insyn.trust.people import users

    with open_site(site) as store, store.reading() as connection:
        names = {person.id: person.name for person in users.every(connection)}
    return {one: names.get(one, "") for one in ids}


def _of(id_: str, name: str) -> str:
    """A person as messages name them here."""
    return f"{shown(name)} ({id_})" if name and name != id_ else id_


def _passphrases(
    people: Mapping[str, str],
    files: list[Path] | None,
    *,
    option: str = "--passphrase-file",
    new: bool = True,
) -> dict[str, str]:
    """Everybody's passphrase by id, in their order; typed where no file holds it."""
    if files and len(files) != len(people):
        raise UsageError(f"give one {option} for each custodian, in their order")
    given: list[Path | None] = list(files) if files else [None] * len(people)
    return {
        id_: passphrase(file, f"Passphrase of {_of(id_, name)}", new=new, option=option)
        for (id_, name), file in zip(people.items(), given, strict=True)
    }


def _site(data: Path | None) -> SiteDirectory:
    from insyn.site.directory import site_directory

    return site_directory(data_directory(data))
