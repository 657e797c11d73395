"""The site's detector in a process of the shield: loaded when a camera first needs it.

Always: a model that cannot be loaded has the cameras covered, and why is told.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from insyn.base.errors import InsynError, Refusal
from insyn.site.directory import SiteDirectory
from insyn.site.settings import read_settings
from insyn.site.shield.detector import Detector
from insyn.site.shield.frame import Mask, YuvFrame
from insyn.site.shielding.detecting import Turns
from insyn.site.shielding.onnx_detector import OnnxDetector

log = logging.getLogger("insyn.shield")


class _Broken:
    """Stands for a model that cannot be loaded: everything is covered, and why is told."""

    def __init__(self, error: InsynError) -> None:
        self._error = str(error)

    def people(self, frame: YuvFrame) -> Mask:
        """Fail."""
        raise Refusal(self._error)


class SiteDetector:
    """The model that the site is told to ask, for one process; `path` is "" where there is none."""

    def __init__(self, site: SiteDirectory) -> None:
        self._site = site
        self.path = ""
        self._lock = threading.Lock()
        self._turns: Turns | None = None

    def has_changed(self) -> bool:
        """Read the setting; let go of the model if it names another."""
        path = read_settings(self._site).detector
        if path == self.path:
            return False
        with self._lock:
            self.path = path
            if self._turns is not None:
                self._turns.close()
            self._turns = None
        return True

    def _loaded(self) -> Detector:
        try:
            return OnnxDetector(Path(self.path))
        except InsynError as error:
            log.error("the detector cannot be used, all cameras are covered: %s", error)
            return _Broken(error)

    def for_camera(self) -> tuple[Detector, ...]:
        """What the shield of one camera is to ask; asked by the cameras' threads."""
        with self._lock:
            if not self.path:
                return ()
            if self._turns is None:
                self._turns = Turns(self._loaded())
            return (self._turns.for_camera(),)
