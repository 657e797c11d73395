"""Partners' signed commitments: without a valid one nobody stands in a permitted channel.

Always: a commitment is added and at most withdrawn, never edited; the name of who signed stands
apart and can be erased without it. On doubt a partner has none.

Source: UN Guiding Principles, 16(c); State Department guidance of 2020, consideration 6.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal
from insyn.office.diligence.commitments import recorded, schema
from insyn.office.diligence.commitments.texts import Texts, text_of, texts
from insyn.office.screening import register
from insyn.office.screening.recorded import id_of
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import Leaf, Personal
from insyn.trust.people.duties import Actor, require

LONGEST = timedelta(days=731)
"""A commitment holds two years at most, as its text says (7.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What a partner signed.

    Attributes:
        id: `k-` and 12 hexadecimal digits.
        party: the partner's id.
        text: version of the text, such as `1.0`.
        signatory: who signed, personal; None where it was erased.
        signed_on, expires_on: the last is the last day on which it holds.
        sha256: of the signed document.
    """

    id: str
    party: str
    text: str
    signatory: str | None
    signed_on: date
    expires_on: date
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """That a commitment is no longer relied on, since when and why."""

    because: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCommitment:
    """A commitment as kept; `number` orders them."""

    commitment: Commitment
    number: int
    recorded_at: datetime
    by: str
    withdrawal: Withdrawal | None

    def why_not(self, at: datetime, known: Texts) -> str:
        """Why it did not count at a moment; empty where it did."""
        day, said = at.date(), self.commitment
        if self.recorded_at > at or said.signed_on > day:
            return "missing"
        if self.withdrawal is not None and self.withdrawal.at <= at:
            return f"withdrawn on {self.withdrawal.at.date()}"
        if said.expires_on < day:
            return f"expired on {said.expires_on}"
        text = known.get(said.text)
        if text is None or not text.is_accepted(day):
            return f"signed to text {said.text}, which is no longer accepted"
        return ""

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        said, gone = self.commitment, self.withdrawal
        return {
            "id": said.id,
            "party": said.party,
            "text": said.text,
            "signatory": said.signatory,
            "signed_on": said.signed_on.isoformat(),
            "expires_on": said.expires_on.isoformat(),
            "sha256": said.sha256,
            "recorded_at": isoformat(self.recorded_at),
            "by": self.by,
            "withdrawn_at": isoformat(gone.at) if gone else None,
            "withdrawn_by": gone.by if gone else None,
            "withdrawn_because": gone.because if gone else None,
        }


def record(
    connection: sa.Connection,
    said: Commitment,
    *,
    actor: Actor,
    now: datetime,
    known: Texts | None = None,
) -> KeptCommitment:
    """Keep a signed commitment.

    Args:
        connection: in a writing transaction.
        said: what was signed.
        actor: an analyst or requester.
        now: when.
        known: versions of the text; those in the package if not given.

    Raises:
        Refusal: the actor may not, the party is unknown, the text is unknown or no longer
            accepted, nobody is named as signatory, a day does not fit, the document has no digest,
            or the same commitment is kept already.
    """
    require(actor, "commitment.record")
    text = text_of(said.text, known)
    _require_sound(said)
    if not text.is_accepted(now.date()):
        raise Refusal(f"text {said.text} is no longer accepted; have the newest signed")
    if said.signed_on > now.date():
        raise Refusal("a commitment is signed on a day that has come; give --signed-on")
    register.find(connection, said.party)  # or nobody would ever ask for it
    _require_new(connection, said)
    names = ("id", "party", "text", "signed_on", "expires_on", "sha256")
    row = {name: getattr(said, name) for name in names}
    row |= {"text_digest": text.sha256, "recorded_at": now, "by": actor.id}
    table = schema.commitments
    number = connection.execute(sa.insert(table).returning(table.c.number), [row]).scalar_one()
    signed = {"commitment": said.id, "name": said.signatory}
    connection.execute(sa.insert(schema.signatories), [signed])
    what: dict[str, Json] = {
        "commitment": said.id,
        "party": id_of(said.party),
        "text": said.text,
        "text_digest": text.sha256,
        "sha256": said.sha256,
        "expires_on": said.expires_on.isoformat(),
    }
    personal = {"signatory": Personal(subject=said.id, data=said.signatory)}
    kind = recorded.COMMITMENT_RECORDED.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what, personal=personal), now=now)
    return KeptCommitment(
        commitment=said, number=number, recorded_at=now, by=actor.id, withdrawal=None
    )


def withdraw(
    connection: sa.Connection, commitment: str, *, because: str, actor: Actor, now: datetime
) -> KeptCommitment:
    """Rely on a commitment no longer, from now on.

    Raises:
        Refusal: the actor may not, there is none, it was withdrawn before, or no reason is given.
    """
    require(actor, "commitment.withdraw")
    kept = find(connection, commitment)
    if kept.withdrawal is not None:
        raise Refusal(f"commitment {commitment} was withdrawn on {kept.withdrawal.at.date()}")
    if not because.strip():
        raise Refusal(f"commitment {commitment}: give a reason (--because)")
    gone = {"because": because.strip(), "withdrawn_at": now, "by": actor.id}
    connection.execute(sa.insert(schema.withdrawals), [{"commitment": commitment, **gone}])
    what: dict[str, Json] = {"commitment": commitment, "party": id_of(kept.commitment.party)}
    personal = {"because": Personal(subject=commitment, data=because.strip())}
    kind = recorded.COMMITMENT_WITHDRAWN.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what, personal=personal), now=now)
    return find(connection, commitment)


def forget_signatory(
    connection: sa.Connection, commitment: str, *, actor: Actor, now: datetime
) -> None:
    """Erase who signed, in the table and beside the ledger; the commitment stays.

    Raises:
        Refusal: the actor may not, or there is no such commitment.
    """
    from insyn.trust.ledger import privacy

    require(actor, "personal.erase")
    find(connection, commitment)
    table = schema.signatories
    connection.execute(sa.delete(table).where(table.c.commitment == commitment))
    privacy.erase(connection, commitment, now=now, who=actor.id)


def valid(
    connection: sa.Connection,
    party_ids: Collection[str],
    at: datetime,
    *,
    known: Texts | None = None,
) -> dict[str, str]:
    """By party, why it had no valid commitment at a moment; empty where it had one.

    Reasons: missing, expired, withdrawn, or signed to a text that is no longer accepted; of
    several, that of the latest.
    """
    among = texts() if known is None else known
    told = dict.fromkeys(party_ids, "missing")
    for kept in every(connection):  # the oldest first: the latest one's reason stays
        party = kept.commitment.party
        if told.get(party):
            why_not = kept.why_not(at, among)
            told[party] = told[party] if why_not == "missing" else why_not
    return told


def find(connection: sa.Connection, commitment: str) -> KeptCommitment:
    """A commitment by its id.

    Raises:
        Refusal: there is none.
    """
    found = [each for each in every(connection) if each.commitment.id == commitment]
    if not found:
        raise Refusal(f"no commitment is known as {commitment!r}; `insyn commitment list` has all")
    return found[0]


def every(connection: sa.Connection, *, party: str | None = None) -> list[KeptCommitment]:
    """All commitments, of one party or of all, in the order they were recorded."""
    table, names, gone = schema.commitments, schema.signatories, schema.withdrawals
    query = (
        sa.select(
            table,
            names.c.name,
            gone.c.because,
            gone.c.withdrawn_at,
            gone.c.by.label("withdrawn_by"),
        )
        .outerjoin(names, names.c.commitment == table.c.id)
        .outerjoin(gone, gone.c.commitment == table.c.id)
        .order_by(table.c.number)
    )
    if party is not None:
        query = query.where(table.c.party == party)
    return [_kept(row) for row in connection.execute(query)]


def _require_sound(said: Commitment) -> None:
    if not (said.signatory or "").strip() or not said.party.strip():
        raise Refusal("a commitment names the party, and who signed for it")
    if len(said.sha256) != 64 or not set(said.sha256) <= set("0123456789abcdef"):
        raise Refusal("the signed document is named by its SHA-256; give the file")
    if said.expires_on <= said.signed_on:
        raise Refusal(
            f"a commitment that was signed on {said.signed_on} holds until a later day than "
            f"{said.expires_on}; look at both days"
        )
    if said.expires_on > said.signed_on + LONGEST:
        raise Refusal(
            f"a commitment holds two years at most: until {said.signed_on + LONGEST} if signed on "
            f"{said.signed_on}"
        )


def _require_new(connection: sa.Connection, said: Commitment) -> None:
    for kept in every(connection, party=said.party):
        same = replace(kept.commitment, id=said.id, signatory=said.signatory)
        if kept.withdrawal is None and same == said:
            raise Refusal(
                f"this commitment is kept already, as {kept.commitment.id}; nothing was added"
            )


def _kept(row: sa.Row[Any]) -> KeptCommitment:
    gone = None
    if row.withdrawn_at is not None:
        gone = Withdrawal(because=row.because, at=row.withdrawn_at, by=row.withdrawn_by)
    return KeptCommitment(
        commitment=Commitment(
            id=row.id,
            party=row.party,
            text=row.text,
            signatory=row.name,
            signed_on=row.signed_on,
            expires_on=row.expires_on,
            sha256=row.sha256,
        ),
        number=row.number,
        recorded_at=row.recorded_at,
        by=row.by,
        withdrawal=gone,
    )
