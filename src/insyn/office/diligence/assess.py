"""Assess a deal: its facts, the rules that fire, the worst outcome, and every reason.

Always: pure; the same deal, lexicon and rulebook give the same assessment. No office, list or
network is needed; where lists are in force, what screening the parties found comes in as a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from insyn.office.diligence.deal import Deal
from insyn.office.diligence.derivation import derive
from insyn.office.diligence.facts import Facts, FactValue
from insyn.office.diligence.lexicon import Lexicon, lexicon
from insyn.office.diligence.rulebook import Outcome, Rule, Rulebook, rulebook

ScreenParties = Callable[[tuple[str, ...], str | None], str]
"""Names of a deal's parties and its country to a list status: none, possible, confirmed, owned."""

_TEXT_FACTS = frozenset({"signals", "programmes", "programme_questions", "practices", "identifies"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A rule that fired and what it met, in words."""

    rule: Rule
    met: str

    def to_json(self) -> dict[str, str]:
        """The form that `insyn deal assess` prints."""
        because = f"{self.rule.because} Met: {self.met}." if self.met else self.rule.because
        return {
            "id": self.rule.id,
            "outcome": self.rule.outcome.name,
            "because": because,
            "source": str(self.rule.source),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a deal comes to under a rulebook, with reasons, worst first."""

    id: str
    outcome: Outcome
    firings: tuple[Firing, ...]
    unknown: tuple[str, ...]
    problems: tuple[str, ...]
    facts: Facts
    rulebook: str
    lexicon: str

    def to_json(self) -> dict[str, object]:
        """The form that `insyn deal assess --json-lines` prints, one line a deal."""
        return {
            "id": self.id,
            "outcome": self.outcome.name,
            "rules": [firing.to_json() for firing in self.firings],
            "unknown": list(self.unknown),
        }


def assess(
    deal: Deal,
    *,
    book: Rulebook | None = None,
    words: Lexicon | None = None,
    screen: ScreenParties | None = None,
) -> Assessment:
    """Assess one deal; `book` and `words` are those in the package if not given."""
    book = book or rulebook()
    words = words or lexicon()
    status = screen(party_names(deal), deal.country) if screen else None
    facts = derive(deal, words, list_status=status)
    fired = book.fired(facts.values)
    return Assessment(
        id=deal.id,
        outcome=max((rule.outcome for rule in fired), default=Outcome.PASS),
        firings=tuple(Firing(rule=rule, met=_met(rule, facts)) for rule in fired),
        unknown=tuple(_texts(facts.values["unknown"])),
        problems=deal.problems,
        facts=facts,
        rulebook=book.version,
        lexicon=words.version,
    )


def party_names(deal: Deal) -> tuple[str, ...]:
    """The names of a deal that may be screened: end user, reseller, integrator, channel."""
    names = [deal.end_user, deal.reseller, deal.integrator, *(tier.name for tier in deal.channel)]
    return tuple(dict.fromkeys(name for name in names if name))


def _met(rule: Rule, facts: Facts) -> str:
    """The facts of the condition that hold, and the words of texts it rests on."""
    parts = list(_values(rule, facts))
    parts += _quotes(rule, facts)
    if "contradictions" in rule.looks_at:
        parts += [f"{field}: {words}" for field, words in facts.contradictions]
    return "; ".join(dict.fromkeys(parts))


def _values(rule: Rule, facts: Facts) -> Iterator[str]:
    for name in rule.looks_at:
        value = facts.values[name]
        if name in ("signals", "contradictions") or value is False or value == []:
            continue
        if name == "cameras" and value == 0 and not facts.values["knows_cameras"]:
            value = "unknown"  # 0 is how rules see it
        yield name if value is True else f"{name} {_told(value)}"


def _quotes(rule: Rule, facts: Facts) -> Iterator[str]:
    if not _TEXT_FACTS & set(rule.looks_at):
        return
    for finding in facts.findings:
        named = f'"{finding.id}"' in rule.condition
        listed = (
            finding.of in ("programme", "practice")
            and {
                "programme": "programmes" if finding.is_strong else "programme_questions",
                "practice": "practices" if finding.is_strong else "",
            }[finding.of]
            in rule.looks_at
        )
        recognised = "identifies" in rule.looks_at and (
            finding.id in ("face_recognition", "biometric_categorisation")
            or (finding.of == "capability" and finding.is_strong)
        )
        if named or listed or recognised:
            yield f"{finding.field} says “{finding.words}” ({finding.title})"


def _told(value: FactValue) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _texts(value: FactValue) -> Iterable[str]:
    return value if isinstance(value, list) else ()
