"""The deal record: who buys what, for which site and use, through whom.

Always: every field may be missing, and unknown is a value (None, or nothing in a list). A value
of a wrong type or beyond belief is left out with a reason that names record and field; the rest
is read. Fields that exist for scoring, and what was only said afterwards, are never read.

Source: docs/reference/deal-format.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from insyn.base.countries import country_code
from insyn.base.errors import UnreadableInput

END_USERS = (
    "private_or_transport_operator",
    "public_non_security",
    "traffic_authority",
    "government_unspecified",
    "unknown",
    "police_or_public_security",
    "intelligence_military_detention",
)
"""Who operates the cameras, from least to most concern."""
USES = (
    "premises",
    "crowd_safety",
    "traffic_incidents",
    "unspecified",
    "public_space_policing",
    "border",
    "detention",
    "campaign_or_social_management",
)
"""What for, from least to most concern."""
AREAS = ("building", "venue", "unknown", "district", "city", "networked")
LIST_STATES = ("none", "possible", "confirmed", "owned")
EXPORT_CLASSES = ("non_controlled", "cyber_surveillance_candidate", "listed")
SAFEGUARDS = ("C0", "C1", "C2", "C3")
MOST_CAMERAS = 10_000_000
LONGEST_TEXT = 200_000
"""Letters of one field; more is a file in the wrong place."""
GROUPS = ("deals", "cases", "legitimate", "adversarial")

_SAME = {  # other words for an end user's type or an area; never for a use
    "police_public_security": "police_or_public_security",
    "police": "police_or_public_security",
    "public_security": "police_or_public_security",
    "law_enforcement": "police_or_public_security",
    "interior_ministry": "police_or_public_security",
    "military": "intelligence_military_detention",
    "intelligence": "intelligence_military_detention",
    "detention": "intelligence_military_detention",
    "private": "private_or_transport_operator",
    "transport_operator": "private_or_transport_operator",
    "government": "government_unspecified",
    "campus": "venue",
    "city_wide": "city",
    "citywide": "city",
    "national": "networked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One link of the channel; a name of None is a tier nobody has named."""

    tier: str | None
    role: str | None
    name: str | None
    commitment_signed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece of evidence and the field it speaks for or against."""

    kind: str | None
    text: str
    supports: str | None
    contradicts: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A deal as its seller entered it; None and empty mean unknown.

    `problems` names fields that were given and could not be used.
    """

    id: str
    kind: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    country: str | None = None
    place: str | None = None
    end_user: str | None = None
    end_user_type: str | None = None
    reseller: str | None = None
    integrator: str | None = None
    channel: tuple[Tier, ...] = ()
    goods: tuple[str, ...] = ()
    camera_count: int | None = None
    cameras_planned: int | None = None
    export_class: str | None = None
    programme: str | None = None
    purpose_stated: str | None = None
    use_case: str | None = None
    area: str | None = None
    country_safeguards: str | None = None
    capabilities: tuple[str, ...] | None = None
    third_party_platform: str | None = None
    list_status: str | None = None
    sensitive_sites: tuple[str, ...] | None = None
    public_access: bool | None = None
    linked_orders: tuple[str, ...] = ()
    linked_cameras: int = 0
    repeat_customer: bool | None = None
    disputes: tuple[str, ...] = ()
    language: str | None = None
    evidence: tuple[Evidence, ...] = ()
    free_text_notes: str | None = None
    authority_notice: bool | None = None
    problems: tuple[str, ...] = field(default=())


def read_deals(data: bytes, *, name: str = "the file") -> list[Deal]:
    """All deals of a JSON file, as `read_records` finds them.

    Raises:
        UnreadableInput: it is not JSON, or holds no list of records.
    """
    return [read_deal(item, number=at) for at, item in enumerate(read_records(data, name=name), 1)]


def read_records(data: bytes, *, name: str = "the file") -> list[object]:
    """All records of a JSON file as they are: a list, or an object with lists under `GROUPS`.

    Raises:
        UnreadableInput: it is not JSON, or holds no list of records.
    """
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise UnreadableInput(f"{name} is not JSON in UTF-8: {error}; export it again") from error
    if isinstance(found, Mapping) and not any(key in found for key in GROUPS):
        found = [found] if "id" in found else None
    if isinstance(found, Mapping):
        lists = [found[key] for key in GROUPS if isinstance(found.get(key), list)]
        found = [record for records in lists for record in records]
    if not isinstance(found, list):
        raise UnreadableInput(
            f"{name} holds no deals; give a list of records, or one under {' or '.join(GROUPS)}"
        )
    return found


def read_deal(record: object, *, number: int = 1) -> Deal:
    """One record as a deal; what cannot be used is left out and named in `problems`."""
    if not isinstance(record, Mapping):
        return Deal(id=f"record {number}", problems=(f"record {number} is no object; give fields",))
    reader = _Reader(record, number)
    evidence = reader.evidence()
    linked, linked_cameras = reader.linked()
    return Deal(
        id=reader.id,
        kind=reader.word("kind"),
        year_from=reader.number("year_from", 1900, 2200),
        year_to=reader.number("year_to", 1900, 2200),
        country=reader.country(),
        place=reader.text("place"),
        end_user=reader.text("end_user"),
        end_user_type=reader.word("end_user_type"),
        reseller=reader.text("reseller"),
        integrator=reader.text("integrator"),
        channel=reader.channel(),
        goods=reader.texts("goods") or (),
        camera_count=reader.number("camera_count", 0, MOST_CAMERAS),
        cameras_planned=reader.number("cameras_planned", 0, MOST_CAMERAS),
        export_class=reader.word("export_class"),
        programme=reader.text("programme"),
        purpose_stated=reader.text("purpose_stated"),
        use_case=reader.word("use_case"),
        area=reader.word("area"),
        country_safeguards=reader.safeguards(),
        capabilities=reader.texts("capabilities", "analytics"),
        third_party_platform=reader.platform(),
        list_status=reader.word("list_status"),
        sensitive_sites=reader.sensitive(),
        public_access=reader.truth("public_access"),
        linked_orders=linked,
        linked_cameras=linked_cameras,
        repeat_customer=reader.truth("repeat_customer"),
        disputes=reader.texts("disputes") or (),
        language=reader.word("language"),
        evidence=evidence,
        free_text_notes=reader.notes(),
        authority_notice=reader.truth("authority_notice"),
        problems=tuple(reader.problems),
    )


class _Reader:
    def __init__(self, record: Mapping[object, object], number: int) -> None:
        self._record = record
        self.problems: list[str] = []
        given = record.get("id")
        self.id = str(given) if isinstance(given, str | int) and str(given) else f"record {number}"

    def _problem(self, key: str, reason: str) -> None:
        self.problems.append(f"{self.id}: {key} {reason}; taken as unknown")

    def text(self, key: str) -> str | None:
        value = self._record.get(key)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = "; ".join(cast(list[str], value))
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self._problem(key, "is not text")
            return None
        if len(value) > LONGEST_TEXT:
            self._problem(key, f"is longer than {LONGEST_TEXT:,} letters; its start is read")
        return value[:LONGEST_TEXT].strip() or None

    def word(self, key: str) -> str | None:
        value = self.text(key)
        if value is None:
            return None
        plain = re.sub(r"[\s\-]+", "_", value.strip().lower())
        return _SAME.get(plain, plain) if key in ("end_user_type", "area") else plain

    def number(self, key: str, least: int, most: int) -> int | None:
        value = self._record.get(key)
        if value is None:
            return None
        if isinstance(value, str) and value.strip().isdecimal():
            value = int(value) if len(value) < 20 else most + 1
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self._problem(key, "is not a whole number")
            return None
        if not least <= value <= most:
            self._problem(key, f"is not between {least:,} and {most:,}")
            return None
        return value

    def truth(self, key: str) -> bool | None:
        value = self._record.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._problem(key, "is neither true nor false")
        return None

    def texts(self, *keys: str) -> tuple[str, ...] | None:
        found: list[str] | None = None
        for key in keys:
            value = self._record.get(key)
            if value is None:
                continue
            if isinstance(value, str):
                value = [value]
            if not isinstance(value, list):
                self._problem(key, "is not a list")
                continue
            found = found or []
            for item in value:
                if isinstance(item, str):
                    found.append(item[:LONGEST_TEXT])
                else:
                    self._problem(key, "holds something that is not text")
        return None if found is None else tuple(found)

    def country(self) -> str | None:
        value = self.text("country")
        if value is None:
            return None
        code = country_code(value)
        if code is None:
            self._problem("country", "is no ISO 3166-1 country")
        return code

    def safeguards(self) -> str | None:
        value = self.text("country_safeguards") or self.text("country_band")
        if value is not None and value.upper() not in SAFEGUARDS:
            self._problem("country_safeguards", "is none of C0, C1, C2, C3")
            return None
        return value.upper() if value else None

    def platform(self) -> str | None:
        value = self._record.get("third_party_platform")
        if value is True:
            return "unnamed"
        if value is False:
            return "none"
        return self.text("third_party_platform")

    def sensitive(self) -> tuple[str, ...] | None:
        if self._record.get("sensitive_site") is True:
            return (*(self.texts("sensitive_sites") or ()), "unnamed")
        return self.texts("sensitive_sites")

    def notes(self) -> str | None:
        keys = ("free_text_notes", "notes", "description", "remarks", "comments")
        return "\n".join(text for text in map(self.text, keys) if text) or None

    def channel(self) -> tuple[Tier, ...]:
        tiers = []
        for item in self._objects("channel"):
            if isinstance(item, str):
                item = {"name": item}
            signed = item.get("commitment_signed")
            tiers.append(
                Tier(
                    tier=_string(item.get("tier")),
                    role=_string(item.get("role")),
                    name=_string(item.get("name")),
                    commitment_signed=signed if isinstance(signed, bool) else None,
                )
            )
        return tuple(tiers)

    def evidence(self) -> tuple[Evidence, ...]:
        found = []
        for item in self._objects("evidence"):
            if isinstance(item, str):
                item = {"text": item}
            found.append(
                Evidence(
                    kind=_string(item.get("kind")),
                    text=(_string(item.get("text")) or "")[:LONGEST_TEXT],
                    supports=_string(item.get("supports")),
                    contradicts=_string(item.get("contradicts")),
                )
            )
        return tuple(found)

    def linked(self) -> tuple[tuple[str, ...], int]:
        texts, cameras = [], 0
        for item in self._objects("linked_orders"):
            if isinstance(item, str):
                texts.append(item)
                continue
            texts.append("; ".join(str(v) for v in item.values() if isinstance(v, str)) or "order")
            count = item.get("camera_count", item.get("cameras"))
            if isinstance(count, int) and not isinstance(count, bool):
                cameras += min(max(count, 0), MOST_CAMERAS)
        return tuple(texts), cameras

    def _objects(self, key: str) -> Iterable[Mapping[str, object] | str]:
        value = self._record.get(key)
        if value is None:
            return
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str | dict):
                yield item
            else:
                self._problem(key, "holds something that is neither text nor an object")


def _string(value: object) -> str | None:
    if isinstance(value, list):
        return "; ".join(item for item in value if isinstance(item, str)) or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None
