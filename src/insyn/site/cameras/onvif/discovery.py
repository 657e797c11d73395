"""Cameras that answer on this network: a WS-Discovery probe by multicast.

Always: who answers is believed by the address that the answer came from alone; nothing is asked of
it, and nothing of this machine is told but a random message id.

Source: OASIS WS-Discovery 1.1 with the 2005/04 namespaces that ONVIF Core 24.12, 7.3, prescribes.
"""

from __future__ import annotations

import socket
import time
import uuid
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from insyn.base.canonical import Json
from insyn.base.errors import EnvironmentFailure, UsageError
from insyn.site.cameras.failure import CameraFailure
from insyn.site.cameras.onvif.soap import every, read_xml, text_of

GROUP, PORT = "239.255.255.250", 3702
MOST = 512
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_SENT_AT_S = (0.0, 0.3, 0.9)
"""UDP loses packets: the probe is sent thrice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Who answered. `name`, `model` and `place` are as it says."""

    host: str
    port: int
    name: str
    model: str
    place: str
    endpoint: str

    @property
    def url(self) -> str:
        """For `insyn site camera probe` and `add`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"onvif://{host}" if self.port == 80 else f"onvif://{host}:{self.port}"

    def to_json(self) -> dict[str, Json]:
        """As `--json` prints it."""
        return {
            "url": self.url,
            "host": self.host,
            "name": self.name,
            "model": self.model,
            "place": self.place,
            "endpoint": self.endpoint,
        }


def discover(*, timeout_s: float = 4.0, interface: str | None = None) -> list[Answer]:
    """Ask the network for cameras.

    Args:
        timeout_s: how long answers are waited for.
        interface: the address of the interface to ask on; None asks on the usual one.

    Raises:
        UsageError: the interface is none of this machine's.
        EnvironmentFailure: this machine has no network that it could ask.
    """
    probe = _probe()
    found: dict[str, Answer] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
        if interface is not None:
            _choose(sock, interface)
        began = time.monotonic()
        waiting = list(_SENT_AT_S)
        while (passed := time.monotonic() - began) < timeout_s and len(found) < MOST:
            if waiting and passed >= waiting[0]:
                waiting.pop(0)
                _send(sock, probe)
            until = min(timeout_s, waiting[0]) if waiting else timeout_s
            sock.settimeout(max(0.01, until - (time.monotonic() - began)))
            try:
                raw, (host, *_) = sock.recvfrom(65_536)
            except (TimeoutError, ConnectionError):
                continue
            if (answer := read_answer(raw, str(host))) is not None:
                found.setdefault(answer.endpoint or answer.url, answer)
    return sorted(found.values(), key=lambda one: socket.inet_aton(one.host))


def read_answer(raw: bytes, host: str) -> Answer | None:
    """A ProbeMatch of a camera that came from `host`; None for anything else."""
    try:
        root = read_xml(raw)
    except CameraFailure:
        return None
    match = next(iter(every(root, "ProbeMatch")), None)
    if match is None or "NetworkVideoTransmitter" not in text_of(match, "Types"):
        return None
    said = _scopes(text_of(match, "Scopes"))
    return Answer(
        host=host,
        port=_port(text_of(match, "XAddrs"), host),
        name=said.get("name", ""),
        model=said.get("hardware", ""),
        place=said.get("location", ""),
        endpoint=text_of(match, "EndpointReference/Address")[:200],
    )


def _port(addresses: str, host: str) -> int:
    ports = []
    for one in addresses.split()[:16]:
        try:
            parts = urlsplit(one)
            if parts.scheme == "http":
                ports.append((parts.hostname != host, parts.port or 80))
        except ValueError:
            continue
    return min(ports)[1] if ports else 80


def _scopes(text: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for scope in text.split()[:64]:
        kind, _, value = scope.partition("onvif://www.onvif.org/")[2].partition("/")
        printable = "".join(c for c in unquote(value) if c.isprintable())
        if printable:
            found.setdefault(kind.lower(), []).append(printable[:100])
    return {kind: ", ".join(values) for kind, values in found.items()}


def _choose(sock: socket.socket, interface: str) -> None:
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        sock.bind((interface, 0))
    except OSError as error:
        raise UsageError(
            f"{interface} is no IPv4 address of this machine's; see: ip address"
        ) from error


def _send(sock: socket.socket, probe: bytes) -> None:
    try:
        sock.sendto(probe, (GROUP, PORT))
    except OSError as error:
        raise EnvironmentFailure(
            "this machine cannot ask its network by multicast; name an interface's address "
            f"(--interface): {error.strerror}"
        ) from error


def _probe() -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="{_ADDRESSING}" '
        f'xmlns:d="{_DISCOVERY}" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>'
        f"<w:MessageID>uuid:{uuid.uuid4()}</w:MessageID>"
        '<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>'
        f'<w:Action e:mustUnderstand="true">{_DISCOVERY}/Probe</w:Action></e:Header><e:Body>'
        "<d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"
    ).encode()
