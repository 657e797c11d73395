"""From subjects to the few listed names worth comparing, many subjects at a time.

Always: no listed name is passed over that the comparison would score at `bound.FLOOR` or more (but
for words run together and misspelt besides).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insyn.office.names.compare import RUN_TOGETHER
from insyn.office.names.similarity import likeness
from insyn.office.names.tokens import Name, Role, Token
from insyn.office.screening import terms
from insyn.office.screening.bound import (
    FLOOR,
    FREE_ROLES,
    MAX_TOKENS,
    Met,
    Side,
    best_scores,
    weigh_names,
)
from insyn.office.screening.index import PARTS_OF_WEIGHT, ROLES, Index
from insyn.office.screening.ragged import (
    Owned,
    Pairs,
    distinct,
    expand,
    find,
    find_rows,
    joined,
    positions,
    spread,
)
from insyn.office.screening.sieve import sieve

MIN_RUN = 5
"""Letters of a word or run that may stand run together in the other writing."""

REMEMBERED = 1 << 17
"""Words whose terms are remembered: those of about a million customers."""

_NO_TERMS = (np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class Known:
    """What an index holds of one word: terms alike to it with their likeness, and listed names
    with a run of words that it may be, with the weight of the run.
    """

    terms: NDArray[np.int32]
    likeness: NDArray[np.float32]
    runs: NDArray[np.int32]
    run_weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Words:
    """Meetings of the queries' words, one an item: with terms (their likeness) or names (weight).

    `bits` has 1 << position of the query's word, or of several run together; `anchored` whether
    every listed name with the member is wanted, not only those that it weighs most in.
    """

    queries: NDArray[np.int64]
    bits: NDArray[np.int64]
    members: NDArray[np.int64]
    values: NDArray[np.float32]
    anchored: NDArray[np.bool_]


class _Met:
    """Collects meetings word by word."""

    def __init__(self) -> None:
        self._heads: list[tuple[int, int, int, bool]] = []
        self._members: list[NDArray[Any]] = [_NO_TERMS[0]]
        self._values: list[NDArray[Any]] = [_NO_TERMS[1]]

    def add(
        self, query: int, bits: int, members: NDArray[Any], values: NDArray[Any], anchored: bool
    ) -> None:
        self._heads.append((query, bits, len(members), anchored))
        self._members.append(members)
        self._values.append(values)

    def joined(self) -> _Words:
        heads = np.array(self._heads, np.int64).reshape(-1, 4)
        each = np.repeat(heads, heads[:, 2], axis=0)
        return _Words(
            each[:, 0],
            each[:, 1],
            np.concatenate(self._members).astype(np.int64),
            np.concatenate(self._values),
            each[:, 3].astype(bool),
        )


class Retrieval:
    """Finds candidates in one index; remembers what each word has met. One thread at a time."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[Token, Known] = {}
        role = index["term_role"]
        free = np.isin(role, [ROLES.index(r) for r in FREE_ROLES])
        self._weight = np.where(free, np.float32(0), index["term_weight"]).astype(np.float32)
        self._total = self._by_name(self._weight).astype(np.float32)
        self._initials = self._by_name(role == ROLES.index(Role.INITIAL)).astype(np.float32)
        self._personal = index["names"][:, 2].astype(bool)

    def _by_name(self, values: NDArray[Any]) -> NDArray[Any]:
        """The sum of a value of terms over the terms of each listed name."""
        sums = np.concatenate(([0], np.cumsum(values[self._index["name_terms"]], dtype=np.float64)))
        ends = self._index["name_terms_ends"]
        by_name: NDArray[Any] = sums[ends[1:]] - sums[ends[:-1]]
        return by_name

    def candidates(self, names: Sequence[Name]) -> Pairs:
        """For analysed names: (position in `names`, listed name number), to be compared."""
        self._meet(chain.from_iterable(name.tokens[:MAX_TOKENS] for name in names))
        index = self._index
        met, in_runs = _Met(), _Met()
        runs, wholes = Owned(), Owned()
        run_heads: list[tuple[int, int]] = []
        for at, name in enumerate(names):
            tokens = name.tokens[:MAX_TOKENS]
            anchored = terms.anchors(tokens)
            for position, token in enumerate(tokens):
                known = self._known[token]
                if len(known.terms):
                    met.add(at, 1 << position, known.terms, known.likeness, position in anchored)
                if len(known.runs):
                    in_runs.add(at, 1 << position, known.runs, known.run_weights, False)
            for run, bits in terms.runs(tokens):
                runs.add(len(run_heads), terms.exact_run_keys(run))
                run_heads.append((at, bits))
            wholes.add(at, terms.compact_keys(name))
        self._meet_in_runs(met, runs, run_heads)
        words = met.joined()
        wide = words.anchored
        narrow = ~wide
        pairs = distinct(
            joined(
                [
                    expand(index, "postings", words.queries[wide], words.members[wide]),
                    expand(index, "anchors", words.queries[narrow], words.members[narrow]),
                ]
            )
        )
        return distinct(
            joined(
                [
                    self._within_bound(names, words, pairs, in_runs.joined()),
                    find(index, "compacts", *wholes.pairs()),
                ]
            )
        )

    def _meet_in_runs(self, met: _Met, runs: Owned, heads: Sequence[tuple[int, int]]) -> None:
        """Add the terms that are two or three of a query's words run together."""
        owners, numbers = distinct(find(self._index, "keys", *runs.pairs()))
        for owner, number in zip(owners.tolist(), numbers.tolist(), strict=True):
            query, bits = heads[owner]
            likeness = np.array([RUN_TOGETHER], np.float32)
            met.add(query, bits, np.array([number], np.int32), likeness, anchored=True)

    # Words to terms

    def _meet(self, tokens: Iterable[Token]) -> None:
        """Look up the words that were not met before, all at once."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        fresh = [token for token in dict.fromkeys(tokens) if token not in self._known]
        if not fresh:
            return
        keys, bones, unvocalised, words = Owned(), Owned(), Owned(), Owned()
        for at, token in enumerate(fresh):
            if token.role is Role.INITIAL:
                continue
            keys.add(at, terms.term_keys(token))
            if token.role is Role.PROPER:
                (bones if token.unvocalised else unvocalised).add(at, terms.vowelless_keys(token))
                if len(token.form) >= MIN_RUN or token.native:
                    words.add(at, terms.run_keys(token.form, token.native))
        of_terms = self._alike(fresh, keys, bones, unvocalised)
        in_run, rows = find_rows(self._index, "runs", *words.pairs())
        runs = self._index["runs_value"][rows]
        run_weights = (self._index["runs_weight"][rows] / PARTS_OF_WEIGHT).astype(np.float32)
        ends = in_run.searchsorted(np.arange(len(fresh) + 1)).tolist()
        for at, token in enumerate(fresh):
            part = slice(ends[at], ends[at + 1])
            # Copies: a view would keep the whole batch in memory.
            self._known[token] = Known(
                *of_terms.get(at, _NO_TERMS), runs[part].copy(), run_weights[part].copy()
            )

    def _alike(
        self, fresh: Sequence[Token], keys: Owned, bones: Owned, unvocalised: Owned
    ) -> dict[int, tuple[NDArray[Any], NDArray[Any]]]:
        """Terms that `likeness` takes for alike to a token, and how alike, by its position."""
        index = self._index
        owners, numbers = distinct(
            joined(
                [
                    find(index, "keys", *keys.pairs()),
                    find(index, "bones", *bones.pairs()),
                    find(index, "unvocalised", *unvocalised.pairs()),
                ]
            )
        )
        kept = sieve(index, fresh, owners, numbers)
        owners, numbers = owners[kept], numbers[kept]
        scores = np.array(
            [
                likeness(fresh[owner], index.term(number))[0]
                for owner, number in zip(owners.tolist(), numbers.tolist(), strict=True)
            ],
            np.float32,
        )
        alike = np.flatnonzero(scores > 0)
        owners, numbers, scores = owners[alike], numbers[alike].astype(np.int32), scores[alike]
        starts = np.flatnonzero(np.concatenate((owners[:1] >= 0, owners[1:] != owners[:-1])))
        parts = pairwise([*starts.tolist(), len(owners)])
        return {int(owners[a]): (numbers[a:b].copy(), scores[a:b].copy()) for a, b in parts}

    # Words to names

    def _within_bound(
        self,
        names: Sequence[Name],
        met: _Words,
        pairs: Pairs,
        in_runs: _Words,
    ) -> Pairs:
        """The pairs that may reach `FLOOR`; `in_runs` are pairs that a run has brought."""
        plain = len(pairs[0])
        queries, listed = joined([pairs, (in_runs.queries, in_runs.members)])
        query = weigh_names(names)
        alike = self._personal[listed] == query.personal[queries]
        seen, name_met, likeness = self._met_weights(met, queries, listed)
        seen[plain:] |= in_runs.bits
        name_met[plain:] += in_runs.values
        likeness[plain:] += RUN_TOGETHER * in_runs.values
        ends = self._index["name_terms_ends"]
        bound = best_scores(
            query,
            queries,
            Met(seen, name_met, likeness),
            self._total[listed],
            Side(
                query.weights[:0],
                self._initials[listed],
                ends[listed + 1] - ends[listed],
                self._personal[listed],
            ),
        )
        kept = alike & (bound >= FLOOR)
        return queries[kept], listed[kept]

    def _met_weights(
        self, met: _Words, queries: NDArray[Any], listed: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """By pair: bits of the query's words that met, the name's weight that met, times how alike.

        A word of the listed name that several words of the query met counts once, at its best.
        """
        count = len(queries)
        if not len(met.queries) or not count:
            return np.zeros(count, np.int64), np.zeros(count), np.zeros(count)
        size = np.int64(len(self._weight))
        keys = met.members + met.queries * size
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        keys = keys[starts]
        bits = np.bitwise_or.reduceat(met.bits[order], starts)
        likeness = np.maximum.reduceat(met.values[order], starts)

        ends = self._index["name_terms_ends"]
        first = ends[listed].astype(np.int64)
        words = ends[listed + 1] - first
        owner = np.repeat(np.arange(count), words)
        term = self._index["name_terms"][spread(first, words)]
        hit, place = positions(keys, term + queries[owner] * size)
        owner = owner[hit]
        weight = self._weight[term[hit]]
        seen = np.zeros(count, np.int64)
        np.bitwise_or.at(seen, owner, bits[place])
        return (
            seen,
            # Of no meetings at all bincount makes integers.
            np.bincount(owner, weights=weight, minlength=count).astype(np.float64),
            np.bincount(owner, weights=weight * likeness[place], minlength=count).astype(
                np.float64
            ),
        )
