"""The name tables of the package, each read once when first needed.

Tables are tab-separated files in `data/`, written for Insyn; `docs/reference/name-tables.md` and
its neighbours say what each holds and where its facts come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from insyn.office.names.fold import ascii_form, plain_latin


def rows(name: str) -> Iterator[list[str]]:
    """The rows of a table below its header, without comment lines."""
    text = files("insyn.office.names").joinpath("data", f"{name}.tsv").read_text("utf-8")
    header_seen = False
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if not header_seen:
            header_seen = True
            continue
        yield line.split("\t")


@cache
def variants() -> Mapping[str, str]:
    """Spelling to the canonical spelling of the same given or family name."""
    table: dict[str, str] = {}
    for canonical, spellings in (row[:2] for row in rows("variants")):
        key = ascii_form(canonical)
        for spelling in (canonical, *spellings.split("|")):
            table.setdefault(ascii_form(spelling), key)
    return table


@cache
def nicknames() -> Mapping[str, frozenset[str]]:
    """Name to the names it is short for or a cousin of, both ways."""
    table: dict[str, set[str]] = {}
    for name, _kind, others in (row[:3] for row in rows("nicknames")):
        key = ascii_form(name)
        for other in others.split("|"):
            form = ascii_form(other)
            if form and form != key:
                table.setdefault(key, set()).add(form)
                table.setdefault(form, set()).add(key)
    return {name: frozenset(others) for name, others in table.items()}


@cache
def leading_titles() -> frozenset[str]:
    """Titles that are one only before a name: behind one they are a name (Sana Sheikh)."""
    return frozenset(_form(title) for title, language in (r[:2] for r in rows("titles"))
                     if language == "leading")  # fmt: skip


@cache
def titles() -> Mapping[str, bool]:
    """Title or honorific to whether it may be a name as well ("weak" in the table)."""
    return {_form(title): language == "weak" for title, language in (r[:2] for r in rows("titles"))}


@cache
def particles() -> Mapping[str, str]:
    """Particle to its kind: filiation, article, nobiliary, theophoric, kunya, suffix."""
    return {_form(word): kind for word, kind in (r[:2] for r in rows("particles"))}


@cache
def common_bands() -> Mapping[str, int]:
    """Common person-name words to 1 (extremely common) .. 3 (quite common)."""
    return {token: int(band) for token, band in (r[:2] for r in rows("common_tokens"))}


@cache
def native_words(table: str) -> Mapping[str, tuple[str, ...]]:
    """Native word to its usual Latin spellings, of a two-column table."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows(table):
        for native in row[0].split("/"):
            found.setdefault(native.strip(), tuple(w.strip() for w in row[1].split("|")))
    return found


@cache
def han_surnames() -> Mapping[str, tuple[str, ...]]:
    """Han surname to its readings, Pinyin first, then those of other Chinese languages."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows("han_surnames"):
        others = row[2].split("|") if len(row) > 2 and row[2] else []
        for native in row[0].split("/"):
            found[native.strip()] = (row[1], *others)
    return found


@cache
def han_spellings() -> Mapping[str, tuple[str, ...]]:
    """Han character to its spellings in names by systems other than Pinyin and Wade-Giles."""
    found: dict[str, list[str]] = {}
    for _system, latin, characters in (row[:3] for row in rows("han_spellings")):
        for character in characters:
            found.setdefault(character, []).extend(latin.split("|"))
    return {character: tuple(dict.fromkeys(latin)) for character, latin in found.items()}


@cache
def kanji_names() -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Kanji to its readings as a surname and as a given name."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for kanji, kind, readings in (row[:3] for row in rows("kanji_names")):
        pair = found.setdefault(kanji, [(), ()])
        pair[0 if kind == "surname" else 1] = tuple(readings.split("|"))
    return {kanji: (pair[0], pair[1]) for kanji, pair in found.items()}


@cache
def legal_forms() -> Mapping[tuple[str, ...], str]:
    """Legal form as its word forms to its canonical form; several words where it has several."""
    found: dict[tuple[str, ...], str] = {}
    for row in rows("legal_forms"):
        for spelling in (row[0], *row[3].split("|")):
            words = split_words(spelling)
            if words:
                found.setdefault(words, row[0])
    return found


@cache
def org_words() -> Mapping[tuple[str, ...], tuple[str, str]]:
    """Organisation word (as word forms) to its concept and role."""
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    for concept, role, spellings in (row[:3] for row in rows("org_words")):
        for spelling in (concept, *spellings.split("|")):
            words = split_words(spelling)
            if words:
                found.setdefault(words, (concept, role))
    return found


@cache
def group_names() -> Mapping[str, str]:
    """What a large group calls itself in Han, Kana or Hangul, to its name in Latin letters."""
    return {
        native: ascii_form(name)
        for name, natives in (row[:2] for row in rows("group_names"))
        for native in natives.split("|")
    }


@cache
def places() -> Mapping[tuple[str, ...], tuple[str, str, str]]:
    """Place (as word forms) to its canonical name, country and kind."""
    found: dict[tuple[str, ...], tuple[str, str, str]] = {}
    for place, country, kind, spellings in (row[:4] for row in rows("places")):
        for spelling in (place, *spellings.split("|")):
            words = split_words(spelling)
            if words:
                found.setdefault(words, (place, country, kind))
    return found


@cache
def numbers() -> Mapping[str, int]:
    """Number word or Roman numeral to its value."""
    found: dict[str, int] = {}
    for value, words in (row[:2] for row in rows("numbers")):
        if value.isdigit():
            for word in words.split("|"):
                found.setdefault(_form(word), int(value))
    return found


@cache
def fillers() -> frozenset[str]:
    """Articles, prepositions and conjunctions, which weigh nothing."""
    return frozenset(_form(row[0]) for row in rows("filler"))


@cache
def listed_natives() -> Mapping[str, tuple[str, ...]]:
    """An organisation's own name, without white space, to its names as the lists write them."""
    found: dict[str, list[str]] = {}
    for native, listed in (row[:2] for row in rows("listed_native")):
        for name in native.split("|"):
            names = found.setdefault(squeeze(name), [])
            if listed not in names:
                names.append(listed)
    return {native: tuple(names) for native, names in found.items()}


def squeeze(text: str) -> str:
    """Lower case without white space and punctuation, in its own script: a key for native names."""
    return "".join(ch for ch in plain_latin(text).lower() if ch.isalnum())


def _form(word: str) -> str:
    return plain_latin(word.strip()).lower().replace("'", "").replace("-", "")


def split_words(spelling: str) -> tuple[str, ...]:
    """A table's spelling as the word forms that analysis makes of a name."""
    from insyn.office.names.words import split

    return tuple(word.key for word in split(spelling))
