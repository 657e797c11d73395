"""RTSP over TCP, spoken by ourselves: a third of what FFmpeg's costs, and every failure told apart.

FFmpeg reads a header and a payload of each RTP packet by calls of their own, some 2,000 a second
for one camera, and holds each picture back until the next one begins. Here one read takes what has
come in: for the recorder within a few hundredths of a second, a delay that is nothing to it; for
live view a picture as soon as it is whole. Whatever this does not understand, FFmpeg may
(`insyn.site.cameras.opening`).

Always: no message repeats an address's user or password; a camera that sends nothing is told within
the time-out; sound is asked for only where it is wanted, and costs no picture, whatever it is.

Source: RFC 2326 (RTSP 1.0), RFC 7616 and 2617 (digest and basic), RFC 8866 (SDP).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import re
import secrets
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

from insyn.base.errors import UnreadableInput
from insyn.site import nal
from insyn.site.cameras.address import Address, Credentials
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.rtp import AccessUnit, Depacketizer
from insyn.site.cameras.rtp_sound import SoundDepacketizer, SoundMedia, sound_of
from insyn.site.cameras.source import OpenStream, Source
from insyn.site.cameras.sps import picture_size
from insyn.site.streams import Codec, Packet, Parameters, Sound, SoundParameters

TIMEOUT_S = 5.0
FIRST_KEY_S = 12.0
GATHER_S = 0.02
"""How long bytes gather before they are read: fewer calls, fewer turns of Python's lock."""

PROMPT_S = 0.002
"""The same for live view, and only while a picture is not whole: most come in one piece."""

SOUND_TRIES = 2
MUTE_S = 3600.0
"""How long a camera is asked for pictures alone, once so many sessions with sound failed at their
start and one without did not."""

SOUND_CHANNEL = 2
MOST_BYTES = 1 << 20
LARGEST_HEAD = 1 << 16
AGENT = "Insyn"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: dict[str, list[str]]
    body: str

    def header(self, name: str) -> str:
        return self.headers.get(name, [""])[0]


class WireSource:
    """One stream of a camera that speaks RTSP over TCP without encryption."""

    def __init__(
        self,
        address: Address,
        credentials: Credentials | None,
        *,
        otherwise: Source | None = None,
        timeout_s: float = TIMEOUT_S,
        prompt: bool = False,
        wants_sound: bool = False,
    ) -> None:
        """Read this stream.

        Args:
            address: without credentials.
            credentials: for cameras that ask for them.
            otherwise: opened in this one's stead once the camera sent what this does not read.
            timeout_s: how long a silent camera is waited for.
            prompt: yield each picture as soon as it is whole, at some more cost.
            wants_sound: ask for its sound too.
        """
        self._address = address
        self._credentials = credentials
        self._otherwise = otherwise
        self._timeout_s = timeout_s
        self._prompt = prompt
        self._is_beyond_us = False
        self._wants_sound = wants_sound
        self._mute_until = float("-inf")
        self._sound_failures = 0

    def open(self) -> OpenStream:
        """Connect, and read until the parameters are known.

        Raises:
            CameraFailure: which of the troubles it is.
        """
        if not self._is_beyond_us:
            try:
                return self._open()
            except CameraFailure as error:
                if error.trouble is not Trouble.GARBAGE or self._otherwise is None:
                    raise
        self._is_beyond_us = False  # if this fails too, the next try begins with ours again
        assert self._otherwise is not None
        stream = self._otherwise.open()
        self._is_beyond_us = True
        return stream

    def _open(self) -> OpenStream:
        if not self._wants_sound:
            return self._connected(wants_sound=False)
        if time.monotonic() < self._mute_until:
            return self._connected(wants_sound=False, mute=_MUTE)
        try:
            stream = self._connected(wants_sound=True)
            self._sound_failures = 0
            return stream
        except _SoundFailure:
            # Asked for sound, it ended before the first picture. Once may be chance.
            self._sound_failures += 1
            if self._sound_failures < SOUND_TRIES:
                raise
        stream = self._connected(wants_sound=False, mute=_MUTE)
        self._sound_failures, self._mute_until = 0, time.monotonic() + MUTE_S
        return stream

    def _connected(self, *, wants_sound: bool, mute: str = "") -> OpenStream:
        connection = _Connection(self._address, self._credentials, self._timeout_s)
        try:
            return WireStream(
                connection,
                on_garbage=self._give_up,
                prompt=self._prompt,
                wants_sound=wants_sound,
                mute=mute,
            )
        except BaseException:
            connection.close()
            raise

    def _give_up(self) -> None:
        self._is_beyond_us = self._otherwise is not None


class WireStream:
    """An open session; see `insyn.site.cameras.source.OpenStream`."""

    def __init__(
        self,
        connection: _Connection,
        *,
        on_garbage: Callable[[], None],
        prompt: bool = False,
        wants_sound: bool = False,
        mute: str = "",
    ) -> None:
        """Set the session up and read until the parameters are known.

        Args:
            connection: open.
            on_garbage: called where what comes is no video.
            prompt: yield each picture as soon as it is whole.
            wants_sound: ask for sound too, where there is some that is recorded.
            mute: why it is not asked for although it is wanted.
        """
        self._connection = connection
        self._on_garbage = on_garbage
        self._prompt = prompt
        self._is_whole = True
        """What was read last completed a picture."""
        media = connection.describe()
        self._codec = media.codec
        self._sets = media.sets
        self._parameters: Parameters | None = _parameters_of(self._codec, self._sets)
        connection.set_up(media.control)
        self._mute = mute
        self._sound_media: SoundMedia | None = None
        self._sounds: SoundDepacketizer | None = None
        self._received_ns = 0
        channel = self._set_up_sound(media) if wants_sound else -1
        self._depacketizer = Depacketizer(self._codec, self._sounds, channel)
        self._has_begun = False
        self._closed = False
        self._first: deque[Packet] = deque()
        try:
            connection.play()
            self._until_known()
        except CameraFailure as error:
            if self._sounds is None:
                raise
            raise _SoundFailure(error.trouble, str(error)) from None

    def _set_up_sound(self, media: _Media) -> int:
        """The channel that sound comes on; -1 where none does, and why is kept."""
        found = media.sound
        if isinstance(found, str):
            self._mute = found
            return -1
        control = _joined(media.base, found.control)
        if control == media.control:
            self._mute = "the camera names no track for it"
            return -1
        try:
            channel = self._connection.set_up_sound(control)
        except CameraFailure as error:
            if error.trouble in (Trouble.ENDED, Trouble.STALLED):
                raise _SoundFailure(error.trouble, str(error)) from None
            self._mute = "the camera refuses it"
            return -1
        self._sound_media, self._sounds = found, SoundDepacketizer(found)
        return channel

    @property
    def sound(self) -> SoundParameters | None:
        """What is heard; see `insyn.site.cameras.source.Sounding`."""
        return self._sound_media.parameters if self._sound_media is not None else None

    @property
    def sound_trouble(self) -> str:
        """Why nothing is heard although it was wanted."""
        return self._mute or (self._sounds.trouble if self._sounds is not None else "")

    def heard(self) -> list[Sound]:
        """The frames that came with the pictures that were read last."""
        return self._sounds.heard(self._received_ns) if self._sounds is not None else []

    @property
    def parameters(self) -> Parameters:
        """What holds from the first packet on."""
        assert self._parameters is not None
        return self._parameters

    def packets(self) -> Iterator[Packet]:
        """Packets as they come; see `OpenStream`."""
        for batch in self.batches():
            yield from batch

    def batches(self) -> Iterator[list[Packet]]:
        """As `packets`, all that has come in at once; none is empty."""
        while self._first and not self._closed:
            yield [self._first.popleft()]
        while not self._closed:
            found = self._read()
            if found:
                yield found

    def fileno(self) -> int:
        """What a thread that reads many sessions waits on."""
        return self._connection.fileno()

    def pump(self) -> list[Packet]:
        """The packets that have come in; does not wait.

        Raises:
            CameraFailure: the session is over, or what comes is no video.
        """
        if self._first:
            first = list(self._first)
            self._first.clear()
            return first
        content = self._connection.read_now()
        return self._packets(content) if content else []

    def close(self) -> None:
        """Let go of the session; a reader that waits ends at once."""
        self._closed = True
        self._connection.break_off()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        self._connection.close()

    def _until_known(self) -> None:
        deadline = time.monotonic() + FIRST_KEY_S
        while not self._first or self._parameters is None:
            if time.monotonic() > deadline:
                raise CameraFailure(
                    Trouble.GARBAGE,
                    f"{self._connection.named} sends no key picture; set one every 2 seconds",
                )
            self._first += self._read()
        known = self._parameters
        # What the first key picture brought holds from the start, and so is not new.
        self._first = deque(
            _plain(packet) if packet.parameters == known else packet for packet in self._first
        )

    def _read(self) -> list[Packet]:
        gather_s = GATHER_S
        if self._prompt:
            gather_s = 0.0 if self._is_whole else PROMPT_S
        found = self._packets(self._connection.read(gather_s))
        self._is_whole = bool(found)
        return found

    def _packets(self, content: bytes) -> list[Packet]:
        received_ns = self._received_ns = time.monotonic_ns()
        try:
            units = self._depacketizer.feed(content)
        except UnreadableInput as error:
            self._on_garbage()
            raise CameraFailure(Trouble.GARBAGE, f"{self._connection.named}: {error}") from None
        return [self._packet(unit, received_ns) for unit in units if self._begins(unit)]

    def _begins(self, unit: AccessUnit) -> bool:
        self._has_begun = self._has_begun or unit.is_key
        return self._has_begun

    def _packet(self, unit: AccessUnit, received_ns: int) -> Packet:
        changed = None
        if unit.is_key and unit.has_sets:
            sets = nal.parameter_sets_of(unit.data, self._codec)
            if sets and sets != self._sets:
                changed = _parameters_of(self._codec, sets)
                if changed is not None:
                    self._sets, self._parameters = sets, changed
        return Packet(
            data=unit.data,
            pts_90k=unit.timestamp,
            dts_90k=None,
            is_key=unit.is_key,
            received_ns=received_ns,
            parameters=changed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Media:
    codec: Codec
    base: str
    control: str
    sets: tuple[bytes, ...]
    sound: SoundMedia | str
    """What may be heard, or why nothing is."""


class _SoundFailure(CameraFailure):
    """A session that was asked for sound failed before its first picture."""


_MUTE = "the camera ends sessions with sound"


class _Connection:
    """The TCP connection, its requests and answers."""

    def __init__(self, address: Address, credentials: Credentials | None, timeout_s: float) -> None:
        parts = urlsplit(address.url)
        self.named = address.name
        self._url = address.url
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._base = address.url
        self._sequence = 0
        self._challenge = ""
        self._session = ""
        self._keep_alive_s = 25.0
        self._asked_at = time.monotonic()
        self._buffer = b""
        self._early = b""
        """Packets that came before the answer to PLAY."""
        host, port = parts.hostname or "", parts.port or 554
        try:
            self._socket = socket.create_connection((host, port), timeout_s)
        except OSError as error:
            raise CameraFailure(
                Trouble.UNREACHABLE,
                f"nothing answers at {host} port {port} ({error.strerror or 'no answer'}); check "
                "the address, the cable and the camera's power",
            ) from None
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def describe(self) -> _Media:
        """What the camera sends, and how it is set up."""
        answer = self._ask("DESCRIBE", self._url, "Accept: application/sdp\r\n")
        self._base = answer.header("content-base") or answer.header("content-location")
        self._base = self._base or self._url
        return _media_of(answer.body, self._base, self.named)

    def set_up(self, control: str) -> None:
        """Ask for the video on this connection."""
        wanted = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        answer = self._ask("SETUP", control, wanted)
        if "interleaved=" in answer.header("transport") and not re.search(
            r"interleaved=0\b", answer.header("transport")
        ):
            raise CameraFailure(Trouble.GARBAGE, f"{self.named} sends on a channel not asked for")
        session, _, rest = answer.header("session").partition(";")
        self._session = session.strip()
        told = re.search(r"timeout\s*=\s*(\d+)", rest)
        if told:
            self._keep_alive_s = max(2.0, int(told[1]) * 0.4)

    def set_up_sound(self, control: str) -> int:
        """Ask for the sound on this connection too; returns the channel that it comes on."""
        wanted = f"RTP/AVP/TCP;unicast;interleaved={SOUND_CHANNEL}-{SOUND_CHANNEL + 1}"
        answer = self._ask("SETUP", control, f"Transport: {wanted}\r\n")
        told = re.search(r"interleaved=(\d{1,3})\b", answer.header("transport"))
        channel = int(told[1]) if told else SOUND_CHANNEL
        if channel < SOUND_CHANNEL:
            raise CameraFailure(Trouble.GARBAGE, f"{self.named} sends sound where pictures come")
        return channel

    def play(self) -> None:
        """Let it begin."""
        self._ask("PLAY", self._base, "Range: npt=0.000-\r\n")

    def read(self, gather_s: float) -> bytes:
        """What has come in since the last call; waits for it, and so long for more.

        Raises:
            CameraFailure: nothing came for the time-out, or the camera closed the connection.
        """
        if self._early or self._buffer:
            return self._left()
        self._keep_alive()
        if not self._poll.poll(self._timeout_s * 1000):
            raise CameraFailure(Trouble.STALLED, f"{self.named} is connected, and sends nothing")
        if gather_s:
            time.sleep(gather_s)
        return self._receive(MOST_BYTES)

    def read_now(self) -> bytes:
        """What has come in since the last call, without waiting.

        Raises:
            CameraFailure: the camera closed the connection.
        """
        if self._early or self._buffer:
            return self._left()
        self._keep_alive()
        return self._receive(MOST_BYTES, socket.MSG_DONTWAIT)

    def fileno(self) -> int:
        """Of the socket."""
        return self._socket.fileno()

    def _left(self) -> bytes:
        content = self._early + self._buffer
        self._early = self._buffer = b""
        return content

    def _keep_alive(self) -> None:
        if time.monotonic() - self._asked_at > self._keep_alive_s:
            with contextlib.suppress(OSError):  # a broken connection is found by reading
                self._send("GET_PARAMETER", self._base, "")  # answered between the packets
            self._asked_at = time.monotonic()

    def break_off(self) -> None:
        """End reads; from any thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Say goodbye, where the camera listens, and close."""
        if self._session:
            with contextlib.suppress(OSError):
                self._socket.settimeout(0.2)
                self._send("TEARDOWN", self._base, "")
        self._socket.close()

    def _receive(self, most: int, flags: int = 0) -> bytes:
        try:
            content = self._socket.recv(most, flags)
        except BlockingIOError:
            return b""
        except TimeoutError:
            raise CameraFailure(
                Trouble.STALLED, f"{self.named} is connected, and sends nothing"
            ) from None
        except OSError as error:
            raise CameraFailure(
                Trouble.ENDED, f"{self.named} has broken the connection off ({error.strerror})"
            ) from None
        if not content:
            raise CameraFailure(Trouble.ENDED, f"{self.named} has closed the stream")
        return content

    def _ask(self, method: str, url: str, headers: str) -> _Answer:
        """Send a request and wait for its answer, once more with credentials where asked for.

        Raises:
            CameraFailure: it refuses us, has no such stream, or answers what is no RTSP.
        """
        answer = self._exchange(method, url, headers)
        if answer.status == 401 and self._credentials is not None:
            challenge = _best_challenge(answer.headers.get("www-authenticate", []))
            if challenge and challenge != self._challenge:
                self._challenge = challenge
                answer = self._exchange(method, url, headers)
        if answer.status in (401, 403, 407):
            raise CameraFailure(
                Trouble.CREDENTIALS,
                f"{self.named} refuses the user or password; check both, and that the user may "
                "see streams",
            )
        if answer.status in (404, 451, 454, 455, 460):
            raise CameraFailure(
                Trouble.NO_STREAM,
                f"{self.named} has no such stream; probe the camera for its streams (insyn site "
                "camera probe)",
            )
        if answer.status != 200:
            raise CameraFailure(
                Trouble.GARBAGE, f"{self.named} answers {method} with {answer.status}"
            )
        return answer

    def _exchange(self, method: str, url: str, headers: str) -> _Answer:
        try:
            self._send(method, url, headers)
        except OSError as error:
            raise CameraFailure(
                Trouble.ENDED, f"{self.named} has broken the connection off ({error.strerror})"
            ) from None
        deadline = time.monotonic() + self._timeout_s
        while True:
            used = _packets_at_start(self._buffer)
            self._early += self._buffer[:used]
            self._buffer = self._buffer[used:]
            found = _read_answer(self._buffer)
            if found is not None:
                answer, used = found
                self._buffer = self._buffer[used:]
                return answer
            is_rtsp = self._buffer[:1] == b"$" or b"RTSP/".startswith(self._buffer[:5])
            if not is_rtsp or len(self._buffer) > LARGEST_HEAD:
                raise CameraFailure(
                    Trouble.GARBAGE,
                    f"{self.named} answers, and what it sends is no video stream that we know",
                )
            if time.monotonic() > deadline:
                raise CameraFailure(
                    Trouble.STALLED, f"{self.named} is connected, and sends nothing"
                )
            self._buffer += self._receive(LARGEST_HEAD)

    def _send(self, method: str, url: str, headers: str) -> None:
        self._sequence += 1
        said = f"{method} {url} RTSP/1.0\r\nCSeq: {self._sequence}\r\nUser-Agent: {AGENT}\r\n"
        if self._session:
            said += f"Session: {self._session}\r\n"
        if self._challenge and self._credentials is not None:
            said += _authorization(self._challenge, self._credentials, method, url)
        self._socket.sendall((said + headers + "\r\n").encode())


def _plain(packet: Packet) -> Packet:
    return Packet(
        data=packet.data,
        pts_90k=packet.pts_90k,
        dts_90k=packet.dts_90k,
        is_key=packet.is_key,
        received_ns=packet.received_ns,
    )


def _parameters_of(codec: Codec, sets: tuple[bytes, ...]) -> Parameters | None:
    try:
        width, height = picture_size(sets, codec)
    except UnreadableInput:
        return None
    return Parameters(codec=codec, width=width, height=height, parameter_sets=sets)


def _read_answer(buffer: bytes) -> tuple[_Answer, int] | None:
    """The first answer, and how long it is; None while it is not whole."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0 or not buffer.startswith(b"RTSP/"):
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    status = first.split(" ")[1:2]
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    told = headers.get("content-length", ["0"])[0]
    size = min(int(told), LARGEST_HEAD) if told.isdigit() else 0
    if len(buffer) < end + 4 + size:
        return None
    body = buffer[end + 4 : end + 4 + size].decode("utf-8", "replace")
    number = int(status[0]) if status and status[0].isdigit() else 0
    return _Answer(status=number, headers=headers, body=body), end + 4 + size


def _packets_at_start(buffer: bytes) -> int:
    """How many bytes of whole interleaved packets the buffer begins with."""
    at = 0
    while buffer[at : at + 1] == b"$" and at + 4 <= len(buffer):
        until = at + 4 + (buffer[at + 2] << 8 | buffer[at + 3])
        if until > len(buffer):
            break
        at = until
    return at


_CODECS = {"H264": Codec.H264, "H265": Codec.H265, "HEVC": Codec.H265}


def _media_of(sdp: str, base: str, named: str) -> _Media:
    """The first video in a session description that we know."""
    seen: list[str] = []
    for section in re.split(r"(?m)^(?=m=)", sdp):
        if not section.startswith("m=video"):
            continue
        mapped = re.search(r"(?m)^a=rtpmap:\d+\s+([A-Za-z0-9-]+)/90000", section)
        codec = _CODECS.get(mapped[1].upper()) if mapped else None
        if codec is None:
            seen.append(mapped[1] if mapped else "what it does not name")
            continue
        control = re.search(r"(?m)^a=control:\s*(\S+)", section)
        target = control[1] if control else "*"
        return _Media(
            codec=codec,
            base=base,
            control=_joined(base, target),
            sets=_sets_of(section, codec),
            sound=sound_of(sdp),
        )
    raise CameraFailure(
        Trouble.GARBAGE,
        f"{named} sends {', '.join(seen) or 'no video'}; set its stream to H.264 or H.265",
    )


def _joined(base: str, control: str) -> str:
    if control == "*":
        return base
    if control.startswith("rtsp://"):
        return control
    if control.startswith("/"):
        return urljoin(base, control)
    return f"{base if base.endswith('/') else base + '/'}{control}"


def _sets_of(section: str, codec: Codec) -> tuple[bytes, ...]:
    """Parameter sets that the description tells (sprop-*); none where it tells none."""
    names = (
        ("sprop-parameter-sets",)
        if codec is Codec.H264
        else ("sprop-vps", "sprop-sps", "sprop-pps")
    )
    found: list[bytes] = []
    for name in names:
        for told in re.findall(rf"{name}=([A-Za-z0-9+/=,]+)", section):
            for part in told.split(","):
                with contextlib.suppress(binascii.Error, ValueError):
                    found.append(base64.b64decode(part + "=" * (-len(part) % 4)))
    wanted = nal.PARAMETER_SETS[codec]
    kept = {unit: None for unit in found if unit and nal.type_of(unit, codec) in wanted}
    return tuple(sorted(kept, key=lambda unit: nal.type_of(unit, codec)))


def _best_challenge(challenges: list[str]) -> str:
    """Digest before basic: a password is not sent in the clear where it need not be."""
    ranked = sorted(challenges, key=lambda text: not text.lower().startswith("digest"))
    return ranked[0] if ranked else ""


def _authorization(challenge: str, credentials: Credentials, method: str, url: str) -> str:
    scheme, _, rest = challenge.partition(" ")
    if scheme.lower() == "basic":
        both = f"{credentials.user}:{credentials.password}".encode()
        return f"Authorization: Basic {base64.b64encode(both).decode()}\r\n"
    told = {
        name.lower(): quoted or bare
        for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', rest)
    }
    realm, nonce = told.get("realm", ""), told.get("nonce", "")
    algorithm = told.get("algorithm", "MD5")
    is_sha = algorithm.upper().startswith("SHA-256")

    def digest(text: str) -> str:
        made = hashlib.sha256 if is_sha else hashlib.md5
        return made(text.encode()).hexdigest()

    who = digest(f"{credentials.user}:{realm}:{credentials.password}")
    what = digest(f"{method}:{url}")
    said = (
        f'username="{credentials.user}", realm="{realm}", nonce="{nonce}", uri="{url}"'
        f"{', algorithm=' + algorithm if 'algorithm' in told else ''}"
    )
    if "auth" in re.split(r"[\s,]+", told.get("qop", "")):
        count, client = "00000001", secrets.token_hex(8)
        response = digest(f"{who}:{nonce}:{count}:{client}:auth:{what}")
        said += f', qop=auth, nc={count}, cnonce="{client}"'
    else:
        response = digest(f"{who}:{nonce}:{what}")
    if "opaque" in told:
        said += f', opaque="{told["opaque"]}"'
    return f'Authorization: Digest {said}, response="{response}"\r\n'
