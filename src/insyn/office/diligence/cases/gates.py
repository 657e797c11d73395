"""What must hold beside the dossier: training of who decides, commitments of who sells on.

Always: asked when somebody votes, and when a permit is issued, by the office's own clock; what
ran out since is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from insyn.office.diligence.cases import deals, screened
from insyn.office.diligence.commitments import partners, training
from insyn.office.diligence.deal import Deal
from insyn.office.diligence.parties import register as register_of_parties
from insyn.office.diligence.purposes import normal
from insyn.trust.people.duties import Actor
from insyn.trust.permit.model import SOUND

AUDIO = "audio"
"""The capability of a deal that the rules on sound look at (R-54, R-67)."""


def untrained(connection: sa.Connection, actor: Actor, *, at: datetime) -> list[str]:
    """What training an actor's roles ask for and the person lacks, in words; empty: nothing."""
    return training.missing(connection, actor.id, actor.roles, at)


def uncommitted(connection: sa.Connection, deal: str, *, at: datetime) -> list[str]:
    """Tiers of a deal's channel without a valid commitment, each with the reason, without names.

    The end user signs none: the permit binds it.
    """
    read = deals.deal_at(connection, deal, known=at)
    found = []
    for label, name in _tiers(read):
        if name is None:
            found.append(f"{label}: nobody has named it")
            continue
        reasons = partners.valid(connection, _ids(connection, read, name), at)
        if not any(reason == "" for reason in reasons.values()):
            party = screened.party_id(name, read.country)
            found.append(f"{label} ({party}): {'; '.join(sorted(set(reasons.values())))}")
    return found


def unheard(connection: sa.Connection, deal: str, terms: Mapping[str, Any], *, at: datetime) -> str:
    """Why terms that allow sound may not be proposed, in words; "" where they may.

    The rules look at sound where the deal names it; what no rule looked at is not allowed.
    """
    masking = terms.get("masking")
    if not isinstance(masking, Mapping) or SOUND not in masking:
        return ""
    read = deals.deal_at(connection, deal, known=at)
    if AUDIO in normal(read.capabilities or ()):
        return ""
    return (
        f"the terms allow sound, and the deal names no {AUDIO} among its capabilities, so no rule "
        "has looked at it; add it first (insyn deal fact)"
    )


def _tiers(deal: Deal) -> list[tuple[str, str | None]]:
    named: dict[str, str] = {}
    unnamed: list[tuple[str, str | None]] = []
    for tier in deal.channel:
        label = (tier.role or tier.tier or "a tier").replace("_", " ")
        if "end" in label.casefold().split() and "user" in label.casefold():
            continue
        if tier.name is None:
            unnamed.append((label, None))
        else:
            named.setdefault(tier.name, label)
    for label, name in (("reseller", deal.reseller), ("integrator", deal.integrator)):
        if name:
            named.setdefault(name, label)
    return [*((label, name) for name, label in named.items()), *unnamed]


def _ids(connection: sa.Connection, deal: Deal, name: str) -> list[str]:
    """The ids under which a commitment of this name may have been recorded."""
    ids = [screened.party_id(name, deal.country)]
    for party in register_of_parties.named(connection, name, as_of=None):
        if party.id == name or deal.country in (None, party.country):
            ids.append(party.id)
    return ids
