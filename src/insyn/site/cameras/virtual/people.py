"""Who is where in the virtual concourse, and when: people who walk, stand, sit and leave. Pure.

Always: everything follows from seed, number and time, so every process sees the same people; nobody
is drawn after a person that exists.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

WALK_MPS = 1.3
NEAR_M, FAR_M = 5.5, 16.0
"""Distances from the camera between which people are."""

SIDE_M = 1.15
"""Where people come in, in shares of half the picture's width at their distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How somebody looks: colours in BGR, sizes in metres."""

    height: float
    girth: float
    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    top: tuple[int, int, int]
    trim: tuple[int, int, int]
    legs: tuple[int, int, int]
    has_hat: bool
    has_bag: bool
    is_striped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Somebody at one moment: where on the floor (metres right of the middle, metres away)."""

    number: int
    x: float
    z: float
    stride: float
    """Phase of the walk in radians; 0 while standing."""
    sway: float
    """Small movement of who stands, in metres."""
    is_sitting: bool
    is_facing: bool
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """One stay: comes in at `begins`, stands or sits for `stays_s`, leaves."""

    begins: float
    stays_s: float
    x: float
    z: float
    from_left: bool
    to_left: bool
    is_sitting: bool
    is_facing: bool
    walks_s: float
    look: Look


class People:
    """The people of one concourse."""

    def __init__(
        self, *, seed: int, count: int, half_width: float, empty_s: float = 0.0, occupied: int = 0
    ) -> None:
        """Take the seed and how many there may be at once.

        Args:
            seed: tells everything.
            count: people at once, at most.
            half_width: half the picture's width in metres at one metre's distance.
            empty_s: nobody before this time.
            occupied: so many stand there from the beginning and stay for a long time.
        """
        self._seed = seed
        self._count = count
        self._half_width = half_width
        self._empty_s = empty_s
        self._occupied = occupied
        self._visit = lru_cache(maxsize=4096)(self._make_visit)

    def at(self, at_s: float) -> Iterator[Pose]:
        """Everybody at a time, the furthest first."""
        found = []
        for number in range(self._count):
            pose = self._pose(number, at_s)
            if pose is not None:
                found.append(pose)
        yield from sorted(found, key=lambda pose: -pose.z)

    def _pose(self, number: int, at_s: float) -> Pose | None:
        if at_s < self._empty_s:
            return None
        # No two have the same rhythm, and everybody begins somewhere in it.
        period = 75.0 + 37.0 * ((number * 7 + self._seed) % 5)
        shifted = at_s + period * ((number * 0.618 + self._seed * 0.37) % 1.0)
        turn = int(shifted // period)
        visit = self._visit(number, turn, period)
        since = shifted - turn * period - visit.begins
        if number < self._occupied and at_s < self._empty_s + 120:
            return self._standing(number, at_s, visit)
        if since < 0:
            return None
        if since < visit.walks_s:
            left = visit.walks_s - since
            side = -1 if visit.from_left else 1
            return self._walking(number, visit, visit.x + side * left * WALK_MPS, since)
        if since < visit.walks_s + visit.stays_s:
            return self._standing(number, at_s, visit)
        gone = since - visit.walks_s - visit.stays_s
        x = visit.x + (-1 if visit.to_left else 1) * gone * WALK_MPS
        if abs(x) > (SIDE_M + 0.1) * self._half_width * visit.z:
            return None
        return self._walking(number, visit, x, gone)

    def _walking(self, number: int, visit: _Visit, x: float, since: float) -> Pose:
        return Pose(
            number=number,
            x=x,
            z=visit.z,
            stride=since * WALK_MPS * 2 * math.pi / 1.4,
            sway=0.0,
            is_sitting=False,
            is_facing=visit.is_facing,
            look=visit.look,
        )

    def _standing(self, number: int, at_s: float, visit: _Visit) -> Pose:
        sway = 0.012 * math.sin(at_s * 0.9 + number) + 0.006 * math.sin(at_s * 2.3 + 2 * number)
        return Pose(
            number=number,
            x=visit.x,
            z=visit.z,
            stride=0.0,
            sway=sway,
            is_sitting=visit.is_sitting,
            is_facing=visit.is_facing,
            look=visit.look,
        )

    def _make_visit(self, number: int, turn: int, period: float) -> _Visit:
        draw = np.random.default_rng((self._seed, number, turn))
        z = float(draw.uniform(NEAR_M, FAR_M))
        reach = 0.85 * self._half_width * z
        x = float(draw.uniform(-reach, reach))
        from_left = bool(draw.random() < 0.5)
        edge = SIDE_M * self._half_width * z
        walks_s = (edge + x if from_left else edge - x) / WALK_MPS
        kind = draw.random()
        stays_s = 0.0 if kind < 0.35 else float(draw.uniform(6, max(8.0, period - 40)))
        begins = float(draw.uniform(0, max(1.0, period - stays_s - 2 * edge / WALK_MPS)))
        return _Visit(
            begins=begins,
            stays_s=stays_s,
            x=x,
            z=z,
            from_left=from_left,
            to_left=from_left if draw.random() < 0.4 else not from_left,
            is_sitting=bool(kind > 0.85),
            is_facing=bool(draw.random() < 0.5),
            walks_s=walks_s,
            look=_look(draw),
        )


def _look(draw: np.random.Generator) -> Look:
    def colour(low: int, high: int) -> tuple[int, int, int]:
        blue, green, red = (int(value) for value in draw.integers(low, high, 3))
        return blue, green, red

    skins = ((140, 170, 220), (120, 150, 205), (80, 110, 165), (50, 75, 120), (40, 55, 85))
    hairs = ((30, 30, 35), (40, 60, 90), (90, 140, 190), (150, 150, 155), (25, 25, 25))
    # Some wear what the walls and the floor are coloured in: the hard case of any shield.
    camouflaged = draw.random() < 0.2
    gray = int(draw.integers(120, 190))
    top = (gray, gray, gray + 4) if camouflaged else colour(20, 235)
    return Look(
        height=float(draw.normal(1.70, 0.10)),
        girth=float(draw.uniform(0.85, 1.25)),
        skin=skins[int(draw.integers(len(skins)))],
        hair=hairs[int(draw.integers(len(hairs)))],
        top=top,
        trim=colour(20, 235),
        legs=colour(15, 120),
        has_hat=bool(draw.random() < 0.2),
        has_bag=bool(draw.random() < 0.35),
        is_striped=bool(draw.random() < 0.3),
    )
