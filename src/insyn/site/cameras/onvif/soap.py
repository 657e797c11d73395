"""SOAP 1.2 as cameras speak it: a body sent, a body read, hostile answers refused.

Always: the password crosses the network as a digest only; what a camera answers is read without
entities or DTD, at most `MOST_BYTES` of it; no message holds a password.

Source: ONVIF Core Specification 24.12, 5.1 and 5.9; OASIS WS-Security UsernameToken Profile 1.1.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import httpx
from lxml import etree

from insyn.site.cameras.address import Credentials
from insyn.site.cameras.failure import CameraFailure, Trouble

MOST_BYTES = 4 << 20
TIMEOUT_S = 6.0

SOAP = "http://www.w3.org/2003/05/soap-envelope"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_DIGEST = f"{_WSS}-username-token-profile-1.0#PasswordDigest"
_BASE64 = f"{_WSS}-soap-message-security-1.0#Base64Binary"

_DECLARATION = re.compile(rb"^<\?xml[^>]*\?>")
_NAMESPACES = etree.ErrorDomains.NAMESPACE

_REFUSED = ("NotAuthorized", "FailedAuthentication", "FailedCheck", "InvalidSecurity")


class SaidNoError(Exception):
    """The camera understood and said no; not a refused password. Holds its reason."""


def read_xml(raw: bytes) -> etree._Element:
    """An answer as XML.

    Real cameras use prefixes that they never declare, and misspell the XML declaration: both are
    read. Whatever else is wrong, as a cut answer is, is refused.

    Raises:
        CameraFailure: it is none, too large, or brings a DTD along.
    """
    if len(raw) > MOST_BYTES:
        raise CameraFailure(Trouble.GARBAGE, "the answer is larger than any camera's")
    raw = raw.strip()
    root = _parsed(raw)
    root = _parsed(_DECLARATION.sub(b"", raw, count=1)) if root is None else root
    if root is None:
        raise CameraFailure(Trouble.GARBAGE, "the answer is no XML; is it a camera?")
    if root.getroottree().docinfo.internalDTD is not None:
        raise CameraFailure(Trouble.GARBAGE, "the answer brings a DTD along, and is not read")
    return root


def _parsed(raw: bytes) -> etree._Element | None:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    try:
        root: etree._Element | None = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    is_sound = all(one.domain == _NAMESPACES for one in parser.error_log)
    return root if is_sound else None


def text_of(element: etree._Element | None, path: str) -> str:
    """The text under a path of local names such as `Resolution/Width`; "" where there is none."""
    for name in path.split("/"):
        if element is None:
            return ""
        element = next((one for one in element if local(one) == name), None)
    return (element.text or "").strip() if element is not None else ""


def local(element: etree._Element) -> str:
    """An element's name without its namespace or undeclared prefix; "" for comments."""
    return re.split("[}:]", element.tag)[-1] if isinstance(element.tag, str) else ""


def every(root: etree._Element, name: str) -> list[etree._Element]:
    """All elements of a local name, at any depth."""
    return [one for one in root.iter() if local(one) == name]


class Conversation:
    """Calls to one camera, always at the host and port that were asked for."""

    def __init__(self, host: str, port: int, credentials: Credentials | None) -> None:
        """Prepare; nothing is sent yet."""
        self._base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._credentials = credentials
        self.offset = timedelta(0)
        auth = httpx.DigestAuth(credentials.user, credentials.password) if credentials else None
        # No redirect is followed: whoever answers must be who was asked.
        self._client = httpx.Client(
            timeout=TIMEOUT_S, auth=auth, follow_redirects=False, trust_env=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, path: str, body: str, *, signed: bool = True) -> etree._Element:
        """Send a body to a service; returns the answer's body.

        Raises:
            CameraFailure: unreachable, refused, or no SOAP.
            SaidNoError: the camera says that it cannot.
        """
        answer = self._sent(path, self._envelope(body, signed=signed))
        if answer.status_code in (401, 403):
            raise _refused()
        if answer.status_code == 404:
            raise CameraFailure(Trouble.NO_STREAM, "it answers, and speaks no ONVIF there")
        root = read_xml(answer.content)
        for fault in every(root, "Fault"):
            said = " ".join(t.strip() for t in fault.itertext() if isinstance(t, str)).strip()
            if any(word in said for word in _REFUSED):
                raise _refused()
            raise SaidNoError(said[:200])
        bodies = every(root, "Body")
        if local(root) != "Envelope" or not bodies:
            raise CameraFailure(Trouble.GARBAGE, "it answers with something that is no SOAP")
        return bodies[0]

    def get(self, path: str) -> httpx.Response | None:
        """A plain page of the camera; None where it gives none."""
        try:
            answer = self._client.get(self._base + path)
        except httpx.HTTPError:
            return None
        return answer if answer.status_code == 200 and len(answer.content) <= MOST_BYTES else None

    def _sent(self, path: str, envelope: str) -> httpx.Response:
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        try:
            with self._client.stream(
                "POST", self._base + path, content=envelope.encode(), headers=headers
            ) as answer:
                raw = bytearray()
                for piece in answer.iter_bytes():
                    raw += piece
                    if len(raw) > MOST_BYTES:
                        raise CameraFailure(Trouble.GARBAGE, "the answer does not end")
                return httpx.Response(answer.status_code, content=bytes(raw))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CameraFailure(
                Trouble.UNREACHABLE, f"{self._base[7:]} does not answer ({type(error).__name__})"
            ) from error

    def _envelope(self, body: str, *, signed: bool) -> str:
        head = self._security() if signed and self._credentials else ""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}" '
            f'xmlns:tds="{DEVICE}" xmlns:trt="{MEDIA}" xmlns:tr2="{MEDIA2}" xmlns:tt="{SCHEMA}">'
            f"<s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        )

    def _security(self) -> str:
        assert self._credentials is not None
        nonce = secrets.token_bytes(16)
        # By the camera's own clock, else it refuses a right password as a replayed one.
        created = (datetime.now(UTC) + self.offset).strftime("%Y-%m-%dT%H:%M:%SZ")
        # SHA-1 is what the profile prescribes; there is no other digest that cameras know.
        digest = hashlib.sha1(
            nonce + created.encode() + self._credentials.password.encode(), usedforsecurity=False
        ).digest()
        return (
            f'<o:Security xmlns:o="{_WSS}-wssecurity-secext-1.0.xsd" '
            f'xmlns:u="{_WSS}-wssecurity-utility-1.0.xsd"><o:UsernameToken>'
            f"<o:Username>{escape(self._credentials.user)}</o:Username>"
            f'<o:Password Type="{_DIGEST}">{base64.b64encode(digest).decode()}</o:Password>'
            f'<o:Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</o:Nonce>'
            f"<u:Created>{created}</u:Created></o:UsernameToken></o:Security>"
        )


def _refused() -> CameraFailure:
    return CameraFailure(
        Trouble.CREDENTIALS, "it answers, and refuses our name or password (--user)"
    )
