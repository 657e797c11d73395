"""C2PA content credentials in the clip itself, for whoever has other tools than ours.

Always: signed by the site's own key, under a certificate that the site made for it; other tools say
"valid, signer unknown", because no authority of theirs vouches for a site. Ours is the manifest.

Source: C2PA specification 2.x, through c2pa-python.
"""

from __future__ import annotations

import json
import warnings
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from insyn.base.errors import EnvironmentFailure
from insyn.base.files import write_atomically
from insyn.trust.keys.keyfile import SigningKey

NAME = "site-certificates.pem"
LASTS = timedelta(days=3650)


def certificates(directory: Path, key: SigningKey, *, now: datetime) -> bytes:
    """The site's certificate and the one that signed it, made at the first use.

    C2PA takes no self-signed certificate for a claim: an authority of the site's own is made, signs
    this one certificate, and its key is let go at once.
    """
    path = directory / NAME
    if path.exists():
        return path.read_bytes()
    authority = Ed25519PrivateKey.generate()
    above = _certificate("Insyn site authority", authority.public_key(), authority, now, top=True)
    name = f"Insyn site {key.public.fingerprint[:16]}"
    own = _certificate(name, key.private.public_key(), authority, now, top=False)
    content = own.public_bytes(Encoding.PEM) + above.public_bytes(Encoding.PEM)
    write_atomically(path, content)
    return content


def sign_clip(
    clip: Path, signed: Path, chain: bytes, key: SigningKey, *, title: str, version: str
) -> None:
    """Write the MP4 with content credentials in it.

    Raises:
        EnvironmentFailure: the library refuses the clip.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, about its loading
        import c2pa

        said = {
            "claim_generator_info": [{"name": "insyn", "version": version}],
            "title": title,
            "format": "video/mp4",
            "assertions": [
                {
                    "label": "c2pa.actions",
                    "data": {
                        "actions": [
                            {
                                "action": "c2pa.created",
                                "digitalSourceType": (
                                    "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
                                ),
                            },
                            {"action": "c2pa.redacted"},
                        ]
                    },
                }
            ],
        }
        try:
            signer = c2pa.Signer.from_callback(
                key.private.sign, c2pa.C2paSigningAlg.ED25519, chain.decode()
            )
            with clip.open("rb") as source, signed.open("w+b") as target:
                c2pa.Builder(json.dumps(said)).sign(signer, "video/mp4", source, target)
        except c2pa.C2paError as error:
            raise EnvironmentFailure(f"content credentials could not be added: {error}") from error


def _certificate(
    name: str,
    public: Ed25519PublicKey,
    authority: Ed25519PrivateKey,
    now: datetime,
    *,
    top: bool,
) -> x509.Certificate:
    issuer = name if top else "Insyn site authority"
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=top, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not top,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=top,
                crl_sign=top,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
            critical=False,
        )
    )
    if not top:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(authority, None)


def _named(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Insyn site"),
        ]
    )
