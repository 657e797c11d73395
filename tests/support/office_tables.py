"""All tables of the office's database: what the versions together must have made."""

from __future__ import annotations

from insyn.office.console.resources import schema as console
from insyn.office.diligence.cases import schema as cases
from insyn.office.diligence.commitments import schema as commitments
from insyn.office.diligence.parties import schema as parties
from insyn.office.diligence.products import schema as products
from insyn.office.screening import schema as screening
from insyn.trust.ledger import schema as ledger
from insyn.trust.people import schema as people

METADATA = (
    screening.metadata,
    ledger.metadata,
    people.metadata,
    parties.metadata,
    cases.metadata,
    products.metadata,
    commitments.metadata,
    console.metadata,
)
"""One for each room that keeps something; a test holds the versions against them."""
