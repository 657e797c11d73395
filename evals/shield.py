"""How well the shield masks: `python -m evals.shield VIDEO --boxes BOXES.json [--live]`.

The clip goes through `mask_file`, which is all that `insyn shield` does, and the masks that it
writes are scored by the definitions of reference/shield.md, 2.3: beside MOG2 and KNN with
morphology, and beside deface, in the same run. `--concourse SEED[,SEED] --scenario NAME[,NAME]`
films the virtual concourse, whose masks are exact. `--cost` tells processor milliseconds a picture
by stage, `--workers N` what a worker costs with so many sub-streams. deface is installed into an
environment of its own when it is first asked for; leave it out by `--beside mog2,knn`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from evals import shield_cost
from evals.scorecard import Report, machine, print_report, print_table
from evals.shield_clips import SCENARIOS, Clip, boxed, pictures, rendered
from evals.shield_opponents import MAKERS, Faces, Subtracted, install_deface, some_of
from evals.shield_score import Mask, Tally
from evals.shield_sheet import Sheet
from insyn.site.shielding import file as shielding

BESIDE = (*MAKERS, "deface")
MOST_ASKED = 60
"""Pictures of a clip in which deface is asked."""

METRICS = {
    "leak %": "leak_percent",
    "head leak %": "head_leak_percent",
    "bodies exposed %": "exposed_percent",
    "heads exposed %": "head_exposed_percent",
    "worst picture": "worst_frame",
    "its leak %": "worst_frame_leak_percent",
    "leaking pictures": "leaking_frames",
    "flicker %": "flicker_percent",
    "flicker of all %": "flicker_of_all_percent",
    "over-mask %": "over_mask_percent",
    "box-core %": "box_core_percent",
    "least box-core %": "box_core_least_percent",
    "head centre %": "head_centre_percent",
    "fully covered %": "fully_covered_percent",
    "mask, CPU ms": "cpu_ms",
    "faces found in it": "faces_found_in_masked",
}


def main() -> None:
    """Measure what is asked for."""
    asked = _parser().parse_args()
    beside = [name for name in asked.beside.split(",") if name]
    if unknown := set(beside) - set(BESIDE):
        raise SystemExit(f"--beside knows {', '.join(BESIDE)}; not {', '.join(sorted(unknown))}")
    if "deface" in beside:
        install_deface()
    report: Report = {"machine": machine()}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        report["clips"] = [_measured(clip, asked, beside, folder) for clip in _clips(asked, folder)]
        if asked.cost:
            report["cost"] = shield_cost.stages(asked.video, is_quiet=asked.json)
        if asked.workers:
            report["workers"] = shield_cost.workers(asked.workers, folder, is_quiet=asked.json)
    print_report(report)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path, nargs="?", help="A clip.")
    parser.add_argument("--boxes", type=Path, help='JSON: {"boxes": {"FRAME": [[x1,y1,x2,y2]]}}')
    parser.add_argument(
        "--empty", default="", metavar="A-B,C", help="Pictures that show nobody, for the truth."
    )
    parser.add_argument("--concourse", default="", metavar="SEED[,SEED]")
    parser.add_argument("--scenario", default="walk", metavar=",".join(SCENARIOS))
    parser.add_argument("--seconds", type=float, help="Length of each scenario.")
    parser.add_argument("--live", action="store_true", help="As a camera; else with foresight.")
    parser.add_argument(
        "--all", action="store_true", help="With foresight, told the empty scene, and live."
    )
    parser.add_argument(
        "--background",
        metavar="first:S|PICTURE|auto|none",
        default="auto",
        help="As `insyn shield` has it; auto: live, the seconds in which a scenario is empty.",
    )
    parser.add_argument("--beside", default=",".join(BESIDE), help="Who else is measured.")
    parser.add_argument("--cost", action="store_true", help="Milliseconds a picture by stage.")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="N sub-streams.")
    parser.add_argument("--sheets", type=Path, help="Folder for sheets of what is shown.")
    parser.add_argument("--json", action="store_true", help="No tables.")
    return parser


def _clips(asked: argparse.Namespace, folder: Path) -> Iterator[Clip]:
    if asked.video is not None and (asked.boxes is not None or not asked.cost):
        if asked.boxes is None:
            raise SystemExit("say --boxes BOXES.json: without truth nothing can be scored")
        yield boxed(asked.video, asked.boxes, _numbers(asked.empty))
    for seed in (int(one) for one in asked.concourse.split(",") if one):
        for name in asked.scenario.split(","):
            if name not in SCENARIOS:
                raise SystemExit(f"no scenario {name}; there are {', '.join(SCENARIOS)}")
            yield rendered(name, seed, folder, asked.seconds)


def _numbers(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in (one for one in text.split(",") if one):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _measured(clip: Clip, asked: argparse.Namespace, beside: list[str], folder: Path) -> Report:
    rows: dict[str, Report] = {}
    for name, is_live, empty in _ways(clip, asked):
        rows[name] = _shielded(clip, (name, is_live, empty), asked, beside, folder)
    for name in beside:
        rows[name] = _faced(clip) if name == "deface" else _subtracted(clip, name)
    if not asked.json:
        print_table(
            f"{clip.name}: {clip.frames} pictures of {clip.size[0]}x{clip.size[1]}, "
            f"{clip.fps:g} a second, {len(clip.told)} scored",
            ["", *rows],
            [[title, *(row.get(key) for row in rows.values())] for title, key in METRICS.items()],
        )
        _print_recovery(clip, rows)
    return {"clip": clip.name, "frames": clip.frames, "scored": len(clip.told), "rows": rows}


def _print_recovery(clip: Clip, rows: dict[str, Report]) -> None:
    lines = []
    for name, row in rows.items():
        found = row.get("recovery")
        if name.startswith("insyn") and isinstance(found, list):
            states = row["states"]
            assert isinstance(states, dict)
            said = " ".join(f"{state} {count}" for state, count in states.items())
            lines += [[name, said, *one.values()] for one in found]
    columns = ["", "states", "at s", "full mask s", "usable after s", "leaking in 10 s"]
    if lines:
        print_table(f"{clip.name}: after what happened", columns, lines)


Way = tuple[str, bool, shielding.Empty | None]


def _ways(clip: Clip, asked: argparse.Namespace) -> Iterator[Way]:
    """How the product is run: its name in the tables, whether live, and the empty scene told."""
    empty = _empty(clip, asked.background)
    if asked.all:
        yield "insyn", False, None
        if empty is not None:
            yield "insyn told", False, empty
        yield "insyn live", True, empty
    elif asked.live:
        yield "insyn live", True, empty
    else:
        yield "insyn", False, None if asked.background == "auto" else empty


def _shielded(
    clip: Clip, way: Way, asked: argparse.Namespace, beside: list[str], folder: Path
) -> Report:
    """The product, as its command calls it."""
    name, is_live, empty = way
    target, masks = folder / "masked.mp4", folder / "masks.mkv"
    done = shielding.mask_file(
        shielding.Order(
            source=clip.path,
            target=target,
            live=is_live,
            empty=empty,
            masks=masks,
        )
    )
    covering = (picture >= 128 for picture in pictures(masks, "gray"))
    sheet = Sheet(clip, name) if asked.sheets else None
    figures = _scored(clip, covering, sheet)
    if figures["pictures"] != clip.frames:
        raise SystemExit(f"{clip.name}: {figures['pictures']} masks for {clip.frames} pictures")
    if sheet is not None:
        sheet.write(asked.sheets)
    figures |= {
        "states": {str(state): count for state, count in done.states.items()},
        "spans": [[span.state, span.from_s, span.to_s] for span in done.spans[:40]],
        "known_share": done.known_share,
        "wall_ms": round(1000 * done.seconds / clip.frames, 2),
    }
    if "deface" in beside:
        some = some_of(clip.told, MOST_ASKED)
        figures["faces_found_in_clear"] = Faces(clip.path, some).count
        figures["faces_found_in_masked"] = Faces(target, some).count
    return figures


def _empty(clip: Clip, background: str) -> shielding.Empty | None:
    if background == "none":
        return None
    if background == "auto":
        first_s = clip.starts_empty_s
        return shielding.Empty(first_s=first_s) if first_s > 0 else None
    if background.startswith("first:"):
        return shielding.Empty(first_s=float(background.removeprefix("first:")))
    return shielding.Empty(picture=Path(background))


def _subtracted(clip: Clip, name: str) -> Report:
    subtracted = Subtracted(name, clip.path)
    return _scored(clip, subtracted.masks()) | {"cpu_ms": subtracted.cpu_ms}


def _faced(clip: Clip) -> Report:
    some = some_of(clip.told, MOST_ASKED)
    faces = Faces(clip.path, some)
    tally = Tally()
    for index in some:
        truth = clip.truth(index)
        if truth is not None:
            tally.add(index, index / clip.fps, truth, faces.mask(index, clip.size), None)
    return tally.figures() | {"cpu_ms": faces.cpu_ms, "flicker_percent": None}


def _scored(clip: Clip, masks: Iterator[Mask], sheet: Sheet | None = None) -> Report:
    """Score a stream of masks, one for every picture of the clip."""
    tally = Tally()
    before: Mask | None = None
    now: Mask | None = None
    index = -1
    for index, after in enumerate(masks):
        if now is not None:
            _score(clip, tally, index - 1, (before, now, after), sheet)
        before, now = now, after
    if now is not None:
        _score(clip, tally, index, (before, now, None), sheet)
    return tally.figures(clip.events_s) | {"pictures": index + 1}


def _score(
    clip: Clip,
    tally: Tally,
    index: int,
    masks: tuple[Mask | None, Mask, Mask | None],
    sheet: Sheet | None,
) -> None:
    truth = clip.truth(index)
    if truth is None:
        return
    before, now, after = masks
    near = None if before is None or after is None else (before, after)
    tally.add(index, index / clip.fps, truth, now, near)
    if sheet is not None:
        sheet.add(index, truth, np.asarray(now))


if __name__ == "__main__":
    main()
