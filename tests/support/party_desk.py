"""An office that knows parties and their channel, and screens them against invented lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.case_desk import ANNA
from tests.support.exact_screener import Shelf
from tests.support.register_desk import Desk, desk_in

from insyn.office.diligence.parties import register, relations, standing
from insyn.office.diligence.parties.model import (
    ChannelRole,
    Edge,
    Party,
    PartyKind,
    PartyName,
    Stake,
    read_share,
)
from insyn.trust.people.duties import Actor


def company(id_: str, *names: str, **said: Any) -> Party:
    """An organisation with these names."""
    written = tuple(PartyName(text=name) for name in names)
    return Party(**{"id": id_, "kind": PartyKind.ORGANISATION, "names": written, **said})


@dataclass
class PartyDesk:
    """What a test does with parties, in one word each; an hour passes with each step."""

    office: Desk

    @property
    def now(self) -> datetime:
        """The desk's own time."""
        return self.office.now

    def put(self, *parties: Party, by: Actor = ANNA) -> list[register.Came]:
        """Add parties or bring them up to date."""
        self._tick()
        with self.office.store.writing() as connection:
            return [register.put(connection, each, actor=by, now=self.now) for each in parties]

    def own(self, owner: str, owned: str, share: str | None = "60", **said: Any) -> Stake:
        """Record a stake."""
        self._tick()
        low, high = read_share(share) if share else (None, None)
        id_ = said.pop("id", f"s-{owner}-{owned}-{self.now:%d%H}")
        stake = Stake(
            id=id_, owner=owner, owned=owned, share_low_ppm=low, share_high_ppm=high, **said
        )
        with self.office.store.writing() as connection:
            return relations.record_stake(connection, stake, actor=ANNA, now=self.now)

    def supply(self, supplier: str, customer: str, role: str = "reseller", **said: Any) -> Edge:
        """Record an edge."""
        self._tick()
        edge = Edge(
            id=f"e-{supplier}-{customer}-{self.now:%d%H}",
            supplier=supplier,
            customer=customer,
            role=ChannelRole(role),
            **said,
        )
        with self.office.store.writing() as connection:
            return relations.record_edge(connection, edge, actor=ANNA, now=self.now)

    def end(self, relation: str, until: date | None = None) -> None:
        """End a stake or an edge."""
        self._tick()
        with self.office.store.writing() as connection:
            relations.end(
                connection, relation, until=until, because="sold", actor=ANNA, now=self.now
            )

    def identify(self, unknown: str, party: str) -> None:
        """Say who an unknown tier is."""
        self._tick()
        with self.office.store.writing() as connection:
            register.identify(
                connection, unknown, party, source="a visit", actor=ANNA, now=self.now
            )

    def read(self, reader: Any, *arguments: Any, **said: Any) -> Any:
        """What a reading function of the register gives."""
        with self.office.store.reading() as connection:
            found = reader(connection, *arguments, **said)
            return found if not isinstance(found, Iterator) else list(found)

    def rescreen(self) -> None:
        """Screen who is not screened as they are now."""
        self.office.rescreen()

    def standing(self, *parties: str, at: datetime | None = None) -> standing.PartyStanding:
        """What screening says of parties, owners included."""
        with self.office.store.reading() as connection:
            return standing.standing(connection, parties, at=at)

    def _tick(self) -> None:
        self.office.now += timedelta(hours=1)


@contextmanager
def parties_in(root: Path, shelf: Shelf | None = None) -> Iterator[PartyDesk]:
    """An empty office, in a directory or in the database of the tests."""
    with desk_in(root, shelf) as office:
        yield PartyDesk(office=office)
