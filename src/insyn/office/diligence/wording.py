"""Text of any script made comparable, terms found in it, and what negates them.

Always: pure; a text and a term are folded by the same function, so what differs only in case,
accents, traditional characters, Arabic letter forms or apostrophes meets. A term that stands
negated in its clause is not affirmed; where the negation can be read two ways it is not believed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

_TRADITIONAL = str.maketrans(
    "網絡雲視頻監臉識別辨禦鐵國際雪亮工程維穩務學員職業技術訓練轉營區縣鄉聯動數據圖徑護衛邊疆語"
    "嚴擊專項鬥爭總體實時線縱橫維穩軌跡見證書記點關團覺報陽門對號運農開發應傳統會驗離庫單"
    "貼賬戶頻遞黨委義務協調節約護邊監獄戒毒",
    "网络云视频监脸识别辨御铁国际雪亮工程维稳务学员职业技术训练转营区县乡联动数据图径护卫边疆语"
    "严击专项斗争总体实时线纵横维稳轨迹见证书记点关团觉报阳门对号运农开发应传统会验离库单"
    "贴账户频递党委义务协调节约护边监狱戒毒",
)
"""Traditional to simplified, for the characters that our own terms use."""
_ARABIC = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ة": "ه", "ۀ": "ه",
     "ہ": "ه", "ھ": "ه", "ؤ": "و", "ئ": "ی", "ء": "", "ـ": "", "\u200c": " ", "\u200d": "",
     "ے": "ی"}
)  # fmt: skip
_LATIN = str.maketrans({"đ": "d", "ı": "i", "ø": "o", "æ": "ae", "ł": "l", "ß": "ss", "ə": "e",
                        "œ": "oe", "ð": "d", "þ": "th", "ŋ": "n", "ħ": "h"})  # fmt: skip
_APOSTROPHES = re.compile("['\u2019\u2018\u02bb\u02bc`\u00b4]")
_ELISION = re.compile(
    "\\b(l|d|j|n|s|m|t|c|qu|dell|all|nell|sull|dall|un)['\u2019](?=[aeiouhy\u00e0-\u00ff\u0153])"
)
"""French and Italian elisions are words of their own: d'alarme holds alarme."""
_GAP = re.compile(r"(?:[^\w\u0900-\u109f\u1780-\u17ff\u0e00-\u0eff\u1200-\u139f]|_)+")
_SENTENCE = re.compile(r"(?<=[a-z\u00c0-\uffff\d)])[.](?=\s|$)|[!?;:\n\r。！？；：؛؟۔।॥။።፤…]+")
_COMMA = re.compile("[,،，、၊፣()（）\u2013\u2014]+|\\s-\\s")
_SPACELESS = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)
_ARABIC_SCRIPT = re.compile("[\u0600-\u06ff]")
_HEBREW = re.compile("[\u0590-\u05ff]")
_SHORT = 3
"""A Latin negation of so few letters is a word of many languages: it counts in its own only."""
_LIST_ITEM_WORDS = 5
_REMEMBERED = 4096
"""Folded texts whose hits are kept."""
_PREPOSED = frozenset(
    {
        "no", "without", "none", "sin", "ningun", "ninguna", "sans", "aucun", "aucune", "sem",
        "nenhum", "nenhuma", "ohne", "kein", "keine", "keinen", "keiner", "keinerlei", "senza",
        "nessun", "nessuna", "bez", "без", "utan", "ingen", "inget", "inga", "uden", "uten",
        "zonder", "geen", "tanpa", "bila", "walang", "بدون", "دون", "بلا", "غیر", "ללא", "בלי",
        "χωρις", "khong", "无", "没有", "未", "不含", "不", "hakuna", "fara",
    }
)  # fmt: skip
"""Negations, folded, that negate only what comes after them."""
_WITHOUT = frozenset({"without", "sin", "sans", "sem", "ohne", "senza"})
_VERB_FINAL = frozenset({
    "hi", "ne", "mr", "bn", "pa", "ta", "te", "si", "tr", "az", "kk", "ky", "uz", "tk", "mn",
    "my", "ja", "ko", "am", "fa", "ur", "ps", "ka", "tg",
})  # fmt: skip
_SUFFIXING = frozenset(
    {
        "tr", "az", "kk", "ky", "uz", "tk", "mn", "fi", "et", "hu", "ka", "hy", "bn", "ta", "te",
        "si", "ne", "mr", "am", "so", "ru", "uk", "eu",
    }
)  # fmt: skip
"""Languages that hang endings on every noun: their terms of four letters take any ending."""
_REFUSALS = ("refus", "declin", "reject", "rechaz", "recus", "abgelehnt", "отказ", "reddet")
_JOINS = frozenset({
    "and", "und", "et", "y", "e", "и", "ve", "dan", "na", "va", "ja", "och", "og", "i", "sowie",
    "plus", "wa", "و",
})  # fmt: skip
_WILL = re.compile(
    r"\b(?:want|wants|wanted|require|requires|need|needs|insist|insists|demand|demands|will|with|"
    r"shall|use|uses|add|adds|install|quiere|exige|veut|exigent|demande|requer|quer|треб\w*|хот\w*|"
    r"ist[ie]\w*|wants|mit|avec|con|com|har|ska|met|receive|receives|get|gets|has|have)\b"
)


@lru_cache(maxsize=1 << 14)
def fold(text: str) -> str:
    """Comparable text: folded letters, words one space apart, nothing else."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _APOSTROPHES.sub("", _ELISION.sub(r"\1 ", text)).translate(_TRADITIONAL)
    parts = unicodedata.normalize("NFD", text)
    kept = "".join(ch for ch in parts if not _is_accent(ch)).translate(_LATIN).translate(_ARABIC)
    return _GAP.sub(" ", unicodedata.normalize("NFC", kept)).strip()


def _is_accent(ch: str) -> bool:
    """Marks of Latin, Greek, Cyrillic, Arabic and Hebrew; vowel signs of other scripts stay."""
    code = ord(ch)
    return (
        0x300 <= code <= 0x36F or 0x64B <= code <= 0x65F or code == 0x670 or 0x591 <= code <= 0x5C7
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A term found in a folded text, from `start` to `end`; `languages` that hold the term."""

    concept: str
    term: str
    start: int
    end: int
    languages: frozenset[str]


class Terms:
    """Many terms of many concepts, found in one pass a script."""

    def __init__(self, table: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        """Args: table: concept to language to terms."""
        owners: dict[str, dict[str, set[str]]] = {}
        for concept, by_language in table.items():
            for language, terms in by_language.items():
                for written in map(_endings if language in _SUFFIXING else str, terms):
                    for spelled in _spellings(written):
                        owners.setdefault(spelled, {}).setdefault(concept, set()).add(language)
        self._starting: dict[str, list[_Term]] = {}
        self._anywhere: list[_Term] = []
        for spelled in sorted(owners, key=len, reverse=True):
            term = _Term(
                pattern=re.compile(spelled),
                script=_script_of(spelled),
                owners={c: frozenset(ls) for c, ls in owners[spelled].items()},
            )
            start = _start_of(spelled)
            group = self._starting.setdefault(start, []) if start else self._anywhere
            group.append(term)
        self._found: dict[str, tuple[Hit, ...]] = {}

    def find(self, folded: str, concepts: Iterable[str] | None = None) -> list[Hit]:
        """All hits in a folded text in order of place; within a concept they do not overlap."""
        if folded not in self._found:
            if len(self._found) > _REMEMBERED:
                self._found.clear()
            self._found[folded] = tuple(self._search(folded))
        wanted = None if concepts is None else set(concepts)
        return [hit for hit in self._found[folded] if wanted is None or hit.concept in wanted]

    def _search(self, folded: str) -> Iterator[Hit]:
        matches = [*self._at_starts(folded), *self._at_any_place(folded)]
        matches.sort(key=lambda found: (found[0].start(), -found[0].end()))
        ends: dict[str, int] = {}
        for match, term in matches:
            for concept, languages in term.owners.items():
                if match.start() >= ends.get(concept, 0):
                    ends[concept] = match.end()
                    yield Hit(
                        concept=concept,
                        term=match.group(),
                        start=match.start(),
                        end=match.end(),
                        languages=languages,
                    )

    def _at_starts(self, folded: str) -> Iterator[tuple[re.Match[str], _Term]]:
        """Terms that begin with known letters: looked up by their first two."""
        for place in range(len(folded)):
            if place and folded[place - 1] != " " and not _SPACELESS.match(folded[place]):
                continue
            for term in self._starting.get(folded[place : place + 2], ()):
                if match := term.pattern.match(folded, place):
                    yield match, term

    def _at_any_place(self, folded: str) -> Iterator[tuple[re.Match[str], _Term]]:
        """Terms that particles or a prefix may precede, and terms of a single letter."""
        scripts = {_script(ch) for ch in set(folded)}
        for term in self._anywhere:
            if term.script in scripts:
                for match in term.pattern.finditer(folded):
                    yield match, term


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    pattern: re.Pattern[str]
    script: str
    owners: Mapping[str, frozenset[str]]
    """Concept to the languages that hold the term."""


def _start_of(pattern: str) -> str:
    """The two letters every match of a pattern begins with, or nothing."""
    bare = pattern.removeprefix(r"(?<!\w)")
    plain = re.match(r"\w{2}", bare)
    return plain.group() if plain and bare[2:3] != "?" else ""


def _script_of(pattern: str) -> str:
    """The script of the letters a pattern asks for; the escapes of the pattern are none."""
    letters = re.sub(r"\\.|[?*:!<>=\[\](){}|^0-9, ]", "", pattern)
    return next((_script(ch) for ch in letters if not ch.isascii()), "LATIN")


@lru_cache(maxsize=1 << 12)
def _script(ch: str) -> str:
    return "LATIN" if ch.isascii() else unicodedata.name(ch, "OTHER").split()[0]


def _endings(term: str) -> str:
    """The term with any ending, where its language hangs endings on every noun."""
    return term if len(term) < _SHORT + 2 or term.endswith("*") else f"{term}*"


def _spellings(term: str) -> list[str]:
    """The patterns a written term is found by; Cyrillic and Greek ones in Latin letters too."""
    made = [_pattern(term)]
    if re.search("[\u0370-\u052f]", term) and len(term) >= 8:
        made.append(_pattern(" ".join(anyascii(word) for word in term.split())))
    return made


def _pattern(term: str) -> str:
    words = []
    for word in term.split():
        core = re.escape(fold(word.strip("*"))).replace("\\ ", " ")
        head = r"\w*" if word.startswith("*") else ""
        tail = r"\w*" if word.endswith("*") else ""
        words.append(head + core + tail)
    body = " ".join(words)
    if _SPACELESS.search(term):
        return " ?".join(words)
    if _ARABIC_SCRIPT.search(term):
        return rf"\b[وف]?(?:[بلک]?ال|لل|[بلک])?{body}" + ("" if term.endswith("*") else r"\b")
    if _HEBREW.search(term):
        return rf"\b[והבלמכש]{{0,3}}{body}\b"
    return rf"(?<!\w){body}(?!\w)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a sentence between commas, folded; `text` as written."""

    text: str
    folded: str
    sentence: int
    part: int
    """Counts up within a sentence at every contrast ("but"), so a negation ends there."""


def cut(text: str) -> list[Clause]:
    """A text's clauses in order."""
    clauses: list[Clause] = []
    for number, sentence in enumerate(_SENTENCE.split(text)):
        for piece in _COMMA.split(sentence or ""):
            folded = fold(piece)
            if folded:
                clauses.append(Clause(text=piece.strip(), folded=folded, sentence=number, part=0))
    return clauses


class Negation:
    """Says of a hit whether its clause negates it."""

    def __init__(self, terms: Terms) -> None:
        """Args: terms: holds the concepts `negation`, `contrast` and `hiding`."""
        self._terms = terms

    def negated(self, clauses: list[Clause], at: int, hit: Hit) -> bool:
        """Whether the hit of clause `at` is negated there or, in a list, beside it."""
        clause = clauses[at]
        if self._in_clause(clause.folded, hit):
            return True
        if len(clause.folded.split()) > _LIST_ITEM_WORDS or _WILL.search(clause.folded):
            return False
        for step, verb_final in ((-1, False), (1, True)):
            other = at + step
            while 0 <= other < len(clauses) and clauses[other].sentence == clause.sentence:
                found = self._negators(clauses[other].folded, hit)
                if any(not verb_final or n.languages & _VERB_FINAL for n in found):
                    return not self._terms.find(clause.folded, ["contrast"])
                if len(clauses[other].folded.split()) > _LIST_ITEM_WORDS:
                    break
                other += step
        return False

    def _negators(self, folded: str, hit: Hit) -> list[Hit]:
        hits = self._terms.find(folded)
        hiding = [h for h in hits if h.concept == "hiding"]
        spoken = {
            language
            for h in hits
            if h.concept not in ("negation", "contrast") and len(h.term) > _SHORT
            for language in h.languages
        }
        return [
            n
            for n in hits
            if n.concept == "negation"
            and not any(h.start <= n.start < h.end for h in hiding)
            and (
                not n.term.isascii()
                or "en" in n.languages
                or n.languages & hit.languages
                or (len(n.term) > _SHORT and n.languages & spoken)
            )
        ]

    def _in_clause(self, folded: str, hit: Hit) -> bool:
        walls = [
            (c.start, c.end)
            for c in self._terms.find(folded, ["contrast"])
            if len(c.term) > _SHORT or not c.term.isascii() or c.languages & hit.languages
        ]
        near = []
        for n in self._negators(folded, hit):
            if hit.start <= n.start < hit.end:
                continue
            low, high = min(n.end, hit.end), max(n.start, hit.start)
            between = folded[low:high]
            if any(low <= start < high for start, _ in walls) or len(between.split()) > 10:
                continue
            before = n.start < hit.start
            if not before and n.term in _PREPOSED:
                continue
            if before and self._ends(n, between):
                continue
            near.append(n)
        if not near:
            return False
        first = min(near, key=lambda n: n.start)
        if not any(n.term in _WITHOUT for n in near):
            return True
        # "will not sign without ..." asks for it: two negations, the first of the verb.
        refused = [h for h in self._terms.find(folded, ["hiding"]) if h.start < first.start]
        return first.term in _WITHOUT and not refused

    @staticmethod
    def _ends(negator: Hit, between: str) -> bool:
        """Whether a join ends what is refused: "refused masking and wants ..."."""
        words = between.split()
        joined = next((i for i, word in enumerate(words) if word in _JOINS), None)
        if joined is None:
            return False
        refusal = negator.term.startswith(_REFUSALS)
        return refusal or bool(_WILL.search(" ".join(words[joined:])))
