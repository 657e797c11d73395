"""Both clocks of a machine, read together: wall time for people, monotonic time for arithmetic."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Both clocks at one instant, in nanoseconds: since the Unix epoch (UTC), and monotonic."""

    wall_ns: int
    monotonic_ns: int


Clocks = Callable[[], Reading]
"""Reads both clocks."""


def system_clocks() -> Reading:
    """The machine's own clocks."""
    return Reading(wall_ns=time.time_ns(), monotonic_ns=time.monotonic_ns())
