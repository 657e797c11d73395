"""`insyn site vault`: made, shown, its passphrases changed, given to other custodians."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import UsageError
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.passphrases import PassphraseFileOption, passphrase
from insyn.cli.site_acting import acting_at_site

if TYPE_CHECKING:
    from insyn.site.directory import SiteDirectory

app = typer.Typer(
    no_args_is_help=True,
    help="The vault: what originals are sealed to, opened by custodians together.",
)

CustodianOption = Annotated[
    list[str],
    typer.Option(
        "--custodian", metavar="ID", help="A custodian's person id; at least two, repeatable."
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

    Without a vault a site keeps masked video alone. Whoever loses so many passphrases that fewer
    than NEEDED remain loses all originals: nobody else can open them.
    """
    from insyn.site.store import open_site
    from insyn.site.vault.folder import make_vault

    site = _site(data)
    words = _passphrases(custodian, passphrase_file)
    with open_site(site) as store, store.writing() as connection:
        actor = acting_at_site(connection)
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
    if as_json:
        said = {
            "vault": public.fingerprint if public else None,
            "custodians": custodians(site),
            "needed": needed(site),
        }
        print(json.dumps(said))
    elif public is None:
        print("there is no vault, so no originals are kept; make one (insyn site vault init)")
    else:
        print(f"vault       {public.fingerprint}")
        print(f"custodians  {', '.join(custodians(site))}; {needed(site)} open it together")


@app.command("passphrase")
def change(
    custodian: Annotated[str, typer.Argument(metavar="ID", help="Your person id.")],
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
    old = passphrase(old_file, "Passphrase of your share")
    new = passphrase(new_file, "New passphrase", new=True, option="--new-passphrase-file")
    with open_site(site) as store, store.writing() as connection:
        change_passphrase(connection, site, custodian, old, new, now=system_clock())
    print("the passphrase is changed; the old one opens nothing any more")


@app.command("share")
def share_again(
    by: Annotated[
        list[str], typer.Option("--by", metavar="ID", help="A custodian who opens the vault now.")
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
    from insyn.site.store import open_site
    from insyn.site.vault.folder import open_share, share_vault_anew

    site = _site(data)
    theirs = _passphrases(by, by_file, option="--by-passphrase-file", new=False)
    points = [open_share(site, who, words) for who, words in theirs.items()]
    words = _passphrases(custodian, passphrase_file)
    with open_site(site) as store, store.writing() as connection:
        actor = acting_at_site(connection)
        share_vault_anew(
            connection, site, points, words, needed=needed, who=actor.id, now=system_clock()
        )
    print(f"the vault is shared anew; {needed} of {len(words)} open it")


def _passphrases(
    who: list[str],
    files: list[Path] | None,
    *,
    option: str = "--passphrase-file",
    new: bool = True,
) -> dict[str, str]:
    if len(set(who)) < len(who):
        raise UsageError("a custodian is named twice; each is another person")
    if files and len(files) != len(who):
        raise UsageError(f"give one {option} for each custodian, in their order")
    given: list[Path | None] = list(files) if files else [None] * len(who)
    return {
        person: passphrase(file, f"Passphrase of {person}", new=new, option=option)
        for person, file in zip(who, given, strict=True)
    }


def _site(data: Path | None) -> SiteDirectory:
    from insyn.site.directory import site_directory

    return site_directory(data_directory(data))
