"""Permits and roots in the ledger, and the case that a permit stands on.

Always: what is issued is a leaf before it is a file. A crash between the two leaves a ledger that
names a permit nobody holds, and issuing it again completes it; the other way round somebody would
hold a permit that the ledger does not know.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.errors import Refusal
from insyn.office.diligence.cases import casebook, gates, permits, schema, steps
from insyn.office.diligence.cases.states import State
from insyn.office.screening.recorded import id_of
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.people import users
from insyn.trust.people.duties import Actor, require
from insyn.trust.permit.model import Permit

ISSUED = register(
    Kind(
        name="permit.issued",
        title="a permit that enough approvers had signed was issued",
        what={
            "permit": Shape.ID,
            "digest": Shape.DIGEST,
            "case": Shape.ID,
            "site_key": Shape.DIGEST,
            "signers": Shape.DIGESTS,
        },
    )
)
STATUS_CHANGED = register(
    Kind(
        name="permit.status-changed",
        title="a status list says something else of a permit",
        what={"permit": Shape.ID, "state": Shape.WORD, "status_list": Shape.COUNT},
    )
)
ROOT_CHANGED = register(
    Kind(
        name="root.installed",
        title="another root names whose keys count",
        what={"version": Shape.COUNT, "digest": Shape.DIGEST},
    )
)


def record_issue(
    connection: sa.Connection,
    permit: Permit,
    *,
    digest: str,
    signers: Iterable[str],
    actor: Actor,
    now: datetime,
) -> None:
    """Keep that a permit is issued; where it names a case of this office, the case must allow it.

    Issuing the same permit again changes nothing.

    Raises:
        Refusal: the case is not approved, has changed since, or says something else; or the office
            has people and knows no such case.
    """
    _record_in_case(connection, permit, digest=digest, actor=actor, now=now)
    leaf = Leaf(
        kind=ISSUED.name,
        who=actor.id,
        what={
            "permit": permit.id,
            "digest": digest,
            "case": id_of(permit.case),
            "site_key": permit.site_key,
            "signers": sorted(signers),
        },
    )
    log.append(connection, leaf, now=now)


def _record_in_case(
    connection: sa.Connection, permit: Permit, *, digest: str, actor: Actor, now: datetime
) -> None:
    table = schema.cases
    known = connection.scalar(sa.select(table.c.id).where(table.c.id == permit.case))
    if known is None:
        if users.are_any(connection):
            raise Refusal(
                f"{permit.id} names case {permit.case}, which this office does not have; a permit "
                "follows from a decision (insyn case permit)"
            )
        return
    case = casebook.find(connection, permit.case)
    if case.permit is not None and case.permit.permit_digest == digest:
        return
    if found := steps.lapsed(connection, case, now=now):
        raise Refusal(
            f"case {case.id}: {found[1]}; the approval has lapsed, so open it again (insyn case "
            f"reopen {case.id} --trigger {found[0]})"
        )
    if lacks := gates.uncommitted(connection, case.deal, at=now):
        raise Refusal(
            f"case {case.id}: no permit while its channel lacks a signed commitment: "
            f"{'; '.join(lacks)} (insyn commitment add)"
        )
    said = permits.require_approved(case, permit)
    if case.state in (State.PERMITTED, State.MONITORED):
        raise Refusal(f"case {case.id} has a permit already; revoke it first, then open it again")
    steps.take(connection, case, said, actor=actor, now=now)


def record_status(
    connection: sa.Connection,
    permit: str,
    state: str,
    *,
    status_list: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep that a status list says something of a permit."""
    require(actor, "permit.status")
    what: dict[str, Json] = {"permit": permit, "state": state, "status_list": status_list}
    log.append(connection, Leaf(kind=STATUS_CHANGED.name, who=actor.id, what=what), now=now)


def record_root(
    connection: sa.Connection, version: int, digest: str, *, actor: Actor, now: datetime
) -> None:
    """Keep that another root is in force."""
    what: dict[str, Json] = {"version": version, "digest": digest}
    log.append(connection, Leaf(kind=ROOT_CHANGED.name, who=actor.id, what=what), now=now)
