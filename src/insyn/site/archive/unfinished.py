"""Masked recordings that are being written: what of them is whole can be looked at already.

Always: only masked ones; only fragments that are in the file wholly. They have no row and no hash
yet, so nothing here is exported, held or counted: it is shown.
"""

from __future__ import annotations

from pathlib import Path

from insyn.base.errors import Refusal, UnreadableInput
from insyn.site.archive.recording import EndReason, Recording
from insyn.site.archive.salvage import recording_of
from insyn.site.archive.walk import walk
from insyn.site.archive.writing import PART
from insyn.site.streams import StreamName

_DAYS = 2
"""Folders of days that are looked into: a recording lasts a minute, perhaps over midnight."""


def unfinished(root: Path, camera: str, *, recording: str = "") -> list[Recording]:
    """A camera's masked recordings without a row, by time, or only the one with this id.

    Raises:
        Refusal: the camera's id is no name of a folder.
    """
    if camera in ("", "..") or Path(camera).name != camera:
        raise Refusal("there is no such camera")
    folder = root / camera / str(StreamName.MASKED)
    try:
        days = sorted(path for path in folder.iterdir() if path.is_dir())[-_DAYS:]
    except OSError:
        return []
    found = []
    for path in (path for day in days for path in day.glob(f"*{recording}.mp4{PART}")):
        try:
            walked = walk(path)
        except (OSError, UnreadableInput):
            continue  # closed, and renamed, meanwhile; or it has no whole head yet
        if walked.fragments and walked.about.get("stream") == str(StreamName.MASKED):
            name = str(path.relative_to(root))
            marks = walked.recording.encode()
            found.append(recording_of(walked, name, marks, EndReason.STOPPED))
    return sorted(found, key=lambda each: each.start_wall_ns)


def is_unfinished(recording: Recording) -> bool:
    """Whether it is one of those: more may come into it."""
    return recording.path.endswith(PART)
