"""What a recorder tells of itself: a state for each camera, one file a process.

Written by the threads they belong to, each its own fields, and read without a lock: a number that
is a moment old hurts nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Recording(StrEnum):
    """How a camera's recording is."""

    STARTING = "starting"
    RUNNING = "running"
    LOST = "lost"
    """The camera gives no picture; `trouble` tells why."""
    DISK = "disk"
    """The disk refuses or is too slow; `text` tells which."""
    PERMIT = "permit"
    """The permit allows no recording."""


@dataclass(slots=True, kw_only=True)
class CameraState:
    """One camera. The first group is its network thread's, the second its disk thread's."""

    is_open: bool = False
    trouble: str = ""
    text: str = ""
    failures: int = 0
    packets: int = 0
    bytes: int = 0
    last_ns: int = 0
    """Monotonic time of the last packet."""
    opened_ns: int = 0
    """Monotonic time of the last try to open it."""
    worst_gap_ns: int = 0
    """The longest time between two packets of a session."""
    sound: str = ""
    """The codec of the sound that was asked for; "" where none was, or none comes."""
    sound_trouble: str = ""
    """Why sound that is wanted is not recorded, in a few words."""

    disk_trouble: str = ""
    refusal: str = ""
    written: int = 0
    """Pictures in the file or beyond."""
    written_bytes: int = 0
    heard: int = 0
    """Frames of sound in the file or beyond."""
    recordings: int = 0
    last_recording: str = ""
    absurd: int = 0
    """Pictures of this session whose time was not believed."""
    skipped: int = 0
    keyless: int = 0

    def kind(self) -> Recording:
        """How it is, the gravest first."""
        if self.refusal:
            return Recording.PERMIT
        if self.disk_trouble:
            return Recording.DISK
        if self.trouble:
            return Recording.LOST
        return Recording.RUNNING if self.written else Recording.STARTING

    def sound_told(self) -> str:
        """How its sound is, in a few words; "" where none is wanted."""
        if self.sound_trouble:
            return f"sound not recorded: {self.sound_trouble}"
        if not self.sound:
            return ""
        return f"sound recorded: {self.sound}" if self.heard else f"sound awaited: {self.sound}"


@dataclass(slots=True)
class Rate:
    """Pictures and bits a second, from counters looked at now and then."""

    at_ns: int = 0
    packets: int = 0
    bytes: int = 0
    fps: float = 0.0
    kbit_s: float = 0.0

    def look(self, state: CameraState, now_ns: int) -> None:
        """Work the rates out anew, every two seconds at the earliest."""
        passed_ns = now_ns - self.at_ns
        if passed_ns < 2_000_000_000:
            return
        if self.at_ns:
            self.fps = (state.packets - self.packets) * 1e9 / passed_ns
            self.kbit_s = (state.bytes - self.bytes) * 8e6 / passed_ns
        self.at_ns, self.packets, self.bytes = now_ns, state.packets, state.bytes
