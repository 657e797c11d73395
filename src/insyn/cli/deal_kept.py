"""`insyn deal import | list | show | fact | retract | evidence`: deals that the office keeps."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import counted, print_table, shown
from insyn.office.diligence.cases.reliability import Reliability

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

    from insyn.base.canonical import Json
    from insyn.office.diligence.cases.dated import Fact
    from insyn.office.diligence.cases.deals import Said
    from insyn.trust.people.duties import Actor

DealArgument = Annotated[str, typer.Argument(metavar="DEAL", help="The deal's id.")]
SourceOption = Annotated[
    str, typer.Option("--source", help="Who says so: the seller, a document, an authority.")
]
KnownSinceOption = Annotated[
    str | None,
    typer.Option("--known-since", metavar="DATE", help="Since when the office knows it; else now."),
]
ValidFromOption = Annotated[
    str | None, typer.Option("--valid-from", metavar="DAY", help="Since when it holds, if told.")
]
SELLER = "declared by the seller"


def import_deals(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON: a list of deals, or one under `deals`.")
    ],
    source: SourceOption = SELLER,
    known_since: KnownSinceOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Keep the deals of a file as dated facts, and open a draft case for each new one.

    A deal that is known already keeps what was said of it; only what is new is added beside. A
    record may say `known_since` itself. Exit 1: a record could not be kept, or a field is
    doubtful; all others are kept.
    """
    from insyn.cli.acting import acting_or_office
    from insyn.office.screening.store import open_store

    records = list(_records(file))
    directory = data_directory(data)
    told: list[dict[str, Json]] = []
    problems: list[str] = []
    with open_store(directory) as store, store.writing() as connection:
        actor = acting_or_office(directory, connection)
        for number, record in enumerate(records, 1):
            try:
                told.append(_keep(connection, record, source, known_since, actor))
            except Refusal as error:
                problems.append(f"record {number}: {error}")
            problems += _doubts(record, number)
    if as_json:
        print(json.dumps({"deals": told, "problems": problems}, ensure_ascii=False))
    else:
        new = sum(1 for each in told if each["is_new"])
        facts = sum(int(str(each["facts"])) for each in told)
        print(f"{counted(len(told), 'deal')}: {new} new, {counted(facts, 'new fact')}")
        for problem in problems:
            typer.echo(f"insyn: {shown(problem)}", err=True)
    raise typer.Exit(1 if problems else 0)


def list_deals(as_json: JsonOption = False, data: DataOption = None) -> None:
    """List the deals that the office keeps, with their cases."""
    from insyn.office.diligence.cases import casebook
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        deals = list(_every_deal(connection))
        cases = {line.deal: line for line in casebook.every(connection)}
    if as_json:
        for deal in deals:
            case = cases.get(deal)
            told = {"id": deal, "case": case.id if case else None}
            told["state"] = str(case.state) if case else None
            print(json.dumps(told, ensure_ascii=False))
    elif deals:
        rows = [
            (deal, cases[deal].id, str(cases[deal].state)) if deal in cases else (deal, "-", "-")
            for deal in deals
        ]
        print_table(("deal", "case", "state"), rows)
    else:
        print("no deals; `insyn deal import FILE` brings them in")


def show_deal(deal: DealArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show all facts of a deal, the superseded and retracted ones too, and its evidence."""
    from insyn.office.diligence.cases import deals, evidence
    from insyn.office.diligence.cases.dated import standing
    from insyn.office.screening.store import open_store

    now = system_clock()
    with open_store(data_directory(data)) as store, store.reading() as connection:
        record = deals.record_at(connection, deal, known=now)
        facts = deals.facts_of(connection, deal)
        pieces = evidence.of_deal(connection, deal)
    if as_json:
        told = {
            "id": deal,
            "record": record,
            "facts": [fact.to_json() for fact in facts],
            "evidence": [piece.to_json() for piece in pieces],
        }
        print(json.dumps(told, ensure_ascii=False))
        return
    stands = {fact.id for fact in standing(facts, known=now)}
    print_table(
        ("fact", "field", "value", "known since", "source", "stands"),
        [_fact_row(fact, fact.id in stands) for fact in facts],
    )
    if pieces:
        rows = [
            (p.id, p.kind, p.source, str(p.reliability), p.sha256 or f"nothing: {p.searched}")
            for p in pieces
        ]
        print_table(("evidence", "kind", "source", "reliability", "sha256"), rows)


def add_fact(
    deal: DealArgument,
    field: Annotated[str, typer.Argument(help="A field of the deal record.")],
    value: Annotated[str, typer.Argument(help="JSON, or plain text.")],
    source: SourceOption,
    known_since: KnownSinceOption = None,
    valid_from: ValidFromOption = None,
    evidence: Annotated[
        str | None, typer.Option("--evidence", help="Id of the evidence that it rests on.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Record a fact; it supersedes what was said of the field, and edits nothing."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.cases import deals
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    said = _said(source, known_since, valid_from, evidence)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        fact = deals.record_fact(
            connection, deal, field, _value(value), said=said, actor=actor, now=system_clock()
        )
    _tell_fact(fact, as_json)


def retract_fact(
    deal: DealArgument,
    fact: Annotated[int, typer.Argument(help="The fact's number.")],
    source: SourceOption,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Say that a fact does not hold; it stays on record and no longer counts from now on."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.cases import deals
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        gone = deals.retract(
            connection,
            deal,
            fact,
            said=_said(source, None, None, None),
            actor=actor,
            now=system_clock(),
        )
    _tell_fact(gone, as_json)


def add_evidence(
    deal: DealArgument,
    kind: Annotated[str, typer.Option("--kind", help="tender, press, visit, statement, ...")],
    source: SourceOption,
    file: Annotated[
        Path | None, typer.Option("--file", help="The document; kept by its hash.")
    ] = None,
    searched: Annotated[
        str | None,
        typer.Option("--searched", help="What was searched, and for which words."),
    ] = None,
    found_nothing: Annotated[
        bool, typer.Option("--found-nothing", help="The search found nothing; that counts too.")
    ] = False,
    reliability: Annotated[
        Reliability, typer.Option("--reliability", help="How far the source is believed.")
    ] = Reliability.UNKNOWN,
    url: Annotated[str | None, typer.Option("--url", help="Where it was found.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="Of the document.")] = None,
    published_on: Annotated[str | None, typer.Option("--published-on", metavar="DAY")] = None,
    note: Annotated[str, typer.Option("--note", help="What it says, in a sentence.")] = "",
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Keep a piece of evidence by its hash, or a search that found nothing."""
    from insyn.cli.acting import acting
    from insyn.cli.days import read_day
    from insyn.office.diligence.cases import evidence
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    now = system_clock()
    content = None if file is None else _read(file)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        piece = evidence.Evidence(
            id=f"e-{secrets.token_hex(6)}",
            deal=deal,
            kind=kind,
            source=source,
            reliability=reliability,
            sha256=None
            if content is None
            else evidence.keep_file(directory.root / "evidence", content),
            size_bytes=None if content is None else len(content),
            url=url,
            language=language,
            published_on=read_day(published_on),
            searched=searched,
            found_nothing=found_nothing,
            note=note,
            recorded_at=now,
            by=actor.id,
        )
        evidence.add(connection, piece, actor=actor, now=now)
    if as_json:
        print(json.dumps(piece.to_json(), ensure_ascii=False))
    else:
        print(f"evidence {piece.id}: {piece.sha256 or 'found nothing'}")


def _keep(
    connection: sa.Connection,
    record: dict[str, Any],
    source: str,
    known_since: str | None,
    actor: Actor,
) -> dict[str, Json]:
    from insyn.office.diligence.cases import casebook, deals, steps
    from insyn.trust.people.duties import why_not

    now = system_clock()
    own = record.get("known_since")
    said = _said(source, own if isinstance(own, str) else known_since, None, None)
    known = deals.exists(connection, str(record.get("id")))
    facts = deals.put(connection, record, said=said, actor=actor, now=now)
    deal = str(record["id"]).strip()
    case = casebook.case_of(connection, deal)
    if case is None and not why_not(actor, "case.draft"):
        case = steps.open_case(connection, deal, actor=actor, now=now).id
    return {"id": deal, "case": case, "is_new": not known, "facts": len(facts)}


def _records(file: Path) -> Iterator[dict[str, Any]]:
    from insyn.office.diligence.deal import read_records

    for record in read_records(_read(file), name=str(file)):
        yield record if isinstance(record, dict) else {}


def _doubts(record: dict[str, Any], number: int) -> list[str]:
    from insyn.office.diligence.deal import read_deal

    return list(read_deal(record, number=number).problems)


def _every_deal(connection: sa.Connection) -> Iterator[str]:
    from insyn.office.diligence.cases import deals

    last: str | None = None
    while page := deals.every(connection, after=last):
        yield from page
        last = page[-1]


def _said(
    source: str, known_since: str | None, valid_from: str | None, evidence: str | None
) -> Said:
    from insyn.cli.case_files import read_known
    from insyn.cli.days import read_day
    from insyn.office.diligence.cases.deals import Said

    return Said(
        source=source,
        known_since=None if known_since is None else read_known(known_since),
        valid_from=read_day(valid_from),
        evidence=evidence,
    )


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {file}: {error.strerror}") from error


def _tell_fact(fact: Fact, as_json: bool) -> None:
    if as_json:
        print(json.dumps(fact.to_json(), ensure_ascii=False))
    elif fact.retracts is not None:
        print(f"fact {fact.retracts} is retracted")
    else:
        print(f"fact {fact.id}: {fact.field}, known since {isoformat(fact.known_since)}")


def _fact_row(fact: Fact, stands: bool) -> tuple[str, ...]:
    value = (
        f"retracts {fact.retracts}" if fact.retracts else json.dumps(fact.value, ensure_ascii=False)
    )
    return (
        str(fact.id),
        fact.field,
        value[:120],
        str(fact.known_since.date()),
        fact.source,
        "yes" if stands else "",
    )
