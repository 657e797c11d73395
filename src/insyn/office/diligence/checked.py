"""Conditions of rules checked: known facts, words that a fact can have, an answer of yes or no.

Always: pure; what passes compiles and can be run over any deal's facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from insyn.office.diligence.condition import Condition, condition
from insyn.office.diligence.deal import (
    AREAS,
    END_USERS,
    EXPORT_CLASSES,
    LIST_STATES,
    SAFEGUARDS,
    USES,
)
from insyn.office.diligence.facts import FACTS, FactValue

_STRING = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_NAME = re.compile(r"(?<![\w.])[a-z_]\w*")
_CEL = frozenset({"size", "in", "true", "false", "c"})
"""What a condition may name besides facts; `c` is the variable of exists() and all()."""
_OWN_WORDS = re.compile(r"[a-z0-9_]+")


def checked_names(text: str) -> tuple[str, ...]:
    """The facts that a condition names.

    Raises:
        ValueError: it names what is no fact, or compares a fact with a word it never has.
    """
    bare = _STRING.sub("", text)
    names = list(dict.fromkeys(_NAME.findall(bare)))
    if unknown := [name for name in names if name not in FACTS and name not in _CEL]:
        raise ValueError(f"names no fact: {', '.join(unknown)}; `insyn rulebook show` lists facts")
    for fact, word in _compared(text):
        if fact in _WORDS and word not in _WORDS[fact]:
            raise ValueError(f"{fact} is never {word!r}; it is one of {', '.join(_WORDS[fact])}")
    return tuple(name for name in names if name in FACTS)


def _compared(condition: str) -> Iterable[tuple[str, str]]:
    """Facts and the words they are compared with."""
    for match in re.finditer(r"(\w+)\s*(?:==|!=)\s*\"([^\"]*)\"", condition):
        yield match.group(1), match.group(2)
    for match in re.finditer(r"(\w+)\s+in\s+\[([^\]]*)\]", condition):
        for word in _STRING.finditer(match.group(2)):
            yield match.group(1), word.group(1) or word.group(2)


_WORDS: Mapping[str, Sequence[str]] = {
    "end_user": END_USERS,
    "end_user_declared": END_USERS,
    "use": USES,
    "use_declared": USES,
    "use_stated": USES,
    "area": AREAS,
    "safeguards": (*SAFEGUARDS, "unknown"),
    "list_status": (*LIST_STATES, "unknown"),
    "export_class": (*EXPORT_CLASSES, "unknown"),
}


def compiled(text: str) -> Condition:
    """The condition, ready to run over fact values.

    Raises:
        ValueError: it is no CEL over the facts, or gives something else than true or false.
    """
    try:
        found = condition(text)
        answer = found(_empty())
    except Exception as error:  # the library raises its own tree and lark's; all mean the same
        raise ValueError(f"condition is not CEL over the facts: {str(error)[:200]}") from error
    if type(answer).__name__ not in ("BoolType", "bool"):
        raise ValueError("condition gives something else than true or false")
    return found


_EMPTIES: Mapping[str, FactValue] = {"string": "unknown", "int": 0, "bool": False, "list": []}


def _empty() -> Mapping[str, FactValue]:
    return {name: _EMPTIES[kind] for name, (kind, _) in FACTS.items()}
