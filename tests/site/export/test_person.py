"""One person shown and everybody else masked, held against exact masks of who is where."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import zipfile
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
from insyn.site.archive.held import held
from insyn.site.archive.recording import Recording
from insyn.site.cameras.virtual.concourse import Scene
from insyn.site.directory import SiteDirectory
from insyn.site.export.making import ONE_SHOWN, Shown, Span, export_person
from insyn.site.export.original import Original
from insyn.site.export.package import verify_export
from insyn.site.export.person import (
    Looked,
    Point,
    chosen,
    look,
    painted,
    sheet_indices,
    stretches,
)
from insyn.site.permission.judging import judge, site_public_key
from insyn.site.shield.analysis import analysed, analysis_size
from insyn.site.shield.background import confirmed
from insyn.site.shield.engine import zones_mask
from insyn.site.shield.frame import YuvFrame
from insyn.site.shield.paint import SOLID_YUV, covered
from insyn.site.shield.tracks import Track
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
    parts = opened.looked.original.parts
    with open_site(site) as store:
        export_person(
            site,
            store,
            Shown(
                release="rel-0123456789ab",
                looked=opened.looked,
                tracks=tuple(tracks),
                recordings=tuple(opened.recordings),
                held=held(parts, (), SPAN.from_ns, SPAN.until_ns, now_ns=2 * SPAN.until_ns),
            ),
            SPAN.camera,
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


def test_not_one_pixel_of_others_is_left_out_of_the_mask(opened: Opened) -> None:
    for person in (3, 4, 5):
        track = opened.best(person)
        for index, owner in enumerate(opened.owners):
            mask = opened.looked.followed.mask(index, [track])
            assert mask is not None
            over = covered(mask, owner.shape)[0] > 0
            assert not ((owner >= 0) & (owner != person) & ~over).any(), f"picture {index}"


def test_the_one_is_shown_in_most_pictures_in_which_they_are_apart(opened: Opened) -> None:
    apart = shown = 0
    for person in (3, 4, 5):
        for index, owner in enumerate(opened.owners):
            where = owner == person
            if where.sum() < 200:
                continue
            held = [
                covered(opened.looked.followed.outline(index, track), owner.shape)[0] > 0
                for track, _ in opened.looked.followed.at(index)
            ]
            own = [each for each in held if (each & where).any()]
            if len(own) != 1 or (own[0] & (owner >= 0) & ~where).any():
                continue
            apart += 1
            with contextlib.suppress(Refusal):
                chosen(opened.looked, [opened.point(person, index)])
                shown += 1
    assert apart > 150
    assert shown >= 0.9 * apart, f"{shown} of {apart}"


def test_the_sheet_has_the_ends_of_a_stretch_that_goes_beyond_the_span(opened: Opened) -> None:
    track, whole = opened.best(3), opened.looked
    narrow = copy.copy(whole.original)
    narrow.from_90k = whole.followed.time(track.first + 5)
    narrow.until_90k = whole.followed.time(track.last - 4) + 1
    looked = dataclasses.replace(whole, original=narrow)
    pictures = sheet_indices(looked, [track])
    assert (pictures[0], pictures[-1]) == (track.first + 5, track.last - 4)
    (stretch,) = stretches(looked, [track])
    assert stretch.from_s == 0.0
    assert stretch.until_s == pytest.approx(looked.lasts_s)
    assert sheet_indices(whole, [track])[0] == track.first


def test_together_with_others_nobody_is_chosen(opened: Opened) -> None:
    refused = 0
    for index, owner in enumerate(opened.owners):
        outlines = [
            opened.looked.followed.outline(index, t) for t, _ in opened.looked.followed.at(index)
        ]
        for outline in outlines:
            over = covered(outline, owner.shape)[0] > 0
            people = [int(each) for each in np.unique(owner[over & (owner >= 0)])]
            if len(people) > 1:
                with pytest.raises(Refusal, match="several people"):
                    chosen(opened.looked, [opened.point(people[0], index)])
                refused += 1
    assert refused > 10


def test_two_people_of_one_moment_are_not_exported_together(opened: Opened) -> None:
    one, two = opened.best(3), opened.best(4)
    index = max(one.first, two.first) + 5
    with pytest.raises(Refusal, match="two people"):
        chosen(opened.looked, [opened.point(3, index), opened.point(4, index)])


def test_the_manifest_says_what_was_made_of_what(opened: Opened, tmp_path: Path) -> None:
    verified = verify_export(exported(opened, [opened.best(3)], tmp_path))
    assert verified.findings == ()
    assert verified.said["masking"] == ONE_SHOWN
    assert verified.said["release"] == "rel-0123456789ab"
    assert verified.said["style"] == "solid"
    named = [{"id": one.id, "sha256": one.sha256.hex()} for one in opened.recordings]
    assert verified.said["recordings"] == named
    assert verified.held is not None
    assert verified.held.spans == ((SPAN.from_ns, SPAN.until_ns),)
    assert verified.held.missing == ()


def test_a_zone_that_is_always_covered_stays_so(opened: Opened) -> None:
    zone = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    size = opened.looked.followed.size
    looked = dataclasses.replace(opened.looked, always=zones_mask((zone,), size))
    track = opened.best(3)
    frame = looked.original.picture(looked.followed.time(track.first + 3))
    assert (painted(looked, frame, [track]).y == SOLID_YUV[0]).all()
    assert not (painted(opened.looked, frame, [track]).y == SOLID_YUV[0]).all()


def test_each_picture_is_the_same_from_wherever_it_is_decoded(opened: Opened) -> None:
    original = opened.looked.original
    wanted = {0, 1, 11, 12, 119, 120, 121, len(opened.owners) - 1}
    for index, frame in enumerate(original.pictures()):
        assert frame.pts_90k == opened.looked.followed.time(index)
        if index in wanted:
            again = original.picture(frame.pts_90k)
            assert again.pts_90k == frame.pts_90k
            assert np.array_equal(again.y, frame.y)


def test_what_was_not_looked_at_is_covered_whole(opened: Opened) -> None:
    frame = opened.looked.original.picture(opened.looked.followed.time(150))
    unknown = dataclasses.replace(frame, pts_90k=frame.pts_90k + 1)
    assert (painted(opened.looked, unknown, [opened.best(3)]).y == SOLID_YUV[0]).all()


def test_nothing_is_made_once_the_release_is_over(tmp_path: Path) -> None:
    filmed = Filmed(tmp_path / "archive", seconds=3, size=(320, 180))
    recordings = filmed.record()
    original = Original(filmed.opened(recordings), recordings, START_NS, START_NS + 3 * 10**9)

    def close(share: float) -> None:
        filmed.is_open = share < 0.2

    with pytest.raises(Refusal, match="not open"):
        look(original, (), close)


def test_a_gap_ends_all_tracks_and_a_kept_scene_shows_who_stays(tmp_path: Path) -> None:
    # Somebody stands there throughout; a recording of minutes later follows in the same clip.
    filmed = Filmed(
        tmp_path / "archive", seconds=12, first=30 * FPS, size=(320, 180), seed=3, people=6
    )
    recordings = filmed.record(minutes_apart=5)
    ends = START_NS + 400 * 10**9
    original = Original(filmed.opened(recordings), recordings, START_NS, ends)
    size = analysis_size(320, 180)
    empty = [analysed(frame_of(filmed.place.render(number)), size) for number in range(0, 60, 6)]
    looked = look(original, (), lambda _: None, scenes=[confirmed(empty)])
    assert looked.followed.size == size
    assert not looked.is_guessed
    (gap,) = original.gaps_90k
    at = looked.followed.index(gap)
    assert at is not None
    assert looked.followed.at(at)
    for track in looked.followed.tracks:
        assert track.last < at or track.first >= at
    # A scene of another place does not fit; without one, whoever stays is part of the unknown.
    other = confirmed([np.full_like(empty[0], 30)])
    blind = look(original, (), lambda _: None, scenes=[other])
    assert blind.is_guessed, "who confirms is told"
    most = [
        sum(len(one.followed.at(n)) for n in range(len(one.followed))) for one in (looked, blind)
    ]
    assert most[0] > most[1]


def test_a_span_over_a_change_of_size_is_refused(tmp_path: Path) -> None:
    small = Filmed(tmp_path / "archive", seconds=2, size=(320, 180))
    large = Filmed(tmp_path / "archive", seconds=2, size=(640, 360), vault=small.vault)
    both = small.record() + large.record()
    with pytest.raises(Refusal, match="changes"):
        Original(small.opened(both), both, START_NS, START_NS + 4 * 10**9)


def frame_of(scene: Scene) -> YuvFrame:
    return YuvFrame(y=scene.y, u=scene.u, v=scene.v, pts_90k=0)
