"""The next root out of the one in force."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support.permit_office import NOW, key

from insyn.base.errors import UnreadableInput, UsageError
from insyn.trust.keys.keyfile import HeldKey, SigningKey
from insyn.trust.keys.public import grouped
from insyn.trust.keys.root import Role, read_root
from insyn.trust.keys.rotation import next_root

A, B, C, S = (key(name) for name in ("a", "b", "c", "s"))


def held(*keys: SigningKey) -> list[HeldKey]:
    return [HeldKey(holder=k.holder, public=k.public) for k in keys]


FIRST = next_root(None, approvers=held(A, B), status=held(S), now=NOW)


def test_the_first_root_holds_what_is_named() -> None:
    assert FIRST.version == 1
    assert FIRST.roles[Role.PERMIT].keys == {A.public.fingerprint, B.public.fingerprint}
    assert FIRST.roles[Role.STATUS].keys == {S.public.fingerprint}
    assert FIRST.expires_at == NOW + timedelta(days=365)


def test_a_drafted_root_reads_back_the_same_whatever_the_second() -> None:
    name = A.public.fingerprint
    now = NOW + timedelta(microseconds=7)
    drafted = next_root(FIRST, approvers=held(C), retire=[grouped(name).upper()], now=now)
    assert read_root(drafted.envelope()) == drafted
    assert drafted.keys[name].retired_at == NOW


def test_a_retirement_keeps_its_first_day() -> None:
    name = A.public.fingerprint
    second = next_root(FIRST, approvers=held(C), retire=[name], now=NOW)
    third = next_root(second, retire=[name], now=NOW + timedelta(days=9))
    assert (third.version, third.keys[name].retired_at) == (3, NOW)


def test_a_removed_key_is_gone_from_every_role() -> None:
    name = A.public.fingerprint
    second = next_root(FIRST, approvers=held(C), remove=[name], now=NOW)
    assert name not in second.keys
    assert all(name not in named.keys for named in second.roles.values())


def test_too_few_left_cannot_be_drafted() -> None:
    with pytest.raises(UnreadableInput, match="has 1 holders"):
        next_root(FIRST, retire=[A.public.fingerprint], now=NOW)
    with pytest.raises(UnreadableInput, match="asks for 3"):
        next_root(FIRST, threshold=3, now=NOW)


def test_thresholds_stay_unless_said() -> None:
    more = next_root(None, approvers=held(A, B, C), status=held(S), threshold=3, now=NOW)
    kept = next_root(more, status=held(key("t")), status_threshold=2, now=NOW)
    assert kept.roles[Role.PERMIT].threshold == 3
    again = next_root(kept, threshold=2, now=NOW)
    assert [again.roles[role].threshold for role in Role] == [2, 2, 2]


def test_a_holder_renews_by_a_new_key_and_the_old_retired() -> None:
    again = key("a")
    with pytest.raises(UnreadableInput, match="two keys"):
        next_root(FIRST, approvers=held(again), now=NOW)
    next_root(FIRST, approvers=held(again), retire=[A.public.fingerprint], now=NOW)


def test_an_unknown_fingerprint_is_named_as_such() -> None:
    with pytest.raises(UsageError, match="no such key"):
        next_root(FIRST, retire=["00"], now=NOW)
