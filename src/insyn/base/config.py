"""Where Insyn keeps its data. One directory holds everything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from insyn.base.errors import EnvironmentFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDirectory:
    """The data directory and the places in it; a place is made when it is first needed."""

    root: Path

    @property
    def lists(self) -> Path:
        """Snapshots of official lists."""
        return self._made("lists")

    @property
    def index(self) -> Path:
        """Compiled screening indexes."""
        return self._made("index")

    @property
    def database(self) -> Path:
        """The office's SQLite file; it may not exist yet."""
        self._made("")
        return self.root / "office.sqlite"

    def _made(self, name: str) -> Path:
        path = self.root / name
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFailure(
                f"cannot use the data directory {self.root}: {error.strerror}; "
                "name another with --data DIR or INSYN_DATA"
            ) from error
        return path


def find_data_directory(
    given: Path | None = None, *, environ: Mapping[str, str] | None = None
) -> DataDirectory:
    """The directory named by `--data`, else by INSYN_DATA, else the platform's usual place."""
    variables = os.environ if environ is None else environ
    if given is not None:
        return DataDirectory(root=given.expanduser())
    named = variables.get("INSYN_DATA", "").strip()
    if named:
        return DataDirectory(root=Path(named).expanduser())
    return DataDirectory(root=Path(platformdirs.user_data_dir("insyn", appauthor=False)))
