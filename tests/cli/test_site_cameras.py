"""`insyn site camera` for ONVIF cameras: probed, discovered, changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.support.onvif_device import Beacon, OnvifDevice, match
from tests.support.permitted import HEARD, permit_site
from tests.support.run_insyn import insyn

from insyn.site.directory import SiteDirectory
from insyn.site.shield.background import Background
from insyn.site.shielding.scenes import CONFIRMED, KeptScene, SceneFolder
from insyn.trust.keys.site import open_site_key


@pytest.fixture
def device() -> Iterator[OnvifDevice]:
    made = OnvifDevice(user="insyn", password="quietly now")
    yield made
    made.close()


def test_probe_asks_an_onvif_camera(device: OnvifDevice, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("quietly now\n")
    url = f"onvif://127.0.0.1:{device.port}"
    asked = ("site", "camera", "probe", url, "--user", "insyn", "--password-file", str(secret))
    done = insyn(*asked, "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert said["main"] == "rtsp://127.0.0.1:8554/main"
    assert said["sub"] == "rtsp://127.0.0.1:8554/sub"
    assert "quietly" not in done.out + done.err
    told = insyn(*asked)
    assert "Sample Works X1, firmware 1.2.3" in told.out
    secret.write_text("another\n")
    refused = insyn(*asked)
    assert refused.code == 3
    assert "refuses our name or password" in refused.err


def test_discover_lists_who_answers() -> None:
    beacon = Beacon(match(80))
    try:
        done = insyn(
            "site", "camera", "discover", "--timeout", "1.5", "--interface", "127.0.0.1", "--json"
        )
    finally:
        beacon.close()
    assert done.code == 0, done.err
    (found,) = json.loads(done.out)
    assert found["url"] == "onvif://127.0.0.1"
    assert found["name"] == "Gate North"


def test_add_takes_the_streams_of_an_onvif_camera_and_change_changes_it(
    device: OnvifDevice, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path))
    secret = tmp_path / "password"
    secret.write_text("quietly now\n")
    assert insyn("site", "init", *data).code == 0
    url = f"onvif://127.0.0.1:{device.port}"
    added = insyn(
        "site", "camera", "add", "Gate", url, "--user", "insyn", "--password-file", str(secret),
        "--no-probe", "--json", *data,
    )  # fmt: skip
    assert added.code == 0, added.err
    camera = json.loads(added.out)
    assert camera["main"] == "rtsp://127.0.0.1:8554/main"
    changed = insyn(
        "site", "camera", "change", "gate", "--name", "Gate North", "--style", "ghost", "--json",
        *data,
    )  # fmt: skip
    assert changed.code == 0, changed.err
    now = json.loads(changed.out)
    assert (now["name"], now["style"], now["main"]) == ("Gate North", "ghost", camera["main"])
    assert insyn("site", "camera", "change", "gate", *data).code == 2
    assert insyn("site", "camera", "change", "nobody", "--name", "x", *data).code == 1


def test_sound_is_turned_on_where_a_permit_allows_it_and_refused_elsewhere(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    url = "virtual://concourse?size=160x90&people=0"
    add = ("site", "camera", "add", "Hall", url, "--no-probe", "--json", *data)
    assert insyn("site", "init", *data).code == 0
    refused = insyn(*add, "--sound")
    assert refused.code == 1
    assert "a permit may allow it" in refused.err
    assert json.loads(insyn(*add).out)["sound"] is False
    turn = ("site", "camera", "change", "hall", "--json", *data)
    assert insyn(*turn, "--sound").code == 1
    permit_site(SiteDirectory(root=tmp_path / "site"), masking=HEARD)
    shown = json.loads(insyn("site", "permit", "show", "--json", *data).out)
    assert shown["sound"] is True
    assert json.loads(insyn(*turn, "--sound").out)["sound"] is True
    assert json.loads(insyn(*turn, "--place", "north").out)["sound"] is True
    assert json.loads(insyn(*turn, "--no-sound").out)["sound"] is False


def test_the_list_tells_whether_the_empty_scene_of_a_camera_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    data = ("--data", str(tmp_path))
    url = "virtual://concourse?size=160x92&people=0&fps=5"
    assert insyn("site", "init", *data).code == 0
    assert insyn("site", "camera", "add", "Hall", url, "--no-probe", *data).code == 0
    listing = ("site", "camera", "list", *data)
    assert "not known" in insyn(*listing).out
    (camera,) = json.loads(insyn(*listing, "--json").out)
    assert camera["scene"] == {"how": "", "by": "", "at": None, "text": ""}
    oskar = insyn("site", "user", "add", "oskar", "operator", "--json", *data).json["id"]
    assert insyn("site", "camera", "scene", "Hall", "--empty-now", *data).code == 0
    assert "no shield runs that could look" in insyn(*listing).out
    site = SiteDirectory(root=tmp_path / "site")
    scene = Background(
        mean=np.zeros((9, 16, 3), np.uint8),
        deviation=np.ones((9, 16), np.float32),
        chroma_deviation=np.ones((9, 16), np.float32),
        known=np.ones((9, 16), bool),
    )
    SceneFolder(site.backgrounds, open_site_key(site.key)).keep(
        KeptScene(
            camera="hall", how=CONFIRMED, by=oskar, at_ns=1_796_000_000 * 10**9, order=1,
            background=scene,
        )
    )  # fmt: skip
    assert "confirmed by oskar 2026-11-30 00:53:20 UTC" in insyn(*listing).out
    assert insyn("site", "settings", "time_zone=Europe/Stockholm", *data).code == 0
    assert "confirmed by oskar 2026-11-30 01:53:20 Europe/Stockholm" in insyn(*listing).out
    (camera,) = json.loads(insyn(*listing, "--json").out)
    assert camera["scene"]["by"] == oskar
