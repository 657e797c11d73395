"""A site of four cameras that runs, with a yesterday, and a browser; both end with each file.

Playwright runs an event loop in this thread: the browser must not outlive the tests that need it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser
from tests.support import chromium, firefox
from tests.support.masked_archive import SECOND_NS, START_NS, MaskedArchive
from tests.support.served_site import MadeSite, ServedSite, make_site, serving

from insyn.site.streams import TICKS, StreamName

ZONE = ZoneInfo("Europe/Stockholm")
CAMERAS = ("Ticket hall", "North stairs", "Platform 2", "Concourse west")
MOVED_S = 17
"""The second after noon at which something moves, in the first two cameras."""

LEFT_OUT_S = range(10, 13)
"""Seconds after noon of which the third camera's recording has no picture."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            is_firefox = item.path.name == "test_firefox.py"
            why_not = firefox.WHY_NOT if is_firefox else chromium.WHY_NOT
            if why_not:
                item.add_marker(pytest.mark.skip(reason=why_not))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as launched:
        yield launched


@dataclass(frozen=True, kw_only=True)
class Yesterday:
    """What was recorded: two cameras, half past and full minutes from noon, a gap of four."""

    day: date
    noon_ms: int

    def at(self, seconds: float) -> int:
        """Milliseconds since the epoch, so long after noon."""
        return self.noon_ms + int(seconds * 1000)


@dataclass(frozen=True, kw_only=True)
class Site:
    served: ServedSite
    made: MadeSite
    yesterday: Yesterday
    clip: Path
    """What the camera that is a file plays; without the file, the camera is gone."""

    @property
    def url(self) -> str:
        return self.served.url


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("norrby")
    clip = _clip(root)
    addresses = {
        name: f"virtual://concourse?seed={7 + number}&people=3&size=320x180&fps=10"
        for number, name in enumerate(CAMERAS[:3])
    }
    made = make_site(root, {**addresses, CAMERAS[3]: f"file://{clip}?loop=0"})
    yesterday = _record(made)
    with serving(made) as served:
        yield Site(served=served, made=made, yesterday=yesterday, clip=clip)


def _clip(root: Path) -> Path:
    """Six seconds, a second of each shade."""
    from tests.support.masked_archive import FPS, STEP, second, shade_of

    from insyn.site.archive import fmp4
    from insyn.site.nal import length_prefixed
    from insyn.site.streams import Codec

    parameters, _ = second(shade_of(0))
    content = fmp4.init_segment(parameters)
    for number in range(6):
        _, packets = second(shade_of(number))
        samples = [
            fmp4.Sample(
                data=length_prefixed(data, Codec.H264),
                duration_90k=STEP,
                offset_90k=0,
                is_key=place == 0,
            )
            for place, data in enumerate(packets)
        ]
        assert len(samples) == FPS
        content += fmp4.fragment(number + 1, number * TICKS, samples)
    path = root / "clip.mp4"
    path.write_bytes(content)
    return path


def _record(made: MadeSite) -> Yesterday:
    """Yesterday at noon: a minute in two recordings, four minutes without, half a minute more."""
    day = datetime.now(ZONE).date() - timedelta(days=1)
    noon = datetime.combine(day, time(12), ZONE)
    begins = int(noon.timestamp()) - START_NS // SECOND_NS
    moved = bytes(MOVED_S) + bytes([200] * 5) + bytes(30 - MOVED_S - 5)
    archive = MaskedArchive(made.site.archive)
    for name in CAMERAS[:2]:
        camera = made.cameras[name]
        archive.record(begins, 30, camera=camera, run=f"{name} 1", first=0, activity=moved)
        archive.record(
            begins + 30, 30, camera=camera, run=f"{name} 1", first=30, media_start_90k=30 * TICKS
        )
        archive.record(begins + 300, 30, camera=camera, run=f"{name} 2", first=60)
        archive.archive.add_gap(
            camera,
            StreamName.MASKED,
            start_wall_ns=START_NS + (begins + 60) * SECOND_NS,
            end_wall_ns=START_NS + (begins + 300) * SECOND_NS,
            reason="stalled",
        )
    # Too much to do: pictures of three seconds were left out, and the next came in time.
    overworked = made.cameras[CAMERAS[2]]
    archive.record(begins, 30, camera=overworked, run="late", first=0, without=LEFT_OUT_S)
    archive.close()
    return Yesterday(day=day, noon_ms=int(noon.timestamp()) * 1000)
