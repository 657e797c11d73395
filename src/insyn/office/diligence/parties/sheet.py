"""Parties and channel as one CSV file: a `record` column says what each row is. Pure.

Always: a row is one line, as nothing that it may hold has a line break: so a quotation mark that is
not closed breaks its own row, and hides none of those below. A row names only what its record has;
other columns stay empty.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from insyn.base.errors import Refusal
from insyn.office.diligence.parties.exchange import BadLine, Read, broken_off, day_of, unique
from insyn.office.diligence.parties.model import (
    ChannelRole,
    Edge,
    Party,
    PartyIdentifier,
    PartyKind,
    PartyName,
    Stake,
    StakeKind,
    read_share,
    read_span,
    span_text,
)
from insyn.office.lists.formats.tabular import delimiter_of

COLUMNS = (
    "record",
    "id",
    "kind",
    "name",
    "language",
    "scheme",
    "value",
    "role",
    "country",
    "birth",
    "owner",
    "owned",
    "share",
    "supplier",
    "customer",
    "deal",
    "since",
    "until",
    "source",
)
"""`id` is the party's in party, name, identifier and role rows, else the stake's or edge's."""
LONGEST_FIELD = 10_000

W = TypeVar("W", PartyKind, StakeKind, ChannelRole)


def is_sheet(text: str) -> bool:
    """Whether a text is such a CSV: its header has the column `record`."""
    lines = _lines(text[:LONGEST_FIELD])
    return any("record" in header for _line, header in _header(lines, delimiter(text)))


def delimiter(text: str) -> str:
    """Comma, semicolon or tab, whichever its first line has most of (Excel's `sep=` line too)."""
    return delimiter_of(next((line for line in _lines(text) if line.strip()), ""))


def write_sheet(parties: Iterable[Party], stakes: Iterable[Stake], edges: Iterable[Edge]) -> str:
    """The CSV, with its header; lines end in CR LF (RFC 4180)."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    for party in parties:
        writer.writerows(_party_rows(party))
    for stake in stakes:
        told = {k: v for k, v in stake.to_json().items() if v is not None}
        writer.writerow({"record": "stake", **told})
    for edge in edges:
        told = {k: v for k, v in edge.to_json().items() if v is not None}
        writer.writerow({"record": "edge", **told})
    return out.getvalue()


def _party_rows(party: Party) -> Iterator[dict[str, str]]:
    yield {
        "record": "party",
        "id": party.id,
        "kind": str(party.kind),
        "country": party.country or "",
        "birth": span_text(party.birth) or "",
    }
    for name in party.names:
        row = {"record": "name", "id": party.id, "name": name.text}
        yield {**row, "language": name.language or ""}
    for each in party.identifiers:
        row = {"record": "identifier", "id": party.id}
        yield {**row, "scheme": each.scheme, "value": each.value}
    for role in party.roles:
        yield {"record": "role", "id": party.id, "role": role}


@dataclass(slots=True)
class _Draft:
    """A party as its rows come."""

    line: int
    row: Mapping[str, str]
    names: list[PartyName] = field(default_factory=list)
    identifiers: list[PartyIdentifier] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)

    def party(self) -> Party:
        row = self.row
        names = self.names
        if row["name"]:  # a short file may give the main name on the party's own row
            names = [PartyName(text=row["name"], language=row["language"] or None), *names]
        return Party(
            id=row["id"],
            kind=_word(PartyKind, row["kind"] or "organisation"),
            names=tuple(names),
            country=row["country"] or None,
            identifiers=tuple(self.identifiers),
            birth=read_span(row["birth"]),
            roles=tuple(self.roles),
        )


def read_sheet(text: str) -> Read:
    """What such a CSV holds; rows that cannot be used are in `bad`.

    Raises:
        UnreadableInput: it breaks off in the midst of its last line.
    """
    read = Read()
    drafts: dict[str, _Draft] = {}
    for line, row in _rows(text, read.bad):
        try:
            _take(row, line, drafts, read)
        except Refusal as error:
            read.bad.append(BadLine(line=line, reason=str(error)))
    parties: list[tuple[int, Party]] = []
    for draft in drafts.values():
        try:
            parties.append((draft.line, draft.party()))
        except Refusal as error:
            read.bad.append(BadLine(line=draft.line, reason=str(error)))
    read.parties = unique(parties, read.bad)
    return read


def _lines(text: str) -> Iterator[str]:
    return iter(io.StringIO(text, newline=""))


def _header(lines: Iterator[str], mark: str) -> Iterator[tuple[int, list[str]]]:
    """The number of the line that names the columns, and they; nothing where there is none."""
    for line, row in enumerate(lines, 1):
        with contextlib.suppress(csv.Error):
            cells = [cell.strip().lower() for cell in next(csv.reader([row], delimiter=mark), [])]
            if any(cells) and cells[0] != "sep=":
                yield line, cells
                return


def _rows(text: str, bad: list[BadLine]) -> Iterator[tuple[int, dict[str, str]]]:
    lines = _lines(text)
    mark = delimiter(text)
    for first, header in _header(lines, mark):
        for line, row in enumerate(lines, first + 1):
            is_ended = row.endswith(("\r", "\n"))
            try:
                cells = next(csv.reader([row], delimiter=mark, strict=True), [])
            except csv.Error:
                if not is_ended:
                    raise broken_off(line) from None
                bad.append(BadLine(line=line, reason="a field is too long, or badly quoted"))
                continue
            if any(cell.strip() for cell in cells):
                if not is_ended and len(cells) < len(header):
                    raise broken_off(line)
                given = dict(zip(header, (cell.strip() for cell in cells), strict=False))
                yield line, {column: given.get(column, "") for column in COLUMNS}


def _take(row: dict[str, str], line: int, drafts: dict[str, _Draft], read: Read) -> None:
    record = row["record"].lower()
    if record == "party":
        if row["id"] in drafts:
            raise Refusal(f"party {row['id']} stands twice in the file")
        drafts[row["id"]] = _Draft(line, row)
    elif record == "stake":
        read.stakes.append((line, _stake(row)))
    elif record == "edge":
        read.edges.append((line, _edge(row)))
    elif record in ("name", "identifier", "role"):
        draft = drafts.get(row["id"])
        if draft is None:
            raise Refusal(f"no row above says which party {row['id']} is")
        if record == "name":
            draft.names.append(PartyName(text=row["name"], language=row["language"] or None))
        elif record == "identifier":
            draft.identifiers.append(PartyIdentifier(scheme=row["scheme"], value=row["value"]))
        else:
            draft.roles.append(row["role"])
    else:
        raise Refusal("its record is none of party, name, identifier, role, stake, edge")


def _stake(row: Mapping[str, str]) -> Stake:
    low, high = read_share(row["share"]) if row["share"] else (None, None)
    return Stake(
        id=row["id"],
        owner=row["owner"],
        owned=row["owned"],
        share_low_ppm=low,
        share_high_ppm=high,
        kind=_word(StakeKind, row["kind"] or "owner"),
        since=day_of(row["since"]),
        until=day_of(row["until"]),
        source=row["source"],
    )


def _edge(row: Mapping[str, str]) -> Edge:
    return Edge(
        id=row["id"],
        supplier=row["supplier"],
        customer=row["customer"],
        role=_word(ChannelRole, row["role"]),
        since=day_of(row["since"]),
        until=day_of(row["until"]),
        deal=row["deal"] or None,
        source=row["source"],
    )


def _word(words: type[W], text: str) -> W:
    try:
        return words(text)
    except ValueError:
        raise Refusal(f"a word is none of {', '.join(words)}") from None
