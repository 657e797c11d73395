"""The most that the comparison could give a pair, from the words that have met: pure arithmetic.

Always: no pair is given less than `names.compare` would score it, within `SLACK`, as long as every
meeting of words is known here (words run together and misspelt besides are not). It mirrors the
weighing there: what one side only has costs little, what both sides have left over costs much, and
a person's name needs weight that has met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insyn.office.names.compare import (
    CONTRADICTION_COST,
    EVIDENCE_OF_PART,
    EVIDENCE_OF_WHOLE,
    EVIDENCE_SLOPE,
    EXTRA_COST,
    EXTRA_LEFT,
    PART_OF_ONE_WORD,
)
from insyn.office.names.tokens import WEIGHTS, Name, Role

FLOOR = 0.66
"""Bound on the name score below which a listed name is not looked at."""

SLACK = 0.06
"""Room for what the weighing does with unequal weights on the two sides."""

MAX_TOKENS = 24
"""Words of a query's name that are looked up: those of a 63-bit mask and of any real name."""

FREE_ROLES = (Role.INITIAL, Role.NUMBER)
"""Words that the bound takes for met, whatever stands on the other side."""


@dataclass(frozen=True, slots=True)
class Side:
    """Weights of many names, one row or item a name.

    `weights` (names, tokens) float32, 0 for words that are free; the others (names,).
    """

    weights: NDArray[np.float32]
    initials: NDArray[np.float32]
    words: NDArray[np.int32]
    personal: NDArray[np.bool_]


def weigh_names(names: Sequence[Name]) -> Side:
    """What the words of analysed names weigh."""
    width = min(MAX_TOKENS, max(len(name.tokens) for name in names))
    weights = np.zeros((len(names), width), np.float32)
    initials = np.zeros(len(names), np.float32)
    for at, name in enumerate(names):
        for position, token in enumerate(name.tokens[:width]):
            if token.role not in FREE_ROLES:
                weights[at, position] = token.weight
            elif token.role is Role.INITIAL:
                initials[at] += 1
    return Side(
        weights,
        initials,
        np.array([len(name.tokens) for name in names], np.int32),
        np.array([name.personal for name in names], bool),
    )


@dataclass(frozen=True, slots=True)
class Met:
    """What has met in each of many pairs: one item a pair.

    `seen` holds bit p where word p of the query has met; the weights are the listed name's.
    """

    seen: NDArray[np.int64]
    listed: NDArray[Any]
    alike: NDArray[Any]
    """Weight that has met, and the same times its likeness."""


def best_scores(
    query: Side, queries: NDArray[Any], met: Met, total: NDArray[Any], listed: Side
) -> NDArray[Any]:
    """An upper bound on the name score of each pair.

    Args:
        query: all queries.
        queries: which of them each pair is about.
        met: what has met, by pair.
        total: weight of the listed name of each pair.
        listed: initials, words and personal of the listed name of each pair (no weights).
    """
    weights = query.weights[queries]
    bits = (met.seen[:, None] >> np.arange(weights.shape[1])) & 1
    query_met = (weights * bits).sum(axis=1)
    from_query = query.initials[queries]
    # An initial stands for one word of the other side, which then is not left over.
    left_query = np.maximum(0, weights.sum(axis=1) - query_met - listed.initials)
    left_listed = np.maximum(0, total - met.listed - from_query)
    initials = from_query + listed.initials
    # Both sides count the same meetings.
    matched = np.maximum((query_met + met.listed) / 2, 1e-6) + WEIGHTS[Role.INITIAL] * initials
    contradiction = np.minimum(left_query, left_listed)
    extra = np.abs(left_query - left_listed)
    quality = np.where(met.listed > 0, met.alike / np.maximum(met.listed, 1e-6), 1.0)
    score = (np.minimum(quality + SLACK, 1.0) * matched) / (
        matched + CONTRADICTION_COST * contradiction + EXTRA_COST * extra
    )
    is_part = extra > EXTRA_LEFT + SLACK
    lone = (query.words[queries] == 1) & (listed.words == 1)
    needed = np.where(lone, 0.0, np.where(is_part, EVIDENCE_OF_PART, EVIDENCE_OF_WHOLE))
    personal = query.personal[queries]
    score -= personal * EVIDENCE_SLOPE * np.maximum(0.0, needed - SLACK - matched)
    one_word = is_part & ((met.seen & (met.seen - 1)) == 0) & (initials == 0)
    bound: NDArray[Any] = np.where(personal & one_word, np.minimum(score, PART_OF_ONE_WORD), score)
    return bound
