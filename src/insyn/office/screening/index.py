"""The compiled index: immutable arrays on disk, mapped and never copied.

Always: any number of processes may map one index; nothing in it changes. The layout is private to
`builder.py`, which writes it, and to `retrieval.py` and `ragged.py`, which read it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insyn.base.errors import EnvironmentFailure
from insyn.office.lists.entry import Kind, NameUse
from insyn.office.names.tokens import Role, Token

KINDS = tuple(Kind)
USES = tuple(NameUse)
ROLES = tuple(Role)
PARTS_OF_WEIGHT = 100
"""Weights of runs are kept as whole hundredths."""

MAX_NAME = 400
"""Characters of a listed name that are compared; longer ones are descriptions, cut here."""


class Index:
    """A mapped index. Attributes are the arrays by name; texts are decoded when asked for."""

    def __init__(self, folder: Path) -> None:
        try:
            self.head: dict[str, Any] = json.loads((folder / "index.json").read_text("utf-8"))
            self._arrays = {p.stem: _mapped(p) for p in folder.glob("*.npy")}
        except (OSError, ValueError, EOFError) as error:
            raise EnvironmentFailure(
                f"the index {folder.name} cannot be read ({error}); delete that folder, "
                "and the next screening builds it again"
            ) from error
        self.lists: list[str] = [item["list"] for item in self.head["lists"]]
        self._terms: dict[int, Token] = {}

    def __getitem__(self, label: str) -> NDArray[Any]:
        return self._arrays[label]

    def text(self, number: int) -> str:
        """A pooled text by its number."""
        start, end = self["text_ends"][number : number + 2]
        return bytes(self["texts"][start:end]).decode("utf-8")

    def row(self, label: str, number: int) -> NDArray[Any]:
        """One row of rows of unequal length."""
        start, end = self[f"{label}_ends"][number : number + 2]
        return self[label][start:end]

    def find(self, label: str, hashes: Sequence[int]) -> NDArray[Any]:
        """The distinct values under any of the hashes."""
        table = self[f"{label}_hash"]
        wanted = np.fromiter(hashes, np.uint32, count=len(hashes))
        left = table.searchsorted(wanted, "left")
        right = table.searchsorted(wanted, "right")
        values = self[f"{label}_value"]
        hit = np.flatnonzero(right > left)
        if not len(hit):
            return values[:0]
        parts = [values[left[at] : right[at]] for at in hit]
        return np.unique(np.concatenate(parts))

    @cached_property
    def spellings(self) -> tuple[list[str], list[str]]:
        """The Latin form of every term, and its fold."""
        rows = bytes(self["term_texts"]).decode("utf-8").split("\n")[:-1]
        forms, folds, _, _ = zip(*(row.split("\t") for row in rows), strict=True)
        return list(forms), list(folds)

    def term(self, number: int) -> Token:
        """The token behind a term, without the text it was written as."""
        found = self._terms.get(number)
        if found is None:
            start, end = self["term_ends"][number : number + 2]
            text = bytes(self["term_texts"][start:end]).decode("utf-8")
            form, fold, concept, native = text[:-1].split("\t")
            role = ROLES[self["term_role"][number]]
            found = Token(
                "",
                form,
                fold,
                role,
                round(float(self["term_weight"][number]), 4),
                concept,
                bool(self["term_unvocalised"][number]),
                native,
            )
            self._terms[number] = found
        return found

    def births(self, entry: int) -> Iterator[tuple[int, int, bool]]:
        """(earliest, latest, approximate) of an entry's birth dates, as proleptic ordinals."""
        table = self["births"]
        left, right = table[:, 0].searchsorted([entry, entry + 1])
        for _, earliest, latest, approximate in table[left:right].tolist():
            yield earliest, latest, bool(approximate)


def _mapped(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    # A plain view of the map: the memmap class costs microseconds on every slice.
    return array.view(np.ndarray)
