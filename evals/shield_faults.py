"""What viewers are sent while the shield's workers and cameras fail, and whether it shows anybody.

Run: `python -m evals.shield_faults [--pictures 10000] [--cameras 12]`. Cameras film people who glow
as nothing else in a picture can; the messages of live view are decoded again with PyAV, each
picture looked at. The first row is a shield that leaks, which the eye must see.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.telltale import (
    FPS,
    Fault,
    Place,
    Processes,
    judge,
    make_place,
    make_worker,
    watch,
)

from evals.scorecard import Report, print_table

CONTROL = 240
"""Pictures of the shield that leaks; one would do."""

AWAITED = {
    Fault.KILLED: frozenset({"worker gone"}),
    Fault.HUNG: frozenset({"silent"}),
    Fault.STALLED: frozenset({"LATE"}),
    Fault.MOVED: frozenset({"SHAKE", "LIGHT", "BLOCKED"}),
    Fault.RAISED: frozenset({"LATE"}),
}
"""What a viewer must be told meanwhile, one of them."""


def main() -> int:
    """Exit code 0 where nobody was seen, and the leak was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=10_000, help="Of each fault.")
    parser.add_argument("--cameras", type=int, default=12)
    parser.add_argument("--json", action="store_true", help="No table.")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    place = make_place()
    rows = []
    for fault in Fault:
        pictures = CONTROL if fault is Fault.LEAK else asked.pictures
        rows.append(_measured(place, fault, pictures, asked.cameras))
    seen_by_eye = [row for row in rows if row["fault"] == Fault.LEAK.value]
    others = [row for row in rows if row["fault"] != Fault.LEAK.value]
    is_fine = all(row["clear"] == 0 for row in others) and all(
        row["clear"] == row["pictures"] for row in seen_by_eye
    )
    if not asked.json:
        shown = [name for name in rows[0] if name != "told"]
        cells = [[row[name] for name in shown] for row in rows]
        print_table("Pictures at the viewer", shown, cells)
    print(json.dumps({"fine": is_fine, "faults": rows}))
    return 0 if is_fine else 1


def _measured(place: Place, fault: Fault, pictures: int, cameras: int) -> Report:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, _working(Path(name), place, fault, cameras) as done:
        seen = asyncio.run(
            watch(
                Path(name),
                cameras,
                pictures,
                told=AWAITED.get(fault, frozenset()),
                timeout_s=60 + 20 * pictures / cameras / FPS,
            )
        )
    found = judge(seen.films)
    told = ", ".join(f"{name} {count}" for name, count in sorted(seen.told.items()))
    return {
        "fault": fault.value,
        "pictures": found.pictures,
        "clear": found.clear,
        "wholly covered": found.pictures - found.open,
        "worker's lives": done.lives if done else 1,
        "streams begun": len(seen.films),
        "told": told,
        "seconds": round(time.monotonic() - began),
    }


@contextlib.contextmanager
def _working(folder: Path, place: Place, fault: Fault, cameras: int) -> Iterator[Processes | None]:
    if fault in (Fault.KILLED, Fault.HUNG):
        with Processes(folder, place, fault, cameras=cameras) as processes:
            yield processes
        return
    worker = make_worker(folder, place, fault, cameras=cameras, seed=1)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield None
    finally:
        worker.stop()
        thread.join(30)


if __name__ == "__main__":
    raise SystemExit(main())
