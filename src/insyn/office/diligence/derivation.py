"""Facts derived from a deal: what is declared, what names and texts say, and what differs.

Always: pure. The worse credible value stands; a difference is a contradiction of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from insyn.office.diligence.deal import AREAS, END_USERS, USES, Deal
from insyn.office.diligence.entries import Finding
from insyn.office.diligence.facts import FACTS, SECURITY, WIDE, Facts, FactValue
from insyn.office.diligence.folding import fold
from insyn.office.diligence.lexicon import Lexicon
from insyn.office.diligence.modest import is_modest
from insyn.office.diligence.papers import (
    against,
    has_grave_press,
    has_security_buyer,
    has_security_terms,
    owner_status,
)
from insyn.office.diligence.purposes import (
    VERIFYING,
    VIDEO_MANAGEMENT,
    is_vague,
    kind_of,
    normal,
    recognises,
    unusual,
    use_of,
)
from insyn.office.diligence.safeguards import UNKNOWN, safeguards_of
from insyn.office.diligence.texts import read_texts, unread

_OWNERS = ("place_of_others", "groups", "gatherings")
"""Concepts in the name of a congregation, a union or an association."""
_CAPABILITY_SIGNALS = ("face_recognition", "biometric_categorisation")


def derive(deal: Deal, lexicon: Lexicon, *, list_status: str | None = None) -> Facts:
    """All facts of a deal.

    Args:
        deal: as read.
        lexicon: what its texts are read with.
        list_status: what screening the parties found; the worse of it and the deal's stands.
    """
    findings = tuple(read_texts(deal, lexicon))
    return _Derivation(deal, lexicon, findings, list_status).facts()


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
        safeguards = deal.country_safeguards or safeguards_of(deal.country)
        is_weak = safeguards in ("C2", "C3", UNKNOWN)
        use = self._use(end_user, is_weak=is_weak)
        area = self._area()
        capabilities = normal(self.deal.capabilities or ())
        identifies = self._identifies(capabilities)
        if any(VERIFYING.search(name) for name in capabilities):
            self.signals.add("identification")
        self._evidence()
        values: dict[str, FactValue] = {
            "kind": deal.kind or "unknown",
            "end_user": end_user,
            "end_user_declared": self._declared(deal.end_user_type, END_USERS, "unknown"),
            "is_security": end_user in SECURITY,
            "use": use,
            "use_declared": self._declared(deal.use_case, USES, "unspecified"),
            "use_stated": self._stated(),
            "area": area,
            "is_wide": area in WIDE,
            "is_public": deal.public_access is not False,
            "safeguards": safeguards,
            "is_weak": is_weak,
            "cameras": self._cameras(area),
            "knows_cameras": deal.camera_count is not None,
            "capabilities": capabilities,
            "unusual_analytics": unusual(capabilities),
            "identifies": identifies,
            "platform_is_unknown": self._platform_is_unknown(),
            "has_platform": _given(deal.third_party_platform)
            or "third_party_platform" in capabilities,
            "knows_analytics": deal.capabilities is not None
            and capabilities != ["third_party_platform"],
            "has_video_management": any(
                VIDEO_MANAGEMENT.search(good.casefold()) for good in deal.goods
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
            "unread": unread(deal, self.lexicon),
            "evidence_against": against(deal),
            "has_security_buyer": has_security_buyer(deal, self.lexicon),
            "has_security_terms": has_security_terms(deal, self.lexicon),
            "has_grave_press": has_grave_press(deal, self.lexicon),
            "evidence_kinds": sorted({kind_of(item.kind) for item in deal.evidence}),
            "disputes": len(deal.disputes),
            "problems": len(deal.problems),
        }
        values["is_own_place"] = self._is_own_place()
        values["is_modest"] = is_modest(values)
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
        sellers = {fold(n) for n in (deal.reseller, deal.integrator) if n and _given(n)}
        if deal.end_user and fold(deal.end_user) in sellers:
            self._contradict("end_user", "the end user is also who sells or installs")
        if not named or all(self.lexicon.has(name or "", "undisclosed") for name in named):
            declared = _worse(declared, "unknown", END_USERS)
        secure = any(
            self.lexicon.has(name or "", "security") and not self.lexicon.has(name or "", "museum")
            for name in named
        )
        if secure and declared not in SECURITY:
            self._contradict("end_user_type", f"declared {declared}, its name is a security body's")
            return SECURITY[0]
        return declared

    def _stated(self) -> str:
        """The worse of the declared use and what the stated purpose says."""
        declared = self._declared(self.deal.use_case, USES, "unspecified")
        read = use_of(self.deal.purpose_stated)
        return _worse(declared, read, USES) if read else declared

    def _is_own_place(self) -> bool:
        """Whether a sensitive place is filmed by those whose place it is, by their own name."""
        deal = self.deal
        return (
            any(_given(site) for site in deal.sensitive_sites or ())
            and deal.end_user_type in ("private_or_transport_operator", "public_non_security")
            and any(self.lexicon.has(deal.end_user or "", concept) for concept in _OWNERS)
        )

    def _use(self, end_user: str, *, is_weak: bool) -> str:
        deal = self.deal
        declared = self._declared(deal.use_case, USES, "unspecified")
        read = use_of(deal.purpose_stated)
        use = self._stated()
        if declared == "unspecified" and read in ("premises", "crowd_safety", "traffic_incidents"):
            use = read
        if use == "unspecified" and deal.area in ("building", "venue") and self._guards():
            use = "premises"
        tame = use in ("premises", "crowd_safety", "traffic_incidents")
        watched = {"dissent_targeted", "group_targeted"}
        if not self._is_own_place():  # A congregation that films its own door watches nobody else.
            watched.add("gatherings_watched")
            if is_weak:  # Elsewhere police beside a demonstration are a thing of any street.
                watched.add("gatherings_policed")
        if tame and self.signals & watched:
            self._contradict("use_case", f"declared {use}, the text speaks of watching people")
            return "campaign_or_social_management"
        if tame and end_user not in SECURITY and "security_access" in self.signals:
            self._contradict("use_case", f"declared {use}, the text gives a security body access")
        if use == "traffic_incidents" and end_user in SECURITY and self._ids("programme"):
            self._contradict("use_case", "traffic is declared, a surveillance programme is named")
        return use

    def _guards(self) -> bool:
        """Whether the stated purpose, in any language, is to guard something or to stop a loss."""
        purpose = self.deal.purpose_stated or ""
        return any(self.lexicon.has(purpose, concept) for concept in ("guarding", "loss"))

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

    def _identifies(self, capabilities: list[str]) -> bool:
        declared = any(recognises(name) for name in capabilities)
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

    def _platform_is_unknown(self) -> bool:
        """A platform is there and its name is none, or a word for unknown."""
        platform = self.deal.third_party_platform
        return bool(platform) and (
            platform == "unnamed" or self.lexicon.has(platform or "", "undisclosed")
        )

    def _list_status(self) -> str:
        order = ("none", "unknown", "possible", "confirmed", "owned")
        states = [self.deal.list_status or "unknown"]
        if (owners := owner_status(self.deal, self.lexicon)) != "none":
            states.append(owners)
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
        return is_vague(self.deal.purpose_stated) and use not in ("premises", "traffic_incidents")

    def _evidence(self) -> None:
        for item in self.deal.evidence:
            if item.contradicts:
                self._contradict(item.contradicts, f"{item.kind or 'evidence'} contradicts it")

    def _ids(self, of: str, *, strong: bool | None = None) -> list[str]:
        return sorted({f.id for f in self.findings
                       if f.of == of and strong in (None, f.is_strong)})  # fmt: skip

    def _contradict(self, field: str, words: str) -> None:
        self.contradictions.append((field, words))

    def _is_named(self, name: str | None) -> bool:
        return _given(name) and not self.lexicon.has(name or "", "undisclosed")

    def _note_unknown(self, values: Mapping[str, FactValue]) -> None:
        deal = self.deal
        given: dict[str, Callable[[], bool]] = {
            # Who it is; of what kind is a question of its own, the next one.
            "end_user": lambda: self._is_named(deal.end_user),
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


def _worse(one: str, two: str, order: tuple[str, ...]) -> str:
    return max(one, two, key=order.index)


def _given(value: str | None) -> bool:
    return bool(value) and str(value).strip().casefold() not in (
        "none", "no", "unknown", "n/a", "-", "not named", "not disclosed", "?", "tbd", "tbc",
    )  # fmt: skip


def _is_end_user(tier: str | None, role: str | None) -> bool:
    words = f"{tier or ''} {role or ''}".casefold().replace("_", " ")
    return "end user" in words or "end customer" in words or "operator" in words
