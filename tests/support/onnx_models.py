"""A small ONNX model that keeps the detectors' contract: its people are whatever is bright."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CELL = 16


def bright_cells(
    path: Path,
    size: tuple[int, int] = (128, 64),
    *,
    told: dict[str, object] | None = None,
    kind: int = TensorProto.FLOAT,
    is_open: bool = False,
    columns: int = 6,
) -> Path:
    """Write a model whose boxes are cells of 16x16, scored by their mean of all channels.

    `told` is its metadata; `is_open` leaves height and width open; `columns` of a row.
    """
    width, height = size
    across, down = width // CELL, height // CELL
    boxes = [
        (x * CELL, y * CELL, (x + 1) * CELL, (y + 1) * CELL)
        for y in range(down)
        for x in range(across)
    ]
    corners = np.array(boxes, np.float32)
    classes = np.zeros((len(boxes), 1), np.float32)
    nodes = [
        helper.make_node("Cast", ["image"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["values", "channels"], ["mean"], keepdims=1),
        helper.make_node(
            "AveragePool", ["mean"], ["cells"], kernel_shape=[CELL, CELL], strides=[CELL, CELL]
        ),
        helper.make_node("Reshape", ["cells", "rows"], ["scores"]),
        helper.make_node("Concat", ["corners", "scores", "classes"], ["all"], axis=1),
        helper.make_node("Slice", ["all", "first", "last", "axis"], ["found"]),
    ]
    constants: dict[str, np.ndarray[Any, Any]] = {
        "channels": np.array([1], np.int64),
        "rows": np.array([len(boxes), 1], np.int64),
        "corners": corners,
        "classes": classes,
        "first": np.array([0], np.int64),
        "last": np.array([columns], np.int64),
        "axis": np.array([1], np.int64),
    }
    shape: list[Any] = [1, 3, "high", "wide"] if is_open else [1, 3, height, width]
    graph = helper.make_graph(
        nodes,
        "bright",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, [len(boxes), columns])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    if told is not None:
        helper.set_model_props(model, {"insyn": json.dumps(told)})
    onnx.save(model, str(path))
    return path
