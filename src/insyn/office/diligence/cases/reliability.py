"""How far a source is believed."""

from __future__ import annotations

from enum import StrEnum


class Reliability(StrEnum):
    """How far a source is believed, from most to least."""

    OFFICIAL = "official"
    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    CLAIMED = "claimed"
    UNKNOWN = "unknown"
