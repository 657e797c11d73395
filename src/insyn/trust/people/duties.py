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

    `title`: the action in words, as messages call it: "signing a permit".
    `alone`: nobody does it twice in one round of a matter: it stands for another person's look.
    """

    title: str
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


def _duty(title: str, *roles: Role, excluded_by: Iterable[str] = (), alone: bool = False) -> Duty:
    return Duty(
        title=title, roles=frozenset(roles), excluded_by=frozenset(excluded_by), alone=alone
    )


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
    "case.draft": _duty("drafting a case", Role.REQUESTER),
    "case.submit": _duty("submitting a case", Role.REQUESTER),
    "case.screen": _duty("screening a case", Role.REQUESTER, Role.ANALYST, Role.EXPORT_OFFICER),
    "case.triage": _duty("triaging a case", Role.ANALYST, excluded_by=_ASKED),
    "case.investigate": _duty(
        "investigating a case", Role.ANALYST, Role.EXPORT_OFFICER, excluded_by=_ASKED
    ),
    "case.propose": _duty("proposing how a case is decided", Role.ANALYST, excluded_by=_ASKED),
    "case.decide": _duty(
        "deciding a case", Role.APPROVER, excluded_by=(*_ASKED, *_STUDIED), alone=True
    ),
    # Drafts what the exporter tells its authority; whoever does has a part in the case.
    "case.notify": _duty(
        "drafting what an authority is told of a case", Role.EXPORT_OFFICER, Role.ANALYST
    ),
    # Anybody may raise a concern; opening a case again only ever asks for another look.
    "case.reopen": _duty("opening a case again", *_ANYONE),
    "case.monitor": _duty(
        "monitoring a case", Role.ANALYST, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER
    ),
    "case.close": _duty("closing a case", *_ANYONE),
    "case.read": _duty("reading cases", *_ANYONE, Role.AUDITOR),
    # Whoever brings in a fact has a part in what is decided on it, and so does not decide.
    "fact.record": _duty(
        "recording a fact", Role.REQUESTER, Role.ANALYST, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER
    ),
    "evidence.add": _duty(
        "adding evidence", Role.REQUESTER, Role.ANALYST, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER
    ),
    # Who is in the channel and who owns them is told by whoever studies or sells.
    "party.change": _duty(
        "changing who is in the channel", Role.REQUESTER, Role.ANALYST, Role.EXPORT_OFFICER
    ),
    "permit.issue": _duty("drafting a permit", Role.APPROVER, Role.EXPORT_OFFICER, Role.ANALYST),
    "rulebook.adopt": _duty("adopting a rulebook", Role.ADMINISTRATOR, Role.EXPORT_OFFICER),
    "permit.sign": _duty(
        "signing a permit", Role.APPROVER, excluded_by=(*_ASKED, *_STUDIED), alone=True
    ),
    "permit.status": _duty("changing the status of permits", Role.APPROVER, Role.EXPORT_OFFICER),
    "product.add": _duty("adding a product", Role.ANALYST, Role.EXPORT_OFFICER, Role.ADMINISTRATOR),
    "product.classify": _duty("classifying a product", Role.EXPORT_OFFICER),
    # A milder class, and the end of an authority's hold, count on a second person's word alone.
    "product.confirm": _duty(
        "confirming a product's class",
        Role.EXPORT_OFFICER,
        Role.APPROVER,
        excluded_by=("product.classify",),
    ),
    "notice.add": _duty("adding an authority's notice", Role.EXPORT_OFFICER),
    "notice.lift": _duty("lifting an authority's notice", Role.EXPORT_OFFICER),
    "notice.confirm": _duty(
        "confirming that a notice is lifted",
        Role.EXPORT_OFFICER,
        Role.APPROVER,
        excluded_by=("notice.lift",),
    ),
    "commitment.record": _duty("recording a commitment", Role.ANALYST, Role.REQUESTER),
    # Withdrawing only ever asks for a new signature.
    "commitment.withdraw": _duty("withdrawing a commitment", *_ANYONE),
    "training.add": _duty(
        "adding a training", Role.ADMINISTRATOR, Role.EXPORT_OFFICER, Role.PRIVACY_OFFICER
    ),
    "training.take": _duty("taking a training", *Role),
    # A trainer's word stands for an examination; nobody gives it for themselves.
    "training.record": _duty(
        "recording somebody's training",
        Role.ADMINISTRATOR,
        Role.EXPORT_OFFICER,
        Role.PRIVACY_OFFICER,
    ),
    # One's own is everybody's to read.
    "training.read": _duty(
        "reading others' training",
        Role.ADMINISTRATOR,
        Role.EXPORT_OFFICER,
        Role.PRIVACY_OFFICER,
        Role.AUDITOR,
    ),
    "clearance.add": _duty("clearing a match", Role.ANALYST),
    # Withdrawing only ever makes a match count again.
    "clearance.withdraw": _duty("withdrawing a clearance", *_ANYONE),
    "clearance.confirm": _duty(
        "confirming a clearance", Role.ANALYST, Role.APPROVER, excluded_by=("clearance.add",)
    ),
    "list.import": _duty("importing lists", Role.ANALYST, Role.ADMINISTRATOR),
    "user.manage": _duty("managing people and their roles", Role.ADMINISTRATOR),
    # Whoever sets the cameras up needs not see what they see.
    "camera.manage": _duty("adding and changing cameras", Role.ADMINISTRATOR),
    # Everyone is masked there; who runs the machines still has no need to look at people.
    "live.watch": _duty(
        "watching live view", Role.OPERATOR, Role.INVESTIGATOR, Role.PRIVACY_OFFICER
    ),
    "playback.watch": _duty("watching recordings", Role.OPERATOR, Role.INVESTIGATOR),
    "site.settings": _duty("changing the site's settings", Role.ADMINISTRATOR),
    # What the papers of data protection say; nothing that is kept, shown or covered hangs on it.
    "site.papers": _duty(
        "writing what a site's papers say", Role.PRIVACY_OFFICER, Role.ADMINISTRATOR
    ),
    "site.read": _duty("reading how the site stands", *Role),
    # An empty scene that is confirmed while somebody stands in it would show them: whoever sees it.
    "background.confirm": _duty(
        "saying that a camera's scene is empty", Role.OPERATOR, Role.PRIVACY_OFFICER
    ),
    "masking.zones": _duty("setting zones of a camera", Role.OPERATOR, Role.PRIVACY_OFFICER),
    # A zone without a mask shows whoever walks through it.
    "masking.confirm": _duty(
        "agreeing to zones that are never covered",
        Role.PRIVACY_OFFICER,
        Role.CUSTODIAN,
        excluded_by=("masking.zones",),
    ),
    "ledger.read": _duty(
        "reading the ledger",
        Role.AUDITOR,
        Role.ANALYST,
        Role.APPROVER,
        Role.EXPORT_OFFICER,
        Role.PRIVACY_OFFICER,
    ),
    "personal.erase": _duty("erasing personal data", Role.PRIVACY_OFFICER),
    # Whoever makes people known, or holds a share: who may hold one is a role, and theirs to use.
    "vault.share": _duty("naming the vault's custodians", Role.ADMINISTRATOR, Role.CUSTODIAN),
    "release.request": _duty("asking for a release", Role.INVESTIGATOR, Role.OPERATOR),
    "release.approve": _duty(
        "agreeing to a release", Role.CUSTODIAN, excluded_by=("release.request",), alone=True
    ),
    # What is masked already hides whoever is on it: no second person is asked.
    "export.masked": _duty("exporting masked video", Role.OPERATOR, Role.INVESTIGATOR),
    "export.take": _duty(
        "exporting from a release", Role.INVESTIGATOR, excluded_by=("release.approve",)
    ),
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
    lacking = no_role(actor, action)
    if lacking:
        return lacking
    own = {item.action for item in done if item.by == actor.id}
    if duty.alone and any(
        item.action == action and item.by == actor.id and item.round == this_round for item in done
    ):
        return f"{duty.title} asks for another person each time; one person may not do it twice"
    clashes = sorted(own & (duty.excluded_by | _excluding(action)))
    if clashes:
        return (
            "one person may not do both in the same matter: "
            f"{DUTIES[clashes[0]].title}, and {duty.title}"
        )
    return ""


def no_role(actor: Actor, action: str) -> str:
    """Which roles an action of `DUTIES` needs, in a sentence; empty where the actor has one."""
    duty = DUTIES[action]
    if actor.roles & duty.roles:
        return ""
    *others, last = sorted(duty.roles)
    return f"{duty.title} needs the role {', '.join(others)}{' or ' if others else ''}{last}"


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
