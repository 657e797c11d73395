"""The one tree of errors; every message says what failed, on which object, and what to do next.

    InsynError
    ├── UsageError          the caller asked for something that cannot be (exit 2)
    ├── EnvironmentFailure  the machine, network or data directory is not as needed (exit 3)
    └── Refusal             the input was understood and is refused, nothing changed (exit 1)
        └── UnreadableInput a file is not what it claims to be, or is cut, or hostile

No secret, no personal name and no password stands in a message.
"""

from __future__ import annotations


class InsynError(Exception):
    """Base of everything Insyn raises on purpose; `exit_code` is what a command ends with."""

    exit_code = 1

    def __init__(self, *said: object, field: str = "") -> None:
        """Take what to say, and which field of what was sent is meant, by its name; "": none."""
        super().__init__(*said)
        self.field = field


class UsageError(InsynError):
    """The request itself is wrong; the message names the argument and the accepted values."""

    exit_code = 2


class EnvironmentFailure(InsynError):  # noqa: N818 - "EnvironmentError" is taken by Python
    """Disk, network, permissions or missing set-up; the message says how to put it right."""

    exit_code = 3


class Refusal(InsynError):  # noqa: N818 - a refusal is an answer, not a fault
    """Understood and refused; nothing was changed."""

    exit_code = 1


class UnreadableInput(Refusal):
    """A file is not what it claims to be: wrong format, cut, wrongly encoded or hostile."""
