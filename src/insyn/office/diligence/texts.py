"""The texts of a deal and what the lexicon finds in them, field by field.

Always: pure; a name or an address is judged as a name, never as a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator

from insyn.office.diligence.deal import Deal
from insyn.office.diligence.entries import Finding
from insyn.office.diligence.lexicon import Lexicon

_SENTENCES = ("purpose_stated", "free_text_notes", "evidence", "disputes")
"""Fields in which people write sentences."""
_OF_SENTENCES = frozenset(
    {"people_known", "people_chosen", "group_known", "people_held", "resale", "authority_access",
     "place_aimed"}
)  # fmt: skip
"""Signals that only a sentence carries; in a name their words are a name."""
_OWN_FIELDS = ("end_user", "place", "reseller", "integrator", "country")


def texts(deal: Deal) -> Iterator[tuple[str, str]]:
    """Every text of a deal with the field it stands in."""
    for field in ("programme", "purpose_stated", "use_case", "place", "end_user", "reseller",
                  "integrator", "third_party_platform", "free_text_notes"):  # fmt: skip
        if value := getattr(deal, field):
            yield field, value.replace("_", " ") if field == "use_case" else value
    for field in ("goods", "sensitive_sites", "linked_orders", "disputes"):
        for value in getattr(deal, field) or ():
            yield field, value
    for tier in deal.channel:
        if tier.name:
            yield "channel", tier.name
    for item in deal.evidence:
        if item.text:
            yield "evidence", item.text


def read_texts(deal: Deal, lexicon: Lexicon) -> Iterator[Finding]:
    """What the texts of a deal say."""
    for field, text in texts(deal):
        for finding in lexicon.read(field, text, deal.country):
            # A name or an address that holds the word police is the end user's type, judged below.
            if field in (*_OWN_FIELDS, "sensitive_sites") and finding.id.startswith("security_"):
                continue
            if (
                field in (*_OWN_FIELDS, "channel", "sensitive_sites")
                and finding.id in _OF_SENTENCES
            ):
                continue
            yield finding


def unread(deal: Deal, lexicon: Lexicon) -> list[str]:
    """Fields with a text of which too little can be read to say that it holds nothing."""
    found = {
        field for field, text in texts(deal) if field in _SENTENCES and not lexicon.is_read(text)
    }
    return sorted(found)
