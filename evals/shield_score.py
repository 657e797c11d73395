"""What a mask shows of people, by the definitions of reference/shield.md, 2.3.

Always: a truth says which pixels are people's; where it is silent (the rim of a hand-drawn box)
nothing is counted. A share of nothing is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from evals.scorecard import Report

Mask = NDArray[np.bool_]

HEAD = 0.17
"""The top of a body, in shares of its height, that counts as its head."""

EXPOSED = 0.10
"""Who shows more than this share of body or head is exposed."""

LEAST_BODY = 24
"""Pixels: what is smaller is the rim of somebody behind a pillar or another."""

RECOVERED = 0.10
"""Masked share of the empty part of a picture, under which the picture is of use again."""

STEADY_S = 1.0
"""So long it must stay so."""

TOLD = 0.01
"""A picture that shows more than this share of its people's pixels is counted as leaking."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """One person: bool masks of the whole picture, and the hand-drawn box if there is one."""

    pixels: Mask
    head: Mask
    box: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """Everybody in one picture. `unsaid`: bool, where over-masking is not counted."""

    bodies: tuple[Body, ...]
    people: Mask
    heads: Mask
    unsaid: Mask | None = None


def top_of(pixels: Mask) -> Mask:
    """The top `HEAD` of a body."""
    rows = np.flatnonzero(pixels.any(axis=1))
    out = np.zeros_like(pixels)
    if rows.size:
        end = rows[0] + max(1, round(HEAD * (rows[-1] + 1 - rows[0])))
        out[:end] = pixels[:end]
    return out


def parts(pixels: Mask) -> Iterator[Mask]:
    """Connected parts of at least `LEAST_BODY` pixels: people that touch count as one."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(pixels.view(np.uint8))
    for number in range(1, count):
        if stats[number, cv2.CC_STAT_AREA] >= LEAST_BODY:
            yield labels == number


@dataclass(slots=True)
class _Seen:
    """One picture, for what is told over time."""

    at_s: float
    covered: float
    over: float
    leaked: float | None


@dataclass(slots=True)
class Tally:
    """Adds pictures up; `figures` tells."""

    people: int = 0
    shown: int = 0
    heads: int = 0
    heads_shown: int = 0
    bodies: int = 0
    exposed: int = 0
    faces: int = 0
    faces_exposed: int = 0
    free: int = 0
    over: int = 0
    flickered: int = 0
    flickered_anywhere: int = 0
    worst: tuple[float, int] = (0.0, -1)
    cores: list[float] = field(default_factory=list)
    centres: list[bool] = field(default_factory=list)
    seen: list[_Seen] = field(default_factory=list)

    def add(
        self, index: int, at_s: float, truth: Truth, mask: Mask, near: tuple[Mask, Mask] | None
    ) -> None:
        """Count a picture; `near` are the masks of the one before and the one after."""
        shows = ~mask
        people = int(truth.people.sum())
        shown = int((truth.people & shows).sum())
        self.people, self.shown = self.people + people, self.shown + shown
        self.heads += int(truth.heads.sum())
        self.heads_shown += int((truth.heads & shows).sum())
        if people and shown / people > self.worst[0]:
            self.worst = (shown / people, index)
        for body in truth.bodies:
            self._add_body(body, shows)
        free = ~truth.people if truth.unsaid is None else ~(truth.people | truth.unsaid)
        self.free, over = self.free + int(free.sum()), int((free & mask).sum())
        self.over += over
        if near is not None:
            flickers = near[0] & shows & near[1]
            self.flickered += int((flickers & truth.people).sum())
            self.flickered_anywhere += int(flickers.sum())
        self.seen.append(
            _Seen(
                at_s,
                float(mask.mean()),
                over / max(1, int(free.sum())),
                shown / people if people else None,
            )
        )

    def _add_body(self, body: Body, shows: Mask) -> None:
        pixels, head = int(body.pixels.sum()), int(body.head.sum())
        if pixels:
            self.bodies += 1
            self.exposed += (body.pixels & shows).sum() > EXPOSED * pixels
        if head:
            self.faces += 1
            self.faces_exposed += (body.head & shows).sum() > EXPOSED * head
        if body.box is None:
            return
        core, centre = core_of(body.box, shows.shape)
        self.cores.append(1.0 - float(shows[core].mean()))
        self.centres.append(not bool(shows[centre]))

    def figures(self, events_s: Iterable[float] = ()) -> Report:
        """All metrics, in per cent where the name says so."""
        leaks = [one.leaked for one in self.seen if one.leaked is not None]
        return {
            "frames": len(self.seen),
            "bodies": self.bodies,
            "leak_percent": _percent(self.shown, self.people),
            "head_leak_percent": _percent(self.heads_shown, self.heads),
            "exposed_percent": _percent(self.exposed, self.bodies),
            "head_exposed_percent": _percent(self.faces_exposed, self.faces),
            "worst_frame": self.worst[1] if self.worst[1] >= 0 else None,
            "worst_frame_leak_percent": round(100 * self.worst[0], 3),
            "leaking_frames": sum(leak > TOLD for leak in leaks),
            "flicker_percent": _percent(self.flickered, self.people),
            "flicker_of_all_percent": _percent(self.flickered_anywhere, self.people),
            "over_mask_percent": _percent(self.over, self.free),
            "box_core_percent": round(100 * float(np.mean(self.cores)), 2) if self.cores else None,
            "box_core_least_percent": round(100 * min(self.cores), 2) if self.cores else None,
            "head_centre_percent": _percent(sum(self.centres), len(self.centres)),
            "fully_covered_percent": _percent(
                sum(one.covered >= 1.0 for one in self.seen), len(self.seen)
            ),
            "recovery": [self._recovery(at_s) for at_s in events_s],
        }

    def _recovery(self, at_s: float) -> Report:
        after = [one for one in self.seen if one.at_s >= at_s]
        full = _lasting([one for one in after if one.covered >= 1.0], after)
        usable: float | None = None
        for one in after:
            if one.over >= RECOVERED:
                usable = None
            elif usable is None:
                usable = one.at_s
            elif one.at_s - usable >= STEADY_S:
                break
        leaks = [one.leaked for one in after if one.leaked is not None and one.at_s < at_s + 10]
        return {
            "at_s": round(at_s, 2),
            "full_mask_s": full,
            "usable_after_s": None if usable is None else round(usable - at_s, 2),
            "leaking_frames_in_10_s": sum(leak > TOLD for leak in leaks),
        }


def core_of(box: tuple[int, int, int, int], shape: tuple[int, ...]) -> tuple[Mask, tuple[int, int]]:
    """The central ellipse of a box, of half its width and height, and the middle of its head.

    A drawn box holds wall and floor in its corners; half of each side is body in any posture.
    """
    x1, y1, x2, y2 = box
    drawn = np.zeros(shape, np.uint8)
    middle = (round((x1 + x2) / 2), round((y1 + y2) / 2))
    axes = (max(1, round((x2 - x1) / 4)), max(1, round((y2 - y1) / 4)))
    cv2.ellipse(drawn, middle, axes, 0, 0, 360, 1, -1)
    row = min(shape[0] - 1, max(0, round(y1 + HEAD / 2 * (y2 - y1))))
    return drawn > 0, (row, min(shape[1] - 1, middle[0]))


def _lasting(full: list[_Seen], after: list[_Seen]) -> float:
    """Seconds for which the pictures after an event are fully covered, without a break."""
    if not full or not after or full[0].at_s - after[0].at_s > STEADY_S:
        return 0.0
    wholly = {one.at_s for one in full}
    last = full[0].at_s
    for one in after:
        if one.at_s < full[0].at_s:
            continue
        last = one.at_s
        if one.at_s not in wholly:
            break
    return round(last - full[0].at_s, 2)


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 3) if whole else None
