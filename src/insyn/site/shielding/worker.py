"""A shield worker: the lines of some cameras, their socket, and what they tell of themselves.

Always: cameras are taken up and let go as the register changes, without a restart; a line that
yields nothing for a second says so to whoever looks.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

from insyn.base.errors import InsynError
from insyn.base.files import write_atomically
from insyn.site.cameras.source import Source
from insyn.site.clocks import Clocks
from insyn.site.shielding.keeping import Keeper
from insyn.site.shielding.line import Line, LineState, MakeShield
from insyn.site.shielding.places import Places
from insyn.site.shielding.publisher import Publisher
from insyn.site.shielding.wire import Message, Say

log = logging.getLogger("insyn.shield")

SILENT_NS = 1_000_000_000
LOOK_S = 2.0
TURN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one camera is masked. A line is begun anew when `settings` change."""

    source: Source
    make_shield: MakeShield
    settings: Hashable


class Worker:
    """Runs until it is told to stop."""

    def __init__(
        self,
        plans: Callable[[], Mapping[str, Plan]],
        *,
        socket: Path,
        state: Path,
        keeper: Keeper | None,
        clocks: Clocks,
    ) -> None:
        """Mask the cameras that `plans` names.

        Args:
            plans: asked again every two seconds; by camera id.
            socket: where live view connects.
            state: the file that says how each line is, for health pages and metrics.
            keeper: keeps what is masked; None keeps nothing.
            clocks: both clocks.
        """
        self._plans = plans
        self._socket = socket
        self._state = state
        self._keeper = keeper
        self._clocks = clocks
        self._publisher = Publisher(socket)
        self._places = Places()
        self._lines: dict[str, tuple[Plan, Line]] = {}
        self._silent: set[str] = set()
        self._stopping = False

    def stop(self) -> None:
        """Ask `run` to end; from any thread or a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Mask until `stop`."""
        self._publisher.start()
        if self._keeper is not None:
            self._keeper.start()
        looked_at = float("-inf")
        try:
            while not self._stopping:
                if time.monotonic() - looked_at >= LOOK_S:
                    self._reconcile()
                    looked_at = time.monotonic()
                self._tell()
                time.sleep(TURN_S)
        finally:
            for _, line in self._lines.values():
                line.stop()
            for _, line in self._lines.values():
                line.join(6)
            if self._keeper is not None:
                self._keeper.close()
            self._publisher.close()
            self._state.unlink(missing_ok=True)

    def _reconcile(self) -> None:
        try:
            wanted = self._plans()
        except InsynError as error:
            log.warning("the cameras cannot be read now: %s", error)
            return
        for camera, (plan, line) in list(self._lines.items()):
            new = wanted.get(camera)
            if new is None or new.settings != plan.settings:
                line.stop()
                line.join(6)
                del self._lines[camera]
        for camera, plan in wanted.items():
            if camera not in self._lines:
                line = Line(
                    camera,
                    plan.source,
                    plan.make_shield,
                    publisher=self._publisher,
                    keeper=self._keeper,
                    clocks=self._clocks,
                    places=self._places,
                )
                self._lines[camera] = (plan, line)
                line.start()

    def _tell(self) -> None:
        now_ns = time.monotonic_ns()
        cameras = {}
        for camera, (_, line) in self._lines.items():
            state = line.state
            age_ns = now_ns - state.last_ns if state.last_ns else None
            if age_ns is None or age_ns > SILENT_NS:
                # Also keeps the connection of whoever looks from being taken for dead.
                self._publisher.say(camera, silence(state))
                self._silent.add(camera)
            elif camera in self._silent:
                # The stream may be the same one, and would say nothing until its state changes.
                self._silent.discard(camera)
                said = {"state": state.state, "text": ""}
                self._publisher.say(camera, Message(kind=Say.STATE, body=json.dumps(said).encode()))
            cameras[camera] = {
                "state": state.state,
                "trouble": state.trouble,
                "text": state.text,
                "frames": state.frames,
                "late": state.late,
                "failures": state.failures,
                "activity": round(state.activity, 4),
                "step_ms": round(state.step_ms, 2),
                "scene": _scene(state),
                "silent_s": None if age_ns is None else round(age_ns / 1e9, 1),
            }
        said_all = {
            "pid": os.getpid(),
            "at_ns": self._clocks().wall_ns,
            "socket": str(self._socket),
            "dropped_gops": self._keeper.dropped if self._keeper else 0,
            "archive_trouble": self._keeper.trouble if self._keeper else "",
            "cameras": cameras,
        }
        write_atomically(self._state, json.dumps(said_all).encode(), is_durable=False)


def _scene(state: LineState) -> dict[str, object]:
    scene = state.scene
    if scene is None:
        return {}
    return {"how": scene.how, "by": scene.by, "at_ns": scene.at_ns, "text": scene.text}


def silence(state: LineState) -> Message:
    """What whoever looks is told of a line that yields nothing."""
    if state.trouble:
        said = {"reason": state.trouble, "text": f"No picture: {state.text}"}
        return Message(kind=Say.ERROR, body=json.dumps(said).encode())
    said = {"state": "LATE", "text": "The shield yields no masked picture now."}
    return Message(kind=Say.STATE, body=json.dumps(said).encode())


def find_socket(run: Path, camera: str) -> Path | None:
    """The socket of the worker that masks a camera now, by the workers' state files."""
    for state in sorted(run.glob("shield-*.json")):
        try:
            said = json.loads(state.read_bytes())
        except (OSError, ValueError):
            continue
        if camera in said.get("cameras", {}):
            return Path(said["socket"])
    return None
