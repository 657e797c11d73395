"""The tour's export for one person: pointed at, confirmed on a sheet, everybody else masked.

Always: the outline that is followed longest is chosen, as somebody would by hand; nobody is
recognised.
"""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from insyn.base.errors import InsynError
from insyn.base.files import write_atomically
from insyn.demo.sections import working
from insyn.site.console.desk import SiteDesk
from insyn.site.export import person
from insyn.site.export.job import BUSY, Job, Stage
from insyn.site.export.person import Looked, Point
from insyn.trust.people.duties import Actor

EVERY = 5
"""Pictures between two that are looked at for outlines."""

PATIENCE_S = 60.0
ACROSS, WIDTH = 3, 480
"""Pictures in a row of the sheet, and how wide each is."""


def export_one(
    desk: SiteDesk, release: str, folder: Path, actor: Actor, console: Console
) -> Path | None:
    """Export the person who is in view longest; None where nobody can be told from the others."""
    job = desk.exports.begin_person(release, actor=actor)
    _wait(job, console, "looking for who is where")
    point = _longest(job.seen()) if job.stage is Stage.POINTING else None
    if point is None:
        console.print(job.text or "Nobody was in view apart from others; nothing is exported.")
        desk.exports.give_up(job)
        return None
    at_s = job.seen().at_s(point.index)
    track = desk.exports.pointing.point(job, at_s, point.x, point.y)
    (stretch,) = person.stretches(job.seen(), [track])
    shown_s = stretch.until_s - stretch.from_s
    console.print(
        f"ines points at somebody at {max(0.0, at_s):.1f} s; the outline is followed by its "
        f"overlap for {shown_s:.1f} s, and nobody is recognised.",
        highlight=False,
    )
    named, indices = desk.exports.pointing.sheet(job)
    sheet = folder / "one-person.png"
    _write_sheet(desk, job, indices, sheet)
    console.print(
        "Before anything is made she confirms, picture by picture, that it is one person, and the "
        f"same. Look at them: {sheet}",
        highlight=False,
    )
    desk.exports.confirm(job, named)
    _wait(job, console, "making the file")
    if job.stage is not Stage.MADE:
        console.print(job.text, style="yellow")
        return None
    out = folder / "export-one-person.zip"
    # One person is shown in it: readable by whoever runs the tour alone, as every export.
    write_atomically(out, desk.exports.take(job).read_bytes())
    return out


def _wait(job: Job, console: Console, what: str) -> None:
    ends = time.monotonic() + PATIENCE_S
    with working(console, what):
        while job.stage in BUSY:
            if time.monotonic() > ends:
                raise InsynError("the export takes longer than a tour lasts; the machine is busy")
            time.sleep(0.05)


def _longest(looked: Looked) -> Point | None:
    """A point on whoever is followed longest, within the span."""
    found: dict[int, tuple[int, Point]] = {}
    for index in range(looked.index(0), looked.index(looked.lasts_s) + 1, EVERY):
        for point in person.outlined(looked, index):
            track = looked.followed.pointed(index, point.x, point.y)
            found.setdefault(track.number, (track.last - track.first, point))
    return max(found.values(), key=lambda one: one[0])[1] if found else None


def _write_sheet(desk: SiteDesk, job: Job, indices: list[int], path: Path) -> None:
    """The pictures that are confirmed, as the console shows them."""
    coded = [desk.exports.pointing.sheet_picture(job, index, width=WIDTH) for index in indices]
    read = (cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR) for one in coded)
    tiles = [one for one in read if one is not None]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % ACROSS)
    rows = [np.hstack(tiles[at : at + ACROSS]) for at in range(0, len(tiles), ACROSS)]
    write_atomically(path, cv2.imencode(".png", np.vstack(rows))[1].tobytes())
