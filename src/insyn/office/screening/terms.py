"""The terms of a name and the keys under which a term is found again.

Always: two tokens that `names.similarity` takes for alike share at least one key, so retrieval
loses nothing that the comparison would keep; `tests/office/screening/test_terms.py` holds it.
Keys are CRC-32 hashes; a collision costs time, never a wrong result, since every term that is
found is compared again.

Source of the deletion keys: W. Garbe, symmetric delete spelling correction (2012).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import cache
from typing import AnyStr
from zlib import crc32

from insyn.office.names import tables
from insyn.office.names.fold import coarse, skeleton
from insyn.office.names.heard import heard_skeletons
from insyn.office.names.spellings import spellings
from insyn.office.names.tokens import Name, Role, Token
from insyn.office.names.words import script_of

LONG_WORD = 7
"""Letters from which a word may have two of them wrong (`names.similarity`)."""

LONGEST_WORD = 24
"""Letters up to which they are looked for: beyond, keys grow by the square, and words are none."""

RUN_LENGTH = 3
SHORTEST_RUN = 4
LONGEST_RUN = 24
"""Words that may stand run together in another writing of a name, and their letters together."""

ANCHOR_SHARE = 0.25
"""The heaviest tokens that together weigh more than this share of a name: in any pair over the
bar, one of them has met, on the side that is wholly met (`names.compare`, contradiction cost)."""


def runs(tokens: Sequence[Token]) -> Iterator[tuple[Sequence[Token], int]]:
    """Two and three neighbouring words of a name that may stand as one in another writing.

    With each the bits of its positions.
    """
    for size in range(2, RUN_LENGTH + 1):
        for start in range(len(tokens) - size + 1):
            run = tokens[start : start + size]
            if SHORTEST_RUN <= sum([len(token.form) for token in run]) <= LONGEST_RUN:
                yield run, ((1 << size) - 1) << start


def anchors(tokens: Sequence[Token]) -> list[int]:
    """Positions of the heaviest tokens, until they outweigh what may contradict.

    All of them beside an initial: that meets a word of the other name that no key leads to.
    """
    if any(token.role is Role.INITIAL for token in tokens):
        return list(range(len(tokens)))
    total = sum(token.weight for token in tokens)
    order = sorted(range(len(tokens)), key=lambda at: (-tokens[at].weight, -len(tokens[at].form)))
    chosen: list[int] = []
    held = 0.0
    for at in order:
        chosen.append(at)
        held += tokens[at].weight
        if held > ANCHOR_SHARE * total:
            break
    return chosen


def term_keys(token: Token) -> tuple[int, ...]:
    """Keys of a token: by letters, sound, meaning, short form and own script."""
    if token.role is Role.INITIAL:
        return (_key("i", token.form[:1]),)
    keys = set(letter_keys(token.form))
    keys.add(_key("f", token.fold))
    if token.concept:
        keys.add(_key("k", token.concept))
    if token.role is not Role.NUMBER:
        keys.add(_key("c", coarse(token.form)))
        for other in tables.nicknames().get(token.form, ()):
            keys.add(_key("n", min(other, token.form) + max(other, token.form)))
        keys.update(_edits("F", token.fold, 1))
    if token.native:
        keys.update(_edits("o", token.native, 2 if len(token.native) >= LONG_WORD else 1))
        keys.update(_spelling_keys(token.native))
    return tuple(keys)


def vowelless_keys(token: Token) -> tuple[int, ...]:
    """Keys by consonants alone, for words that were written without vowels."""
    if token.native and token.unvocalised:
        many = heard_skeletons(token.native)
        if many:
            return tuple({key for bones in many for key in _bone_keys(bones)})
    return _bone_keys(skeleton(token.form))


def _bone_keys(bones: str) -> tuple[int, ...]:
    return tuple(_edits("s", bones, 1)) if len(bones) > 3 else (_key("s", bones),)


def letter_keys(form: str) -> tuple[int, ...]:
    """Deletion keys: one letter, two in long words."""
    return tuple(_edits("d", form, 2 if LONG_WORD <= len(form) <= LONGEST_WORD else 1))


def run_keys(word: str, native: str = "") -> tuple[int, ...]:
    """Keys of a single word that a run on the other side may be: a letter too many, or by sound;
    of Han and Hangul letters also by each spelling.
    """
    keys = (*_edits("d", word, 1), _key("c", coarse(word)))
    return (*keys, *_spelling_keys(native)) if native else keys


def _spelling_keys(native: str) -> set[int]:
    # A single letter is an initial on the other side, and is found as one.
    return {_key("d" if len(word) > 1 else "i", word) for word in spellings(native)}


def exact_run_keys(run: Sequence[Token]) -> tuple[int, int]:
    """Keys of a run: the keys of the single word on the other side meet them."""
    # The sounds of the parts stand for the sound of the whole: only a seam can differ, and folding
    # every run of every name costs more than all else that is done with it.
    sound = before = ""
    for token in run:
        part = coarse(token.form)
        if before[-1:] == "g" and part[:1] == "h":
            part = part[1:]  # a fold takes gh for one sound: Teng-hui, Denghui
        sound += part[1:] if sound[-1:] == part[:1] else part
        before = token.form
    return _key("d", "".join([token.form for token in run])), _key("c", sound)


class Spelling(IntEnum):
    """How a word is spelt: in Latin letters (PLAIN), romanised letter by letter, written without
    vowels, in syllables (Han, Kana, Hangul), or not as a name's own word is (OTHER).

    The order matters to `sieve.py`.
    """

    OTHER = 0
    ROMANISED = 1
    PLAIN = 2
    VOWELLESS = 3
    SYLLABIC = 4


def spelling_of(token: Token) -> Spelling:
    """How `names.similarity` may compare a word."""
    if token.role in (Role.INITIAL, Role.NUMBER, Role.PARTICLE):
        return Spelling.OTHER
    if token.role is not Role.PROPER and token.native:
        return Spelling.OTHER
    if token.native and script_of(token.native) in ("Hani", "Hang", "Kana"):
        return Spelling.SYLLABIC
    if token.unvocalised:
        return Spelling.VOWELLESS
    return Spelling.ROMANISED if token.native else Spelling.PLAIN


def sounds(token: Token) -> tuple[int, int, int, int]:
    """Hashes of fold, coarse fold, concept (0: none) and consonants (0: fewer than two)."""
    concept = _key("k", token.concept) if token.concept else 0
    bones = skeleton(token.form)
    consonants = _key("s", bones) if len(bones) > 1 else 0
    return _key("f", token.fold), _key("c", coarse(token.form)), concept, consonants


def identifier_hash(key: str) -> int:
    """Key of an identifier in its comparable form."""
    return _key("#", key)


def compact_keys(name: Name) -> tuple[int, ...]:
    """Keys of a whole name without its spaces; with a letter wrong where it is long enough."""
    if len(name.compact) < 9 or any(token.native for token in name.tokens):
        return (_key("w", name.compact),)
    return tuple(_edits("w", name.compact, 1))


def _edits(kind: str, word: str, depth: int) -> set[int]:
    """Keys of the word and of what is left of it without up to `depth` of its letters."""
    start = _start(kind)
    if not word.isascii():
        return {crc32(left.encode(), start) for left in _shortened({word}, depth)}
    return {crc32(left, start) for left in _shortened({word.encode()}, depth)}


def _shortened(words: set[AnyStr], depth: int) -> set[AnyStr]:
    last = words
    for _ in range(depth if len(next(iter(words))) > 2 else 0):
        last = {word[:at] + word[at + 1 :] for word in last for at in range(len(word))}
        words = words | last
    return words


def _key(kind: str, word: str) -> int:
    return crc32(word.encode(), _start(kind))


@cache
def _start(kind: str) -> int:
    """The checksum so far, after the kind of key: kinds never meet."""
    return crc32(f"{kind}:".encode())
