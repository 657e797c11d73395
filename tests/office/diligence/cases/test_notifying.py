"""A notification says what the case knows and by whose word, and leaves blanks for the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.case_desk import ANNA, ARENA, PER, RITA, CaseDesk, cases_in

from insyn.base.canonical import canonical_bytes
from insyn.base.errors import Refusal
from insyn.office.diligence.cases import casebook, evidence, notifying, steps
from insyn.office.diligence.cases.events import Notified
from insyn.office.diligence.cases.evidence import Evidence
from insyn.office.diligence.cases.notifying import Exporter
from insyn.office.diligence.cases.reliability import Reliability
from insyn.office.diligence.cases.states import State
from insyn.office.diligence.products import catalogue
from insyn.office.diligence.products.model import ExportClass, Product, ProductKind, Said
from insyn.office.diligence.products.notification import Notification
from insyn.trust.ledger import log
from insyn.trust.people.duties import Actor, Role

pytestmark = pytest.mark.databases

OSCAR = Actor(id="u-export", roles=frozenset({Role.EXPORT_OFFICER}))
CITY: dict[str, Any] = {
    **ARENA,
    "goods": ["24 dome cameras K-100", "recorder"],
    "end_user": "Påhittade stadens polis",
    "end_user_type": "police_or_public_security",
    "area": "city",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[CaseDesk]:
    with cases_in(tmp_path) as desk:
        yield desk


def submitted(desk: CaseDesk, record: dict[str, Any] = CITY) -> None:
    desk.put(record)
    with desk.store.writing() as connection:
        steps.open_case(connection, "D-1", actor=RITA, now=desk.now)
    desk.do(steps.submit, by=RITA)


def notified(desk: CaseDesk, folder: Path, *, by: Actor = OSCAR, **said: Any) -> Notification:
    desk.now += timedelta(hours=1)
    with desk.store.writing() as connection:
        case = casebook.find(connection, "D-1")
        _, found = notifying.notify(
            connection, case, Exporter(**said), folder=folder, actor=by, now=desk.now
        )
    return found


def section(found: Notification, title: str) -> dict[str, tuple[str | None, str]]:
    [wanted] = [each for each in found.sections if each.title == title]
    return {each.label: (each.text, each.source) for each in wanted.statements}


def test_what_the_case_knows_stands_with_its_source_and_the_rest_is_blank(
    desk: CaseDesk, tmp_path: Path
) -> None:
    submitted(desk)
    found = notified(desk, tmp_path)
    end_user = section(found, "End user")
    assert end_user["Name"] == (
        "Påhittade stadens polis", "the seller, known since 2026-11-23",
    )  # fmt: skip
    assert end_user["Country"][0] == "Sweden (SE)"
    consignees = section(found, "Consignees")
    assert consignees["1. Name"][0] == "Kamerahuset AB"
    assert "2. Name" not in consignees  # the channel names the same reseller
    goods = section(found, "Goods")
    assert goods["1. Description"][0] == "24 dome cameras K-100"
    assert goods["1. Classification"][0] == "non_controlled"
    assert {
        "To: Competent authority of the exporter's country",
        "Exporter: Name",
        "What is notified: What the exporter declares of its awareness",
        "Consignees: 1. Address",
        "What the exporter asks: Question",
    } <= set(found.blanks)
    findings = section(found, "Findings of due diligence")
    assert any(label.startswith("R-10") for label in findings)
    assert all("Known since 2026-11-23." in str(text) for text, _ in findings.values())


def test_the_exporters_own_words_fill_its_blanks(desk: CaseDesk, tmp_path: Path) -> None:
    submitted(desk)
    found = notified(
        desk,
        tmp_path,
        name="Påhittade Kameror AB",
        address="Hittepåvägen 1",
        member_state="SE",
        awareness="We have grounds to suspect it.",
        asks=("Is an authorisation required?",),
    )
    assert section(found, "To")["Competent authority of Sweden"][0] is not None
    assert section(found, "Exporter")["Name"] == ("Påhittade Kameror AB", "the exporter")
    assert not {b for b in found.blanks if b.startswith(("To:", "Exporter:", "What"))}


def test_what_the_catalogue_says_of_the_goods_goes_before_what_was_declared(
    desk: CaseDesk, tmp_path: Path
) -> None:
    said = Said(
        export_class=ExportClass.CANDIDATE,
        reason="it reads plates",
        authority="the export officer",
        decided_on=desk.now.date(),
        source="data sheet K-100",
    )
    with desk.store.writing() as connection:
        camera = Product(id="K-100", name="Kamera K-100", kind=ProductKind.CAMERA)
        catalogue.add(connection, camera, actor=OSCAR, now=desk.now)
        catalogue.classify(connection, "K-100", said, actor=OSCAR, now=desk.now)
    submitted(desk)
    text, source = section(notified(desk, tmp_path), "Goods")["1. Classification"]
    assert text == "K-100: cyber_surveillance_candidate; it reads plates"
    assert source.startswith("the export officer, 2026-11-23: data sheet K-100")


def test_a_finding_is_known_since_the_day_of_the_fact_that_it_meets(
    desk: CaseDesk, tmp_path: Path
) -> None:
    submitted(desk, ARENA)
    desk.now += timedelta(days=40)
    desk.fact("end_user_type", "police_or_public_security")
    desk.fact("area", "city", known_since=desk.now)
    found = section(notified(desk, tmp_path), "Findings of due diligence")
    [text] = [text for label, (text, _) in found.items() if label.startswith("R-10 ")]
    assert "Known since 2027-01-02." in str(text)


def test_the_draft_is_kept_noted_in_the_case_and_a_leaf(desk: CaseDesk, tmp_path: Path) -> None:
    submitted(desk)
    with desk.store.writing() as connection:
        piece = Evidence(
            id="e-1", deal="D-1", kind="press", source="a paper", reliability=Reliability.CLAIMED,
            searched="the name", found_nothing=True, recorded_at=desk.now, by=ANNA.id,
        )  # fmt: skip
        evidence.add(connection, piece, actor=ANNA, now=desk.now)
    found = notified(desk, tmp_path)
    content = canonical_bytes(found.to_json())
    kept = hashlib.sha256(content).hexdigest()
    assert (tmp_path / kept).read_bytes() == content
    assert "a search that found nothing" in found.to_markdown()
    with desk.store.reading() as connection:
        last = casebook.events(connection, desk.case().id)[-1]
        [leaf] = log.of_kind(connection, "case.notification-drafted")
    assert last.content == Notified(document=kept, blanks=len(found.blanks))
    assert leaf.what["document"] == kept
    assert leaf.who == OSCAR.id
    assert desk.case().state is State.SCREENING


@pytest.mark.parametrize("who", [PER, RITA])
def test_nobody_notifies_without_the_role(desk: CaseDesk, tmp_path: Path, who: Actor) -> None:
    submitted(desk)
    with pytest.raises(Refusal, match="told of a case needs the role analyst or export officer"):
        notified(desk, tmp_path, by=who)
    assert list(tmp_path.glob("*")) == [] or all(p.suffix for p in tmp_path.iterdir())


def test_whoever_notified_does_not_decide(desk: CaseDesk, tmp_path: Path) -> None:
    desk.proposed()
    both = Actor(id=PIA_TOO, roles=frozenset({Role.EXPORT_OFFICER, Role.APPROVER}))
    notified(desk, tmp_path, by=both)
    with pytest.raises(
        Refusal, match="drafting what an authority is told of a case, and deciding a case"
    ):
        desk.do(steps.vote, by=both, agrees=True, because="yes")


PIA_TOO = "u-approver-2"


def test_a_draft_case_is_not_notified_of(desk: CaseDesk, tmp_path: Path) -> None:
    desk.put()
    with desk.store.writing() as connection:
        steps.open_case(connection, "D-1", actor=RITA, now=desk.now)
    with pytest.raises(Refusal, match="submitted first"):
        notified(desk, tmp_path)
