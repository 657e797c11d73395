"""What is known of a camera's empty scene, told to who asks from outside its shield.

Always: the shield that runs is believed first; else what is kept on disk, signed by the site's key,
which is what a shield would begin with.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.site.shielding.masking import Asked, Order
from insyn.site.shielding.scenes import SceneFolder

FRESH = timedelta(seconds=15)
"""A worker writes its state each second; an older one is of a worker that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known.

    Attributes:
        how: `confirmed` by somebody, `learned` over minutes, or "" where no empty scene is known.
        by: whose id confirmed it, or "".
        at: since when it is known; None where it is not.
        text: what somebody who asked for it should know, in a sentence, or "".
    """

    how: str = ""
    by: str = ""
    at: datetime | None = None
    text: str = ""

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        at = isoformat(self.at) if self.at else None
        return {"how": self.how, "by": self.by, "at": at, "text": self.text}


NOBODY_LOOKS = "It is asked for, and no shield runs that could look: insyn site serve."


def known_of(run: Path, scenes: SceneFolder, camera: str, order: Order, *, now: datetime) -> Known:
    """What is known of a camera's empty scene now.

    Args:
        run: where workers tell how they stand.
        scenes: the site's, on disk.
        camera: its id.
        order: what was asked last.
        now: the time.
    """
    said = _said(run, camera, now)
    if said is not None:
        at_ns = int(str(said.get("at_ns", 0)))
        return Known(
            how=str(said.get("how", "")),
            by=str(said.get("by", "")),
            at=_moment(at_ns) if at_ns else None,
            text=str(said.get("text", "")),
        )
    kept = scenes.of(camera)
    if order.asked is Asked.FORGET and order.at is not None:
        kept = [one for one in kept if _moment(one.at_ns) > order.at]
    is_done = any(one.order >= order.number for one in kept)
    text = NOBODY_LOOKS if order.asked is Asked.EMPTY_NOW and not is_done else ""
    if not kept:
        return Known(text=text)
    newest = kept[-1]
    return Known(how=newest.how, by=newest.by, at=_moment(newest.at_ns), text=text)


def _said(run: Path, camera: str, now: datetime) -> dict[str, object] | None:
    """What the camera's shield tells of its scene; None where none runs."""
    for path in sorted(run.glob("shield-*.json")):
        try:
            told = json.loads(path.read_bytes())
            if now - _moment(int(told["at_ns"])) < FRESH and camera in told["cameras"]:
                scene = told["cameras"][camera]["scene"]
                return scene if isinstance(scene, dict) else None
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _moment(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / 1e9, tz=UTC)
