"""An export on its way: what is wanted, how far it is, and the file that it ends in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from insyn.base.errors import Refusal
from insyn.site.archive.held import Held
from insyn.site.archive.recording import Recording
from insyn.site.export.making import Span
from insyn.site.export.person import Looked, Point
from insyn.trust.people.duties import Actor


class Stage(StrEnum):
    """How an export stands."""

    WAITING = "waiting"
    """Another one is being made."""
    LOOKING = "looking"
    """An original is looked through: the empty scene, then who is before it."""
    POINTING = "pointing"
    """Whoever asked points at the person, and confirms the track."""
    MAKING = "making"
    MADE = "made"
    ENDED = "ended"
    """It failed, was given up, or its release closed."""


BUSY = frozenset({Stage.WAITING, Stage.LOOKING, Stage.MAKING})
GOING_ON = BUSY | {Stage.POINTING}


class GivenUp(Exception):  # noqa: N818 - the way out of a worker, not a fault
    """Nobody wants the export any more."""


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One export; its fields are changed under the desk's lock.

    Attributes:
        export: `exp-` and 12 hexadecimal digits, the same in every leaf.
        release: the release that it is made from; "" for masked recordings.
        share: how much of the stage is done, 0 to 1.
        text: why it ended.
        held: what there is of the span, once that is known.
        shown: digest of the track as it was last shown for confirmation.
        require_open: raises once the release is over.
    """

    export: str
    actor: Actor
    span: Span
    begun_at: datetime
    release: str = ""
    stage: Stage = Stage.WAITING
    share: float = 0.0
    text: str = ""
    points: list[Point] = field(default_factory=list)
    shown: str = ""
    has_looked: bool = False
    held: Held | None = None
    looked: Looked | None = None
    recordings: tuple[Recording, ...] = ()
    path: Path | None = None
    made_at: datetime | None = None
    is_given_up: bool = False
    require_open: Callable[[], None] = lambda: None

    def progress(self, share: float) -> None:
        """Note how much is done.

        Raises:
            GivenUp: nobody wants it any more.
        """
        if self.is_given_up:
            raise GivenUp
        self.share = share

    def seen(self) -> Looked:
        """What was looked through.

        Raises:
            Refusal: it is not at that stage.
        """
        if self.stage is not Stage.POINTING or self.looked is None:
            raise Refusal(f"export {self.export} is {self.stage}; there is nothing to point at")
        return self.looked

    def forget(self) -> None:
        """Let go of everything that came of opened originals."""
        self.looked, self.recordings = None, ()
        self.points.clear()
