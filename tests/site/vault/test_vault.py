"""The vault: who can open it, and everybody who cannot."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from insyn.base.errors import InsynError, Refusal, UnreadableInput, UsageError
from insyn.site.directory import SiteDirectory
from insyn.site.store import open_site
from insyn.site.vault import folder, shares
from insyn.site.vault.public import VaultPublicKey
from insyn.trust.store import Store

NOW = datetime(2026, 11, 24, tzinfo=UTC)
COST = 1 << 14
WORDS = {
    "u-a": "lantern under the stairs",
    "u-b": "nine geese went north",
    "u-c": "salt on the window sill",
}
KEY = b"k" * 32


@pytest.fixture(scope="module")
def vault() -> tuple[VaultPublicKey, dict[str, bytes]]:
    return shares.new_vault(WORDS, needed=2, cost=COST)


@pytest.fixture(scope="module")
def points(vault: tuple[VaultPublicKey, dict[str, bytes]]) -> dict[str, shares.Point]:
    return {who: shares.open_share(content, WORDS[who]) for who, content in vault[1].items()}


@pytest.mark.parametrize("pair", list(itertools.permutations(WORDS, 2)))
def test_any_two_open_what_was_sealed(
    vault: tuple[VaultPublicKey, dict[str, bytes]],
    points: dict[str, shares.Point],
    pair: tuple[str, str],
) -> None:
    from insyn.site.vault.public import unwrap

    private = shares.put_together([points[who] for who in pair], vault[0])
    assert unwrap(private, vault[0].wrap(KEY, "r-1"), "r-1") == KEY
    with pytest.raises(Refusal):
        unwrap(private, vault[0].wrap(KEY, "r-1"), "r-2")


def test_one_alone_or_the_same_twice_opens_nothing(
    vault: tuple[VaultPublicKey, dict[str, bytes]], points: dict[str, shares.Point]
) -> None:
    with pytest.raises(Refusal, match="2 custodians"):
        shares.put_together([points["u-a"]], vault[0])
    with pytest.raises(Refusal, match="twice"):
        shares.put_together([points["u-a"], points["u-a"]], vault[0])
    with pytest.raises(Refusal):
        shares.put_together([], vault[0])


def test_shares_of_two_vaults_do_not_mix(
    vault: tuple[VaultPublicKey, dict[str, bytes]], points: dict[str, shares.Point]
) -> None:
    _, others = shares.new_vault(WORDS, needed=2, cost=COST)
    theirs = shares.open_share(others["u-b"], WORDS["u-b"])
    with pytest.raises(Refusal, match="another vault"):
        shares.put_together([points["u-a"], theirs], vault[0])


def test_a_wrong_passphrase_opens_no_share(vault: tuple[VaultPublicKey, dict[str, bytes]]) -> None:
    with pytest.raises(Refusal, match="passphrase"):
        shares.open_share(vault[1]["u-a"], WORDS["u-b"])


def test_a_share_that_was_changed_anywhere_is_refused(
    vault: tuple[VaultPublicKey, dict[str, bytes]],
) -> None:
    content = vault[1]["u-a"]
    for at in range(0, len(content) - 1, 23):
        wrong = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        with pytest.raises(InsynError):
            shares.open_share(wrong, WORDS["u-a"])
    with pytest.raises(UnreadableInput):
        shares.open_share(content[:100], WORDS["u-a"])


def test_a_new_sharing_retires_the_old_shares(
    vault: tuple[VaultPublicKey, dict[str, bytes]], points: dict[str, shares.Point]
) -> None:
    words = {"u-a": "another lamp by the door", "u-d": "the cat sleeps until noon"}
    made = shares.share_anew([points["u-b"], points["u-c"]], vault[0], words, needed=2, cost=COST)
    new = {who: shares.open_share(content, words[who]) for who, content in made.items()}
    assert shares.put_together(list(new.values()), vault[0])
    with pytest.raises(Refusal, match="earlier"):
        shares.put_together([new["u-d"], points["u-b"]], vault[0])


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ({"u-a": WORDS["u-a"]}, 1),
        ({"u-a": WORDS["u-a"]}, 2),
        (WORDS, 1),
        (WORDS, 4),
        ({"u-a": "short", "u-b": WORDS["u-b"]}, 2),
        ({"u-a": WORDS["u-a"], "u-b": WORDS["u-a"]}, 2),
    ],
)
def test_one_person_is_no_vault(words: dict[str, str], needed: int) -> None:
    with pytest.raises(UsageError):
        shares.new_vault(words, needed=needed, cost=COST)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_site(SiteDirectory(root=tmp_path / "site")) as opened:
        yield opened


def test_a_site_has_one_vault_for_good(store: Store, tmp_path: Path) -> None:
    site = SiteDirectory(root=tmp_path / "site")
    assert folder.public_key(site) is None
    assert folder.needed(site) == 0
    with store.writing() as connection:
        public = folder.make_vault(connection, site, WORDS, needed=2, who="u-x", now=NOW, cost=COST)
    assert folder.public_key(site) == public
    assert folder.custodians(site) == sorted(WORDS)
    assert folder.needed(site) == 2
    with store.writing() as connection, pytest.raises(Refusal, match="has a vault"):
        folder.make_vault(connection, site, WORDS, needed=2, who="u-x", now=NOW, cost=COST)
    with store.writing() as connection:
        folder.change_passphrase(
            connection, site, "u-a", WORDS["u-a"], "a quite different one", now=NOW, cost=COST
        )
    opened = [
        folder.open_share(site, "u-a", "a quite different one"),
        folder.open_share(site, "u-b", WORDS["u-b"]),
    ]
    assert folder.opener(site, opened)(public.wrap(KEY, "r-9"), "r-9") == KEY
    with pytest.raises(Refusal, match="no share"):
        folder.open_share(site, "../site-key", "whatever it may be")
