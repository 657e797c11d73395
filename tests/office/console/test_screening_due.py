"""A served office screens by itself: who is new or changed, and everybody when a list changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.office.console.serving import import_samples, import_watch, in_force_of

from insyn.base.clock import system_clock
from insyn.base.config import DataDirectory
from insyn.office.console.app import _screen_due
from insyn.office.console.resources.desk import Desk
from insyn.office.screening import register
from insyn.office.screening.model import Outcome, Subject
from insyn.office.screening.store import open_store


def known(folder: Path, name: str) -> None:
    with open_store(DataDirectory(root=folder)) as store, store.writing() as connection:
        register.put(connection, [Subject(id="p-1", name=name)], now=system_clock())


async def outcome(folder: Path, wanted: Outcome) -> None:
    """Wait until the party's screening is of today and says this."""
    with open_store(DataDirectory(root=folder)) as store:
        while True:
            with store.reading() as connection:
                party = register.find(connection, "p-1")
            if party.is_current and party.outcome is wanted:
                return
            await asyncio.sleep(0.05)


def test_a_served_office_screens_who_is_new_and_everybody_when_a_list_changes(
    tmp_path: Path,
) -> None:
    import_samples(tmp_path)
    known(tmp_path, "Vellmark Brothers")

    async def serve() -> None:
        in_force = in_force_of(tmp_path)
        desk = Desk(DataDirectory(root=tmp_path))
        screening = asyncio.create_task(_screen_due(in_force, desk, 0.05))
        try:
            await asyncio.wait_for(outcome(tmp_path, Outcome.CLEAR), 60)
            await asyncio.to_thread(
                import_watch, tmp_path, "W-9,Vellmark Brothers,organisation", list_id="watch"
            )
            await asyncio.to_thread(in_force.refresh)
            await asyncio.wait_for(outcome(tmp_path, Outcome.REVIEW), 60)
        finally:
            screening.cancel()
            await asyncio.gather(screening, return_exceptions=True)
            desk.close()

    asyncio.run(serve())
