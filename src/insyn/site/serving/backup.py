"""A site's backup: its database, keys, permit and the archive's index in one sealed file.

Recordings are not in it: they lie on their own disk, and are many. What is: the site's key and the
custodians' shares (each under its own passphrase still), so the file is sealed under a passphrase.

The file is `MAGIC`, a line of JSON (scrypt's cost and salt), then pieces under AES-256-GCM, each
with four bytes of length before it; the number of a piece is its nonce, and whether it is the last
is authenticated, so that a cut file is noticed. Inside is a tar.

Always: a backup is taken while the site runs; restoring never overwrites a site.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import sqlite3
import struct
import tarfile
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from insyn.base.errors import EnvironmentFailure, Refusal, UnreadableInput
from insyn.site.archive import index, root
from insyn.site.directory import SiteDirectory

MAGIC = b"insyn site backup 1\n"
COST = 1 << 17
PIECE_BYTES = 1 << 20
_LENGTH = struct.Struct(">I")
_LEFT_OUT = frozenset({"run", "archive", "exports"})
_DATABASES = (".sqlite",)


def back_up(site: SiteDirectory, archive: Path, out: Path, passphrase: str) -> int:
    """Write a backup; returns how many files it holds.

    Raises:
        Refusal: `out` exists.
        EnvironmentFailure: it cannot be read or written.
    """
    if out.exists():
        raise Refusal(f"{out} exists; name another file, or move it away")
    # Of this backup alone: another may run, or have been killed.
    part = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    salt = os.urandom(16)
    try:
        with part.open("xb") as file:
            part.chmod(0o600)
            head = json.dumps({"n": COST, "salt": salt.hex()}).encode() + b"\n"
            file.write(MAGIC + head)
            cipher = AESGCM(_key(passphrase, salt, COST))
            with tempfile.TemporaryFile() as plain:
                count = _pack(site, archive, plain)
                plain.seek(0)
                for content in _sealed(plain, cipher):
                    file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(out)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        part.unlink(missing_ok=True)
        why = getattr(error, "strerror", None) or error
        raise EnvironmentFailure(
            f"the backup could not be written ({why}); is {out.parent} there, and is there room?"
        ) from error
    return count


def restore(site: SiteDirectory, archive: Path, backup: Path, passphrase: str) -> int:
    """Put a backup back where no site is yet; returns how many files it held.

    The archive's index is put back only where the archive has none.

    Raises:
        Refusal: a site is there already, or the passphrase is wrong.
        UnreadableInput: the file is no backup, or was cut or changed.
        EnvironmentFailure: it cannot be read, or the site not written.
    """
    if site.root.exists() and any(p.name not in _LEFT_OUT for p in site.root.iterdir()):
        raise Refusal(f"{site.root} holds a site; restore into another --data, or move it away")
    try:
        with backup.open("rb") as file, tempfile.TemporaryFile() as plain:
            for content in _opened(file, passphrase, backup):
                plain.write(content)
            plain.seek(0)
            return _unpack(plain, site, archive)
    except OSError as error:
        raise EnvironmentFailure(f"the backup could not be restored: {error}") from error


def _pack(site: SiteDirectory, archive: Path, out: IO[bytes]) -> int:
    count = 0
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path in sorted(site.root.rglob("*")):
            name = path.relative_to(site.root)
            if name.parts[0] in _LEFT_OUT or not path.is_file() or _is_passing(path):
                continue
            _add(tar, path, f"site/{name.as_posix()}")
            count += 1
        for name_in in (root.NAME, index.NAME):
            if (archive / name_in).is_file():
                _add(tar, archive / name_in, f"archive/{name_in}")
                count += 1
    return count


def _is_passing(path: Path) -> bool:
    return path.name.endswith((".lock", "-wal", "-shm", "-journal", ".part"))


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode = 0o600
    if not path.name.endswith(_DATABASES):
        content = path.read_bytes()
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
        return
    with tempfile.NamedTemporaryFile() as copy:
        # SQLite's own way: one state of the database, while others write.
        source, target = sqlite3.connect(path), sqlite3.connect(copy.name)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        entry.size = Path(copy.name).stat().st_size
        with Path(copy.name).open("rb") as file:
            tar.addfile(entry, file)


def _sealed(plain: IO[bytes], cipher: AESGCM) -> Iterator[bytes]:
    number, content = 0, plain.read(PIECE_BYTES)
    while True:
        following = plain.read(PIECE_BYTES)
        is_last = not following
        piece = cipher.encrypt(number.to_bytes(12, "big"), content, b"last" if is_last else b"")
        yield _LENGTH.pack(len(piece)) + piece
        if is_last:
            return
        number, content = number + 1, following


def _opened(file: IO[bytes], passphrase: str, path: Path) -> Iterator[bytes]:
    try:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError
        said = json.loads(file.readline(4096))
        cost, salt = int(said["n"]), bytes.fromhex(said["salt"])
        if cost not in (COST, COST >> 3):
            raise ValueError
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableInput(f"{path} is no backup of a site") from error
    cipher = AESGCM(_key(passphrase, salt, cost))
    number, is_last = 0, False
    while not is_last:
        head = file.read(_LENGTH.size)
        size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
        piece = file.read(size) if 16 <= size <= PIECE_BYTES + 16 else b""
        if not piece or len(piece) < size:
            raise UnreadableInput(f"{path} is cut; take another copy of the backup")
        nonce = number.to_bytes(12, "big")
        try:
            yield cipher.decrypt(nonce, piece, b"")
        except InvalidTag:
            try:
                content = cipher.decrypt(nonce, piece, b"last")
            except InvalidTag as error:
                if number == 0:
                    raise Refusal("the passphrase is wrong, or the backup was changed") from error
                raise UnreadableInput(f"{path} was changed after it was made") from error
            is_last = True
            yield content
        number += 1


def _unpack(plain: IO[bytes], site: SiteDirectory, archive: Path) -> int:
    count = 0
    with tarfile.open(fileobj=plain, mode="r") as tar:
        for entry in tar:
            name = PurePosixPath(entry.name)
            content = tar.extractfile(entry)
            if content is None or ".." in name.parts or name.is_absolute() or len(name.parts) < 2:
                continue
            base = site.root if name.parts[0] == "site" else archive
            target = base.joinpath(*name.parts[1:])
            if name.parts[0] != "site" and target.exists():
                continue  # the archive's own index knows more than the backup
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                while part := content.read(PIECE_BYTES):
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            count += 1
    return count


def _key(passphrase: str, salt: bytes, cost: int) -> bytes:
    words = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(words)
