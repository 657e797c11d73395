"""The endpoints that clients of yente use: `/match/{dataset}`, `/entities/{id}` and the rest.

Always: answers as yente 5.5 shapes them, from our own matcher, whatever algorithm is asked for;
parameters that we do not know are passed over. Source: yente 5.5.0 (routers/match.py, settings),
and what nomenklatura 4.17's YenteEnricher sends and reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from insyn.base.canonical import Json
from insyn.office.console import ftm
from insyn.office.console.problems import Problem
from insyn.office.console.subjects import read_object
from insyn.office.console.yente_description import (
    EXAMPLE_QUERIES,
    MATCH_PARAMETERS,
    QUERIES_SCHEMA,
    REFUSALS,
)
from insyn.office.console.yente_query import Query, best_matches, read_queries
from insyn.office.lists.entry import Entry, Kind, ListedName
from insyn.office.screening.model import ALERT_BAR, Match, Screening

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

    from insyn.office.console.app import Office
    from insyn.office.console.standing import Standing

DEFAULT_DATASET = "default"
DEFAULT_LIMIT = 5
MAX_LIMIT = 500
ALGORITHM = "insyn"
OTHER_NAMES = ("best", "logic-v2", "logic-v1", "name-based", "name-qualified", "regression-v1")
_ABOUT = (
    "Insyn's own matcher: the name, word by word and across scripts, with birth date, country and "
    f"identifiers for or against. Accepted under the names {', '.join(OTHER_NAMES)} as well."
)
_FEATURES = {
    "name": "How alike the two names are, 0 to 1, with what else speaks for or against",
    "identifier": "1: both have the identifier",
    "birth_date": "1: the birth dates agree; 0: they differ",
    "country": "1: the countries agree; 0: they differ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the matches a request asks for. `lists` are the datasets to look in."""

    lists: frozenset[str]
    limit: int
    threshold: float
    cutoff: float
    without_ids: frozenset[str]
    without_schemata: frozenset[str]
    topics: frozenset[str]


def make_router(office: Office) -> APIRouter:
    """The routes, over an office."""
    router = APIRouter(tags=["For clients of yente"])

    @router.post(
        "/match/{dataset}",
        summary="Match FollowTheMoney entities against the lists",
        responses={
            200: {"description": "Under each query's key, the entries it resembles, best first."},
            **REFUSALS,
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": QUERIES_SCHEMA, "example": EXAMPLE_QUERIES}
                },
            },
            "parameters": MATCH_PARAMETERS,
        },
    )
    async def match(dataset: str, request: Request) -> Response:
        """Answer up to 100 queries by example as yente does.

        The dataset is `default` for all lists in force, or a list's id. Clearances are not
        applied here: a query is no known party.
        """
        standing = office.standing()
        wanted = _wanted(standing, dataset, request.query_params)
        queries = read_queries(await read_object(request))
        subjects = [subject for query in queries.values() for subject in query.subjects]
        screenings = iter(await office.bench.screen(standing, subjects))
        responses: dict[str, Json] = {}
        for key, query in queries.items():
            found = [next(screenings) for _ in query.subjects]
            responses[key] = _response(standing, query, found, wanted)
        body = {
            "responses": responses,
            "matcher": {name: {"description": text} for name, text in _FEATURES.items()},
            "limit": wanted.limit,
        }
        return _json(body, headers={"x-batch-size": str(len(queries))})

    @router.get("/entities/{entity_id}", summary="One list entry", responses=REFUSALS)
    async def entity(entity_id: str, nested: str = "true") -> Response:
        """Give an entry as a FollowTheMoney entity; `nested` adds what the list says of it."""
        standing = office.standing()
        place = ftm.split_id(entity_id)
        entry = standing.entry(*place) if place else None
        if place is None or entry is None:
            raise Problem(404, "No such entity!")
        state = standing.state(place[0])
        title = state.title if state else place[0]
        is_nested = nested.lower() not in ("false", "0", "no")
        return _json(ftm.entity(place[0], entry, sanction=title if is_nested else None))

    @router.get("/catalog", summary="The lists in force, as datasets", responses=REFUSALS)
    async def catalog() -> Response:
        """Give the lists in force as yente gives its catalogue."""
        standing = office.standing()
        return _json(_catalog(standing))

    @router.get("/algorithms", summary="The matcher", responses=REFUSALS)
    async def algorithms() -> Response:
        """Tell that there is one matcher, whatever it is asked for as."""
        known = {
            "name": ALGORITHM,
            "description": _ABOUT,
            "features": {name: {"description": text} for name, text in _FEATURES.items()},
            "docs": {},
        }
        return _json({"algorithms": [known], "default": ALGORITHM, "best": ALGORITHM})

    return router


def _json(value: Mapping[str, object], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), media_type="application/json", headers=headers)


def _wanted(standing: Standing, dataset: str, given: QueryParams) -> Wanted:
    known = {state.list for state in standing.manifest.lists}
    if dataset != DEFAULT_DATASET and dataset not in known:
        raise Problem(404, f"No such dataset; there are default, {', '.join(sorted(known))}.")
    lists = set(known) if dataset == DEFAULT_DATASET else {dataset}
    included = set(given.getlist("include_dataset"))
    if included and DEFAULT_DATASET not in included:
        lists &= included
    excluded = set(given.getlist("exclude_dataset"))
    lists -= known if DEFAULT_DATASET in excluded else excluded
    threshold = _number(given, "threshold", ALERT_BAR)
    return Wanted(
        lists=frozenset(lists),
        limit=int(min(MAX_LIMIT, max(0, _number(given, "limit", DEFAULT_LIMIT)))),
        threshold=threshold,
        cutoff=min(threshold, _number(given, "cutoff", ALERT_BAR)),
        without_ids=frozenset(given.getlist("exclude_entity_ids")),
        without_schemata=frozenset(given.getlist("exclude_schema")),
        topics=frozenset(given.getlist("topics")),
    )


def _number(given: QueryParams, name: str, default: float) -> float:
    text = given.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e9:  # also where it is no number at all
        raise Problem(422, f"{name} must be a number")
    return value


def _response(
    standing: Standing, query: Query, screenings: Sequence[Screening], wanted: Wanted
) -> dict[str, Json]:
    results: list[Json] = []
    total = 0
    for screening, match in best_matches(screenings):
        if match.list not in wanted.lists or match.score < wanted.cutoff:
            continue
        result = _result(standing, query, screening, match)
        topics = result["properties"].get("topics", ())
        if (
            result["id"] in wanted.without_ids
            or result["schema"] in wanted.without_schemata
            or (wanted.topics and not wanted.topics.intersection(topics))
        ):
            continue
        total += 1
        if len(results) < wanted.limit:
            result["match"] = match.score >= wanted.threshold
            results.append(result)
    return {
        "status": 200,
        "query": {"schema": query.schema, "properties": dict(query.properties)},
        "total": {"value": total, "relation": "eq"},
        "results": results,
    }


# `Any`: a FollowTheMoney entity, as JSON of our own making.
def _result(standing: Standing, query: Query, screening: Screening, match: Match) -> dict[str, Any]:
    entry = standing.entry(match.list, match.entry) or Entry(
        reference=match.entry, kind=Kind.UNKNOWN, names=(ListedName(text=match.name),)
    )
    explanations = _explanations(screening, match)
    return {
        **ftm.entity(match.list, entry, asked=query.schema),
        "score": round(match.score, 4),
        "features": {name: item["score"] for name, item in explanations.items()},
        "explanations": explanations,
    }


def _explanations(screening: Screening, match: Match) -> dict[str, dict[str, Json]]:
    words = ", ".join(f"{t.subject or '-'} : {t.entry or '-'} ({t.how})" for t in match.tokens)
    found: dict[str, dict[str, Json]] = {
        "name": {
            "score": round(match.score, 4),
            "detail": f"{match.match_class}; {words}" if words else str(match.match_class),
            "query": screening.name,
            "candidate": match.name,
        }
    }
    for texts, score in ((match.supports, 1.0), (match.contradicts, 0.0)):
        for text in texts:
            name = next((n for n in _FEATURES if text.startswith(n.replace("_", " "))), "other")
            found.setdefault(
                name, {"score": score, "detail": text, "query": None, "candidate": None}
            )
    return found


def _catalog(standing: Standing) -> dict[str, object]:
    datasets: list[dict[str, object]] = [
        {
            "name": state.list,
            "title": state.title,
            "version": state.snapshot[:12],
            "updated_at": state.imported_at,
            "last_export": state.published,
            "entity_count": state.entries,
            "load": True,
            "index_current": True,
            "children": [],
        }
        for state in standing.states
    ]
    everything: dict[str, object] = {
        "name": DEFAULT_DATASET,
        "title": "All lists in force",
        "version": standing.manifest.digest()[:12],
        "entity_count": sum(state.entries for state in standing.states),
        "load": True,
        "index_current": True,
        "children": [state.list for state in standing.states],
    }
    names = [DEFAULT_DATASET, *(state.list for state in standing.states)]
    return {
        "datasets": [everything, *datasets],
        "current": names,
        "outdated": [],
        "index_stale": False,
    }
