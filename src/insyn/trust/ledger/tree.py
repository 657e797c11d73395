"""The Merkle tree of RFC 6962, section 2.1. Pure: hashes in, hashes out.

Always: leaves are numbered from 0, a range is [start, end), and every hash has 32 bytes. A complete
subtree has 2**level leaves and begins at a multiple of that; the hash of any range is made of the
complete subtrees in it, so who keeps those answers all questions in O(log n) reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

HASH_SIZE = 32
"""Bytes of a SHA-256."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""

Range = tuple[int, int]
"""Leaves from start to before end."""

Node = tuple[int, int]
"""A complete subtree: its level (0 for a leaf) and its position among those of the level."""


def hash_leaf(content: bytes) -> bytes:
    """SHA-256 of 0x00 and the leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and the two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over neighbouring subtrees, the largest first: a range's, from those it is made of.

    The empty sequence gives `EMPTY_ROOT`.
    """
    if not hashes:
        return EMPTY_ROOT
    total = hashes[-1]
    for left in reversed(hashes[:-1]):
        total = hash_node(left, total)
    return total


def node_id(level: int, position: int) -> int:
    """The place of a complete subtree in the order in which a growing tree completes them.

    Leaf n completes itself, and with it one subtree for each 1 at the end of n in binary; before
    leaf n there are 2 n less the ones in n.
    """
    last = ((position + 1) << level) - 1
    return 2 * last - last.bit_count() + level


def node_count(size: int) -> int:
    """How many complete subtrees a tree of this size has, leaves included."""
    return 2 * size - size.bit_count()


def subtrees(start: int, end: int) -> list[Node]:
    """The fewest complete subtrees that make up a range, from left to right."""
    found = []
    while start < end:
        aligned = (start & -start).bit_length() - 1 if start else end.bit_length()
        level = min(aligned, (end - start).bit_length() - 1)
        found.append((level, start >> level))
        start += 1 << level
    return found


def _split(size: int) -> int:
    """The largest power of two below `size`, for a size of 2 or more."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(number: int, size: int) -> list[Range]:
    """The ranges whose hashes make the audit path of a leaf, from the leaf up (section 2.1.1).

    Raises:
        ValueError: the tree of this size has no such leaf.
    """
    if not 0 <= number < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {number}")
    path: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if number < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose hashes prove that a tree grew from `old` to `new` leaves (section 2.1.2).

    Empty where `old` is 0 (any tree begins empty) or `new`.

    Raises:
        ValueError: the sizes are not in order.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree does not grow from {old} to {new} leaves")
    if old in (0, new):
        return []
    path: list[Range] = []
    start, end, is_whole = 0, new, True  # is_whole: old's tree is the subtree being looked at
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, is_whole = middle, False
    return ([] if is_whole else [(start, end)]) + path[::-1]


Read = Callable[[Iterable[Node]], Mapping[Node, bytes]]
"""Hands out the hashes of complete subtrees, in one go."""


def range_hashes(ranges: Sequence[Range], read: Read) -> list[bytes]:
    """The hash of each range, with one call of `read` for all of them."""
    parts = [subtrees(start, end) for start, end in ranges]
    known = read([node for nodes in parts for node in nodes])
    return [fold([known[node] for node in nodes]) for nodes in parts]


def root_of(size: int, read: Read) -> bytes:
    """The root of the first `size` leaves."""
    return range_hashes([(0, size)], read)[0]


def root_from_inclusion(leaf: bytes, number: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to from a leaf's hash; None if the path cannot be one."""
    if not 0 <= number < size:
        return None
    total, last, rest = leaf, size - 1, number
    for sibling in path:
        if len(sibling) != HASH_SIZE or last == 0:
            return None
        if rest & 1 or rest == last:
            total = hash_node(sibling, total)
            while not rest & 1 and rest:
                rest, last = rest >> 1, last >> 1
        else:
            total = hash_node(total, sibling)
        rest, last = rest >> 1, last >> 1
    return total if last == 0 else None


def is_included(leaf: bytes, number: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """True if the path proves that the leaf with this hash has this number under the root."""
    return root_from_inclusion(leaf, number, size, path) == root


def is_consistent(
    old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """True if the path proves that the tree of `new` leaves begins with that of `old` leaves."""
    if not 0 <= old <= new or any(len(item) != HASH_SIZE for item in path):
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    rest, last = old - 1, new - 1
    while rest & 1:
        rest, last = rest >> 1, last >> 1
    hashes = iter(path if rest else [old_root, *path])
    first = next(hashes, None)
    if first is None:
        return False
    before = after = first
    for sibling in hashes:
        if last == 0:
            return False
        if rest & 1 or rest == last:
            before, after = hash_node(sibling, before), hash_node(sibling, after)
            while not rest & 1 and rest:
                rest, last = rest >> 1, last >> 1
        else:
            after = hash_node(after, sibling)
        rest, last = rest >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: its size, and the complete subtrees that it is made of."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def add(self, leaf: bytes) -> Iterator[bytes]:
        """Take in a leaf's hash; gives the subtrees that it completes, in the order of `node_id`.

        The iterator must be used up.
        """
        self.hashes.append(leaf)
        yield leaf
        rest = self.size
        self.size += 1
        while rest & 1:
            right = self.hashes.pop()
            self.hashes[-1] = hash_node(self.hashes[-1], right)
            yield self.hashes[-1]
            rest >>= 1

    @property
    def root(self) -> bytes:
        """The root of what was taken in so far."""
        return fold(self.hashes)

    def copy(self) -> Frontier:
        """Another that grows by itself."""
        return Frontier(self.size, list(self.hashes))
