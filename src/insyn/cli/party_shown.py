"""What `insyn party show` tells of a party of the channel: names, owners, channel, standing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from insyn.base.errors import Refusal
from insyn.cli.tables import print_table, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import sqlalchemy as sa

    from insyn.base.canonical import Json


def channel_side(connection: sa.Connection, party: str, *, on: date) -> dict[str, Json] | None:
    """A party as the channel knows it on a day; None where it is only a subject of screening.

    `screened` has what is screened of it, each with its own status; `stakes` are all upward of it,
    and those that it holds.
    """
    from insyn.office.diligence.parties import register, relations
    from insyn.office.diligence.parties.standing import said_of, standing

    try:
        found = register.find(connection, party)
    except Refusal:
        return None
    who = register.identified(connection).get(party)
    itself = who.party if who else party
    stakes = relations.stakes(connection, on=on)
    within = {itself, *relations.owners_above(stakes, itself)}
    stands = standing(connection, [party], on=on)
    return {
        **found.to_json(),
        "identified_as": who.party if who else None,
        "list_status": stands.list_status,
        "because": [path for _party, path in stands.because],
        "screened": [
            {"id": each.id, "name": each.name, "identifier": each.identifier, "status": said.status}
            for each in found.subjects()
            for said in [said_of(connection, each.id, as_is=each)]
        ],
        "stakes": [s.to_json() for s in stakes if s.owned in within or s.owner == itself],
        "edges": [edge.to_json() for edge in relations.edges_of(connection, itself, on=on)],
    }


# `Any`: what `channel_side` made, as JSON.
def print_side(side: Mapping[str, Any]) -> None:
    """Print it for people: a line a fact, a table each for names, stakes and edges."""
    if side["identified_as"]:
        print(f"an unknown tier, identified as {shown(side['identified_as'])}")
    print(f"list status  {side['list_status']}, owners considered")
    for path in side["because"]:
        print(f"because      {shown(path)}")
    if side["roles"]:
        print(f"roles        {shown(', '.join(side['roles']))}")
    languages = [f"{n['text']} ({n['language']})" for n in side["names"] if n["language"]]
    if languages:
        print(f"languages    {shown(', '.join(languages))}")
    for title, rows in (
        ("names", side["screened"]),
        ("owners", side["stakes"]),
        ("channel", side["edges"]),
    ):
        print(f"{title}:" if rows else f"{title}: none known")
        _print_rows(rows)


def _print_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        cells = [tuple(str(value or "") for value in row.values()) for row in rows]
        print_table(tuple(rows[0]), cells)
