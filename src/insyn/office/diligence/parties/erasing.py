"""Who a natural person in the channel is, erased on request; the id and what hung on it stay.

Always: every version, the names it was found by, what screening said of it and what the ledger
keeps beside its leaves go in one transaction; a leaf says that they did. A person who still stands
in the channel, or in a case that is not closed, is not erased: what a decision rests on is kept as
long as the law asks for it (Regulation (EU) 2021/821, Article 27: five years; GDPR, Article
17(3)(b)).
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.errors import Refusal
from insyn.office.diligence.parties import register, relations, schema
from insyn.office.diligence.parties.model import NAME_MARK, PartyKind
from insyn.office.screening import register as screening
from insyn.office.screening import schema as screening_schema
from insyn.office.screening.recorded import id_of
from insyn.trust.ledger import log, privacy
from insyn.trust.ledger.kinds import Kind, Shape
from insyn.trust.ledger.kinds import register as register_kind
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.people.duties import Actor, require

ERASED = {"erased": True}
"""What stands in the place of a version's content."""

PARTY_ERASED = register_kind(
    Kind(
        name="party.erased",
        title="who a natural person in the channel is was erased; the id stays",
        what={"party": Shape.ID, "versions": Shape.COUNT, "because": Shape.WORD},
    )
)


def erase(
    connection: sa.Connection, party: str, *, because: str, actor: Actor, now: datetime
) -> int:
    """Erase who a party is; gives how many fields beside the ledger went. Twice is refused.

    `because`: one word, such as `request`. Whether a case still needs it is the caller's to ask
    (`cases.erasing`).

    Raises:
        Refusal: the actor may not, it is no natural person, or a stake or edge of it stands.
    """
    require(actor, "personal.erase")
    known = register.find(connection, party)
    if known.erased:
        raise Refusal(f"party {party} is erased already; nothing was changed")
    if known.kind is not PartyKind.PERSON:
        raise Refusal(
            f"party {party} is no natural person; where an organisation bears a person's name, say "
            "that it is a person first (insyn party add --kind person)"
        )
    standing = [
        *(stake.id for stake in relations.stakes_of(connection, party)),
        *(edge.id for edge in relations.edges_of(connection, party)),
    ]
    if standing:
        raise Refusal(
            f"party {party} still stands in the channel: {', '.join(standing)}; end these first "
            "(insyn channel end)"
        )
    privacy.overwrite_what_goes(connection)
    table = schema.versions
    versions = connection.execute(
        sa.update(table).where(table.c.party == party).values(content=ERASED, digest="")
    ).rowcount
    names = schema.names
    connection.execute(sa.delete(names).where(names.c.party == party))
    subjects = _subjects(connection, party)
    screening.forget(connection, subjects)
    fields = sum(
        privacy.erase(connection, subject, now=now, who=actor.id, because=because)
        for subject in sorted({party, *subjects})
    )
    what: dict[str, Json] = {"party": id_of(party), "versions": versions, "because": because}
    log.append(connection, Leaf(kind=PARTY_ERASED.name, who=actor.id, what=what), now=now)
    return fields


def _subjects(connection: sa.Connection, party: str) -> list[str]:
    """Every id under which a name of the party was screened."""
    table = screening_schema.parties
    further = f"{party}{NAME_MARK}"
    query = sa.select(table.c.id).where(
        sa.or_(table.c.id == party, table.c.id.startswith(further, autoescape=True))
    )
    return sorted(connection.scalars(query))
