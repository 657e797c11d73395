"""The root: named keys, two holders, and versions that follow each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.permit_office import NOW, key, make_root, root_key

from insyn.base.errors import InsynError, Refusal, UnreadableInput
from insyn.trust.keys.envelope import Envelope, read_envelope, signed
from insyn.trust.keys.keyfile import SigningKey
from insyn.trust.keys.public import grouped
from insyn.trust.keys.root import (
    Role,
    RoleKeys,
    Root,
    accept_first,
    accept_next,
    read_root,
    sign_root,
)

A, B, C, D, S = (key(name) for name in ("a", "b", "c", "d", "s"))
FIRST = make_root([A, B, C], [S])


def by(root: Root, *keys: SigningKey) -> Envelope:
    envelope = root.envelope()
    for each in keys:
        envelope = signed(envelope, each)
    return envelope


def accepted() -> Root:
    envelope = by(FIRST, A, B)
    return accept_first(envelope.to_bytes(), fingerprint=envelope.digest)


def test_a_root_reads_back_as_it_was_written() -> None:
    assert read_root(FIRST.envelope()) == FIRST == accepted()


def test_the_first_root_is_taken_by_its_fingerprint_as_read_aloud() -> None:
    envelope = by(FIRST, A, B)
    told = grouped(envelope.digest).upper()
    assert accept_first(envelope.to_bytes(), fingerprint=told) == FIRST
    with pytest.raises(Refusal, match="another than the one told"):
        accept_first(envelope.to_bytes(), fingerprint="00" * 32)


def test_the_first_root_needs_its_own_threshold() -> None:
    envelope = by(FIRST, A)
    with pytest.raises(Refusal, match="signed by 1 of the 2"):
        accept_first(envelope.to_bytes(), fingerprint=envelope.digest)


def test_the_next_root_needs_the_old_and_its_own_threshold() -> None:
    following = make_root([C, D], [S], version=2)
    assert accept_next(FIRST, by(following, A, C, D).to_bytes()) == following
    for signers in ((A, B), (C, D), (A, C), (A, D)):
        with pytest.raises(Refusal, match="of the 2 holders"):
            accept_next(FIRST, by(following, *signers).to_bytes())


def test_a_holder_who_was_removed_cannot_bring_himself_back() -> None:
    second = make_root([B, C], [S], version=2)
    third = make_root([A, D], [S], version=3)
    with pytest.raises(Refusal):
        accept_next(second, by(third, A, D).to_bytes())


@pytest.mark.parametrize("version", [1, 2])
def test_an_old_root_is_never_taken_again(version: int) -> None:
    current = make_root([A, B], [S], version=2)
    with pytest.raises(Refusal, match="never rolled back"):
        accept_next(current, by(replace(FIRST, version=version), A, B).to_bytes())


def test_versions_are_taken_in_order() -> None:
    with pytest.raises(Refusal, match="needs version 2 first"):
        accept_next(FIRST, by(replace(FIRST, version=3), A, B).to_bytes())


def test_an_expired_root_still_vouches_for_the_next() -> None:
    old = make_root([A, B], [S], lasts=timedelta(hours=1))
    following = make_root([A, B], [S], version=2)
    assert accept_next(old, by(following, A, B).to_bytes()) == following


def test_the_same_signer_twice_and_a_stranger_are_refused() -> None:
    following = make_root([A, B], [S], version=2)
    for signers, told in (((A, A), "same signer"), ((A, B, D), "unknown signer")):
        with pytest.raises(Refusal, match=told):
            accept_next(FIRST, by(following, *signers).to_bytes())


def test_a_root_that_could_not_sign_cannot_be_built() -> None:
    with pytest.raises(UnreadableInput, match="has 1 holders"):
        make_root([A], [S])
    with pytest.raises(UnreadableInput, match="two keys in the role"):
        make_root([A, B, key(" A ")], [S])
    for role in (Role.ROOT, Role.PERMIT):
        lone = RoleKeys(keys=FIRST.roles[role].keys, threshold=1)
        with pytest.raises(UnreadableInput, match="two people"):
            replace(FIRST, roles={**FIRST.roles, role: lone})
    with pytest.raises(UnreadableInput, match="does not hold"):
        replace(FIRST, keys={k.public.fingerprint: root_key(k) for k in (A, B, S)})
    with pytest.raises(UnreadableInput, match="ends before"):
        replace(FIRST, expires_at=FIRST.issued_at)


def test_only_those_concerned_may_sign_a_draft() -> None:
    following = make_root([C, D], [S], version=2)
    envelope = sign_root(following.envelope(), A, current=FIRST)
    envelope = sign_root(envelope, D, current=FIRST)
    with pytest.raises(Refusal, match="may not change the root"):
        sign_root(envelope, S, current=FIRST)
    with pytest.raises(Refusal, match="signed the draft of the root already"):
        sign_root(envelope, A, current=FIRST)
    with pytest.raises(Refusal, match="may not change the root"):
        sign_root(following.envelope(), A, current=None)


def test_a_retired_key_signs_no_root() -> None:
    rotated = make_root([B, C], [S], version=2, retired=[A], retired_at=NOW)
    assert set(rotated.signers(Role.ROOT)) == {B.public.fingerprint, C.public.fingerprint}
    with pytest.raises(Refusal):
        accept_next(rotated, by(replace(rotated, version=3), A, B).to_bytes())


GOOD = by(FIRST, A, B).to_bytes()
DIGEST = read_envelope(GOOD).digest


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(at: int, change: int) -> None:
    bad = bytearray(GOOD)
    bad[at] ^= change
    with pytest.raises(InsynError):
        accept_first(bytes(bad), fingerprint=DIGEST)


@given(st.binary(max_size=200))
def test_noise_is_no_root(content: bytes) -> None:
    with pytest.raises(UnreadableInput):
        accept_first(content, fingerprint="")
