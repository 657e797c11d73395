"""The terms of a name and the keys under which a term is found again.

Always: two tokens that `names.similarity` takes for alike share at least one key, so retrieval
loses nothing that the comparison would keep; `tests/office/screening/test_terms.py` holds it.
Keys are CRC-32 hashes; a collision costs time, never a wrong result, since every term that is
found is compared again.

Source of the deletion keys: W. Garbe, symmetric delete spelling correction (2012).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from zlib import crc32

from insyn.office.names import tables
from insyn.office.names.analyse import Name, Role, Token
from insyn.office.names.fold import coarse, skeleton

LONG_WORD = 7
"""Letters from which a word may have two of them wrong (`names.similarity`)."""

RUN_LENGTH = 3
"""Words that may stand run together in another writing of a name."""

ANCHOR_SHARE = 0.25
"""The heaviest tokens that together weigh more than this share of a name: in any pair over the
bar, one of them has met, on the side that is wholly met (`names.compare`, contradiction cost)."""


def runs(tokens: Sequence[Token]) -> Iterator[str]:
    """Two and three neighbouring words of a name as one, and the whole name."""
    for size in range(2, RUN_LENGTH + 1):
        for start in range(len(tokens) - size + 1):
            run = "".join(token.form for token in tokens[start : start + size])
            if 4 <= len(run) <= 24:
                yield run


def anchors(tokens: Sequence[Token]) -> list[int]:
    """Positions of the heaviest tokens, until they outweigh what may contradict."""
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


@lru_cache(maxsize=1 << 17)
def term_keys(token: Token) -> tuple[int, ...]:
    """Keys of a token: by letters, sound, meaning, short form and own script."""
    if token.role is Role.INITIAL:
        return (_key("i", token.form[:1]),)
    keys = set(letter_keys(token.form))
    keys.add(_key("f", token.fold))
    if token.concept:
        keys.add(_key("k", token.concept))
    if token.role in (Role.PROPER, Role.PARTICLE):
        keys.add(_key("c", coarse(token.form)))
        for other in tables.nicknames().get(token.form, ()):
            keys.add(_key("n", min(other, token.form) + max(other, token.form)))
        keys.update(_edits("F", token.fold, 1))
    if token.native:
        keys.update(_edits("o", token.native, 2 if len(token.native) >= LONG_WORD else 1))
    return tuple(keys)


@lru_cache(maxsize=1 << 17)
def vowelless_keys(token: Token) -> tuple[int, ...]:
    """Keys by consonants alone, for words that were written without vowels."""
    bones = skeleton(token.form)
    return tuple(_edits("s", bones, 1)) if len(bones) > 3 else (_key("s", bones),)


@lru_cache(maxsize=1 << 17)
def letter_keys(form: str) -> tuple[int, ...]:
    """Deletion keys: one letter, two in long words."""
    return tuple(_edits("d", form, 2 if LONG_WORD <= len(form) <= 12 else 1))


@lru_cache(maxsize=1 << 17)
def run_keys(run: str) -> tuple[int, ...]:
    """Keys of a query's word that a listed run may be: with a letter too many, and by sound."""
    return (*_edits("d", run, 1), _key("c", coarse(run)))


def exact_run_keys(run: str) -> tuple[int, ...]:
    """Keys of a run: the deletions of the single word on the other side meet them."""
    return (_key("d", run), _key("c", coarse(run)))


def bare(token: Token) -> Token:
    """The token without the text it was written as, so that equal words are one term."""
    return Token(
        "", token.form, token.fold, token.role, token.weight, token.concept, token.unvocalised,
        token.native,
    )  # fmt: skip


def identifier_hash(key: str) -> int:
    """Key of an identifier in its comparable form."""
    return _key("#", key)


def compact_keys(name: Name) -> tuple[int, ...]:
    """Keys of a whole name without its spaces."""
    if len(name.compact) < 9 or any(token.native for token in name.tokens):
        return ()
    return tuple(_edits("w", name.compact, 1))


def _edits(kind: str, word: str, depth: int) -> set[int]:
    words = {word}
    last = words
    for _ in range(depth if len(word) > 2 else 0):
        last = {w[:at] + w[at + 1 :] for w in last for at in range(len(w))}
        words |= last
    return {_key(kind, w) for w in words}


def _key(kind: str, word: str) -> int:
    return crc32(f"{kind}:{word}".encode())
