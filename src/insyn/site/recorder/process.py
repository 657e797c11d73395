"""A recorder process: cameras taken up and let go as the register changes; what it tells; its end.

Always: a camera's failure touches no other camera; told to stop, it closes all recordings within
seconds, and what it cannot close is salvaged at the next start.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from insyn.base.errors import InsynError
from insyn.base.files import write_atomically
from insyn.site.archive.recording import EndReason
from insyn.site.archive.writing import Archive
from insyn.site.cameras.failure import Trouble
from insyn.site.cameras.source import Source
from insyn.site.clocks import Clocks
from insyn.site.recorder.cutting import never_heard
from insyn.site.recorder.disk import DiskThread, Syncer
from insyn.site.recorder.feeding import Feeder
from insyn.site.recorder.gathering import Gatherer
from insyn.site.recorder.ring import Lost, Ring, share
from insyn.site.recorder.state import CameraState, Rate
from insyn.site.recorder.track import Track
from insyn.site.vault.public import VaultPublicKey

log = logging.getLogger("insyn.recorder")

LOOK_S = 2.0
TURN_S = 1.0
SWITCH_S = 0.02
"""How long a thread may keep Python's lock while others wait: with a hundred threads, the usual
5 ms cost more than a quarter of the work in waking them for nothing."""

SILENT_NS = 8_000_000_000
"""A session that has been silent so long is told as stalled, and broken off: within ten seconds,
whatever its own time-out does."""

HUNG_NS = 120_000_000_000
"""A thread that cannot open its camera for so long is given up, and another one begun."""

DISK_THREADS = 2
CLOSE_S = 8.0
LET_GO_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one camera is recorded. Its thread begins anew when `settings` change."""

    source: Source
    settings: Hashable


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """What is to be recorded now.

    Attributes:
        cameras: by id.
        seal: the vault's public key; None where no originals are kept, then nothing is recorded.
        text: why nothing is recorded, for the operator; "" otherwise.
    """

    cameras: Mapping[str, Plan]
    seal: VaultPublicKey | None
    text: str = ""


@dataclass(slots=True, kw_only=True)
class _Camera:
    plan: Plan
    seal: VaultPublicKey
    ring: Ring
    state: CameraState
    track: Track
    feeder: Feeder
    rate: Rate = field(default_factory=Rate)
    hung: int = 0


class Recorder:
    """Runs until it is told to stop."""

    def __init__(
        self,
        plans: Callable[[], Plans],
        open_archive: Callable[[], Archive],
        *,
        root: Path,
        state: Path,
        boot: str,
        clocks: Clocks,
        may_record: Callable[[], str],
        may_hear: Callable[[], str] = never_heard,
        chores: Callable[[], str] | None = None,
        ring_bytes: Callable[[int], int] = share,
    ) -> None:
        """Record the cameras that `plans` names.

        Args:
            plans: asked again every two seconds.
            open_archive: opens the archive for one thread; asked again while it fails.
            root: the archive's folder, for its free space.
            state: the file that says how each camera is, for health pages and metrics.
            boot: which boot of the machine its monotonic clock counts from.
            clocks: both clocks.
            may_record: asked as each recording begins: why not, in a sentence; "" where one may.
            may_hear: likewise of sound, of cameras whose plan asks for it.
            chores: retention, called again and again in a thread of its own; returns what is wrong.
            ring_bytes: what each of so many cameras' rings may hold.
        """
        self._plans = plans
        self._root = root
        self._state = state
        self._boot = boot
        self._clocks = clocks
        self._may_record = may_record
        self._may_hear = may_hear
        self._chores = chores
        self._ring_bytes = ring_bytes
        self._cameras: dict[str, _Camera] = {}
        self._disks = [
            DiskThread(f"disk {number}", open_archive, clocks) for number in range(DISK_THREADS)
        ]
        self._gatherer = Gatherer()
        self._syncer = Syncer(root)
        self._stopping = threading.Event()
        self._text = ""
        self._short = ""
        self._worst_ms = 0.0

    def stop(self) -> None:
        """Ask `run` to end; from any thread or a signal handler."""
        self._stopping.set()

    def received(self) -> dict[str, int]:
        """How many packets of each camera came in since it was taken up."""
        return {name: camera.state.packets for name, camera in self._cameras.items()}

    def run(self) -> None:
        """Record until `stop`."""
        sys.setswitchinterval(SWITCH_S)
        for disk in self._disks:
            disk.start()
        self._gatherer.start()
        self._syncer.start()
        if self._chores is not None:
            threading.Thread(target=self._do_chores, name="chores", daemon=True).start()
        looked_at = float("-inf")
        try:
            while not self._stopping.is_set():
                if time.monotonic() - looked_at >= LOOK_S:
                    self._reconcile()
                    looked_at = time.monotonic()
                self._watch()
                self._tell()
                self._stopping.wait(TURN_S)
        finally:
            self._end()

    def _end(self) -> None:
        self._let_go(*self._cameras.values())
        deadline = time.monotonic() + CLOSE_S
        for disk in self._disks:
            if not disk.stop(max(0.1, deadline - time.monotonic())):
                log.warning("not all recordings could be closed; the next start takes them in")
        self._gatherer.stop()
        self._syncer.stop()
        self._state.unlink(missing_ok=True)

    def _reconcile(self) -> None:
        try:
            wanted = self._plans()
        except InsynError as error:
            log.warning("the cameras cannot be read now: %s", error)
            return
        self._text = wanted.text
        plans = wanted.cameras if wanted.seal is not None else {}
        for name, camera in list(self._cameras.items()):
            new = plans.get(name)
            is_changed = new is None or new.settings != camera.plan.settings
            if is_changed or wanted.seal != camera.seal:
                self._let_go(camera)
                del self._cameras[name]
        for name, plan in plans.items():
            if name not in self._cameras and wanted.seal is not None:
                self._cameras[name] = self._take_up(name, plan, wanted.seal)
        for camera in self._cameras.values():
            camera.ring.max_bytes = self._ring_bytes(len(self._cameras))

    def _take_up(self, name: str, plan: Plan, seal: VaultPublicKey) -> _Camera:
        ring, state = Ring(), CameraState()
        track = Track(
            name,
            ring,
            state,
            seal=seal,
            boot=self._boot,
            may_record=self._may_record,
            may_hear=self._may_hear,
        )
        feeder = Feeder(name, plan.source, ring, state, self._gatherer)
        # A camera keeps its thread: two threads never write recordings of one camera.
        self._disks[sum(name.encode()) % len(self._disks)].give(track)
        feeder.start()
        return _Camera(plan=plan, seal=seal, ring=ring, state=state, track=track, feeder=feeder)

    def _let_go(self, *cameras: _Camera) -> None:
        for camera in cameras:
            camera.feeder.stop()
        # A camera that sends lets its thread end at once, and nothing is put after the mark; one
        # that is silent is not waited for.
        deadline = time.monotonic() + LET_GO_S
        for camera in cameras:
            camera.feeder.join(max(0.0, deadline - time.monotonic()))
            camera.ring.mark(Lost(reason=EndReason.STOPPED, gap=""))
            camera.track.stop()

    def _watch(self) -> None:
        """Find sessions that hang where their own time-out did not."""
        now_ns = time.monotonic_ns()
        for name, camera in self._cameras.items():
            state = camera.state
            if state.is_open and now_ns - state.last_ns > SILENT_NS:
                if not state.trouble:
                    state.trouble, state.text = str(Trouble.STALLED), "the camera has fallen silent"
                    camera.ring.mark(Lost(reason=EndReason.CAMERA, gap=str(Trouble.STALLED)))
                camera.feeder.break_off()
            silent_since_ns = max(state.last_ns, state.opened_ns)
            is_hung = silent_since_ns and now_ns - silent_since_ns > HUNG_NS * 2**camera.hung
            if is_hung and not _waits_long(state):
                log.warning("camera %s: its thread hangs; another one is begun", name)
                camera.feeder.stop()
                camera.hung = min(camera.hung + 1, 10)
                camera.feeder = Feeder(name, camera.plan.source, camera.ring, state, self._gatherer)
                camera.feeder.start()

    def _do_chores(self) -> None:
        assert self._chores is not None
        while not self._stopping.is_set():
            try:
                self._short = self._chores()
            except InsynError as error:
                log.warning("the archive could not be tended: %s", error)
            except Exception:
                log.exception("the archive could not be tended")
            self._stopping.wait(LOOK_S)

    def _tell(self) -> None:
        now_ns = time.monotonic_ns()
        worst_ms = max(disk.take_worst() for disk in self._disks) / 1e6
        # The worst of half a minute, about: it fades.
        self._worst_ms = max(worst_ms, self._worst_ms * 0.95)
        trouble = next((disk.trouble for disk in self._disks if disk.trouble), "")
        said = {
            "pid": os.getpid(),
            "at_ns": self._clocks().wall_ns,
            "text": self._text,
            "disk": {
                "trouble": trouble or self._syncer.trouble or self._short,
                "free_bytes": _free(self._root),
                "worst_write_ms": round(self._worst_ms, 1),
                "sync_ms": round(self._syncer.took_ns / 1e6, 1),
            },
            "cameras": {name: _told(camera, now_ns) for name, camera in self._cameras.items()},
        }
        try:
            write_atomically(self._state, json.dumps(said).encode(), is_durable=False)
        except InsynError as error:
            log.warning("%s", error)


def _told(camera: _Camera, now_ns: int) -> dict[str, object]:
    state, ring = camera.state, camera.ring
    camera.rate.look(state, now_ns)
    text = state.refusal or state.disk_trouble or state.text
    return {
        "state": str(state.kind()),
        "trouble": state.trouble,
        "text": text,
        "fps": round(camera.rate.fps, 1),
        "kbit_s": round(camera.rate.kbit_s),
        "silent_s": round((now_ns - state.last_ns) / 1e9, 1) if state.last_ns else None,
        "worst_gap_s": round(state.worst_gap_ns / 1e9, 3),
        "failures": state.failures,
        "packets": state.packets,
        "written": state.written,
        "waiting_bytes": ring.waiting_bytes,
        "lag_s": round(ring.lag_ns(now_ns) / 1e9, 2),
        "dropped": ring.dropped,
        "absurd_times": state.absurd,
        "keyless": state.keyless,
        "sound": state.sound_told(),
        "sound_frames": state.heard,
        "sound_left_out": ring.mute,
        "recordings": state.recordings,
        "last_recording": state.last_recording,
    }


def _waits_long(state: CameraState) -> bool:
    """A refused password is tried again so rarely that silence means nothing."""
    return state.trouble == str(Trouble.CREDENTIALS)


def _free(root: Path) -> int | None:
    try:
        return shutil.disk_usage(root).free
    except OSError:
        return None


def boot_id() -> str:
    """Which boot of this machine: the monotonic clock counts anew with each (Linux)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"
