"""Re-screening: only what changed is matched, and the result is that of a full run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.engine_shelf import EngineShelf
from tests.support.exact_screener import ExactScreener, Shelf, entry
from tests.support.register_desk import Desk, desk_in

from insyn.base.config import DataDirectory
from insyn.base.errors import Refusal
from insyn.office.lists.entry import Entry
from insyn.office.lists.formats import un_xml
from insyn.office.screening import clearing, register
from insyn.office.screening.clearances import ClearanceBook
from insyn.office.screening.model import Outcome, Subject
from insyn.office.screening.plan import Screens, make_plan
from insyn.office.screening.rescreen import Report, rescreen
from insyn.office.screening.store import open_store

pytestmark = pytest.mark.databases

EAST = Subject(id="c-1", name="Östan AB")
WEST = Subject(id="c-2", name="Västan AB")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as desk:
        desk.shelf.change(un=[entry("Q1", "Östan AB")], eu=[entry("E1", "Sunnan AB")])
        desk.put(EAST, WEST)
        desk.rescreen()
        yield desk


def test_nothing_changed_means_nothing_is_screened(desk: Desk) -> None:
    full = ExactScreener(desk.shelf.lists)
    report = rescreen(desk.store, full, desk.shelf, desk.shelf.build, clock=desk.clock)
    assert full.asked == 0
    assert (report.parties, report.unchanged, report.in_full) == (2, 2, 0)
    assert report.changes == ()


def test_only_added_and_changed_entries_are_compared(desk: Desk) -> None:
    built: list[list[str]] = []

    def build(lists: Mapping[str, Sequence[Entry]]) -> Screens:
        built.append([f"{name} {e.reference}" for name in lists for e in lists[name]])
        return desk.shelf.build(lists)

    desk.shelf.change(
        un=[entry("Q1", "Östan AB", remarks="x"), entry("Q2", "Västan AB")],
        eu=[],
        us=[entry("S1", "Västan AB")],
    )
    full = ExactScreener(desk.shelf.lists)
    report = rescreen(desk.store, full, desk.shelf, build, clock=desk.clock)
    assert full.asked == 0
    assert built == [["un Q1", "un Q2", "us S1"]]
    assert (report.entries_compared, report.entries_left, report.in_full) == (3, 1, 0)
    assert [change.party for change in report.changes] == ["c-2"]
    assert report.worse == 1


def test_a_party_without_change_is_brought_to_todays_manifest(desk: Desk) -> None:
    desk.shelf.change(eu=[])
    desk.rescreen()
    latest = desk.party("c-2").latest
    assert latest is not None
    assert latest.manifest == desk.shelf.screener().manifest.digest()


def test_a_list_that_vanishes_takes_its_matches_with_it(desk: Desk) -> None:
    desk.shelf.change(un=None)
    [change] = desk.rescreen().changes
    assert (change.party, change.after) == ("c-1", Outcome.CLEAR)
    assert change.because == "list changed: un no longer in force"


def test_a_list_that_appears_is_all_added(desk: Desk) -> None:
    desk.shelf.change(us=[entry("S1", "Västan AB")])
    report = desk.rescreen()
    assert report.entries_compared == 1
    [change] = report.changes
    assert change.because == "list changed: us added S1"


def test_another_matcher_means_a_full_run_and_says_so(desk: Desk) -> None:
    desk.shelf.matcher = "exact-2"
    report = desk.rescreen()
    assert report.in_full == 2
    assert report.full_because == ("matcher changed from exact-1 to exact-2",)


def test_a_lost_snapshot_means_a_full_run_and_says_so(desk: Desk) -> None:
    desk.shelf.change(un=[entry("Q2", "Västan AB")]).forget("un")
    report = desk.rescreen()
    assert report.in_full == 2
    assert report.full_because == ("the earlier snapshot of list un cannot be read",)
    assert {c.party: c.after for c in report.changes} == {
        "c-1": Outcome.CLEAR,
        "c-2": Outcome.REVIEW,
    }
    assert all("snapshot of list un cannot be read" in c.because for c in report.changes)


def test_a_lost_snapshot_in_force_is_an_error_and_changes_nothing(desk: Desk) -> None:
    before = desk.parties()
    desk.shelf.change(un=[entry("Q2", "Västan AB")])
    full = desk.shelf.screener()
    desk.shelf.kept = {}
    with pytest.raises(Refusal, match="no snapshot"):
        make_plan(Shelf().screener().manifest, full.manifest, desk.shelf, desk.shelf.build)
    desk.shelf.change(un=[entry("Q1", "Östan AB")])
    assert desk.parties() == before


def test_a_changed_party_alone_is_screened_in_full(desk: Desk) -> None:
    desk.put(replace(WEST, name="Östan AB"))
    report = desk.rescreen()
    assert report.in_full == 1
    [change] = report.changes
    assert (change.party, change.because) == ("c-2", "party changed")


def test_parties_of_different_days_are_each_brought_to_today(desk: Desk) -> None:
    desk.shelf.change(us=[entry("S1", "Västan AB")])
    desk.put(Subject(id="c-3", name="Västan AB"))
    # An interrupted run: only c-3 has come to the second day.
    with desk.store.writing() as connection:
        [party] = register.page(connection, after="c-2")
        full = desk.shelf.screener()
        register.keep_manifest(connection, full.manifest)
        [screening] = full.screen([party.subject])
        result = register.Result(party=party, screening=screening, change=None)
        register.record(connection, [result], screened_at=desk.now)
    desk.shelf.change(us=[entry("S1", "Västan AB"), entry("S2", "Östan AB")])
    desk.rescreen()
    assert results(desk) == fresh(desk)


def test_a_run_is_taken_up_where_it_stopped(desk: Desk) -> None:
    desk.put(*(Subject(id=f"d-{n:04}", name="Östan AB") for n in range(600)))

    def stop(done: int, total: int) -> None:
        assert (done, total) == (500, 602)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rescreen(
            desk.store,
            desk.shelf.screener(),
            desk.shelf,
            desk.shelf.build,
            clock=desk.clock,
            progress=stop,
        )
    assert sum(party.is_current for party in desk.parties()) == 500
    assert desk.rescreen().in_full == 102


def test_a_party_whose_matches_were_cut_is_screened_in_full_when_one_leaves(desk: Desk) -> None:
    desk.shelf.shown = 2
    # Three below the bar, of which two are kept; when one of these leaves, the third comes up.
    low = [entry(f"S{n}", "Nordan AB", remarks="x" * (10 + n)) for n in range(3)]
    desk.shelf.change(us=low)
    desk.put(Subject(id="c-3", name="Nordan AB"))
    desk.rescreen()
    desk.shelf.change(us=low[1:])
    assert desk.rescreen().in_full == 1
    latest = desk.party("c-3").latest
    assert latest is not None
    assert [match.entry for match in latest.matches] == ["S1", "S2"]


def test_long_reasons_are_cut_and_counted(desk: Desk) -> None:
    desk.shelf.change(us=[entry(f"S{n}", "Västan AB") for n in range(8)])
    [change] = desk.rescreen().changes
    assert change.because.endswith("us added S4, and 3 more")
    assert len(change.appeared) == 8


def test_degraded_lists_are_in_the_report(desk: Desk) -> None:
    full = desk.shelf.screener()
    states = full.manifest.lists
    worn = replace(full.manifest, lists=(replace(states[0], degraded="too old"), *states[1:]))

    class Worn(ExactScreener):
        manifest = worn

    report = rescreen(
        desk.store, Worn(desk.shelf.lists), desk.shelf, desk.shelf.build, clock=desk.clock
    )
    assert report.degraded == ("eu: too old",)
    assert desk.party("c-1").latest.manifest == worn.digest()  # type: ignore[union-attr]


def results(desk: Desk) -> list[object]:
    """What stands stored of each party: all that a full run could differ in."""
    return [
        (p.subject.id, p.latest.outcome, p.latest.note, p.latest.matches, p.latest.manifest)
        for p in desk.parties()
        if p.latest is not None
    ]


def fresh(desk: Desk) -> list[object]:
    """What a full run by the screener itself gives, with the clearances that apply."""
    full = desk.shelf.screener()
    with desk.store.reading() as connection:
        book = ClearanceBook(clearing.standing(connection), matcher=full.manifest.matcher)
    subjects = [party.subject for party in desk.parties()]
    screened = [
        book.apply(screening, subject)
        for screening, subject in zip(full.screen(subjects), subjects, strict=True)
    ]
    return [(s.id, s.outcome, s.note, s.matches, s.manifest) for s in screened]


NAMES = ["Östan AB", "Västan AB", "Nordan AB", "Sunnan AB", "-"]
# Few contents an entry, so that most entries of an edition are those of the edition before.
CONTENTS = {
    (list_id, reference): [
        entry(reference, NAMES[at % 5], country=country, remarks="x" * (at * 5 % 7))
        for country in ("SE", None)
    ]
    + [entry(reference, NAMES[(at + 1) % 5], NAMES[(at + 2) % 5], remarks="x" * (at % 4))]
    for list_id in ("un", "eu", "us")
    for at, reference in enumerate(["1", "2", "3", "4", "5", "6"])
}


def edition(list_id: str) -> st.SearchStrategy[list[Entry] | None]:
    """A list out of force, or with any of its entries, each in one of its contents."""
    choices = [
        st.sampled_from([None, contents[0], *contents])
        for (name, _), contents in CONTENTS.items()
        if name == list_id
    ]
    kept = st.tuples(*choices).map(lambda found: [e for e in found if e is not None])
    return st.one_of(kept, kept, kept, st.none())


editions = st.fixed_dictionaries({name: edition(name) for name in ("un", "eu", "us")})
subjects_ = st.lists(
    st.builds(
        Subject,
        id=st.sampled_from(["a", "b", "c", "d"]),
        name=st.sampled_from(NAMES),
        country=st.sampled_from([None, "SE", "BY"]),
    ),
    max_size=4,
    unique_by=lambda s: s.id,
)
steps = st.lists(
    st.tuples(editions, subjects_, st.integers(0, 5), st.sampled_from(["", "clear", "matcher"])),
    min_size=1,
    max_size=4,
)


def clear_some(desk: Desk, choice: int) -> None:
    """Clear one of the uncleared matches there are, if there are any."""
    found = [
        (party.subject.id, match)
        for party in desk.parties()
        if party.latest is not None and party.is_current
        for match in party.latest.matches
        if match.cleared is None
    ]
    if found:
        id_, match = found[choice % len(found)]
        clearing.add(
            desk.store, id_, match.list, match.entry, because="x", by="y", clock=desk.clock
        )


Story = list[tuple[dict[str, list[Entry] | None], list[Subject], int, str]]


@settings(deadline=None, max_examples=60)
@given(steps, st.sampled_from([None, 2]))
def test_merged_result_equals_a_full_run(story: Story, shown: int | None) -> None:
    with tempfile.TemporaryDirectory() as folder, desk_in(Path(folder)) as desk:
        desk.shelf.shown = shown
        live_through(desk, story)


@settings(deadline=None, max_examples=12)
@given(steps)
def test_merged_result_equals_a_full_run_of_the_engine(story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with desk_in(root, EngineShelf(root=root)) as desk:
            live_through(desk, story)


def live_through(desk: Desk, story: Story) -> None:
    """Change lists and parties, re-screen, and hold the result against a full run, each step."""
    for lists, subjects, choice, act in story:
        before = outcomes(desk)
        desk.shelf.change(**lists)
        if act == "matcher":
            desk.shelf.matcher = f"exact-{choice}"
        if choice == 0 and desk.shelf.lists:
            desk.shelf.forget(min(desk.shelf.lists))
        desk.put(*subjects)
        report = desk.rescreen()
        assert results(desk) == fresh(desk)
        moved = {id_ for id_, outcome in outcomes(desk).items() if before.get(id_) is not outcome}
        assert moved <= {change.party for change in report.changes}
        assert desk.rescreen(everything=True).changes == ()
        if act == "clear":
            clear_some(desk, choice)
            assert results(desk) == fresh(desk)


def outcomes(desk: Desk) -> dict[str, Outcome]:
    """The stored outcome of each party that has one."""
    return {p.subject.id: p.latest.outcome for p in desk.parties() if p.latest is not None}


def test_an_entry_that_was_only_indented_anew_is_not_changed(desk: Desk) -> None:
    plain = entry("Q1", "Östan AB")
    desk.shelf.change(un=[replace(plain, source_record="<E>\n  <N>Östan AB</N>\n</E>")])
    desk.rescreen()
    clearing.add(desk.store, "c-1", "un", "Q1", because="x", by="y", clock=desk.clock)
    desk.shelf.change(un=[replace(plain, source_record="<E>\n        <N>Östan AB</N>\n  </E>")])
    report = desk.rescreen()
    assert (report.entries_compared, report.changes) == (0, ())
    assert desk.party("c-1").outcome is Outcome.CLEAR


SHARED = Path(os.environ.get("INSYN_SHARED", Path(__file__).parents[4] / "shared" / "data"))
UN_EDITIONS = [SHARED / "lists/un" / f"un_{day}.xml" for day in ("2025-04-19", "2026-02-27")]


def un_subjects(entries: Sequence[Entry], *, prefix: str) -> list[Subject]:
    """Every fifth entry as a customer: by turns each of its names, with its kind or without."""
    return [
        Subject(
            id=f"{prefix}{at}",
            name=listed.names[at % len(listed.names)].text,
            kind=listed.kind if at % 2 else None,
        )
        for at, listed in enumerate(entries)
        if at % 5 == 0
    ]


@pytest.mark.skipif(
    not all(path.exists() for path in UN_EDITIONS),
    reason="needs two editions of the UN list under INSYN_SHARED or ../shared/data",
)
def test_two_editions_of_the_un_list_merge_to_a_full_run(tmp_path: Path) -> None:
    old, new = (
        [found for found in un_xml.parse({"main": path}) if isinstance(found, Entry)]
        for path in UN_EDITIONS
    )
    with desk_in(tmp_path, EngineShelf(root=tmp_path)) as desk:
        desk.shelf.change(un=old)
        desk.put(*un_subjects(old, prefix="old-"), *un_subjects(new, prefix="new-"))
        desk.rescreen()
        desk.shelf.change(un=new)
        report = desk.rescreen()
        assert report.changes
        assert report.entries_compared < len(new) / 2
        assert report.in_full < report.parties / 10
        assert results(desk) == fresh(desk)


def rescreen_in_a_thread(desk: Desk) -> Report:
    with open_store(DataDirectory(root=desk.root), environ=desk.environ) as store:
        return rescreen(
            store, desk.shelf.screener(), desk.shelf, desk.shelf.build, clock=desk.clock
        )


def test_two_re_screenings_at_once_record_each_change_once(desk: Desk) -> None:
    desk.put(*(Subject(id=f"d-{n:04}", name="Östan AB") for n in range(1200)))
    with ThreadPoolExecutor(2) as both:
        reports = list(both.map(rescreen_in_a_thread, [desk, desk]))
    assert sum(len(report.changes) for report in reports) == 1200
    assert all(len(desk.history(f"d-{n:04}")) == 1 for n in range(0, 1200, 100))
