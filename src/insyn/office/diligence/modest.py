"""Whether a deal is modest: all that matters is known, small and plain, and nothing speaks against.

Always: pure, over fact values; unknown is never modest. Due diligence varies with size and risk:
UN Guiding Principle 17(b).
"""

from __future__ import annotations

from collections.abc import Mapping

from insyn.office.diligence.deal import END_USERS, USES
from insyn.office.diligence.facts import FactValue

_MODEST = 64
"""Cameras from which a deal is not modest; our own choice, as in R-51."""
_PLAIN = frozenset(
    {
        "masking", "privacy_masking", "privacy_shield", "thermal", "people_counting", "counting",
        "queue_analytics", "incident_detection", "smoke_detection", "fire_detection",
        "motion_detection", "intrusion_detection", "fall_detection", "parking_occupancy",
        "low_light", "recording", "live_view", "playback", "encryption", "tamper_detection",
        "night_vision", "occupancy", "vehicle_counting",
    }
)  # fmt: skip
"""Capabilities that tell nobody from another."""


def is_modest(values: Mapping[str, FactValue]) -> bool:
    """Whether all that is declared is known, small and plain, and no evidence speaks against it."""
    capabilities = values["capabilities"]
    assert isinstance(capabilities, list)
    cameras = values["cameras"]
    assert isinstance(cameras, int)
    return (
        values["end_user"] in END_USERS[:3]
        and values["use"] in USES[:3]
        and values["area"] in ("building", "venue")
        and 0 < cameras < _MODEST
        and values["knows_analytics"] is True
        and _PLAIN.issuperset(capabilities)
        and values["list_status"] == "none"
        and values["export_class"] in ("non_controlled", "unknown")
        and not values["has_platform"]
        and not values["has_unknown_tier"]
        and not values["linked_orders"]
        and not values["disputes"]
        and not values["evidence_against"]
    )
