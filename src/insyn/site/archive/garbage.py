"""Recordings deleted so that a crash leaves no row without a file: row, then file, then garbage."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from insyn.base.files import sync_directory
from insyn.site.archive.index import Index

BATCH = 200


def delete(root: Path, index: Index, paths: Sequence[str]) -> None:
    """Delete recordings by their paths below the root."""
    for first in range(0, len(paths), BATCH):
        batch = paths[first : first + BATCH]
        now_ns = time.time_ns()
        with index.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO garbage (path, since_wall_ns) VALUES (?, ?)",
                [(path, now_ns) for path in batch],
            )
            connection.executemany(
                "DELETE FROM recordings WHERE path = ?", [(path,) for path in batch]
            )
        empty_garbage(root, index)


def empty_garbage(root: Path, index: Index) -> int:
    """Finish what was being deleted; returns how many files there were."""
    with index.reading() as connection:
        paths = [row[0] for row in connection.execute("SELECT path FROM garbage")]
    folders = set()
    for path in paths:
        (root / path).unlink(missing_ok=True)
        folders.add((root / path).parent)
    for folder in folders:
        if folder.is_dir():
            if any(folder.iterdir()):
                sync_directory(folder)
            else:
                folder.rmdir()
    if paths:
        with index.writing() as connection:
            connection.executemany("DELETE FROM garbage WHERE path = ?", [(p,) for p in paths])
    return len(paths)
