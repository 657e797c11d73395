"""That a leaf is in the ledger, and that the ledger only grew: proofs to hand over. Pure.

Always: who has a proof and the ledger's public key needs nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from insyn.base.canonical import Json
from insyn.base.errors import UnreadableInput, UsageError
from insyn.trust.ledger import tree
from insyn.trust.ledger.audit import Finding
from insyn.trust.ledger.leaf import KeptLeaf, commit, leaf_from
from insyn.trust.ledger.note import PublicKey, read_note

FORMAT = "insyn-ledger-proof/1"
"""The `format` of a proof that a leaf is in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """Personal data shown with a proof: whose, what, and the salt in hexadecimal."""

    subject: str
    data: Json
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafProof:
    """A leaf, its audit path (RFC 6962, 2.1.1, from the leaf up), and the checkpoint it leads to.

    `personal` has what is shown of the leaf's personal data, by field; it may show none.
    """

    leaf: KeptLeaf
    path: tuple[bytes, ...]
    checkpoint: str
    personal: Mapping[str, Disclosed] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """The proof as a document."""
        shown: dict[str, Json] = {
            name: {"subject": item.subject, "data": item.data, "salt": item.salt}
            for name, item in self.personal.items()
        }
        return {
            "format": FORMAT,
            "leaf": self.leaf.to_json(),
            "path": [item.hex() for item in self.path],
            "checkpoint": self.checkpoint,
            "personal": shown,
        }


def read_proof(text: str) -> LeafProof:
    """A proof from its document.

    Raises:
        UnreadableInput: it is none.
    """
    try:
        match json.loads(text):
            case {
                "format": "insyn-ledger-proof/1",
                "leaf": dict(leaf),
                "path": list(path),
                "checkpoint": str(note),
                "personal": dict(shown),
            }:
                personal = {
                    str(name): Disclosed(
                        subject=str(item["subject"]), data=item["data"], salt=str(item["salt"])
                    )
                    for name, item in shown.items()
                }
                kept = leaf_from(leaf)
                kept.to_bytes()
                return LeafProof(
                    leaf=kept,
                    path=tuple(bytes.fromhex(item) for item in path),
                    checkpoint=note,
                    personal=personal,
                )
    except (ValueError, TypeError, KeyError, RecursionError, UsageError):
        pass
    raise UnreadableInput(f"this is no proof of a leaf ({FORMAT}), or it is cut")


def check_proof(proof: LeafProof, keys: Sequence[PublicKey]) -> list[Finding]:
    """What is wrong with a proof; nothing: the leaf is in the ledger that the key signed."""
    number = proof.leaf.number
    try:
        signed = read_note(proof.checkpoint)
    except UnreadableInput as error:
        return [Finding(code="checkpoint-altered", message=str(error))]
    found = []
    if signed.signed_by(keys) is None:
        text = "the checkpoint was altered, or was not signed by the key given"
        found.append(Finding(code="checkpoint-altered", message=text))
    top = signed.checkpoint
    leaf = tree.hash_leaf(proof.leaf.to_bytes())
    if not tree.is_included(leaf, number, top.size, proof.path, top.root):
        text = f"the path does not lead from leaf {number} to the checkpoint: one was altered"
        found.append(Finding(code="leaf-altered", message=text, leaf=number))
    for name, item in proof.personal.items():
        if proof.leaf.personal.get(name) != _commitment(item):
            text = f"the personal data shown ({name}) is not what leaf {number} committed to"
            found.append(Finding(code="personal-altered", message=text, leaf=number))
    return found


def _commitment(item: Disclosed) -> str | None:
    try:
        return commit(bytes.fromhex(item.salt), item.subject, item.data)
    except (ValueError, UsageError):
        return None
