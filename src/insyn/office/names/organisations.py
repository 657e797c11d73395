"""Names of organisations, vessels and aircraft read: legal forms, generic words, places, numbers.

Always: pure; words of the tables are tokens by their concept, all others are proper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from rapidfuzz.distance import OSA

from insyn.office.names import tables
from insyn.office.names.fold import ascii_form, fold
from insyn.office.names.romanise import readings
from insyn.office.names.stems import stem
from insyn.office.names.tokens import FILLER_WEIGHT, WEIGHTS, Name, Role, Token, name_of
from insyn.office.names.words import Word, script_of, split

LONG_FORM = 10
"""Letters from which a legal form is known even when it is misspelt."""


@lru_cache(maxsize=1 << 14)
def is_organised(text: str) -> bool:
    """True where a name of unknown kind has a legal form or a word of organisations."""
    words = [word.key for word in split(text)]
    return any(span is not None for _, _, span in _spans(words, _organised_lookup()))


Meaning = tuple[Role | None, str]
"""Role (None: a legal form, which only says what kind of company it is) and concept."""


@cache
def _lookup() -> dict[str, list[tuple[tuple[str, ...], Meaning]]]:
    """First word to the phrases of the tables that start with it, longest first."""
    phrases: dict[tuple[str, ...], Meaning] = {}
    for words, (place, _country, _kind) in tables.places().items():
        phrases[words] = (Role.PLACE, place)
    for words, (concept, role) in tables.org_words().items():
        phrases[words] = (_ORG_ROLES.get(role, Role.PLACE), concept)
    for words, form in tables.legal_forms().items():
        phrases[words] = (None, form)
    return _by_first(phrases)


_ORG_ROLES = {"generic": Role.GENERIC, "trade": Role.TRADE, "body": Role.BODY}


@cache
def _organised_lookup() -> dict[str, list[tuple[tuple[str, ...], Meaning]]]:
    phrases: dict[tuple[str, ...], Meaning] = {
        words: (Role.BODY, concept) for words, (concept, _role) in tables.org_words().items()
    }
    phrases.update({words: (None, form) for words, form in tables.legal_forms().items()})
    # Two letters or fewer are initials and syllables of people far more often than legal forms.
    return _by_first({w: m for w, m in phrases.items() if len("".join(w)) > 2})


def _by_first(
    phrases: dict[tuple[str, ...], Meaning],
) -> dict[str, list[tuple[tuple[str, ...], Meaning]]]:
    table: dict[str, list[tuple[tuple[str, ...], Meaning]]] = {}
    for words, meaning in phrases.items():
        table.setdefault(words[0], []).append((words, meaning))
    for options in table.values():
        options.sort(key=lambda option: -len(option[0]))
    return table


def _spans(
    keys: list[str], table: dict[str, list[tuple[tuple[str, ...], Meaning]]]
) -> Iterator[tuple[int, int, Meaning | None]]:
    """Cut the words into table phrases (start, end, meaning) and single words (meaning None)."""
    at = 0
    while at < len(keys):
        for words, meaning in table.get(keys[at], ()):
            if tuple(keys[at : at + len(words)]) == words:
                yield at, at + len(words), meaning
                at += len(words)
                break
        else:
            known = None if keys[at].isascii() else _stemmed().get(stem(keys[at]))
            yield at, at + 1, known
            at += 1


@cache
def _stemmed() -> dict[str, Meaning]:
    """Stem to meaning, of single words of inflected scripts; stems of two meanings are left out."""
    meanings: dict[str, set[Meaning]] = {}
    for options in _lookup().values():
        for words, meaning in options:
            if len(words) == 1 and not words[0].isascii():
                for form in {words[0], stem(words[0])}:
                    meanings.setdefault(form, set()).add(meaning)
    return {form: meaning for form, (meaning, *others) in meanings.items() if not others}


def organisation_readings(text: str, words: list[Word]) -> Iterator[Name]:
    """The readings of an organisation\'s, vessel\'s or aircraft\'s name, likeliest first."""
    yield _organisation_reading(text, [piece for word in words for piece in _pieces(word)])
    for listed in tables.listed_natives().get(tables.squeeze(text), ()):
        yield _organisation_reading(text, split(listed))


_GLUED_FORM = re.compile("([A-Z][a-z]{2,})([A-Z]{2,4})")


def _pieces(word: Word) -> list[Word]:
    """A run of Han, Kana, Hangul or Thai cut at words that the tables know; SiemensAG in two."""
    if glued := _GLUED_FORM.fullmatch(word.text):
        name, form = (text.lower() for text in glued.groups())
        if (form,) in tables.legal_forms():
            return [Word(glued[1], name), Word(glued[2], form)]
    if script_of(word.key) not in ("Hani", "Kana", "Hang", "Thai"):
        return [word]
    known = _native_pieces()
    pieces: list[Word] = []
    rest = at = 0
    while at < len(word.key):
        for size in range(min(12, len(word.key) - at), 0, -1):
            if word.key[at : at + size] in known and (size > 1 or at + size == len(word.key)):
                if rest < at:
                    pieces.append(Word(word.key[rest:at], word.key[rest:at]))
                pieces.append(Word(word.key[at : at + size], word.key[at : at + size]))
                at += size
                rest = at
                break
        else:
            at += 1
    if rest < len(word.key):
        pieces.append(Word(word.key[rest:], word.key[rest:]))
    return pieces


@cache
def _native_pieces() -> frozenset[str]:
    return frozenset(
        words[0]
        for table in (tables.org_words(), tables.places(), tables.legal_forms())
        for words in table
        if len(words) == 1 and not words[0].isascii()
    ) | frozenset(tables.group_names())


def _organisation_reading(text: str, words: list[Word]) -> Name:
    keys = [word.key for word in words]
    tokens: list[Token] = []
    legal: list[str] = []
    for start, end, meaning in _spans(keys, _lookup()):
        written = " ".join(word.text for word in words[start:end])
        form = "".join(ascii_form(key) for key in keys[start:end])
        if meaning is None and end == len(keys) and start > 0 and _is_misspelt_form(form):
            continue
        if meaning is None or not form:
            tokens.append(_organisation_word(written, "".join(keys[start:end])))
        elif meaning[0] is None:
            # Three letters are a legal form only where those stand: at either end of a name.
            if len(form) < 4 and start > 0 and end < len(keys) and not legal:
                tokens.append(_organisation_word(written, "".join(keys[start:end])))
            else:
                legal.append(meaning[1])
        else:
            role, concept = meaning[0], meaning[1]
            tokens.append(Token(written, form, fold(form), role, WEIGHTS[role], concept))
    if all(token.role is Role.PARTICLE for token in tokens):
        tokens = [_organisation_word(word.text, word.key) for word in words]
    return name_of(text, False, _numbered(tokens), legal)


@lru_cache(maxsize=1 << 14)
def _is_misspelt_form(form: str) -> bool:
    """A long legal form with a letter or two wrong: Aktiengeselschaft."""
    if len(form) < LONG_FORM - 1:
        return False
    allowed = 1 if len(form) < 14 else 2
    return any(
        OSA.distance(form, known, score_cutoff=allowed) <= allowed for known in _long_forms()
    )


@cache
def _long_forms() -> frozenset[str]:
    words = (form[0] for form in tables.legal_forms() if len(form) == 1)
    return frozenset(word for word in words if word.isascii() and len(word) >= LONG_FORM)


@lru_cache(maxsize=1 << 17)
def _organisation_word(text: str, key: str) -> Token:
    value = tables.numbers().get(key)
    if key.isdigit() or (value is not None and len(key) > 1):
        form = str(int(key)) if key.isdigit() and key.isascii() else str(value or key)
        return Token(text, form, form, Role.NUMBER, WEIGHTS[Role.NUMBER], form)
    if key in tables.fillers():
        return Token(text, key, key, Role.PARTICLE, FILLER_WEIGHT, key)
    if key in tables.group_names():
        form = tables.group_names()[key]
        return Token(text, form, fold(form), Role.PROPER, 1.0)
    reading = readings(key, personal=False)[0]
    form = "".join(reading.words)
    native = "" if key.isascii() or script_of(key) == "Latn" else key
    weight = 1.0 if len(form) > 1 else 0.5
    return Token(text, form, fold(form), Role.PROPER, weight, "", reading.unvocalised, native)


def _numbered(tokens: list[Token]) -> list[Token]:
    """Forty and four side by side are 44."""
    out: list[Token] = []
    for token in tokens:
        last = out[-1] if out else None
        if (
            last is not None
            and last.role is token.role is Role.NUMBER
            and last.form.endswith("0")
            and len(token.form) == 1
            and len(last.form) == 2
        ):
            form = last.form[0] + token.form
            out[-1] = Token(f"{last.text} {token.text}", form, form, Role.NUMBER, last.weight, form)
        else:
            out.append(token)
    return out
