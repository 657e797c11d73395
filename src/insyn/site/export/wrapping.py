"""The ZIP around an export, byte by byte: whether it is as `package` writes it. Pure.

Always: whatever is no content of a member is one of the bytes that are told here, so that nothing
can be added to a package, or changed in it, unseen.

Source: APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end).
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from typing import BinaryIO

DATE = (1980, 1, 1, 0, 0, 0)
"""Of each member: the same content is the same package."""

_DOS_TIME, _DOS_DATE = 0, 1 << 5 | 1
_VERSION, _UNIX = 20, 3
_MODE = 0o644 << 16

LARGEST = int(zipfile.ZIP64_LIMIT / 1.05)
"""Bytes from which the library may have written a Zip64, whose headers are not judged here."""


def entry(name: str) -> zipfile.ZipInfo:
    """A member as it is written: stored, since video does not compress, without date or owner."""
    made = zipfile.ZipInfo(name, DATE)
    made.external_attr = _MODE
    made.create_system = _UNIX
    return made


def is_as_written(package: zipfile.ZipFile, file: BinaryIO, names: Sequence[str]) -> bool:
    """Whether a package holds these members alone, in this order, and nothing around them.

    What the members hold is judged by their digests, not here.
    """
    members = package.infolist()
    if [one.filename for one in members] != list(names):
        return False
    if file.seek(0, io.SEEK_END) >= LARGEST:  # the file's own size: what it says may be flipped
        return True
    at, directory = 0, b""
    for one in members:
        name = one.filename.encode()
        sizes = struct.pack("<LLL", one.CRC, one.file_size, one.file_size)
        what = struct.pack("<4H", 0, zipfile.ZIP_STORED, _DOS_TIME, _DOS_DATE) + sizes
        lengths = struct.pack("<HH", len(name), 0)
        local = b"PK\x03\x04" + struct.pack("<H", _VERSION) + what + lengths + name
        directory += b"PK\x01\x02" + struct.pack("<BBH", _VERSION, _UNIX, _VERSION) + what + lengths
        directory += struct.pack("<HHHLL", 0, 0, 0, _MODE, at) + name
        file.seek(at)
        if file.read(len(local)) != local:
            return False
        at += len(local) + one.file_size
    count = len(members)
    end = struct.pack("<4H2LH", 0, 0, count, count, len(directory), at, 0)
    expected = directory + b"PK\x05\x06" + end
    file.seek(at)
    return file.read(len(expected) + 1) == expected
