"""Signed content: DSSE envelopes (Dead Simple Signing Envelope v1), made and checked strictly.

Always: an envelope has one spelling, so any changed byte of a file is noticed; every signature in
it must be right, also beyond the threshold. Signing and checking is done by securesystemslib.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from securesystemslib.dsse import Envelope as LibraryEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Signature as LibrarySignature

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import UnreadableInput
from insyn.trust.keys.keyfile import SigningKey
from insyn.trust.keys.public import PublicKey
from insyn.trust.keys.strict import Schema, read_canonical

MAX_SIGNATURES = 32

_SCHEMA = Schema(
    b"""{"type": "object", "additionalProperties": false,
    "required": ["payload", "payloadType", "signatures"],
    "properties": {
      "payload": {"type": "string"},
      "payloadType": {"type": "string", "minLength": 1, "maxLength": 128},
      "signatures": {"type": "array", "maxItems": 32, "items": {
        "type": "object", "additionalProperties": false, "required": ["keyid", "sig"],
        "properties": {
          "keyid": {"type": "string", "pattern": "^[0-9a-f]{64}$(?!\\\\n)"},
          "sig": {"type": "string", "minLength": 88, "maxLength": 88}}}}}}"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """`key` is the fingerprint of the key that is said to have made it; 64 bytes."""

    key: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload, what kind it is, and who signed it. Nothing is checked yet."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the payload, in hexadecimal; it does not change as signatures are added."""
        return hashlib.sha256(self.payload).hexdigest()

    def to_bytes(self) -> bytes:
        """The one spelling: canonical JSON and a line end."""
        record: dict[str, Json] = {
            "payload": base64.standard_b64encode(self.payload).decode("ascii"),
            "payloadType": self.payload_type,
            "signatures": [
                {
                    "keyid": signature.key,
                    "sig": base64.standard_b64encode(signature.signature).decode("ascii"),
                }
                for signature in self.signatures
            ],
        }
        return canonical_bytes(record) + b"\n"


class SignatureFault(StrEnum):
    """Why the signatures of an envelope cannot be counted."""

    UNKNOWN_SIGNER = "unknown signer"
    WRONG = "a wrong signature beside a right one"
    ALTERED = "content altered after it was signed"
    REPEATED = "the same signer twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The keys that signed, by fingerprint; or the first fault, and then no keys."""

    signers: tuple[str, ...] = ()
    fault: SignatureFault | None = None


def read_envelope(content: bytes, what: str = "the envelope") -> Envelope:
    """Read an envelope that is spelt as `Envelope.to_bytes` spells it.

    Raises:
        UnreadableInput: anything else, `what` named.
    """
    if not content.endswith(b"\n"):
        raise UnreadableInput(f"{what} {_without_end(content)}; take the file as it was issued")
    record = read_canonical(content[:-1], what)
    if problem := _SCHEMA.problem(record):
        raise UnreadableInput(f"{what} is no signed envelope: {problem}")
    try:
        envelope = Envelope(
            payload=_unbase64(record["payload"]),
            payload_type=str(record["payloadType"]),
            signatures=tuple(_signatures(record["signatures"])),
        )
    except ValueError as error:
        raise UnreadableInput(f"{what} holds no base64; copy the file again") from error
    # Base64 leaves spare bits before its padding: only the one spelling passes.
    if envelope.to_bytes() != content:
        raise UnreadableInput(f"{what} is not spelt as it was issued; copy the file again")
    return envelope


def _without_end(content: bytes) -> str:
    """What is wrong with a file whose last line end is missing."""
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return "is cut: its last line end is missing"
    return "was spelt anew, by an editor or a program: it is JSON, and not as it was issued"


def _signatures(value: Json) -> Iterator[Signature]:
    assert isinstance(value, list)
    for item in value:
        assert isinstance(item, dict)
        yield Signature(key=str(item["keyid"]), signature=_unbase64(item["sig"]))


def _unbase64(value: Json) -> bytes:
    return base64.b64decode(str(value), validate=True)


def seal(payload: bytes, payload_type: str) -> Envelope:
    """An envelope that nobody has signed yet."""
    return Envelope(payload=payload, payload_type=payload_type)


def signed(envelope: Envelope, key: SigningKey) -> Envelope:
    """The envelope with this key's signature beside the others."""
    made = LibraryEnvelope(envelope.payload, envelope.payload_type, {}).sign(key.signer())
    signature = Signature(key=made.keyid, signature=bytes.fromhex(made.signature))
    return replace(envelope, signatures=(*envelope.signatures, signature))


def check(envelope: Envelope, keys: Mapping[str, PublicKey]) -> Checked:
    """Check every signature; the threshold is the caller's to ask for.

    Args:
        envelope: as it was read.
        keys: who may sign, by fingerprint.

    Returns:
        All signers where every signature is right, each by another key of `keys`.
    """
    signers = [signature.key for signature in envelope.signatures]
    if len(set(signers)) != len(signers):
        return Checked(fault=SignatureFault.REPEATED)
    if any(signer not in keys for signer in signers):
        return Checked(fault=SignatureFault.UNKNOWN_SIGNER)
    fitting = [_fits(envelope, one, keys[one.key]) for one in envelope.signatures]
    if all(fitting):
        return Checked(signers=tuple(signers))
    # Where one signature fits, the content is what was signed and another signature is broken.
    return Checked(fault=SignatureFault.WRONG if any(fitting) else SignatureFault.ALTERED)


def _fits(envelope: Envelope, signature: Signature, key: PublicKey) -> bool:
    one = LibrarySignature(signature.key, signature.signature.hex())
    library = LibraryEnvelope(envelope.payload, envelope.payload_type, {signature.key: one})
    try:
        library.verify([key.verifier()], 1)
    except VerificationError:
        return False
    return True
