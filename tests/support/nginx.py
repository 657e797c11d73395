"""A real nginx with TLS before a console, set up by `deploy/nginx-site.conf` as it is installed."""

from __future__ import annotations

import contextlib
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.served_site import free_port, until

PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") or ""
WHY_NOT = "" if PROGRAM else "nginx is not installed (on Debian: apt install nginx-light)"
SNIPPET = Path(__file__).parents[2] / "deploy" / "nginx-site.conf"
NAME = "localhost"

MAIN = """
daemon off;
master_process off;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    include {root}/insyn-site.conf;
}}
"""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """Where the proxy answers, and what trusts its certificate."""

    url: str
    context: ssl.SSLContext


@contextlib.contextmanager
def proxying(console: str, root: Path) -> Iterator[Proxy]:
    """Nginx before the console at this address, until the block ends."""
    certificate, key = _certificate(root)
    port, plain = free_port(), free_port()
    said = SNIPPET.read_text()
    for before, after in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
        ("cameras.example;", f"{NAME};"),
        ("/etc/ssl/insyn/cameras.example.pem", str(certificate)),
        ("/etc/ssl/insyn/cameras.example.key", str(key)),
        ("http://127.0.0.1:8090", console),
    ):
        assert before in said, f"{SNIPPET} has no {before}"
        said = said.replace(before, after)
    (root / "insyn-site.conf").write_text(said)
    main = root / "nginx.conf"
    main.write_text(MAIN.format(root=root))
    with (root / "nginx.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "-p", str(root), "-c", str(main)], stderr=log)
        try:
            until(lambda: _listens(port, process, root), f"nginx; see {root / 'nginx.log'}")
            context = ssl.create_default_context(cafile=certificate)
            yield Proxy(url=f"https://{NAME}:{port}", context=context)
        finally:
            process.terminate()
            process.wait(20)


def _listens(port: int, process: subprocess.Popen[bytes], root: Path) -> bool:
    import socket

    assert process.poll() is None, (root / "nginx.log").read_text()
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _certificate(root: Path) -> tuple[Path, Path]:
    """A certificate that signs itself, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = root / "site.pem", root / "site.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private
