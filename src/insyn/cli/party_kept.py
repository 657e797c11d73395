"""`insyn party add | own | owners`: parties of the channel and who owns them."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import UsageError
from insyn.cli.days import end_of, read_day
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import print_table, shown
from insyn.office.diligence.parties.model import PartyKind, StakeKind

if TYPE_CHECKING:
    from insyn.base.canonical import Json
    from insyn.base.config import DataDirectory
    from insyn.office.diligence.parties.model import Party, PartyIdentifier, PartyName
    from insyn.office.screening.rescreen import Report

SourceOption = Annotated[str, typer.Option("--source", help="Who says so.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="DAY", help="The first day it holds, if known.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="DAY", help="The first day it no longer holds.")
]


def add_party(
    party: Annotated[str, typer.Argument(metavar="ID", help="The party's id, as you call it.")],
    names: Annotated[
        list[str] | None,
        typer.Option("--name", help="A name, or LANG=NAME (zh=...); the first is the main one."),
    ] = None,
    kind: Annotated[
        PartyKind, typer.Option("--kind", help="What the party is.")
    ] = PartyKind.ORGANISATION,
    country: Annotated[str | None, typer.Option("--country", help="Two letters.")] = None,
    identifiers: Annotated[
        list[str] | None,
        typer.Option("--identifier", metavar="SCHEME=VALUE", help="Such as lei=..., vat=..."),
    ] = None,
    birth: Annotated[
        str | None, typer.Option("--birth", help="A day, a year, or two days with a slash.")
    ] = None,
    roles: Annotated[
        list[str] | None, typer.Option("--role", help="What it does, such as reseller.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Add a party with all its names, or say anew what is known of it, and screen it.

    Exit 1: it needs a look.
    """
    from insyn.cli.acting import acting_or_office
    from insyn.office.diligence.parties import register
    from insyn.office.diligence.parties.model import Party, read_span
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    made = Party(
        id=party,
        kind=kind,
        names=tuple(_name(text) for text in names or ()),
        country=country,
        identifiers=tuple(_identifier(text) for text in identifiers or ()),
        birth=read_span(birth),
        roles=tuple(roles or ()),
    )
    with open_store(directory) as store, store.writing() as connection:
        actor = acting_or_office(directory, connection)
        came = register.put(connection, made, actor=actor, now=system_clock())
    report = screen_again(directory) if made.names else None
    status = _status(directory, made)
    if as_json:
        told: dict[str, Json] = {**made.to_json(), "came": str(came), "list_status": status}
        told["screening"] = report.to_json() if report else None
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"party {shown(party)}: {came}; list status {status}")
    raise typer.Exit(0 if status in ("none", "unknown") else 1)


def own(
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="Id of who holds.")],
    owned: Annotated[str, typer.Argument(metavar="OWNED", help="Id of what is held.")],
    share: Annotated[
        str | None, typer.Option("--share", metavar="PERCENT", help="Such as 60, or 25-50.")
    ] = None,
    unknown: Annotated[
        bool, typer.Option("--share-unknown", help="Nobody knows how much.")
    ] = False,
    kind: Annotated[StakeKind, typer.Option("--kind", help="How it is held.")] = StakeKind.OWNER,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = "",
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Say what one party holds of another; what was said of the same holding is superseded.

    Exit 1: the party held is owned by listed parties, or may be.
    """
    from insyn.cli.acting import acting_or_office
    from insyn.office.diligence.parties import relations
    from insyn.office.diligence.parties.model import Stake, read_share
    from insyn.office.diligence.parties.standing import standing
    from insyn.office.screening.store import open_store

    if (share is None) != unknown and kind is not StakeKind.CONTROLLER:
        raise UsageError("give --share PERCENT, or --share-unknown")
    low, high = read_share(share) if share is not None else (None, None)
    stake = Stake(
        id=f"s-{secrets.token_hex(6)}",
        owner=owner,
        owned=owned,
        share_low_ppm=low,
        share_high_ppm=high,
        kind=kind,
        since=read_day(since),
        until=read_day(until),
        source=source,
    )
    directory = data_directory(data)
    now = system_clock()
    with open_store(directory) as store, store.writing() as connection:
        actor = acting_or_office(directory, connection)
        relations.record_stake(connection, stake, actor=actor, now=now)
        found = standing(connection, [owned], on=now.date())
    if as_json:
        told: dict[str, Json] = {**stake.to_json(), "list_status": found.list_status}
        print(json.dumps({**told, "because": dict(found.because)}, ensure_ascii=False))
    else:
        print(f"stake {stake.id}: recorded; {shown(owned)} has list status {found.list_status}")
        for _party, path in found.because:
            print(f"because: {shown(path)}")
    raise typer.Exit(0 if found.list_status in ("none", "unknown") else 1)


def show_owners(
    party: Annotated[str, typer.Argument(metavar="ID", help="The party's id.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="As known at this day's end.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show who owns and controls a party, all the way up, and what that makes of it."""
    from insyn.office.diligence.parties import register, relations
    from insyn.office.diligence.parties.standing import standing
    from insyn.office.screening.store import open_store

    at = end_of(as_of)
    on = (at or system_clock()).date()
    with open_store(data_directory(data)) as store, store.reading() as connection:
        register.find(connection, party, as_of=at)
        stakes = relations.stakes(connection, as_of=at, on=on)
        within = {party, *relations.owners_above(stakes, party)}
        found = standing(connection, [party], at=at, on=on)
    above = [stake for stake in stakes if stake.owned in within]
    if as_json:
        told: dict[str, Json] = {
            "id": party,
            "list_status": found.list_status,
            "because": dict(found.because),
            "stakes": [stake.to_json() for stake in above],
        }
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"party {shown(party)}: list status {found.list_status}")
    for _party, path in found.because:
        print(f"because: {shown(path)}")
    if not above:
        print("nobody is known to own or control it")
        return
    rows = [[str(value or "") for value in stake.to_json().values()] for stake in above]
    print_table(tuple(above[0].to_json()), [tuple(row) for row in rows])


def screen_again(data: DataDirectory) -> Report | None:
    """Screen who is not screened as they are; None, and a word of it, where no list is in force."""
    from insyn.base.errors import EnvironmentFailure
    from insyn.office.screening.rescreen import rescreen_office

    try:
        return rescreen_office(data, clock=system_clock)
    except EnvironmentFailure as error:
        # The party is kept, and unknown until it is screened: what failed is said, not undone.
        typer.echo(f"insyn: kept, and not screened yet: {error}", err=True)
        return None


def _status(data: DataDirectory, party: Party) -> str:
    from insyn.office.diligence.parties.standing import standing
    from insyn.office.screening.store import open_store

    with open_store(data) as store, store.reading() as connection:
        return standing(connection, [party.id], on=system_clock().date()).list_status


def _name(text: str) -> PartyName:
    from insyn.office.diligence.parties.model import PartyName

    language, mark, rest = text.partition("=")
    if mark and language.isascii() and language.isalpha() and 2 <= len(language) <= 3:
        return PartyName(text=rest.strip(), language=language.lower())
    return PartyName(text=text.strip())


def _identifier(text: str) -> PartyIdentifier:
    from insyn.office.diligence.parties.model import PartyIdentifier

    scheme, mark, value = text.partition("=")
    if not mark:
        raise UsageError("an identifier is SCHEME=VALUE, such as lei=...")
    return PartyIdentifier(scheme=scheme.strip().lower(), value=value.strip())
