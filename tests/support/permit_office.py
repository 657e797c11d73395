"""An office with three approvers and a site, its keys real and made at test time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from insyn.trust.keys.envelope import Envelope, signed
from insyn.trust.keys.keyfile import SigningKey
from insyn.trust.keys.root import Role, RoleKeys, Root, RootKey
from insyn.trust.permit.issue import draft_permit, entry_of, sign_permit
from insyn.trust.permit.status import State, StatusEntry, StatusList, next_status, sign_status
from insyn.trust.permit.verify import LastSeen, Verdict, verify

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PERMIT_ID = "P-20261123-0123456789ab"


def key(holder: str) -> SigningKey:
    """A new key."""
    return SigningKey(holder=holder, private=Ed25519PrivateKey.generate())


def predicate(**changed: Any) -> dict[str, Any]:
    """The fields of a draft: an invented stadium's."""
    return {
        "case": "C-17",
        "decision_digest": "ab" * 32,
        "rulebook": "2026.1",
        "site": {
            "name": "Granlunda arena",
            "address": "Arenavägen 1, Granlunda",
            "area": {"description": "stands, gates and concourse", "square_metres": 42_000},
        },
        "purposes": ["safety of visitors at matches"],
        "camera_cap": 48,
        "masking": {"everyday": "everyone", "originals": "sealed", "custodians": 2},
        "retention_days": 14,
        "sinks": [{"kind": "console", "name": "control room"}],
        "not_before": "2026-12-01T00:00:00Z",
        "not_after": "2027-12-01T00:00:00Z",
        "grace_days": 14,
        "status_list": "https://office.example/status.json",
        "conditions": [{"id": "sign", "text": "Signs stand at every gate."}],
        "notice_text": "Cameras watch the stands.\nFaces are masked.",
        "complaint_address": "klagomal@granlunda.example",
    } | changed


def root_key(held: SigningKey, retired_at: datetime | None = None) -> RootKey:
    """The key as a root names it."""
    return RootKey(holder=held.holder, public=held.public, retired_at=retired_at)


def make_root(
    approvers: Iterable[SigningKey],
    status: Iterable[SigningKey],
    *,
    version: int = 1,
    retired: Iterable[SigningKey] = (),
    retired_at: datetime | None = None,
    lasts: timedelta = timedelta(days=730),
) -> Root:
    """A root in which approvers sign permits and roots, two at a time."""
    approvers, status, retired = list(approvers), list(status), list(retired)
    keys = {k.public.fingerprint: root_key(k) for k in (*approvers, *status)}
    keys |= {k.public.fingerprint: root_key(k, retired_at) for k in retired}
    pair = frozenset(k.public.fingerprint for k in (*approvers, *retired))
    return Root(
        version=version,
        issued_at=NOW - timedelta(days=1),
        expires_at=NOW + lasts,
        keys=keys,
        roles={
            Role.ROOT: RoleKeys(keys=pair, threshold=2),
            Role.PERMIT: RoleKeys(keys=pair, threshold=2),
            Role.STATUS: RoleKeys(
                keys=frozenset(k.public.fingerprint for k in status), threshold=1
            ),
        },
    )


@dataclass
class Office:
    """Makes permits and lists, also wrong ones, and judges them as the site would."""

    approvers: list[SigningKey] = field(
        default_factory=lambda: [key("approver-1"), key("approver-2"), key("approver-3")]
    )
    registrar: SigningKey = field(default_factory=lambda: key("registrar"))
    site: SigningKey = field(default_factory=lambda: key("site"))
    stranger: SigningKey = field(default_factory=lambda: key("stranger"))
    root: Root = field(init=False)

    def __post_init__(self) -> None:
        self.root = make_root(self.approvers, [self.registrar])

    def draft(self, **changed: Any) -> Envelope:
        """A draft for this site."""
        return draft_permit(
            predicate(**changed),
            site_key=self.site.public.fingerprint,
            permit_id=PERMIT_ID,
            now=NOW,
        )

    def permit(self, **changed: Any) -> Envelope:
        """A permit signed by the first two approvers."""
        envelope = self.draft(**changed)
        for approver in self.approvers[:2]:
            envelope = sign_permit(envelope, approver, root=self.root, now=NOW)
        return envelope

    def entry(self, permit: Envelope, state: State = State.ACTIVE) -> StatusEntry:
        """How the permit stands."""
        because = "" if state is State.ACTIVE else "the use has changed"
        return entry_of(permit, state=state, now=NOW, because=because)

    def status(
        self,
        *entries: StatusEntry,
        after: StatusList | None = None,
        at: datetime = datetime(2026, 12, 24, tzinfo=UTC),
        days: int = 30,
    ) -> bytes:
        """A signed status list, as it lies on the disk."""
        made = next_status(after, entries, now=at, lasts=timedelta(days=days))
        return sign_status(made.envelope(), self.registrar, self.root).to_bytes()

    def judge(
        self,
        permit: Envelope | bytes,
        status: bytes | None,
        now: datetime,
        seen: LastSeen | None = None,
        root: Root | None = None,
    ) -> Verdict:
        """What the site makes of it."""
        content = permit if isinstance(permit, bytes) else permit.to_bytes()
        return verify(content, root or self.root, self.site.public, status, now, seen or LastSeen())


def unchecked(payload: bytes, *keys: SigningKey, payload_type: str) -> Envelope:
    """An envelope signed by these keys, whatever it holds."""
    envelope = Envelope(payload=payload, payload_type=payload_type)
    for each in keys:
        envelope = signed(envelope, each)
    return envelope
