"""The archive's folder: whose it is, and that it is the one we mean.

Always: nothing is written into a folder that is not known to be this archive: where its disk is not
mounted, the empty mount point must not be filled in its stead.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from insyn.base.canonical import canonical_bytes
from insyn.base.errors import EnvironmentFailure
from insyn.base.files import exclusive, write_atomically

NAME = "archive.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRoot:
    """A folder that is an archive."""

    path: Path
    id: str
    """`a-` and 16 hexadecimal digits; the site remembers it."""

    def require(self) -> None:
        """Look again that this archive still lies here.

        Raises:
            EnvironmentFailure: its disk has gone, or another one stands in its place.
        """
        found = _read(self.path)
        if found != self.id:
            raise EnvironmentFailure(_elsewhere(self.path, self.id, found))


def open_root(path: Path, *, expected: str | None) -> ArchiveRoot:
    """The archive at `path`.

    Args:
        path: its folder.
        expected: the id that the site remembers; None before it had an archive: then one is made.

    Raises:
        EnvironmentFailure: another archive, or none, lies there; or the folder cannot be used.
    """
    if expected is not None:
        found = _read(path)
        if found != expected:
            raise EnvironmentFailure(_elsewhere(path, expected, found))
        return ArchiveRoot(path=path, id=expected)
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with exclusive(path, ".archive.lock"):
            found = _read(path)
            if found is None:
                found = f"a-{secrets.token_hex(8)}"
                write_atomically(path / NAME, canonical_bytes({"archive": found}) + b"\n")
    except OSError as error:
        raise EnvironmentFailure(f"cannot make the archive at {path}: {error.strerror}") from error
    return ArchiveRoot(path=path, id=found)


def _read(path: Path) -> str | None:
    try:
        said = json.loads((path / NAME).read_bytes())
        return str(said["archive"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnvironmentFailure(
            f"{path / NAME} cannot be read ({type(error).__name__}); is the disk sound?"
        ) from error


def _elsewhere(path: Path, expected: str, found: str | None) -> str:
    if found is None:
        return (
            f"{path} is not the site's archive {expected}: nothing is there; mount its disk, then "
            "start again"
        )
    return (
        f"{path} holds archive {found}, and the site's is {expected}; mount the right disk, or "
        "name the archive's folder anew (insyn site archive)"
    )
