"""A camera's empty scenes on disk, signed by the site's key, for when its shield begins again.

A file: magic, length of the header, header (JSON), zlib of mean, deviations and known, Ed25519
signature over all before it. Always: a file that is not ours, or is damaged, is left out and said.
"""

from __future__ import annotations

import json
import logging
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cryptography.exceptions import InvalidSignature

from insyn.base.files import write_atomically
from insyn.site.shield.background import Background
from insyn.site.shield.recall import MOST
from insyn.trust.keys.keyfile import SigningKey

log = logging.getLogger("insyn.shield")

MAGIC = b"INSYNBG1"
SIGNATURE = 64
LARGEST_SIDE = 1024
LARGEST_FILE = 32 << 20
CONFIRMED, LEARNED = "confirmed", "learned"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptScene:
    """An empty scene and how it became known.

    Attributes:
        how: `confirmed` by somebody, or `learned` over minutes.
        by: whose id confirmed it; "" where it was learned.
        at_ns: wall time at which it became known.
        order: the number of the order that asked for it; 0 where none did.
    """

    camera: str
    how: str
    by: str
    at_ns: int
    order: int
    background: Background


class SceneFolder:
    """The scenes of all cameras of a site; one process writes those of a camera."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        """Use this folder, and the site's own key."""
        self._folder = folder
        self._key = key

    def of(self, camera: str) -> list[KeptScene]:
        """The scenes of a camera, the oldest first."""
        found = [self._read(path, camera) for path in self._files(camera)]
        return sorted((each for each in found if each is not None), key=lambda one: one.at_ns)

    def keep(self, scene: KeptScene) -> None:
        """Write a scene; of more than `MOST`, the oldest goes.

        Raises:
            OSError: the disk does not take it.
        """
        content = _coded(scene)
        signature = self._key.private.sign(content)
        write_atomically(self._path(scene.camera, scene.at_ns), content + signature)
        kept = self.of(scene.camera)
        for old in kept[: max(0, len(kept) - MOST)]:
            self.drop(old)

    def drop(self, scene: KeptScene) -> None:
        """Forget a scene."""
        self._path(scene.camera, scene.at_ns).unlink(missing_ok=True)

    def forget(self, camera: str) -> None:
        """Forget all scenes of a camera."""
        for path in self._files(camera):
            path.unlink(missing_ok=True)

    def _path(self, camera: str, at_ns: int) -> Path:
        return self._folder / f"{camera}.{at_ns}.scene"

    def _files(self, camera: str) -> list[Path]:
        return [path for path in self._folder.glob("*.scene") if path.name.split(".")[0] == camera]

    def _read(self, path: Path, camera: str) -> KeptScene | None:
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise ValueError("too large")
            content = path.read_bytes()
            self._key.private.public_key().verify(content[-SIGNATURE:], content[:-SIGNATURE])
            scene = _decoded(content[:-SIGNATURE])
            if scene.camera != camera:
                raise ValueError("of another camera")
        except (OSError, ValueError, KeyError, TypeError, InvalidSignature, zlib.error) as error:
            log.warning("%s is left out: %s", path, error or "its signature is not this site's")
            return None
        return scene


class ReadOnlyScenes(SceneFolder):
    """The same scenes for a shield beside the everyday one: it takes them up, and changes none."""

    def keep(self, scene: KeptScene) -> None:
        """Keep nothing: the everyday line does."""

    def drop(self, scene: KeptScene) -> None:
        """Drop nothing."""

    def forget(self, camera: str) -> None:
        """Forget nothing."""


def _coded(scene: KeptScene) -> bytes:
    background = scene.background
    height, width = background.known.shape
    header = {
        "camera": scene.camera,
        "how": scene.how,
        "by": scene.by,
        "at_ns": scene.at_ns,
        "order": scene.order,
        "width": width,
        "height": height,
    }
    told = json.dumps(header, sort_keys=True).encode()
    arrays = (
        background.mean.astype(np.uint8).tobytes(),
        background.deviation.astype("<f4").tobytes(),
        background.chroma_deviation.astype("<f4").tobytes(),
        np.packbits(background.known).tobytes(),
    )
    packed = zlib.compress(b"".join(arrays), 6)
    return MAGIC + struct.pack(">I", len(told)) + told + packed


def _decoded(content: bytes) -> KeptScene:
    """Raises ValueError, KeyError or zlib.error; only signed content comes here."""
    if content[:8] != MAGIC:
        raise ValueError("no scene of this format")
    (length,) = struct.unpack(">I", content[8:12])
    header = json.loads(content[12 : 12 + length])
    width, height = int(header["width"]), int(header["height"])
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise ValueError("an impossible size")
    count = width * height
    sizes = (3 * count, 4 * count, 4 * count, (count + 7) // 8)
    unpacked = zlib.decompressobj().decompress(content[12 + length :], sum(sizes) + 1)
    if len(unpacked) != sum(sizes):
        raise ValueError("cut off")
    parts, at = [], 0
    for size in sizes:
        parts.append(unpacked[at : at + size])
        at += size
    shape = (height, width)
    known = np.unpackbits(np.frombuffer(parts[3], np.uint8), count=count).reshape(shape) > 0
    return KeptScene(
        camera=str(header["camera"]),
        how=str(header["how"]),
        by=str(header["by"]),
        at_ns=int(header["at_ns"]),
        order=int(header["order"]),
        background=Background(
            mean=np.frombuffer(parts[0], np.uint8).reshape(*shape, 3).copy(),
            deviation=np.frombuffer(parts[1], "<f4").reshape(shape).astype(np.float32),
            chroma_deviation=np.frombuffer(parts[2], "<f4").reshape(shape).astype(np.float32),
            known=known,
        ),
    )
