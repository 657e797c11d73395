"""ONVIF: cameras found and asked, and what a hostile or broken one can do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.support.onvif_device import Beacon, OnvifDevice, fault, match

from insyn.base.errors import UsageError
from insyn.site.cameras.address import Credentials
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.onvif.device import ask
from insyn.site.cameras.onvif.discovery import discover, read_answer
from insyn.site.cameras.onvif.soap import every, read_xml

WHO = Credentials(user="insyn", password="a pass & <word>")


@pytest.fixture
def device() -> Iterator[OnvifDevice]:
    made = OnvifDevice(user=WHO.user, password=WHO.password)
    yield made
    made.close()


def test_a_camera_tells_its_streams(device: OnvifDevice) -> None:
    found = ask("127.0.0.1", device.port, WHO)
    assert (found.maker, found.model, found.firmware) == ("Sample Works", "X1", "1.2.3")
    assert found.main.stream.url == "rtsp://127.0.0.1:8554/main"
    assert found.sub is not None
    assert found.sub.stream.url == "rtsp://127.0.0.1:8554/sub"
    assert (found.main.codec, found.main.width, found.main.fps) == ("H265", 1920, 25.0)
    assert found.main.snapshot == "/still.jpg"
    assert found.has_ptz
    assert found.has_imaging
    assert WHO.password.encode() not in device.seen


def test_an_old_camera_without_media_2_tells_them_too(device: OnvifDevice) -> None:
    device.has_media2 = False
    assert ask("127.0.0.1", device.port, WHO).main.codec == "H264"


def test_an_older_one_knows_capabilities_alone(device: OnvifDevice) -> None:
    device.has_media2 = False
    device.replaced["GetServices"] = fault("ter:ActionNotSupported", "no")
    found = ask("127.0.0.1", device.port, WHO)
    assert "GetCapabilities" in device.calls
    assert [one.token for one in found.profiles] == ["main", "sub", "tiny"]


@pytest.mark.parametrize("hours", [-30, 5])
def test_a_clock_that_is_off_is_told_and_lived_with(device: OnvifDevice, hours: int) -> None:
    device.clock_off = timedelta(hours=hours)
    found = ask("127.0.0.1", device.port, WHO)
    assert found.clock_off_s == pytest.approx(hours * 3600, abs=2)


@pytest.mark.parametrize("who", [None, Credentials(user="insyn", password="another")])
def test_a_refused_password_is_told_apart(device: OnvifDevice, who: Credentials | None) -> None:
    with pytest.raises(CameraFailure) as failure:
        ask("127.0.0.1", device.port, who)
    assert failure.value.trouble is Trouble.CREDENTIALS
    assert "another" not in str(failure.value)


def test_nobody_there(device: OnvifDevice) -> None:
    device.close()
    with pytest.raises(CameraFailure) as failure:
        ask("127.0.0.1", device.port, WHO)
    assert failure.value.trouble is Trouble.UNREACHABLE


HOSTILE = {
    "no XML": b"<html>hello",
    "nothing": b"",
    "another document": b"<a/>",
    "entities": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "a file": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "much": b"<a>" + b" " * (5 << 20) + b"</a>",
    "deep": b"<a>" * 5000,
    "cut": b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><tds:Se',
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("call", ["GetSystemDateAndTime", "GetServices", "GetProfiles"])
def test_hostile_answers_are_refused(device: OnvifDevice, call: str, kind: str) -> None:
    device.replaced[call] = HOSTILE[kind]
    with pytest.raises(CameraFailure) as failure:
        ask("127.0.0.1", device.port, WHO)
    assert failure.value.trouble is Trouble.GARBAGE


@pytest.mark.parametrize(
    "head",
    [b"", b'<?xml version="1.0" encoding="utf-16"?>', "<?xml version=\u201d1.0\u201d ?>".encode()],
)
def test_prefixes_and_declarations_that_are_wrong_are_read(head: bytes) -> None:
    root = read_xml(head + b"<S:Envelope><S:Body><x:Uri>a</x:Uri></S:Body></S:Envelope>")
    assert [one.text for one in every(root, "Uri")] == ["a"]


def test_addresses_that_lead_elsewhere_are_not_followed(device: OnvifDevice) -> None:
    device.rtsp = "rtsp://user:secret@attacker.example"
    found = ask("127.0.0.1", device.port, WHO)
    assert all(one.stream.url.startswith("rtsp://127.0.0.1/") for one in found.profiles)
    device.rtsp = "file:///etc"
    with pytest.raises(CameraFailure) as failure:
        ask("127.0.0.1", device.port, WHO)
    assert failure.value.trouble is Trouble.NO_STREAM


def test_vapix_tells_more_of_an_axis_camera(device: OnvifDevice) -> None:
    device.maker = "AXIS"
    found = ask("127.0.0.1", device.port, WHO)
    assert found.more == {"vapix": {"full_name": "SAMPLE X1 Network Camera"}}


def test_cameras_on_the_network_are_found() -> None:
    beacon = Beacon(match(8080))
    try:
        (found,) = discover(timeout_s=1.5, interface="127.0.0.1")
    finally:
        beacon.close()
    assert found.url == "onvif://127.0.0.1:8080"
    assert (found.name, found.model, found.place) == ("Gate North", "X1", "country/sweden")
    assert beacon.asked == 3


def test_others_that_answer_are_left_out() -> None:
    assert read_answer(match(80, types="dn:Printer"), "127.0.0.1") is None
    assert read_answer(b"noise", "127.0.0.1") is None
    assert read_answer(HOSTILE["entities"], "127.0.0.1") is None


def test_an_interface_that_is_not_here() -> None:
    with pytest.raises(UsageError, match="no IPv4 address"):
        discover(timeout_s=0.5, interface="192.0.2.77")
