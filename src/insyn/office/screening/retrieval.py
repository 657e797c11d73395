"""From subjects to the few listed names worth comparing, many subjects at a time.

Always: no listed name is passed over that the comparison would score at `FLOOR` or more (but for
words run together and misspelt besides). The bound is optimistic: initials and numbers count as
met, and a matched word counts in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insyn.office.names.analyse import Name, Role, Token
from insyn.office.names.compare import CONTRADICTION_COST, EXTRA_COST
from insyn.office.names.similarity import token_similarity
from insyn.office.screening import terms
from insyn.office.screening.index import Index

FLOOR = 0.66
"""Bound on the name score below which a listed name is not looked at."""

BOUND_SLACK = 0.06
"""Room in the bound for what the weighing does with unequal weights on the two sides."""

Found = tuple[NDArray[Any], NDArray[Any]]
"""Terms alike to a token, and how alike."""

NOTHING: Found = (np.empty(0, np.int32), np.empty(0, np.float32))
MAX_TOKENS = 24
MIN_RUN = 5
"""Letters of a word or run that may stand run together in the other writing."""


class Retrieval:
    """Finds candidates in one index; remembers what each word has met."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._alike: dict[Token, Found] = {}
        self._name_weight = self._weigh_names()

    def _weigh_names(self) -> NDArray[np.float32]:
        """Total weight of each name as the bound counts it."""
        index = self._index
        free = np.isin(index["term_role"], _FREE_ROLES)
        weights: NDArray[Any] = np.where(free, np.float32(0), index["term_weight"])
        self._term_weight = weights.astype(np.float32)
        sums = np.concatenate(([0], np.cumsum(self._term_weight[index["name_terms"]])))
        ends = index["name_terms_ends"]
        weighed: NDArray[np.float32] = (sums[ends[1:]] - sums[ends[:-1]]).astype(np.float32)
        return weighed

    def alike(self, token: Token) -> Found:
        """The terms of the index that `token_similarity` takes for alike to a token."""
        found = self._alike.get(token)
        if found is None:
            if len(self._alike) > 1 << 17:
                self._alike.clear()
            found = self._look_up(token)
            self._alike[token] = found
        return found

    def _look_up(self, token: Token) -> Found:
        index = self._index
        if token.role is Role.INITIAL:
            return NOTHING
        candidates = index.find("keys", terms.term_keys(token))
        if token.role is Role.PROPER:
            label = "bones" if token.unvocalised else "unvocalised"
            if len(index[f"{label}_hash"]):
                more = index.find(label, terms.vowelless_keys(token))
                candidates = np.union1d(candidates, more)
        ids: list[int] = []
        scores: list[float] = []
        for number in candidates.tolist():
            score = token_similarity(token, index.term(number))[0]
            if score > 0:
                ids.append(number)
                scores.append(score)
        return np.array(ids, np.int32), np.array(scores, np.float32)

    def candidates(self, names: Sequence[Name]) -> tuple[NDArray[Any], NDArray[Any]]:
        """For analysed names: (position in `names`, listed name number), to be compared."""
        met: list[tuple[int, int, Found]] = []
        wide = _Owned()
        narrow = _Owned()
        words = _Owned()
        runs = _Owned()
        wholes = _Owned()
        for at, name in enumerate(names):
            bare = [terms.bare(token) for token in name.tokens[:MAX_TOKENS]]
            anchored = set(terms.anchors(bare))
            for position, token in enumerate(bare):
                found = self.alike(token)
                met.append((at, position, found))
                (wide if position in anchored else narrow).add(at, found[0])
                if len(token.form) >= MIN_RUN and token.role is Role.PROPER:
                    words.add(at, terms.run_keys(token.form))
            for run in terms.runs(bare):
                if len(run) > MIN_RUN:
                    runs.add(at, terms.exact_run_keys(run))
            wholes.add(at, terms.compact_keys(name))
        index = self._index
        pairs = [
            expand(index, "postings", *wide.arrays()),
            expand(index, "anchors", *narrow.arrays()),
        ]
        queries, listed = _unique(*_concatenated(pairs))
        kept = self._bound(names, met, queries, listed)
        sure = [
            (queries[kept], listed[kept]),
            find_many(index, "runs", *words.arrays()),
            expand(index, "anchors", *find_many(index, "keys", *runs.arrays())),
            find_many(index, "compacts", *wholes.arrays()),
        ]
        return _unique(*_concatenated(sure))

    def _bound(
        self,
        names: Sequence[Name],
        met: Sequence[tuple[int, int, Found]],
        queries: NDArray[Any],
        listed: NDArray[Any],
    ) -> NDArray[Any]:
        """Which pairs may reach `FLOOR`: bool, one a pair."""
        if not len(queries):
            return np.empty(0, bool)
        index = self._index
        terms_count = np.int64(len(index["term_role"]))
        # What each query has met: sorted (query, term) keys with the positions that met it.
        keys = np.concatenate([f[0].astype(np.int64) + at * terms_count for at, _, f in met])
        bits = np.concatenate(
            [np.full(len(f[0]), 1 << position, np.int64) for _, position, f in met]
        )
        likeness = np.concatenate([f[1] for _, _, f in met])
        order = np.argsort(keys, kind="stable")
        keys, bits, likeness = keys[order], bits[order], likeness[order]
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        masks = np.bitwise_or.reduceat(bits, starts)
        likeness = np.maximum.reduceat(likeness, starts)
        keys = keys[starts]

        ends = index["name_terms_ends"]
        first = ends[listed]
        lengths = ends[listed + 1] - first
        owner = np.repeat(np.arange(len(listed)), lengths)
        term = index["name_terms"][_spread(first, lengths)]
        wanted = term.astype(np.int64) + queries[owner] * terms_count
        place = np.minimum(keys.searchsorted(wanted), len(keys) - 1)
        hit = keys[place] == wanted

        weight = self._term_weight[term[hit]]
        name_met = np.bincount(owner[hit], weights=weight, minlength=len(listed))
        alike = np.bincount(
            owner[hit], weights=weight * likeness[place[hit]], minlength=len(listed)
        )
        seen = np.zeros(len(listed), np.int64)
        np.bitwise_or.at(seen, owner[hit], masks[place[hit]])
        query_weights = np.zeros((len(names), MAX_TOKENS), np.float32)
        for at, name in enumerate(names):
            for position, token in enumerate(name.tokens[:MAX_TOKENS]):
                if token.role not in (Role.INITIAL, Role.NUMBER):
                    query_weights[at, position] = token.weight
        weights = query_weights[queries]
        is_met = (seen[:, None] >> np.arange(MAX_TOKENS)) & 1
        query_met = (weights * is_met).sum(axis=1)
        left_query = weights.sum(axis=1) - query_met
        left_name = self._name_weight[listed] - name_met
        # Both sides count the same meetings; the larger weight is the optimistic one.
        matched = np.maximum((query_met + name_met) / 2, 1e-6)
        contradiction = np.maximum(0, np.minimum(left_query, left_name))
        extra = np.abs(left_query - left_name)
        quality = np.where(name_met > 0, alike / np.maximum(name_met, 1e-6), 1.0)
        bound = (
            (quality + BOUND_SLACK)
            * matched
            / (matched + CONTRADICTION_COST * contradiction + EXTRA_COST * extra)
        )
        kept: NDArray[Any] = bound >= FLOOR
        return kept


_FREE_ROLES = [tuple(Role).index(Role.INITIAL), tuple(Role).index(Role.NUMBER)]


class _Owned:
    """Values with the query each belongs to, collected row by row."""

    def __init__(self) -> None:
        self._owners: list[int] = []
        self._lengths: list[int] = []
        self._rows: list[Any] = []

    def add(self, owner: int, row: Any) -> None:
        if len(row):
            self._owners.append(owner)
            self._lengths.append(len(row))
            self._rows.append(row)

    def arrays(self) -> Pairs:
        if not self._rows:
            return _NO_PAIRS
        return np.repeat(np.array(self._owners, np.int64), self._lengths), np.concatenate(
            self._rows
        )


Pairs = tuple[NDArray[Any], NDArray[Any]]
_NO_PAIRS: Pairs = (np.empty(0, np.int64), np.empty(0, np.int64))


def find_many(index: Index, label: str, owners: NDArray[Any], hashes: NDArray[Any]) -> Pairs:
    """Every value under each hash, with the owner of the hash."""
    table = index[f"{label}_hash"]
    hashes = hashes.astype(np.uint32)
    left = table.searchsorted(hashes, "left")
    hit = np.flatnonzero(left < len(table))
    hit = hit[table[left[hit]] == hashes[hit]]
    left = left[hit]
    lengths = table.searchsorted(hashes[hit], "right") - left
    return np.repeat(owners[hit], lengths), index[f"{label}_value"][_spread(left, lengths)]


def expand(index: Index, label: str, owners: NDArray[Any], rows: NDArray[Any]) -> Pairs:
    """Every member of each row, with the owner of the row."""
    ends = index[f"{label}_ends"]
    first = ends[rows]
    lengths = ends[rows + 1] - first
    return np.repeat(owners, lengths), index[label][_spread(first, lengths)]


def _spread(first: NDArray[Any], lengths: NDArray[Any]) -> NDArray[Any]:
    """The positions first, first + 1, ... of every row, one after another."""
    total = int(lengths.sum())
    before = np.cumsum(lengths) - lengths
    positions: NDArray[Any] = np.arange(total) + np.repeat(first - before, lengths)
    return positions


def _concatenated(pairs: Sequence[Pairs]) -> Pairs:
    return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])


def _unique(owners: NDArray[Any], members: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    if not len(owners):
        return owners.astype(np.int64), members.astype(np.int64)
    keys = np.unique((owners.astype(np.int64) << 32) | members.astype(np.int64))
    return keys >> 32, keys & 0xFFFFFFFF
