"""An export as one file: a ZIP of clip, manifest, and a page that verifies both anywhere."""

from __future__ import annotations

import contextlib
import errno
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from insyn.base.errors import EnvironmentFailure, Refusal, UnreadableInput
from insyn.site.export.manifest import CLIP, Fault, Finding, Verified, verify
from insyn.site.export.wrapping import entry, is_as_written

MANIFEST = "manifest.json"
PAGE = "verify.html"
MEMBERS = (CLIP, MANIFEST, PAGE)
MAX_MANIFEST_BYTES, MAX_PAGE_BYTES = 4 << 20, 1 << 20
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


def verifying_page() -> bytes:
    """The page that comes with each export."""
    return (files("insyn.site.export") / "page" / PAGE).read_bytes()


def write_package(path: Path, clip: Path, manifest: bytes, page: bytes) -> None:
    """Write an export, whole or not at all; an existing file is not replaced.

    Raises:
        Refusal: the file exists.
        EnvironmentFailure: it cannot be written.
    """
    if path.exists():
        raise Refusal(f"{path} exists; name another file, or move it away")
    part = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as package:
            film = entry(CLIP)
            film.file_size = clip.stat().st_size  # where it is large, the ZIP is a Zip64
            with package.open(film, "w") as member:
                for chunk in parts_of(clip):
                    member.write(chunk)
            package.writestr(entry(MANIFEST), manifest)
            package.writestr(entry(PAGE), page)
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
            verified = verify(found.manifest, found.clip, found.page, site=site)
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error
    if found.is_whole or not verified.is_sound:
        return verified
    detail = "Unpack it, look at what else is in it, and verify the folder."
    finding = Finding(fault=Fault.PACKAGE_ALTERED, detail=detail)
    return replace(verified, findings=(finding,))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    manifest: bytes | None
    clip: Iterator[bytes] | None
    page: bytes | None = None
    is_whole: bool = True
    """Nothing but these is in the package; of a folder nothing is said."""


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[_Found]:
    if path.is_dir() or path.suffix.lower() == ".mp4":
        folder = path if path.is_dir() else path.parent
        clip = path / CLIP if path.is_dir() else path
        said = _content(folder / MANIFEST, MAX_MANIFEST_BYTES)
        page = _content(folder / PAGE, MAX_PAGE_BYTES) if path.is_dir() else None
        with contextlib.ExitStack() as stack:
            parts = _parts(stack.enter_context(clip.open("rb"))) if clip.exists() else None
            yield _Found(manifest=said, clip=parts, page=page)
        return
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        try:
            package = stack.enter_context(zipfile.ZipFile(file))
            is_whole = is_as_written(package, file, MEMBERS)
            said = _read(package, MANIFEST, MAX_MANIFEST_BYTES)
            page = _read(package, PAGE, MAX_PAGE_BYTES)
            parts = _member(stack, package, CLIP) if CLIP in package.namelist() else None
        except (*_DAMAGE, OSError) as error:
            # Places that lie before the file's beginning, by a flipped bit.
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            raise UnreadableInput(
                f"{path} is no export, or it was cut or damaged; ask for the file again"
            ) from error
        yield _Found(manifest=said, clip=parts, page=page, is_whole=is_whole)


def _content(path: Path, most: int) -> bytes | None:
    if not path.exists():
        return None
    with path.open("rb") as file:
        return file.read(most + 1)


def _read(package: zipfile.ZipFile, name: str, most: int) -> bytes | None:
    if name not in package.namelist() or package.getinfo(name).file_size > most:
        return None
    with package.open(name) as member:
        try:
            return member.read()
        except _DAMAGE:
            return b""  # its checksum fails: judged as altered


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
