"""The Merkle tree against the vectors of RFC 6962's reference implementation, and its properties.

Vectors: github.com/google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc (leaves are
numbered from 1 there).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.trust.ledger import tree

INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
PROOFS = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


class Kept:
    """Complete subtrees in the order of `node_id`, as the database keeps them."""

    def __init__(self, contents: Iterable[bytes]) -> None:
        frontier = tree.Frontier()
        self.nodes = [
            node for content in contents for node in frontier.add(tree.hash_leaf(content))
        ]
        self.size, self.root = frontier.size, frontier.root
        self.most_read = 0

    def read(self, nodes: Iterable[tree.Node]) -> Mapping[tree.Node, bytes]:
        found = {node: self.nodes[tree.node_id(*node)] for node in nodes}
        self.most_read = max(self.most_read, len(found))
        return found

    def path(self, number: int, size: int) -> list[bytes]:
        return tree.range_hashes(tree.inclusion_ranges(number, size), self.read)

    def proof(self, old: int, new: int) -> list[bytes]:
        return tree.range_hashes(tree.consistency_ranges(old, new), self.read)

    def root_at(self, size: int) -> bytes:
        return tree.root_of(size, self.read)


@pytest.fixture(scope="module")
def reference() -> Kept:
    return Kept(bytes.fromhex(text) for text in INPUTS)


def leaf(number: int) -> bytes:
    return tree.hash_leaf(bytes.fromhex(INPUTS[number]))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(reference: Kept, size: int) -> None:
    assert reference.root_at(size).hex() == ROOTS[size]
    assert Kept(bytes.fromhex(text) for text in INPUTS[:size]).root.hex() == ROOTS[size]


@pytest.mark.parametrize(("number", "size", "path"), PATHS)
def test_audit_paths_are_those_of_the_reference(
    reference: Kept, number: int, size: int, path: list[str]
) -> None:
    made = reference.path(number, size)
    assert [item.hex() for item in made] == path
    assert tree.is_included(leaf(number), number, size, made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new", "path"), PROOFS)
def test_consistency_proofs_are_those_of_the_reference(
    reference: Kept, old: int, new: int, path: list[str]
) -> None:
    made = reference.proof(old, new)
    assert [item.hex() for item in made] == path
    roots = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new])
    assert tree.is_consistent(old, new, made, *roots)


def merkle_tree_hash(contents: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word by word."""
    if not contents:
        return tree.EMPTY_ROOT
    if len(contents) == 1:
        return tree.hash_leaf(contents[0])
    k = 1
    while k * 2 < len(contents):
        k *= 2
    return tree.hash_node(merkle_tree_hash(contents[:k]), merkle_tree_hash(contents[k:]))


SIZE = 70
MANY = [number.to_bytes(2, "big") for number in range(SIZE)]
KEPT = Kept(MANY)


@pytest.mark.parametrize("size", range(SIZE + 1))
def test_every_leaf_of_every_size_is_provable(size: int) -> None:
    root = merkle_tree_hash(MANY[:size])
    assert KEPT.root_at(size) == root
    for number in range(size):
        path = KEPT.path(number, size)
        assert tree.is_included(tree.hash_leaf(MANY[number]), number, size, path, root)


@pytest.mark.parametrize("new", range(SIZE + 1))
def test_every_pair_of_sizes_is_consistent(new: int) -> None:
    for old in range(new + 1):
        roots = merkle_tree_hash(MANY[:old]), merkle_tree_hash(MANY[:new])
        assert tree.is_consistent(old, new, KEPT.proof(old, new), *roots)


def flipped(hash_: bytes, bit: int) -> bytes:
    return (int.from_bytes(hash_, "big") ^ (1 << bit)).to_bytes(32, "big")


@st.composite
def changed_paths(draw: st.DrawFn, path: list[bytes]) -> list[bytes]:
    """The path with a bit flipped, a hash dropped, doubled or added."""
    place = draw(st.integers(0, max(len(path) - 1, 0)))
    added = draw(st.binary(min_size=32, max_size=32) | st.sampled_from([b"", *path]))
    changes = [[*path[:place], added, *path[place:]], [*path, added]]
    if path:
        bit = draw(st.integers(0, 255))
        changes += [
            path[:place] + path[place + 1 :],
            [*path[:place], flipped(path[place], bit), *path[place + 1 :]],
        ]
    return draw(st.sampled_from(changes))


@given(st.data())
def test_no_changed_inclusion_proof_holds(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZE))
    number = data.draw(st.integers(0, size - 1))
    hash_, path, root = tree.hash_leaf(MANY[number]), KEPT.path(number, size), KEPT.root_at(size)
    other = data.draw(st.integers(-1, SIZE).filter(lambda n: n != number))
    assert not tree.is_included(hash_, other, size, path, root)
    bit = data.draw(st.integers(0, 255))
    assert not tree.is_included(flipped(hash_, bit), number, size, path, root)
    assert not tree.is_included(hash_, number, size, path, flipped(root, bit))
    assert not tree.is_included(hash_, number, size, data.draw(changed_paths(path)), root)


@given(st.data())
def test_no_changed_consistency_proof_holds(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, SIZE))
    old = data.draw(st.integers(1, new - 1))
    path, roots = KEPT.proof(old, new), (KEPT.root_at(old), KEPT.root_at(new))
    bit = data.draw(st.integers(0, 255))
    assert not tree.is_consistent(old, new, path, flipped(roots[0], bit), roots[1])
    assert not tree.is_consistent(old, new, path, roots[0], flipped(roots[1], bit))
    assert not tree.is_consistent(old, new, data.draw(changed_paths(path)), *roots)
    assert not tree.is_consistent(new, old, path, *roots)
    other = data.draw(st.integers(1, SIZE).filter(lambda n: n != old))
    assert not tree.is_consistent(other, new, path, *roots)


@pytest.mark.parametrize(("number", "size"), [(0, 0), (1, 1), (-1, 3), (3, 3)])
def test_a_leaf_that_is_not_there_has_no_path(number: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"no leaf {number}"):
        tree.inclusion_ranges(number, size)


def test_reads_grow_with_the_height_of_the_tree_only() -> None:
    size = 2**20 - 1
    ranges = tree.inclusion_ranges(12_345, size)
    assert sum(len(tree.subtrees(*item)) for item in ranges) <= 2 * 20
    ranges = tree.consistency_ranges(765_432, size)
    assert sum(len(tree.subtrees(*item)) for item in ranges) <= 2 * 20
    assert len(tree.subtrees(0, size)) <= 20


@given(st.integers(0, 500))
def test_a_tree_has_as_many_subtrees_as_said(size: int) -> None:
    kept = Kept(number.to_bytes(2, "big") for number in range(size))
    assert len(kept.nodes) == tree.node_count(size)
