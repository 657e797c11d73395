"""`insyn shield --detector`: a model by path adds to the masks of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.support.onnx_models import bright_cells
from tests.support.run_insyn import insyn

WIDTH, HEIGHT, FPS = 256, 128, 10
POSTER = (slice(32, 64), slice(128, 176))
"""Bright, and part of the scene from the first picture to the last."""


@pytest.fixture(autouse=True)
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A still scene with something bright in it that never moves: no change for the shield."""
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(4)
    rough = noise.integers(50, 90, (HEIGHT, WIDTH))
    # `Any`: the stubs know streams by codec.
    with av.open("in.mp4", "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for _ in range(3 * FPS):
            planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
            planes[:HEIGHT] = rough + noise.integers(0, 3, (HEIGHT, WIDTH))
            planes[POSTER] = 225
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    return tmp_path


def masks(path: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with av.open(path) as container:
        return np.stack([f.to_ndarray(format="gray") for f in container.decode(video=0)])


@pytest.mark.parametrize(
    "way", [("--background", "first:1"), ("--background", "first:1", "--live")]
)
def test_what_the_model_finds_is_masked_as_well(way: tuple[str, ...]) -> None:
    bright_cells(Path("m.onnx"), (128, 64), told={"score": 0.6})
    assert insyn("shield", "in.mp4", "a.mp4", "--masks", "a.mkv", *way).code == 0
    done = insyn(
        "shield", "in.mp4", "b.mp4", "--masks", "b.mkv", "--detector", "m.onnx", "--json", *way
    )  # fmt: skip
    assert done.code == 0
    assert done.json["settings"]["detector"] == "m.onnx"
    assert done.json["detector_failures"] == 0
    without, beside = masks("a.mkv"), masks("b.mkv")
    assert (beside >= without).all()
    learned = FPS if "--live" in way else 0
    assert not without[learned + 1 :, POSTER[0], POSTER[1]].any()
    assert (beside[:, POSTER[0], POSTER[1]] == 255).all()
    assert beside[learned + 1 :].mean() < 128


def test_a_model_that_is_none_is_refused_and_nothing_is_written(film: Path) -> None:
    Path("m.onnx").write_bytes(b"no model")
    done = insyn("shield", "in.mp4", "out.mp4", "--detector", "m.onnx")
    assert done.code == 1
    assert "m.onnx" in done.err
    assert not (film / "out.mp4").exists()
