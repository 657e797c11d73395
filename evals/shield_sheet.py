"""Sheets of pictures: what is masked, and in red what is shown of people, to be looked at."""

from __future__ import annotations

import heapq
from pathlib import Path

import cv2
import numpy as np

from evals.shield_clips import Clip, Picture
from evals.shield_score import Mask, Truth

COLUMNS, WIDE = 5, 384
MOST = 25
RED, GRAY = (0, 0, 255), (70, 60, 50)


class Sheet:
    """Keeps the pictures of a clip that show most, and some spread over all of it."""

    def __init__(self, clip: Clip, name: str) -> None:
        """Begin."""
        self._clip, self._name = clip, name
        self._every = max(1, len(clip.told) // MOST)
        self._count = 0
        self._worst: list[tuple[int, int, Mask, Mask]] = []
        self._some: list[tuple[int, Mask, Mask]] = []

    def add(self, index: int, truth: Truth, mask: Mask) -> None:
        """Take a scored picture."""
        shown = truth.people & ~mask
        count = int(shown.sum())
        if count:
            one = (count, index, mask, shown)
            if len(self._worst) < MOST:
                heapq.heappush(self._worst, one)
            else:
                heapq.heappushpop(self._worst, one)
        if self._count % self._every == 0:
            self._some.append((index, mask, shown))
        self._count += 1

    def write(self, folder: Path) -> None:
        """Write `CLIP-NAME-worst.png` and `CLIP-NAME-some.png`."""
        folder.mkdir(parents=True, exist_ok=True)
        worst = sorted(((index, mask, shown) for _, index, mask, shown in self._worst))
        for kind, kept in (("worst", worst), ("some", self._some)):
            if not kept:
                continue
            wanted = {index: (mask, shown) for index, mask, shown in kept}
            tiles = [
                _tile(index, picture, *wanted[index])
                for index, picture in enumerate(self._clip.pictures())
                if index in wanted
            ]
            tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
            rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
            name = f"{self._clip.name}-{self._name}-{kind}.png".replace(" ", "-")
            cv2.imwrite(str(folder / name), np.vstack(rows))


def _tile(index: int, picture: Picture, mask: Mask, shown: Mask) -> Picture:
    painted = picture.copy()
    painted[mask] = (painted[mask] * 0.35 + np.array(GRAY) * 0.65).astype(np.uint8)
    painted[shown] = RED
    high = round(picture.shape[0] * WIDE / picture.shape[1])
    small = np.asarray(cv2.resize(painted, (WIDE, high), interpolation=cv2.INTER_AREA), np.uint8)
    cv2.putText(small, str(index), (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 255, 255), 2)
    return small
