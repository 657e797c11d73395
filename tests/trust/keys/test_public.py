"""Fingerprints, and the site's key."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.support.permit_office import key

from insyn.base.errors import EnvironmentFailure, UnreadableInput
from insyn.trust.keys.public import PublicKey, grouped
from insyn.trust.keys.site import make_site_key, open_site_key


def test_the_fingerprint_is_of_the_subject_public_key_info() -> None:
    public = key("a").public
    spki = Ed25519PublicKey.from_public_bytes(public.raw).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    assert public.fingerprint == hashlib.sha256(spki).hexdigest()


def test_groups_are_of_four() -> None:
    assert grouped("0123456789ab") == "0123 4567 89ab"


@pytest.mark.parametrize("text", ["", "00", "00" * 31, "AA" * 32, "aa " * 32, "é" * 64])
def test_a_public_key_has_one_spelling(text: str) -> None:
    with pytest.raises(UnreadableInput):
        PublicKey.from_hex(text)


def test_the_site_key_is_made_once_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "site.key"
    made = make_site_key(path)
    assert open_site_key(path).public == made.public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(EnvironmentFailure, match="File exists"):
        make_site_key(path)


def test_a_site_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.key"
    make_site_key(path)
    path.chmod(0o644)
    with pytest.raises(EnvironmentFailure, match="chmod 600"):
        open_site_key(path)


def test_another_kind_of_key_is_no_site_key(tmp_path: Path) -> None:
    path = tmp_path / "site.key"
    other = X25519PrivateKey.generate()
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (pem, b"", b"-----BEGIN PRIVATE KEY-----"):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(UnreadableInput):
            open_site_key(path)
