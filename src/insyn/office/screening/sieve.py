"""Which pairs of words `names.similarity.likeness` must judge: a sieve before the slow part.

Always: no pair is sieved out that `likeness` would give more than nothing. Nine of ten pairs that
share a key are words three letters apart; arithmetic over the whole batch sees that a hundred times
faster than one call a pair, and makes no object for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from insyn.office.names import tables
from insyn.office.names.fold import skeleton
from insyn.office.names.heard import heard
from insyn.office.names.spellings import spellings
from insyn.office.names.tokens import Token
from insyn.office.screening import terms
from insyn.office.screening.index import Index
from insyn.office.screening.terms import LONG_WORD, Spelling

TWO_WRONG = LONG_WORD
"""Letters of the longer word from which the other may have two wrong, whatever the sound."""

LONG_BONES = 5
"""Consonants from which two words without vowels may differ in one."""


def sieve(
    index: Index, tokens: Sequence[Token], owners: NDArray[Any], numbers: NDArray[Any]
) -> NDArray[np.bool_]:
    """Which (token, term) pairs may be alike: bool, one a pair.

    Args:
        index: whose terms.
        tokens: the words of queries.
        owners: position in `tokens` of each pair's word.
        numbers: each pair's term.
    """
    if not len(owners):
        return np.empty(0, bool)
    spelt = np.array([terms.spelling_of(token) for token in tokens], np.uint8)[owners]
    other = index["term_spelling"][numbers]
    low, high = np.minimum(spelt, other), np.maximum(spelt, other)
    by_letters = (high == Spelling.PLAIN) & (low >= Spelling.ROMANISED)
    by_bones = (low == Spelling.PLAIN) & (high == Spelling.VOWELLESS)
    by_syllables = (low == Spelling.PLAIN) & (high == Spelling.SYLLABIC)

    sounds = np.array([terms.sounds(token) for token in tokens], np.uint32)[owners]
    same = sounds == index["term_sounds"][numbers]
    kept: NDArray[np.bool_] = ~(by_letters | by_bones | by_syllables)
    kept |= same[:, 0] | (by_letters & same[:, 1]) | (same[:, 2] & (sounds[:, 2] != 0))
    kept |= by_bones & same[:, 3] & (sounds[:, 3] != 0)

    pairs = _Pairs(index, tokens, owners, numbers)
    letters = np.flatnonzero(by_letters & ~kept)
    kept[letters] = pairs.letters_agree(letters)
    bones = np.flatnonzero(by_bones & ~kept)
    kept[bones] = pairs.bones_agree(bones)
    syllables = np.flatnonzero(by_syllables & ~kept)
    kept[syllables] = pairs.syllables_agree(syllables)
    return kept


class _Pairs:
    """The texts of pairs, by position."""

    def __init__(
        self, index: Index, tokens: Sequence[Token], owners: NDArray[Any], numbers: NDArray[Any]
    ) -> None:
        self._index = index
        self._tokens = tokens
        self._owners = owners
        self._numbers = numbers

    def _of(self, at: NDArray[Any]) -> tuple[list[Token], list[int]]:
        tokens = [self._tokens[owner] for owner in self._owners[at].tolist()]
        return tokens, self._numbers[at].tolist()

    def letters_agree(self, at: NDArray[Any]) -> NDArray[np.bool_]:
        """Letters at most two apart where that may count, or nicknames."""
        tokens, numbers = self._of(at)
        forms, folds = self._index.spellings
        wrong = cpdist(
            [token.form for token in tokens],
            [forms[number] for number in numbers],
            scorer=OSA.distance,
            score_cutoff=2,
        )
        agree: NDArray[np.bool_] = wrong <= 1
        for i in np.flatnonzero(wrong == 2).tolist():
            token, number = tokens[i], numbers[i]
            if max(len(token.form), len(forms[number])) >= TWO_WRONG:
                agree[i] = True
            elif min(len(token.fold), len(folds[number])) > 3:
                agree[i] = OSA.distance(token.fold, folds[number], score_cutoff=1) <= 1
        nicknames = tables.nicknames()
        for i, (token, number) in enumerate(zip(tokens, numbers, strict=True)):
            if token.form in nicknames and forms[number] in nicknames[token.form]:
                agree[i] = True
        return agree

    def bones_agree(self, at: NDArray[Any]) -> NDArray[np.bool_]:
        """Consonants one apart in words that have many; equal ones are known by their hash."""
        tokens, numbers = self._of(at)
        bones = [skeleton(token.form) for token in tokens]
        forms, _ = self._index.spellings
        others = [skeleton(forms[number]) for number in numbers]
        wrong = cpdist(bones, others, scorer=OSA.distance, score_cutoff=1)
        long = [min(len(a), len(b)) >= LONG_BONES for a, b in zip(bones, others, strict=True)]
        agree: NDArray[np.bool_] = (wrong <= 1) & np.array(long, bool)
        return agree

    def syllables_agree(self, at: NDArray[Any]) -> NDArray[np.bool_]:
        """The Latin word is a usual spelling of the Han, Kana or Hangul one, or what is heard."""
        tokens, numbers = self._of(at)
        forms, _ = self._index.spellings
        agree = np.empty(len(at), bool)
        for i, (token, number) in enumerate(zip(tokens, numbers, strict=True)):
            if token.native:
                native, form = token.native, forms[number]
            else:
                native, form = self._index.term(number).native, token.form
            agree[i] = form in spellings(native) or heard(native, form)
        return agree
