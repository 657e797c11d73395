"""Modules are read whole or refused; a seed alone decides the order of questions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.base.errors import UnreadableInput
from insyn.office.diligence.commitments.modules import (
    Module,
    modules,
    paper,
    read_module,
    score_percent,
)
from insyn.trust.people.duties import Role

WHOLE = """---
id: invented-module
version: "2.1"
title: An invented module
required_for: [analyst]
validity_months: 6
---
What somebody learns here.

## Which is right?

- [ ] The first.
- [x] The second.

## And here?

- [x] This.
- [ ] That.
- [ ] Neither.
"""


def test_a_module_is_read_as_written() -> None:
    module = read_module(WHOLE.encode())
    assert (module.id, module.version, module.edition) == ("invented-module", "2.1", "2")
    assert module.required_for == {Role.ANALYST}
    assert module.text == "What somebody learns here."
    assert [question.right for question in module.questions] == ["The second.", "This."]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("---\nid", "id", "no head"),
        ("validity_months: 6", "validity_months: 0", "validity_months"),
        ("validity_months: 6", "validity_months: true", "validity_months"),
        ("[analyst]", "[wizard]", "required_for"),
        ('"2.1"', "2.1", "version"),
        ("invented-module", "Invented Module", "its id"),
        ("title: An", "titel: An", "exactly"),
        ("- [x] The second.", "- [ ] The second.", "one of them"),
        ("- [ ] The first.", "- [x] The first.", "one of them"),
        ("- [ ] That.", "- [ ] This.", "different"),
        ("- [ ] That.", "That.", "no answer"),
        ("## And here?", "## Which is right?", "twice"),
        ("What somebody learns here.", "", "needs a text"),
        ("id: invented", "id: [invented", "no YAML"),
    ],
)
def test_what_cannot_be_asked_is_refused(old: str, new: str, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(UnreadableInput, match=said):
        read_module(WHOLE.replace(old, new, 1).encode())


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: f"---\n{t}\n---\n".encode()))
def test_anything_else_is_refused_and_nothing_breaks(content: bytes) -> None:
    with pytest.raises(UnreadableInput):
        read_module(content)


@pytest.mark.parametrize("module", modules().values(), ids=lambda module: module.id)
def test_ours_ask_five_questions_with_four_answers(module: Module) -> None:
    assert len(module.questions) == 5
    assert {len(question.answers) for question in module.questions} == {4}


def test_whoever_decides_learns_all_but_what_is_for_others() -> None:
    asked = {each.id for each in modules().values() if Role.APPROVER in each.required_for}
    assert asked == {
        "end-user-area-programme",
        "unknown-is-not-best",
        "names-across-scripts",
        "two-people-and-a-reason",
        "masking-and-releases",
    }


@given(st.integers(), st.integers())
def test_a_seed_alone_decides_the_order(one: int, two: int) -> None:
    module = modules()["unknown-is-not-best"]
    assert paper(module, seed=one) == paper(module, seed=one)
    questions = {question.text: set(question.answers) for question in paper(module, seed=two)}
    assert questions == {question.text: set(question.answers) for question in module.questions}


def test_orders_differ() -> None:
    module = modules()["unknown-is-not-best"]
    assert len({paper(module, seed=seed) for seed in range(20)}) > 10


@given(st.lists(st.booleans(), min_size=5, max_size=5))
def test_the_score_is_the_share_of_right_answers(right: list[bool]) -> None:
    asked = paper(modules()["two-people-and-a-reason"], seed=1)
    given = [q.right if is_right else "nonsense" for q, is_right in zip(asked, right, strict=True)]
    assert score_percent(asked, given) == 20 * sum(right)
    assert score_percent(asked, given[:0]) == 0
