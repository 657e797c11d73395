"""A permit is plain DSSE and in-toto: others can check it without Insyn."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Key, SSlibKey
from tests.support.permit_office import Office

OFFICE = Office()
CONTENT = OFFICE.permit().to_bytes()


def library_keys() -> list[Key]:
    """The approvers' keys, from their raw bytes alone."""
    return [
        SSlibKey(held.public.fingerprint, "ed25519", "ed25519", {"public": held.public.raw.hex()})
        for held in OFFICE.approvers
    ]


def test_securesystemslib_alone_verifies_the_file() -> None:
    envelope = Envelope.from_dict(json.loads(CONTENT))
    assert len(envelope.verify(library_keys(), 2)) == 2
    with pytest.raises(VerificationError):
        envelope.verify(library_keys(), 3)


def test_the_signatures_are_over_the_pre_authentication_encoding() -> None:
    """DSSE v1: "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body, lengths in ASCII decimals."""
    record = json.loads(CONTENT)
    kind = record["payloadType"].encode("utf-8")
    body = base64.b64decode(record["payload"])
    pae = b" ".join(
        [b"DSSEv1", str(len(kind)).encode("ascii"), kind, str(len(body)).encode("ascii"), body]
    )
    assert kind == b"application/vnd.in-toto+json"
    assert len(record["signatures"]) == 2
    for signature, held in zip(record["signatures"], OFFICE.approvers, strict=False):
        assert signature["keyid"] == held.public.fingerprint
        key = Ed25519PublicKey.from_public_bytes(held.public.raw)
        key.verify(base64.b64decode(signature["sig"]), pae)
        with pytest.raises(InvalidSignature):
            key.verify(base64.b64decode(signature["sig"]), body)


def test_the_payload_is_an_in_toto_statement_about_the_site_key() -> None:
    statement = json.loads(base64.b64decode(json.loads(CONTENT)["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "urn:insyn:permit:1"
    [subject] = statement["subject"]
    assert subject["digest"] == {"sha256": OFFICE.site.public.fingerprint}
