"""`insyn shield` on real files: what comes out is masked, whole, and free of what tells more."""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.run_insyn import insyn

from insyn.site.cameras.virtual.concourse import Concourse, Events

FPS = 10
SECONDS = 5


def film(
    path: Path,
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (320, 180),
    sound: bool = False,
    occupied: int = 0,
    seconds: int = SECONDS,
) -> tuple[Path, NDArray[np.bool_]]:
    """A film of somebody who comes in after two empty seconds, or of some who are there from the
    start; and where people are.
    """
    events = Events(empty_s=0 if occupied else 2, noise=1, occupied=occupied)
    place = Concourse(seed=10, width=320, height=180, fps=FPS, people=12, events=events)
    people = []
    # `Any`: the stubs know streams by codec.
    with av.open(str(path), "w") as container:
        container.metadata["location"] = "+59.3+18.0/"
        stream: Any = container.add_stream(codec, rate=FPS)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if codec == "libx265":
            stream.options = {"x265-params": "log-level=none"}
        audio: Any = container.add_stream("aac", rate=16_000) if sound else None
        for index in range(seconds * FPS):
            scene = place.render(index)
            people.append(scene.mask)
            planes = (scene.y, scene.u.reshape(45, 320), scene.v.reshape(45, 320))
            frame: Any = av.VideoFrame.from_ndarray(np.concatenate(planes), format="yuv420p")
            frame = frame.reformat(width=size[0], height=size[1], format=stream.pix_fmt)
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            tone = np.zeros((1, 16_000), np.float32)
            heard: Any = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            heard.sample_rate, heard.pts = 16_000, 0
            container.mux(audio.encode(heard))
            container.mux(audio.encode(None))
    return path, np.array(people)


def pictures(path: Path, as_format: str = "gray") -> NDArray[np.uint8]:
    with av.open(str(path)) as container:
        found = [np.asarray(f.to_ndarray(format=as_format)) for f in container.decode(video=0)]
    return np.stack(found)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_people_are_covered_and_masks_and_report_agree_with_the_film() -> None:
    source, people = film(Path("in.mp4"))
    done = insyn(
        "shield", str(source), "out.mp4", "--masks", "masks.mkv", "--report", "report.json",
        "--background", "first:1.5",
    )  # fmt: skip
    assert done.code == 0
    masks = pictures(Path("masks.mkv"))
    assert masks.shape == people.shape
    assert set(np.unique(masks)) <= {0, 255}
    assert people.any()
    assert (masks[people] == 255).mean() > 0.995
    assert (masks == 255).mean() < 0.35
    clear, masked = pictures(source), pictures(Path("out.mp4"))
    assert masked.shape == clear.shape
    inside = people & (masks == 255)
    assert masked[inside].std() < 6  # one tone: nothing of what was there
    report = json.loads(Path("report.json").read_text())
    assert report["frames"] == SECONDS * FPS
    assert sum(report["states"].values()) == SECONDS * FPS
    assert report["doubted_share"] < 0.01


@pytest.mark.parametrize("told", ["first:2", "scene.png"])
def test_who_stands_in_what_is_said_to_be_empty_is_covered(told: str) -> None:
    source, people = film(Path("in.mp4"), occupied=3, seconds=12)
    first = pictures(source, "bgr24")[0]
    assert cv2.imwrite("scene.png", first)
    args = ("--masks", "masks.mkv", "--report", "report.json", "--background", told)
    done = insyn("shield", str(source), "out.mp4", *args)
    assert done.code == 0
    masks = pictures(Path("masks.mkv"))
    assert (masks[people] == 255).mean() > 0.999
    assert (masks == 255).mean() < 0.5
    report = json.loads(Path("report.json").read_text())
    assert report["doubted_share"] == pytest.approx(1 - report["known_share"])
    assert f"{report['doubted_share']:.1%} of it is covered" in done.out
    ghost = insyn("shield", str(source), "ghost.mp4", "--style", "ghost", "--background", told)
    assert ghost.code == 0
    stands = np.logical_and.reduce(people)
    assert stands.any()
    assert pictures(Path("ghost.mp4"))[:, stands].std() < 8  # nobody out of the told scene


def test_live_shows_nothing_before_an_empty_scene_is_known() -> None:
    source, _ = film(Path("in.mp4"))
    assert insyn("shield", str(source), "out.mp4", "--live", "--masks", "masks.mkv").code == 0
    assert (pictures(Path("masks.mkv")) == 255).all()
    assert pictures(Path("out.mp4")).std() < 2


@pytest.mark.parametrize("codec", ["libx265", "mjpeg", "libsvtav1"])
def test_other_codecs_come_in(codec: str) -> None:
    suffix = "mkv" if codec == "mjpeg" else "mp4"
    source, _ = film(Path(f"in.{suffix}"), codec=codec)
    done = insyn("shield", str(source), "out.mp4", "--background", "first:1.5", "--json")
    assert json.loads(done.out)["frames"] == SECONDS * FPS
    with av.open("out.mp4") as container:
        assert container.streams.video[0].codec_context.name == "h264"


@pytest.mark.parametrize("style", ["solid", "ghost", "mosaic"])
def test_sound_and_metadata_are_dropped_unless_sound_is_asked_for(style: str) -> None:
    source, _ = film(Path("in.mp4"), sound=True)
    args = ("--background", "first:1.5", "--style", style)
    assert insyn("shield", str(source), "silent.mp4", *args).code == 0
    assert insyn("shield", str(source), "heard.mp4", *args, "--keep-audio").code == 0
    with av.open("silent.mp4") as container:
        assert len(container.streams) == 1
        assert "+59" not in json.dumps(container.metadata)
    with av.open("heard.mp4") as container:
        assert len(container.streams.audio) == 1


def test_a_cut_file_is_refused_and_nothing_is_written() -> None:
    source, _ = film(Path("in.mkv"))
    content = source.read_bytes()
    Path("cut.mkv").write_bytes(content[: len(content) // 2])
    Path("none.mp4").write_bytes(b"no video at all")
    for name in ("cut.mkv", "none.mp4"):
        done = insyn("shield", name, "out.mp4", "--masks", "masks.mkv")
        assert done.code == 1
        assert name in done.err
        assert {path.name for path in Path().iterdir()} == {"in.mkv", "cut.mkv", "none.mp4"}


def test_a_source_is_never_written_over_and_wrong_options_are_told() -> None:
    source, _ = film(Path("in.mp4"))
    before = source.read_bytes()
    for args in (
        ("in.mp4", "in.mp4"),
        ("in.mp4", "out.mp4", "--style", "blur"),
        ("in.mp4", "out.mp4", "--background", "first:x"),
        ("in.mp4", "out.mp4", "--background", "first:0"),
        ("in.mp4", "out.mp4", "--background", "first:-2"),
        ("in.mp4", "out.mp4", "--background", "first:nan"),
        ("in.mp4", "out.mp4", "--background", "missing.png"),
        ("missing.mp4", "out.mp4"),
        ("in.mp4", "out.mp4", "--masks", "out.mp4"),
        ("in.mp4", "out.mp4", "--report", "in.mp4"),
        ("in.mp4", "out.mp4", "--report", "out.mp4"),
    ):
        assert insyn("shield", *args).code == 2
    assert source.read_bytes() == before
    assert not Path("out.mp4").exists()


@pytest.mark.parametrize("option", ["--report", "--masks"])
def test_what_cannot_be_written_is_refused_before_a_picture_is_looked_at(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(*_: object) -> None:
        raise AssertionError("the clip was looked at")

    monkeypatch.setattr("insyn.site.shielding.file.mask_file", looked)
    film(Path("in.mp4"))
    Path("folder.mkv").mkdir()
    for path, said in (("nodir/r.mkv", "no folder nodir"), ("folder.mkv", "is a folder")):
        done = insyn("shield", "in.mp4", "out.mp4", option, path)
        assert (done.code, said in done.err) == (2, True), done.err
    with monkeypatch.context() as patch:
        patch.setattr("os.access", lambda _, mode: mode != os.W_OK)
        done = insyn("shield", "in.mp4", "out.mp4", option, "r.mkv")
    assert (done.code, "cannot be written" in done.err) == (3, True)


def test_a_clip_too_short_to_tell_who_stands_in_it_says_so() -> None:
    film(Path("in.mp4"), seconds=3)
    done = insyn("shield", "in.mp4", "out.mp4")
    assert (done.code, "only 3.0 s long" in done.out) == (0, True), done.out
    assert "within some 3.8 s" in done.out
    live = insyn("shield", "in.mp4", "live.mp4", "--live")
    assert "Every picture is wholly covered: no empty scene is known" in live.out


@pytest.mark.parametrize("live", [(), ("--live",)])
def test_a_clip_that_is_said_to_be_empty_to_its_end_is_refused(live: tuple[str, ...]) -> None:
    film(Path("in.mp4"))
    for seconds in ("5", "9"):
        args = ("--background", f"first:{seconds}", "--masks", "m.mkv", "--report", "r.json")
        done = insyn("shield", "in.mp4", "out.mp4", *args, *live)
        assert done.code == 2
        assert "5.0 s long" in done.err
        assert f"first {seconds} s" in done.err
        assert [path.name for path in Path().iterdir()] == ["in.mp4"]
    assert insyn("shield", "in.mp4", "out.mp4", "--background", "first:4.8", *live).code == 0
