"""A furnished office: deals, cases in several states, evidence, a signed ledger; names invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from tests.office.console.resources.api_office import ApiOffice
from tests.support.permit_office import NOW, PERMIT_ID, Office

from insyn.trust.keys.envelope import read_envelope
from insyn.trust.keys.root import sign_root
from insyn.trust.ledger import checkpoints
from insyn.trust.ledger.keyfile import FileSigner
from insyn.trust.people import schema, tokens, users
from insyn.trust.people.duties import Role
from insyn.trust.people.identity import SCOPES
from insyn.trust.people.passwords import Passwords
from insyn.trust.permit.shelf import Shelf

QUICK = Passwords(time_cost=1, memory_kib=8, lanes=1)
"""Not for keeping anything."""

PASSWORD = "elva hattar i regnet"
SOURCE = "declared by the seller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Ids that there are, by the name of the path's parameter; and tokens, one of nobody."""

    ids: dict[str, tuple[str, ...]]
    tokens: tuple[str, ...]


def settle(office: ApiOffice) -> str:
    """Make a person of each role known, and one of all roles, each with a token; a victim's id."""
    with office.desk.writing() as connection:
        once = users.invite_first(connection, now=office.now)
        first = _claimed(connection, once, office.now).actor
        wanted = {role.name: [role] for role in Role} | {"EVERYBODY": [], "VICTIM": []}
        for name, roles in wanted.items():
            person, once = users.add(
                connection, f"påhittad {name}", roles=roles, actor=first, now=office.now
            )
            actor = _claimed(connection, once, office.now).actor
            if name == "EVERYBODY":
                # No office lets one person hold them all; here it is whatever a role may reach.
                rows = [{"person": actor.id, "role": str(role)} for role in Role]
                connection.execute(sa.insert(schema.roles), rows)
            _, office.secrets[name] = tokens.add(
                connection, label=name, scopes=SCOPES, lasts=timedelta(days=1), actor=actor,
                now=office.now,
            )  # fmt: skip
        return person.id


def _claimed(connection: sa.Connection, once: str, now: datetime) -> users.Person:
    return users.claim(connection, once, password=PASSWORD, passwords=QUICK, now=now)


def furnish(office: ApiOffice) -> Known:
    """Put some of everything into an office, over its own API where there is a way."""
    victim = settle(office)
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
    _permit_something(office)
    notice = _tell_of_parties_and_products(office)
    commitment = _sign_something(office)
    return Known(
        ids={
            "deal": deals,
            "case": tuple(str(case["id"]) for case in cases),
            "fact": ("1", "2", "3"),
            "number": ("0", "1", "2"),
            "rule": ("R-01", "R-10"),
            "list_id": ("un", "watch"),
            "person": (victim,),
            "permit": (PERMIT_ID,),
            "party": ("q-optics", "tier-1"),
            "product": ("CAM-100",),
            "notice": (notice,),
            "commitment": (commitment,),
            "version": ("latest", "1.0"),
            "module": ("two-people-and-a-reason", "masking-and-releases"),
            "clearance": ("1", "2"),
        },
        tokens=(*[office.secrets["EVERYBODY"]] * 8, *office.secrets.values(), "nobody"),
    )


def installed(office: ApiOffice, keys: Office) -> Shelf:
    """Take up the root that names these keys."""
    envelope = keys.root.envelope()
    for approver in keys.approvers[:2]:
        envelope = sign_root(envelope, approver, current=None)
    shelf = Shelf(office.desk.data.root / "trust")
    shelf.install_root(envelope.to_bytes(), fingerprint=envelope.digest)
    return shelf


def _tell_of_parties_and_products(office: ApiOffice) -> str:
    optics = {"id": "q-optics", "kind": "organisation", "names": [{"text": "Quartzwell Optics"}]}
    made(office, "/api/v1/parties", optics, "ANALYST")
    made(office, "/api/v1/parties", {"id": "tier-1", "kind": "unknown"}, "ANALYST")
    edge = {"supplier": "q-optics", "customer": "tier-1", "role": "reseller", "source": SOURCE}
    made(office, "/api/v1/edges", edge, "ANALYST")
    stake = {"owner": "tier-1", "owned": "q-optics", "share": "51", "source": SOURCE}
    made(office, "/api/v1/stakes", stake, "ANALYST")
    camera = {"id": "CAM-100", "name": "Kamera 100", "kind": "camera"}
    made(office, "/api/v1/products", camera, "ANALYST")
    told = {
        "about": "product",
        "subject": "CAM-100",
        "authority": "an invented authority",
        "reference": "A-1",
        "received_on": "2026-01-02",
        "sha256": "ab" * 32,
    }
    return str(made(office, "/api/v1/notices", told, "EXPORT_OFFICER")["id"])


def _sign_something(office: ApiOffice) -> str:
    signed = {
        "party": "q-optics",
        "signatory": "Påhittad Person",
        "signed_on": "2026-02-01",
        "expires_on": "2027-02-01",
        "content_base64": "c2lnbmVk",
    }
    return str(made(office, "/api/v1/commitments", signed, "ANALYST")["id"])


def _permit_something(office: ApiOffice) -> None:
    keys = Office()
    shelf = installed(office, keys)
    permit = keys.permit()
    shelf.keep_permit(permit, keys.root)
    status = keys.status(keys.entry(permit), at=NOW)
    shelf.keep_status(read_envelope(status), keys.root)


def made(office: ApiOffice, path: str, body: object, who: str) -> dict[str, object]:
    """What a creation answers."""
    got = office.client.post(path, json=body, headers=office.as_(who))
    assert got.status_code == 201, (path, got.text)
    told: dict[str, object] = got.json()
    return told
