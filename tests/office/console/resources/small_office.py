"""A furnished office: deals, cases in several states, evidence, a signed ledger; names invented."""

from __future__ import annotations

from dataclasses import dataclass

from tests.office.console.resources.api_office import ApiOffice

from insyn.trust.ledger import checkpoints
from insyn.trust.ledger.keyfile import FileSigner

SOURCE = "declared by the seller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Ids that there are, by the name of the path's parameter."""

    ids: dict[str, tuple[str, ...]]


def furnish(office: ApiOffice) -> Known:
    """Put some of everything into an office, over its own API where there is a way."""
    deals = ("D-1", "D-2", "Köp 3 åäö", "D-4")
    for number, deal in enumerate(deals):
        record = {
            "id": deal,
            "country": "SE",
            "end_user": "Påhittade Arenan AB",
            "camera_count": 10 + number,
        }
        made(office, "/api/v1/deals", {"record": record, "source": SOURCE}, "REQUESTER")
    made(office, "/api/v1/deals/D-1/facts",
         {"field": "camera_count", "value": 12, "source": SOURCE}, "ANALYST")  # fmt: skip
    made(office, "/api/v1/deals/D-1/evidence",
         {"kind": "press", "source": "a paper", "searched": "the name, in two papers",
          "found_nothing": True}, "ANALYST")  # fmt: skip
    cases = [made(office, "/api/v1/cases", {"deal": deal}, "REQUESTER") for deal in deals[:3]]
    first = office.client.post(
        f"/api/v1/cases/{cases[0]['id']}/steps",
        json={"step": "submit"},
        headers={**office.as_("REQUESTER"), "If-Match": "*"},
    )
    assert first.status_code == 200, first.text
    with office.desk.writing() as connection:
        checkpoints.make(connection, FileSigner("example.org/ledger", bytes(range(32))))
    return Known(
        ids={
            "deal": deals,
            "case": tuple(str(case["id"]) for case in cases),
            "fact": ("1", "2", "3"),
            "number": ("0", "1", "2"),
            "rule": ("R-01", "R-10"),
            "list_id": ("un", "watch"),
        }
    )


def made(office: ApiOffice, path: str, body: object, who: str) -> dict[str, object]:
    """What a creation answers."""
    got = office.client.post(path, json=body, headers=office.as_(who))
    assert got.status_code == 201, (path, got.text)
    told: dict[str, object] = got.json()
    return told
