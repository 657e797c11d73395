"""The catalogue and the authorities only ever raise concern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.support.known_people import actor
from tests.support.ledger_desk import ledger_in

from insyn.office.diligence.assess import assess
from insyn.office.diligence.deal import AREAS, END_USERS, EXPORT_CLASSES, USES, Deal
from insyn.office.diligence.products import catalogue, notices
from insyn.office.diligence.products.bearing import Bearing, goods_of, on_deal, overall
from insyn.office.diligence.products.catalogue import Listed
from insyn.office.diligence.products.model import ExportClass, Product, ProductKind, Said
from insyn.office.diligence.products.notice import About, Notice
from insyn.office.diligence.products.notices import InForce
from insyn.office.diligence.rulebook import Outcome
from insyn.trust.people.duties import Role

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OFFICER = actor(2, Role.EXPORT_OFFICER)
OFFICE_DEAL = Deal(
    id="d-1",
    country="SE",
    end_user="Påhittade Kontorshus AB",
    end_user_type="private_or_transport_operator",
    use_case="premises",
    purpose_stated="theft at the entrance",
    area="building",
    country_safeguards="C0",
    goods=("12 x Påhitt P-12 dome",),
    camera_count=12,
    capabilities=("masking",),
    list_status="none",
    export_class="non_controlled",
    public_access=False,
    sensitive_sites=(),
)
assess(OFFICE_DEAL)  # compiles the rules once, outside what hypothesis times and watches


def listed(id_: str, name: str, export_class: ExportClass) -> Listed:
    product = Product(id=id_, name=name, kind=ProductKind.CAMERA)
    return Listed(product=product, export_class=export_class, entry=None)


def outcome(deal: Deal, known: Sequence[Listed]) -> Outcome:
    goods = goods_of(deal, known)
    bearing = Bearing(
        goods=goods,
        export_class=overall(deal, goods, known),
        in_force=InForce(notices=(), export_class=ExportClass.UNKNOWN),
    )
    return assess(bearing.onto(deal)).outcome


NAMES = ("P-12", "P-12 dome", "Påhitt P-12 dome", "P-13", "X9")
KNOWN = st.lists(
    st.builds(
        listed, st.sampled_from(NAMES[:1] + NAMES[3:]), st.sampled_from(NAMES),
        st.sampled_from(list(ExportClass)),
    ),
    max_size=4,
)  # fmt: skip
DEALS = st.builds(
    replace,
    st.just(OFFICE_DEAL),
    export_class=st.sampled_from([None, *EXPORT_CLASSES]),
    goods=st.lists(st.sampled_from(["12 x Påhitt P-12 dome", "P-13", "poles"]), max_size=3).map(
        tuple
    ),
    end_user_type=st.sampled_from(END_USERS),
    use_case=st.sampled_from(USES),
    area=st.sampled_from(AREAS),
    country_safeguards=st.sampled_from([None, "C0", "C2", "C3"]),
)


@settings(max_examples=60, deadline=None)
@given(DEALS, KNOWN, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_adding_a_non_controlled_product_never_improves_an_outcome(
    deal: Deal, known: list[Listed], id_: str, name: str
) -> None:
    added = listed(id_.replace(" ", "-"), name, ExportClass.NON_CONTROLLED)
    # A catalogue has an id once; under a known one this would be another class, and no addition.
    assume(all(each.product.id != added.product.id for each in known))
    more = [*known, added]
    assert outcome(deal, more) >= outcome(deal, known)
    assert outcome(deal, known) >= assess(deal).outcome


@settings(max_examples=30, deadline=None)
@given(DEALS)
def test_declaring_goods_non_controlled_never_improves_an_outcome(deal: Deal) -> None:
    silent = replace(deal, export_class=None)
    declared = replace(deal, export_class="non_controlled")
    assert assess(declared).outcome >= assess(silent).outcome


def test_a_longer_name_does_not_hide_a_listed_product() -> None:
    known = [
        listed("P-12", "Påhitt P-12", ExportClass.LISTED),
        listed("P-12-D", "Påhitt P-12 dome", ExportClass.NON_CONTROLLED),
    ]
    assert goods_of(OFFICE_DEAL, known)[0].products == ("P-12", "P-12-D")
    assert outcome(OFFICE_DEAL, known) is Outcome.STOP


@pytest.mark.parametrize(
    ("goods", "known", "wanted"),
    [
        (("P-12",), [], ExportClass.NON_CONTROLLED),  # no catalogue: what is declared stands
        (("P-12",), [listed("X9", "X9", ExportClass.LISTED)], ExportClass.UNKNOWN),
        (("P-12",), [listed("P-12", "x", ExportClass.UNKNOWN)], ExportClass.UNKNOWN),
        (("P-123",), [listed("P-12", "x", ExportClass.LISTED)], ExportClass.UNKNOWN),
        (("P-12", "X9"), [listed("X9", "x", ExportClass.CANDIDATE)], ExportClass.CANDIDATE),
        ((), [listed("X9", "x", ExportClass.CANDIDATE)], ExportClass.NON_CONTROLLED),
    ],
)
def test_the_worst_of_what_is_declared_and_of_the_goods_stands(
    goods: tuple[str, ...], known: list[Listed], wanted: ExportClass
) -> None:
    deal = replace(OFFICE_DEAL, goods=goods)
    assert overall(deal, goods_of(deal, known), known) is wanted


@pytest.mark.databases
def test_a_notice_stops_a_deal_that_declares_there_is_none(tmp_path: Path, database: str) -> None:
    deal = replace(OFFICE_DEAL, authority_notice=False)
    assert assess(deal).outcome < Outcome.STOP
    notice = Notice(
        id="n-000000000001",
        about=About.PRODUCT,
        subject="P-12",
        authority="Inspectorate of invented products",
        reference="IIP 1",
        received_on=date(2026, 3, 1),
        sha256="ab" * 32,
    )
    with ledger_in(tmp_path) as desk, desk.store.writing() as connection:
        camera = Product(id="P-12", name="Påhitt P-12", kind=ProductKind.CAMERA)
        catalogue.add(connection, camera, actor=OFFICER, now=NOON)
        said = Said(
            export_class=ExportClass.NON_CONTROLLED,
            reason="An ordinary camera.",
            authority="the export officer",
            decided_on=date(2026, 2, 1),
            source="Article 2(20)",
        )
        catalogue.classify(connection, "P-12", said, actor=OFFICER, now=NOON)
        assert assess(on_deal(connection, deal, at=NOON).onto(deal)).outcome < Outcome.STOP
        notices.add(connection, notice, actor=OFFICER, now=NOON)
        found = on_deal(connection, deal, at=NOON)
        assert found.to_json()["notices"] == [notice.id]
        assert assess(found.onto(deal)).outcome is Outcome.STOP


def test_a_notice_about_a_programme_meets_its_local_name(tmp_path: Path) -> None:
    deal = replace(OFFICE_DEAL, country="CN", programme="天网工程")
    notice = Notice(
        id="n-000000000001",
        about=About.PROGRAMME,
        subject="skynet",
        authority="Inspectorate of invented products",
        reference="IIP 2",
        received_on=date(2026, 3, 1),
        sha256="ab" * 32,
    )
    with ledger_in(tmp_path) as desk, desk.store.writing() as connection:
        notices.add(connection, notice, actor=OFFICER, now=NOON)
        assert on_deal(connection, deal, at=NOON).in_force.notices
