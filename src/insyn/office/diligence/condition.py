"""Conditions of rules: CEL, read by cel-python and run as Python where that means the same.

Always: cel-python decides what is CEL. The part of it that rules use (&&, ||, !, comparisons, in,
size(), exists(), all()) is turned into Python closures over plain fact values, a hundred times as
fast; any other expression is left to cel-python. Facts have one type each, so both give the same;
tests/office/diligence/test_condition.py compares them.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

Values = Mapping[str, object]
"""Names to plain values: text, whole number, truth value or list of texts."""
Condition = Callable[[Values], Any]
"""From the values of facts to what the condition gives; `Any`: the syntax tree has no types."""

_COMPARE: Mapping[str, Callable[[Any, Any], object]] = {
    "relation_eq": operator.eq,
    "relation_ne": operator.ne,
    "relation_lt": operator.lt,
    "relation_le": operator.le,
    "relation_gt": operator.gt,
    "relation_ge": operator.ge,
    "relation_in": lambda item, items: item in items,
}


class NotSimpleError(Exception):
    """The expression goes beyond what is turned into Python."""


def condition(text: str) -> Condition:
    """A condition, ready to run.

    Raises:
        Exception: the library's own, where the text is no CEL.
    """
    environment = _environment()
    tree = environment.compile(text)
    try:
        return _closure(tree)
    except NotSimpleError:
        return by_library(text)


def by_library(text: str) -> Condition:
    """The same, run by cel-python alone."""
    library, environment = _library(), _environment()
    program = environment.program(environment.compile(text))
    return lambda values: program.evaluate(library.json_to_cel(dict(values)))


@cache
def _library() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import celpy

    return celpy


@cache
def _environment() -> Any:
    return _library().Environment()


def _closure(tree: Any) -> Condition:
    kind, children = str(tree.data), tree.children
    if kind in ("conditionalor", "conditionaland") and len(children) == 2:
        one, two = _closure(children[0]), _closure(children[1])
        if kind == "conditionalor":
            return lambda values: bool(one(values)) or bool(two(values))
        return lambda values: bool(one(values)) and bool(two(values))
    if kind == "relation" and len(children) == 2:
        compare = _COMPARE.get(str(children[0].data))
        if compare is None:
            raise NotSimpleError(kind)
        left, right = _closure(children[0].children[0]), _closure(children[1])
        return lambda values: compare(left(values), right(values))
    if kind == "unary" and len(children) == 2 and children[0].data == "unary_not":
        inner = _closure(children[1])
        return lambda values: not inner(values)
    if kind == "member_dot_arg":
        return _macro(tree)
    if kind in ("literal", "ident", "ident_arg", "list_lit"):
        return _leaf(kind, children)
    if len(children) == 1 and hasattr(children[0], "data"):
        return _closure(children[0])
    raise NotSimpleError(kind)


def _leaf(kind: str, children: Any) -> Condition:
    if kind == "ident":
        name = str(children[0])
        return lambda values: values[name]
    if kind == "literal":
        value = _value(str(children[0]))
        return lambda values: value
    items = [
        _closure(item) for part in children if hasattr(part, "children") for item in part.children
    ]
    if kind == "list_lit":
        return lambda values: [item(values) for item in items]
    if str(children[0]) == "size" and len(items) == 1:
        sized = items[0]
        return lambda values: len(sized(values))
    raise NotSimpleError(kind)


def _macro(tree: Any) -> Condition:
    """`list.exists(c, condition)` and `list.all(c, condition)`."""
    over, name, arguments = tree.children
    if str(name) not in ("exists", "all") or len(arguments.children) != 2:
        raise NotSimpleError(str(name))
    items, inner = _closure(over), _closure(arguments.children[1])
    variable = next(iter(arguments.children[0].find_data("ident")), None)
    if variable is None:
        raise NotSimpleError(str(name))
    called, among = str(variable.children[0]), any if str(name) == "exists" else all
    return lambda values: among(inner({**values, called: item}) for item in items(values))


def _value(literal: str) -> object:
    if literal in ("true", "false"):
        return literal == "true"
    try:
        value: object = ast.literal_eval(literal)
    except (ValueError, SyntaxError) as error:
        raise NotSimpleError(literal) from error
    if not isinstance(value, str | int):
        raise NotSimpleError(literal)
    return value
