"""The rulebook: rules as data, their conditions in CEL over the facts of a deal.

Always: a rulebook that loads is whole: every rule has a condition that compiles, names only known
facts and words, gives yes or no, and does in its own cases what it says. The outcome of a deal is
the worst of the rules that fire. A company's rulebook beside ours can only add or raise.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cache
from importlib.resources import files

import yaml

from insyn.base.errors import Refusal, UnreadableInput
from insyn.office.diligence.checked import checked_names, compiled
from insyn.office.diligence.condition import Condition
from insyn.office.diligence.deal import (
    Deal,
    read_deal,
)
from insyn.office.diligence.derivation import derive
from insyn.office.diligence.entries import Source, read_source
from insyn.office.diligence.facts import FactValue
from insyn.office.diligence.lexicon import Lexicon, lexicon
from insyn.office.diligence.reading import read_with_places

CURRENT = "1.1.0"
"""The version of our rulebook that judges today; released ones are never edited."""


class Outcome(IntEnum):
    """What a deal comes to, from best to worst."""

    PASS = 0
    CONDITIONS = 1
    INVESTIGATE = 2
    PRESUMED_DECLINE = 3
    STOP = 4

    @property
    def asks_for_a_case(self) -> bool:
        """Whether the deal is held: worse than conditions."""
        return self > Outcome.CONDITIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; `fires` and `rests` are deals as differences from the rulebook's baseline."""

    id: str
    title: str
    condition: str
    outcome: Outcome
    because: str
    source: Source
    since: str
    fires: tuple[Mapping[str, object], ...]
    rests: tuple[Mapping[str, object], ...]
    line: int
    book: str
    looks_at: tuple[str, ...]
    """Names of the facts in the condition."""
    program: Condition = field(repr=False, compare=False)

    def applies(self, values: Mapping[str, FactValue]) -> bool:
        """Whether the condition holds over the facts of a deal."""
        return bool(self.program(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """Rules in the order of the file; `version` names ours, then those beside it.

    `base` is the release that it builds on.
    """

    name: str
    version: str
    baseline: Mapping[str, object]
    rules: tuple[Rule, ...]
    base: Rulebook | None = None

    def fired(self, values: Mapping[str, FactValue]) -> list[Rule]:
        """The rules whose condition holds, worst first, then in the order of the file."""
        return sorted((r for r in self.rules if r.applies(values)), key=lambda r: -r.outcome)


@cache
def rulebook(version: str = CURRENT) -> Rulebook:
    """A released rulebook of ours.

    Raises:
        Refusal: there is no such version.
    """
    return load(_content(version).decode("utf-8"), name=f"rulebook {version}", is_ours=True)


def _content(version: str) -> bytes:
    """The file of a released rulebook of ours, as it is.

    Raises:
        Refusal: there is no such version.
    """
    path = files("insyn.office.diligence").joinpath("data", f"rulebook-{version}.yaml")
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or not path.is_file():
        raise Refusal(f"there is no rulebook {version}; this release judges by {CURRENT}")
    return path.read_bytes()


def load(text: str, *, name: str, is_ours: bool = False) -> Rulebook:
    """Read and check a rulebook; `is_ours`: it may build on another one of ours.

    Raises:
        UnreadableInput: it is not YAML, or a rule is malformed; the message names line and rule.
    """
    try:
        node, found = read_with_places(text)
    except yaml.YAMLError as error:
        raise UnreadableInput(f"{name} is not YAML: {error}; correct it there") from error
    if not isinstance(found, dict) or not isinstance(found.get("rules"), list):
        raise UnreadableInput(f"{name} has no rules; see docs/reference/rulebook.md")
    lines = _lines(node)
    base = _base(found.get("builds_on"), name, is_ours=is_ours)
    sources = found.get("sources") or {}
    rules: list[Rule] = []
    for at, row in enumerate(found["rules"]):
        line = lines[at] if at < len(lines) else 0
        rule_id = str(row.get("id")) if isinstance(row, dict) else f"number {at + 1}"
        try:
            rules.append(_rule(row, sources, line, str(found.get("name") or name)))
            if rule_id in {rule.id for rule in rules[:-1]}:
                raise ValueError("its id stands twice")
        except ValueError as error:
            raise UnreadableInput(f"{name}, line {line}, rule {rule_id}: {error}") from error
    own = {rule.id: rule for rule in base.rules} if base else {}
    own.update({rule.id: rule for rule in rules})
    return Rulebook(
        name=str(found.get("name") or name),
        version=str(found.get("version") or "0"),
        baseline=found.get("baseline") or (base.baseline if base else {}),
        rules=tuple(own.values()),
        base=base,
    )


def _base(given: object, name: str, *, is_ours: bool) -> Rulebook | None:
    """The rulebook that this one builds on, which must be the very text it was written over.

    Raises:
        UnreadableInput: `builds_on` is malformed, in a company's rulebook, or the text differs.
    """
    if given is None:
        return None
    if not is_ours:
        raise UnreadableInput(f"{name}: only ours build on one another; give all rules, or none")
    told = given if isinstance(given, dict) else {}
    version, digest = told.get("version"), told.get("sha256")
    if hashlib.sha256(_content(str(version))).hexdigest() != digest:
        raise UnreadableInput(
            f"{name} builds on rulebook {version}, whose text is another than when it was written; "
            "restore it: a released rulebook is never edited"
        )
    return rulebook(str(version))


def check(book: Rulebook, words: Lexicon | None = None) -> list[str]:
    """What the cases in the rulebook show to be wrong: one line a case; empty where all hold."""
    words = words or lexicon()
    baseline = book.baseline or rulebook().baseline
    wrong = []
    for rule in book.rules:
        for expected, cases in ((True, rule.fires), (False, rule.rests)):
            for number, case in enumerate(cases, 1):
                deal = read_deal({"id": f"{rule.id}-{number}", **baseline, **case})
                facts = derive(deal, words)
                if rule.applies(facts.values) is not expected:
                    verb = "does not fire on" if expected else "fires on"
                    wrong.append(f"line {rule.line}, rule {rule.id} {verb} its case {number}")
    return wrong


def merge(ours: Rulebook, theirs: Rulebook) -> Rulebook:
    """Our rulebook and a company's beside it, which may add rules and raise outcomes only.

    A rule of ours that was raised before its condition changed keeps standing, beside the new one.

    Raises:
        Refusal: a rule of theirs has an id of ours and is not the same condition made stricter.
    """
    own = {rule.id: rule for rule in ours.rules}
    for rule in theirs.rules:
        known = own.get(rule.id)
        is_same = known is not None and rule.condition.split() == known.condition.split()
        if known and not is_same and _is_earlier(rule, ours.base):
            own[f"{rule.id}/{theirs.name}"] = replace(rule, id=f"{rule.id}/{theirs.name}")
            continue
        if known and not is_same:
            raise Refusal(
                f"{theirs.name}, line {rule.line}: {rule.id} is a rule of {ours.name} with another "
                "condition; give the rule an id of its own, it then counts beside ours"
            )
        if known and rule.outcome < known.outcome:
            raise Refusal(
                f"{theirs.name}, line {rule.line}: {rule.id} would be {rule.outcome.name}, laxer "
                f"than {known.outcome.name} in {ours.name}; a company's rulebook is never laxer"
            )
        own[rule.id] = rule
    return replace(
        ours, version=f"{ours.version}+{theirs.name}-{theirs.version}", rules=tuple(own.values())
    )


def _is_earlier(rule: Rule, book: Rulebook | None) -> bool:
    """Whether an earlier release of ours has this rule with this condition, no stricter."""
    while book is not None:
        for old in book.rules:
            if old.id == rule.id and old.condition.split() == rule.condition.split():
                return rule.outcome >= old.outcome
        book = book.base
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A rule that differs between two rulebooks; None: it is not there."""

    id: str
    before: Rule | None
    after: Rule | None

    def __str__(self) -> str:
        """One line: added, removed, or what changed."""
        if self.before is None or self.after is None:
            there = self.after or self.before
            assert there is not None
            verb = "added" if self.before is None else "removed"
            return f"{self.id} {verb}: {there.title} ({there.outcome.name})"
        parts = [
            f"{name} {_told(old)} -> {_told(new)}"
            for name in ("outcome", "condition", "because", "title", "source")
            if (old := getattr(self.before, name)) != (new := getattr(self.after, name))
        ]
        return f"{self.id} changed: " + "; ".join(parts)


def diff(before: Rulebook, after: Rulebook) -> list[Change]:
    """Rules added, removed or changed in what they judge or say, in order of id."""
    old = {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in after.rules}
    return [
        Change(id=key, before=old.get(key), after=new.get(key))
        for key in sorted(old.keys() | new.keys())
        if key not in old or key not in new or _judged(old[key]) != _judged(new[key])
    ]


def _judged(rule: Rule) -> tuple[object, ...]:
    return rule.outcome, rule.condition, rule.because, rule.title, rule.source


def _told(value: object) -> str:
    return value.name if isinstance(value, Outcome) else repr(str(value))


def _lines(node: yaml.Node | None) -> list[int]:
    """The line of each rule in the file."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "rules" and isinstance(value, yaml.SequenceNode):
                return [item.start_mark.line + 1 for item in value.value]
    return []


def _rule(row: object, sources: Mapping[str, object], line: int, book: str) -> Rule:
    if not isinstance(row, dict):
        raise ValueError("is no mapping of id, title, condition, outcome and so on")
    for key in ("id", "title", "condition", "because", "since"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise ValueError(f"has no {key}, or it is not text")
    if row.get("outcome") not in Outcome.__members__:
        raise ValueError(f"outcome is one of {', '.join(Outcome.__members__)}")
    given = row.get("source")
    if isinstance(given, str) and given not in sources:
        raise ValueError(f"source {given} is not among the sources of the file")
    cases = {key: _cases(row.get(key)) for key in ("fires", "rests")}
    if not cases["fires"] or not cases["rests"]:
        raise ValueError("needs a case it fires on (fires) and one where it rests (rests)")
    condition = row["condition"].strip()
    return Rule(
        id=row["id"],
        title=row["title"],
        condition=condition,
        outcome=Outcome[row["outcome"]],
        because=row["because"],
        source=read_source(sources[given] if isinstance(given, str) else given),
        since=row["since"],
        fires=cases["fires"],
        rests=cases["rests"],
        line=line,
        book=book,
        looks_at=checked_names(condition),
        program=compiled(condition),
    )


def _cases(value: object) -> tuple[Mapping[str, object], ...]:
    items = value if isinstance(value, list) else []
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("its cases are lists of deals, each a mapping of fields")
    return tuple(items)


def deal_of(book: Rulebook, case: Mapping[str, object]) -> Deal:
    """A case of a rulebook as a whole deal."""
    return read_deal({"id": "case", **(book.baseline or rulebook().baseline), **case})
