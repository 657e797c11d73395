"""ONVIF beside others: their clients read our device, we read their recordings of real cameras."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import onvif_recorded
from tests.support.onvif_device import OnvifDevice
from tests.support.onvif_recorded import ANSWERS, FETCH, PACKAGES, RecordedCamera
from tests.support.run_insyn import insyn

from insyn.site.cameras.onvif.device import ask
from insyn.site.cameras.onvif.soap import every, read_xml

USER, PASSWORD = "insyn", "a pass & <word>"
CLIENT = Path(onvif_recorded.__file__).parent / "onvif_client.js"

recorded = pytest.mark.skipif(not ANSWERS.is_dir(), reason=f"no recorded answers; {FETCH}")


@pytest.fixture
def device() -> Iterator[OnvifDevice]:
    made = OnvifDevice(user=USER, password=PASSWORD)
    made.told_at = f"http://127.0.0.1:{made.port}"
    yield made
    made.close()


@pytest.fixture
def camera() -> Iterator[RecordedCamera]:
    made = RecordedCamera()
    yield made
    made.close()


@recorded
def test_a_real_cameras_recorded_answers_are_understood(camera: RecordedCamera) -> None:
    found = ask("127.0.0.1", camera.port, None)
    assert (found.main.codec, found.main.width, found.main.height) == ("H264", 1920, 1080)
    assert (found.main.fps, found.main.kbit_s) == (5.0, 1000)
    assert found.main.stream.url == "rtsp://127.0.0.1/h264main"
    assert found.main.snapshot.startswith("/onvif-cgi/jpg/image.cgi?resolution=800x600")
    assert found.has_ptz
    assert found.maker
    assert found.clock_off_s is not None
    assert "GetStreamUri" in camera.calls


@recorded
def test_probe_tells_what_a_recorded_camera_has(camera: RecordedCamera) -> None:
    done = insyn("site", "camera", "probe", f"onvif://127.0.0.1:{camera.port}", "--json")
    assert done.code == 0, done.err
    assert done.json["main"] == "rtsp://127.0.0.1/h264main"


@recorded
def test_every_recorded_answer_is_read() -> None:
    paths = sorted(ANSWERS.glob("*.xml"))
    assert len(paths) > 70
    for path in paths:
        if path.name != "PullMessages.xml":  # a template to be filled in, not yet XML
            assert every(read_xml(path.read_bytes()), "Body"), path.name


@recorded
def test_the_onvif_client_of_node_reads_our_device(device: OnvifDevice) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    command = [node, str(CLIENT), str(PACKAGES), str(device.port), USER, PASSWORD]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["model"] == "X1"
    assert said["profiles"] == ["main", "sub", "tiny"]
    assert said["stream"].endswith("/sub")


@pytest.mark.filterwarnings("default")  # the client's own, and those of what it stands on
def test_the_onvif_client_of_zeep_reads_our_device(device: OnvifDevice) -> None:
    onvif = pytest.importorskip("onvif", reason="onvif-zeep-async is not installed")

    # `Any`: zeep makes its classes from the WSDL.
    async def asked() -> tuple[Any, Any, Any]:
        client = onvif.ONVIFCamera("127.0.0.1", device.port, USER, PASSWORD)
        try:
            await client.update_xaddrs()
            information = await (await client.create_devicemgmt_service()).GetDeviceInformation()
            media = await client.create_media_service()
            wanted = {
                "StreamSetup": {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}},
                "ProfileToken": "sub",
            }
            return information, await media.GetProfiles(), await media.GetStreamUri(wanted)
        finally:
            await client.close()

    information, profiles, stream = asyncio.run(asked())
    assert information.Model == "X1"
    widths = [one.VideoEncoderConfiguration.Resolution.Width for one in profiles]
    assert widths == [1920, 640, 320]
    assert stream.Uri.endswith("/sub")


def test_the_onvif_client_of_zeep_is_refused_with_another_password(device: OnvifDevice) -> None:
    onvif = pytest.importorskip("onvif", reason="onvif-zeep-async is not installed")

    async def asked() -> None:
        client = onvif.ONVIFCamera("127.0.0.1", device.port, USER, "another")
        try:
            await client.update_xaddrs()
        finally:
            await client.close()

    with pytest.raises(Exception, match="Sender not authorized"):
        asyncio.run(asked())
