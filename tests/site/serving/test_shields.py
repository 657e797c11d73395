"""The site's shields with a detector, every day and in full resolution: obeyed, faults told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.onnx_models import bright_cells

from insyn.base.errors import UsageError
from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.register import Wanted, add
from insyn.site.cameras.virtual.concourse import Concourse, Events
from insyn.site.directory import SiteDirectory
from insyn.site.live.hub import Hub
from insyn.site.permission.judging import site_public_key
from insyn.site.recorder.plans import Part
from insyn.site.serving.full import full_socket, on_demand_of
from insyn.site.serving.shields import shield_worker_of
from insyn.site.settings import change_settings
from insyn.site.shield.analysis import analysed, analysis_size
from insyn.site.shield.background import confirmed
from insyn.site.shield.frame import YuvFrame
from insyn.site.shielding.scenes import CONFIRMED, KeptScene, SceneFolder
from insyn.site.store import open_site
from insyn.trust.keys.site import open_site_key
from insyn.trust.people import users
from insyn.trust.people.passwords import Passwords

CHEAP = Passwords(time_cost=1, memory_kib=8, lanes=1)
ADDRESS = "virtual://concourse?seed=7&people=0"


@pytest.fixture
def site(tmp_path: Path) -> SiteDirectory:
    """A site with one camera, whose empty scene is known."""
    made = SiteDirectory(root=tmp_path / "site")
    site_public_key(made)
    now = datetime.now(UTC)
    with open_site(made) as store, store.writing() as connection:
        token = users.invite_first(connection, now=now)
        first = users.claim(
            connection, token, name="chief", password="a long password 1",
            passwords=CHEAP, now=now,
        )  # fmt: skip
        camera = add(
            connection,
            Wanted(name="Hall", main=read_address(ADDRESS)[0]),
            keeper=CredentialKeeper(open_site_key(made.key)),
            room_for=lambda _: "",
            actor=first.actor,
            now=now,
        ).id
    place = Concourse(seed=7, width=640, height=360, fps=25, people=0, events=Events(noise=2))
    size = analysis_size(640, 360)
    shown = []
    for number in range(8):
        scene = place.render(number)
        y, u, v = (np.ascontiguousarray(plane) for plane in (scene.y, scene.u, scene.v))
        shown.append(analysed(YuvFrame(y=y, u=u, v=v, pts_90k=0), size))
    SceneFolder(made.backgrounds, open_site_key(made.key)).keep(
        KeptScene(
            camera=camera, how=CONFIRMED, by="u-1", at_ns=1, order=0, background=confirmed(shown)
        )
    )
    return made


@pytest.fixture
def said(site: SiteDirectory) -> Iterator[Callable[[], dict[str, Any]]]:
    """What the running worker says of the camera."""
    worker = shield_worker_of(site, Part(number=1, of=1))
    thread = threading.Thread(target=worker.run)
    thread.start()

    def now() -> dict[str, Any]:
        try:
            told = json.loads((site.run / "shield-1.json").read_bytes())["cameras"]
        except (OSError, ValueError):
            return {}
        return dict(next(iter(told.values()), {}))

    yield now
    worker.stop()
    thread.join(30)


def until(holds: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(900):
        if holds():
            return
        waited.wait(0.05)
    pytest.fail("it did not come about")


def test_a_site_obeys_its_detector_and_tells_what_is_wrong_with_it(
    site: SiteDirectory, said: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    until(lambda: said().get("state") == "RUN")
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    change_settings(site, detector=str(tmp_path / "broken.onnx"))
    until(lambda: said().get("state") == "LATE" and "broken.onnx" in said()["text"])
    bright_cells(tmp_path / "m.onnx", (640, 352), told={"score": 0.0})
    change_settings(site, detector=str(tmp_path / "m.onnx"))
    until(lambda: said().get("state") == "RUN" and said()["text"] == "")
    change_settings(site, detector="")
    until(lambda: said().get("state") == "RUN")


def test_a_detector_is_a_whole_path(site: SiteDirectory) -> None:
    with pytest.raises(UsageError, match="whole path"):
        change_settings(site, detector="m.onnx")


@pytest.fixture
def full(site: SiteDirectory) -> Iterator[Hub]:
    """Where the running process of full resolution is looked at."""
    worker = on_demand_of(site)
    thread = threading.Thread(target=worker.run)
    thread.start()
    until(full_socket(site).exists)
    yield Hub(lambda _: full_socket(site), linger_s=0.1)
    worker.stop()
    thread.join(30)
    assert not thread.is_alive()


def test_full_resolution_asks_the_detector_too(
    site: SiteDirectory, full: Hub, tmp_path: Path
) -> None:
    """Each step waits for what somebody who looks is sent: size, state, share that is covered."""
    bright_cells(tmp_path / "m.onnx", (640, 352), told={"score": 0.0})
    (tmp_path / "broken.onnx").write_bytes(b"no model")

    async def look() -> None:
        heard = _Heard()
        async with asyncio.timeout(120):
            watched = full.watch("hall")
            # The place is empty and known: next to nothing of it is covered.
            await heard.until(watched, lambda: heard.state == "RUN" and heard.covered < 0.2)
            assert b"avc1" in heard.init
            change_settings(site, detector=str(tmp_path / "m.onnx"))
            # To this model everything is somebody: the shield runs, and all of it is covered.
            await heard.until(watched, lambda: heard.state == "RUN" and heard.covered == 1)
            change_settings(site, detector=str(tmp_path / "broken.onnx"))
            await heard.until(watched, lambda: heard.state == "LATE" and "broken" in heard.text)
            assert heard.covered == 1
            change_settings(site, detector="")
            await heard.until(watched, lambda: heard.state == "RUN" and heard.covered < 0.2)
        await full.close()

    asyncio.run(look())


class _Heard:
    """What somebody who looks was sent last."""

    def __init__(self) -> None:
        self.state, self.text, self.covered, self.init = "", "", 0.5, b""

    async def until(self, watched: AsyncIterator[str | bytes], holds: Callable[[], bool]) -> None:
        async for part in watched:
            if isinstance(part, bytes):
                self.init = self.init or part
                continue
            said = json.loads(part)
            if said["type"] in ("init", "state"):
                self.state, self.text = said["state"], said.get("text", "")
            elif said["type"] == "seen":
                self.covered = said["covered"]
            if holds():
                return
        raise AssertionError("the stream ended")
