"""A detector by model file (ONNX), on the processor: where bodies are, and never who.

Always: of what a model yields only boxes are taken, and of these only those of people; a model
that does not keep the contract of docs/reference/detector.md is refused when it is loaded.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.base.errors import EnvironmentFailure, UnreadableInput
from insyn.site.shield.frame import Mask, Plane, YuvFrame

KEY = "insyn"
"""Of the model's metadata: JSON with the fields of `Contract`, each optional."""

MARGIN = 0.15
"""Share of a box's height that is covered on every side: models cut off hands, and people walk on
between two looks."""

LARGEST = 2048
"""Pixels of a side of what a model looks at; more is no detector for an ordinary processor."""

_GREY = 114
_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a model wants and yields, as its metadata says.

    Attributes:
        size: (width, height) of its input, even.
        order: RGB or BGR.
        scale: levels 0 to 255 are multiplied by it, then `mean` is taken away and `std` divided by.
        mean: of three channels in `order`.
        std: the same.
        score: boxes of less are left out; lower covers more.
        people: the numbers of the classes that are people.
    """

    size: tuple[int, int]
    order: str = "RGB"
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    score: float = 0.2
    people: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        numbers = (self.scale, *self.mean, *self.std, self.score)
        sound = (
            all(16 <= side <= LARGEST and side % 2 == 0 for side in self.size)
            and self.order in ("RGB", "BGR")
            and all(math.isfinite(number) for number in numbers)
            and self.scale > 0
            and min(self.std) > 0
            and 0 <= self.score < 1
            and self.people
        )
        if not sound:
            raise ValueError("a value cannot be")


class OnnxDetector:
    """A loaded model; `people` may be called from several threads."""

    def __init__(self, path: Path) -> None:
        """Load the model and try it on a grey picture.

        Raises:
            EnvironmentFailure: onnxruntime is not installed.
            UnreadableInput: it is no model, or keeps another contract.
        """
        try:
            import onnxruntime
        except ImportError as error:
            raise EnvironmentFailure(
                "a detector needs onnxruntime; install it with: pip install 'insyn[onnx]'"
            ) from error
        options = onnxruntime.SessionOptions()
        # Recording and masking share the machine: one core, and no threads that spin.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._name = path.name
        if not path.is_file():
            raise UnreadableInput(f"there is no model {path}; give an ONNX file")
        try:
            # `Any`: onnxruntime brings no types.
            self._session: Any = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors share no base but this
            raise UnreadableInput(f"{path.name} is no ONNX model that can be run") from error
        given = self._session.get_inputs()
        if len(given) != 1 or len(given[0].shape) != 4 or given[0].type not in _TYPES:
            raise UnreadableInput(
                f"{path.name} must take one input, (1, 3, height, width) of float or uint8"
            )
        self._input, self._type = given[0].name, _TYPES[given[0].type]
        said = self._session.get_modelmeta().custom_metadata_map.get(KEY, "{}")
        self.contract = _contract(path.name, said, given[0].shape, self._type)
        width, height = self.contract.size
        grey = np.full((height, width), _GREY, np.uint8)
        half = np.full((height // 2, width // 2), 128, np.uint8)
        self.people(YuvFrame(y=grey, u=half, v=half, pts_90k=0))

    def people(self, frame: YuvFrame) -> Mask:
        """Boxes of people, with a margin: bool, with the picture's shape, at most of model's size.

        Raises:
            UnreadableInput: the model fails, or yields something else than its contract says.
        """
        planes, used = _fitted(frame, self.contract.size)
        values = self._values(planes)
        try:
            found = np.asarray(self._session.run(None, {self._input: values})[0], np.float64)
        except Exception as error:  # as above
            raise UnreadableInput(f"the detector {self._name} failed on a picture") from error
        if found.ndim == 3 and found.shape[0] == 1:
            found = found[0]
        if found.ndim != 2 or found.shape[1] != 6 or not np.isfinite(found).all():
            raise UnreadableInput(
                f"the detector {self._name} yields no rows of x1, y1, x2, y2, score, class"
            )
        is_person = np.isin(np.rint(found[:, 5]), self.contract.people)
        return _covered(found[is_person & (found[:, 4] >= self.contract.score)], used)

    def _values(self, picture: NDArray[np.uint8]) -> NDArray[Any]:
        contract = self.contract
        if contract.order == "BGR":
            picture = picture[:, :, ::-1]
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1))[None]
        if self._type is np.uint8:
            return planes
        mean = np.array(contract.mean, np.float32).reshape(1, 3, 1, 1)
        std = np.array(contract.std, np.float32).reshape(1, 3, 1, 1)
        return ((planes.astype(np.float32) * np.float32(contract.scale) - mean) / std).astype(
            self._type
        )


# `Any`: JSON, and shapes of numbers and names.
def _contract(name: str, said: str, shape: list[Any], kind: type) -> Contract:
    try:
        told: dict[str, Any] = json.loads(said)
        size = told.pop("size", None) or [shape[3], shape[2]]
        if not all(isinstance(side, int) for side in size):
            raise UnreadableInput(
                f"{name} leaves the size of its input open; say it in its metadata, "
                f'{KEY} = {{"size": [640, 640]}}'
            )
        fields: dict[str, Any] = {
            key: tuple(v) if isinstance(v, list) else v for key, v in told.items()
        }
        contract = Contract(size=(size[0], size[1]), **fields)
    except (ValueError, TypeError, IndexError, AttributeError, KeyError) as error:
        raise UnreadableInput(
            f"the metadata {KEY} of {name} cannot be understood ({error}); "
            "see docs/reference/detector.md"
        ) from error
    fixed = (shape[3], shape[2])
    if shape[1] not in (3, None) and isinstance(shape[1], int):
        raise UnreadableInput(f"{name} must take three channels, not {shape[1]}")
    if any(isinstance(a, int) and a != b for a, b in zip(fixed, contract.size, strict=True)):
        raise UnreadableInput(f"{name} says another size of its input than it has")
    return contract


def _fitted(frame: YuvFrame, size: tuple[int, int]) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """The picture in RGB at the upper left of `size`, the rest grey; and (width, height) used."""
    height, width = frame.y.shape
    scale = min(size[0] / width, size[1] / height)
    used = (max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2))
    planes = [_scaled(frame.y, used)] + [
        _scaled(plane, (used[0] // 2, used[1] // 2)) for plane in (frame.u, frame.v)
    ]
    flat = np.concatenate([plane.reshape(-1) for plane in planes]).reshape(-1, used[0])
    out = np.full((size[1], size[0], 3), _GREY, np.uint8)
    out[: used[1], : used[0]] = cv2.cvtColor(flat, cv2.COLOR_YUV2RGB_I420)
    return out, used


def _scaled(plane: Plane, size: tuple[int, int]) -> Plane:
    shrinks = plane.shape[1] >= size[0]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size, interpolation=way), np.uint8)


def _covered(boxes: NDArray[np.float64], size: tuple[int, int]) -> Mask:
    width, height = size
    out = np.zeros((height, width), bool)
    for x1, y1, x2, y2 in boxes[:, :4]:
        margin = MARGIN * abs(y2 - y1)
        left, right = sorted((x1, x2))
        top, bottom = sorted((y1, y2))
        rows = slice(max(0, math.floor(top - margin)), max(0, math.ceil(bottom + margin)))
        columns = slice(max(0, math.floor(left - margin)), max(0, math.ceil(right + margin)))
        out[rows, columns] = True
    return out
