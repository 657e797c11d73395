"""How a camera can fail, told apart: who must do something about it differs."""

from __future__ import annotations

from enum import StrEnum

from insyn.base.errors import EnvironmentFailure


class Trouble(StrEnum):
    """Why a camera gives no picture; also the reason of the gap in its recordings."""

    UNREACHABLE = "unreachable"
    """No answer on the network: host, port or cable."""
    CREDENTIALS = "credentials"
    """It answers, and refuses our name or password."""
    NO_STREAM = "no stream"
    """It answers, and has no such stream."""
    STALLED = "stalled"
    """The connection stands and nothing comes."""
    ENDED = "ended"
    """It closed the connection."""
    GARBAGE = "garbage"
    """What comes is no video that we know."""


class CameraFailure(EnvironmentFailure):
    """A camera gives no picture; `trouble` tells why. The message names no address's password."""

    def __init__(self, trouble: Trouble, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble
