"""The vault's folder at a site: its public key, and the custodians' shares under passphrases.

Always: a site has one vault for good, or recordings could not be opened any more; its shares change
hands by `share_anew`. Every made or changed share is a leaf.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from insyn.base.errors import Refusal, UnreadableInput
from insyn.base.files import exclusive, write_atomically
from insyn.site.directory import SiteDirectory
from insyn.site.vault import shares
from insyn.site.vault.public import VaultPublicKey, unwrap
from insyn.site.vault.recorded import record
from insyn.site.vault.shares import Point

PUBLIC = "public.hex"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def public_key(site: SiteDirectory) -> VaultPublicKey | None:
    """The vault's public key; None where the site has no vault, and so keeps no originals."""
    path = site.vault / PUBLIC
    try:
        return VaultPublicKey(raw=bytes.fromhex(path.read_text("ascii").strip()))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UnreadableInput(f"{path} is damaged; take it from a backup") from error


def require_none(site: SiteDirectory) -> None:
    """Refuse to make a vault where there is one.

    Raises:
        Refusal: the site has a vault.
    """
    if public_key(site) is not None:
        raise Refusal(
            "this site has a vault; its shares are changed (insyn site vault share), it is not "
            "made anew"
        )


def custodians(site: SiteDirectory) -> list[str]:
    """Who holds a share."""
    return sorted(path.stem for path in site.vault.glob("*.share"))


def needed(site: SiteDirectory) -> int:
    """How many must come together; 0 where there is no vault."""
    for path in site.vault.glob("*.share"):
        return int(str(shares.said_of(path.read_bytes())["needed"]))
    return 0


def make_vault(
    connection: sa.Connection,
    site: SiteDirectory,
    passphrases: Mapping[str, str],
    *,
    needed: int,
    who: str,
    now: datetime,
    cost: int = shares.STRONG_COST,
) -> VaultPublicKey:
    """Make the site's vault.

    Raises:
        Refusal: the site has one.
        UsageError: the custodians are too few, or a passphrase is short.
    """
    with exclusive(site.vault, ".vault.lock"):
        require_none(site)
        public, made = shares.new_vault(passphrases, needed=needed, cost=cost)
        _keep(site, made)
        write_atomically(site.vault / PUBLIC, public.raw.hex().encode() + b"\n")
    record(
        connection,
        "made",
        vault=public.fingerprint,
        custodians=sorted(passphrases),
        needed=needed,
        who=who,
        now=now,
    )
    return public


def share_vault_anew(
    connection: sa.Connection,
    site: SiteDirectory,
    points: Sequence[Point],
    passphrases: Mapping[str, str],
    *,
    needed: int,
    who: str,
    now: datetime,
    cost: int = shares.STRONG_COST,
) -> None:
    """Give the vault to other custodians, by enough of the old ones.

    Raises:
        Refusal: the points are too few or do not belong together, or there is no vault.
    """
    with exclusive(site.vault, ".vault.lock"):
        public = _required(site)
        made = shares.share_anew(points, public, passphrases, needed=needed, cost=cost)
        _keep(site, made)
        for path in site.vault.glob("*.share"):
            if path.stem not in made:
                path.unlink()
    record(
        connection,
        "shared-anew",
        vault=public.fingerprint,
        custodians=sorted(passphrases),
        needed=needed,
        who=who,
        now=now,
    )


def change_passphrase(
    connection: sa.Connection,
    site: SiteDirectory,
    custodian: str,
    old: str,
    new: str,
    *,
    now: datetime,
    cost: int = shares.STRONG_COST,
) -> None:
    """A custodian's share under another passphrase.

    Raises:
        Refusal: the old one is wrong, or they hold no share.
    """
    with exclusive(site.vault, ".vault.lock"):
        content = shares.change_passphrase(_share_of(site, custodian), old, new, cost=cost)
        write_atomically(site.vault / f"{custodian}.share", content)
        public = _required(site)
    record(
        connection,
        "passphrase-changed",
        vault=public.fingerprint,
        custodians=[custodian],
        needed=needed(site),
        who=custodian,
        now=now,
    )


def open_share(site: SiteDirectory, custodian: str, passphrase: str) -> Point:
    """A custodian's point, for a release.

    Raises:
        Refusal: the passphrase is wrong, or they hold no share.
    """
    return shares.open_share(_share_of(site, custodian), passphrase)


def opener(site: SiteDirectory, points: Sequence[Point]) -> partial[bytes]:
    """What unwraps data keys, from enough custodians' points: `(wrapped, recording) -> key`.

    Raises:
        Refusal: too few, the same custodian twice, or shares that do not belong together.
    """
    return partial(unwrap, shares.put_together(points, _required(site)))


def _share_of(site: SiteDirectory, custodian: str) -> bytes:
    path = site.vault / f"{custodian}.share"
    if _ID.fullmatch(custodian) is None or not path.exists():
        raise Refusal("you hold no share of this site's vault")
    return path.read_bytes()


def _required(site: SiteDirectory) -> VaultPublicKey:
    public = public_key(site)
    if public is None:
        raise Refusal("this site has no vault; make one (insyn site vault init)")
    return public


def _keep(site: SiteDirectory, made: Mapping[str, bytes]) -> None:
    for custodian, content in made.items():
        if _ID.fullmatch(custodian) is None:
            raise Refusal("a custodian's id holds letters, digits, dots and hyphens only")
        write_atomically(site.vault / f"{custodian}.share", content)
