"""An office that moves to a newer rulebook of ours judges older days by the older one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.case_desk import cases_in

from insyn.office.diligence.cases import replay, rulebooks
from insyn.office.diligence.rulebook import CURRENT

pytestmark = pytest.mark.databases


def test_a_day_before_the_newer_rulebook_is_judged_by_the_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(rulebooks, "CURRENT", "1.0.0")
        with cases_in(tmp_path) as desk:
            desk.put({"id": "D-1", "country": "KE", "free_text_notes": "The police came by."})
            with desk.store.writing() as connection:
                rulebooks.adopt_ours(connection, now=desk.now)
            then = desk.now
            desk.now += timedelta(days=1)
            older.undo()
            with desk.store.writing() as connection:
                rulebooks.adopt_ours(connection, now=desk.now)
                rulebooks.adopt_ours(connection, now=desk.now)
            with desk.store.reading() as connection:
                found = replay.replay(connection, "D-1", as_of=then, now=desk.now)
                ours = [each.version for each in rulebooks.adopted(connection)]
    assert ours == ["1.0.0", CURRENT]
    assert (found.then.dossier.assessment.rulebook, found.today.dossier.assessment.rulebook) == (
        "1.0.0",
        CURRENT,
    )
    fired = {firing.rule.since for firing in found.then.dossier.assessment.firings}
    assert fired == {"1.0.0"}
