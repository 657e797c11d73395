"""`insyn permit revoke | suspend | reinstate | status`: how permits stand, in signed lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import UsageError
from insyn.cli.key import shelf_of
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.passphrases import all_opened
from insyn.cli.permit_texts import tell_status

if TYPE_CHECKING:
    from insyn.trust.keys.envelope import Envelope
    from insyn.trust.keys.root import Root
    from insyn.trust.permit.shelf import Shelf
    from insyn.trust.permit.status import State, StatusEntry, StatusList

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The permit's id.")]
BecauseOption = Annotated[
    str, typer.Option("--because", help="Why, in a sentence without personal data: it is public.")
]
StatusKeysOption = Annotated[
    list[Path] | None,
    typer.Option("--key", metavar="FILE", help="Key that signs status lists; may be repeated."),
]
PassphraseFilesOption = Annotated[
    list[Path] | None,
    typer.Option("--passphrase-file", metavar="FILE", help="One for each --key, in their order."),
]
DaysOption = Annotated[
    int, typer.Option("--days", min=1, max=92, help="Until the status list's next update.")
]


def change_to(state: str, help_text: str) -> Callable[..., None]:
    """The command that puts a permit into a state, in the next status list."""

    def command(
        permit: IdArgument,
        because: BecauseOption,
        key: StatusKeysOption = None,
        passphrase_file: PassphraseFilesOption = None,
        days: DaysOption = 30,
        as_json: JsonOption = False,
        data: DataOption = None,
    ) -> None:
        _change(permit, state, because, key, passphrase_file, days, as_json, data)

    command.__doc__ = help_text
    return command


def status(
    renew: Annotated[
        bool, typer.Option("--renew", help="Make the next list first; names new permits too.")
    ] = False,
    key: StatusKeysOption = None,
    passphrase_file: PassphraseFilesOption = None,
    days: DaysOption = 30,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Also write the signed list here.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show the newest status list: which permits stand. Sites fetch it or get it by hand."""
    from insyn.base.files import write_atomically

    shelf = shelf_of(data)
    with shelf.writing():
        root = shelf.root()
        listed = shelf.status(root)
        if renew:
            require_may(data)
            known = {} if listed is None else listed.entries
            new = [active(shelf.permit(name)) for name in shelf.permit_ids() if name not in known]
            made, listed = signed_status(shelf, root, new, key, passphrase_file, days)
            record(data, made, listed, new)
            shelf.keep_status(made, root)
        content = shelf.status_file()
    if listed is None or content is None:
        raise UsageError("there is no status list yet; make one: insyn permit status --renew")
    if out is not None:
        write_atomically(out, content)
    tell_status(listed, as_json)


def _change(
    permit: str,
    state: str,
    because: str,
    keys: list[Path] | None,
    files: list[Path] | None,
    days: int,
    as_json: bool,
    data: Path | None,
) -> None:
    from insyn.trust.permit.issue import entry_of
    from insyn.trust.permit.status import State

    if not because.strip():
        raise UsageError("--because is empty; say why, in a sentence")
    shelf = shelf_of(data)
    with shelf.writing():
        root = shelf.root()
        wanted = State(state)
        entry = entry_of(
            shelf.permit(permit), state=wanted, now=system_clock(), because=because.strip()
        )
        _refuse_nothing(shelf.status(root), permit, wanted)
        require_may(data)
        made, listed = signed_status(shelf, root, [entry], keys, files, days)
        record(data, made, listed, [entry])
        shelf.keep_status(made, root)
    if as_json:
        tell_status(listed, as_json)
    else:
        print(f"{permit} is {state} since status list {listed.number}; hand it to the site")


def require_may(data: Path | None) -> None:
    """Refuse whoever has no say in status lists, before any passphrase is asked for.

    Raises:
        Refusal: as `record`.
    """
    from insyn.cli.acting import acting_or_office
    from insyn.office.screening.database import database_exists
    from insyn.office.screening.store import open_store
    from insyn.trust.people.duties import require

    directory = data_directory(data)
    if database_exists(directory):
        with open_store(directory) as store, store.writing() as connection:
            require(acting_or_office(directory, connection, scope="permits"), "permit.status")


def record(
    data: Path | None, made: Envelope, listed: StatusList, changes: list[StatusEntry]
) -> None:
    """Keep that a status list was signed, before it is there as a file (cases/issuing.py says why).

    Raises:
        Refusal: whoever is signed in has no say in status lists.
    """
    from insyn.cli.acting import acting_or_office
    from insyn.office.diligence.cases import issuing
    from insyn.office.screening.store import open_store
    from insyn.trust.people.duties import require

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting_or_office(directory, connection, scope="permits")
        require(actor, "permit.status")
        issuing.record_status(
            connection, listed, made.digest, changes, actor=actor, now=system_clock()
        )


def _refuse_nothing(listed: StatusList | None, permit: str, wanted: State) -> None:
    before = None if listed is None else listed.entries.get(permit)
    if before is not None and before.state is wanted:
        raise UsageError(f"{permit} is {wanted} already, since {isoformat(before.at)}")


def signed_status(
    shelf: Shelf,
    root: Root,
    changes: list[StatusEntry],
    keys: list[Path] | None,
    files: list[Path] | None,
    days: int,
) -> tuple[Envelope, StatusList]:
    """The next status list, signed by these keys and not kept yet."""
    from insyn.trust.permit.status import next_status, sign_status

    if not keys:
        raise UsageError("a status list is signed: name the key that may (--key FILE)")
    listed = next_status(
        shelf.status(root), changes, now=system_clock(), lasts=timedelta(days=days)
    )
    envelope = listed.envelope()
    for signing in all_opened(keys, files or ()):
        envelope = sign_status(envelope, signing, root)
    return envelope, listed


def active(envelope: Envelope) -> StatusEntry:
    """What a status list says of a permit that stands."""
    from insyn.trust.permit.issue import entry_of
    from insyn.trust.permit.status import State

    return entry_of(envelope, state=State.ACTIVE, now=system_clock())
