"""What Insyn refuses (docs/explanation/promises.md), held over the whole source at once.

Each promise is also tested where it is kept: permits, releases, routes, the shield.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import metadata
from pathlib import Path

import av
import av.logging
import pytest
from tests.support.permit_office import NOW, Office
from tests.support.permit_site import office_of

import insyn
from insyn.base.errors import InsynError
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import judge, take_up_permit, take_up_status
from insyn.site.recorder.plans import policy_of
from insyn.site.settings import change_settings
from insyn.trust.permit.model import CAMERA_LIMIT
from insyn.trust.permit.status import State

SOURCE = Path(insyn.__file__).parent

RECOGNISERS = re.compile(
    r"face[-_]?recognition|insightface|deepface|facenet|dlib|torchreid|arcface|retinaface|mtcnn"
    r"|speechbrain|resemblyzer|fer$|hsemotion|openface|mediapipe|compreface|cvlib",
    re.IGNORECASE,
)
"""Libraries that tell who somebody is, or what they feel or are."""

RECOGNISING = re.compile(
    r"FaceRecognizer|FaceDetector|FisherFace|EigenFace|LBPH|CascadeClassifier|HOGDescriptor"
)
"""OpenCV's: its wheels hold them, and we do not call them. Finding people only to mask them may
come from a detector that an operator names; finding who they are, from nowhere."""

CONNECTING = {
    "httpx", "requests", "urllib.request", "http.client", "smtplib", "ftplib", "socket", "aiohttp"
}  # fmt: skip


def modules(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    for room in rooms:
        for path in sorted((SOURCE / room).rglob("*.py")):
            yield path.relative_to(SOURCE), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{one.name}" for one in node.names}
    return names


def required(name: str, found: set[str]) -> set[str]:
    """A distribution with all that it requires, extras of its own left out."""
    if name in found:
        return found
    found.add(name)
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return found
    for line in lines:
        if "extra ==" not in line:
            required(re.split(r"[\s;<>=!~\[(]", line, maxsplit=1)[0].lower(), found)
    return found


def test_no_dependency_and_no_import_recognises_anybody() -> None:
    assert RECOGNISERS.search("face-recognition")  # the pattern itself finds something
    needed = required("insyn", set())
    assert {"av", "numpy", "cryptography"} <= needed
    assert not [name for name in needed if RECOGNISERS.search(name)]
    for path, tree in modules("."):
        assert not [name for name in imported(tree) if RECOGNISERS.search(name)], path


def test_no_code_calls_what_opencv_has_for_faces() -> None:
    for path, tree in modules("."):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                assert not RECOGNISING.search(node.attr), f"{path}:{node.lineno}"


def test_the_site_takes_no_picture_from_outside() -> None:
    takes = {
        str(path) for path, tree in modules("site", "web") if "fastapi.UploadFile" in imported(tree)
    }
    assert takes == {"site/console/permit_pages.py"}  # a permit's JSON


def test_the_site_connects_to_cameras_and_to_nobody_else() -> None:
    for path, tree in modules("site", "web"):
        if path.parts[:2] != ("site", "cameras"):
            names = imported(tree) & CONNECTING
            if only_within_this_machine(tree):
                names.discard("socket")
            assert not names, path


def only_within_this_machine(tree: ast.AST) -> bool:
    """Whether each socket that a module makes is of a kind that leaves no machine."""
    said = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    reaching = ("socket.AF_", "socket.create", "socket.getaddr")
    families = {one for one in said if one.startswith(reaching)}
    made = [
        node.args
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "socket.socket"
    ]
    return families == {"socket.AF_UNIX"} and all(made)


@pytest.mark.parametrize("cameras", [CAMERA_LIMIT + 1, 100_000])
def test_no_permit_allows_more_than_one_site_needs(cameras: int) -> None:
    with pytest.raises(InsynError):
        Office().permit(camera_cap=cameras)


@pytest.mark.parametrize("how", ["expired", "revoked", "gone", "broken"])
def test_the_end_of_a_permit_deletes_nothing(tmp_path: Path, how: str) -> None:
    site = SiteDirectory(root=tmp_path / "site")
    office = office_of(site)
    change_settings(site, retention_days=60)
    permit = office.permit(retention_days=90)
    take_up_permit(site, permit.to_bytes(), now=NOW)
    at = NOW + timedelta(days=20)
    state = State.REVOKED if how == "revoked" else State.ACTIVE
    take_up_status(site, office.status(office.entry(permit, state), at=at), now=at)
    if how in ("gone", "broken"):
        for path in (site.trust / "permits").iterdir():
            path.unlink() if how == "gone" else path.write_bytes(b"{")
    allowed = judge(site, at + timedelta(days=4000 if how == "expired" else 0))
    assert allowed.may_record(), "no new recording"
    assert policy_of(site, [], lambda: allowed).days == 60, "what is recorded is kept as before"


def test_ffmpegs_messages_are_dropped_without_pythons_lock() -> None:
    # They repeat addresses with passwords. And a decoder's thread that waits for the lock hangs
    # for ever, with whoever closes the decoder and holds it.
    for path, _ in modules("site"):
        if path.name != "env.py":  # Alembic's, which runs migrations as it is imported
            importlib.import_module("insyn." + ".".join(path.with_suffix("").parts))
    assert av.logging.get_level() is None


SOUNDING = re.compile(r"wants_sound|SoundSample|SoundParameters|fmp4_sound|\.heard\(")


def test_no_room_that_shows_or_hands_out_pictures_speaks_of_sound() -> None:
    """Sound is in sealed originals alone; `insyn shield --keep-audio` is about one's own file."""
    rooms = ("shield", "live", "export", "shielding")
    for path, _ in modules(*(f"site/{room}" for room in rooms)):
        text = (SOURCE / path).read_text(encoding="utf-8")
        assert not SOUNDING.search(text), path
    for path, tree in modules("site"):
        if path.parts[1] not in ("archive", "cameras", "recorder", "sound.py", "streams.py"):
            assert "insyn.site.sound" not in imported(tree), path
