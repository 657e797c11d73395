"""What a stated purpose, a capability or a kind of evidence speaks of, by words and stems.

Always: pure tables and look-ups; a word that is in none of them says nothing, and saying nothing
is never the best value of a fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from insyn.office.diligence.deal import USES


def _words(*stems: str) -> re.Pattern[str]:
    return re.compile("|".join(stems))


PURPOSES: Mapping[str, re.Pattern[str]] = {
    "premises": _words(
        "premises", "theft", "burglar", "vandal", "property", "access control", "reception",
        "perimeter", "asset", "loading", "safety of staff", "shoplift", "entrance", "parking",
        "car park", "fire", "intrusion", "objektschutz", "einbruch", "diebstahl", r"\bvols?\b",
        r"\brobo", "hurto", "furto", "краж", "охрана (?:здан|имуществ|объект)",
    ),
    "crowd_safety": _words(
        "crowd (?:safety|flow|density)", "evacuation", "passenger", "queue", "spectator",
        "visitor (?:safety|flow)", "platform safety", "people counting",
    ),
    "traffic_incidents": _words(
        "traffic", "congestion", "road safety", "accident", "trafic", "circulation", "tr[aá]fico",
        "tr[aâ]nsito", "verkehr", "дорожн", "движени", "مرور", "交通", "trafik", "giao thông",
    ),
    "public_space_policing": _words(
        "crime", "policing", "city surveillance", "public space", "surveillance of the city",
        "patrol", "law and order", "delincuencia", "criminal", "преступ", "治安",
    ),
    "border": _words(r"\bborder", "frontier", "frontera", "grenz", "granic"),
    "detention": _words("detention", "prison", "jail", "custody", "detain", "inmate"),
    "campaign_or_social_management": _words(
        "social management", "stability", "campaign", "anti-crime", "extremis", "protest",
        "unrest", "dissent", "public opinion",
    ),
}  # fmt: skip
"""Words of a stated purpose; the worst use found stands, and none means unspecified."""
VAGUE = _words(
    "^(?:increased |public |general |urban |city |citizen )?(?:safety|security|order)$",
    "public safety", "increased safety", "safe cit(?:y|ies)", "security of citizens",
    "for security$", "public order", "various", "general monitoring",
)  # fmt: skip

IDENTIFYING = re.compile(
    r"face_?(?:rec|match|id|search|compar|captur|analy)|facial|gait|re_?id(?:entif)?|biometric|"
    r"emotion|ethnic|race_|racial|watch_?list|black_?list|person_(?:search|track|ident)|iris|"
    r"people_(?:search|ident)|identity|voice_?(?:print|recog|ident)|appearance_search|affect|"
    r"individual_track|cross_camera|social_scor|gender|age_(?:est|detect)|skin"
)
HARMLESS = re.compile(
    r"verif|1_?to_?1|one_to_one|^(?:no|without|not)_|blur|mask|anonym|redact|none|disabled|off$|excluded"
)
VERIFYING = re.compile(r"(?:face|facial|biometric|iris).*(?:verif|1_?to_?1|one_to_one)")
"""One person against one card; AI Act recitals 15 and 17 keep it apart, and it needs a question."""
COMMON = frozenset(
    {
        "masking", "privacy_masking", "anpr", "alpr", "lpr", "people_counting",
        "vehicle_counting", "counting", "queue_analytics", "crowd_density", "thermal",
        "audio", "high_pixel_density", "behaviour_analytics", "behavior_analytics",
        "third_party_platform", "motion_detection", "line_crossing", "intrusion_detection",
        "fall_detection", "smoke_detection", "fire_detection", "ptz", "low_light",
        "parking_occupancy", "object_detection", "heat_map", "heat_mapping", "encryption",
        "recording", "live_view", "playback", "ppe_detection", "loitering_detection",
        "tamper_detection", "privacy_shield", "night_vision", "radar",
        "vehicle_classification", "occupancy", "traffic_analytics", "incident_detection",
        "crowd_analytics", "tracking", "drone", "drones", "flame_detection", "leak_detection",
        "temperature_monitoring", "wrong_way_detection", "stopped_vehicle_detection",
        "vehicle_detection", "speed_measurement", "abandoned_object", "left_luggage",
        "animal_detection", "wildlife_detection", "drone_detection", "perimeter_detection",
        "queue_length", "occupancy_counting", "footfall_counting", "parking_guidance",
        "traffic_counting", "automatic_incident_detection", "barcode", "weighing",
    }
)  # fmt: skip
"""Capabilities whose meaning is known; any other is a question about the solution."""
VIDEO_MANAGEMENT = re.compile(
    r"\bvms\b|video management|management (?:system|platform)|platform|command|control cent|server"
)


def use_of(purpose: str | None) -> str | None:
    """The worst use that a stated purpose speaks of; None where it says nothing known."""
    if not purpose:
        return None
    plain = purpose.casefold().replace("_", " ")
    found = [use for use, words in PURPOSES.items() if words.search(plain)]
    return max(found, key=USES.index) if found else None


def is_vague(purpose: str | None) -> bool:
    """Whether a purpose is of the kind that says nothing, such as public safety."""
    return bool(VAGUE.search((purpose or "").casefold()))


def normal(capabilities: Iterable[str]) -> list[str]:
    """Capabilities as one word each, sorted, each once."""
    found = {re.sub(r"\W+", "_", item.casefold()).strip("_") for item in capabilities}
    return sorted(name for name in found if name)


def recognises(capability: str) -> bool:
    """Whether a normal capability recognises or sorts people, and is no protection of them."""
    return bool(IDENTIFYING.search(capability)) and not HARMLESS.search(capability)


def unusual(capabilities: Iterable[str]) -> list[str]:
    """Normal capabilities outside the common ones; what they do with people is a question."""
    return [name for name in capabilities if name not in COMMON and not HARMLESS.search(name)]


KINDS: Mapping[str, re.Pattern[str]] = {
    "complaint": _words("ngo", "complaint", "whistle", "grievance", "civil_society"),
    "press": _words("press", "news", "media", "marketing"),
    "tender": _words("tender", "award", "procurement"),
}


def kind_of(kind: str | None) -> str:
    """Complaint, press, tender or other: the kind of a piece of evidence."""
    plain = (kind or "").casefold()
    return next((name for name, words in KINDS.items() if words.search(plain)), "other")
