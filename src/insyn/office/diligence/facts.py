"""The facts that rules see: derived from a deal, the worst credible value of each.

Always: pure. A fact has one type and one meaning (`FACTS`, printed by `insyn rulebook show`).
Where what is declared and what the record says elsewhere differ, the worse stands and the
difference is a contradiction of its own. Unknown is never the best value of a fact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from insyn.office.diligence.deal import AREAS, END_USERS, USES, Deal
from insyn.office.diligence.lexicon import Finding, Lexicon
from insyn.office.diligence.safeguards import UNKNOWN, safeguards_of

FactValue = str | int | bool | list[str]

FACTS: Mapping[str, tuple[str, str]] = {
    "kind": ("string", "sale, market_signal or what the record says"),
    "end_user": ("string", f"worst credible of {', '.join(END_USERS)}"),
    "end_user_declared": ("string", "as declared; unknown where not"),
    "is_security": ("bool", "the end user is police, public security, intelligence or military"),
    "use": ("string", f"worst credible of {', '.join(USES)}"),
    "use_declared": ("string", "as declared; unspecified where not"),
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
    "disputes": ("int", "points on which sources dispute"),
    "evidence_kinds": ("list", "kinds of the evidence: complaint, press, tender, other"),
    "unknown": ("list", "fields that are unknown"),
    "problems": ("int", "fields that could not be read"),
}  # fmt: skip
"""Name of a fact to its type in CEL and its meaning."""

SECURITY = END_USERS[5:]
WIDE = ("district", "city", "networked")
_IDENTIFYING = re.compile(
    r"face_?(?:rec|match|id|search|compar|captur|analy)|facial|gait|re_?id(?:entif)?|biometric|"
    r"emotion|ethnic|race_|racial|watch_?list|black_?list|person_(?:search|track|ident)|iris|"
    r"people_(?:search|ident)|identity|voice_?(?:print|recog|ident)|appearance_search|affect|"
    r"individual_track|cross_camera|social_scor|gender|age_(?:est|detect)|skin"
)
_HARMLESS = re.compile(
    r"verif|1_?to_?1|one_to_one|^(?:no|without|not)_|blur|mask|anonym|redact|none|disabled|off$|excluded"
)
_VERIFYING = re.compile(r"(?:face|facial|biometric|iris).*(?:verif|1_?to_?1|one_to_one)")
"""One person against one card; AI Act recitals 15 and 17 keep it apart, and it needs a question."""
_COMMON = frozenset(
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
        "crowd_analytics", "tracking", "drone", "drones",
    }
)  # fmt: skip
"""Capabilities whose meaning is known; any other is a question about the solution."""
_VIDEO_MANAGEMENT = re.compile(
    r"\bvms\b|video management|management (?:system|platform)|platform|command|control cent|server"
)
_PUBLIC_PLACES = re.compile(r"around|outside|surrounding|in front of|perimeter of a mosque")
_CAPABILITY_SIGNALS = ("face_recognition", "biometric_categorisation")
_SENTENCES = ("purpose_stated", "free_text_notes", "evidence", "disputes")
"""Fields in which people write sentences."""
_OF_SENTENCES = frozenset(
    {"people_known", "people_chosen", "group_known", "people_held", "resale", "authority_access",
     "place_aimed"}
)  # fmt: skip
"""Signals that only a sentence carries; in a name their words are a name."""
_OWN_FIELDS = ("end_user", "place", "reseller", "integrator", "country")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a deal comes to: fact values, what the texts said, what contradicts what."""

    values: Mapping[str, FactValue]
    findings: tuple[Finding, ...]
    contradictions: tuple[tuple[str, str], ...]
    """Field and what differs, in words."""


def derive(deal: Deal, lexicon: Lexicon, *, list_status: str | None = None) -> Facts:
    """All facts of a deal.

    Args:
        deal: as read.
        lexicon: what its texts are read with.
        list_status: what screening the parties found; the worse of it and the deal's stands.
    """
    findings = tuple(_read_texts(deal, lexicon))
    return _Derivation(deal, lexicon, findings, list_status).facts()


def _texts(deal: Deal) -> Iterator[tuple[str, str]]:
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


def _read_texts(deal: Deal, lexicon: Lexicon) -> Iterator[Finding]:
    for field, text in _texts(deal):
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


class _Derivation:
    def __init__(
        self, deal: Deal, lexicon: Lexicon, findings: tuple[Finding, ...], screened: str | None
    ) -> None:
        self.deal = deal
        self.lexicon = lexicon
        self.findings = findings
        self.screened = screened
        self.contradictions: list[tuple[str, str]] = []
        self.unknown: list[str] = []
        self.signals = {f.id for f in findings if f.of in ("signal", "diversion")}
        self.signals |= {f.id for f in findings if f.of in ("practice", "capability")
                         and not f.is_strong}  # fmt: skip

    def facts(self) -> Facts:
        deal = self.deal
        end_user = self._end_user()
        use = self._use(end_user)
        area = self._area()
        capabilities = self._capabilities()
        identifies = self._identifies(capabilities)
        safeguards = deal.country_safeguards or safeguards_of(deal.country)
        if any(_VERIFYING.search(name) for name in capabilities):
            self.signals.add("identification")
        self._evidence()
        values: dict[str, FactValue] = {
            "kind": deal.kind or "unknown",
            "end_user": end_user,
            "end_user_declared": self._declared(deal.end_user_type, END_USERS, "unknown"),
            "is_security": end_user in SECURITY,
            "use": use,
            "use_declared": self._declared(deal.use_case, USES, "unspecified"),
            "area": area,
            "is_wide": area in WIDE,
            "is_public": deal.public_access is not False,
            "safeguards": safeguards,
            "is_weak": safeguards in ("C2", "C3", UNKNOWN),
            "cameras": self._cameras(area),
            "knows_cameras": deal.camera_count is not None,
            "capabilities": capabilities,
            "unusual_analytics": [
                name for name in capabilities if name not in _COMMON and not _HARMLESS.search(name)
            ],
            "identifies": identifies,
            "has_platform": _given(deal.third_party_platform)
            or "third_party_platform" in capabilities,
            "knows_analytics": deal.capabilities is not None
            and capabilities != ["third_party_platform"],
            "has_video_management": any(
                _VIDEO_MANAGEMENT.search(good.casefold()) for good in deal.goods
            ),
            "list_status": self._list_status(),
            "export_class": deal.export_class or "unknown",
            "has_authority_notice": bool(deal.authority_notice)
            or "authority_notice" in self.signals,
            "sensitive": any(_given(site) for site in deal.sensitive_sites or ()),
            "linked_orders": len(deal.linked_orders),
            "is_repeat": deal.repeat_customer is True,
            "has_unknown_tier": any(not _given(tier.name) for tier in deal.channel),
            "has_unsigned_tier": any(tier.commitment_signed is not True for tier in deal.channel),
            "has_security_tier": self._security_tier(),
            "purpose_is_vague": self._is_vague(use),
            "programmes": self._ids("programme", strong=True),
            "programme_questions": self._ids("programme", strong=False),
            "practices": self._ids("practice", strong=True),
            "signals": sorted(self.signals),
            "unread": self._unread(),
            "evidence_kinds": sorted({_kind(item.kind) for item in deal.evidence}),
            "disputes": len(deal.disputes),
            "problems": len(deal.problems),
        }
        self._note_unknown(values)
        values["contradictions"] = sorted({field for field, _ in self.contradictions})
        values["unknown"] = self.unknown
        assert set(values) == set(FACTS)
        return Facts(
            values=values,
            findings=self.findings,
            contradictions=tuple(dict.fromkeys(self.contradictions)),
        )

    @staticmethod
    def _declared(value: str | None, known: tuple[str, ...], unknown: str) -> str:
        return value if value in known else unknown

    def _end_user(self) -> str:
        """The worse of the declared type and what the end user's own names say."""
        deal = self.deal
        declared = self._declared(deal.end_user_type, END_USERS, "unknown")
        names = [deal.end_user, *(t.name for t in deal.channel if _is_end_user(t.tier, t.role))]
        named = [name for name in names if _given(name)]
        if not named or all(self.lexicon.has(name or "", "undisclosed") for name in named):
            declared = _worse(declared, "unknown", END_USERS)
        secure = any(self.lexicon.has(name or "", "security") for name in named)
        if secure and declared not in SECURITY:
            self._contradict("end_user_type", f"declared {declared}, its name is a security body's")
            return SECURITY[0]
        return declared

    def _use(self, end_user: str) -> str:
        deal = self.deal
        declared = self._declared(deal.use_case, USES, "unspecified")
        read = self._use_of(deal.purpose_stated)
        use = _worse(declared, read, USES) if read else declared
        if declared == "unspecified" and read in ("premises", "crowd_safety", "traffic_incidents"):
            use = read
        tame = use in ("premises", "crowd_safety", "traffic_incidents")
        if tame and self.signals & {"dissent_targeted", "group_targeted", "gatherings_watched"}:
            self._contradict("use_case", f"declared {use}, the text speaks of watching people")
            return "campaign_or_social_management"
        if tame and end_user not in SECURITY and "security_access" in self.signals:
            self._contradict("use_case", f"declared {use}, the text gives a security body access")
        if use == "traffic_incidents" and end_user in SECURITY and self._ids("programme"):
            self._contradict("use_case", "traffic is declared, a surveillance programme is named")
        return use

    def _use_of(self, purpose: str | None) -> str | None:
        """The use that a stated purpose speaks of; None where it says nothing known."""
        if not purpose:
            return None
        plain = purpose.casefold().replace("_", " ")
        found = [use for use, words in _PURPOSES.items() if words.search(plain)]
        return max(found, key=USES.index) if found else None

    def _area(self) -> str:
        deal = self.deal
        area = self._declared(deal.area, AREAS, "unknown")
        if area in ("building", "venue") and "whole_city" in self.signals:
            self._contradict("area", f"declared {area}, the text speaks of a whole city")
            return "city"
        return "city" if area == "unknown" and "whole_city" in self.signals else area

    def _cameras(self, area: str) -> int:
        deal = self.deal
        count = max(deal.camera_count or 0, deal.cameras_planned or 0) + deal.linked_cameras
        most = {"building": 1000, "venue": 6000}.get(area)
        if most and count > most:
            self._contradict("area", f"declared {area}, {count:,} cameras are for more than that")
        return count

    def _capabilities(self) -> list[str]:
        found = [re.sub(r"\W+", "_", item.casefold()).strip("_")
                 for item in self.deal.capabilities or ()]  # fmt: skip
        return sorted({name for name in found if name})

    def _identifies(self, capabilities: list[str]) -> bool:
        declared = any(_IDENTIFYING.search(name) and not _HARMLESS.search(name)
                       for name in capabilities)  # fmt: skip
        declared = declared or any(
            self.lexicon.has(item, concept)
            for item in self.deal.capabilities or ()
            for concept in ("face", "categorisation")
            if not item.isascii()
        )
        told = bool(self.signals & set(_CAPABILITY_SIGNALS)) or bool(
            self._ids("capability", strong=True)
        )
        if told and self.deal.capabilities is not None and not declared:
            self._contradict(
                "capabilities", "recognition of people is not declared, a text says it"
            )
        return declared or told

    def _list_status(self) -> str:
        order = ("none", "unknown", "possible", "confirmed", "owned")
        states = [self.deal.list_status or "unknown"]
        if self.screened is not None:
            states = [s for s in states if s != "unknown"] + [self.screened]
        return max((s if s in order else "possible" for s in states), key=order.index)

    def _security_tier(self) -> bool:
        deal = self.deal
        tiers = [t.name for t in deal.channel if not _is_end_user(t.tier, t.role)]
        names = [deal.reseller, deal.integrator, deal.third_party_platform, *tiers]
        return any(self.lexicon.has(name, "security") for name in names if name)

    def _is_vague(self, use: str) -> bool:
        if use == "unspecified":
            return True
        purpose = (self.deal.purpose_stated or "").casefold()
        return bool(_VAGUE.search(purpose)) and use not in ("premises", "traffic_incidents")

    def _evidence(self) -> None:
        for item in self.deal.evidence:
            if item.contradicts:
                self._contradict(item.contradicts, f"{item.kind or 'evidence'} contradicts it")

    def _unread(self) -> list[str]:
        """Fields with a text of which too little can be read to say that it holds nothing."""
        found = [
            field
            for field, text in _texts(self.deal)
            if field in _SENTENCES and not self.lexicon.is_read(text)
        ]
        return sorted(set(found))

    def _ids(self, of: str, *, strong: bool | None = None) -> list[str]:
        return sorted({f.id for f in self.findings
                       if f.of == of and strong in (None, f.is_strong)})  # fmt: skip

    def _contradict(self, field: str, words: str) -> None:
        self.contradictions.append((field, words))

    def _note_unknown(self, values: Mapping[str, FactValue]) -> None:
        deal = self.deal
        given: dict[str, Callable[[], bool]] = {
            "end_user": lambda: _given(deal.end_user) and values["end_user"] != "unknown",
            "end_user_type": lambda: deal.end_user_type in END_USERS[:4] + END_USERS[5:],
            "use_case": lambda: values["use"] != "unspecified",
            "area": lambda: values["area"] != "unknown",
            "country_safeguards": lambda: values["safeguards"] != UNKNOWN,
            "camera_count": lambda: deal.camera_count is not None,
            "capabilities": lambda: deal.capabilities is not None,
            "list_status": lambda: values["list_status"] != "unknown",
            "export_class": lambda: deal.export_class is not None,
            "public_access": lambda: deal.public_access is not None,
            "sensitive_sites": lambda: deal.sensitive_sites is not None,
            "channel": lambda: (
                bool(deal.channel or deal.reseller) and not values["has_unknown_tier"]
            ),
        }
        self.unknown = [name for name, known in given.items() if not known()]
        unread = values["unread"]
        assert isinstance(unread, list)
        self.unknown += [name for name in unread if name not in self.unknown]


def _words(*stems: str) -> re.Pattern[str]:
    return re.compile("|".join(stems))


_PURPOSES: Mapping[str, re.Pattern[str]] = {
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
_VAGUE = _words(
    "^(?:increased |public |general |urban |city |citizen )?(?:safety|security|order)$",
    "public safety", "increased safety", "safe cit(?:y|ies)", "security of citizens",
    "for security$", "public order", "various", "general monitoring",
)  # fmt: skip


_KINDS: Mapping[str, re.Pattern[str]] = {
    "complaint": _words("ngo", "complaint", "whistle", "grievance", "civil_society"),
    "press": _words("press", "news", "media", "marketing"),
    "tender": _words("tender", "award", "procurement"),
}


def _kind(kind: str | None) -> str:
    plain = (kind or "").casefold()
    return next((name for name, words in _KINDS.items() if words.search(plain)), "other")


def _worse(one: str, two: str, order: tuple[str, ...]) -> str:
    return max(one, two, key=order.index)


def _given(value: str | None) -> bool:
    return bool(value) and str(value).strip().casefold() not in (
        "none", "no", "unknown", "n/a", "-", "not named", "not disclosed", "?", "tbd", "tbc",
    )  # fmt: skip


def _is_end_user(tier: str | None, role: str | None) -> bool:
    words = f"{tier or ''} {role or ''}".casefold().replace("_", " ")
    return "end user" in words or "end customer" in words or "operator" in words
