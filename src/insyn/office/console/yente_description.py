"""What yente's endpoints take and refuse, for the OpenAPI description. Names are invented."""

from __future__ import annotations

from typing import Any

from insyn.office.console.yente_query import MAX_QUERIES

QUERIES_SCHEMA: dict[str, object] = {
    "type": "object",
    "required": ["queries"],
    "properties": {
        "queries": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": MAX_QUERIES,
            "description": "FollowTheMoney entities by a key of your own.",
            "additionalProperties": {
                "type": "object",
                "required": ["properties"],
                "properties": {
                    "schema": {"type": "string", "examples": ["Person"]},
                    "properties": {
                        "type": "object",
                        "additionalProperties": {"type": "array", "items": {"type": "string"}},
                    },
                },
            },
        }
    },
}
EXAMPLE_QUERIES: dict[str, object] = {
    "queries": {
        "entity": {
            "schema": "Person",
            "properties": {"name": ["Tarquin Vellmark"], "birthDate": ["1961"], "country": ["mt"]},
        }
    }
}

# `Any`: as FastAPI types its `responses`.
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"detail": {"type": "string"}}}
            }
        },
    }
    for status, text in (
        (400, "No JSON, no query, or more than 100."),
        (401, "The API key is missing or wrong."),
        (404, "No such dataset or entity."),
        (413, "More than 1 MiB."),
        (422, "JSON, but no queries; or a parameter that is no number."),
        (429, "Too many requests; `Retry-After` says how many seconds to wait."),
        (503, "No list is in force."),
    )
}


def _parameter(name: str, type_: str, text: str, *, many: bool = False) -> dict[str, object]:
    schema: dict[str, object] = {"type": type_}
    if many:
        schema = {"type": "array", "items": schema}
    return {"name": name, "in": "query", "description": text, "schema": schema}


MATCH_PARAMETERS = [
    _parameter("limit", "integer", "Results a query, 0 to 500; 5 if not given."),
    _parameter("threshold", "number", "The score from which `match` is true; 0.7 if not given."),
    _parameter("cutoff", "number", "Lower scores are left out; 0.7 or the threshold, if lower."),
    _parameter("algorithm", "string", "Accepted and passed over: there is one matcher."),
    _parameter("fuzzy", "boolean", "Accepted and passed over."),
    _parameter("include_dataset", "string", "Only these lists.", many=True),
    _parameter("exclude_dataset", "string", "Not these lists.", many=True),
    _parameter("exclude_schema", "string", "No results of these schemata.", many=True),
    _parameter("exclude_entity_ids", "string", "Not these entities.", many=True),
    _parameter("topics", "string", "Only entities with one of these topics.", many=True),
]
