"""The facts that rules see: derived from a deal, the worst credible value of each.

Always: pure. A fact has one type and one meaning (`FACTS`, printed by `insyn rulebook show`).
Where what is declared and what the record says elsewhere differ, the worse stands and the
difference is a contradiction of its own. Unknown is never the best value of a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from insyn.office.diligence.deal import AREAS, END_USERS, USES
from insyn.office.diligence.entries import Finding

FactValue = str | int | bool | list[str]

FACTS: Mapping[str, tuple[str, str]] = {
    "kind": ("string", "sale, market_signal or what the record says"),
    "end_user": ("string", f"worst credible of {', '.join(END_USERS)}"),
    "end_user_declared": ("string", "as declared; unknown where not"),
    "is_security": ("bool", "the end user is police, public security, intelligence or military"),
    "use": ("string", f"worst credible of {', '.join(USES)}"),
    "use_declared": ("string", "as declared; unspecified where not"),
    "use_stated": ("string", "the worse of the declared use and what the stated purpose says"),
    "area": ("string", f"worst credible of {', '.join(AREAS)}"),
    "is_wide": ("bool", "a district, a city or a network; public space, not a site"),
    "is_public": ("bool", "the public has access, or nobody has said that it has not"),
    "safeguards": ("string", "C0 (strong) to C3 (hardly any), or unknown"),
    "is_weak": ("bool", "safeguards are C2, C3 or unknown"),
    "cameras": ("int", "most cameras told of, planned and linked ones included; 0 where unknown"),
    "knows_cameras": ("bool", "a number of cameras is given"),
    "capabilities": ("list", "of the whole solution, normalised"),
    "unusual_analytics": ("list", "capabilities outside the common ones, which need a question"),
    "identifies": ("bool", "face, gait or other biometric recognition, re-identification, emotion "
                   "or category inference anywhere in the solution"),
    "platform_is_unknown": ("bool", "a third party's platform has no name that is known"),
    "has_platform": ("bool", "a third party's platform takes the streams"),
    "knows_analytics": ("bool", "the capabilities of the whole solution are told"),
    "has_video_management": ("bool", "the goods hold a management platform, not only cameras"),
    "list_status": ("string", "none, possible, confirmed, owned or unknown"),
    "export_class": ("string", "listed, cyber_surveillance_candidate, non_controlled or unknown"),
    "has_authority_notice": ("bool", "an authority has informed us about this end use"),
    "sensitive": ("bool", "a sensitive place is filmed: worship, press, court, clinic, minority"),
    "linked_orders": ("int", "orders linked to this one"),
    "is_repeat": ("bool", "the customer has bought before"),
    "has_unknown_tier": ("bool", "a tier of the channel has no name"),
    "has_unsigned_tier": ("bool", "a tier has not signed a commitment, or nobody knows"),
    "has_security_tier": ("bool", "a security body's name stands in the channel or platform"),
    "purpose_is_vague": ("bool", "no purpose, or one such as public safety that says nothing"),
    "programmes": ("list", "programmes of mass surveillance, strong names"),
    "programme_questions": ("list", "programme names of everyday use, or denied ones"),
    "practices": ("list", "practices that violate rights, strong names"),
    "signals": ("list", "what texts say: ids of signals and weak practices"),
    "unread": ("list", "fields whose text is in a language that the lexicon cannot read"),
    "contradictions": ("list", "fields in which the record contradicts itself"),
    "evidence_against": ("list", "fields that a piece of evidence is marked to contradict"),
    "has_security_buyer": ("bool", "an award, a delivery note or a register names a security body"),
    "has_security_terms": ("bool", "a contract, an offer or a statement names a security body"),
    "has_grave_press": ("bool", "press tells of more than a theft or a feast, or is not readable"),
    "is_own_place": ("bool", "a sensitive place is filmed by those whose place it is"),
    "is_modest": ("bool", "a known operator that is no security body, one building or venue, fewer "
                  "than 64 cameras that tell nobody from another, nothing unnamed or linked, and "
                  "no evidence against it"),
    "disputes": ("int", "points on which sources dispute"),
    "evidence_kinds": ("list", "kinds of the evidence: complaint, press, tender, other"),
    "unknown": ("list", "fields that are unknown"),
    "problems": ("int", "fields that could not be read"),
}  # fmt: skip
"""Name of a fact to its type in CEL and its meaning."""

SECURITY = END_USERS[5:]
WIDE = ("district", "city", "networked")
"""End users of the security bodies, and areas beyond one site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a deal comes to: fact values, what the texts said, what contradicts what."""

    values: Mapping[str, FactValue]
    findings: tuple[Finding, ...]
    contradictions: tuple[tuple[str, str], ...]
    """Field and what differs, in words."""
