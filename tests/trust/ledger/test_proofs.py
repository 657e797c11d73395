"""A proof handed over: it holds as it was made, and in no other form."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ledger_desk import KEYS, NOON, SIGNER, thing

from insyn.base.errors import UnreadableInput
from insyn.trust.ledger import tree
from insyn.trust.ledger.keyfile import FileSigner
from insyn.trust.ledger.leaf import kept
from insyn.trust.ledger.note import Checkpoint, sign
from insyn.trust.ledger.proofs import Disclosed, LeafProof, check_proof, read_proof

SALT = bytes(range(32))


def _proof() -> LeafProof:
    """Leaf 2 of five, with personal data shown."""
    leaves = [kept(thing(n, "p-1"), n, NOON, {"name": SALT}) for n in range(5)]
    hashes = [tree.hash_leaf(leaf.to_bytes()) for leaf in leaves]
    left, right = tree.hash_node(*hashes[:2]), hashes[4]
    root = tree.fold([tree.hash_node(left, tree.hash_node(*hashes[2:4])), right])
    return LeafProof(
        leaf=leaves[2],
        path=(hashes[3], left, right),
        checkpoint=sign(Checkpoint(origin=SIGNER.name, size=5, root=root), SIGNER),
        personal={"name": Disclosed(subject="p-1", data="Påhitt 2", salt=SALT.hex())},
    )


PROOF = _proof()
TEXT = json.dumps(PROOF.to_json(), ensure_ascii=False)


def test_a_proof_is_read_back_and_holds() -> None:
    assert read_proof(TEXT) == PROOF
    assert check_proof(PROOF, KEYS) == []


def test_a_proof_under_another_key_does_not_hold() -> None:
    other = FileSigner(SIGNER.name, bytes(32))
    [finding] = check_proof(PROOF, [other.public])
    assert finding.code == "checkpoint-altered"


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8"))
def test_no_altered_proof_holds(place: int, character: str) -> None:
    try:
        altered = read_proof(TEXT[:place] + character + TEXT[place + 1 :])
    except UnreadableInput:
        return
    # A digit of the salt written in upper case says the same.
    same = {name: replace(item, salt=item.salt.lower()) for name, item in altered.personal.items()}
    assert replace(altered, personal=same) == PROOF or check_proof(altered, KEYS)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", TEXT[:-1], '{"format":"x"}', "[" * 9999])
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(UnreadableInput, match="no proof"):
        read_proof(text)
