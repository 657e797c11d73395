"""What a permit says: an in-toto Statement v1 about the key of one site.

Always: a `Permit` satisfies the published schema of its version (schemas/) and its bounds; one that
does not cannot be built, and one with a field that we do not know cannot be read. What version 1
says is written as version 1, byte by byte; versions 2 and 3 are for what only they can say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, cast

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.clock import isoformat
from insyn.base.errors import UnreadableInput
from insyn.trust.keys.envelope import Envelope, seal
from insyn.trust.keys.strict import Schema, moment, read_canonical

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:insyn:permit:1"
PREDICATE_TYPE_2 = "urn:insyn:permit:2"
"""Version 1, and that one camera may be watched live, unmasked, by break-glass."""

PREDICATE_TYPE_3 = "urn:insyn:permit:3"
"""Version 1 or 2, and that sound may be recorded, into sealed originals alone."""

PREDICATE_TYPES = (PREDICATE_TYPE, PREDICATE_TYPE_2, PREDICATE_TYPE_3)
LIVE_MINUTES = "live_break_glass_minutes"
SOUND = "sound"
SEALED_SOUND = "sealed"
"""The only thing that a permit can say of sound: it is sealed with the original."""

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""payloadType of the envelope around a permit (in-toto attestation framework, v1)."""

CAMERA_LIMIT = 512
"""DESIGN 2.3: one site never has more, whoever signs."""

LONGEST = timedelta(days=1827)
"""Five years; then the case is looked at again."""

_SCHEMAS = files("insyn.trust.permit") / "schemas"
SCHEMA = Schema((_SCHEMAS / "permit.schema.json").read_bytes())
SCHEMA_2 = Schema((_SCHEMAS / "permit-2.schema.json").read_bytes())
SCHEMA_3 = Schema((_SCHEMAS / "permit-3.schema.json").read_bytes())
_LATER = {PREDICATE_TYPE_2: SCHEMA_2, PREDICATE_TYPE_3: SCHEMA_3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The one place. `area` says what of it the cameras may see; its size in square metres."""

    name: str
    address: str
    area: str
    square_metres: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """Everyone is masked every day; `originals` is "sealed" (custodians >= 2) or "none" (0).

    `live_minutes`: how long custodians may open one camera live, 1 to 15; 0: never (version 1).
    `has_sound`: sealed originals may hold the sound of cameras that are set so (version 3).
    """

    originals: str
    custodians: int
    live_minutes: int = 0
    has_sound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """Where masked video may go: `kind` is console, archive, export or alarm."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something the approval asks for; `due` where it has a day."""

    id: str
    text: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """One permit; field by field in docs/reference/permit.md. Times are UTC, to the second."""

    id: str
    site_key: str
    case: str
    decision_digest: str
    rulebook: str
    drafted_at: datetime
    site: Site
    purposes: tuple[str, ...]
    camera_cap: int
    masking: Masking
    retention_days: int
    sinks: tuple[Sink, ...]
    not_before: datetime
    not_after: datetime
    grace_days: int
    status_list: str
    conditions: tuple[Condition, ...]
    notice_text: str
    complaint_address: str

    def __post_init__(self) -> None:
        if problem := problem_of(self.to_json()):
            raise UnreadableInput(f"the permit breaks its format: {problem}")

    @property
    def ends_at(self) -> datetime:
        """When the grace after `not_after` is over."""
        return self.not_after + timedelta(days=self.grace_days)

    def to_json(self) -> dict[str, Json]:
        """The Statement, as it is signed."""
        return statement(self.site_key, _predicate(self))

    def envelope(self) -> Envelope:
        """The permit in an envelope that nobody has signed yet."""
        return seal(canonical_bytes(self.to_json()), PAYLOAD_TYPE)


def statement(site_key: str, predicate: Mapping[str, Json]) -> dict[str, Json]:
    """An in-toto Statement about the key with this fingerprint; nothing is checked.

    Its version is the lowest that can say what the predicate says.
    """
    masking = predicate.get("masking")
    said = masking if isinstance(masking, Mapping) else {}
    version = PREDICATE_TYPE_2 if LIVE_MINUTES in said else PREDICATE_TYPE
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "site-key", "digest": {"sha256": site_key}}],
        "predicateType": PREDICATE_TYPE_3 if SOUND in said else version,
        "predicate": predicate,
    }


def problem_of(record: Mapping[str, Json]) -> str:
    """What keeps a statement from being a permit, by place and rule; "" where nothing does."""
    schema = _LATER.get(str(record.get("predicateType")), SCHEMA)
    if problem := schema.problem(record):
        return problem
    predicate = cast("Mapping[str, Any]", record["predicate"])
    try:
        times = [moment(predicate[name]) for name in ("not_before", "not_after", "drafted_at")]
        for condition in predicate["conditions"]:
            moment(condition.get("due", predicate["drafted_at"]))
    except UnreadableInput as error:
        return str(error)
    if not times[0] < times[1] <= times[0] + LONGEST:
        return f"predicate.not_after is not within {LONGEST.days} days after not_before"
    ids = [condition["id"] for condition in predicate["conditions"]]
    return "" if len(set(ids)) == len(ids) else "predicate.conditions has an id twice"


def read_permit(envelope: Envelope) -> Permit:
    """The permit in an envelope; no signature is checked.

    Raises:
        UnreadableInput: it is no statement of ours, or breaks the schema or a bound.
    """
    if envelope.payload_type != PAYLOAD_TYPE:
        raise UnreadableInput("the envelope holds no permit; name a file that was issued as one")
    return permit_of(read_canonical(envelope.payload, "the permit"))


# `Any`: the schema says what each field is, and is asked before the first is touched.
def permit_of(record: Mapping[str, Any]) -> Permit:
    """The permit that a statement says.

    Raises:
        UnreadableInput: it breaks the schema or a bound.
    """
    if problem := problem_of(record):
        raise UnreadableInput(f"the permit breaks its format: {problem}")
    said = record["predicate"]
    site, area = said["site"], said["site"]["area"]
    return Permit(
        id=said["permit"],
        site_key=record["subject"][0]["digest"]["sha256"],
        site=Site(
            name=site["name"],
            address=site["address"],
            area=area["description"],
            square_metres=area["square_metres"],
        ),
        masking=Masking(
            originals=said["masking"]["originals"],
            custodians=said["masking"]["custodians"],
            live_minutes=said["masking"].get(LIVE_MINUTES, 0),
            has_sound=said["masking"].get(SOUND) == SEALED_SOUND,
        ),
        purposes=tuple(said["purposes"]),
        sinks=tuple(Sink(kind=sink["kind"], name=sink["name"]) for sink in said["sinks"]),
        conditions=tuple(_condition(condition) for condition in said["conditions"]),
        **{name: said[name] for name in _PLAIN},
        drafted_at=moment(said["drafted_at"]),
        not_before=moment(said["not_before"]),
        not_after=moment(said["not_after"]),
    )


_PLAIN = (
    "case",
    "decision_digest",
    "rulebook",
    "camera_cap",
    "retention_days",
    "grace_days",
    "status_list",
    "notice_text",
    "complaint_address",
)
_TIMES = ("drafted_at", "not_before", "not_after")


def _condition(said: Mapping[str, str]) -> Condition:
    due = moment(said["due"]) if "due" in said else None
    return Condition(id=said["id"], text=said["text"], due=due)


def _predicate(permit: Permit) -> dict[str, Json]:
    site, masking = permit.site, permit.masking
    return {
        "permit": permit.id,
        "site": {
            "name": site.name,
            "address": site.address,
            "area": {"description": site.area, "square_metres": site.square_metres},
        },
        "masking": {
            "everyday": "everyone",
            "originals": masking.originals,
            "custodians": masking.custodians,
            **({LIVE_MINUTES: masking.live_minutes} if masking.live_minutes else {}),
            **({SOUND: SEALED_SOUND} if masking.has_sound else {}),
        },
        "purposes": list(permit.purposes),
        "sinks": [{"kind": sink.kind, "name": sink.name} for sink in permit.sinks],
        "conditions": [_condition_record(condition) for condition in permit.conditions],
        **{name: getattr(permit, name) for name in _PLAIN},
        **{name: isoformat(getattr(permit, name)) for name in _TIMES},
    }


def _condition_record(condition: Condition) -> dict[str, Json]:
    record: dict[str, Json] = {"id": condition.id, "text": condition.text}
    if condition.due is not None:
        record["due"] = isoformat(condition.due)
    return record
