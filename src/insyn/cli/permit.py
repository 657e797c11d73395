"""`insyn permit`: drafted, signed by two people at two moments, issued, judged, withdrawn."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import InsynError, Refusal, UsageError
from insyn.cli.key import shelf_of, site_key_path
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.passphrases import PassphraseFileOption, opened
from insyn.cli.permit_status import (
    DaysOption,
    PassphraseFilesOption,
    StatusKeysOption,
    active,
    change_to,
    signed_status,
    status,
)
from insyn.cli.permit_texts import tell_permit, tell_verdict
from insyn.cli.tables import shown

if TYPE_CHECKING:
    from datetime import datetime

    from insyn.trust.keys.envelope import Envelope
    from insyn.trust.keys.public import PublicKey
    from insyn.trust.keys.root import Root
    from insyn.trust.permit.shelf import Shelf
    from insyn.trust.permit.status import StatusEntry, StatusList

app = typer.Typer(
    no_args_is_help=True,
    help="Permits: what was decided for one site, signed by two people, and how it stands.",
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A permit or a draft.")]

app.command("revoke")(change_to("revoked", "End a permit for good, in the next status list."))
app.command("suspend")(
    change_to("suspended", "End a permit until it is reinstated, in the next status list.")
)
app.command("reinstate")(
    change_to("active", "Let a suspended permit stand again, in the next status list.")
)
app.command("status")(status)


@app.command("draft")
def draft(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The permit's fields, as JSON.")],
    site_key: Annotated[
        str, typer.Option("--site-key", help="Fingerprint of the site's key (insyn key site).")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DRAFT", help="The new file to write.")],
    as_json: JsonOption = False,
) -> None:
    """Write a draft that nobody has signed. docs/reference/permit.md lists the fields."""
    from insyn.trust.keys.keyfile import read_public_file, write_new
    from insyn.trust.keys.strict import read_object
    from insyn.trust.permit.issue import draft_permit, new_permit_id

    now = system_clock()
    envelope = draft_permit(
        read_object(read_public_file(file), str(file)),
        site_key="".join(site_key.split()).casefold(),
        permit_id=new_permit_id(now, os.urandom(6)),
        now=now,
    )
    write_new(out, envelope.to_bytes())
    tell_permit(envelope, None, as_json)


@app.command("sign")
def sign(
    file: FileArgument,
    key: Annotated[Path, typer.Option("--key", metavar="KEYFILE", help="Your key file.")],
    passphrase_file: PassphraseFileOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without being asked.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Sign a draft as an approver, after it was shown in plain words. Two people must sign."""
    from insyn.base.files import write_atomically
    from insyn.trust.keys.keyfile import read_held
    from insyn.trust.permit.issue import sign_permit

    root = shelf_of(data).root()
    envelope = _read(file)
    if not as_json:
        tell_permit(envelope, root, as_json=False)
    if not yes:
        typer.confirm("Sign this permit?", abort=True, err=True)
    _require_signer(envelope, read_held(key).public.fingerprint, root, data)
    signing = opened(key, passphrase_file)
    after = sign_permit(envelope, signing, root=root, now=system_clock())
    write_atomically(file, after.to_bytes())
    if as_json:
        tell_permit(after, root, as_json=True)
    else:
        wanted = _wanted(root)
        print(f"{file}: signed, {len(after.signatures)} of {wanted} signatures now")


@app.command("issue")
def issue(
    file: FileArgument,
    key: StatusKeysOption = None,
    passphrase_file: PassphraseFilesOption = None,
    days: DaysOption = 30,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Complete a permit once two approvers have signed, and list it as active (with --key)."""
    from insyn.trust.permit.issue import completed

    shelf = shelf_of(data)
    with shelf.writing():
        root = shelf.root()
        envelope = _read(file)
        permit = completed(envelope, root)
        _refuse_listed(shelf, root, permit.id)
        shelf.require_free(envelope)
        status = None
        # Signed before anything is kept: a wrong passphrase leaves nothing half-issued.
        if key:
            entry = active(envelope)
            signed = signed_status(shelf, root, [entry], key, passphrase_file, days)
            status = (*signed, [entry])
        _record(envelope, root, data, status)
        path = shelf.keep_permit(envelope, root)
        if status is not None:
            shelf.keep_status(status[0], root)
    named = None if status is None else status[1]
    if as_json:
        tell_permit(envelope, root, as_json=True, path=path, status=named)
        return
    print(f"issued: {path}")
    if root.expires_at < permit.ends_at:
        typer.echo(
            f"insyn: the root ends {isoformat(root.expires_at)}, before the permit and its grace "
            f"({isoformat(permit.ends_at)}); sites obey no permit without a root in force, so put "
            "the next one in force before (insyn key root draft)",
            err=True,
        )
    if named is None:
        print("no site accepts it before a status list names it: insyn permit status --renew")
    else:
        print(f"status list {named.number} names it as active")


@app.command("inspect")
def inspect(file: FileArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show what a permit or a draft says and who signed it; says nothing of its validity."""
    tell_permit(_read(file), shelf_of(data).root_or_none(), as_json)


@app.command("verify")
def verify(
    file: FileArgument,
    site_key: Annotated[
        Path | None,
        typer.Option("--site-key", metavar="FILE", help="The site's key (else the data's own)."),
    ] = None,
    root_file: Annotated[
        Path | None,
        typer.Option("--root", metavar="FILE", help="A root you trust (else the one installed)."),
    ] = None,
    status_file: Annotated[
        Path | None,
        typer.Option("--status", metavar="FILE", help="The status list (else the newest here)."),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Judge as of this time, 2027-01-31T12:00:00Z.")
    ] = None,
    seen: Annotated[
        Path | None,
        typer.Option("--seen", metavar="FILE", help="Memory of the newest root and list seen."),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Judge a permit as its site does. Exit code 0: valid or in grace; 1: refused.

    With --seen FILE what was seen is kept there, and an older root or status list is refused.
    """
    from insyn.trust.keys.keyfile import read_public_file
    from insyn.trust.permit import verify as judging
    from insyn.trust.permit.shelf import read_seen, write_seen

    shelf = shelf_of(data)
    verdict = judging.verify(
        read_public_file(file),
        shelf.root() if root_file is None else _root(root_file),
        _site_key(site_key or site_key_path(data)),
        shelf.status_file() if status_file is None else read_public_file(status_file),
        _moment(at),
        judging.LastSeen() if seen is None else read_seen(seen),
    )
    if seen is not None:
        write_seen(seen, verdict.seen)
    tell_verdict(verdict, as_json)


def _record(
    envelope: Envelope,
    root: Root,
    data: Path | None,
    status: tuple[Envelope, StatusList, list[StatusEntry]] | None,
) -> None:
    """Put the permit into the ledger, and into its case, before it is kept as a file."""
    from insyn.cli.acting import acting_or_office
    from insyn.office.diligence.cases import issuing
    from insyn.office.screening.store import open_store

    directory, now = data_directory(data), system_clock()
    with open_store(directory) as store, store.writing() as connection:
        actor = acting_or_office(directory, connection, scope="permits")
        issuing.record_issue(connection, envelope, root, actor=actor, now=now)
        if status is not None:
            made, listed, changes = status
            issuing.record_status(connection, listed, made.digest, changes, actor=actor, now=now)


def _require_signer(envelope: Envelope, key: str, root: Root, data: Path | None) -> None:
    """Refuse a key whose holder did not decide, where the office's cases are at hand."""
    from insyn.office.diligence.cases import issuing
    from insyn.office.screening.database import database_exists
    from insyn.office.screening.store import open_store
    from insyn.trust.permit.model import read_permit

    directory = data_directory(data)
    if key in root.keys and database_exists(directory):
        with open_store(directory) as store, store.reading() as connection:
            issuing.require_signer(connection, read_permit(envelope), root, key)


def _refuse_listed(shelf: Shelf, root: Root, permit: str) -> None:
    """Issuing again must not reinstate what was suspended."""
    listed = shelf.status(root)
    if listed is not None and permit in listed.entries:
        raise Refusal(
            f"{permit} was issued before and is {listed.entries[permit].state}; "
            "see insyn permit status"
        )


def _read(file: Path) -> Envelope:
    from insyn.trust.keys.envelope import read_envelope
    from insyn.trust.keys.keyfile import read_public_file

    return read_envelope(read_public_file(file), str(file))


def _root(file: Path) -> Root:
    """A root that the caller trusts by naming it; its own holders must have signed it still."""
    from insyn.trust.keys.root import accept_first

    return accept_first(_read(file).to_bytes(), fingerprint=_read(file).digest)


def _site_key(file: Path) -> PublicKey:
    """The site's key: its own file, or the public part as `insyn key site --json` prints it."""
    from insyn.trust.keys.keyfile import read_public_file
    from insyn.trust.keys.public import PublicKey
    from insyn.trust.keys.site import open_site_key
    from insyn.trust.keys.strict import read_object

    if file.exists() and read_public_file(file).lstrip().startswith(b"{"):
        return PublicKey.from_hex(
            str(read_object(read_public_file(file), str(file)).get("public", ""))
        )
    return open_site_key(file).public


def _moment(at: str | None) -> datetime:
    from insyn.trust.keys.strict import moment

    if at is None:
        return system_clock()
    try:
        return moment(at)
    except InsynError as error:
        raise UsageError(f"--at {shown(at)!r} is no time: {error}") from error


def _wanted(root: Root) -> int:
    from insyn.trust.keys.root import Role

    return root.roles[Role.PERMIT].threshold
