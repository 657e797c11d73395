"""The site's own key, made at its init; a permit is bound to its fingerprint.

Always: made once, never replaced silently, never leaves the site. A site starts unattended, so the
key lies unencrypted (PKCS#8, PEM) in a file that only its owner may read.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from insyn.base.errors import UnreadableInput
from insyn.trust.keys.keyfile import SigningKey, read_private, write_new

HOLDER = "site"


def make_site_key(path: Path) -> SigningKey:
    """Make the site's key in a new file of mode 0600.

    Raises:
        EnvironmentFailure: the file exists (a site has one key), or cannot be written.
    """
    private = Ed25519PrivateKey.generate()
    write_new(path, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return SigningKey(holder=HOLDER, private=private)


def open_site_key(path: Path) -> SigningKey:
    """Read the site's key.

    Raises:
        UnreadableInput: it is not an unencrypted Ed25519 key in PEM.
        EnvironmentFailure: it cannot be read, or others than its owner may read it.
    """
    content = read_private(path)
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise UnreadableInput(
            f"{path} is not the key of a site; take it from a backup, or make a new key and ask "
            "the office for a permit for it"
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise UnreadableInput(f"{path} holds a key that is not Ed25519; a site's key is")
    return SigningKey(holder=HOLDER, private=private)
