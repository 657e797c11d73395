"""A rendered station concourse, with the exact mask of every person in it.

`Concourse(seed=7, width=640, height=360, fps=12).render(index)` gives the picture of a frame and
which of its pixels are a person's (shadows are not). The same numbers give the same picture, in
any process and on any day; several seconds of it cost what a second of video costs to encode.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.cameras.virtual.people import People, Pose

Picture = NDArray[np.uint8]

HORIZON = 0.24
"""Where the floor meets the far end, in shares of the height."""

EYE_M = 3.4
"""Height of the camera above the floor."""

_NOISES = 6
_SHIFT = 3  # drawing with an eighth of a pixel, so that nothing jumps


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """What happens to the picture, and when; times in seconds from frame 0.

    Attributes:
        light: at a time the light is multiplied; gains are of the whole, not of each other.
        bump: at a time the camera is pushed by so many pixels of a picture 384 wide, for good.
        shake: standard deviation of a shaking camera, in pixels of a picture 384 wide.
        drift: how far the light drifts to and fro, as a share, over 40 seconds.
        noise: standard deviation of the sensor's noise; 2 by day, 8 at night.
        empty_s: nobody is there before.
        occupied: so many stand there from the beginning, and stay two minutes.
    """

    light: tuple[tuple[float, float], ...] = ()
    bump: tuple[float, float, float] | None = None
    shake: float = 0.0
    drift: float = 0.02
    noise: float = 2.0
    empty_s: float = 0.0
    occupied: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """One frame: YUV 4:2:0 planes, limited range, and the exact mask, all of the picture's size.

    `mask` is bool (height, width), True where a person is; `heads` likewise, of heads alone.
    """

    y: Picture
    u: Picture
    v: Picture
    mask: NDArray[np.bool_]
    heads: NDArray[np.bool_]


class Concourse:
    """One place, seen by one camera."""

    def __init__(
        self,
        *,
        seed: int = 7,
        width: int = 640,
        height: int = 360,
        fps: float = 12.0,
        people: int = 8,
        events: Events | None = None,
    ) -> None:
        """Render the empty place once; sides are even, at least 160 by 90."""
        self.width, self.height, self.fps = width, height, fps
        self.events = events or Events()
        self._focal = 0.95 * width
        self._seed = seed
        self._people = People(
            seed=seed,
            count=people,
            half_width=width / 2 / self._focal,
            empty_s=self.events.empty_s,
            occupied=self.events.occupied,
        )
        self._place = self._render_place()
        draw = np.random.default_rng((seed, 99))
        self._noise = [
            np.clip(draw.normal(0, self.events.noise, (height + 32, width + 32)), -127, 127).astype(
                np.int16
            )
            for _ in range(_NOISES if self.events.noise > 0 else 0)
        ]

    def render(self, index: int) -> Scene:
        """The frame with this number."""
        at_s = index / self.fps
        picture = self._place.copy()
        mask = np.zeros((self.height, self.width), np.uint8)
        self._draw_clock(picture, at_s)
        for pose in self._people.at(at_s):
            self._draw_person(picture, mask, pose)
        picture, mask = self._moved(picture, mask, index, at_s)
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        rows, half = self.height, self.height // 4
        y = self._lit(planes[:rows], at_s, index)
        size = (self.height // 2, self.width // 2)
        return Scene(
            y=y,
            u=planes[rows : rows + half].reshape(size),
            v=planes[rows + half :].reshape(size),
            mask=mask > 0,
            heads=mask == 255,
        )

    def owners(self, index: int) -> NDArray[np.int16]:
        """Whose each pixel of a frame is: a person's number, -1 where nobody is.

        Of a camera that stands still; the nearest person has the pixel.
        """
        found = np.full((self.height, self.width), -1, np.int16)
        scratch = np.empty((self.height, self.width, 3), np.uint8)
        for pose in self._people.at(index / self.fps):
            mask = np.zeros((self.height, self.width), np.uint8)
            self._draw_person(scratch, mask, pose)
            found[mask > 0] = pose.number
        return found

    def _lit(self, y: Picture, at_s: float, index: int) -> Picture:
        gain = 1.0 + self.events.drift * math.sin(2 * math.pi * at_s / 40)
        for begins, factor in self.events.light:
            if at_s >= begins:
                gain = factor * (1.0 + self.events.drift * math.sin(2 * math.pi * at_s / 40))
        levels = np.clip((np.arange(256) - 16) * gain + 16, 16, 235)
        lit = cv2.LUT(y, levels.astype(np.uint8))
        if not self._noise:
            return np.asarray(lit, np.uint8)
        draw = np.random.default_rng((self._seed, 5, index))
        noise = self._noise[int(draw.integers(_NOISES))]
        dy, dx = (int(value) for value in draw.integers(0, 32, 2))
        moved = noise[dy : dy + self.height, dx : dx + self.width]
        noisy = cv2.add(lit, moved, dtype=cv2.CV_8U)
        return np.asarray(noisy, np.uint8)

    def _moved(
        self, picture: Picture, mask: Picture, index: int, at_s: float
    ) -> tuple[Picture, Picture]:
        dx = dy = 0.0
        unit = self.width / 384
        if self.events.bump is not None and at_s >= self.events.bump[0]:
            dx, dy = self.events.bump[1] * unit, self.events.bump[2] * unit
        if self.events.shake:
            draw = np.random.default_rng((self._seed, 6, index))
            dx += float(draw.normal(0, self.events.shake)) * unit
            dy += float(draw.normal(0, self.events.shake)) * unit
        if not dx and not dy:
            return picture, mask
        shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
        size = (self.width, self.height)
        moved = cv2.warpAffine(picture, shift, size, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.warpAffine(mask, shift, size, flags=cv2.INTER_NEAREST)
        return np.asarray(moved, np.uint8), np.asarray(cover, np.uint8)

    def _render_place(self) -> Picture:
        """Far wall, floor in perspective, pillars, a board, benches."""
        width, height = self.width, self.height
        horizon = int(height * HORIZON)
        place = np.empty((height, width, 3), np.uint8)
        for row in range(horizon):
            shade = 150 + 40 * row / horizon
            place[row] = (shade, shade * 0.99, shade * 0.96)
        depth = self._focal * EYE_M / np.maximum(1, np.arange(height) - horizon + 0.5)
        across = (np.arange(width) - width / 2)[None, :] * depth[:, None] / self._focal
        tiles = (np.floor(across / 1.2) + np.floor(depth[:, None] / 1.2)) % 2
        draw = np.random.default_rng((self._seed, 1))
        grain = cv2.GaussianBlur(draw.normal(0, 5, (height, width)).astype(np.float32), (0, 0), 1.2)
        # Tiles fade with distance: finer than a pixel they would only flicker.
        seen = np.clip(1.6 - depth[:, None] / 14, 0, 1)
        light = (
            149 + 34 * (tiles - 0.5) * seen + np.clip(40 - depth[:, None], 0, 30) * 0.4 + grain * 3
        )
        for channel, tint in enumerate((0.90, 0.96, 1.0)):
            place[horizon:, :, channel] = np.clip(light[horizon:] * tint, 0, 255)
        self._draw_furniture(place, horizon)
        return place

    def _draw_furniture(self, place: Picture, horizon: int) -> None:
        width, height = self.width, self.height
        for x in (0.12, 0.36, 0.64, 0.88):
            left, right = int(width * (x - 0.02)), int(width * (x + 0.02))
            cv2.rectangle(place, (left, 0), (right, horizon + height // 20), (170, 172, 176), -1)
            foot = horizon + height // 20
            cv2.rectangle(place, (right - width // 90, 0), (right, foot), (120, 120, 120), -1)
        board = (int(width * 0.40), int(height * 0.03), int(width * 0.60), int(height * 0.17))
        cv2.rectangle(place, board[:2], board[2:], (30, 26, 24), -1)
        draw = np.random.default_rng((self._seed, 2))
        for line in range(5):
            top = board[1] + (board[3] - board[1]) * (line + 0.3) / 5.2
            for column in range(12):
                if draw.random() < 0.75:
                    start = board[0] + (board[2] - board[0]) * (column + 0.3) / 12.5
                    end = start + (board[2] - board[0]) * 0.05
                    bottom = top + (board[3] - board[1]) * 0.09
                    cv2.rectangle(
                        place, (int(start), int(top)), (int(end), int(bottom)), (40, 190, 230), -1
                    )
        for x, z in ((-2.6, 9.0), (2.4, 7.0)):
            left, top = self._pixel(x - 0.9, z, 0.48)
            right, bottom = self._pixel(x + 0.9, z, 0.0)
            cv2.rectangle(place, (left, top), (right, bottom), (70, 95, 120), -1)
            seat = top + (bottom - top) // 4
            cv2.rectangle(place, (left, top), (right, seat), (90, 120, 150), -1)

    def _draw_clock(self, picture: Picture, at_s: float) -> None:
        middle = (int(self.width * 0.75), int(self.height * 0.10))
        radius = max(6, self.height // 22)
        cv2.circle(picture, middle, radius, (235, 235, 235), -1, cv2.LINE_AA)
        cv2.circle(picture, middle, radius, (40, 40, 40), max(1, radius // 8), cv2.LINE_AA)
        angle = 2 * math.pi * (math.floor(at_s / 60) % 60) / 60
        tip = (
            int(middle[0] + radius * 0.75 * math.sin(angle)),
            int(middle[1] - radius * 0.75 * math.cos(angle)),
        )
        cv2.line(picture, middle, tip, (30, 30, 30), max(1, radius // 6), cv2.LINE_AA)

    def _pixel(self, x: float, z: float, height: float) -> tuple[int, int]:
        scale = self._focal / z
        return (
            int(self.width / 2 + x * scale),
            int(self.height * HORIZON + (EYE_M - height) * scale),
        )

    def _draw_person(self, picture: Picture, mask: Picture, pose: Pose) -> None:
        scale = self._focal / pose.z
        left = self.width / 2 + (pose.x + pose.sway) * scale
        floor = self.height * HORIZON + EYE_M * scale
        reach = 0.6 * scale
        if left + reach < 0 or left - reach > self.width or floor - 2.2 * scale > self.height:
            return
        _Brush(picture, mask, left, floor, scale).person(pose)


class _Brush:
    """Draws one person: into the picture in colours, into the mask as 200, the head as 255."""

    def __init__(
        self, picture: Picture, mask: Picture, x: float, floor: float, scale: float
    ) -> None:
        self._picture, self._mask = picture, mask
        self._x, self._floor, self._scale = x, floor, scale

    def person(self, pose: Pose) -> None:
        look, tall = pose.look, pose.look.height
        wide = 0.23 * look.girth
        drop = 0.42 if pose.is_sitting else 0.0
        self._shadow(wide)
        hips = 0.50 * tall - drop
        swing = 0.24 * math.sin(pose.stride) if pose.stride else 0.06
        for side in (-1, 1):
            foot = (side * swing if pose.stride else side * 0.09, 0.03)
            knee = (foot[0] * 0.4 + side * 0.04, hips * 0.52)
            if pose.is_sitting:
                knee, foot = (side * 0.12, hips * 0.95), (side * 0.12, 0.03)
            self._limb([(side * 0.07, hips), knee, foot], 0.085 * look.girth, look.legs)
            self._oval((foot[0] + 0.03, 0.03), (0.09, 0.035), (25, 25, 28))
        shoulders = 0.82 * tall - drop
        body = [(-wide, shoulders), (wide, shoulders), (wide * 0.85, hips), (-wide * 0.85, hips)]
        self._shape(body, look.top)
        self._oval((0, shoulders - 0.01), (wide, 0.06), look.top)
        if look.is_striped:
            for step in range(1, 5):
                height = shoulders - (shoulders - hips) * step / 5
                self._limb([(-wide * 0.9, height), (wide * 0.9, height)], 0.012, look.trim)
        arm = -0.22 * math.sin(pose.stride) if pose.stride else 0.03
        for side in (-1, 1):
            hand = (side * (wide + 0.05) + side * arm * 0.5, hips - 0.02)
            elbow = (side * (wide + 0.05), (shoulders + hips) / 2)
            self._limb([(side * wide, shoulders - 0.04), elbow, hand], 0.045, look.top)
            self._oval(hand, (0.04, 0.05), look.skin)
        if look.has_bag:
            near, far, top, low = wide, wide + 0.16, hips + 0.2, hips - 0.1
            self._shape([(near, top), (far, top), (far, low), (near, low)], look.trim)
        self._head(pose, tall - 0.12 - drop)

    def _head(self, pose: Pose, height: float) -> None:
        look = pose.look
        self._limb([(0, height - 0.18), (0, height - 0.08)], 0.06, look.skin, is_head=True)
        face = look.skin if pose.is_facing else look.hair
        self._oval((0, height), (0.088, 0.125), face, is_head=True)
        self._oval((0, height + 0.055), (0.092, 0.085), look.hair, is_head=True)
        if pose.is_facing:
            for side in (-1, 1):
                eye = (side * 0.033, height + 0.01)
                self._oval(eye, (0.013, 0.009), (30, 30, 30), is_head=True)
            mouth = [(-0.03, height - 0.06), (0.03, height - 0.06)]
            self._limb(mouth, 0.008, (80, 80, 150), is_head=True)
        if look.has_hat:
            self._oval((0, height + 0.10), (0.14, 0.035), look.trim, is_head=True)
            self._oval((0, height + 0.13), (0.09, 0.05), look.trim, is_head=True)

    def _shadow(self, wide: float) -> None:
        middle = (int(self._x + 0.1 * self._scale), int(self._floor))
        axes = (max(1, int((wide + 0.25) * self._scale)), max(1, int(0.09 * self._scale)))
        top, bottom = max(0, middle[1] - axes[1]), middle[1] + axes[1] + 1
        left, right = max(0, middle[0] - axes[0]), middle[0] + axes[0] + 1
        patch = self._picture[top:bottom, left:right]
        if patch.size:
            dark = np.zeros(patch.shape[:2], np.uint8)
            cv2.ellipse(dark, (middle[0] - left, middle[1] - top), axes, 0, 0, 360, 90, -1)
            shade = cv2.subtract(patch, cv2.merge([dark // 2] * 3))
            patch[:] = shade

    def _at(self, point: tuple[float, float]) -> tuple[int, int]:
        unit = 1 << _SHIFT
        return (
            int((self._x + point[0] * self._scale) * unit),
            int((self._floor - point[1] * self._scale) * unit),
        )

    def _oval(
        self,
        middle: tuple[float, float],
        radii: tuple[float, float],
        colour: tuple[int, int, int],
        *,
        is_head: bool = False,
    ) -> None:
        unit = (1 << _SHIFT) * self._scale
        axes = (max(1, int(radii[0] * unit)), max(1, int(radii[1] * unit)))
        place = self._at(middle)
        cv2.ellipse(self._picture, place, axes, 0, 0, 360, colour, -1, cv2.LINE_8, _SHIFT)
        cv2.ellipse(self._mask, place, axes, 0, 0, 360, _value(is_head), -1, cv2.LINE_8, _SHIFT)

    def _shape(self, points: list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
        outline: Any = np.array([self._at(point) for point in points], np.int32)
        cv2.fillPoly(self._picture, [outline], colour, cv2.LINE_8, _SHIFT)
        cv2.fillPoly(self._mask, [outline], _value(False), cv2.LINE_8, _SHIFT)

    def _limb(
        self,
        points: list[tuple[float, float]],
        radius: float,
        colour: tuple[int, int, int],
        *,
        is_head: bool = False,
    ) -> None:
        thickness = max(1, round(2 * radius * self._scale))
        line: Any = np.array([self._at(point) for point in points], np.int32)
        cv2.polylines(self._picture, [line], False, colour, thickness, cv2.LINE_8, _SHIFT)
        cv2.polylines(self._mask, [line], False, _value(is_head), thickness, cv2.LINE_8, _SHIFT)


def _value(is_head: bool) -> int:
    return 255 if is_head else 200
