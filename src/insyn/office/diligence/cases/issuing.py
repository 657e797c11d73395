"""Permits, status lists and roots in the ledger, and the case that a permit stands on.

Always: what is issued is a leaf before it is a file. A crash between the two leaves a ledger that
names a permit nobody holds, and issuing it again completes it; the other way round somebody would
hold a permit that the ledger does not know. `shelved` tells either. A permit of a case is signed by
those who voted for it: the root ties each key to a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal
from insyn.office.diligence.cases import casebook, gates, permits, schema, steps
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.states import State
from insyn.office.screening.recorded import id_of
from insyn.trust.keys.envelope import Envelope
from insyn.trust.keys.root import Role as RootRole
from insyn.trust.keys.root import Root
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.people import users
from insyn.trust.people.duties import Actor, Role, why_not
from insyn.trust.permit.issue import completed
from insyn.trust.permit.model import Permit
from insyn.trust.permit.status import StatusEntry, StatusList

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
STATUS_SIGNED = register(
    Kind(
        name="status-list.signed",
        title="a status list was signed; sites believe it until its next update",
        what={"number": Shape.COUNT, "digest": Shape.DIGEST, "next_update": Shape.TIME},
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
    connection: sa.Connection, envelope: Envelope, root: Root, *, actor: Actor, now: datetime
) -> None:
    """Keep that a permit is issued; where it names a case of this office, the case must allow it.

    Issuing the same permit again changes nothing: it completes what a crash cut short.

    Args:
        connection: in a writing transaction.
        envelope: signed by as many as the root asks for.
        root: ties each key to a person.
        actor: who issues it.
        now: when.

    Raises:
        Refusal: too few signed it; the case is not approved, has changed since, or says something
            else; somebody signed who did not decide; or the office has people and knows no such
            case.
    """
    permit = completed(envelope, root)
    _record_in_case(connection, permit, envelope, root, actor=actor, now=now)
    what: dict[str, Json] = {
        "permit": permit.id,
        "digest": envelope.digest,
        "case": id_of(permit.case),
        "site_key": permit.site_key,
        "signers": sorted(signature.key for signature in envelope.signatures),
    }
    if any(leaf.what == what for leaf in log.of_kind(connection, ISSUED.name)):
        return
    log.append(connection, Leaf(kind=ISSUED.name, who=actor.id, what=what), now=now)


def _record_in_case(
    connection: sa.Connection,
    permit: Permit,
    envelope: Envelope,
    root: Root,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    if not _is_known(connection, permit.case):
        if users.are_any(connection):
            raise Refusal(
                f"{permit.id} names case {permit.case}, which this office does not have; a permit "
                "follows from a decision (insyn case permit)"
            )
        return
    case = casebook.find(connection, permit.case)
    if case.permit is not None and case.permit.permit_digest == envelope.digest:
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
    signers = [signature.key for signature in envelope.signatures]
    require_voters(connection, case, root, signers)
    if case.state in (State.PERMITTED, State.MONITORED):
        raise Refusal(f"case {case.id} has a permit already; revoke it first, then open it again")
    steps.take(connection, case, said, actor=actor, now=now)


def _is_known(connection: sa.Connection, case: str) -> bool:
    table = schema.cases
    return connection.scalar(sa.select(table.c.id).where(table.c.id == case)) is not None


def require_signer(connection: sa.Connection, permit: Permit, root: Root, key: str) -> None:
    """Refuse a key whose holder did not decide the permit's case, before it signs in vain.

    A case that this office does not know is not judged here.

    Raises:
        Refusal: as `require_voters`.
    """
    if _is_known(connection, permit.case):
        require_voters(connection, casebook.find(connection, permit.case), root, [key])


def require_voters(
    connection: sa.Connection, case: Case, root: Root, signers: Iterable[str]
) -> None:
    """Refuse signatures by anybody but those who voted for the decision.

    Where the root asks for more signatures than there are votes, approvers without a part in the
    case complete them.

    Raises:
        Refusal: the root ties a key to nobody whom this office knows; or to somebody who did not
            vote for it.
    """
    voters = {vote.by for vote in case.votes}
    may_complete = len(voters) < root.roles[RootRole.PERMIT].threshold
    for key in signers:
        person = holder_of(connection, root, key)
        if person is None:
            raise Refusal(
                f"case {case.id}: the root ties the key {key[:12]}… to nobody whom this office "
                "knows; name the keys of the people who voted in the next root (insyn key root "
                "draft)"
            )
        if person.id in voters:
            continue
        done = [*case.done, *steps.parts_in(connection, case.deal)]
        if not may_complete or why_not(person, "permit.sign", done, this_round=case.round):
            raise Refusal(
                f"case {case.id}: the key {key[:12]}… is {person.id}'s, who did not vote for this; "
                "a permit is signed by those who decided it"
            )


def holder_of(connection: sa.Connection, root: Root, key: str) -> Actor | None:
    """Whose key it is, by the id or sign-in name that the root has; None: nobody's who is known."""
    holder = root.keys[key].holder
    if not users.are_any(connection):
        return Actor(id=holder, roles=frozenset({Role.APPROVER}))
    try:
        return users.find(connection, holder).actor
    except Refusal:
        return None


def record_status(
    connection: sa.Connection,
    listed: StatusList,
    digest: str,
    changes: Iterable[StatusEntry],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep that a status list was signed, and what it says anew; before it lies as a file."""
    signed: dict[str, Json] = {
        "number": listed.number,
        "digest": digest,
        "next_update": isoformat(listed.next_update),
    }
    leaves = [Leaf(kind=STATUS_SIGNED.name, who=actor.id, what=signed)]
    for change in changes:
        what: dict[str, Json] = {
            "permit": change.permit,
            "state": str(change.state),
            "status_list": listed.number,
        }
        leaves.append(Leaf(kind=STATUS_CHANGED.name, who=actor.id, what=what))
    log.append_all(connection, leaves, now=now)


def record_root(
    connection: sa.Connection, version: int, digest: str, *, actor: Actor, now: datetime
) -> None:
    """Keep that another root is in force; commit it before the root lies as a file.

    Said again it changes nothing: it completes what a crash cut short.
    """
    what: dict[str, Json] = {"version": version, "digest": digest}
    if any(leaf.what == what for leaf in log.of_kind(connection, ROOT_CHANGED.name)):
        return
    log.append(connection, Leaf(kind=ROOT_CHANGED.name, who=actor.id, what=what), now=now)
