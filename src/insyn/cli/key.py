"""`insyn key`: an approver's key, the site's key, and the root that names whose keys count."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import Refusal, UsageError
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.passphrases import PassphraseFileOption, opened, passphrase
from insyn.cli.tables import counted, print_table, shown

if TYPE_CHECKING:
    from insyn.base.canonical import Json
    from insyn.trust.keys.keyfile import HeldKey
    from insyn.trust.keys.root import Root, RootKey
    from insyn.trust.permit.shelf import Shelf

app = typer.Typer(no_args_is_help=True, help="Keys of approvers and of the site, and the root.")
root_app = typer.Typer(
    no_args_is_help=True, help="The root: whose keys count, for what, and how many of them."
)
app.add_typer(root_app, name="root")

KeyFileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A key file.")]
KeysOption = Annotated[
    list[Path] | None,
    typer.Option(metavar="PUB", help="Public key file; may be repeated.", show_default=False),
]
FingerprintsOption = Annotated[
    list[str] | None,
    typer.Option(metavar="FINGERPRINT", help="A key's fingerprint; may be repeated."),
]


def shelf_of(data: Path | None) -> Shelf:
    """Where the data directory keeps roots, permits and status lists."""
    from insyn.trust.permit.shelf import Shelf

    return Shelf(data_directory(data).root / "trust")


def site_key_path(data: Path | None) -> Path:
    """Where the data directory keeps the site's own key."""
    return data_directory(data).root / "site.key"


@app.command("make")
def make(
    file: KeyFileArgument,
    holder: Annotated[str, typer.Option("--holder", help="Who holds it, such as the account.")],
    passphrase_file: PassphraseFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an approver's key, encrypted under a passphrase of 12 characters or more.

    FILE holds the key and stays with its holder; FILE.pub beside it is for the root.
    """
    from insyn.trust.keys.keyfile import make_key, public_file, write_new

    public = file.with_name(file.name + ".pub")
    if public.exists():
        raise UsageError(f"{public} exists; name a new file for the key")
    words = passphrase(passphrase_file, "New passphrase", new=True)
    held = make_key(file, holder=holder, passphrase=words)
    write_new(public, public_file(held))
    _tell(held, as_json)


@app.command("show")
def show(file: KeyFileArgument, as_json: JsonOption = False) -> None:
    """Show whose key it is and its fingerprint; a key file or a .pub file, no passphrase."""
    from insyn.trust.keys.keyfile import read_held

    _tell(read_held(file), as_json)


@app.command("passphrase")
def change(
    file: KeyFileArgument,
    passphrase_file: PassphraseFileOption = None,
    new_passphrase_file: Annotated[
        Path | None,
        typer.Option("--new-passphrase-file", metavar="FILE", help="As --passphrase-file."),
    ] = None,
) -> None:
    """Change the passphrase of a key. Copies of the old file still open by the old one."""
    from insyn.trust.keys.keyfile import change_passphrase

    old = passphrase(passphrase_file, f"Passphrase of {file}")
    words = passphrase(new_passphrase_file, "New passphrase", new=True)
    change_passphrase(file, old, words)
    print(f"{file}: passphrase changed")


@app.command("site")
def site(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show the site's key, made now where there is none; the office binds a permit to it."""
    from insyn.trust.keys.keyfile import HeldKey
    from insyn.trust.keys.site import make_site_key, open_site_key

    path = site_key_path(data)
    if path.exists():
        key = open_site_key(path)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        key = make_site_key(path)
    _tell(HeldKey(holder=key.holder, public=key.public), as_json)


@root_app.command("draft")
def draft_root(
    out: Annotated[Path, typer.Argument(metavar="DRAFT", help="The new file to write.")],
    approver: KeysOption = None,
    status: KeysOption = None,
    retire: FingerprintsOption = None,
    remove: FingerprintsOption = None,
    threshold: Annotated[
        int | None,
        typer.Option("--threshold", min=2, help="Approvers who must sign a permit (at first 2)."),
    ] = None,
    status_threshold: Annotated[
        int | None,
        typer.Option(
            "--status-threshold", min=1, help="Holders who must sign a status list (at first 1)."
        ),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=1827, help="How long it holds.")] = 365,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Draft the next root: the one in force, with keys added, retired and removed.

    An --approver signs permits and changes of the root; a --status key signs status lists. What a
    retired key signed stays good; what a removed (lost, stolen) key signed does not. In an office
    with people an approver's key is made with their id or sign-in name (insyn key make --holder),
    and the root ties it to their id.
    """
    from insyn.trust.keys.keyfile import read_held, write_new
    from insyn.trust.keys.rotation import next_root

    root = next_root(
        shelf_of(data).root_or_none(),
        approvers=_tied([read_held(file) for file in approver or ()], data, must=True),
        status=_tied([read_held(file) for file in status or ()], data, must=False),
        retire=retire or (),
        remove=remove or (),
        threshold=threshold,
        status_threshold=status_threshold,
        now=system_clock(),
        lasts=timedelta(days=days),
    )
    write_new(out, root.envelope().to_bytes())
    _tell_root(root, as_json)


@root_app.command("sign")
def sign_root(
    draft: Annotated[Path, typer.Argument(metavar="DRAFT", help="The drafted root.")],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Your key file.")],
    passphrase_file: PassphraseFileOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without being asked.")] = False,
    data: DataOption = None,
) -> None:
    """Sign a drafted root, after it was shown. The old root's holders and the new's must sign."""
    from insyn.base.files import write_atomically
    from insyn.trust.keys import root as roots
    from insyn.trust.keys.envelope import read_envelope
    from insyn.trust.keys.keyfile import read_public_file

    envelope = read_envelope(read_public_file(draft), str(draft))
    _tell_root(roots.read_root(envelope), as_json=False)
    if not yes:
        typer.confirm("Sign this root?", abort=True)
    signing = opened(key, passphrase_file)
    after = roots.sign_root(envelope, signing, current=shelf_of(data).root_or_none())
    write_atomically(draft, after.to_bytes())
    print(f"{draft}: signed, {counted(len(after.signatures), 'signature')} now")


@root_app.command("install")
def install_root(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The signed root.")],
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", help="Of the first root, as the office told it to you."),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Put a signed root in force: the first by its fingerprint, the next by the one before."""
    from insyn.cli.acting import acting_or_office
    from insyn.office.diligence.cases import issuing
    from insyn.office.screening.store import open_store
    from insyn.trust.keys.keyfile import read_public_file

    content = read_public_file(file)
    directory = data_directory(data)
    shelf = shelf_of(data)
    with shelf.writing():
        root = shelf.accepted_root(content, fingerprint=fingerprint)
        # The leaf is kept before the file is there: cases/issuing.py says why.
        with open_store(directory) as store, store.writing() as connection:
            actor = acting_or_office(directory, connection, scope="permits")
            digest = root.envelope().digest
            issuing.record_root(connection, root.version, digest, actor=actor, now=system_clock())
        shelf.keep_root(content, root)
    _tell_root(root, as_json)


@root_app.command("show")
def show_root(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show the root in force."""
    _tell_root(shelf_of(data).root(), as_json)


def _tied(keys: list[HeldKey], data: Path | None, *, must: bool) -> list[HeldKey]:
    """Keys tied to people by their id, where the office has people.

    `must`: each is an approver's; else a holder who is nobody here, such as a machine, stays.

    Raises:
        Refusal: a holder who must be is nobody whom the office knows, or no approver.
    """
    from dataclasses import replace

    from insyn.office.screening.database import database_exists
    from insyn.office.screening.store import open_store
    from insyn.trust.people import users
    from insyn.trust.people.duties import require

    directory = data_directory(data)
    if not keys or not database_exists(directory):
        return keys
    tied = []
    with open_store(directory) as store, store.reading() as connection:
        if not users.are_any(connection):
            return keys
        for key in keys:
            try:
                person = users.find(connection, key.holder)
            except Refusal:
                if not must:
                    tied.append(key)
                    continue
                raise Refusal(
                    f"the key {key.public.fingerprint[:12]}… is held by nobody whom this office "
                    "knows; make it with an approver's id or sign-in name (insyn key make --holder)"
                ) from None
            if must:
                require(person.actor, "permit.sign")
            tied.append(replace(key, holder=person.id))
    return tied


def _tell(held: HeldKey, as_json: bool) -> None:
    name = held.public.fingerprint
    if as_json:
        record = {"holder": held.holder, "public": held.public.raw.hex(), "fingerprint": name}
        print(json.dumps(record, ensure_ascii=False))
    else:
        # In one piece, as --site-key and --fingerprint take it.
        print(f"holder       {shown(held.holder)}\nfingerprint  {name}")


def _tell_root(root: Root, as_json: bool) -> None:
    from insyn.trust.keys.public import grouped

    digest = root.envelope().digest
    if as_json:
        record: dict[str, Json] = {"fingerprint": digest, "root": root.to_json()}
        print(json.dumps(record, ensure_ascii=False))
        return
    print(f"root {root.version}, until {isoformat(root.expires_at)}")
    print(f"fingerprint {grouped(digest)}")
    for role, named in root.roles.items():
        print(f"{role}: {named.threshold} of {len(root.signers(role))}")
    columns = ("holder", "signs", "fingerprint")
    print_table(columns, [_root_row(root, name, key) for name, key in root.keys.items()])


def _root_row(root: Root, name: str, key: RootKey) -> tuple[str, ...]:
    from insyn.trust.keys.public import grouped

    signs = ", ".join(str(role) for role, named in root.roles.items() if name in named.keys)
    if key.retired_at is not None:
        signs = f"retired {isoformat(key.retired_at)}"
    return key.holder, signs, grouped(name)
