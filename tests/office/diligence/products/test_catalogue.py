"""Products and classifications: superseded, never edited, and never lowered by one person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.support.known_people import actor
from tests.support.ledger_desk import LedgerDesk, ledger_in

from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.office.diligence.products import catalogue
from insyn.office.diligence.products.model import (
    SEVERITY,
    Classification,
    Confirmation,
    ExportClass,
    Product,
    ProductKind,
    Said,
    class_of,
)
from insyn.trust.ledger import log
from insyn.trust.people.duties import Role

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
ANALYST, OFFICER, OTHER = (
    actor(1, Role.ANALYST),
    actor(2, Role.EXPORT_OFFICER),
    actor(3, Role.APPROVER, Role.EXPORT_OFFICER),
)
CAMERA = Product(id="P-12", name="Påhitt P-12 dome", kind=ProductKind.CAMERA, maker="Påhitt AB")


def said(export_class: ExportClass, day: date = date(2026, 2, 1)) -> Said:
    entry = "5A001.j" if export_class is ExportClass.LISTED else None
    return Said(
        export_class=export_class,
        reason="Looked at in a test.",
        authority="the export officer",
        decided_on=day,
        source="invented data sheet 7",
        entry=entry,
    )


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Iterator[LedgerDesk]:
    with ledger_in(tmp_path) as found:
        with found.store.writing() as connection:
            catalogue.add(connection, CAMERA, actor=ANALYST, now=NOON)
        yield found


def now_class(connection: sa.Connection, at: datetime = LATER) -> ExportClass:
    return catalogue.find(connection, "P-12", at=at).export_class


@pytest.mark.databases
def test_what_nobody_has_classified_is_unknown(desk: LedgerDesk) -> None:
    with desk.store.reading() as connection:
        assert now_class(connection) is ExportClass.UNKNOWN


@pytest.mark.databases
def test_each_day_tells_what_stood_on_it(desk: LedgerDesk) -> None:
    with desk.store.writing() as connection:
        catalogue.classify(
            connection, "P-12", said(ExportClass.NON_CONTROLLED), actor=OFFICER, now=NOON
        )
        catalogue.classify(connection, "P-12", said(ExportClass.LISTED), actor=OFFICER, now=LATER)
        renamed = Product(id="P-12", name="Påhitt P-12 II", kind=ProductKind.CAMERA)
        assert catalogue.add(connection, renamed, actor=ANALYST, now=LATER)
        assert not catalogue.add(connection, renamed, actor=ANALYST, now=LATER)
        before = catalogue.find(connection, "P-12", at=NOON)
        after = catalogue.find(connection, "P-12", at=LATER)
        assert before.product == CAMERA
        assert before.export_class is ExportClass.NON_CONTROLLED
        assert after.product == renamed
        assert (after.export_class, after.entry) == (ExportClass.LISTED, "5A001.j")
        assert list(catalogue.every(connection, at=NOON - timedelta(days=1))) == []
        assert list(catalogue.every(connection, at=LATER)) == [after]
    assert desk.check().findings == ()


@pytest.mark.databases
def test_a_milder_class_counts_only_once_a_second_person_confirms_it(desk: LedgerDesk) -> None:
    with desk.store.writing() as connection:
        catalogue.classify(connection, "P-12", said(ExportClass.LISTED), actor=OFFICER, now=NOON)
        mild = catalogue.classify(
            connection, "P-12", said(ExportClass.NON_CONTROLLED), actor=OFFICER, now=NOON
        )
        assert now_class(connection) is ExportClass.LISTED
        with pytest.raises(Refusal, match="classifying a product"):
            catalogue.confirm(connection, mild.number, actor=OFFICER, now=NOON)
        catalogue.confirm(connection, mild.number, actor=OTHER, now=LATER)
        assert now_class(connection, NOON) is ExportClass.LISTED
        assert now_class(connection, LATER) is ExportClass.NON_CONTROLLED
        with pytest.raises(Refusal, match="before"):
            catalogue.confirm(connection, mild.number, actor=OTHER, now=LATER)


def test_only_an_export_officer_classifies(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as desk, desk.store.writing() as connection:
        catalogue.add(connection, CAMERA, actor=ANALYST, now=NOON)
        for person in (ANALYST, actor(9, Role.ADMINISTRATOR), actor(8, Role.APPROVER)):
            with pytest.raises(Refusal, match="export officer"):
                catalogue.classify(
                    connection, "P-12", said(ExportClass.LISTED), actor=person, now=NOON
                )


def test_a_product_that_is_unknown_is_not_classified(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as desk, desk.store.writing() as connection:
        with pytest.raises(Refusal, match="no product"):
            catalogue.classify(connection, "Q", said(ExportClass.LISTED), actor=OFFICER, now=NOON)
        catalogue.add(connection, CAMERA, actor=ANALYST, now=NOON)
        tomorrow = said(ExportClass.LISTED, date(2026, 3, 2))
        with pytest.raises(Refusal, match="still to come"):
            catalogue.classify(connection, "P-12", tomorrow, actor=OFFICER, now=NOON)


@pytest.mark.databases
@pytest.mark.parametrize("table", ["products", "product_versions", "product_classifications"])
def test_the_database_refuses_to_edit_what_was_said(desk: LedgerDesk, table: str) -> None:
    with desk.store.writing() as connection:
        catalogue.classify(connection, "P-12", said(ExportClass.LISTED), actor=OFFICER, now=NOON)
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET \"by\" = 'u-9'"):
        with pytest.raises((EnvironmentFailure, Refusal)), desk.store.writing() as connection:
            connection.exec_driver_sql(statement)


@pytest.mark.databases
def test_every_change_leaves_a_leaf_without_free_text(desk: LedgerDesk) -> None:
    with desk.store.writing() as connection:
        catalogue.classify(connection, "P-12", said(ExportClass.LISTED), actor=OFFICER, now=NOON)
        leaves = [log.find(connection, number) for number in range(log.size(connection))]
    assert [leaf.kind for leaf in leaves] == ["product.recorded", "product.classified"]
    assert b"invented data sheet" not in b"".join(leaf.to_bytes() for leaf in leaves)


def test_class_and_entry_go_together() -> None:
    common = {"reason": "r", "authority": "a", "decided_on": date(2026, 1, 1), "source": "s"}
    for export_class, entry in (
        (ExportClass.LISTED, None),
        (ExportClass.LISTED, "five"),
        (ExportClass.NON_CONTROLLED, "5A001.j"),
        (ExportClass.UNKNOWN, None),
    ):
        with pytest.raises(Refusal):
            Said(export_class=export_class, entry=entry, **common)  # type: ignore[arg-type]
    for entry in ("5A001.j", "5D002.a.3.b", "4A005", "ML5.b"):
        assert Said(export_class=ExportClass.LISTED, entry=entry, **common).entry == entry  # type: ignore[arg-type]


CLASSES = st.sampled_from([c for c in ExportClass if c is not ExportClass.UNKNOWN])


@given(st.lists(st.tuples(CLASSES, st.booleans()), max_size=8))
def test_adding_a_non_controlled_classification_never_lowers_a_class(
    history: list[tuple[ExportClass, bool]],
) -> None:
    def kept(number: int, export_class: ExportClass, confirmed: bool) -> Classification:
        return Classification(
            number=number,
            product="P-12",
            said=said(export_class),
            recorded_at=NOON,
            by="u-1",
            confirmed=Confirmation(by="u-2", at=NOON) if confirmed else None,
        )

    before = [kept(n, *each) for n, each in enumerate(history)]
    more = [*before, kept(len(history), ExportClass.NON_CONTROLLED, False)]
    was, stands = class_of(before, at=NOON), class_of(more, at=NOON)
    if was is ExportClass.UNKNOWN:
        assert stands is ExportClass.NON_CONTROLLED
    else:
        assert SEVERITY.index(stands) >= SEVERITY.index(was)
