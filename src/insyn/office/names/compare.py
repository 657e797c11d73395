"""Two names, one score in [0, 1], and the words that met.

Always: symmetric but for which side is called first; pure; the same for a pair alone as inside a
screening. 0.7 asks for a human.

How: the best pairing of tokens, then words run together or split, then a weighing. Words that
met count by likeness and weight. Words left over on one side only are an abbreviation and cost
little; words left over on both sides contradict each other and cost much. Design:
docs/explanation/screening.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from insyn.office.names.analyse import analyse
from insyn.office.names.fold import coarse, fold
from insyn.office.names.organisations import is_organised
from insyn.office.names.similarity import token_similarity
from insyn.office.names.spellings import spellings, wade_giles_word
from insyn.office.names.tokens import Name, Role, Token
from insyn.office.names.words import script_of

CONTRADICTION_COST = 2.0
EXTRA_COST = 0.22
EXTRA_SYLLABLE_COST = 0.7
RUN_TOGETHER = 0.96
"""Own judgement, measured by `evals/name_pairs`: see docs/explanation/screening-quality.md.

A person written in Han or Hangul has all of the name there: one more syllable in the other name is
another given name, not a middle name left out.
"""

RUN_SLACK = 4
"""Letters by which words run together may be longer or shorter than the same words apart."""

LONE_WORD = 0.06
"""Taken off where the only word of an organisation or a vessel is not spelt alike."""

SHORT_WORD = 5
"""Letters up to which the only word of an organisation must be alike in its letters, too: as many
short words as fold to one sound are names of other companies (Keda is no Qaida)."""

EVIDENCE_OF_PART = 1.75
EVIDENCE_OF_WHOLE = 1.15
EVIDENCE_SLOPE = 0.5
"""Weight that must have met for a person when words are left over, or when none are, and what
each missing unit takes off. Two of the most common names (0.6 each) are no evidence of a part."""

EVIDENCE_OF_INITIAL = 1.1
"""The same where an initial stands for a word: A. Ahmed is anybody, A. Okonjo is not."""

EXTRA_LEFT = 0.3
PART_OF_ONE_WORD = 0.62
"""Weight left over from which a person's name is only a part of the other, and the most that a part
scores when a single word of it has met."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Which written words of one name met which of the other; one side may be empty."""

    first: str
    second: str
    score: float
    how: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Score in [0, 1] and the words that met. `literal`: the same words, forms and titles apart."""

    score: float
    meetings: tuple[Meeting, ...]
    literal: bool = False


NOTHING = Comparison(0.0, ())


def compare_texts(first: str, second: str, *, personal: bool | None = None) -> Comparison:
    """Compare two written names; `personal` None: persons unless a word of organisations stands."""
    if personal is None:
        personal = not (is_organised(first) or is_organised(second))
    return compare_readings(analyse(first, personal=personal), analyse(second, personal=personal))


def compare_readings(first: Sequence[Name], second: Sequence[Name]) -> Comparison:
    """The best comparison over the readings of two names."""
    best = NOTHING
    for one in first:
        for two in second:
            found = compare(one, two)
            if found.score > best.score or not best.meetings:
                best = found
            if best.score >= 1.0:
                return best
    return best


Pair = tuple[tuple[int, ...], tuple[int, ...], float, str]


def compare(one: Name, two: Name) -> Comparison:
    """Compare two readings."""
    if one.compact == two.compact and (len(one.tokens) == len(two.tokens) or len(one.compact) > 8):
        ordered = [t.form for t in one.tokens] == [t.form for t in two.tokens]
        return Comparison(
            1.0 if ordered else 0.99, (Meeting(one.text, two.text, 1.0, "equal"),), literal=True
        )
    pairs = _pair_tokens(one.tokens, two.tokens)
    pairs = _pair_runs(one, two, pairs)
    score = _weigh(one, two, pairs)
    whole = _whole_likeness(one, two)
    if whole > score:
        return Comparison(whole, (Meeting(one.text, two.text, whole, "run together"),))
    acronym = 0.0 if one.personal else max(_acronym(one, two), _acronym(two, one))
    if acronym > score:
        return Comparison(acronym, (Meeting(one.text, two.text, acronym, "acronym"),))
    return Comparison(score, _meetings(one, two, pairs), _is_literal(one, two, pairs))


def _pair_tokens(first: Sequence[Token], second: Sequence[Token]) -> list[Pair]:
    """Greedy on likeness, then weight, then nearness: names are short and rarely ambiguous."""
    options = []
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            score, how = token_similarity(a, b)
            if score > 0:
                options.append((-score, -min(a.weight, b.weight), abs(i - j), i, j, how))
    options.sort()
    left: set[int] = set()
    right: set[int] = set()
    pairs: list[Pair] = []
    for cost, _, _, i, j, how in options:
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            pairs.append(((i,), (j,), -cost, how))
    return pairs


def _pair_runs(one: Name, two: Name, pairs: list[Pair]) -> list[Pair]:
    """Words run together on one side and apart on the other: vanderbilt and van der bilt."""
    if all(pair[2] > 0.9 for pair in pairs) and len(pairs) >= max(len(one.tokens), len(two.tokens)):
        return pairs
    pairs = _join(one.tokens, two.tokens, pairs)
    flipped = [(j, i, score, how) for i, j, score, how in pairs]
    return [(i, j, score, how) for j, i, score, how in _join(two.tokens, one.tokens, flipped)]


def _join(split: Sequence[Token], whole: Sequence[Token], pairs: list[Pair]) -> list[Pair]:
    """Meet each weak or unmet word of `whole` by two or three neighbours of `split`."""
    held_fast = {i for p in pairs if p[2] > 0.91 for i in p[0] if split[i].weight > 0.3}
    if len(split) - len(held_fast) < 2:
        return pairs
    for j, target in enumerate(whole):
        held = next((pair for pair in pairs if j in pair[1]), None)
        if len(target.form) < 4 or (held and (held[2] > RUN_TOGETHER - 0.05 or len(held[1]) > 1)):
            continue
        for size in (2, 3):
            for start in range(len(split) - size + 1):
                letters = sum([len(token.form) for token in split[start : start + size]])
                if abs(letters - len(target.form)) > RUN_SLACK:
                    continue
                run = tuple(range(start, start + size))
                others = [p for p in pairs if p is not held and set(run) & set(p[0])]
                if any(split[i].weight > 0.3 for p in others for i in p[0]):
                    continue
                likeness = _run_likeness([split[i] for i in run], target)
                if likeness > (held[2] if held else 0.0):
                    dropped = {id(p) for p in others} | {id(held)}
                    pairs = [p for p in pairs if id(p) not in dropped]
                    held = (run, (j,), likeness, "run together")
                    pairs.append(held)
    return pairs


def _run_likeness(run: Sequence[Token], target: Token) -> float:
    letters = "".join(token.form for token in run)
    if letters == target.form:
        return RUN_TOGETHER
    if target.native or any(token.native for token in run):
        if letters in spellings(target.native):
            return RUN_TOGETHER - 0.01
        if script_of(target.native) == "Hang":
            return 0.0
        # Romanised by rule: not misspelt, but another system may write the same sounds.
        return RUN_TOGETHER - 0.06 if fold(letters) == fold(target.form) else 0.0
    allowed = 1 if len(target.form) < 10 else 2
    if len(target.form) >= 6 and OSA.distance(letters, target.form, score_cutoff=2) <= allowed:
        return RUN_TOGETHER - 0.12
    if min(len(letters), len(target.form)) >= 7 and coarse(letters) == coarse(target.form):
        return RUN_TOGETHER - 0.12
    if letters in wade_giles_word(target.form) or target.form in wade_giles_word(letters):
        return RUN_TOGETHER - 0.12
    return 0.0


def _weigh(one: Name, two: Name, pairs: list[Pair]) -> float:
    matched = likeness = evidence = 0.0
    met_one: set[int] = set()
    met_two: set[int] = set()
    strong = proper = 0
    for left, right, score, _how in pairs:
        weight = _pair_weight(one, two, left, right)
        matched += weight
        likeness += weight * score
        evidence += weight * _trust(score)
        met_one.update(left)
        met_two.update(right)
        if weight >= 0.5:
            strong += 1
            proper += any(one.tokens[i].role is Role.PROPER for i in left)
    if not matched:
        return 0.0
    left_one = sum(t.weight for i, t in enumerate(one.tokens) if i not in met_one)
    left_two = sum(t.weight for j, t in enumerate(two.tokens) if j not in met_two)
    contradiction = min(left_one, left_two)
    extra = max(left_one, left_two) - contradiction
    cost = EXTRA_SYLLABLE_COST if one.syllabic or two.syllabic else EXTRA_COST
    score = likeness / (matched + CONTRADICTION_COST * contradiction + cost * extra)
    if one.personal:
        if _is_reversed(one, two, pairs):
            score *= 0.65
        lone = len(one.tokens) == len(two.tokens) == 1
        needed = 0.0 if lone else EVIDENCE_OF_PART if extra > EXTRA_LEFT else EVIDENCE_OF_WHOLE
        score -= EVIDENCE_SLOPE * max(0.0, needed - evidence)
        if strong < 2 and evidence < EVIDENCE_OF_INITIAL and not lone and _has_initial(one, two):
            score = min(score, PART_OF_ONE_WORD)
        if strong < 2 and extra > EXTRA_LEFT:
            score = min(score, PART_OF_ONE_WORD)
    elif strong == 1 and len(pairs) == 1 and likeness < matched * 0.99:
        # One word, and that misspelt.
        score -= LONE_WORD
    if not one.personal and len(pairs) == 1 and _leaves_proper(one, two, met_one, met_two):
        # A name of one word and somebody who has that word among others.
        score = min(score, PART_OF_ONE_WORD)
    if not one.personal and _rests_on_sound(one, two, pairs):
        score = min(score, PART_OF_ONE_WORD)
    if not one.personal and proper == 0 and (extra + contradiction) > 0.3:
        # Only words that any company may use have met.
        score *= 0.85
    return max(score, 0.0)


def _leaves_proper(one: Name, two: Name, met_one: set[int], met_two: set[int]) -> bool:
    """Whether a proper word is left over on either side."""
    return any(
        token.role is Role.PROPER and at not in met and token.weight >= 1.0
        for name, met in ((one, met_one), (two, met_two))
        for at, token in enumerate(name.tokens)
    )


def _rests_on_sound(one: Name, two: Name, pairs: list[Pair]) -> bool:
    """Whether beside generic words only one short word has met, and that by its sound alone.

    An article that met, too, speaks for one name: El Kaide is Al-Qaida. Words of an alphabet other
    than ours have no Latin letters to hold against the other's; a Han word is read by one rule.
    """
    speaking = [p for p in pairs if any(one.tokens[i].role is not Role.GENERIC for i in p[0])]
    if len(speaking) != 1 or len(speaking[0][0]) != 1 or len(speaking[0][1]) != 1:
        return False
    left, right, _score, how = speaking[0]
    a, b = one.tokens[left[0]], two.tokens[right[0]]
    if how not in ("same sound", "like sound"):
        return False
    if any(word.native and script_of(word.native) != "Hani" for word in (a, b)):
        return False
    short = min(len(a.form), len(b.form)) <= SHORT_WORD
    return short and OSA.distance(a.form, b.form, score_cutoff=1) > 1


def _has_initial(one: Name, two: Name) -> bool:
    return any(token.role is Role.INITIAL for token in (*one.tokens, *two.tokens))


def _pair_weight(one: Name, two: Name, left: tuple[int, ...], right: tuple[int, ...]) -> float:
    """Mean of the two sides; an initial stands for a word but weighs as the initial it is."""
    first = sum(one.tokens[i].weight for i in left)
    second = sum(two.tokens[j].weight for j in right)
    tokens = [*(one.tokens[i] for i in left), *(two.tokens[j] for j in right)]
    if any(token.role is Role.INITIAL for token in tokens):
        return min(first, second)
    return (first + second) / 2


def _trust(score: float) -> float:
    """What a meeting of a likeness is worth as evidence: a misspelling is half a coincidence."""
    return 1.0 if score >= 0.9 else 0.7 if score >= 0.79 else 0.35


def _is_reversed(one: Name, two: Name, pairs: list[Pair]) -> bool:
    """Father and son changed places: "X bin Y" is not "Y bin X"."""
    first, second = _filiation(one), _filiation(two)
    if first is None or second is None:
        return False
    met = {(i, j) for left, right, _, _ in pairs for i in left for j in right}
    return (first[0], second[1]) in met and (first[1], second[0]) in met


def _filiation(name: Name) -> tuple[int, int] | None:
    """Positions of the words on both sides of the first bin or ibn."""
    for at, token in enumerate(name.tokens[1:-1], 1):
        if token.concept == "filiation":
            return at - 1, at + 1
    return None


def _whole_likeness(one: Name, two: Name) -> float:
    """Both names run together, for spaces that moved: "Lauren Tnkunda"."""
    shorter = min(len(one.compact), len(two.compact))
    allowed = 1 if shorter < 14 else 2
    if any(token.native for token in (*one.tokens, *two.tokens)) or _places(one) != _places(two):
        return 0.0
    if shorter < 9 or abs(len(one.compact) - len(two.compact)) > allowed:
        return 0.0
    wrong = OSA.distance(one.compact, two.compact, score_cutoff=allowed)
    if wrong > allowed:
        return 0.0
    return 0.95 - 0.06 * wrong if _moved(one, two) else 0.0


def _places(name: Name) -> set[str]:
    return {token.concept for token in name.tokens if token.role is Role.PLACE}


def _moved(one: Name, two: Name) -> bool:
    """Whether the words are cut differently: else the pairing has already judged the letters."""
    return [len(t.form) for t in one.tokens] != [len(t.form) for t in two.tokens]


def _acronym(short: Name, long: Name) -> float:
    """PLA for People's Liberation Army: a hint, never more."""
    words = [t for t in long.tokens if t.role is not Role.PARTICLE]
    if len(short.tokens) != 1 or len(words) < 3:
        return 0.0
    return 0.7 if short.compact == "".join(t.text[:1].lower() for t in words) else 0.0


def _is_literal(one: Name, two: Name, pairs: list[Pair]) -> bool:
    met = sum(len(p[0]) for p in pairs) == len(one.tokens)
    return (
        met
        and sum(len(p[1]) for p in pairs) == len(two.tokens)
        and all(p[2] >= 0.999 for p in pairs)
    )


def _meetings(one: Name, two: Name, pairs: list[Pair]) -> tuple[Meeting, ...]:
    found = [
        Meeting(
            " ".join(one.tokens[i].text for i in left),
            " ".join(two.tokens[j].text for j in right),
            score,
            how,
        )
        for left, right, score, how in sorted(pairs, key=lambda pair: pair[0])
    ]
    met_one = {i for pair in pairs for i in pair[0]}
    met_two = {j for pair in pairs for j in pair[1]}
    found += [
        Meeting(t.text, "", 0.0, "unmet") for i, t in enumerate(one.tokens) if i not in met_one
    ]
    found += [
        Meeting("", t.text, 0.0, "unmet") for j, t in enumerate(two.tokens) if j not in met_two
    ]
    return tuple(found)
