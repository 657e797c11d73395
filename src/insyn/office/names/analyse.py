"""From a written name to weighed tokens; a name may have several readings.

Always: pure and deterministic; a name with letters has at least one reading with one token, so
that nothing written is ever incomparable.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache

from rapidfuzz.distance import OSA

from insyn.office.names import tables
from insyn.office.names.fold import ascii_form, fold
from insyn.office.names.romanise import Reading, readings
from insyn.office.names.stems import stem
from insyn.office.names.words import Word, script_of, split

MAX_READINGS = 6
"""Readings of one name that are compared; Han surnames have the most."""


class Role(StrEnum):
    """What a token does in a name; it decides what the token weighs."""

    PROPER = "proper"
    INITIAL = "initial"
    PARTICLE = "particle"
    NUMBER = "number"
    GENERIC = "generic"
    TRADE = "trade"
    BODY = "body"
    PLACE = "place"


WEIGHTS = {
    Role.PROPER: 1.0,
    Role.INITIAL: 0.35,
    Role.PARTICLE: 0.08,
    Role.NUMBER: 0.5,
    Role.GENERIC: 0.15,
    Role.TRADE: 0.45,
    Role.BODY: 0.4,
    Role.PLACE: 0.6,
}
"""What a token weighs, of 1 for a rare proper word. Own judgement, held by `evals/name_pairs`."""

BOUND_WEIGHT = 0.45
"""What abd, abu and din weigh: half a name, that says little without the other half."""

FILLER_WEIGHT = 0.03

LONG_FORM = 10
"""Letters from which a legal form is known even when it is misspelt."""

BAND_WEIGHTS = {1: 0.6, 2: 0.72, 3: 0.85}
"""What common person-name words weigh, by band of `common_tokens.tsv`."""


@dataclass(frozen=True, slots=True)
class Token:
    """One comparable word: as written, in ASCII, by sound; `concept` is its table meaning or "".

    Words that differ only in how they were written (`text`) are equal.
    """

    text: str = field(compare=False)
    form: str
    fold: str
    role: Role
    weight: float
    concept: str = ""
    unvocalised: bool = False
    native: str = ""
    """The word's own letters where it was not written in Latin ones."""

    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Every cache here hashes tokens, so it is done once; four fields tell them apart enough.
        object.__setattr__(self, "_hash", hash((self.form, self.role, self.concept, self.native)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Name:
    """One reading of a written name. `compact` is all forms run together."""

    text: str
    personal: bool
    tokens: tuple[Token, ...]
    legal: frozenset[str]
    compact: str
    syllabic: bool = False
    """A person's name written in Han or Hangul."""


@lru_cache(maxsize=1 << 16)
def analyse(text: str, *, personal: bool) -> tuple[Name, ...]:
    """The readings of a written name, likeliest first; empty only when it has no letter or digit.

    Args:
        text: as written, any script, at most a few hundred characters.
        personal: read it as a person's name; else as an organisation's, vessel's or aircraft's.
    """
    words = split(text)
    if not words:
        return ()
    found: dict[tuple[str, ...], Name] = {}
    for name in _person(text, words) if personal else _organisation(text, words):
        found.setdefault(tuple(token.form for token in name.tokens), name)
        if len(found) == MAX_READINGS:
            break
    return tuple(found.values())


@lru_cache(maxsize=1 << 14)
def is_organised(text: str) -> bool:
    """True where a name of unknown kind has a legal form or a word of organisations."""
    words = [word.key for word in split(text)]
    return any(span is not None for _, _, span in _spans(words, _organised_lookup()))


# Persons


def _person(text: str, words: list[Word]) -> Iterator[Name]:
    if all(word.key.isascii() for word in words):
        # Latin words read as themselves; that is nine names of ten.
        yield _name(text, True, _person_tokens([(w.text, w.key, False, "") for w in words]), ())
        return
    if len(words) > 1 and all(script_of(word.key) in ("Hani", "Hang") for word in words):
        options = [tuple(_together(word) for word in words), *_spaced_japanese(words)]
    else:
        options = list(
            itertools.islice(
                itertools.product(*(readings(word.key, personal=True) for word in words)),
                MAX_READINGS,
            )
        )
    for option in options:
        pairs = list(zip(words, option, strict=True))
        yield _name(text, True, _person_tokens(_without_titles(pairs)), ())


def _together(word: Word) -> Reading:
    """A Han or Hangul name with spaces has its cut made: each part is read whole."""
    if word.key in tables.han_surnames():
        return Reading((tables.han_surnames()[word.key][0],))
    if word.key in tables.native_words("hangul_surnames"):
        return Reading((tables.native_words("hangul_surnames")[word.key][0],))
    read = readings(word.key, personal=False)[0]
    # Spaces stand between the words of a foreign name, too: as heard (`names.heard`).
    return Reading(("".join(read.words),), script_of(word.key) == "Hang")


def _spaced_japanese(words: list[Word]) -> list[tuple[Reading, ...]]:
    """A Japanese surname and given name with a blank between, where the tables know both."""
    names = tables.kanji_names()
    if len(words) != 2 or not all(word.key in names for word in words):
        return []
    families, givens = names[words[0].key][0], names[words[1].key][1]
    return [
        (Reading((family,)), Reading((given,))) for family in families[:2] for given in givens[:2]
    ]


_Flat = tuple[str, str, bool, str]
"""A word of a person's name: as written, its form, whether unvocalised, its native letters."""


def _without_titles(pairs: Sequence[tuple[Word, Reading]]) -> list[_Flat]:
    """The Latin words of the readings; words that are titles in their own script are left out."""
    titles = tables.titles()
    flat = [
        (word.text, form, reading.unvocalised, _own_letters(word, reading, at))
        for word, reading in pairs
        for at, form in enumerate(reading.words)
        if word.key not in titles or titles[word.key]
    ]
    return flat or [(w.text, form, r.unvocalised, "") for w, r in pairs for form in r.words]


def _person_tokens(flat: list[_Flat]) -> list[Token]:
    titles = tables.titles()
    kept = [item for item in flat if titles.get(item[1]) is not False or _is_name(item, flat)]
    strong = [item for item in kept if item[1] not in titles or _is_name(item, flat)]
    if len(strong) < 2:
        strong = kept or flat
    tokens: list[Token] = []
    for at, (text, form, unvocalised, native) in enumerate(strong):
        tokens.extend(_person_words(text, form, unvocalised, native, at == 0))
    return tokens


def _is_name(item: _Flat, flat: list[_Flat]) -> bool:
    """A title's letters that are a name here: a syllable, or Tsai Ing-wen, who is no engineer."""
    if _is_syllabic(item[3]):
        return True
    if item[1] not in tables.leading_titles():
        return False
    before = itertools.takewhile(lambda other: other is not item, flat)
    return any(other[1] not in tables.titles() for other in before)


def _is_syllabic(native: str) -> bool:
    """Han or Hangul letters: their short readings only look like titles and particles."""
    return native != "" and script_of(native) in ("Hani", "Hang")


def _own_letters(word: Word, reading: Reading, at: int) -> str:
    """The native letters of the `at`-th Latin word of a reading, as far as they can be told."""
    if word.key.isascii() or script_of(word.key) == "Latn":
        return ""
    if reading.natives:
        return reading.natives[at]
    if len(reading.words) == 1:
        return word.key
    if reading.words[0] == "al":
        return "" if at == 0 else word.key.removeprefix("ال")
    return ""


@lru_cache(maxsize=1 << 17)
def _person_words(
    text: str, form: str, unvocalised: bool, native: str, leads: bool
) -> tuple[Token, ...]:
    """Tokens of one Latin word: abd- and -eddin are cut off, so that `abdulrahman` is two."""
    if _is_syllabic(native):
        return (_person_word(text, form, unvocalised, native),)
    kind = tables.particles().get(form)
    if kind is not None and not (leads and form == "ben"):
        role = Role.PARTICLE
        form = {"theophoric": "abd", "kunya": "abu"}.get(kind, form)
        weight = BOUND_WEIGHT if kind in ("theophoric", "kunya") else WEIGHTS[role]
        return (Token(text, form, fold(form), role, weight, kind),)
    if 4 <= len(form) <= 6 and any(OSA.distance(form, w, score_cutoff=1) < 2 for w in _MISSPELT):
        return (Token(text, "abd", "abd", Role.PARTICLE, BOUND_WEIGHT, "theophoric"),)
    if len(form) == 1 and form.isalpha():
        return (Token(text, form, form, Role.INITIAL, WEIGHTS[Role.INITIAL]),)
    parts = _cut_compound(form)
    if len(parts) > 1:
        native = ""
    return tuple(_person_word(text, part, unvocalised, native) for part in parts)


def _person_word(text: str, form: str, unvocalised: bool, native: str) -> Token:
    if form in ("abd", "din"):
        return Token(text, form, form, Role.PARTICLE, BOUND_WEIGHT, "theophoric")
    canonical = tables.variants().get(form, "")
    band = tables.common_bands().get(form) or tables.common_bands().get(canonical)
    weight = BAND_WEIGHTS[band] if band else 1.0
    if form.isdigit():
        return Token(text, form, form, Role.NUMBER, WEIGHTS[Role.NUMBER])
    return Token(text, form, fold(form), Role.PROPER, weight, canonical, unvocalised, native)


_MISSPELT = ("abdul", "abdel", "abdur")
_ABD = ("abdul", "abdel", "abdal", "abdol", "abdur", "abdus", "abdud", "abdun", "abduz", "abdush",
        "abder", "abdes", "abdou")  # fmt: skip
_DIN = ("uddin", "eddine", "eddin", "addin", "aldin", "oddin", "udin", "uddeen", "eldin", "edine")


def _cut_compound(form: str) -> tuple[str, ...]:
    if form.startswith("abd"):
        if form in ("abdullah", "abdallah", "abdulla", "abdalla", "abdellah", "abdoulaye"):
            return ("abdullah",)
        for prefix in _ABD:
            if form.startswith(prefix) and len(form) - len(prefix) >= 3:
                rest = form[len(prefix) :]
                # The article takes the sound of the next letter: abdurrahman, abdussalam.
                return ("abd", rest)
        return (form,)
    for suffix in _DIN:
        if form.endswith(suffix) and len(form) - len(suffix) >= 3:
            return (form[: -len(suffix)], "din")
    return (form,)


# Organisations, vessels, aircraft


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


def _organisation(text: str, words: list[Word]) -> Iterator[Name]:
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
    return _name(text, False, _numbered(tokens), legal)


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


def _name(text: str, personal: bool, tokens: list[Token], legal: Iterable[str]) -> Name:
    compact = "".join(
        token.form if personal or not token.concept else ascii_form(token.concept)
        for token in tokens
        if token.role is not Role.PARTICLE or token.weight >= BOUND_WEIGHT
    )
    if not compact:
        compact = "".join(token.form for token in tokens)
    syllabic = personal and any(_is_syllabic(token.native) for token in tokens)
    return Name(text, personal, tuple(tokens), frozenset(legal), compact, syllabic)
