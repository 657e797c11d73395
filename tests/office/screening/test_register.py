"""Known parties and the history of their outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exact_screener import entry
from tests.support.register_desk import Desk, desk_in

from insyn.base.errors import Refusal
from insyn.office.lists.entry import Kind
from insyn.office.screening.known import match_from_record, match_to_record
from insyn.office.screening.model import (
    BirthSpan,
    Match,
    MatchClass,
    Outcome,
    Subject,
    TokenMatch,
)
from insyn.office.screening.register import PAGE, Put

pytestmark = pytest.mark.databases

ADA = Subject(
    id="c-1",
    name="Ada Exempel",
    kind=Kind.PERSON,
    country="SE",
    birth_date=BirthSpan(earliest=date(1970, 1, 1), latest=date(1970, 12, 31)),
    identifier="19700101-0000",
)
BO = Subject(id="c-2", name="Bo Påhitt AB")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as desk:
        yield desk


def test_a_party_is_read_back_as_it_was_put_in(desk: Desk) -> None:
    assert desk.put(ADA, BO) == Put(new=2)
    assert [party.subject for party in desk.parties()] == [ADA, BO]
    assert desk.party("c-1").digest == ADA.content_digest()


def test_putting_the_same_again_changes_nothing(desk: Desk) -> None:
    desk.put(ADA)
    first = desk.party("c-1")
    assert desk.put(ADA) == Put(same=1)
    assert desk.party("c-1") == first


def test_changed_content_replaces_the_old_and_keeps_the_day_of_entry(desk: Desk) -> None:
    desk.put(ADA, BO)
    before = desk.party("c-1")
    moved = replace(ADA, country="NO", birth_date=None)
    assert desk.put(moved, BO) == Put(changed=1, same=1)
    after = desk.party("c-1")
    assert after.subject == moved
    assert after.added_at == before.added_at
    assert after.changed_at > before.changed_at


def test_more_parties_than_a_page_are_all_kept_and_listed_in_order(desk: Desk) -> None:
    subjects = [Subject(id=f"{n:05}", name=f"Firma {n}") for n in range(2 * PAGE + 1)]
    assert desk.put(*subjects) == Put(new=len(subjects))
    assert [party.subject for party in desk.parties()] == subjects
    assert desk.rescreen().parties == len(subjects)
    assert all(party.is_current for party in desk.parties())


def test_a_party_that_was_never_screened_is_under_review(desk: Desk) -> None:
    desk.put(ADA)
    party = desk.party("c-1")
    assert (party.outcome, party.note) == (Outcome.REVIEW, "not screened yet")


def test_a_changed_party_is_under_review_until_it_is_screened_again(desk: Desk) -> None:
    desk.put(BO)
    desk.rescreen()
    assert desk.party("c-2").outcome is Outcome.CLEAR
    desk.put(replace(BO, name="Bo Nytt AB"))
    party = desk.party("c-2")
    assert (party.outcome, party.note) == (Outcome.REVIEW, "changed since it was screened")
    desk.rescreen()
    assert desk.party("c-2").outcome is Outcome.CLEAR


def test_a_changed_party_does_not_lose_an_outcome_of_match(desk: Desk) -> None:
    desk.shelf.change(un=[entry("QDe.001", "Ada Exempel", country="SE")])
    desk.put(ADA)
    desk.rescreen()
    assert desk.party("c-1").outcome is Outcome.MATCH
    desk.put(replace(ADA, identifier=None))
    assert desk.party("c-1").outcome is Outcome.MATCH


def test_an_unknown_party_is_refused_by_its_id(desk: Desk) -> None:
    with pytest.raises(Refusal, match="no known party has the id 'c-9'"):
        desk.party("c-9")
    with pytest.raises(Refusal, match="c-9"):
        desk.history("c-9")


def test_history_holds_the_first_outcome_and_every_change_after_it(desk: Desk) -> None:
    desk.put(ADA)
    desk.rescreen()
    desk.shelf.change(un=[entry("QDe.001", "Ada Exempel")])
    desk.rescreen()
    desk.shelf.change(un=[entry("QDe.001", "Ada Exempel", country="SE")])
    desk.rescreen()
    desk.shelf.change(un=[])
    desk.rescreen()
    history = desk.history("c-1")
    assert [(c.before, c.after, c.because) for c in history] == [
        (None, Outcome.CLEAR, "first screening"),
        (Outcome.CLEAR, Outcome.REVIEW, "list changed: un added QDe.001"),
        (Outcome.REVIEW, Outcome.MATCH, "list changed: un changed QDe.001"),
        (Outcome.MATCH, Outcome.CLEAR, "list changed: un removed QDe.001"),
    ]
    assert [c.is_worse for c in history] == [False, True, True, False]
    assert [c.at for c in history] == sorted({c.at for c in history})


def test_a_second_match_is_history_although_the_outcome_stays(desk: Desk) -> None:
    desk.shelf.change(un=[entry("QDe.001", "Bo Påhitt AB")])
    desk.put(BO)
    desk.rescreen()
    desk.shelf.change(eu=[entry("EU.7", "Bo Påhitt AB")])
    desk.rescreen()
    last = desk.history("c-2")[-1]
    assert (last.before, last.after) == (Outcome.REVIEW, Outcome.REVIEW)
    assert [(alert.list, alert.entry) for alert in last.appeared] == [("eu", "EU.7")]
    assert last.is_worse


texts = st.text(max_size=12)
scores = st.floats(0, 1)


@given(
    st.builds(
        Match,
        list=texts,
        entry=texts,
        name=texts,
        match_class=st.sampled_from(MatchClass),
        score=scores,
        supports=st.lists(texts).map(tuple),
        contradicts=st.lists(texts).map(tuple),
        tokens=st.lists(
            st.builds(TokenMatch, subject=texts, entry=texts, score=scores, how=texts), max_size=3
        ).map(tuple),
        entry_digest=texts,
        cleared=st.none() | texts,
    )
)
def test_a_match_is_stored_to_the_last_bit(match: Match) -> None:
    assert match_from_record(match_to_record(match)) == match
