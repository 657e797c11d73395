"""How well one person is followed: what of others would be shown, and how often the one is.

`python -m evals.following [--seeds 7 3] [--people 8] [--seconds 60] [--taught]` renders the
concourse as H.264, masks it, follows every outline, and holds each track that may be chosen against
the exact masks of who is where. One line of JSON a seed:

    others      pixels of other people in outlines that can be chosen, of all pixels of people
    wrong       tracks that can be chosen and hold somebody else in a picture
    shown       share of all people's pictures in which they can be shown
    apart       the same, of the pictures in which their outline holds nobody else

A person's picture counts where 150 of their pixels are in view. With `--taught` the empty scene is
what the clip itself tells; without, it is confirmed, as a camera's kept scene is.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from evals.shield_clips import EMPTY_S, SCENARIOS, Clip, rendered
from insyn.site.cameras.virtual.concourse import Concourse
from insyn.site.shield.analysis import LIVE_AREA, analysed, analysis_size
from insyn.site.shield.background import Background, confirmed
from insyn.site.shield.following import Following
from insyn.site.shield.foresight import Foresight
from insyn.site.shield.paint import covered
from insyn.site.shield.survey import Survey
from insyn.site.shield.tracks import Followed
from insyn.site.shielding.file_pictures import Pictures
from insyn.site.streams import TICKS

IN_VIEW = 150
"""Pixels of a picture of 640x360: a head and shoulders in the middle of the concourse."""


def scene_of(clip: Clip, *, taught: bool) -> Background:
    """The empty scene."""
    size = analysis_size(*clip.size, LIVE_AREA)
    survey, shown = Survey(size), []
    for frame in Pictures(clip.path):
        small = analysed(frame, size)
        if taught:
            survey.look(small, frame.pts_90k / TICKS)
        elif frame.pts_90k < (EMPTY_S - 1) * TICKS:
            shown.append(small)
        else:
            break
    return survey.background() if taught else confirmed(shown)


def followed(clip: Clip, scene: Background) -> Followed:
    """Every outline of the clip, followed."""
    foresight = Foresight(scene)
    following = Following(scene.size)
    for frame in Pictures(clip.path):
        for one in foresight.step(frame):
            following.add(one.frame.pts_90k, one.people, one.mask)
    for one in foresight.end():
        following.add(one.frame.pts_90k, one.people, one.mask)
    return following.end()


def judge(found: Followed, owners: list[NDArray[np.int16]]) -> dict[str, float | int]:
    """The figures; `owners` says whose each pixel of each picture is, -1 nobody's."""
    in_view: set[tuple[int, int]] = set()
    people = 0
    for index, owner in enumerate(owners):
        counts = Counter(owner[owner >= 0].tolist())
        people += counts.total()
        in_view |= {(index, who) for who, count in counts.items() if count >= IN_VIEW}
    shown: set[tuple[int, int]] = set()
    apart: set[tuple[int, int]] = set()
    others = wrong = 0
    for track in found.tracks:
        held = [
            _within(found, index, track.number, owners[index])
            for index in range(track.first, track.last + 1)
        ]
        total = sum(held, Counter())
        main = max(total, key=lambda who: total[who], default=-1)
        alone = {track.first + n for n, each in enumerate(held) if set(each) <= {main}}
        apart |= {(index, main) for index in alone}
        if track.is_one:
            strange = total.total() - total[main] if total else 0
            others += strange
            wrong += strange > 0
            shown |= {(index, main) for index in range(track.first, track.last + 1)}
    return {
        "people_pixels": people,
        "others": others,
        "wrong": wrong,
        "tracks": sum(track.is_one for track in found.tracks),
        "shown": round(len(shown & in_view) / max(1, len(in_view)), 4),
        "apart": round(len(shown & in_view & apart) / max(1, len(in_view & apart)), 4),
    }


def _within(found: Followed, index: int, track: int, owner: NDArray[np.int16]) -> Counter[int]:
    """Whose pixels, and how many, would be shown in the full picture with this track shown."""
    outline = found.outline(index, found.tracks[track])
    # As when painting: what is shown is what no covered pixel of the small picture touches.
    over = covered(~outline, owner.shape)[0]
    seen = owner[(over == 0) & (owner >= 0)]
    return Counter(seen.tolist())


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 3])
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--taught", action="store_true")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    SCENARIOS["walk"] = dataclasses.replace(SCENARIOS["walk"], people=asked.people)
    told = SCENARIOS["walk"]
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory() as folder:
            clip = rendered("walk", seed, Path(folder), asked.seconds)
            place = Concourse(
                seed=seed, width=clip.size[0], height=clip.size[1], fps=clip.fps,
                people=told.people, events=told.events,
            )  # fmt: skip
            owners = [place.owners(index) for index in range(clip.frames)]
            found = judge(followed(clip, scene_of(clip, taught=asked.taught)), owners)
        print(json.dumps({"seed": seed, "people": asked.people, **found}), flush=True)


if __name__ == "__main__":
    main()
