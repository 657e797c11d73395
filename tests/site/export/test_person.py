"""One person shown and everybody else masked, held against exact masks of who is where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.opened_original import FPS, START_NS, Filmed

from insyn.base.errors import Refusal
from insyn.site.archive.recording import Recording
from insyn.site.directory import SiteDirectory
from insyn.site.export.making import Shown, Span, export_person
from insyn.site.export.original import Original
from insyn.site.export.person import Looked, Point, chosen, look
from insyn.site.permission.judging import judge, site_public_key
from insyn.site.shield.following import Track
from insyn.site.shield.paint import SOLID_YUV
from insyn.site.store import open_site
from insyn.trust.people.duties import Actor, Role

SECONDS = 17
SPAN = Span(camera="cam-1", from_ns=START_NS, until_ns=START_NS + SECONDS * 10**9)
ASKER = Actor(id="u-0123456789ab", roles=frozenset({Role.INVESTIGATOR}))
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass
class Opened:
    filmed: Filmed
    recordings: list[Recording]
    looked: Looked
    owners: list[NDArray[np.int16]]

    def point(self, person: int, index: int) -> Point:
        """Points at the middle of somebody."""
        rows, columns = np.nonzero(self.owners[index] == person)
        height, width = self.owners[index].shape
        middle = len(rows) // 2
        return Point(
            index=index, x=(columns[middle] + 0.5) / width, y=(rows[middle] + 0.5) / height
        )

    def best(self, person: int) -> Track:
        """The longest track of somebody that can be pointed at."""
        found = []
        for index in range(0, len(self.owners), 4):
            if (self.owners[index] == person).sum() > 200:
                try:
                    found += chosen(self.looked, [self.point(person, index)])
                except Refusal:
                    continue
        return max(found, key=lambda track: track.last - track.first)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    filmed = Filmed(tmp_path_factory.mktemp("archive"), seconds=SECONDS)
    recordings = filmed.record()
    original = Original(filmed.opened(recordings), recordings, SPAN.from_ns, SPAN.until_ns)
    return Opened(
        filmed=filmed,
        recordings=recordings,
        looked=look(original, (), lambda _: None),
        owners=[filmed.owners(number) for number in range(SECONDS * FPS)],
    )


def exported(opened: Opened, tracks: list[Track], folder: Path) -> Path:
    site = SiteDirectory(root=folder / "site")
    site_public_key(site)
    out = folder / "export.zip"
    with open_site(site) as store:
        export_person(
            site,
            store,
            Shown(
                release="rel-0123456789ab",
                looked=opened.looked,
                tracks=tuple(tracks),
                recordings=tuple(opened.recordings),
            ),
            SPAN,
            out=out,
            allowed=judge(site, NOW),
            actor=ASKER,
            clock=lambda: NOW,
            progress=lambda _: None,
            require_open=lambda: None,
        )
    return out


def pictures(out: Path, folder: Path) -> list[NDArray[np.uint8]]:
    """Luma and chroma of each exported picture, (height, width, 3) in limited range."""
    import zipfile

    with zipfile.ZipFile(out) as package:
        clip = package.extract("clip.mp4", folder)
    found = []
    # `Any`: the stubs do not know that a container opened for reading decodes.
    container: Any = av.open(clip)
    with container:
        assert not container.streams.audio
        for frame in container.decode(video=0):
            planes = frame.to_ndarray()
            height, width = frame.height, frame.width
            quarter = height // 4
            u, v = (
                planes[height + at * quarter : height + (at + 1) * quarter].reshape(
                    height // 2, width // 2
                )
                for at in (0, 1)
            )
            wide = [plane.repeat(2, 0).repeat(2, 1) for plane in (u, v)]
            found.append(np.dstack([planes[:height], *wide]))
    return found


def is_covered(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where nothing but the solid colour is; what coding smears at an edge is near it."""
    away = np.abs(picture.astype(np.int16) - np.array(SOLID_YUV, np.int16))
    return np.asarray((away[:, :, 0] <= 14) & (away[:, :, 1:] <= 10).all(axis=2))


@pytest.mark.parametrize("person", [3, 4, 5])
def test_everybody_else_is_covered_and_the_one_is_seen(
    opened: Opened, tmp_path: Path, person: int
) -> None:
    track = opened.best(person)
    found = pictures(exported(opened, [track], tmp_path), tmp_path)
    assert len(found) == SECONDS * FPS
    assert found[0].shape[:2] == opened.owners[0].shape, "the original's full resolution"
    others_shown = others = seen = there = 0
    for number, picture in enumerate(found):
        covered, owner = is_covered(picture), opened.owners[number]
        other = (owner >= 0) & (owner != person)
        others += int(other.sum())
        others_shown += int((other & ~covered).sum())
        if track.first <= number <= track.last and (owner == person).sum() > 200:
            there += int((owner == person).sum())
            seen += int(((owner == person) & ~covered).sum())
    assert others > 50_000, "there are others to be covered"
    assert others_shown <= 0.002 * others, f"{others_shown} of {others} pixels of others shown"
    assert seen >= 0.9 * there > 0, f"{seen} of {there} pixels of the one shown"
