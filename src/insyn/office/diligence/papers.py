"""What the evidence of a deal weighs: what it speaks against, and who stands in its papers.

Always: pure. An award, a delivery note or a register names who pays, receives and owns, so a name
there weighs more than the same name in talk. A mark of contradiction counts for its field alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from insyn.office.diligence.deal import Deal, Evidence
from insyn.office.diligence.lexicon import Lexicon
from insyn.office.diligence.purposes import kind_of

_OF_THE_BUYER = re.compile(
    r"tender|award|procure|deliver|consign|waybill|bill_of_lading|regist|invoice|payment|"
    r"purchase|works?_order|owner|sharehold"
)
"""Kinds of evidence that tell who pays, receives or owns."""
_OF_THE_TERMS = re.compile(
    r"contract|agree|mou|memorandum|offer|terms|specif|circular|statement|annex"
)
"""Kinds of evidence that tell who gets what."""
_OF_THE_OWNER = re.compile(r"regist|owner|sharehold")
_HALF = re.compile(r"(?<![\d.,])(?:[5-9]\d|100)(?:[.,]\d+)?\s?(?:%|٪|％|per\s?cent|pct)")
"""Half and more in hundredths, as a register writes it."""


def against(deal: Deal) -> list[str]:
    """Fields that a piece of evidence contradicts, sorted, each once."""
    return sorted({item.contradicts for item in deal.evidence if item.contradicts})


def has_security_buyer(deal: Deal, lexicon: Lexicon) -> bool:
    """Whether a paper of who pays, receives or owns names a security body."""
    return any(
        (item.contradicts in ("end_user", "end_user_type") and lexicon.has(item.text, "security"))
        or any(
            finding.id in ("security_mentioned", "security_access")
            for finding in lexicon.read("evidence", item.text, deal.country)
        )
        for item in _papers(deal, _OF_THE_BUYER)
    )


def has_security_terms(deal: Deal, lexicon: Lexicon) -> bool:
    """Whether a contract or an offer names a security body that its sentence does not hold off."""
    return any(
        finding.id in ("security_mentioned", "security_access")
        for item in _papers(deal, _OF_THE_TERMS)
        for finding in lexicon.read("evidence", item.text, deal.country)
    )


def has_grave_press(deal: Deal, lexicon: Lexicon) -> bool:
    """Whether press tells of more than a theft or a feast, or in words that cannot be read."""
    return any(
        lexicon.speaks(item.text, "grave") is not False
        or not any(lexicon.has(item.text, concept) for concept in ("loss", "opening"))
        for item in deal.evidence
        if kind_of(item.kind) == "press"
    )


def owner_status(deal: Deal, lexicon: Lexicon) -> str:
    """What registers say of listed owners: owned, or none where they say nothing of it.

    A register that contradicts a clean screening does so by owners; or it tells half of the shares
    and a sanctions list together.
    """
    for item in _papers(deal, _OF_THE_OWNER):
        clean = deal.list_status in (None, "none")
        if item.contradicts == "list_status" and clean:
            return "owned"
        if _HALF.search(item.text) and lexicon.has(item.text, "listed"):
            return "owned"
    return "none"


def _papers(deal: Deal, kinds: re.Pattern[str]) -> Iterator[Evidence]:
    for item in deal.evidence:
        if kinds.search((item.kind or "").casefold().replace(" ", "_")):
            yield item
