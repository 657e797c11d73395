"""The next root, out of the one in force: keys added, retired and removed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from insyn.base.errors import UsageError
from insyn.trust.keys.keyfile import HeldKey
from insyn.trust.keys.root import Role, RoleKeys, Root, RootKey


def next_root(
    current: Root | None,
    *,
    approvers: Sequence[HeldKey] = (),
    status: Sequence[HeldKey] = (),
    retire: Iterable[str] = (),
    remove: Iterable[str] = (),
    threshold: int | None = None,
    status_threshold: int | None = None,
    now: datetime,
    lasts: timedelta = timedelta(days=365),
) -> Root:
    """Draft a root; nobody has signed it.

    Args:
        current: the root in force; None before the first.
        approvers: keys added for permits and changes of the root.
        status: keys added for status lists.
        retire: fingerprints of keys that sign nothing more; what they signed stays good.
        remove: fingerprints of lost or stolen keys; what they signed is good no more.
        threshold: approvers who must sign a permit, at least 2; None: as before, first 2.
        status_threshold: holders who must sign a status list; None: as before, first 1.
        now: becomes the issue time, and that of the retirements.
        lasts: until the root ends.

    Raises:
        UsageError: a fingerprint is not in the root.
        UnreadableInput: the set could not sign, or one holder would count twice.
    """
    now = now.replace(microsecond=0)  # as it is written, so that it reads back the same
    keys = {} if current is None else dict(current.keys)
    gone, resting = _known(remove, keys), _known(retire, keys)
    keys = {
        name: replace(key, retired_at=key.retired_at or now) if name in resting else key
        for name, key in keys.items()
        if name not in gone
    }
    for held in (*approvers, *status):
        keys[held.public.fingerprint] = RootKey(holder=held.holder, public=held.public)
    wanted = {
        Role.ROOT: _threshold(current, Role.ROOT),
        Role.PERMIT: threshold or _threshold(current, Role.PERMIT),
        Role.STATUS: status_threshold or _threshold(current, Role.STATUS),
    }
    added = {Role.ROOT: approvers, Role.PERMIT: approvers, Role.STATUS: status}
    return Root(
        version=1 if current is None else current.version + 1,
        issued_at=now,
        expires_at=now + lasts,
        keys=keys,
        roles={
            role: RoleKeys(
                keys=(_of(current, role) - gone) | {k.public.fingerprint for k in added[role]},
                threshold=wanted[role],
            )
            for role in Role
        },
    )


def _of(current: Root | None, role: Role) -> frozenset[str]:
    return frozenset() if current is None else current.roles[role].keys


def _threshold(current: Root | None, role: Role) -> int:
    if current is not None:
        return current.roles[role].threshold
    return 1 if role is Role.STATUS else 2


def _known(names: Iterable[str], keys: Mapping[str, RootKey]) -> frozenset[str]:
    found = frozenset("".join(name.split()).casefold() for name in names)
    if found - set(keys):
        raise UsageError("the root in force names no such key; see insyn key root show")
    return found
