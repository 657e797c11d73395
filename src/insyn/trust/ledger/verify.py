"""An exported ledger verified, with nothing but the file and a public key.

Always: it reads no database and nothing of who wrote the file; every byte of the file counts, as
each line must be in canonical form. docs/reference/ledger-format.md describes the file.

What it cannot see: leaves cut from the end together with the checkpoints that signed them leave a
smaller ledger that was once true. Give a checkpoint seen earlier (`seen`) to find that too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import EnvironmentFailure, UnreadableInput, UsageError
from insyn.trust.ledger.audit import Anchor, Audit, Finding, Report, check_notes, read_seen
from insyn.trust.ledger.leaf import parse_canonical, read_leaf
from insyn.trust.ledger.note import PublicKey
from insyn.trust.ledger.tree import hash_leaf

FORMAT = "insyn-ledger-export/1"
"""The `format` of the first line."""

LINE_LIMIT = 16 * 1024 * 1024
"""Bytes of the longest line that is read; an erasure may name many leaves."""

_OPENING = b'{"hash":"'
_MIDDLE = b'","leaf":'
_CHECKPOINT = b'{"checkpoint":'
_NOTE = b',"note":"'
_HASH = slice(len(_OPENING), len(_OPENING) + 64)
_BODY = _HASH.stop + len(_MIDDLE)
_HEX = re.compile(rb"[0-9a-f]{64}")


def verify_file(path: Path, keys: Sequence[PublicKey], *, seen: Sequence[str] = ()) -> Report:
    """Verify an exported file; `verify_lines` says how.

    Raises:
        EnvironmentFailure: it cannot be read.
        UsageError: no key is given, or one of `seen` is not signed by it.
    """
    try:
        with path.open("rb") as file:
            return verify_lines(iter(lambda: file.readline(LINE_LIMIT), b""), keys, seen=seen)
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error


def verify_lines(
    lines: Iterable[bytes], keys: Sequence[PublicKey], *, seen: Sequence[str] = ()
) -> Report:
    """Verify an export line by line, in memory that does not grow with it.

    Args:
        lines: with their ends.
        keys: whose checkpoints are believed.
        seen: checkpoints, as signed notes, that were handed over earlier.

    Raises:
        UsageError: no key is given, or one of `seen` is not signed by it.
    """
    if not keys:
        raise UsageError("an export is verified with the ledger's public key; give one with --key")
    return _Reading(keys, read_seen(seen, keys)).run(lines)


class _Reading:
    """One export being read."""

    def __init__(self, keys: Sequence[PublicKey], seen: Sequence[Anchor]) -> None:
        self._keys = keys
        self._seen = seen
        self._findings: list[Finding] = []
        self._missing: list[tuple[int, int]] = []
        self._line = 0

    def run(self, lines: Iterable[bytes]) -> Report:
        """Read all lines; the report."""
        rows = self._counted(lines)
        header = self._header(next(rows, b""))
        notes, first = self._notes(rows)
        anchors = check_notes(notes, self._keys, self._findings)
        self._compare_header(header, anchors, len(notes))
        audit = Audit([*anchors, *self._seen], self._findings)
        for line in chain(first, rows):
            self._read_leaf(line, audit)
        self._finish(audit, anchors)
        return Report(
            origin=anchors[-1].checkpoint.origin if anchors else "",
            size=audit.size,
            covered=audit.covered,
            checkpoints=len(notes),
            root=None if audit.root is None else audit.root.hex(),
            findings=tuple(self._findings),
        )

    def _counted(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for line in lines:
            self._line += 1
            yield line

    def _add(
        self, code: str, message: str, *, leaf: int | None = None, checkpoint: int | None = None
    ) -> None:
        self._findings.append(
            Finding(code=code, message=message, leaf=leaf, checkpoint=checkpoint, line=self._line)
        )

    def _header(self, line: bytes) -> dict[str, Json]:
        """The first line's fields; none where it is not as it must be."""
        value = _canonical_line(line)
        if (
            isinstance(value, dict)
            and value.keys() == {"checkpoints", "format", "origin", "size"}
            and value["format"] == FORMAT
        ):
            return value
        self._add("header-altered", f"the header (line 1) was altered, or is not of {FORMAT}")
        return {}

    def _notes(self, rows: Iterator[bytes]) -> tuple[list[str | None], list[bytes]]:
        """The checkpoints, which come before the leaves, and the first line that is none."""
        notes: list[str | None] = []
        for line in rows:
            if line.startswith(_OPENING):
                return notes, [line]
            match _canonical_line(line):
                case {"checkpoint": int(number), "note": str(note), **rest} if (
                    not rest and number >= len(notes) and not isinstance(number, bool)
                ):
                    self._miss_checkpoints(notes, number)
                    notes.append(note)
                case _ if line.startswith(_CHECKPOINT) or _NOTE in line:
                    text = f"checkpoint {len(notes)} (line {self._line}) was altered or moved"
                    self._add("checkpoint-altered", text, checkpoint=len(notes))
                    notes.append(None)
                case _:
                    return notes, [line]
        return notes, []

    def _miss_checkpoints(self, notes: list[str | None], number: int) -> None:
        if number > len(notes):
            text = f"checkpoints {len(notes)} to {number - 1} are missing"
            self._add("checkpoints-missing", text, checkpoint=len(notes))
            # No more than can be counted in a file of that many lines: a number may be invented.
            notes.extend([None] * min(number - len(notes), self._line))

    def _compare_header(
        self, header: dict[str, Json], anchors: Sequence[Anchor], notes: int
    ) -> None:
        """Hold the header against what is signed; it is not signed itself."""
        if not anchors:
            text = "no checkpoint in this file is signed by the key given, so nothing is proven"
            self._findings.append(Finding(code="unsigned", message=text))
        if not header:
            return
        told: dict[str, Json] = {"checkpoints": notes}
        if anchors:
            newest = anchors[-1].checkpoint
            told |= {"origin": newest.origin, "size": newest.size}
        for name, value in told.items():
            # `True == 1` in Python: the canonical bytes are what is compared.
            if canonical_bytes(header[name]) != canonical_bytes(value):
                text = f"the header says another {name} than the checkpoints do ({value})"
                finding = Finding(code="header-altered", message=text, line=1)
                self._findings.append(finding)

    def _read_leaf(self, line: bytes, audit: Audit) -> None:
        body = line[_BODY:-2]
        stated = line[_HASH]
        computed, number = _leaf_hash(body)
        is_hash = _HEX.fullmatch(stated) is not None
        if computed is None and not is_hash:
            self._add(
                "line-unreadable",
                f"line {self._line}, where leaf {audit.size} belongs, cannot be read",
                leaf=audit.size,
            )
            return
        intact = computed is not None and computed.hex().encode() == stated
        if intact and number != audit.size:
            if number < audit.size:
                self._read_misplaced(number, audit)
                return
            self._missing.append((audit.size, number))
            audit.skip(number - audit.size)
        if line != _OPENING + stated + _MIDDLE + body + b"}\n":
            text = f"line {self._line}, with leaf {audit.size}, was altered around the leaf"
            self._add("line-altered", text, leaf=audit.size)
        audit.add(computed, bytes.fromhex(stated.decode()) if is_hash else None)

    def _read_misplaced(self, number: int, audit: Audit) -> None:
        for place, (start, end) in enumerate(self._missing):
            if start <= number < end:
                parts = [(start, number), (number + 1, end)]
                self._missing[place : place + 1] = [(a, b) for a, b in parts if a < b]
                text = f"leaf {number} stands out of order, after leaf {audit.size - 1}"
                self._add("leaf-moved", text, leaf=number)
                return
        self._add("leaf-repeated", f"leaf {number} stands a second time", leaf=number)

    def _finish(self, audit: Audit, anchors: Sequence[Anchor]) -> None:
        for start, end in self._missing:
            span = f"leaf {start} is" if end == start + 1 else f"leaves {start} to {end - 1} are"
            finding = Finding(code="leaves-missing", message=f"{span} missing", leaf=start)
            self._findings.append(finding)
        audit.finish()
        signed = anchors[-1].checkpoint.size if anchors else audit.size
        if audit.size > signed:
            self._add(
                "leaves-unsigned",
                f"leaves {signed} to {audit.size - 1} are covered by no checkpoint",
                leaf=signed,
            )


def _canonical_line(line: bytes) -> Json:
    """The value of a line in canonical form; None where it is not (no line is `null`)."""
    if not line.endswith(b"\n"):
        return None
    try:
        return parse_canonical(line[:-1])
    except UnreadableInput:
        return None


def _leaf_hash(body: bytes) -> tuple[bytes | None, int]:
    """The hash of a leaf's bytes and the number in them; None where they are no leaf."""
    try:
        leaf = read_leaf(body)
    except UnreadableInput:
        return None, -1
    return hash_leaf(body), leaf.number
