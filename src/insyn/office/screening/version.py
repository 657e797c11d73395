"""Which matcher this is: for manifests and clearances, and for the names of compiled indexes."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

VERSION = "insyn-1.1"
"""Raise it when analysis, comparison or weighing change what a pair scores: it re-opens every
clearance. Tables need no hand: their content is part of the version."""


@cache
def matcher() -> str:
    """The matcher's version with its tables: `insyn-1.1+` and twelve hexadecimal digits."""
    return f"{VERSION}+{_digest('.tsv', files('insyn.office.names').joinpath('data'))[:12]}"


@cache
def layout() -> str:
    """What a compiled index depends on besides its lists: the code that analyses and writes it."""
    return _digest(".py", files("insyn.office.names"), files("insyn.office.screening"))


def _digest(suffix: str, *folders: Traversable) -> str:
    total = sha256()
    for folder in folders:
        for file in sorted(folder.iterdir(), key=lambda item: item.name):
            if file.name.endswith(suffix):
                content = file.read_bytes()
                total.update(f"{file.name} {len(content)}\n".encode())
                total.update(content)
    return total.hexdigest()
