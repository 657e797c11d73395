"""Sound in sealed originals: from GStreamer's server and from files to independent readers."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from tests.support.coded_sound import coded_sound
from tests.support.coded_video import coded
from tests.support.meddling_proxy import meddling
from tests.support.permit_office import Office, predicate
from tests.support.permitted import HEARD, permit_site
from tests.support.recorder_desk import Desk, until
from tests.support.rtsp_server import RtspServer, available, write_sound, write_units

from insyn.base.clock import isoformat
from insyn.site.archive.index import NAME, Index
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import EndReason
from insyn.site.cameras import register, rtp_sound
from insyn.site.cameras.address import Address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.opening import recording_source_for
from insyn.site.cameras.rtsp import RtspSource
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import Permission, take_up_permit, take_up_status
from insyn.site.recorder import feeding, process
from insyn.site.recorder.plans import Part, RegisteredCameras, site_recorder
from insyn.site.recorder.process import Recorder
from insyn.site.store import open_site
from insyn.site.streams import TICKS, Codec, SoundCodec, StreamName
from insyn.site.vault.folder import PUBLIC
from insyn.trust.keys.envelope import Envelope, read_envelope
from insyn.trust.keys.site import open_site_key
from insyn.trust.people.duties import Actor, Role
from insyn.trust.permit.issue import draft_permit, sign_permit
from insyn.trust.permit.shelf import Shelf
from insyn.trust.permit.status import State as Standing
from insyn.trust.permit.status import read_status

needs_server = pytest.mark.skipif(bool(available()), reason=available() or "it is there")
FRAMES = 100
ROUND_90K = FRAMES * TICKS // 25
SECONDS = FRAMES // 25
FRAGMENT_S = 0.8
KINDS = {
    "aac": SoundCodec.AAC,
    "latm": SoundCodec.AAC,
    "opus": SoundCodec.OPUS,
    "pcmu": SoundCodec.PCMU,
    "pcma": SoundCodec.PCMA,
}
CODECS = {
    "aac": "aac",
    "latm": "aac",
    "opus": "opus",
    "pcmu": "pcm_mulaw",
    "pcma": "pcm_alaw",
}
SAID = {
    "aac": "mp4a.40.2/16000/1",
    "latm": "mp4a.40.2/16000/1",
    "opus": "opus/48000/2",
    "pcmu": "ulaw/8000/1",
    "pcma": "alaw/8000/1",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspServer]:
    folder = tmp_path_factory.mktemp("mounts")
    clip = coded(frames=FRAMES, gop=25)
    units = write_units(folder / "h264", Codec.H264, clip, ROUND_90K)
    sounds = {}
    for name, codec in KINDS.items():
        parameters, frames = coded_sound(codec, seconds=SECONDS)
        sounds[f"/{name}"] = write_sound(folder / name, name, parameters, frames, ROUND_90K)
    parameters, frames = coded_sound(SoundCodec.PCMU, seconds=SECONDS)
    parameters = dataclasses.replace(parameters, rate=16_000)  # only its packets' look counts
    sounds["/g722"] = write_sound(folder / "g722", "g722", parameters, frames, ROUND_90K)
    mounts = dict.fromkeys((*sounds, "/mute"), units)
    with RtspServer(mounts, sounds=sounds, log=folder / "log") as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(feeding, "FIRST_WAIT_S", 0.1)
    monkeypatch.setattr(process, "TURN_S", 0.05)
    return Desk(tmp_path, mute="")


def told(movie: bytes) -> dict[str, dict[str, Any]]:
    """What ffprobe says of each stream of a movie, by its kind."""
    program = shutil.which("ffprobe")
    assert program is not None
    asked = [program, "-v", "error", "-show_streams", "-show_packets", "-of", "json", "-i", "pipe:"]
    said = json.loads(subprocess.run(asked, input=movie, capture_output=True, check=True).stdout)
    found: dict[str, dict[str, Any]] = {one["codec_type"]: one for one in said["streams"]}
    for kind, one in found.items():
        mine = [packet for packet in said["packets"] if packet["codec_type"] == kind]
        one["begins"] = float(mine[0]["pts_time"])
        one["ends"] = max(float(p["pts_time"]) + float(p.get("duration_time", 0)) for p in mine)
        one["times"] = [float(packet["dts_time"]) for packet in mine]
        one["packets"] = len(mine)
    return found


def beeps(movie: bytes) -> list[float]:
    """When the loud part of each second begins, in the time of the movie."""
    found: list[float] = []
    # `Any`: the stubs do not know that a container opened for reading decodes.
    container: Any = av.open(io.BytesIO(movie))
    with container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=8000)
        was_loud = True
        for frame in container.decode(audio=0):
            at = float(frame.pts * Fraction(frame.time_base))
            for part in resampler.resample(frame):
                samples = part.to_ndarray()[0]
                for number in range(0, len(samples) - 40, 40):
                    is_loud = bool(abs(samples[number : number + 40]).max() > 0.3)
                    if is_loud and not was_loud:
                        found.append(at + number / 8000)
                    was_loud = is_loud
    return found


def has_written(desk: Desk, camera: str, packets: int) -> bool:
    return int(desk.state(camera).get("written", 0)) > packets


@pytest.fixture(scope="module")
def heard(server: RtspServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Recorder]:
    """All codecs recorded at once, six seconds of each; the recorder has stopped."""
    desk = Desk(tmp_path_factory.mktemp("heard"), mute="")
    sources = {
        name: recording_source_for(Address(url=server.url(f"/{name}")), wants_sound=True)
        for name in KINDS
    }
    with desk.recording(**sources) as recorder:
        for name, codec in KINDS.items():
            until(partial(has_written, desk, name, 150))
            assert desk.state(name)["sound"] == f"sound recorded: {codec}"
    return desk, recorder


@needs_server
@pytest.mark.parametrize("name", list(KINDS))
def test_sound_is_sealed_with_the_pictures_of_its_time(
    name: str, heard: tuple[Desk, Recorder]
) -> None:
    desk, recorder = heard
    received = recorder.received()[name]
    (recording,) = desk.recordings(name)
    movie = desk.plain(desk.root / recording.path)
    found = told(movie)
    assert found["audio"]["codec_name"] == CODECS[name]
    assert found["video"]["packets"] == recording.frames == received, "sound costs no picture"
    assert abs(found["audio"]["begins"] - found["video"]["begins"]) < FRAGMENT_S
    assert abs(found["audio"]["ends"] - found["video"]["ends"]) < FRAGMENT_S
    assert found["audio"]["times"] == sorted(set(found["audio"]["times"]))
    loud = [at for at in beeps(movie) if at > 0.5]  # a decoder is not at once what it will be
    assert len(loud) >= 4
    steps = [after - before for before, after in itertools.pairwise(loud)]
    assert all(abs(step - 1) < 0.05 for step in steps), steps
    assert desk.decoded(name) == received
    assert recording.sound == SAID[name]


@needs_server
def test_a_camera_is_never_asked_for_sound_that_is_not_wanted(
    server: RtspServer, desk: Desk
) -> None:
    before = len(server.asked())
    source = recording_source_for(Address(url=server.url("/aac")))
    with desk.recording(one=source):
        until(lambda: desk.state("one").get("written", 0) > 30)
        assert desk.state("one")["sound"] == ""
    asked = server.asked()[before:]
    assert [one.rsplit("/", 1)[1] for one in asked] == ["stream=0"]
    (recording,) = desk.recordings("one")
    assert set(told(desk.plain(desk.root / recording.path))) == {"video"}
    assert recording.sound == ""


@needs_server
@pytest.mark.parametrize(
    ("name", "because"), [("g722", "codec g722"), ("mute", "the camera sends none")]
)
def test_sound_that_is_not_recorded_costs_no_picture_and_is_told(
    name: str, because: str, server: RtspServer, desk: Desk
) -> None:
    source = recording_source_for(Address(url=server.url(f"/{name}")), wants_sound=True)
    with desk.recording(one=source) as recorder:
        until(lambda: desk.state("one").get("written", 0) > 30)
        assert desk.state("one")["sound"] == f"sound not recorded: {because}"
    assert desk.decoded("one") == recorder.received()["one"]


@needs_server
@pytest.mark.parametrize(
    ("with_setup", "spoils", "because"),
    [
        ("refused", False, "the camera refuses it"),
        ("closed", False, "the camera ends sessions with sound"),
        ("passed", True, "what comes is not what was described"),
    ],
)
def test_sound_that_is_broken_or_refused_costs_no_picture_and_is_told(
    with_setup: str,
    spoils: bool,
    because: str,
    server: RtspServer,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rtp_sound, "BROKEN", 40)  # 200 in earnest: thirteen seconds of this sound
    with meddling(server.port, with_setup, spoils=spoils) as port:
        address = Address(url=f"rtsp://127.0.0.1:{port}/aac")
        with desk.recording(one=recording_source_for(address, wants_sound=True)) as recorder:
            until(lambda: desk.state("one").get("written", 0) > 30)
            until(lambda: desk.state("one").get("sound") == f"sound not recorded: {because}")
            before = desk.state("one")["written"]
            until(lambda: desk.state("one").get("written", 0) > before + 30)
    assert desk.decoded("one") == recorder.received()["one"]
    assert len(desk.recordings("one")) == 1
    assert {gap.reason for gap in desk.gaps("one")} <= {"ended", "stalled"}, "while it is set up"


@needs_server
def test_ffmpeg_reads_sound_where_it_is_asked_to(server: RtspServer, desk: Desk) -> None:
    """Cameras that only FFmpeg reads, and those with encryption."""
    before = len(server.asked())
    with desk.recording(one=RtspSource(Address(url=server.url("/aac")), None, wants_sound=True)):
        until(lambda: desk.state("one").get("written", 0) > 100)
    asked = server.asked()[before:]
    assert [one.rsplit("/", 1)[1] for one in asked] == ["stream=0", "stream=1"]
    found = told(desk.plain(desk.root / desk.recordings("one")[0].path))
    assert abs(found["audio"]["begins"] - found["video"]["begins"]) < FRAGMENT_S
    assert abs(found["audio"]["ends"] - found["video"]["ends"]) < FRAGMENT_S
    before = len(server.asked())
    with desk.recording(two=RtspSource(Address(url=server.url("/aac")), None)):
        until(lambda: desk.state("two").get("written", 0) > 20)
    assert [one.rsplit("/", 1)[1] for one in server.asked()[before:]] == ["stream=0"]


@needs_server
def test_without_the_permit_a_recording_begins_without_sound_whatever_comes(
    server: RtspServer, desk: Desk
) -> None:
    desk.mute = "the permit does not allow sound"
    source = recording_source_for(Address(url=server.url("/aac")), wants_sound=True)
    with desk.recording(one=source) as recorder:
        until(lambda: desk.state("one").get("written", 0) > 60)
    (recording,) = desk.recordings("one")
    assert set(told(desk.plain(desk.root / recording.path))) == {"video"}
    assert recording.frames == recorder.received()["one"]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Four seconds of H.264 and AAC, as an ordinary file."""
    path = tmp_path / "film.mp4"
    program = shutil.which("ffmpeg")
    assert program is not None
    made = [
        program, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=4",
        "-f", "lavfi", "-i", "sine=frequency=330:duration=4", "-c:v", "libx264", "-g", "25",
        "-preset", "ultrafast", "-c:a", "aac", str(path),
    ]  # fmt: skip
    subprocess.run(made, check=True)
    return path


@pytest.mark.parametrize("wants_sound", [True, False])
def test_a_file_with_sound_gives_it_where_it_is_wanted(
    film: Path, wants_sound: bool, desk: Desk
) -> None:
    address = Address(url=f"{film.as_uri()}?loop=0&pace=0")
    with desk.recording(one=recording_source_for(address, wants_sound=wants_sound)):
        until(lambda: desk.state("one").get("written", 0) >= 100)
    found = told(desk.plain(desk.root / desk.recordings("one")[0].path))
    assert set(found) == ({"video", "audio"} if wants_sound else {"video"})
    if wants_sound:
        # What comes after the last picture has none to go with.
        assert found["audio"]["packets"] >= 4 * 44_100 // 1024 - 4
        assert abs(found["audio"]["begins"] - found["video"]["begins"]) < 0.1
        assert abs(found["audio"]["ends"] - found["video"]["ends"]) < 0.1


def test_the_virtual_concourse_hums_where_it_is_asked_to(desk: Desk) -> None:
    address = Address(url="virtual://concourse?size=320x180&people=0&sound=1")
    with desk.recording(one=recording_source_for(address, wants_sound=True)):
        until(lambda: desk.state("one").get("sound") == "sound recorded: aac")
        until(lambda: desk.state("one").get("written", 0) >= 60)
    found = told(desk.plain(desk.root / desk.recordings("one")[0].path))
    assert abs(found["audio"]["ends"] - found["video"]["ends"]) < FRAGMENT_S


def another_permit(office: Office, now: datetime) -> Envelope:
    """A permit of the same office for the same site, which says nothing of sound."""
    fields = predicate(
        not_before=isoformat(now - timedelta(days=1)), not_after=isoformat(now + timedelta(days=99))
    )
    envelope = draft_permit(
        fields,
        site_key=office.site.public.fingerprint,
        permit_id="P-20261123-fedcba987654",
        now=now,
    )
    for approver in office.approvers[:2]:
        envelope = sign_permit(envelope, approver, root=office.root, now=now)
    return envelope


@needs_server
def test_where_the_permit_for_sound_is_revoked_the_sound_ends_and_the_pictures_go_on(
    server: RtspServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "TURN_S", 0.05)
    monkeypatch.setattr(process, "LOOK_S", 0.1)
    site = SiteDirectory(root=tmp_path / "site")
    office, permit = permit_site(site, masking=HEARD)
    now = datetime.now(UTC).replace(microsecond=0)
    vault = X25519PrivateKey.generate()
    (site.vault / PUBLIC).write_text(vault.public_key().public_bytes_raw().hex() + "\n")
    keeper = CredentialKeeper(open_site_key(site.key))
    judge = Permission(site).now
    chief = Actor(id="u-0123456789ab", roles=frozenset({Role.ADMINISTRATOR}))
    state = site.run / "recorder-1.json"

    def said() -> dict[str, Any]:
        found = json.loads(state.read_bytes())["cameras"] if state.exists() else {}
        return dict(found.get("hall", {}))

    with open_site(site) as store:
        with store.writing() as connection:
            register.add(
                connection,
                register.Wanted(
                    name="Hall", main=Address(url=server.url("/opus")), records_sound=True
                ),
                keeper=keeper,
                room_for=lambda _: "",
                may_hear=judge().may_hear,
                actor=chief,
                now=now,
            )
        cameras = RegisteredCameras(store, keeper, judge)
        recorder = site_recorder(site, cameras, judge, part=Part(number=1, of=1))
        thread = threading.Thread(target=recorder.run)
        thread.start()
        try:
            until(lambda: said().get("sound") == "sound recorded: opus")
            until(lambda: said().get("written", 0) > 60)
            asked = len(server.asked())
            other = another_permit(office, now)
            take_up_permit(site, other.to_bytes(), now=now)
            first = read_status(read_envelope(Shelf(site.trust).status_file() or b"", "the list"))
            entries = (office.entry(permit, Standing.REVOKED), office.entry(other))
            take_up_status(site, office.status(*entries, after=first, at=now), now=now)
            until(lambda: said().get("sound") == "" and said().get("written", 0) > 60)
        finally:
            recorder.stop()
            thread.join(20)
    assert [one.rsplit("/", 1)[1] for one in server.asked()[asked:]] == ["stream=0"]
    reader = Reader(site.archive, Index(site.archive / NAME))
    heard, silent = reader.recordings("hall", StreamName.MAIN, 0, 1 << 62)
    reader.close()
    assert (heard.sound, silent.sound) == ("opus/48000/2", "")
    assert heard.end_reason is EndReason.STOPPED
    assert silent.frames > 60
    assert (silent.start_wall_ns - heard.end_wall_ns) / 1e9 < 3, "a session anew, no more"
