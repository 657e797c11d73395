"""Training modules: a short text and questions, in Markdown, ours and the company's own. Pure.

Always: a module that cannot be asked (no right answer, a question twice, no text) is refused when
it is read, and not when somebody takes it.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from insyn.base.canonical import Json
from insyn.base.errors import UnreadableInput
from insyn.trust.people.duties import Role

PASS_PERCENT = 80
"""Right answers, of a hundred, from which a module is passed."""
LONGEST_BYTES = 200_000
MOST_MONTHS = 60

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}")
_HEAD = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_FIELDS = {"id", "version", "title", "required_for", "validity_months"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and its answers, of which one is right."""

    text: str
    answers: tuple[str, ...]
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What somebody learns, who must, and for how long it counts.

    A new `version` with another number before the dot asks everybody to learn it again.
    """

    id: str
    version: str
    title: str
    required_for: frozenset[Role]
    validity_months: int
    text: str
    questions: tuple[Question, ...]
    digest: str

    @property
    def edition(self) -> str:
        """The number before the dot: records of another edition do not count."""
        return self.version.split(".")[0]

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it; the right answers are not told."""
        return {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "required_for": sorted(self.required_for),
            "validity_months": self.validity_months,
            "questions": len(self.questions),
            "digest": self.digest,
        }


def read_module(content: bytes, *, name: str = "the module") -> Module:
    """A module from its Markdown: a head in YAML, the text, `## question` with `- [x]` answers.

    Raises:
        UnreadableInput: with what is wrong, and in which question.
    """
    if len(content) > LONGEST_BYTES:
        raise UnreadableInput(f"{name} is longer than {LONGEST_BYTES:,} bytes; it is no module")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UnreadableInput(f"{name} is not UTF-8; save it as such") from error
    found = _HEAD.match(text)
    if found is None:
        raise UnreadableInput(f"{name} begins with no head between two lines of ---")
    head = _head(found[1], name)
    body, *parts = re.split(r"^## +", found[2], flags=re.MULTILINE)
    questions = tuple(_question(part, name) for part in parts)
    if not body.strip() or not questions:
        raise UnreadableInput(f"{name} needs a text and at least one question")
    if len({question.text for question in questions}) < len(questions):
        raise UnreadableInput(f"{name} asks a question twice")
    return Module(
        **head,
        text=body.strip(),
        questions=questions,
        digest=hashlib.sha256(content).hexdigest(),
    )


@cache
def modules() -> Mapping[str, Module]:
    """Those in the package, by id."""
    folder = files("insyn.office.diligence.commitments") / "data" / "modules"
    found = [
        read_module(each.read_bytes(), name=each.name)
        for each in folder.iterdir()
        if each.name.endswith(".md")
    ]
    return {module.id: module for module in sorted(found, key=lambda module: module.id)}


def paper(module: Module, *, seed: int) -> tuple[Question, ...]:
    """The questions and their answers in an order that the seed alone decides."""
    order = random.Random(seed)  # noqa: S311 - an order of questions, no secret
    asked = []
    for question in module.questions:
        answers = list(question.answers)
        order.shuffle(answers)
        asked.append(Question(text=question.text, answers=tuple(answers), right=question.right))
    order.shuffle(asked)
    return tuple(asked)


def score_percent(asked: Sequence[Question], given: Sequence[str]) -> int:
    """Right answers of a hundred, rounded down; answers that were not given are wrong."""
    right = sum(question.right == answer for question, answer in zip(asked, given, strict=False))
    return 100 * right // len(asked)


# `Any`: YAML of whatever shape; every field is looked at.
def _head(text: str, name: str) -> dict[str, Any]:
    try:
        head = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UnreadableInput(f"{name}: its head is no YAML") from error
    if not isinstance(head, dict) or set(head) != _FIELDS:
        raise UnreadableInput(f"{name}: its head holds exactly {', '.join(sorted(_FIELDS))}")
    id_, version, title = head["id"], head["version"], head["title"]
    months, roles = head["validity_months"], head["required_for"]
    if not isinstance(id_, str) or _ID.fullmatch(id_) is None or len(id_) > 64:
        raise UnreadableInput(f"{name}: its id is words of small letters with - between")
    if not isinstance(version, str) or _VERSION.fullmatch(version) is None:
        raise UnreadableInput(f'{name}: its version is a text such as "1.0"')
    if not isinstance(title, str) or not 0 < len(title.strip()) <= 300:
        raise UnreadableInput(f"{name}: its title is a line of at most 300 characters")
    if not isinstance(months, int) or isinstance(months, bool) or not 1 <= months <= MOST_MONTHS:
        raise UnreadableInput(f"{name}: validity_months is 1 to {MOST_MONTHS}")
    if not isinstance(roles, list) or not all(role in list(Role) for role in roles):
        raise UnreadableInput(f"{name}: required_for lists roles: {', '.join(Role)}")
    return {
        "id": id_,
        "version": version,
        "title": title.strip(),
        "required_for": frozenset(Role(role) for role in roles),
        "validity_months": months,
    }


def _question(part: str, name: str) -> Question:
    title, *lines = part.strip().split("\n")
    answers, right = [], []
    for line in lines:
        found = re.fullmatch(r"- \[([ x])\] (.+)", line.strip())
        if found:
            answers.append(found[2].strip())
            right += [found[2].strip()] if found[1] == "x" else []
        elif line.strip():
            raise UnreadableInput(f"{name}, question {title!r}: {line.strip()!r} is no answer")
    if len(right) != 1 or len(set(answers)) < 2 or len(set(answers)) < len(answers):
        raise UnreadableInput(
            f"{name}, question {title!r}: it needs two different answers or more, and one of them "
            "right (- [x])"
        )
    return Question(text=title.strip(), answers=tuple(answers), right=right[0])
