"""An export as one file: a ZIP of clip, manifest, and a page that verifies both anywhere."""

from __future__ import annotations

import contextlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from insyn.base.errors import EnvironmentFailure, Refusal, UnreadableInput
from insyn.site.export.manifest import CLIP, Verified, verify

MANIFEST = "manifest.json"
PAGE = "verify.html"
MAX_MANIFEST_BYTES = 4 << 20
_PART = 1 << 20

_DAMAGE = (
    zipfile.BadZipFile,
    NotImplementedError,  # another compression, by a flipped bit
    RuntimeError,  # a flag says that it is encrypted
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
"""What the library raises for a ZIP that is none any more."""


def write_package(path: Path, clip: Path, manifest: bytes) -> None:
    """Write an export, whole or not at all; an existing file is not replaced.

    Raises:
        Refusal: the file exists.
        EnvironmentFailure: it cannot be written.
    """
    if path.exists():
        raise Refusal(f"{path} exists; name another file, or move it away")
    part = path.with_name(f".{path.name}.part")
    page = (files("insyn.site.export") / "page" / PAGE).read_bytes()
    try:
        # Stored: video does not compress, and any tool can take it out.
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as package:
            entry = _entry(CLIP)
            entry.file_size = clip.stat().st_size  # where it is large, the ZIP is a Zip64
            with package.open(entry, "w") as member:
                for chunk in parts_of(clip):
                    member.write(chunk)
            package.writestr(_entry(MANIFEST), manifest)
            package.writestr(_entry(PAGE), page)
        part.chmod(0o600)
        part.rename(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise EnvironmentFailure(f"cannot write {path}: {error.strerror}") from error


def verify_export(path: Path, *, site: str | None = None) -> Verified:
    """Judge an export: the ZIP, a folder that it was unpacked into, or a clip beside its manifest.

    Raises:
        UnreadableInput: the file is no export at all.
        EnvironmentFailure: it cannot be read.
    """
    try:
        with _opened(path) as found:
            return verify(found.manifest, found.clip, site=site)
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    manifest: bytes | None
    clip: Iterator[bytes] | None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[_Found]:
    if path.is_dir() or path.suffix.lower() == ".mp4":
        folder = path if path.is_dir() else path.parent
        clip = path / CLIP if path.is_dir() else path
        manifest = folder / MANIFEST
        said = manifest.read_bytes()[: MAX_MANIFEST_BYTES + 1] if manifest.exists() else None
        with contextlib.ExitStack() as stack:
            parts = _parts(stack.enter_context(clip.open("rb"))) if clip.exists() else None
            yield _Found(manifest=said, clip=parts)
        return
    with contextlib.ExitStack() as stack:
        try:
            package = stack.enter_context(zipfile.ZipFile(path))
            names = set(package.namelist())
            said = None
            if MANIFEST in names and package.getinfo(MANIFEST).file_size <= MAX_MANIFEST_BYTES:
                said = _read(package, MANIFEST)
            parts = _member(stack, package, CLIP) if CLIP in names else None
        except _DAMAGE as error:
            raise UnreadableInput(
                f"{path} is no export, or it was cut or damaged; ask for the file again"
            ) from error
        yield _Found(manifest=said, clip=parts)


def _read(package: zipfile.ZipFile, name: str) -> bytes | None:
    with package.open(name) as member:
        try:
            return member.read()
        except _DAMAGE:
            return b""  # its checksum fails: judged as an altered manifest


def _member(stack: contextlib.ExitStack, package: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    file = stack.enter_context(package.open(name))
    return _parts(file, package.getinfo(name).file_size)


def parts_of(path: Path) -> Iterator[bytes]:
    """A file's content, part by part."""
    with path.open("rb") as file:
        yield from _parts(file)


# `Any` file: both the ZIP's member and a plain file read so.
def _parts(file: object, size: int = 0) -> Iterator[bytes]:
    read = file.read  # type: ignore[attr-defined] # both have it
    while True:
        try:
            part = read(_PART)
        except _DAMAGE:
            # The ZIP's own checksum fails, and the last part is not handed out. In its stead comes
            # something of its length: the digest says that it is altered, not that it is cut.
            while size > 0:
                yield bytes(min(size, _PART))
                size -= _PART
            yield b"\x00"
            return
        if not part:
            return
        size -= len(part)
        yield part


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    return entry
