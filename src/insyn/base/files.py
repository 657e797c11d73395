"""Files that two commands may touch at once: atomic replacement, durable writes, a lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from insyn.base.errors import EnvironmentFailure


def write_atomically(path: Path, content: bytes, *, is_durable: bool = True) -> None:
    """Replace `path` by `content`, whole or not at all, and survive a power cut.

    What is of no worth after a restart need not be durable, and spares the disk.

    Raises:
        EnvironmentFailure: the disk is full or the folder is not writable; the old file stays.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                if is_durable:
                    os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        if is_durable:
            sync_directory(path.parent)
    except OSError as error:
        raise EnvironmentFailure(
            f"cannot write {path}: {error.strerror}; free some space or check permissions"
        ) from error


def sync_directory(path: Path) -> None:
    """Make a rename in `path` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_locked_now(descriptor: int) -> bool:
    """Lock an open file for this process without waiting; False where another one holds it.

    Let go of when the file is closed, or the process dies.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def alone(directory: Path, name: str) -> Iterator[bool]:
    """Hold a lock of the folder, or yield False where another process holds it."""
    with (directory / name).open("a") as file:
        yield is_locked_now(file.fileno())


@contextlib.contextmanager
def exclusive(directory: Path, name: str = ".lock") -> Iterator[None]:
    """Hold the folder's lock; a second process waits. Released when the process dies."""
    with (directory / name).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
