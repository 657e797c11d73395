"""The tour's second half: a deal from draft to a permit by two people, verified and replayed.

Always: the same functions that the commands call, real keys and a real ledger; people, places and
passwords are invented, and the passwords lie in the folder for who wants to go on by hand.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from insyn.base.canonical import Json, digest
from insyn.base.clock import isoformat, system_clock
from insyn.base.config import DataDirectory
from insyn.base.errors import Refusal
from insyn.base.files import write_atomically
from insyn.demo.sections import working
from insyn.office.diligence.cases import casebook, deals, issuing, permits, replay, screened, steps
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.deals import Said
from insyn.office.diligence.cases.events import Condition, Proposal, Verifier
from insyn.office.diligence.commitments import partners, training
from insyn.office.screening.rescreen import rescreen_office
from insyn.office.screening.store import Store, open_store
from insyn.trust.keys.envelope import Envelope
from insyn.trust.keys.keyfile import SigningKey
from insyn.trust.keys.root import Role as KeyRole
from insyn.trust.keys.root import RoleKeys, Root, RootKey, sign_root
from insyn.trust.keys.site import make_site_key
from insyn.trust.ledger import log
from insyn.trust.people import users
from insyn.trust.people.duties import Actor, Role
from insyn.trust.people.passwords import Passwords
from insyn.trust.permit.issue import entry_of, new_permit_id, sign_permit
from insyn.trust.permit.shelf import Shelf
from insyn.trust.permit.status import State, next_status, sign_status
from insyn.trust.permit.verify import LastSeen, verify

PASSWORD = "ett provkontor att titta i"  # noqa: S105 - the tour's own, printed on purpose
PEOPLE = {
    "rita": Role.REQUESTER,
    "anna": Role.ANALYST,
    "per": Role.APPROVER,
    "pia": Role.APPROVER,
}
SIGNS = Condition(
    id="signs",
    text="Signs at every gate say who films, why, and where to complain.",
    verifier=Verifier.VISIT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Office:
    data: DataDirectory
    store: Store
    people: Mapping[str, Actor]
    console: Console

    @contextmanager
    def writing(self) -> Iterator[tuple[sa.Connection, datetime]]:
        with self.store.writing() as connection:
            yield connection, system_clock()


def take_case(data: DataDirectory, console: Console, rule: Callable[[str], None]) -> None:
    """Take the second half of the tour in an office whose lists are in force.

    `rule` begins a section.
    """
    rule("Two deals are judged, and one goes to a decision")
    with open_store(data) as store:
        with working(console, "making five people, each with a password"):
            people = _people(store)
        write_atomically(data.root / "password", f"{PASSWORD}\n".encode())
        office = _Office(data=data, store=store, people=people, console=console)
        with working(console, "bringing two deals in, and screening their parties"):
            _bring_in(office)
        case = _study(office)
        _prepare(office)
        case = _vote(office, case)
        rule("The permit: signed by two, refused when altered")
        _permit(office, case)
        rule("What was known when")
        _replay(office)
        with store.reading() as connection:
            console.print(f"The ledger has {log.size(connection)} leaves.", highlight=False)


def _people(store: Store) -> dict[str, Actor]:
    passwords = Passwords()
    now = system_clock()
    with store.writing() as connection:
        token = users.invite_first(connection, now=now)
        ada = users.claim(
            connection, token, name="ada", password=PASSWORD, passwords=passwords, now=now
        )
        found = {"ada": ada.actor}
        for name, role in PEOPLE.items():
            _, token = users.add(connection, name, roles=[role], actor=ada.actor, now=now)
            person = users.claim(connection, token, password=PASSWORD, passwords=passwords, now=now)
            found[name] = person.actor
    return found


def _prepare(office: _Office) -> None:
    """The approvers pass the training, and the reseller signs the commitment."""
    with office.writing() as (connection, now):
        for name in ("per", "pia"):
            for module in training.known(connection, at=now).values():
                training.take(
                    connection, module, score_percent=100, actor=office.people[name], now=now
                )
        signed = partners.Commitment(
            id="k-000000000001",
            party=screened.party_id("Kamerahuset i Granlunda AB", "SE"),
            text="1.0",
            signatory="an invented signatory",
            signed_on=now.date(),
            expires_on=now.date() + timedelta(days=365),
            sha256=digest("an invented document"),
        )
        partners.record(connection, signed, actor=office.people["anna"], now=now)
    office.console.print(
        "per and pia have passed the training; the reseller has signed the commitment",
        highlight=False,
    )


def _bring_in(office: _Office) -> None:
    sample = files("insyn.demo").joinpath("data", "sample_deals.json").read_text("utf-8")
    with office.writing() as (connection, now):
        for record in json.loads(sample)["deals"]:
            said = Said(source="declared by the seller", known_since=now - timedelta(days=30))
            deals.put(connection, record, said=said, actor=office.people["rita"], now=now)
            steps.open_case(connection, record["id"], actor=office.people["rita"], now=now)
            _tell_outcome(office, connection, record["id"], now)


def _tell_outcome(office: _Office, connection: sa.Connection, deal: str, now: datetime) -> None:
    seen = steps.see(connection, casebook.find(connection, deal), now=now)
    office.console.print(Text(f"{seen.outcome:<12}", style="bold"), Text(deal))
    for rule in seen.rules[:3]:
        told = Text(f"{rule.id} {rule.because}\n").append(rule.source, style="dim")
        office.console.print(Padding(told, (0, 0, 0, 7)))


def _study(office: _Office) -> Case:
    rita, anna = office.people["rita"], office.people["anna"]
    with office.writing() as (connection, now):
        steps.submit(connection, casebook.find(connection, "arena"), actor=rita, now=now)
    rescreen_office(office.data, clock=system_clock)
    with office.writing() as (connection, now):
        case = steps.screen(connection, casebook.find(connection, "arena"), actor=anna, now=now)
        because = "one venue, its own operator, no analytics"
        case = steps.triage(connection, case, because=because, actor=anna, now=now)
        offer = steps.Offer(
            proposal=Proposal.APPROVE_WITH_CONDITIONS,
            because="everybody is masked; the operator is known",
            conditions=(replace(SIGNS, due=(now + timedelta(days=60)).date()),),
            terms=_terms(now.date()),
        )
        case = steps.propose(connection, case, offer, actor=anna, now=now)
        parties = screened.subjects_of(deals.deal_at(connection, "arena", known=now))
    office.console.print(
        f"rita asked; {len(parties)} parties screened; anna studied it and proposes: approve with "
        "conditions",
        highlight=False,
    )
    return case


def _vote(office: _Office, case: Case) -> Case:
    for name in ("anna", "per", "pia"):
        with office.store.writing() as connection:
            case, refused = _one_vote(connection, case, office.people[name])
        told = f"refused: {refused}" if refused else f"agrees; the case is {case.state}"
        office.console.print(f"{name} votes yes: {told}", highlight=False)
    return case


def _one_vote(connection: sa.Connection, case: Case, actor: Actor) -> tuple[Case, str]:
    try:
        now = system_clock()
        because = "I read the dossier"
        return steps.vote(connection, case, agrees=True, because=because, actor=actor, now=now), ""
    except Refusal as refusal:
        return case, str(refusal)


def _permit(office: _Office, case: Case) -> None:
    now = system_clock()
    approvers = [_key(office.people[name].id) for name in ("per", "pia")]
    registrar = _key("registrar")
    shelf = Shelf(office.data.root / "trust")
    root = _root(office, shelf, approvers, registrar)
    site = make_site_key(office.data.root / "site.key")
    draft = permits.draft(
        case, site_key=site.public.fingerprint, permit_id=new_permit_id(now, os.urandom(6)), now=now
    )
    one = sign_permit(draft, approvers[0], root=root, now=now)
    both = sign_permit(one, approvers[1], root=root, now=now)

    with office.writing() as (connection, _):
        issuing.record_issue(connection, both, root, actor=office.people["per"], now=now)
    path = shelf.keep_permit(both, root)
    entry = entry_of(both, state=State.ACTIVE, now=now)
    listed = next_status(None, [entry], now=now, lasts=timedelta(days=30))
    status = sign_status(listed.envelope(), registrar, root)
    with office.writing() as (connection, _):
        issuing.record_status(
            connection, listed, status.digest, [entry], actor=office.people["per"], now=now
        )
    shelf.keep_status(status, root)
    for title, envelope in (
        ("signed by per and pia", both),
        ("signed by per alone", one),
        ("camera cap changed from 24 to 240", _altered(both)),
    ):
        verdict = verify(envelope.to_bytes(), root, site.public, status.to_bytes(), now, LastSeen())
        colour = "green" if envelope is both else "red"
        office.console.print(
            Text(f"{verdict.standing:<8}", style=f"bold {colour}"),
            Text(f"{title}: {verdict.reason.sentence}"),
        )
    office.console.print(f"Kept as {path}", highlight=False)


def _key(holder: str) -> SigningKey:
    return SigningKey(holder=holder, private=Ed25519PrivateKey.generate())


def _root(
    office: _Office, shelf: Shelf, approvers: list[SigningKey], registrar: SigningKey
) -> Root:
    now = system_clock()
    pair = frozenset(key.public.fingerprint for key in approvers)
    root = Root(
        version=1,
        issued_at=now,
        expires_at=now + timedelta(days=730),
        keys={
            key.public.fingerprint: RootKey(holder=key.holder, public=key.public, retired_at=None)
            for key in (*approvers, registrar)
        },
        roles={
            KeyRole.ROOT: RoleKeys(keys=pair, threshold=2),
            KeyRole.PERMIT: RoleKeys(keys=pair, threshold=2),
            KeyRole.STATUS: RoleKeys(keys=frozenset({registrar.public.fingerprint}), threshold=1),
        },
    )
    envelope = root.envelope()
    for key in approvers:
        envelope = sign_root(envelope, key, current=None)
    content = envelope.to_bytes()
    accepted = shelf.accepted_root(content, fingerprint=envelope.digest)
    with office.writing() as (connection, _):
        actor = office.people["per"]
        issuing.record_root(connection, accepted.version, envelope.digest, actor=actor, now=now)
    shelf.keep_root(content, accepted)
    return accepted


def _altered(envelope: Envelope) -> Envelope:
    payload = envelope.payload.replace(b'"camera_cap":24', b'"camera_cap":240')
    return replace(envelope, payload=payload)


def _terms(today: date) -> dict[str, Json]:
    start = datetime(today.year, today.month, today.day, tzinfo=UTC)
    return {
        "site": {
            "name": "Granlunda arena",
            "address": "Arenavägen 1, Granlunda",
            "area": {"description": "stands, gates and concourse", "square_metres": 42_000},
        },
        "purposes": ["safety of visitors on match days"],
        "camera_cap": 24,
        "masking": {"everyday": "everyone", "originals": "sealed", "custodians": 2},
        "retention_days": 14,
        "sinks": [{"kind": "console", "name": "control room"}],
        "not_before": isoformat(start),
        "not_after": isoformat(start + timedelta(days=365)),
        "grace_days": 14,
        "status_list": "https://office.example/status.json",
        "notice_text": "Cameras watch gates and stands. Everybody is masked.",
        "complaint_address": "klagomal@granlunda.example",
    }


def _replay(office: _Office) -> None:
    with office.writing() as (connection, now):
        deals.record_fact(
            connection,
            "arena",
            "free_text_notes",
            "A newspaper says that the police directorate wants a live feed of the stands to its "
            "command centre, to recognise supporters by face.",
            said=Said(source="a newspaper, invented", known_since=now - timedelta(days=1)),
            actor=office.people["anna"],
            now=now,
        )
    now = system_clock()
    with office.store.reading() as connection:
        found = replay.replay(connection, "arena", as_of=now - timedelta(days=10), now=now)
        lapsed = steps.lapsed(connection, casebook.find(connection, "arena"), now=now)
    for title, look in (("ten days ago", found.then), ("today", found.today)):
        outcome = look.dossier.assessment.outcome.name
        office.console.print(
            Text(f"{outcome:<18}", style="bold"), Text(f"{title}, {len(look.facts)} facts known")
        )
    if lapsed:
        office.console.print(f"The approval has lapsed: {lapsed[1]}", highlight=False)
