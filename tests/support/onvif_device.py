"""An ONVIF camera on loopback: real HTTP, real UDP, digests checked, a clock that is off."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import struct
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GROUP, PORT = "239.255.255.250", 3702
SOAP = "http://www.w3.org/2003/05/soap-envelope"


class OnvifDevice:
    """A camera with two streams; each part of it may be made to misbehave.

    Attributes:
        clock_off: how far its clock is ahead; digests of another minute are refused.
        replaced: answers by the name of the call, instead of its own.
        seen: all that it was sent, for what must not be in it.
        calls: the names of the calls, in their order.
        told_at: where it says that its services are; by default another host, as behind a router.
    """

    def __init__(self, *, user: str = "", password: str = "", has_media2: bool = True) -> None:
        self.user, self.password, self.has_media2 = user, password, has_media2
        self.clock_off = timedelta(0)
        self.replaced: dict[str, bytes] = {}
        self.seen = b""
        self.calls: list[str] = []
        self.rtsp = "rtsp://10.9.8.7:8554"
        self.told_at = "http://10.9.8.7"
        self.maker = "Sample Works"
        device = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                device.seen += raw
                status, answer = device.answer(raw.decode())
                self._send(status, answer)

            def do_GET(self) -> None:
                found = self.path.startswith("/axis-cgi/param.cgi")
                text = b"root.Brand.ProdFullName=SAMPLE X1 Network Camera\n" if found else b""
                self._send(200 if found else 404, text)

            def _send(self, status: int, answer: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, text: str) -> tuple[int, bytes]:
        body = text[text.find("Body") :]
        found = re.search(r"<(?:\w+:)?(Get\w+)", body)
        call = found[1] if found else ""
        self.calls.append(call)
        if call in self.replaced:
            return 200, self.replaced[call]
        if call != "GetSystemDateAndTime" and self.user and not self._is_known(text):
            return 400, fault("ter:NotAuthorized", "Sender not authorized")
        name = re.sub("([A-Z])", lambda letter: "_" + letter[1].lower(), call)
        made = getattr(self, name, None) if name else None
        if made is None or ("ver20/media" in body and not self.has_media2):
            return 400, fault("ter:ActionNotSupported", "no such call")
        return 200, _envelope(made(text))

    def _is_known(self, text: str) -> bool:
        parts = {
            name: found[1]
            for name in ("Username", "Password", "Nonce", "Created")
            if (found := re.search(rf"<(?:\w+:)?{name}(?: [^>]*)?>([^<]*)<", text))
        }
        if len(parts) < 4 or parts["Username"] != self.user:
            return False
        created = datetime.fromisoformat(parts["Created"])
        if abs(created - datetime.now(UTC) - self.clock_off) > timedelta(seconds=60):
            return False
        digest = hashlib.sha1(
            base64.b64decode(parts["Nonce"]) + parts["Created"].encode() + self.password.encode()
        ).digest()
        return base64.b64encode(digest).decode() == parts["Password"]

    def _get_system_date_and_time(self, _: str) -> str:
        at = datetime.now(UTC) + self.clock_off
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
            "<tt:DateTimeType>NTP</tt:DateTimeType>"
            "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime><tt:Time>"
            f"<tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute>"
            f"<tt:Second>{at.second}</tt:Second></tt:Time><tt:Date><tt:Year>{at.year}</tt:Year>"
            f"<tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day></tt:Date></tt:UTCDateTime>"
            "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _get_device_information(self, _: str) -> str:
        return (
            f"<tds:GetDeviceInformationResponse><tds:Manufacturer>{self.maker}</tds:Manufacturer>"
            "<tds:Model>X1</tds:Model><tds:FirmwareVersion>1.2.3</tds:FirmwareVersion>"
            "<tds:SerialNumber>00112233</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId>"
            "</tds:GetDeviceInformationResponse>"
        )

    def _services(self) -> list[tuple[str, str]]:
        names = [("device", "ver10"), ("media", "ver10"), ("ptz", "ver20"), ("imaging", "ver20")]
        if self.has_media2:
            names.append(("media", "ver20"))
        return names

    def _get_services(self, _: str) -> str:
        inner = "".join(
            f"<tds:Service><tds:Namespace>http://www.onvif.org/{version}/{name}/wsdl"
            f"</tds:Namespace><tds:XAddr>{self.told_at}/onvif/{name}{version[3:]}</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>0</tt:Minor></tds:Version></tds:Service>"
            for name, version in self._services()
        )
        return f"<tds:GetServicesResponse>{inner}</tds:GetServicesResponse>"

    def _get_capabilities(self, _: str) -> str:
        here = f"http://127.0.0.1:{self.port}/onvif"
        return (
            "<tds:GetCapabilitiesResponse><tds:Capabilities>"
            f"<tt:Media><tt:XAddr>{here}/media10</tt:XAddr><tt:StreamingCapabilities/></tt:Media>"
            "</tds:Capabilities></tds:GetCapabilitiesResponse>"
        )

    def _get_profiles(self, text: str) -> str:
        streams = (("main", 1920, 1080, 25), ("sub", 640, 360, 12), ("tiny", 320, 180, 5))
        if "tr2:GetProfiles" in text:
            inner = "".join(
                f'<tr2:Profiles token="{name}" fixed="true"><tr2:Name>{name} stream</tr2:Name>'
                '<tr2:Configurations><tr2:VideoSource token="v">'
                "<tt:SourceToken>lens</tt:SourceToken>"
                f'</tr2:VideoSource><tr2:VideoEncoder token="e"><tt:Encoding>H265</tt:Encoding>'
                f"<tt:Resolution><tt:Width>{wide}</tt:Width><tt:Height>{high}</tt:Height>"
                f"</tt:Resolution><tt:RateControl><tt:FrameRateLimit>{fps}</tt:FrameRateLimit>"
                "<tt:BitrateLimit>4000</tt:BitrateLimit></tt:RateControl></tr2:VideoEncoder>"
                "</tr2:Configurations></tr2:Profiles>"
                for name, wide, high, fps in streams
            )
            return f"<tr2:GetProfilesResponse>{inner}</tr2:GetProfilesResponse>"
        inner = "".join(
            f'<trt:Profiles token="{name}" fixed="true"><tt:Name>{name} stream</tt:Name>'
            '<tt:VideoSourceConfiguration token="v"><tt:Name>v</tt:Name>'
            "<tt:UseCount>1</tt:UseCount>"
            '<tt:SourceToken>lens</tt:SourceToken><tt:Bounds x="0" y="0" width="1" height="1"/>'
            "</tt:VideoSourceConfiguration>"
            '<tt:VideoEncoderConfiguration token="e"><tt:Name>e</tt:Name>'
            "<tt:UseCount>1</tt:UseCount>"
            "<tt:Encoding>H264</tt:Encoding>"
            f"<tt:Resolution><tt:Width>{wide}</tt:Width><tt:Height>{high}</tt:Height>"
            f"</tt:Resolution><tt:Quality>5</tt:Quality><tt:RateControl>"
            f"<tt:FrameRateLimit>{fps}</tt:FrameRateLimit>"
            "<tt:EncodingInterval>1</tt:EncodingInterval>"
            "<tt:BitrateLimit>4000</tt:BitrateLimit></tt:RateControl>"
            "</tt:VideoEncoderConfiguration></trt:Profiles>"
            for name, wide, high, fps in streams
        )
        return f"<trt:GetProfilesResponse>{inner}</trt:GetProfilesResponse>"

    def _get_video_sources(self, _: str) -> str:
        return (
            '<trt:GetVideoSourcesResponse><trt:VideoSources token="lens">'
            "<tt:Framerate>25</tt:Framerate><tt:Resolution><tt:Width>1920</tt:Width>"
            "<tt:Height>1080</tt:Height></tt:Resolution></trt:VideoSources>"
            "</trt:GetVideoSourcesResponse>"
        )

    def _get_stream_uri(self, text: str) -> str:
        token = re.search(r"ProfileToken>([^<]*)<", text)
        uri = f"{self.rtsp}/{token[1] if token else ''}"
        if "tr2:GetStreamUri" in text:
            return f"<tr2:GetStreamUriResponse><tr2:Uri>{uri}</tr2:Uri></tr2:GetStreamUriResponse>"
        return (
            f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{uri}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
            "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
            "</trt:MediaUri></trt:GetStreamUriResponse>"
        )

    def _get_snapshot_uri(self, _: str) -> str:
        return (
            "<tr2:GetSnapshotUriResponse><tr2:Uri>http://10.9.8.7/still.jpg</tr2:Uri>"
            "</tr2:GetSnapshotUriResponse>"
        )


class Beacon:
    """Answers WS-Discovery probes on loopback's multicast with what `answer` gives."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.asked = 0
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sock.bind((GROUP, PORT))
        self._sock.setsockopt(
            socket.IPPROTO_IP,
            socket.IP_ADD_MEMBERSHIP,
            struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("127.0.0.1")),
        )
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                raw, who = self._sock.recvfrom(65_536)
                if b"Probe" in raw and b"ProbeMatch" not in raw:
                    self.asked += 1
                    self._sock.sendto(self._answer, who)
            except OSError:  # closed, at whichever of the two it was
                return

    def close(self) -> None:
        self._sock.close()


def match(port: int, *, types: str = "dn:NetworkVideoTransmitter") -> bytes:
    """A ProbeMatch as cameras send it."""
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Body><d:ProbeMatches>'
        "<d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:1</a:Address>"
        f"</a:EndpointReference><d:Types>{types}</d:Types><d:Scopes>"
        "onvif://www.onvif.org/name/Gate%20North onvif://www.onvif.org/hardware/X1 "
        "onvif://www.onvif.org/location/country/sweden</d:Scopes>"
        f"<d:XAddrs>http://10.9.8.7/onvif/device_service http://127.0.0.1:{port}/onvif</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body>"
        "</s:Envelope>"
    ).encode()


def _envelope(body: str) -> bytes:
    return (
        f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
        'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
        'xmlns:tr2="http://www.onvif.org/ver20/media/wsdl" '
        f'xmlns:tt="http://www.onvif.org/ver10/schema"><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def fault(code: str, reason: str) -> bytes:
    return _envelope(
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode>"
        f'<s:Value xmlns:ter="http://www.onvif.org/ver10/error">{code}</s:Value></s:Subcode>'
        f'</s:Code><s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
    )
