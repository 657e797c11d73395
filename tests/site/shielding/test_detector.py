"""Detectors add mask, at their own pace, and never take any away, whatever becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from tests.support.onnx_models import CELL, bright_cells

from insyn.base.errors import Refusal, UnreadableInput
from insyn.site.shield.background import confirmed
from insyn.site.shield.engine import Settings, Shield, State
from insyn.site.shield.frame import Mask, YuvFrame
from insyn.site.shield.paint import SOLID_YUV
from insyn.site.shielding.detecting import LOOK_90K, OLD_90K, Foreseeing, Paced, Turns
from insyn.site.shielding.onnx_detector import MARGIN, OnnxDetector

WIDTH, HEIGHT = 320, 160
SCORE = {"score": 0.6}


def picture(*bright: tuple[int, int, int, int], at_90k: int = 0) -> YuvFrame:
    """Dark, with bright areas (left, top, right, bottom)."""
    y = np.full((HEIGHT, WIDTH), 60, np.uint8)
    for left, top, right, bottom in bright:
        y[top:bottom, left:right] = 220
    half = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    return YuvFrame(y=y, u=half, v=half, pts_90k=at_90k)


BODY = (160, 80, 240, 160)
"""On the borders of the model's cells in each size below."""


@pytest.mark.parametrize(
    ("size", "told", "kind", "is_open"),
    [
        ((128, 64), SCORE, TensorProto.FLOAT, False),  # the picture's own shape
        ((64, 64), SCORE, TensorProto.FLOAT, False),  # grey below
        ((640, 640), SCORE, TensorProto.FLOAT, False),  # larger than the picture
        ((64, 64), {**SCORE, "size": [64, 64]}, TensorProto.FLOAT, True),  # size by metadata
        ((64, 64), SCORE, TensorProto.FLOAT16, False),
        ((128, 64), {"score": 0.99}, TensorProto.UINT8, False),  # levels as they are
        ((64, 64), {"score": 0.1, "mean": [0.6] * 3, "order": "BGR"}, TensorProto.FLOAT, False),
        ((64, 64), {"score": 0.6, "scale": 0.002, "std": [0.51] * 3}, TensorProto.FLOAT, False),
    ],
)
def test_a_box_covers_the_body_it_was_found_on(
    size: tuple[int, int], told: dict[str, object], kind: int, is_open: bool, tmp_path: Path
) -> None:
    path = bright_cells(tmp_path / "m.onnx", size, told=told, kind=kind, is_open=is_open)
    frame = picture(BODY)
    if kind == TensorProto.UINT8:  # its scores are levels: everything that is not black
        frame = YuvFrame(
            y=np.where(frame.y > 100, frame.y, np.uint8(16)), u=frame.u, v=frame.v, pts_90k=0
        )
    found = OnnxDetector(path).people(frame)
    high, wide = found.shape
    assert abs(wide / high - WIDTH / HEIGHT) < 0.1
    left, top, right, bottom = BODY
    scale = wide / WIDTH
    rows = slice(round(top * scale), round(bottom * scale))
    assert found[rows, round(left * scale) : round(right * scale)].all()
    assert not found[:, : int(left * scale - CELL * (1 + MARGIN))].any()


@pytest.mark.parametrize(
    ("told", "options", "says"),
    [
        ({"size": [640]}, {}, "metadata"),
        ({"scores": 0.5}, {}, "metadata"),  # a misspelt field is no default
        ({"std": [0, 1, 1]}, {}, "metadata"),
        ({"order": "YUV"}, {}, "metadata"),
        ({"people": []}, {}, "metadata"),
        ({"size": [32, 32]}, {}, "another size"),
        ({}, {"is_open": True}, "leaves the size"),
        ({}, {"columns": 5}, "x1, y1, x2, y2, score, class"),
        ({}, {"kind": TensorProto.DOUBLE}, "one input"),
    ],
)
def test_a_model_of_another_contract_is_refused(
    told: dict[str, object], options: dict[str, int], says: str, tmp_path: Path
) -> None:
    path = bright_cells(tmp_path / "m.onnx", told=told, **options)  # type: ignore[arg-type] # a table
    with pytest.raises(UnreadableInput, match=says):
        OnnxDetector(path)


@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_what_is_no_model_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableInput):
        OnnxDetector(path)


class Counting:
    """A detector that finds a place and counts how often it looked, or fails while told to."""

    def __init__(self) -> None:
        self.looks: list[int] = []
        self.is_broken = False
        self.place = (slice(0, 8), slice(0, 8))

    def people(self, frame: YuvFrame) -> Mask:
        self.looks.append(frame.pts_90k)
        if self.is_broken:
            raise Refusal("the model is broken")
        out = np.zeros((16, 32), bool)
        out[self.place] = True
        return out


FRAME_90K = 7200


def test_a_paced_detector_looks_rarely_and_holds_two_looks() -> None:
    counting = Counting()
    paced = Paced(counting)
    assert paced.people(picture()).sum() == 64
    counting.place = (slice(0, 8), slice(16, 24))
    between = [paced.people(picture(at_90k=n * FRAME_90K)).sum() for n in range(1, 5)]
    assert between == [64, 64, 64, 128]  # 27,000 ticks lie between looks
    assert len(counting.looks) == 2


def test_a_look_before_and_one_after_cover_what_lies_between() -> None:
    counting = Counting()
    seeing = Foreseeing(counting)
    times = [n * FRAME_90K for n in range(9)]
    for number, at in enumerate(times):
        counting.place = (slice(0, 8), slice(number, number + 1))
        seeing.look(picture(at_90k=at))
    looked = counting.looks
    assert looked == [0, 4 * FRAME_90K, 8 * FRAME_90K]
    columns = []
    for at in times:
        found = seeing.people(at)
        assert found is not None
        columns.append(sorted(set(np.nonzero(found)[1].tolist())))
    assert columns == [[0, 4]] * 4 + [[4, 8]] * 5


def test_pictures_beside_a_failed_look_are_not_trusted() -> None:
    counting = Counting()
    seeing = Foreseeing(counting)
    for number in range(13):
        counting.is_broken = number == 4
        seeing.look(picture(at_90k=number * FRAME_90K))
    assert [seeing.people(n * FRAME_90K) is None for n in range(13)] == [True] * 8 + [False] * 5
    assert seeing.failure == "the model is broken"


def until(holds: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(3000):
        if holds():
            return
        waited.wait(0.01)
    pytest.fail("it did not come about")


class Asked:
    """A camera's turn, asked with rising times."""

    def __init__(self, turns: Turns) -> None:
        self.detector = turns.for_camera()
        self.at = 0

    def answer(self, step_90k: int = LOOK_90K) -> Mask | str:
        self.at += step_90k
        try:
            return self.detector.people(picture(at_90k=self.at))
        except Refusal as error:
            return str(error)


def test_before_the_first_look_everything_is_covered_then_what_was_found() -> None:
    gate = threading.Event()
    counting = Counting()

    class Waiting:
        def people(self, frame: YuvFrame) -> Mask:
            gate.wait(30)
            return counting.people(frame)

    turns = Turns(Waiting())
    camera = Asked(turns)
    first = camera.answer()
    assert isinstance(first, np.ndarray)
    assert first.all()
    gate.set()

    def has_answered() -> bool:
        found = camera.answer(1)
        return isinstance(found, np.ndarray) and found.sum() == 64

    until(has_answered)
    turns.close()


def test_a_detector_that_fails_is_told_and_taken_up_again_when_it_works() -> None:
    counting = Counting()
    counting.is_broken = True
    turns = Turns(counting)
    camera = Asked(turns)
    until(lambda: camera.answer(10) == "the model is broken")
    counting.is_broken = False
    until(lambda: isinstance(camera.answer(LOOK_90K), np.ndarray))
    turns.close()


def test_an_old_answer_is_none() -> None:
    gate = threading.Semaphore(1)
    counting = Counting()

    class Stalling:
        def people(self, frame: YuvFrame) -> Mask:
            gate.acquire(timeout=30)
            return counting.people(frame)

    turns = Turns(Stalling())
    camera = Asked(turns)
    camera.answer()
    until(lambda: isinstance(found := camera.answer(1), np.ndarray) and found.sum() == 64)
    assert "too slow" in str(camera.answer(OLD_90K + 1))
    gate.release()
    turns.close()


def known(detector: object) -> Shield:
    """A shield whose empty scene is known, with a detector."""
    settings = Settings(detectors=(detector,))  # type: ignore[arg-type] # each has `people`
    shield = Shield(WIDTH, HEIGHT, 25, settings)
    noise = np.random.default_rng(1)
    size = (*shield.small_size[::-1], 3)
    empty = np.empty(size, np.uint8)
    empty[...] = (60, 128, 128)
    shown = [empty + noise.integers(0, 2, size, np.uint8) for _ in range(8)]
    shield.confirm(confirmed(shown))
    return shield


def test_in_the_engine_a_detector_adds_its_boxes_to_the_mask() -> None:
    counting = Counting()
    shield = known(counting)
    step = shield.step(picture())
    assert step.state is State.RUN
    assert step.mask is not None
    assert step.mask[: HEIGHT // 2, : WIDTH // 4].all()  # what was found
    assert not step.mask[:, WIDTH // 2 :].any()
    bare = known(Bare()).step(picture(BODY, at_90k=FRAME_90K))
    both = known(counting).step(picture(BODY, at_90k=FRAME_90K))
    assert bare.mask is not None
    assert both.mask is not None
    assert bare.mask.any()
    assert not (bare.mask & ~both.mask).any()  # nothing is taken away


class Bare:
    """A detector that finds nobody."""

    def people(self, frame: YuvFrame) -> Mask:
        return np.zeros((4, 8), bool)


def test_in_the_engine_a_failing_detector_costs_the_picture_and_is_told() -> None:
    counting = Counting()
    shield = known(counting)
    assert shield.step(picture()).state is State.RUN
    counting.is_broken = True
    step = shield.step(picture(BODY, at_90k=FRAME_90K))
    assert (step.state, step.mask, step.text) == (State.LATE, None, "the model is broken")
    assert (step.frame.y == SOLID_YUV[0]).all()
    counting.is_broken = False
    assert shield.step(picture(at_90k=2 * FRAME_90K)).state is State.RUN
