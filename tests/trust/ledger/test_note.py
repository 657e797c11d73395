"""Signed notes and checkpoints against the specifications' own examples, and altered ones."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ledger_desk import KEYS, SIGNER

from insyn.base.errors import UnreadableInput
from insyn.trust.ledger.keyfile import FileSigner
from insyn.trust.ledger.note import (
    Checkpoint,
    PublicKey,
    key_id,
    read_note,
    read_public_key,
    sign,
)

# The example of c2sp.org/tlog-checkpoint.
EXAMPLE = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""  # noqa: E501 - one line in the format

# The verifier key and signature in the documentation of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_the_example_of_the_specification_is_read() -> None:
    found = read_note(EXAMPLE)
    assert found.checkpoint.origin == "example.com/behind-the-sofa"
    assert found.checkpoint.size == 20852163
    assert found.checkpoint.text() == EXAMPLE.split("\n\n")[0] + "\n"
    assert found.signatures[0].key_id.hex() == "033de0ae"


def test_a_key_and_signature_made_by_the_reference_implementation_hold() -> None:
    key = read_public_key(PETER)
    assert str(key) == PETER
    assert key_id("PeterNeumann", key.public).hex() == "c74f20a3"
    content = base64.b64decode(SIGNATURE)
    assert content[:4] == key.key_id
    assert key.accepts(content[4:], NOTE.encode())
    assert not key.accepts(content[4:], NOTE.encode() + b" ")


CHECKPOINT = Checkpoint(origin="example.org/ledger", size=7, root=bytes(range(32)))
SIGNED = sign(CHECKPOINT, SIGNER)


def test_what_is_signed_is_read_back() -> None:
    found = read_note(SIGNED)
    assert found.checkpoint == CHECKPOINT
    assert found.signed_by(KEYS) == KEYS[0]


@given(st.integers(0, len(SIGNED.encode()) - 1), st.integers(1, 255))
def test_no_altered_note_is_believed(place: int, mask: int) -> None:
    altered = bytearray(SIGNED.encode())
    altered[place] ^= mask
    try:
        found = read_note(altered.decode("utf-8", "replace"))
    except UnreadableInput:
        return
    assert found.signed_by(KEYS) is None


def test_a_signature_of_an_unknown_key_is_passed_over() -> None:
    other = FileSigner("example.org/witness", bytes(32))
    witness = sign(CHECKPOINT, other).split("\n\n")[1]
    both = SIGNED + witness
    assert read_note(both).signed_by(KEYS) == KEYS[0]
    assert read_note(both).signed_by([other.public]) == other.public
    assert read_note(SIGNED).signed_by([other.public]) is None


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    other = FileSigner("example.org/witness", bytes(32))
    wrong = sign(Checkpoint(origin="x", size=1, root=bytes(32)), other).split("\n\n")[1]
    assert read_note(SIGNED + wrong).signed_by([*KEYS, other.public]) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n7\n", "\n07\n"), ("\n7\n", "\n-7\n"), ("\n7\n", "\n7\nmore\n"), ("=\n\n", "\n\n")],
)
def test_a_note_of_another_form_is_refused(old: str, new: str) -> None:
    with pytest.raises(UnreadableInput):
        read_note(SIGNED.replace(old, new, 1))


@pytest.mark.parametrize(
    "text",
    ["", "name", "a+b+c", PETER.replace("c74f", "c74e"), PETER[:-4], PETER.replace("+A", "+a")],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(UnreadableInput):
        read_public_key(text)


def test_a_public_key_is_one_line() -> None:
    key = PublicKey(name="example.org/ledger", public=bytes(32))
    assert read_public_key(f"{key}\n") == key
