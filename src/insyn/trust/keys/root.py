"""The root: a signed document that names the keys, their roles and the thresholds.

Always: a permit and a change of the root need two holders; version n+1 counts only when the
threshold of n and its own both signed it; an older version is never accepted again. The scheme is
that of The Update Framework, version 1.0.33, sections 5.3 and 6.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.resources import files

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal, UnreadableInput
from insyn.trust.keys.envelope import Checked, Envelope, check, read_envelope, seal, signed
from insyn.trust.keys.keyfile import SigningKey
from insyn.trust.keys.public import PublicKey, grouped
from insyn.trust.keys.strict import Schema, moment, read_canonical

ROOT_TYPE = "application/vnd.insyn.root+json"
"""payloadType of the envelope around a root."""

SCHEMA = Schema((files("insyn.trust.keys") / "schemas" / "root.schema.json").read_bytes())

CLOCK_SKEW = timedelta(minutes=5)
"""How far a clock may be behind the signer's before "not yet" is said; never added to an end."""


class Role(StrEnum):
    """What a key may sign."""

    ROOT = "root"
    PERMIT = "permit"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKey:
    """A key of the office's set; what it signed until `retired_at` stays good."""

    holder: str
    public: PublicKey
    retired_at: datetime | None = None

    @property
    def person(self) -> str:
        """The holder, comparable: two keys of one holder count once."""
        return " ".join(self.holder.split()).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleKeys:
    """The fingerprints of a role's keys, and how many different holders must sign."""

    keys: frozenset[str]
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One version of the key set; `keys` by fingerprint. A set that cannot sign cannot be built."""

    version: int
    issued_at: datetime
    expires_at: datetime
    keys: Mapping[str, RootKey]
    roles: Mapping[Role, RoleKeys]

    def __post_init__(self) -> None:
        if self.issued_at >= self.expires_at:
            raise UnreadableInput("the root ends before it begins; give a later expires_at")
        for role in Role:
            self._check_role(role)

    def _check_role(self, role: Role) -> None:
        named = self.roles[role]
        if role is not Role.STATUS and named.threshold < 2:
            raise UnreadableInput(f"the role {role} needs a threshold of 2 or more, for two people")
        if not named.keys <= set(self.keys):
            raise UnreadableInput(f"the role {role} names a key that the root does not hold")
        standing = [self.keys[k] for k in named.keys if self.keys[k].retired_at is None]
        people = {key.person for key in standing}
        if len(people) < len(standing):
            raise UnreadableInput(f"one holder has two keys in the role {role}; retire one of them")
        if len(people) < named.threshold:
            raise UnreadableInput(
                f"the role {role} asks for {named.threshold} signatures and has "
                f"{len(people)} holders; name more keys"
            )

    def signers(self, role: Role, *, at: datetime | None = None) -> dict[str, PublicKey]:
        """Keys of the role by fingerprint: those standing, and at a time those retired later."""
        return {
            name: key.public
            for name, key in self.keys.items()
            if name in self.roles[role].keys
            and (key.retired_at is None or (at is not None and at <= key.retired_at))
        }

    def people(self, fingerprints: Iterable[str]) -> frozenset[str]:
        """The different holders of these keys, each of which the root holds."""
        return frozenset(self.keys[name].person for name in fingerprints)

    def to_json(self) -> dict[str, Json]:
        """The root as it is signed; docs/reference/permit.md describes the fields."""
        return {
            "format": "insyn-root-1",
            "version": self.version,
            "issued_at": isoformat(self.issued_at),
            "expires_at": isoformat(self.expires_at),
            "keys": [_key_record(self.keys[name]) for name in sorted(self.keys)],
            "roles": {
                str(role): {"keys": sorted(named.keys), "threshold": named.threshold}
                for role, named in self.roles.items()
            },
        }

    def envelope(self) -> Envelope:
        """The root in an envelope that nobody has signed yet."""
        return seal(canonical_bytes(self.to_json()), ROOT_TYPE)


def _key_record(key: RootKey) -> dict[str, Json]:
    record: dict[str, Json] = {"holder": key.holder, "public": key.public.raw.hex()}
    if key.retired_at is not None:
        record["retired_at"] = isoformat(key.retired_at)
    return record


def read_root(envelope: Envelope) -> Root:
    """What an envelope says the root is; no signature is checked.

    Raises:
        UnreadableInput: it is no root, or one that could not sign.
    """
    if envelope.payload_type != ROOT_TYPE:
        raise UnreadableInput("the envelope holds no root; name the root file of the office")
    record = read_canonical(envelope.payload, "the root")
    if problem := SCHEMA.problem(record):
        raise UnreadableInput(f"the root breaks its format: {problem}")
    return _root(record)


# `Any`-free casts would hide more than they show: the schema has said what each field is.
def _root(record: Mapping[str, Json]) -> Root:
    keys: dict[str, RootKey] = {}
    for item in _objects(record["keys"]):
        public = PublicKey.from_hex(str(item["public"]))
        retired = moment(str(item["retired_at"])) if "retired_at" in item else None
        if public.fingerprint in keys:
            raise UnreadableInput("the root names one key twice; a key has one holder")
        keys[public.fingerprint] = RootKey(
            holder=str(item["holder"]), public=public, retired_at=retired
        )
    named = record["roles"]
    assert isinstance(named, Mapping)
    return Root(
        version=int(str(record["version"])),
        issued_at=moment(str(record["issued_at"])),
        expires_at=moment(str(record["expires_at"])),
        keys=keys,
        roles={role: _role_keys(named[role]) for role in Role},
    )


def _objects(value: Json) -> list[Mapping[str, Json]]:
    assert isinstance(value, list)
    return [item for item in value if isinstance(item, Mapping)]


def _role_keys(value: Json) -> RoleKeys:
    assert isinstance(value, Mapping)
    assert isinstance(value["keys"], list)
    return RoleKeys(
        keys=frozenset(str(name) for name in value["keys"]), threshold=int(str(value["threshold"]))
    )


def sign_root(envelope: Envelope, key: SigningKey, *, current: Root | None) -> Envelope:
    """Add a signature to a draft of a root.

    Args:
        envelope: the draft; its earlier signatures must be right.
        key: named for changing the root by the draft or by the root in force.
        current: the root in force; None before the first.

    Raises:
        Refusal: the key may not sign it, has signed it, or an earlier signature is wrong.
    """
    may = _may_sign(read_root(envelope), current)
    if key.public.fingerprint not in may:
        raise Refusal(
            "this key may not change the root: neither the root in force nor the draft names it "
            "for that; use the key of one who may"
        )
    if key.public.fingerprint in {signature.key for signature in envelope.signatures}:
        raise Refusal("this key has signed the draft of the root already; another holder must sign")
    after = signed(envelope, key)
    checked = check(after, may)
    if checked.fault is not None:
        raise Refusal(f"the draft of the root was not signed: {checked.fault}; start a new draft")
    return after


def accept_first(content: bytes, *, fingerprint: str) -> Root:
    """Take up a first root, whose digest was compared over another way (aloud, on paper).

    Args:
        content: the signed root file.
        fingerprint: SHA-256 of its payload, as the office told it; case and spaces do not matter.

    Raises:
        UnreadableInput: it is no root.
        Refusal: it is another root than the one told, or too few of its own keys signed it.
    """
    envelope = read_envelope(content, "the root")
    root = read_root(envelope)
    if "".join(fingerprint.split()).casefold() != envelope.digest:
        raise Refusal(
            f"this root's fingerprint is {grouped(envelope.digest)}, another than the one told; "
            "do not use it, and ask the office"
        )
    _require(root, check(envelope, root.signers(Role.ROOT)), root)
    return root


def accept_next(current: Root, content: bytes) -> Root:
    """Take up the version after `current`; an expired `current` still vouches for it.

    Raises:
        UnreadableInput: it is no root.
        Refusal: it is not the next version, or the threshold of either root has not signed it.
    """
    envelope = read_envelope(content, "the root")
    root = read_root(envelope)
    if root.version <= current.version:
        raise Refusal(
            f"version {root.version} of the root is not newer than version {current.version}, "
            "which is in force; a root is never rolled back"
        )
    if root.version > current.version + 1:
        raise Refusal(
            f"version {root.version} of the root needs version {current.version + 1} first; "
            "take up the versions in order"
        )
    checked = check(envelope, _may_sign(root, current))
    _require(current, checked, root)
    _require(root, checked, root)
    return root


def _may_sign(root: Root, current: Root | None) -> dict[str, PublicKey]:
    before = {} if current is None else current.signers(Role.ROOT)
    return {**before, **root.signers(Role.ROOT)}


def _require(by: Root, checked: Checked, root: Root) -> None:
    """The threshold of the root role of `by` stands behind `root`, or Refusal."""
    if checked.fault is not None:
        raise Refusal(f"version {root.version} of the root is refused: {checked.fault}")
    named = by.signers(Role.ROOT)
    people = by.people(name for name in checked.signers if name in named)
    wanted = by.roles[Role.ROOT].threshold
    if len(people) < wanted:
        raise Refusal(
            f"version {root.version} of the root is signed by {len(people)} of the {wanted} "
            f"holders that version {by.version} asks for; let more of them sign"
        )
