"""Leaves held against signed checkpoints, and what is wrong named. Pure.

Each leaf comes with two hashes: computed from its content, and stated beside it. Which of them the
signed roots agree with tells what was altered: the leaf, or only the hash beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from insyn.base.canonical import Json
from insyn.base.errors import UnreadableInput, UsageError
from insyn.trust.ledger.note import Checkpoint, PublicKey, read_note
from insyn.trust.ledger.tree import Frontier


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, and where; `code` is a stable word for programs."""

    code: str
    message: str
    leaf: int | None = None
    checkpoint: int | None = None
    line: int | None = None

    def to_json(self) -> dict[str, Json]:
        """The finding as the commands print it."""
        places = {"leaf": self.leaf, "checkpoint": self.checkpoint, "line": self.line}
        named: dict[str, Json] = {key: value for key, value in places.items() if value is not None}
        return {"code": self.code, "message": self.message, **named}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a verification saw. `root` is in hexadecimal, None where leaves are missing."""

    origin: str
    size: int
    covered: int
    checkpoints: int
    root: str | None
    erased: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Nothing is wrong."""
        return not self.findings

    def to_json(self) -> dict[str, Json]:
        """The report as the commands print it."""
        return {
            "sound": self.is_sound,
            "origin": self.origin,
            "size": self.size,
            "covered": self.covered,
            "checkpoints": self.checkpoints,
            "root": self.root,
            "erased": self.erased,
            "findings": [finding.to_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A checkpoint whose signature was verified; no number: it was handed over earlier."""

    checkpoint: Checkpoint
    number: int | None = None

    def __str__(self) -> str:
        return "the checkpoint seen earlier" if self.number is None else f"checkpoint {self.number}"


def check_notes(
    notes: Iterable[str | None], keys: Sequence[PublicKey], findings: list[Finding]
) -> list[Anchor]:
    """Those checkpoints that a key signed; what is wrong with the others goes to `findings`.

    Args:
        notes: in order of their numbers; None for one that could not be read at all.
        keys: whose signatures count; a checkpoint's origin is the name of one of them.
        findings: is added to.
    """
    anchors: list[Anchor] = []
    size = 0
    for number, text in enumerate(notes):
        if text is None:
            continue
        checkpoint, wrong = _verified(text, keys)
        if checkpoint is not None and checkpoint.size < size:
            wrong = "is out of order: it is smaller than the one before it"
        if checkpoint is None or wrong:
            findings.append(
                Finding(
                    code="checkpoint-altered",
                    message=f"checkpoint {number} {wrong}",
                    checkpoint=number,
                )
            )
            continue
        size = checkpoint.size
        anchors.append(Anchor(number=number, checkpoint=checkpoint))
    return anchors


def _verified(text: str, keys: Sequence[PublicKey]) -> tuple[Checkpoint | None, str]:
    try:
        signed = read_note(text)
    except UnreadableInput as error:
        return None, f"was altered: {error}"
    if signed.signed_by(keys) is None:
        return None, "was altered, or was not signed by the key given"
    if all(key.name != signed.checkpoint.origin for key in keys):
        return None, "is of another ledger than the key given"
    return signed.checkpoint, ""


def read_seen(notes: Sequence[str], keys: Sequence[PublicKey]) -> list[Anchor]:
    """Checkpoints that were handed over earlier.

    Raises:
        UnreadableInput: one is no checkpoint.
        UsageError: one is not signed by any of these keys.
    """
    found = []
    for note in notes:
        signed = read_note(note)
        if signed.signed_by(keys) is None:
            raise UsageError("the checkpoint seen earlier is not signed by the key given")
        found.append(Anchor(checkpoint=signed.checkpoint))
    return found


class Audit:
    """Takes leaves in order and compares with each checkpoint as it comes to its size.

    Two trees grow side by side, one of computed hashes and one of stated ones. At a checkpoint the
    tree that agrees is believed from there on; a tree that lacks a hash is lost until then.
    """

    def __init__(self, anchors: Sequence[Anchor], findings: list[Finding]) -> None:
        """Compare with these checkpoints, and add to these findings."""
        self.size = 0
        self.covered = 0
        self._anchors = sorted(anchors, key=lambda anchor: anchor.checkpoint.size)
        self._findings = findings
        self._computed: Frontier | None = Frontier()
        self._stated: Frontier | None = Frontier()
        self._suspects: list[int] = []

    @property
    def root(self) -> bytes | None:
        """The root of what was taken in, from the leaves' own content; None if one is missing."""
        return None if self._computed is None else self._computed.root

    def add(self, computed: bytes | None, stated: bytes | None) -> tuple[list[bytes], list[bytes]]:
        """Take the next leaf's two hashes (None: cannot be told).

        Returns the hashes of the subtrees completed by it, in the computed and the stated tree.
        """
        self._compare()
        if computed is None or computed != stated:
            self._suspects.append(self.size)
        self.size += 1
        self._computed, by_content = _grown(self._computed, computed)
        self._stated, by_statement = _grown(self._stated, stated)
        return by_content, by_statement

    def skip(self, count: int) -> None:
        """Leave out leaves of which nothing is known, and which are named already."""
        self._compare()
        self.size += count
        self._computed = self._stated = None

    def finish(self) -> None:
        """Compare with what is left, and name what no checkpoint could tell."""
        self._compare()
        for number in self._suspects:
            self._say(number, f"leaf {number}, or the hash kept beside it, was altered")
        if self._anchors:
            anchor = self._anchors[-1]
            end = anchor.checkpoint.size - 1
            text = f"leaves {self.size} to {end} are missing at the end; {anchor} covers them"
            self._findings.append(
                Finding(
                    code="leaves-missing",
                    message=text,
                    leaf=self.size,
                    checkpoint=anchor.number,
                )
            )

    def _compare(self) -> None:
        while self._anchors and self._anchors[0].checkpoint.size <= self.size:
            anchor = self._anchors.pop(0)
            if anchor.checkpoint.size == self.size:
                self._compare_with(anchor)

    def _compare_with(self, anchor: Anchor) -> None:
        root = anchor.checkpoint.root
        by_content = self._computed is not None and self._computed.root == root
        by_statement = self._stated is not None and self._stated.root == root
        for leaf in self._suspects:
            if by_statement:
                text = f"leaf {leaf} was altered; {anchor} signs another"
            elif by_content:
                text = f"the hash beside leaf {leaf} was altered; the leaf is as signed"
            else:
                text = f"leaf {leaf}, or the hash kept beside it, was altered"
            self._say(leaf, text)
        if by_content or by_statement:
            good = self._computed if by_content else self._stated
            assert good is not None
            self._computed, self._stated = good.copy(), good.copy()
            self.covered = self.size
        elif self._computed is not None or self._stated is not None:
            self._name_range(anchor)
        self._suspects.clear()

    def _name_range(self, anchor: Anchor) -> None:
        """Say between which checkpoints the leaves are not those signed; later ones cannot tell."""
        if not self._suspects:
            span = f"{self.covered} to {self.size - 1}" if self.size else "none"
            self._findings.append(
                Finding(
                    code="checkpoint-inconsistent",
                    message=f"{anchor} is not consistent with the leaves it covers: "
                    f"of leaves {span}, one or more were replaced together with their hashes, or "
                    "other leaves stand in their place",
                    leaf=self.covered,
                    checkpoint=anchor.number,
                )
            )
        self._computed = self._stated = None

    def _say(self, leaf: int, message: str) -> None:
        self._findings.append(Finding(code="leaf-altered", message=message, leaf=leaf))


def _grown(frontier: Frontier | None, leaf: bytes | None) -> tuple[Frontier | None, list[bytes]]:
    if frontier is None or leaf is None:
        return None, []
    return frontier, list(frontier.add(leaf))
