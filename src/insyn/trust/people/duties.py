"""Separation of duties: who may do what, and who may not be the same person as whom. Pure.

Always: this is decided here and nowhere else. A role allows; a history forbids: whoever has done
one thing in a matter may not do another that excludes it, whatever roles the person holds, and an
administrator is no exception. The requester never decides, the analyst is never the approver, two
who decide are two persons. Unknown actions are refused.

Source: ISO/IEC 27002:2022, 5.3, segregation of duties.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from insyn.base.errors import Refusal


class Role(StrEnum):
    """What a person may be; one may hold several."""

    REQUESTER = "requester"
    ANALYST = "analyst"
    APPROVER = "approver"
    EXPORT_OFFICER = "export officer"
    PRIVACY_OFFICER = "privacy officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    INVESTIGATOR = "investigator"
    CUSTODIAN = "custodian"


NEVER_TOGETHER: Mapping[Role, frozenset[Role]] = {
    Role.ADMINISTRATOR: frozenset(
        {Role.APPROVER, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER, Role.CUSTODIAN, Role.AUDITOR}
    ),
    Role.AUDITOR: frozenset(Role) - {Role.AUDITOR},
}
"""Roles that no one person holds at once, whatever the matter.

Whoever makes people known gives no second word: an administrator who approves could bring in the
other approver, and one who erases could take that name away again. Whoever looks at what others did
did none of it. All others go together, a requester and approver too: a small office has few people,
and `DUTIES` keeps one person from both sides of the same matter, which is what counts.
"""


class SiteRole(StrEnum):
    """What a person may be at a site; the other roles study and decide deals, at an office."""

    OPERATOR = Role.OPERATOR.value
    INVESTIGATOR = Role.INVESTIGATOR.value
    CUSTODIAN = Role.CUSTODIAN.value
    PRIVACY_OFFICER = Role.PRIVACY_OFFICER.value
    AUDITOR = Role.AUDITOR.value
    ADMINISTRATOR = Role.ADMINISTRATOR.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One action: the roles that may do it, and the actions in the same matter that exclude it.

    `alone`: nobody does it twice in one round of a matter: it stands for another person's look.
    """

    roles: frozenset[Role]
    excluded_by: frozenset[str] = frozenset()
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person by an opaque id, with the roles held now."""

    id: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What has been done in a matter (a case, a permit, a release), and by whom.

    `round` counts the times that the matter was opened again before.
    """

    action: str
    by: str
    round: int = 0


def _duty(*roles: Role, excluded_by: Iterable[str] = (), alone: bool = False) -> Duty:
    return Duty(roles=frozenset(roles), excluded_by=frozenset(excluded_by), alone=alone)


_ASKED = ("case.draft", "case.submit")
_STUDIED = (
    "case.triage",
    "case.investigate",
    "case.propose",
    "case.notify",
    "fact.record",
    "evidence.add",
)
_ANYONE = (
    Role.REQUESTER,
    Role.ANALYST,
    Role.APPROVER,
    Role.EXPORT_OFFICER,
    Role.PRIVACY_OFFICER,
)

DUTIES: Mapping[str, Duty] = {
    "case.draft": _duty(Role.REQUESTER),
    "case.submit": _duty(Role.REQUESTER),
    "case.screen": _duty(Role.REQUESTER, Role.ANALYST, Role.EXPORT_OFFICER),
    "case.triage": _duty(Role.ANALYST, excluded_by=_ASKED),
    "case.investigate": _duty(Role.ANALYST, Role.EXPORT_OFFICER, excluded_by=_ASKED),
    "case.propose": _duty(Role.ANALYST, excluded_by=_ASKED),
    "case.decide": _duty(Role.APPROVER, excluded_by=(*_ASKED, *_STUDIED), alone=True),
    # Drafts what the exporter tells its authority; whoever does has a part in the case.
    "case.notify": _duty(Role.EXPORT_OFFICER, Role.ANALYST),
    # Anybody may raise a concern; opening a case again only ever asks for another look.
    "case.reopen": _duty(*_ANYONE),
    "case.monitor": _duty(Role.ANALYST, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER),
    "case.close": _duty(*_ANYONE),
    "case.read": _duty(*_ANYONE, Role.AUDITOR),
    # Whoever brings in a fact has a part in what is decided on it, and so does not decide.
    "fact.record": _duty(Role.REQUESTER, Role.ANALYST, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER),
    "evidence.add": _duty(Role.REQUESTER, Role.ANALYST, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER),
    # Who is in the channel and who owns them is told by whoever studies or sells.
    "party.change": _duty(Role.REQUESTER, Role.ANALYST, Role.EXPORT_OFFICER),
    "permit.issue": _duty(Role.APPROVER, Role.EXPORT_OFFICER, Role.ANALYST),
    "rulebook.adopt": _duty(Role.ADMINISTRATOR, Role.EXPORT_OFFICER),
    "permit.sign": _duty(Role.APPROVER, excluded_by=(*_ASKED, *_STUDIED), alone=True),
    "permit.status": _duty(Role.APPROVER, Role.EXPORT_OFFICER),
    "product.add": _duty(Role.ANALYST, Role.EXPORT_OFFICER, Role.ADMINISTRATOR),
    "product.classify": _duty(Role.EXPORT_OFFICER),
    # A milder class, and the end of an authority's hold, count on a second person's word alone.
    "product.confirm": _duty(Role.EXPORT_OFFICER, Role.APPROVER, excluded_by=("product.classify",)),
    "notice.add": _duty(Role.EXPORT_OFFICER),
    "notice.lift": _duty(Role.EXPORT_OFFICER),
    "notice.confirm": _duty(Role.EXPORT_OFFICER, Role.APPROVER, excluded_by=("notice.lift",)),
    "commitment.record": _duty(Role.ANALYST, Role.REQUESTER),
    # Withdrawing only ever asks for a new signature.
    "commitment.withdraw": _duty(*_ANYONE),
    "training.add": _duty(Role.ADMINISTRATOR, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER),
    "training.take": _duty(*Role),
    # A trainer's word stands for an examination; nobody gives it for themselves.
    "training.record": _duty(Role.ADMINISTRATOR, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER),
    # One's own is everybody's to read.
    "training.read": _duty(
        Role.ADMINISTRATOR, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER, Role.AUDITOR
    ),
    "clearance.add": _duty(Role.ANALYST),
    # Withdrawing only ever makes a match count again.
    "clearance.withdraw": _duty(*_ANYONE),
    "clearance.confirm": _duty(Role.ANALYST, Role.APPROVER, excluded_by=("clearance.add",)),
    "list.import": _duty(Role.ANALYST, Role.ADMINISTRATOR),
    "user.manage": _duty(Role.ADMINISTRATOR),
    # Whoever sets the cameras up needs not see what they see.
    "camera.manage": _duty(Role.ADMINISTRATOR),
    # Everyone is masked there; who runs the machines still has no need to look at people.
    "live.watch": _duty(Role.OPERATOR, Role.INVESTIGATOR, Role.PRIVACY_OFFICER),
    "playback.watch": _duty(Role.OPERATOR, Role.INVESTIGATOR),
    "site.settings": _duty(Role.ADMINISTRATOR),
    "site.read": _duty(*Role),
    # An empty scene that is confirmed while somebody stands in it would show them: whoever sees it.
    "background.confirm": _duty(Role.OPERATOR, Role.PRIVACY_OFFICER),
    "masking.zones": _duty(Role.OPERATOR, Role.PRIVACY_OFFICER),
    # A zone without a mask shows whoever walks through it.
    "masking.confirm": _duty(Role.PRIVACY_OFFICER, Role.CUSTODIAN, excluded_by=("masking.zones",)),
    "ledger.read": _duty(
        Role.AUDITOR, Role.ANALYST, Role.APPROVER, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER
    ),
    "personal.erase": _duty(Role.PRIVACY_OFFICER),
    "release.request": _duty(Role.INVESTIGATOR, Role.OPERATOR),
    "release.approve": _duty(Role.CUSTODIAN, excluded_by=("release.request",), alone=True),
    # What is masked already hides whoever is on it: no second person is asked.
    "export.masked": _duty(Role.OPERATOR, Role.INVESTIGATOR),
    "export.take": _duty(Role.INVESTIGATOR, excluded_by=("release.approve",)),
}
"""Every action that needs a person, by name."""


def why_not(actor: Actor, action: str, done: Collection[Done] = (), *, this_round: int = 0) -> str:
    """Why a person may not do this now, in a sentence; empty where it is allowed.

    Args:
        actor: who asks.
        action: a name of `DUTIES`.
        done: all that was ever done in the same matter, by anyone: a matter that is opened again
            does not make its requester a stranger to it.
        this_round: times the matter was opened again; who decided before may decide again then.

    That one action comes before another (a decision before a permit) is the matter's own state
    machine to hold, not decided here.
    """
    duty = DUTIES.get(action)
    if duty is None:
        return f"there is no action {action}"
    if not actor.roles & duty.roles:
        return f"{action} needs the role {' or '.join(sorted(duty.roles))}"
    own = {item.action for item in done if item.by == actor.id}
    if duty.alone and any(
        item.action == action and item.by == actor.id and item.round == this_round for item in done
    ):
        return f"{action} asks for another person each time"
    clashes = sorted(own & (duty.excluded_by | _excluding(action)))
    if clashes:
        return f"whoever did {clashes[0]} in this matter may not do {action}"
    return ""


def require(actor: Actor, action: str, done: Collection[Done] = (), *, this_round: int = 0) -> None:
    """Refuse what `why_not` finds a reason against.

    Raises:
        Refusal: with that reason.
    """
    reason = why_not(actor, action, done, this_round=this_round)
    if reason:
        raise Refusal(reason)


def require_other(actor: Actor, person: str, action: str) -> None:
    """Refuse what nobody does to themselves, such as giving a role.

    Raises:
        Refusal: the actor is that person.
    """
    if actor.id == person:
        raise Refusal(f"nobody can {action} themselves; ask another administrator")


def require_at_site(roles: Iterable[Role]) -> None:
    """Refuse roles that mean nothing at a site.

    Raises:
        Refusal: one of them is an office's; says which a site has.
    """
    for role in roles:
        if role.value not in {str(one) for one in SiteRole}:
            raise Refusal(
                f"{role} is a role of an office, not of a site; a site has {', '.join(SiteRole)}",
                field="role",
            )


def require_together(roles: Collection[Role]) -> None:
    """Refuse roles that no one person holds at once.

    Raises:
        Refusal: two of them are never together; says which.
    """
    held = frozenset(roles)
    for role in sorted(held):
        clashes = sorted(held & NEVER_TOGETHER.get(role, frozenset()))
        if clashes:
            raise Refusal(
                f"nobody is {role} and {clashes[0]} at once; give one of the two to another person",
                field="role",
            )


def _excluding(action: str) -> frozenset[str]:
    """Actions that exclude one another do so in either order."""
    return frozenset(name for name, duty in DUTIES.items() if action in duty.excluded_by)
