"""YAML as rulebooks and lexicons write it: only true and false are truth values.

Always: the word no is a word, as in the country NO and in a lexicon of negations.
"""

from __future__ import annotations

import re

import yaml

_Safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C is ten times as fast; where PyYAML was built without it, the other does."""


class Loader(_Safe):  # type: ignore[misc, valid-type]  # one of two classes, known at run time
    """Safe YAML whose truth values are `true` and `false` alone, as in YAML 1.2."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])


def read_yaml(text: str) -> object:
    """What a YAML text holds.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(text, Loader)  # noqa: S506 - a subclass of the safe loader


def read_with_places(text: str) -> tuple[yaml.Node | None, object]:
    """The nodes of a YAML text, which know their lines, and what it holds; parsed once.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()
