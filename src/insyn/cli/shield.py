"""`insyn shield`: mask everyone in a video file."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from insyn.base.errors import EnvironmentFailure, UsageError
from insyn.cli.options import JsonOption


def shield(
    source: Annotated[Path, typer.Argument(metavar="IN", help="The video to mask.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Where to write (.mp4, .mkv).")],
    style: Annotated[
        str, typer.Option("--style", help="solid, ghost (tinted empty scene) or mosaic.")
    ] = "solid",
    live: Annotated[
        bool, typer.Option("--live", help="One pass without the future, as a camera is masked.")
    ] = False,
    background: Annotated[
        str | None,
        typer.Option(
            "--background",
            metavar="first:SECONDS|PICTURE",
            help="The empty scene: so many seconds at the beginning, or a picture of it. Where "
            "somebody is found in it, it is covered throughout; a shorter clip than 4 s, and "
            "--live, believe it: whoever is there in it and stays is shown.",
        ),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option("--masks", metavar="MASKS.mkv", help="Write the masks too (FFV1, gray)."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="R.json", help="Write figures and states.")
    ] = None,
    keep_audio: Annotated[
        bool, typer.Option("--keep-audio", help="Keep the sound: voices identify people.")
    ] = False,
    detector: Annotated[
        Path | None,
        typer.Option(
            "--detector",
            metavar="MODEL.onnx",
            help="A model that may add to the masks; docs/reference/detector.md.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Mask everyone in a video file; metadata and sound are dropped.

    By default in two passes, knowing the whole clip. What is never seen empty stays covered.
    """
    # Here, not above: OpenCV and FFmpeg take a while that other commands need not wait.
    from insyn.site.shield.deciding import TELLS_S
    from insyn.site.shield.paint import Style
    from insyn.site.shielding.file import Order, mask_file

    try:
        chosen = Style(style)
    except ValueError:
        raise UsageError(f"--style {style} is unknown; use solid, ghost or mosaic") from None
    if chosen is Style.MOSAIC:
        typer.echo("A mosaic keeps colours: familiar clothing can be recognised.", err=True)
    _require_writable(source, target, masks, report)
    order = Order(
        source=source,
        target=target,
        style=chosen,
        live=live,
        empty=_empty(background),
        masks=masks,
        keep_audio=keep_audio,
        detector=detector,
    )
    with _Bar() as bar:
        done = mask_file(order, bar.show)
    said = {
        **dataclasses.asdict(done),
        "settings": {
            "style": chosen.value,
            "live": live,
            "background": background,
            "keep_audio": keep_audio,
            "detector": detector.name if detector else None,
        },
    }
    if report is not None:
        try:
            report.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise EnvironmentFailure(f"{report} cannot be written: {error.strerror}") from error
    if done.detector_failures:
        typer.echo(
            f"{done.detector_failures} pictures are wholly covered: {done.detector_text}", err=True
        )
    if as_json:
        typer.echo(json.dumps(said))
        return
    if done.doubted_share:
        typer.echo(
            f"In what was said to be empty somebody may be: {done.doubted_share:.1%} of it is "
            "covered throughout. Either somebody was there, or came within seconds and stayed; "
            "seconds, or a picture, without anybody show more."
        )
    states = ", ".join(f"{name} {count}" for name, count in sorted(done.states.items()))
    typer.echo(
        f"{target}: {done.frames} pictures, {done.covered_share:.1%} covered on average ({states})"
    )
    if done.covered_frames == done.frames:
        why = "no empty scene is known (too noisy, or somebody everywhere)"
        last_s = done.spans[-1].to_s
        if not live and background is None and last_s < TELLS_S:
            lasts_s = last_s * done.frames / max(1, done.frames - 1)
            why = (
                f"the clip is only {lasts_s:.1f} s long, and within some {TELLS_S} s nobody can be "
                "told from the scene who stands in it"
            )
        typer.echo(
            f"Every picture is wholly covered: {why}. Where some seconds, or a picture, show that "
            "nobody is there, say so with --background; in a shorter clip than 4 s whoever is "
            "there in them would be shown."
        )


def _require_writable(source: Path, target: Path, masks: Path | None, report: Path | None) -> None:
    """Refuse what could not be written at the end, before the work of hours is done for nothing.

    Raises:
        UsageError: there is no such folder, or something else lies there.
        EnvironmentFailure: it may not be written.
    """
    for option, path in (("OUT", target), ("--masks", masks), ("--report", report)):
        if path is None:
            continue
        folder = path.resolve().parent
        if not folder.is_dir():
            raise UsageError(f"{option} {path}: there is no folder {path.parent}; make it first")
        if path.is_dir():
            raise UsageError(f"{option} {path} is a folder; name a file in it")
        # Video and masks take their place at the end, by a new name in the folder.
        in_place = option == "--report" and path.exists()
        if not os.access(path if in_place else folder, os.W_OK):
            raise EnvironmentFailure(f"{option} {path} cannot be written; check its permissions")
    if report is not None:
        for other in (source, target, masks):
            if other is not None and other.resolve() == report.resolve():
                raise UsageError(f"--report {report} would be written over {other}; name another")


# The annotation is a name only: the import is put off as above.
def _empty(background: str | None):  # type: ignore[no-untyped-def]
    from insyn.site.shielding.file import Empty

    if background is None:
        return None
    if background.startswith("first:"):
        try:
            seconds = float(background.removeprefix("first:"))
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < 86_400:
            raise UsageError(f"--background {background}: give seconds, like first:5")
        return Empty(first_s=seconds)
    if not Path(background).is_file():
        raise UsageError(f"--background {background}: no such picture; or say first:SECONDS")
    return Empty(picture=Path(background))


class _Bar:
    """A progress bar on the error stream, where that is a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._progress = Progress(console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[str, int] = {}

    def __enter__(self) -> _Bar:
        self._progress.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.__exit__(None, None, None)

    def show(self, what: str, done: int, expected: int) -> None:
        """Advance."""
        from rich.progress import TaskID

        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=expected or None)
        self._progress.update(TaskID(self._tasks[what]), completed=done)
