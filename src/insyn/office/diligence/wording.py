"""Texts cut into clauses, and what negates a term in its clause.

Always: pure; a term that stands negated in its clause is not affirmed; where the negation can be
read two ways it is not believed. Clauses and sentences have a greatest length, so a text without
punctuation costs no more than any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from insyn.office.diligence.folding import fold, latinised
from insyn.office.diligence.terms import Hit, Terms

_SENTENCE = re.compile(r"(?<=[a-z\u00c0-\uffff\d)\"'»”’])[.](?=\s|$)|[!?;\n\r。！？；؛؟۔।॥။።፤៖།…]+")
_COMMA = re.compile("[,:：،，、၊፣()（）\u2013\u2014]+|\\s-\\s")
_ARABIC = re.compile("[\u0600-\u06ff]")
"""A script of many languages: the negation of one is a verb of another."""
_LONGEST_CLAUSE = 600
"""Letters of a clause; what is longer is cut at a space, for no one writes so."""
_MOST_CLAUSES = 40
_SHORT = 3
"""A Latin negation of so few letters is a word of many languages: it counts in its own only."""
_LIST_ITEM_WORDS = 5
_FAR = 10
"""Words between a negation and what it negates."""
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
_BEFORE = frozenset({"sem", "sin", "bez", "uten", "fara", "без"})
"""Short ones that deny the very next word in whatever language that is told: "sem biometria"."""
_WITHOUT = frozenset({"without", "sin", "sans", "sem", "ohne", "senza"})
_VERB_FINAL = frozenset({
    "hi", "ne", "mr", "bn", "pa", "ta", "te", "si", "tr", "az", "kk", "ky", "uz", "tk", "mn",
    "my", "ja", "ko", "am", "fa", "ur", "ps", "ka", "tg", "ti", "ug", "tt", "gu", "kn", "ml",
})  # fmt: skip
_NEVER = frozenset({"who"})
_REFUSING = frozenset({"confinement"})
_NOUNS = frozenset({"groups", "dissenters", "people"})
"""Concepts of people: a negation after them is of their verb, but for verb-final languages."""
_OFFERED = frozenset({"face", "categorisation", "identify", "mood"})
"""Concepts of what a solution may hold: struck from the offer, it does not hold it."""
_ACTS = frozenset({"linking", "watching", "know", "tracing", "identify"})
"""Concepts of acts: the verbs of some languages carry their negation within."""
_LEAVE = frozenset({"leave", "innocent"})
"""Concepts of what is asked before pictures leave; without it, they leave all the same."""
_BESIDE = 2
"""Words between "without" and what is done without."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a sentence between commas, folded; `text` as written."""

    text: str
    folded: str
    sentence: int


def cut(text: str) -> list[Clause]:
    """A text's clauses in order."""
    clauses: list[Clause] = []
    number = 0
    for sentence in _SENTENCE.split(latinised(text)):
        number += 1
        for at, piece in enumerate(_pieces(sentence or "")):
            number += at > 0 and at % _MOST_CLAUSES == 0
            if folded := fold(piece):
                clauses.append(Clause(text=piece.strip(), folded=folded, sentence=number))
    return clauses


def _pieces(sentence: str) -> Iterator[str]:
    for piece in _COMMA.split(sentence):
        while len(piece) > _LONGEST_CLAUSE:
            end = piece.rfind(" ", 1, _LONGEST_CLAUSE)
            end = end if end > 0 else _LONGEST_CLAUSE
            yield piece[:end]
            piece = piece[end:]
        yield piece


class Negation:
    """Says of a hit whether its clause negates it."""

    def __init__(self, terms: Terms) -> None:
        """Args: terms: holds the concepts `negation`, `struck`, `contrast` and `hiding`."""
        self._terms = terms

    def negated(self, clauses: list[Clause], at: int, hit: Hit) -> bool:
        """Whether the hit of clause `at` is negated there or, in a list, beside it."""
        clause = clauses[at]
        if hit.concept in _NEVER or self._holds_a_negation(clause.folded, hit):
            return False
        if self._in_clause(clause.folded, hit):
            return True
        if len(clause.folded.split()) > _LIST_ITEM_WORDS or _WILL.search(clause.folded):
            return False
        for step, verb_final in ((-1, False), (1, True)):
            for other in range(at + step, at + step * _FAR, step):
                if not 0 <= other < len(clauses) or clauses[other].sentence != clause.sentence:
                    break
                found = self._negators(clauses[other].folded, hit)
                if any(not verb_final or n.languages & _VERB_FINAL for n in found):
                    return not self._terms.find(clause.folded, ["contrast"])
                if len(clauses[other].folded.split()) > _LIST_ITEM_WORDS:
                    break
        return False

    def _negators(self, folded: str, hit: Hit) -> list[Hit]:
        hits = self._terms.find(folded)
        negations = [h for h in hits if h.concept == "negation"]
        if hit.concept in _OFFERED:
            negations += [h for h in hits if h.concept == "struck"]
        if hit.concept not in _LEAVE:
            negations = [n for n in negations if not _is_of_leave(folded, n, hits)]
        if not negations:
            return []
        hiding = [h for h in hits if h.concept == "hiding"]
        spoken = {
            language
            for h in hits
            if h.concept not in ("negation", "contrast") and len(h.term) > _SHORT
            for language in h.languages
        }
        return [
            n
            for n in negations
            if not any(h.start <= n.start < h.end for h in hiding)
            and not _is_everyday(n, hit, hits)
            and (
                not (n.term.isascii() or _ARABIC.match(n.term))
                or "en" in n.languages
                or n.languages & hit.languages
                or (n.end + 1 == hit.start and (n.letters > _SHORT or n.term in _BEFORE))
                or ((len(n.term) > _SHORT or not n.term.isascii()) and n.languages & spoken)
            )
        ]

    def _in_clause(self, folded: str, hit: Hit) -> bool:
        found = self._negators(folded, hit)
        if not found:
            return False
        walls = [
            (c.start, c.end)
            for c in self._terms.find(folded, ["contrast"])
            if len(c.term) > _SHORT or not c.term.isascii() or c.languages & hit.languages
        ]
        near = []
        for n in found:
            if hit.start <= n.start < hit.end:
                if (n.start, n.end) == (hit.start, hit.end) and self._denies_itself(n, hit):
                    return True
                continue
            low, high = min(n.end, hit.end), max(n.start, hit.start)
            between = folded[low:high]
            is_struck = n.concept == "struck" and " " in n.term  # "in the list but not ordered"
            walled = any(low <= start < high for start, _ in walls) and not is_struck
            if walled or len(between.split()) > _FAR:
                continue
            before = n.start < hit.start
            if not before and (n.term in _PREPOSED or self._is_after_noun(n, hit)):
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

    def _holds_a_negation(self, folded: str, hit: Hit) -> bool:
        """Whether the term is itself a refusal, as "must not leave": it is not negated again."""
        return hit.concept in _REFUSING and any(
            hit.start <= n.start < hit.end for n in self._terms.find(folded, ["negation"])
        )

    @staticmethod
    def _denies_itself(negator: Hit, hit: Hit) -> bool:
        """Whether the ending of the word denies it, as "ulanmaydi": "is not connected"."""
        return hit.concept in _ACTS and bool(negator.languages & hit.languages & _VERB_FINAL)

    @staticmethod
    def _is_after_noun(negator: Hit, hit: Hit) -> bool:
        """Whether it negates what the people do, not that they are there: "who do not pray"."""
        return hit.concept in _NOUNS and not negator.languages & _VERB_FINAL

    @staticmethod
    def _ends(negator: Hit, between: str) -> bool:
        """Whether a join ends what is refused: "refused masking and wants ..."."""
        words = between.split()
        joined = next((i for i, word in enumerate(words) if word in _JOINS), None)
        if joined is None:
            return False
        refusal = negator.term.startswith(_REFUSALS)
        return refusal or bool(_WILL.search(" ".join(words[joined:])))


def _is_everyday(negator: Hit, hit: Hit, hits: list[Hit]) -> bool:
    """Whether the language of the hit uses it for something else: Latvian "no" is "from"."""
    return not negator.languages & hit.languages and any(
        h.concept == "plain"
        and (h.start, h.end) == (negator.start, negator.end)
        and h.languages & hit.languages
        for h in hits
    )


def _is_of_leave(folded: str, negator: Hit, hits: list[Hit]) -> bool:
    """Whether it says that no leave is asked, as "without a request": the act is not denied.

    "Nobody looks without a request" denies it; there the two are one promise.
    """
    if any(h.concept == "nobody" for h in hits):
        return False
    leaves = [h for h in hits if h.concept in _LEAVE]
    return any(
        w.start < negator.end
        and negator.start < w.end
        and any(_is_beside(folded, w, o) for o in leaves)
        for w in hits
        if w.concept == "without"
    )


def _is_beside(folded: str, without: Hit, leave: Hit) -> bool:
    """Whether the word of leave comes soon after, or stands right before."""
    if leave.start >= without.end:
        return len(folded[without.end : leave.start].split()) <= _BESIDE
    return leave.end <= without.start <= leave.end + 1
