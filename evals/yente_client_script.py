"""Runs nomenklatura's YenteEnricher, unmodified; executed by `.opponents/venv`, never imported.

`yente_client_script.py URL [KEY]`: FtM entities as JSON lines in on stdin; for each one line out:
{"id", "matches": [{"id", "schema", "caption", "expanded", "sanctions"}], "error", "seconds"}.
`expanded`: properties that the client reads of the whole entry; `error`: what it raised.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

logging.disable(logging.CRITICAL)

from followthemoney import Dataset, StatementEntity, model  # noqa: E402
from nomenklatura.cache import Cache  # noqa: E402
from nomenklatura.enrich.yente import YenteEnricher  # noqa: E402
from sqlalchemy import MetaData, create_engine  # noqa: E402


def main() -> None:
    """Enrich every entity on stdin."""
    dataset = Dataset.make({"name": "customers", "title": "customers"})
    cache = Cache(create_engine("sqlite://"), MetaData(), dataset, create=True)
    config = {"api": sys.argv[1], "api_key": sys.argv[2] if len(sys.argv) > 2 else ""}
    enricher: Any = YenteEnricher(dataset, cache, config)
    for line in sys.stdin:
        entity = StatementEntity.from_data(dataset, json.loads(line), cleaned=False)
        began = time.perf_counter()
        matches, error = _enriched(enricher, entity)
        seconds = time.perf_counter() - began
        print(
            json.dumps(
                {"id": entity.id, "matches": matches, "error": error, "seconds": seconds},
                ensure_ascii=False,
            )
        )
    enricher.close()


def _enriched(enricher: Any, entity: Any) -> tuple[list[dict[str, object]], str | None]:
    matches: list[dict[str, object]] = []
    try:
        for match in enricher.match_wrapped(entity):
            # What a user of the client does next with a match that is confirmed.
            model.common_schema(entity.schema, match.schema)
            found = list(enricher.expand_wrapped(entity, match))
            matches.append(
                {
                    "id": match.id,
                    "schema": match.schema.name,
                    "caption": match.caption,
                    "expanded": sum(len(list(part.itervalues())) for part in found),
                    "sanctions": sum(part.schema.name == "Sanction" for part in found),
                }
            )
    except Exception as error:  # counted, and the rest goes on
        return matches, f"{type(error).__name__}: {error}"[:300]
    return matches, None


if __name__ == "__main__":
    main()
