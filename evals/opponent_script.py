"""Runs logic-v2 and its blocker; executed by `.opponents/venv`, never imported by Insyn.

JSON lines in on stdin, JSON lines out on stdout:
- `pairs`: {"schema", "name1", "name2"} a line in, {"score"} a line out, in order.
- `screen LISTS.jsonl CANDIDATES`: FtM entities of customers in, and for each customer that meets
  anything {"id", "results": [{"id", "score"}]} out, best first, then one line {"stats"}: seconds
  a phase, and MiB.

Every entity has an id of its own: nomenklatura caches analysed names by entity id.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STARTED = time.perf_counter()
logging.disable(logging.CRITICAL)

from followthemoney import Dataset, StatementEntity  # noqa: E402 - the import itself is timed
from nomenklatura.blocker import Index  # noqa: E402
from nomenklatura.matching import LogicV2  # noqa: E402
from nomenklatura.resolver import Linker  # noqa: E402
from nomenklatura.store import MemoryStore  # noqa: E402

IMPORT_S = time.perf_counter() - STARTED
SHOWN = 5


def _lines() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)


def _entity(dataset: Any, record: dict[str, Any]) -> Any:
    return StatementEntity.from_data(dataset, record, cleaned=False)


def score_pairs() -> None:
    """Score each pair of names alone."""
    dataset = Dataset.make({"name": "pairs", "title": "pairs"})
    config = LogicV2.default_config()
    for number, row in enumerate(_lines()):
        sides = [
            _entity(
                dataset,
                {
                    "id": f"{side}-{number}",
                    "schema": row["schema"],
                    "properties": {"name": [row[side]]},
                },
            )
            for side in ("name1", "name2")
        ]
        print(json.dumps({"score": LogicV2.compare(sides[0], sides[1], config).score}))


def screen(lists: Path, candidates: int) -> None:
    """Block and score customers against lists; the blocker is given the whole batch at once."""
    marks = {"import_s": IMPORT_S}
    clock = time.perf_counter()
    dataset = Dataset.make({"name": "lists", "title": "lists"})
    store: Any = MemoryStore(dataset, Linker({}))
    with store.writer() as writer, lists.open(encoding="utf-8") as file:
        for line in file:
            writer.add_entity(_entity(dataset, json.loads(line)))
    marks["load_s"] = time.perf_counter() - clock
    clock = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        index: Any = Index(
            store.default_view(), Path(folder), options={"max_candidates": candidates}
        )
        index.build()
        marks["build_s"] = time.perf_counter() - clock
        marks["peak_open_mb"] = _peak_mb()
        customers = {record["id"]: _entity(dataset, record) for record in _lines()}
        marks |= _match(index, store.default_view(), customers)
        index.close()
    marks["peak_mb"] = _peak_mb()
    print(json.dumps({"stats": {key: round(value, 4) for key, value in marks.items()}}))


def _match(index: Any, view: Any, customers: dict[str, Any]) -> dict[str, float]:
    config = LogicV2.default_config()
    listed: dict[str, Any] = {}
    clock, cpu = time.perf_counter(), time.process_time()
    for found, candidates in index.match_entities(customers.values()):
        customer = customers.get(found.id)
        if customer is None:
            continue
        scored = []
        for identifier, _ in candidates:
            entity = listed.get(identifier.id)
            if entity is None:
                entity = listed[identifier.id] = view.get_entity(identifier.id)
            scored.append((LogicV2.compare(customer, entity, config).score, identifier.id))
        scored.sort(reverse=True)
        results = [{"id": name, "score": value} for value, name in scored[:SHOWN] if value > 0]
        print(json.dumps({"id": found.id, "results": results}))
    return {
        "screen_s": time.perf_counter() - clock,
        "screen_cpu_s": time.process_time() - cpu,
        "customers": float(len(customers)),
    }


def _peak_mb() -> float:
    # Not ru_maxrss, which begins with what the parent had (Linux, getrusage(2)).
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    if sys.argv[1] == "pairs":
        score_pairs()
    else:
        screen(Path(sys.argv[2]), int(sys.argv[3]))
