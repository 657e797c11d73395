"""What the API takes and gives, for its OpenAPI description. All names in examples are invented.

The descriptions here check nothing: `subjects` reads what arrives. A test holds
the answers against these models.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from insyn.office.console.subjects import MAX_SUBJECTS, MAX_TEXT

_DIGEST = "9d1c1e0f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListStanding(_Model):
    """A list as it stood for a screening."""

    list_: str = Field(alias="list", description="The list's id.", examples=["un"])
    snapshot: str = Field(description="SHA-256 that names its content.", examples=[_DIGEST])
    entries: int = Field(description="How many entries it has.", examples=[1003])
    degraded: str | None = Field(description="Why it may be out of date, or null.")


class TokenMatch(_Model):
    """Which written word of the subject met which of the entry; one is empty where it met none."""

    subject: str
    entry: str
    score: float = Field(description="0 to 1.")
    how: str = Field(examples=["same sound"])


class Match(_Model):
    """One entry that the subject resembles."""

    list_: str = Field(alias="list")
    entry: str = Field(description="The list's own permanent reference.", examples=["SAi.001"])
    name: str = Field(description="The listed name that was met.")
    class_: Literal["identifier", "exact", "strong", "possible", "weak"] = Field(
        alias="class", description="What kind of likeness it rests on."
    )
    score: float = Field(description="0 to 1; from 0.7 a human has to look.")
    supports: list[str] = Field(description="What else speaks for it.")
    contradicts: list[str] = Field(description="What speaks against it.")
    tokens: list[TokenMatch]
    entry_digest: str = Field(description="SHA-256 of the entry, which a clearance is bound to.")
    cleared: str | None = Field(
        default=None, description="The id of the clearance that silences it; absent if none."
    )


class Screening(_Model):
    """The outcome for one subject."""

    id: str
    name: str
    outcome: Literal["match", "review", "clear"] = Field(
        description="`match`: more than a name speaks for it; `review`: a human looks; `clear`."
    )
    matches: list[Match] = Field(description="Best first, contradicted ones too.")
    manifest: str = Field(description="Names lists and matcher of this screening.")
    degraded: list[str] | None = Field(
        default=None, description="Lists that may be out of date; absent if none."
    )
    note: str | None = Field(
        default=None, description="Why the name cannot be compared; absent if it can."
    )


class ScreenedOne(Screening):
    """The outcome for one subject, and the lists it was screened against."""

    lists: list[ListStanding]


class NotScreened(_Model):
    """One of many subjects that could not be screened: it is not cleared."""

    id: str
    index: int = Field(description="Its place under `subjects`, from 0.")
    error: str


class ScreenedMany(_Model):
    """The outcomes for many subjects, in their order."""

    manifest: str
    lists: list[ListStanding]
    results: list[Screening | NotScreened]


class ListStatus(_Model):
    """A list, in force or not."""

    list_: str = Field(alias="list")
    title: str | None = None
    snapshot: str | None
    entries: int
    format: str | None = None
    published: str | None = None
    imported_at: str | None = None
    last_checked: str | None = None
    degraded: str | None = Field(description="Why it may be out of date, or null.")
    unread: int | None = None


class Lists(_Model):
    """Every list there is."""

    lists: list[ListStatus]


class ProblemDetails(_Model):
    """RFC 9457. Nothing that was sent is repeated in it."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["the name is empty"])


class Status(_Model):
    """Whether it works."""

    status: Literal["ok"]


def _text(description: str, *, longest: int = MAX_TEXT) -> dict[str, object]:
    return {"type": ["string", "null"], "maxLength": longest, "description": description}


SUBJECT_SCHEMA: dict[str, object] = {
    "type": "object",
    "title": "Subject",
    "description": "Who is to be screened. Other fields are ignored.",
    "required": ["name"],
    "properties": {
        "id": _text("Your own id; clearances of a known party with this id apply."),
        "name": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_TEXT,
            "description": "In any script and order.",
        },
        "kind": _text("person, organisation, vessel or aircraft; else it may be any."),
        "schema": _text("Instead of kind: a FollowTheMoney schema, such as Company."),
        "country": _text("ISO code or English name; an unknown one counts as not said."),
        "birth_date": _text("1964-08-14, 1964-08 or 1964; unreadable counts as not said."),
        "identifier": _text("Passport, registration or IMO number."),
    },
}
SCREEN_SCHEMA: dict[str, object] = {
    "oneOf": [
        SUBJECT_SCHEMA,
        {
            "type": "object",
            "title": "Subjects",
            "required": ["subjects"],
            "properties": {
                "subjects": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_SUBJECTS,
                    "items": SUBJECT_SCHEMA,
                }
            },
        },
    ]
}
SCREEN_EXAMPLES: dict[str, object] = {
    "one": {
        "summary": "One subject",
        "value": {
            "id": "c-1",
            "name": "Tarquin Vellmark",
            "kind": "person",
            "country": "MT",
            "birth_date": "1961",
        },
    },
    "many": {
        "summary": "Several subjects",
        "value": {
            "subjects": [
                {"id": "c-1", "name": "Tarquin Vellmark", "kind": "person"},
                {"id": "c-2", "name": "Quartzwell Optics", "schema": "Company"},
            ]
        },
    },
}
