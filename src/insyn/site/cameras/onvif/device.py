"""What an ONVIF camera says it has: maker, clock, streams, snapshots, PTZ, imaging.

Always: an address in an answer is used at the host that was asked; a camera behind a router names
its own, and a hostile one would name another's.

Source: ONVIF Core 24.12, 8.1 and 8.3; Media 24.12 (ver10), 5; Media 2 24.12 (ver20), 5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit
from xml.sax.saxutils import escape

from lxml import etree

from insyn.base.canonical import Json
from insyn.site.cameras.address import Address, Credentials
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.onvif.soap import (
    DEVICE,
    MEDIA,
    MEDIA2,
    Conversation,
    SaidNoError,
    every,
    local,
    text_of,
)
from insyn.site.cameras.onvif.vapix import about

SERVICE = "/onvif/device_service"
MOST_PROFILES = 32
SUB_PIXELS = 640 * 480
"""A sub-stream for walls has about so many pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One of a camera's streams.

    Attributes:
        source: which of its lenses; streams of one lens show the same.
        snapshot: where a still picture is; "" where it gives none.
    """

    token: str
    name: str
    source: str
    codec: str
    width: int
    height: int
    fps: float
    kbit_s: int
    has_ptz: bool
    stream: Address
    snapshot: str = ""

    def to_json(self) -> dict[str, Json]:
        """As `--json` prints it."""
        return {
            "token": self.token,
            "name": self.name,
            "source": self.source,
            "codec": self.codec,
            "size": f"{self.width}x{self.height}",
            "fps": self.fps,
            "kbit_s": self.kbit_s,
            "stream": self.stream.url,
            "snapshot": self.snapshot,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A camera as it describes itself. `clock_off_s` is None where it tells no time."""

    maker: str
    model: str
    firmware: str
    serial: str
    clock_off_s: float | None
    has_ptz: bool
    has_imaging: bool
    profiles: tuple[Profile, ...]
    more: dict[str, Json] = field(default_factory=dict)

    @property
    def main(self) -> Profile:
        """The stream with most pixels that we record."""
        return max(self.profiles, key=lambda one: (one.width * one.height, one.fps))

    @property
    def sub(self) -> Profile | None:
        """A smaller stream of the same lens for live view, nearest to `SUB_PIXELS`."""
        main = self.main
        others = [
            one
            for one in self.profiles
            if one.source == main.source and one.width * one.height < main.width * main.height
        ]
        return min(others, key=lambda o: abs(o.width * o.height - SUB_PIXELS), default=None)

    def to_json(self) -> dict[str, Json]:
        """As `--json` prints it."""
        return {
            "maker": self.maker,
            "model": self.model,
            "firmware": self.firmware,
            "serial": self.serial,
            "clock_off_s": self.clock_off_s,
            "ptz": self.has_ptz,
            "imaging": self.has_imaging,
            "main": self.main.stream.url,
            "sub": self.sub.stream.url if self.sub else "",
            "profiles": [one.to_json() for one in self.profiles],
            **self.more,
        }


def ask(host: str, port: int, credentials: Credentials | None) -> Found:
    """Ask a camera what it has.

    Raises:
        CameraFailure: unreachable, refused, no ONVIF, or no stream.
    """
    talk = Conversation(host, port, credentials)
    try:
        return _asked(talk, host)
    except SaidNoError as fault:
        raise CameraFailure(Trouble.NO_STREAM, f"the camera says: {fault}") from fault
    finally:
        talk.close()


def _asked(talk: Conversation, host: str) -> Found:
    off_s = _clock(talk)
    services = _services(talk)
    information = next(iter(talk.call(SERVICE, "<tds:GetDeviceInformation/>")), None)
    profiles = _profiles(talk, services, host)
    if not profiles:
        raise CameraFailure(Trouble.NO_STREAM, "the camera has no video stream set up")
    maker = text_of(information, "Manufacturer")
    return Found(
        maker=maker,
        model=text_of(information, "Model"),
        firmware=text_of(information, "FirmwareVersion"),
        serial=text_of(information, "SerialNumber"),
        clock_off_s=off_s,
        has_ptz=any("ptz" in name for name in services),
        has_imaging=any("imaging" in name for name in services),
        profiles=tuple(profiles),
        more=about(talk) if "axis" in maker.lower() else {},
    )


def _clock(talk: Conversation) -> float | None:
    """Seconds by which its clock is ahead; remembered, for the digests count by it."""
    try:
        body = talk.call(SERVICE, "<tds:GetSystemDateAndTime/>", signed=False)
    except SaidNoError:
        return None
    said = next(iter(every(body, "UTCDateTime")), None)
    try:
        year, month, day = (int(text_of(said, f"Date/{one}")) for one in ("Year", "Month", "Day"))
        hour, minute, second = (
            int(text_of(said, f"Time/{one}")) for one in ("Hour", "Minute", "Second")
        )
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (ValueError, TypeError):
        return None
    talk.offset = at - datetime.now(UTC)
    return round(talk.offset.total_seconds(), 1)


def _services(talk: Conversation) -> dict[str, str]:
    """Namespace to path. Old cameras know `GetCapabilities` alone."""
    found: dict[str, str] = {DEVICE: SERVICE}
    try:
        body = talk.call(
            SERVICE,
            "<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability>"
            "</tds:GetServices>",
        )
        for one in every(body, "Service")[:64]:
            found[text_of(one, "Namespace")] = _path(text_of(one, "XAddr"))
    except SaidNoError:
        body = talk.call(
            SERVICE,
            "<tds:GetCapabilities><tds:Category>All</tds:Category></tds:GetCapabilities>",
        )
        for name in ("Media", "PTZ", "Imaging"):
            for one in every(body, name):
                if path := text_of(one, "XAddr"):
                    found[f"http://www.onvif.org/ver10/{name.lower()}/wsdl"] = _path(path)
    return found


def _path(address: str) -> str:
    parts = urlsplit(address)
    path = parts.path if parts.path.startswith("/") else "/"
    return f"{path}?{parts.query}" if parts.query else path


def _profiles(talk: Conversation, services: dict[str, str], host: str) -> list[Profile]:
    if MEDIA2 in services:
        try:
            found = _media2(talk, services[MEDIA2], host)
        except SaidNoError:
            found = []
        if found:
            return found
    return _media1(talk, services.get(MEDIA, "/onvif/media_service"), host)


def _media2(talk: Conversation, path: str, host: str) -> list[Profile]:
    body = talk.call(path, "<tr2:GetProfiles><tr2:Type>All</tr2:Type></tr2:GetProfiles>")
    found = []
    for one in every(body, "Profiles")[:MOST_PROFILES]:
        token = one.get("token", "")
        configurations = next((c for c in one if local(c) == "Configurations"), None)
        if configurations is None:
            continue
        wanted = f"<tr2:ProfileToken>{escape(token)}</tr2:ProfileToken>"
        stream = f"<tr2:GetStreamUri><tr2:Protocol>RTSP</tr2:Protocol>{wanted}</tr2:GetStreamUri>"
        snapshot = f"<tr2:GetSnapshotUri>{wanted}</tr2:GetSnapshotUri>"
        profile = _profile(
            talk, path, host, (one, configurations, "VideoEncoder", "VideoSource", "PTZ"),
            stream, snapshot,
        )  # fmt: skip
        if profile is not None:
            found.append(profile)
    return found


def _media1(talk: Conversation, path: str, host: str) -> list[Profile]:
    body = talk.call(path, "<trt:GetProfiles/>")
    found = []
    for one in every(body, "Profiles")[:MOST_PROFILES]:
        wanted = f"<trt:ProfileToken>{escape(one.get('token', ''))}</trt:ProfileToken>"
        stream = (
            "<trt:GetStreamUri><trt:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream>"
            "<tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></trt:StreamSetup>"
            f"{wanted}</trt:GetStreamUri>"
        )
        snapshot = f"<trt:GetSnapshotUri>{wanted}</trt:GetSnapshotUri>"
        names = ("VideoEncoderConfiguration", "VideoSourceConfiguration", "PTZConfiguration")
        profile = _profile(talk, path, host, (one, one, *names), stream, snapshot)
        if profile is not None:
            found.append(profile)
    return found


Described = tuple[etree._Element, etree._Element, str, str, str]


def _profile(
    talk: Conversation, path: str, host: str, described: Described, stream: str, snapshot: str
) -> Profile | None:
    profile, holder, encoder_name, source_name, ptz_name = described
    encoder, source, ptz = (
        next((one for one in holder if local(one) == name), None)
        for name in (encoder_name, source_name, ptz_name)
    )
    codec = text_of(encoder, "Encoding").upper().replace("H.", "H")
    if encoder is None or codec not in ("H264", "H265"):
        return None  # still pictures and metadata are not recorded
    try:
        uri = _uri(talk, path, stream)
    except SaidNoError:
        return None
    if not (address := _at(uri, host)):
        return None
    try:
        still = _uri(talk, path, snapshot)
    except SaidNoError:
        still = ""
    return Profile(
        token=profile.get("token", ""),
        name=text_of(profile, "Name"),
        source=text_of(source, "SourceToken"),
        codec=codec,
        width=_number(text_of(encoder, "Resolution/Width")),
        height=_number(text_of(encoder, "Resolution/Height")),
        fps=float(_number(text_of(encoder, "RateControl/FrameRateLimit"))),
        kbit_s=_number(text_of(encoder, "RateControl/BitrateLimit")),
        has_ptz=ptz is not None,
        stream=address,
        snapshot=_path(still) if still else "",
    )


def _uri(talk: Conversation, path: str, body: str) -> str:
    answer = talk.call(path, body)
    return next((one.text.strip() for one in every(answer, "Uri") if one.text), "")


def _at(uri: str, host: str) -> Address | None:
    """A stream's address at the host that was asked, without any credentials in it."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("rtsp", "rtsps"):
        return None
    where = f"[{host}]" if ":" in host else host
    where = f"{where}:{port}" if port and port != 554 else where
    return Address(url=urlunsplit(parts._replace(netloc=where)))


def _number(text: str) -> int:
    try:
        return max(0, min(int(float(text)), 1_000_000))
    except (ValueError, OverflowError):
        return 0
