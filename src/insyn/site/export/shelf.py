"""The folder in which finished exports wait to be taken, and what else may be left in it."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from insyn.base.errors import EnvironmentFailure

KEPT = timedelta(hours=1)
"""How long a finished export waits to be taken."""


class Shelf:
    """The finished exports of one site."""

    def __init__(self, folder: Path) -> None:
        """Keep them in this folder, which is made at the first."""
        self._folder = folder

    def path(self, export: str) -> Path:
        """Where an export's file lies.

        Raises:
            EnvironmentFailure: the folder cannot be made.
        """
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise EnvironmentFailure(
                f"{self._folder} cannot be used ({error.strerror}); exports are made there"
            ) from error
        return self._folder / f"{export}.zip"

    def sweep(self, now: datetime, known: Collection[Path | None]) -> None:
        """Delete files that no export here knows: of a console that ended before their time, or was
        killed while it made one.
        """
        for path in self._folder.glob("exp-*.zip"):
            with suppress(OSError):
                written = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
                if path not in known and now >= written + KEPT:
                    path.unlink()
        for part in self._folder.glob(".*"):
            with suppress(OSError):
                inside = [each.stat().st_mtime for each in (part, *part.glob("*"))]
                # What is being made is written to all the time.
                if now >= datetime.fromtimestamp(max(inside), tz=UTC) + KEPT:
                    shutil.rmtree(part) if part.is_dir() else part.unlink()
