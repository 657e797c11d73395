"""Clearances: what they silence, what ends them, and that nothing is forgotten."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.exact_screener import MATCHER, Shelf, entry
from tests.support.register_desk import Desk, desk_in

from insyn.base.config import DataDirectory
from insyn.base.errors import Refusal, UsageError
from insyn.office.screening import clearing
from insyn.office.screening.clearances import Clearance, ClearanceBook, load_active
from insyn.office.screening.model import Outcome, Screening, Subject
from insyn.trust.ledger import log, privacy

pytestmark = pytest.mark.databases

CUSTOMER = Subject(id="c-1", name="Nordanvind AB", country="SE")
LISTED = entry("QDe.001", "Nordanvind AB")
OTHER = entry("EU.7", "Nordanvind AB")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as desk:
        desk.shelf.change(un=[LISTED])
        desk.put(CUSTOMER)
        desk.rescreen()
        yield desk


def clear(desk: Desk, list_id: str = "un", reference: str = "QDe.001") -> Clearance:
    return clearing.add(
        desk.store,
        "c-1",
        list_id,
        reference,
        because="another company: registered in another country",
        by="A. Granskare",
        clock=desk.clock,
    )


def listed(desk: Desk) -> list[tuple[str, str, tuple[str, ...]]]:
    with desk.store.reading() as connection:
        return [
            (found.clearance.id, found.state, found.changed) for found in clearing.every(connection)
        ]


def screened(shelf: Shelf, subject: Subject = CUSTOMER) -> Screening:
    [screening] = shelf.screener().screen([subject])
    return screening


def test_a_cleared_match_is_still_shown_but_does_not_count(desk: Desk) -> None:
    clearance = clear(desk)
    party = desk.party("c-1")
    assert party.outcome is Outcome.CLEAR
    [match] = party.latest.matches if party.latest else ()
    assert match.cleared == clearance.id
    assert match.to_json()["cleared"] == clearance.id


def test_clearing_and_withdrawing_are_history(desk: Desk) -> None:
    clearance = clear(desk)
    clearing.withdraw(desk.store, clearance.id, because="new facts", by="B. Chef", clock=desk.clock)
    changes = desk.history("c-1")[1:]
    assert [(c.before, c.after, c.because) for c in changes] == [
        (Outcome.REVIEW, Outcome.CLEAR, "cleared un QDe.001: clearance 1"),
        (Outcome.CLEAR, Outcome.REVIEW, "clearance 1 of un QDe.001 withdrawn"),
    ]


def test_one_of_two_matches_cleared_leaves_the_review(desk: Desk) -> None:
    desk.shelf.change(eu=[OTHER])
    desk.rescreen()
    clear(desk)
    assert desk.party("c-1").outcome is Outcome.REVIEW
    clear(desk, "eu", "EU.7")
    assert desk.party("c-1").outcome is Outcome.CLEAR


def test_a_clearance_outlives_a_re_screening_that_changes_neither_side(desk: Desk) -> None:
    clear(desk)
    desk.shelf.change(un=[LISTED, entry("QDe.002", "Sunnanvind AB")])
    assert desk.rescreen().changes == ()
    assert desk.rescreen(everything=True).changes == ()
    assert desk.party("c-1").outcome is Outcome.CLEAR


def test_a_clearance_lapses_when_the_entry_changes(desk: Desk) -> None:
    clear(desk)
    desk.shelf.change(un=[entry("QDe.001", "Nordanvind AB", "Nordan Trading")])
    [change] = desk.rescreen().changes
    assert change.because == (
        "list changed: un changed QDe.001; clearance lapsed: entry changed (un QDe.001)"
    )
    assert desk.party("c-1").outcome is Outcome.REVIEW
    assert listed(desk) == [("1", "lapsed", ("entry",))]


def test_a_clearance_lapses_when_the_party_changes(desk: Desk) -> None:
    clear(desk)
    desk.put(replace(CUSTOMER, country="BY"))
    assert listed(desk) == [("1", "lapsed", ("party",))]
    [change] = desk.rescreen().changes
    assert change.because == "party changed; clearance lapsed: party changed (un QDe.001)"
    assert desk.party("c-1").outcome is Outcome.REVIEW
    assert listed(desk) == [("1", "lapsed", ("party",))]


def test_a_clearance_lapses_when_the_matcher_changes(desk: Desk) -> None:
    clear(desk)
    desk.shelf.matcher = "exact-2"
    [change] = desk.rescreen().changes
    assert change.because == (
        "matcher changed from exact-1 to exact-2; clearance lapsed: matcher changed (un QDe.001)"
    )
    assert desk.party("c-1").outcome is Outcome.REVIEW
    assert listed(desk) == [("1", "lapsed", ("matcher",))]


def test_a_clearance_of_an_entry_that_left_is_lapsed(desk: Desk) -> None:
    clear(desk)
    desk.shelf.change(un=[])
    desk.rescreen()
    assert listed(desk) == [("1", "lapsed", ("entry",))]


def test_a_lapsed_clearance_applies_again_when_the_old_content_returns(desk: Desk) -> None:
    clear(desk)
    desk.shelf.change(un=[entry("QDe.001", "Nordanvind AB", remarks="x")])
    desk.rescreen()
    assert desk.party("c-1").outcome is Outcome.REVIEW
    desk.shelf.change(un=[LISTED])
    desk.rescreen()
    assert desk.party("c-1").outcome is Outcome.CLEAR
    assert listed(desk) == [("1", "applies", ())]


def test_a_lapsed_match_can_be_cleared_anew(desk: Desk) -> None:
    clear(desk)
    desk.shelf.change(un=[entry("QDe.001", "Nordanvind AB", remarks="x")])
    desk.rescreen()
    assert clear(desk).id == "2"
    assert listed(desk) == [("1", "lapsed", ("entry",)), ("2", "applies", ())]


def test_a_withdrawn_clearance_stays_listed_with_its_reason(desk: Desk) -> None:
    clear(desk)
    desk.now = desk.now.replace(hour=20)
    clearing.withdraw(desk.store, "1", because="wrong file", by="B. Chef", clock=desk.clock)
    with desk.store.reading() as connection:
        [found] = clearing.every(connection)
    assert found.state == "withdrawn"
    assert found.clearance.withdrawn is not None
    assert found.clearance.withdrawn.because == "wrong file"
    assert found.clearance.withdrawn.at == desk.now
    with pytest.raises(Refusal, match="withdrawn already"):
        clearing.withdraw(desk.store, "1", because="again", by="B. Chef", clock=desk.clock)
    assert clear(desk).id == "2"


def test_a_second_identical_clearance_is_refused(desk: Desk) -> None:
    clear(desk)
    with pytest.raises(Refusal, match="cleared already, by clearance 1"):
        clear(desk)
    assert len(listed(desk)) == 1


@pytest.mark.parametrize(("because", "by"), [("", "A"), (" \n\t", "A"), ("reason", "  ")])
def test_a_clearance_without_reason_or_name_is_refused(desk: Desk, because: str, by: str) -> None:
    with pytest.raises(UsageError, match="is empty"):
        clearing.add(desk.store, "c-1", "un", "QDe.001", because=because, by=by, clock=desk.clock)
    assert listed(desk) == []


def test_what_does_not_match_cannot_be_cleared(desk: Desk) -> None:
    with pytest.raises(Refusal, match="no current match with un "):
        clear(desk, "un", "QDe.777")


def test_a_party_not_screened_as_it_is_cannot_be_cleared(desk: Desk) -> None:
    desk.put(replace(CUSTOMER, country=None))
    with pytest.raises(Refusal, match="party rescreen"):
        clear(desk)


@pytest.mark.parametrize("id_", ["7", "", "one", "-1", "²"])
def test_an_unknown_clearance_is_refused(desk: Desk, id_: str) -> None:
    with pytest.raises(Refusal, match="there is no clearance"):
        clearing.withdraw(desk.store, id_, because="x", by="y", clock=desk.clock)


def test_refusals_name_the_party_by_id_only(desk: Desk) -> None:
    with pytest.raises(Refusal) as caught:
        clear(desk, "un", "QDe.777")
    assert CUSTOMER.name not in str(caught.value)


def test_a_clearance_is_for_its_own_party_though_another_has_the_same_content(desk: Desk) -> None:
    twin = replace(CUSTOMER, id="c-2")
    desk.put(twin)
    clear(desk)
    desk.rescreen(everything=True)
    assert desk.party("c-1").outcome is Outcome.CLEAR
    assert desk.party("c-2").outcome is Outcome.REVIEW


def test_apply_is_bound_to_every_part(desk: Desk) -> None:
    clearance = clear(desk)
    book = ClearanceBook([clearance], matcher=MATCHER)
    whole = screened(desk.shelf)
    assert book.apply(whole, CUSTOMER).outcome is Outcome.CLEAR
    renamed = replace(CUSTOMER, country=None)
    assert book.apply(whole, renamed) is whole
    assert book.apply(whole, replace(CUSTOMER, id="c-2")) is whole
    other_matcher = ClearanceBook([clearance], matcher="exact-2")
    assert other_matcher.apply(whole, CUSTOMER) is whole
    assert ClearanceBook([clearance]).apply(whole, CUSTOMER) is whole
    [match] = whole.matches
    for changed in (
        replace(match, entry_digest="0" * 64),
        replace(match, entry_digest=""),
        replace(match, list="eu"),
        replace(match, entry="x"),
    ):
        other = replace(whole, matches=(changed,))
        assert book.apply(other, CUSTOMER) is other


def test_a_subject_without_a_comparable_name_cannot_be_cleared_of_review() -> None:
    subject = Subject(id="c-1", name="-")
    whole = screened(Shelf().change(un=[entry("QDe.001", "-")]), subject)
    match = whole.matches[0]
    clearance = Clearance(
        id="1",
        party="c-1",
        subject_digest=subject.content_digest(),
        list="un",
        entry="QDe.001",
        entry_digest=match.entry_digest,
        matcher=MATCHER,
        because="x",
        by="y",
        at=Desk.now,
    )
    applied = ClearanceBook([clearance], matcher=MATCHER).apply(whole, subject)
    assert applied.matches[0].cleared == "1"
    assert applied.outcome is Outcome.REVIEW


def test_active_clearances_load_without_the_withdrawn(desk: Desk, tmp_path: Path) -> None:
    data = DataDirectory(root=tmp_path)
    clear(desk)
    # Given under another matcher than the engine's, it is not in the engine's book.
    assert len(load_active(data, matcher=MATCHER, environ=desk.environ)) == 1
    assert len(load_active(data, environ=desk.environ)) == 0
    clearing.withdraw(desk.store, "1", because="x", by="y", clock=desk.clock)
    assert len(load_active(data, matcher=MATCHER, environ=desk.environ)) == 0


def test_without_a_database_no_clearance_is_loaded_and_no_database_made(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from insyn.base.config import DataDirectory\n"
        "from insyn.office.screening.clearances import load_active\n"
        f"data = DataDirectory(root=pathlib.Path({str(tmp_path)!r}))\n"
        "assert len(load_active(data, environ={})) == 0\n"
        "assert not data.database.exists()\n"
        "assert 'sqlalchemy' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_outcomes_and_clearances_are_leaves_of_the_ledger(desk: Desk) -> None:
    given = clear(desk)
    desk.now += timedelta(hours=1)
    clearing.withdraw(desk.store, given.id, because="new facts", by="B. Chef", clock=desk.clock)
    with desk.store.reading() as connection:
        size = log.size(connection)
        leaves = [log.find(connection, number) for number in range(size)]
        shown = privacy.disclose(connection, size - 2)
        content = b"".join(content for _, content in log.contents(connection))
    assert [leaf.kind for leaf in leaves[-4:]] == [
        "clearance.added",
        "screening.outcome-changed",
        "clearance.withdrawn",
        "screening.outcome-changed",
    ]
    assert leaves[-4].what["entry_digest"] == given.entry_digest
    assert (leaves[-3].what["before"], leaves[-3].what["after"]) == ("review", "clear")
    by = shown["by"]
    assert by is not None
    assert (by.subject, by.data) == ("c-1", "B. Chef")
    for text in (b"B. Chef", b"new facts", b"Nordanvind"):
        assert text not in content


def test_a_refused_clearance_leaves_no_leaf(desk: Desk) -> None:
    clear(desk)
    with desk.store.reading() as connection:
        before = log.size(connection)
    with pytest.raises(Refusal):
        clear(desk)
    with desk.store.reading() as connection:
        assert log.size(connection) == before
