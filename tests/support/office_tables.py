"""All tables of the office's database: what the versions together must have made."""

from __future__ import annotations

from insyn.office.console.resources import schema as console
from insyn.office.diligence.cases import schema as cases
from insyn.office.screening import schema as screening
from insyn.trust.ledger import schema as ledger
from insyn.trust.people import schema as people

METADATA = (screening.metadata, ledger.metadata, people.metadata, cases.metadata, console.metadata)
"""One for each room that keeps something; a test holds the versions against them."""
