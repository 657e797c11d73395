"""Where roots, permits and status lists lie as files, and what was last seen of them.

Always: files are added and never changed; each is written whole or not at all, under a lock; the
newest is the one with the highest number, found again at each reading and checked again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import EnvironmentFailure, Refusal, UnreadableInput
from insyn.base.files import exclusive, write_atomically
from insyn.trust.keys.envelope import Envelope, read_envelope
from insyn.trust.keys.keyfile import read_public_file
from insyn.trust.keys.root import Root, accept_first, accept_next
from insyn.trust.keys.strict import Schema, read_canonical
from insyn.trust.permit.issue import completed
from insyn.trust.permit.model import read_permit
from insyn.trust.permit.status import StatusList, is_signed_status, read_status
from insyn.trust.permit.verify import LastSeen

_PERMIT_ID = re.compile(r"P-[0-9]{8}-[0-9a-f]{12}")
_SEEN = Schema(
    b"""{"type": "object", "additionalProperties": false,
    "required": ["root_version", "status_number", "status_digest", "revoked"],
    "properties": {
      "root_version": {"type": "integer", "minimum": 0},
      "status_number": {"type": "integer", "minimum": 0},
      "status_digest": {"type": "string"},
      "revoked": {"type": "array", "items": {"type": "string"}}}}"""
)


class Shelf:
    """The folder `trust` of a data directory."""

    def __init__(self, directory: Path) -> None:
        """Use this folder; it is made when it is first written to."""
        self._directory = directory

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder against other writers."""
        self._made("")
        with exclusive(self._directory):
            yield

    # Roots

    def root(self) -> Root:
        """The root in force: every version on the shelf, each vouched for by the one before.

        Raises:
            EnvironmentFailure: there is none.
            Refusal, UnreadableInput: a version on the shelf is not what it should be.
        """
        current = self.root_or_none()
        if current is None:
            raise EnvironmentFailure(
                f"{self._directory} holds no root, so no key counts yet; make one (insyn key root "
                "draft, sign, install), or take up the office's (insyn key root install FILE)"
            )
        return current

    def root_or_none(self) -> Root | None:
        """The root in force, or None before the first."""
        current: Root | None = None
        for number in self._numbers("roots"):
            content = read_public_file(self._directory / "roots" / f"{number}.json")
            if current is None:
                # It was compared when it was installed; the folder is the office's own.
                digest = read_envelope(content, f"root {number}").digest
                current = accept_first(content, fingerprint=digest)
            else:
                current = accept_next(current, content)
        return current

    def install_root(self, content: bytes, *, fingerprint: str | None = None) -> Root:
        """Take up a root: the first by its fingerprint, the next by the one in force.

        Raises:
            Refusal: it is not signed as it must be, or the first comes without a fingerprint.
        """
        with self.writing():
            root = self.accepted_root(content, fingerprint=fingerprint)
            self.keep_root(content, root)
        return root

    def accepted_root(self, content: bytes, *, fingerprint: str | None = None) -> Root:
        """The root that these bytes are, if it may come into force next; nothing is written.

        Raises:
            Refusal: it is not signed as it must be, or the first comes without a fingerprint.
        """
        current = self.root_or_none()
        if current is not None:
            return accept_next(current, content)
        if fingerprint is None:
            raise Refusal(
                "the first root is trusted by its fingerprint alone; compare it with the "
                "office's and pass it (--fingerprint)"
            )
        return accept_first(content, fingerprint=fingerprint)

    def keep_root(self, content: bytes, root: Root) -> None:
        """Put an accepted root in force: its file is there whole, or not at all."""
        write_atomically(self._made("roots") / f"{root.version}.json", content)

    def root_file(self) -> bytes | None:
        """The newest root as it is handed out, or None."""
        numbers = self._numbers("roots")
        if not numbers:
            return None
        return read_public_file(self._directory / "roots" / f"{numbers[-1]}.json")

    def root_digests(self) -> dict[int, str]:
        """SHA-256 of each root's payload by version, as it lies here."""
        return self._digests("roots")

    def status_digests(self) -> dict[int, str]:
        """SHA-256 of each status list's payload by number, as it lies here."""
        return self._digests("status")

    # Permits

    def keep_permit(self, envelope: Envelope, root: Root) -> Path:
        """Put an issued permit on the shelf; putting the same one there again changes nothing.

        Raises:
            Refusal: too few approvers signed, or another permit has its id.
        """
        permit = completed(envelope, root)
        self.require_free(envelope)
        path = self._made("permits") / f"{permit.id}.json"
        write_atomically(path, envelope.to_bytes())
        return path

    def require_free(self, envelope: Envelope) -> None:
        """Refuse a permit whose id another one has.

        Raises:
            Refusal: it is to be drafted anew.
        """
        permit = read_permit(envelope).id
        if permit in self.permit_ids() and self.permit(permit).digest != envelope.digest:
            raise Refusal(f"another permit has the id {permit}; draft it anew")

    def permit(self, permit_id: str) -> Envelope:
        """An issued permit.

        Raises:
            Refusal: there is none with this id.
        """
        path = self._directory / "permits" / f"{permit_id}.json"
        if _PERMIT_ID.fullmatch(permit_id) is None or not path.exists():
            raise Refusal(f"no permit {permit_id!r} was issued here; see insyn permit status")
        return read_envelope(read_public_file(path), f"permit {permit_id}")

    def permit_ids(self) -> list[str]:
        """The ids of all permits ever issued here, in order."""
        folder = self._directory / "permits"
        return sorted(p.stem for p in folder.glob("P-*.json")) if folder.is_dir() else []

    # Status lists

    def status(self, root: Root) -> StatusList | None:
        """The newest status list made here, or None.

        Raises:
            Refusal: it is not signed by keys that the root names, standing or retired since.
        """
        content = self.status_file()
        if content is None:
            return None
        envelope = read_envelope(content, "the newest status list")
        status = read_status(envelope)
        if not is_signed_status(envelope, root, at=status.issued_at):
            raise Refusal(
                f"status list {status.number} is not signed by keys of the root; take it from a "
                "backup, or name its keys as retired in the next root"
            )
        return status

    def status_file(self) -> bytes | None:
        """The newest status list as it is handed out, or None."""
        numbers = self._numbers("status")
        if not numbers:
            return None
        return read_public_file(self._directory / "status" / f"{numbers[-1]}.json")

    def keep_status(self, envelope: Envelope, root: Root) -> Path:
        """Put the next status list on the shelf.

        Raises:
            Refusal: it is not signed as the root asks, or its number is not the next.
        """
        status = read_status(envelope)
        if not is_signed_status(envelope, root):
            raise Refusal("too few holders signed the status list; give more keys (--key)")
        newest = [0, *self._numbers("status")][-1]
        if status.number <= newest:
            raise Refusal(f"status list {status.number} is not newer than {newest}; start anew")
        path = self._made("status") / f"{status.number}.json"
        write_atomically(path, envelope.to_bytes())
        return path

    def _digests(self, name: str) -> dict[int, str]:
        return {
            number: read_envelope(
                read_public_file(self._directory / name / f"{number}.json"), f"{name} {number}"
            ).digest
            for number in self._numbers(name)
        }

    def _numbers(self, name: str) -> list[int]:
        folder = self._directory / name
        if not folder.is_dir():
            return []
        return sorted(int(p.stem) for p in folder.glob("*.json") if p.stem.isdecimal())

    def _made(self, name: str) -> Path:
        path = self._directory / name
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFailure(f"cannot make {path}: {error.strerror}") from error
        return path


def read_seen(path: Path) -> LastSeen:
    """What a verifier remembers; nothing where the file is not there yet.

    Raises:
        UnreadableInput: the file is not what `write_seen` wrote.
    """
    if not path.exists():
        return LastSeen()
    record = read_canonical(read_public_file(path).rstrip(b"\n"), f"the memory {path}")
    if problem := _SEEN.problem(record):
        raise UnreadableInput(f"the memory {path} is not as Insyn wrote it: {problem}")
    revoked = record["revoked"]
    assert isinstance(revoked, list)
    return LastSeen(
        root_version=int(str(record["root_version"])),
        status_number=int(str(record["status_number"])),
        status_digest=str(record["status_digest"]),
        revoked=frozenset(str(name) for name in revoked),
    )


def write_seen(path: Path, seen: LastSeen) -> None:
    """Remember, durably."""
    record: dict[str, Json] = {
        "root_version": seen.root_version,
        "status_number": seen.status_number,
        "status_digest": seen.status_digest,
        "revoked": sorted(seen.revoked),
    }
    write_atomically(path, canonical_bytes(record) + b"\n")
