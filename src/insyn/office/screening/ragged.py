"""Rows of unequal length as flat arrays: the small arithmetic that retrieval is made of.

A ragged array LABEL is two arrays: LABEL, all rows end to end, and LABEL_ends, int32, one more than
there are rows, the first 0. A hash table LABEL is LABEL_hash, uint32, ascending, and LABEL_value.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from insyn.office.screening.index import Index

Pairs = tuple[NDArray[Any], NDArray[Any]]
"""Owners and members, one pair at each position."""

NO_PAIRS: Pairs = (np.empty(0, np.int64), np.empty(0, np.int64))


class Owned:
    """Rows of numbers with the owner of each row, collected one by one."""

    def __init__(self) -> None:
        self._owners: list[int] = []
        self._rows: list[Sequence[int]] = []

    def add(self, owner: int, row: Sequence[int]) -> None:
        """Keep a row; empty ones leave no trace."""
        if row:
            self._owners.append(owner)
            self._rows.append(row)

    def pairs(self) -> Pairs:
        """Every member of every row with the owner of its row."""
        if not self._rows:
            return NO_PAIRS
        lengths = [len(row) for row in self._rows]
        members = np.fromiter(chain.from_iterable(self._rows), np.int64, count=sum(lengths))
        return np.repeat(np.array(self._owners, np.int64), lengths), members


def spread(first: NDArray[Any], lengths: NDArray[Any]) -> NDArray[Any]:
    """The positions first, first + 1, ... of every row, one after another."""
    before = np.cumsum(lengths) - lengths
    positions: NDArray[Any] = np.arange(int(lengths.sum())) + np.repeat(first - before, lengths)
    return positions


def expand(index: Index, label: str, owners: NDArray[Any], rows: NDArray[Any]) -> Pairs:
    """Every member of each row, with the owner of the row."""
    ends = index[f"{label}_ends"]
    first = ends[rows]
    lengths = ends[rows + 1] - first
    return np.repeat(owners, lengths), index[label][spread(first, lengths)]


def find_rows(index: Index, label: str, owners: NDArray[Any], hashes: NDArray[Any]) -> Pairs:
    """The rows of the hash table that lie under each hash, with the owner of the hash."""
    table = index[f"{label}_hash"]
    hashes = hashes.astype(np.uint32)
    left = table.searchsorted(hashes, "left")
    hit = np.flatnonzero(left < len(table))
    hit = hit[table[left[hit]] == hashes[hit]]
    left = left[hit]
    lengths = table.searchsorted(hashes[hit], "right") - left
    return np.repeat(owners[hit], lengths), spread(left, lengths)


def find(index: Index, label: str, owners: NDArray[Any], hashes: NDArray[Any]) -> Pairs:
    """Every value under each hash, with the owner of the hash."""
    found, rows = find_rows(index, label, owners, hashes)
    return found, index[f"{label}_value"][rows]


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Several lots of pairs as one."""
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def distinct(pairs: Pairs) -> Pairs:
    """Each pair once, ordered by owner, then member. Members are below 2**32."""
    owners, members = pairs
    if not len(owners):
        return NO_PAIRS
    keys = np.sort((owners.astype(np.int64) << 32) | members.astype(np.int64))
    keys = keys[np.concatenate(([True], keys[1:] != keys[:-1]))]
    return keys >> 32, keys & 0xFFFFFFFF


def positions(keys: NDArray[Any], wanted: NDArray[Any]) -> Pairs:
    """Which of `wanted` are among the ascending, distinct `keys` (not empty), and where there.

    Most are not: a table of slots, small enough for a processor's cache, says so of nearly all of
    them at once, and only the rest is searched for.
    """
    slots = np.zeros(1 << _SLOT_BITS, bool)
    slots[_slot(keys)] = True
    maybe = np.flatnonzero(slots[_slot(wanted)])
    sought = wanted[maybe]
    place = np.minimum(keys.searchsorted(sought), len(keys) - 1)
    hit = keys[place] == sought
    return maybe[hit], place[hit]


_SLOT_BITS = 20


def _slot(keys: NDArray[Any]) -> NDArray[Any]:
    # Multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4): the high bits mix.
    mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    slot: NDArray[Any] = mixed >> np.uint64(64 - _SLOT_BITS)
    return slot
