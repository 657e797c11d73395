"""Full resolution on demand: a line on a camera's main stream while somebody looks at it alone.

Always: as the everyday lines, it yields what is masked or nothing; nothing of it is kept. Not more
cameras at once than the machine has room for: beyond that whoever asks is told, and keeps the
sub-stream. A line ends some seconds after its last viewer went.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from insyn.base.errors import InsynError
from insyn.base.files import write_atomically
from insyn.site.clocks import Clocks
from insyn.site.shielding.line import Line
from insyn.site.shielding.places import Places
from insyn.site.shielding.publisher import Publisher
from insyn.site.shielding.wire import Message, Say
from insyn.site.shielding.worker import LOOK_S, SILENT_NS, Plan, silence

log = logging.getLogger("insyn.shield")

LARGEST_FULL = (3840, 2160)
"""No screen of a control room shows more of one camera."""

LINGER_S = 5.0
"""A line goes on so long without a viewer: who turns a page finds it warm."""

TURN_S = 0.25
TELL_S = 1.0


def usual_budget(cores: int | None = None) -> int:
    """How many cameras at once, where the site does not say: one for two cores, at least one.

    A camera of 1080p takes 17 ms a picture, a quarter of a core at 12.5 a second.
    """
    return max(1, (os.cpu_count() or 1 if cores is None else cores) // 2)


@dataclass(slots=True, kw_only=True)
class _Running:
    plan: Plan
    line: Line
    wanted_at: float
    """When somebody last looked."""
    was_silent: bool = False


class OnDemand:
    """Runs until it is told to stop."""

    def __init__(
        self,
        plans: Callable[[], Mapping[str, Plan]],
        *,
        budget: Callable[[], int],
        socket: Path,
        state: Path,
        clocks: Clocks,
    ) -> None:
        """Mask in full resolution what `plans` names and somebody has connected for.

        Args:
            plans: by camera id; asked again every two seconds.
            budget: how many cameras at once, likewise.
            socket: where live view connects.
            state: the file that says which lines run.
            clocks: both clocks.
        """
        self._ask_plans = plans
        self._ask_budget = budget
        self._state = state
        self._clocks = clocks
        self._publisher = Publisher(socket)
        self._places = Places()
        self._plans: Mapping[str, Plan] = {}
        self._budget = 0
        self._running: dict[str, _Running] = {}
        self._ending: list[Line] = []
        self._stopping = False

    def stop(self) -> None:
        """Ask `run` to end; from any thread or a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Mask on demand until `stop`."""
        self._publisher.start()
        looked_at = told_at = float("-inf")
        try:
            while not self._stopping:
                now = time.monotonic()
                if now - looked_at >= LOOK_S:
                    self._look()
                    looked_at = now
                self._turn(now)
                if now - told_at >= TELL_S:
                    self._tell()
                    told_at = now
                time.sleep(TURN_S)
        finally:
            for name in list(self._running):
                self._end(name)
            for line in self._ending:
                line.join(6)
            self._publisher.close()
            self._state.unlink(missing_ok=True)

    def _look(self) -> None:
        try:
            self._plans, self._budget = self._ask_plans(), self._ask_budget()
        except InsynError as error:
            log.warning("the cameras cannot be read now: %s", error)

    def _turn(self, now: float) -> None:
        watched = self._publisher.watched()
        self._ending = [line for line in self._ending if not line.is_over]
        for name, running in list(self._running.items()):
            if name in watched:
                running.wanted_at = now
            plan = self._plans.get(name)
            has_changed = plan is None or plan.settings != running.plan.settings
            if has_changed or now - running.wanted_at > LINGER_S:
                self._end(name)
        for name in watched:
            plan = self._plans.get(name)
            # A line that is still ending holds its camera's connection, and its share of a core.
            has_room = len(self._running) + len(self._ending) < self._budget
            if plan is not None and name not in self._running and has_room:
                self._begin(name, plan, now)

    def _begin(self, name: str, plan: Plan, now: float) -> None:
        line = Line(
            name,
            plan.source,
            plan.make_shield,
            publisher=self._publisher,
            keeper=None,
            clocks=self._clocks,
            places=self._places,
            largest=LARGEST_FULL,
        )
        self._running[name] = _Running(plan=plan, line=line, wanted_at=now)
        line.start()

    def _end(self, name: str) -> None:
        line = self._running.pop(name).line
        line.stop()
        self._ending.append(line)

    def _tell(self) -> None:
        now_ns = time.monotonic_ns()
        for name in self._publisher.watched():
            if name not in self._running:
                self._publisher.say(name, self._refusal(name))
        cameras = {}
        for name, running in self._running.items():
            state = running.line.state
            is_silent = not state.last_ns or now_ns - state.last_ns > SILENT_NS
            if is_silent:
                self._publisher.say(name, silence(state))
            elif running.was_silent:
                # The stream may be the same one, and would say nothing until its state changes.
                told = {"state": state.state, "text": ""}
                self._publisher.say(name, Message(kind=Say.STATE, body=json.dumps(told).encode()))
            running.was_silent = is_silent
            cameras[name] = {
                "state": state.state,
                "trouble": state.trouble,
                "frames": state.frames,
                "late": state.late,
                "step_ms": round(state.step_ms, 2),
            }
        said = {
            "pid": os.getpid(),
            "at_ns": self._clocks().wall_ns,
            "budget": self._budget,
            "cameras": cameras,
        }
        write_atomically(self._state, json.dumps(said).encode(), is_durable=False)

    def _refusal(self, name: str) -> Message:
        if name in self._plans:
            said = {
                "reason": "budget",
                "text": (
                    "Smaller picture: this machine shows "
                    f"{self._budget} {'camera' if self._budget == 1 else 'cameras'} in full "
                    "resolution at once, and others look at them."
                ),
            }
        else:
            said = {
                "reason": "no larger",
                "text": "There is no larger masked picture of this camera.",
            }
        return Message(kind=Say.ERROR, body=json.dumps(said).encode())
