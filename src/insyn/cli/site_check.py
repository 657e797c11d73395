"""`insyn site check`: the archive looked through, and repaired."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import shown


def check(
    deep: Annotated[
        bool, typer.Option("--deep", help="Hash every file and walk its fragments; reads it all.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Take in files without a row, put aside what is damaged."),
    ] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Check the archive: rows against files, files against rows. Exit code 1 where anything is off.

    Safe while the site runs. Repairing deletes nothing that holds video.
    """
    from insyn.site.archive.check import check as look
    from insyn.site.archive.index import NAME, Index
    from insyn.site.archive.place import open_place
    from insyn.site.directory import site_directory

    root = open_place(site_directory(data_directory(data)))
    index = Index(root.path / NAME)
    try:
        with _progress(as_json) as tell:
            report = look(root, index, deep=deep, repair=repair, on_progress=tell)
    finally:
        index.close()
    if as_json:
        findings = [
            {"fault": str(one.fault), "path": one.path, "recording": one.recording or None}
            for one in report.findings
        ]
        said = {
            "recordings": report.recordings,
            "sound": report.is_sound,
            "findings": findings,
            "repaired": report.repaired,
        }
        print(json.dumps(said, ensure_ascii=False))
    else:
        for one in report.findings:
            print(f"{one.fault:10} {shown(one.path)}")
        many = "recording" if report.recordings == 1 else "recordings"
        how = "sound" if report.is_sound else f"{len(report.findings)} findings"
        print(f"{report.recordings} {many}: {how}")
        if report.findings and not repair:
            print("insyn site check --repair takes in and puts aside; it deletes no video")
    raise typer.Exit(0 if report.is_sound or repair else 1)


@contextmanager
def _progress(is_quiet: bool) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=is_quiet, transient=True) as bar:
        task = bar.add_task("checking", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
