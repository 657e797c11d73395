"""Keys in files: sealed, private, and refused when anything is wrong."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from insyn.base.canonical import canonical_bytes
from insyn.base.errors import EnvironmentFailure, InsynError, Refusal, UnreadableInput, UsageError
from insyn.trust.keys.keyfile import (
    MIN_COST,
    STRONG_COST,
    change_passphrase,
    make_key,
    open_key,
    public_file,
    read_held,
)

WORDS = "granit fjäril spade moln tegel"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "approver.key"


def make(path: Path) -> None:
    make_key(path, holder="approver-1", passphrase=WORDS, cost=MIN_COST)


def test_what_is_made_opens_and_signs(path: Path) -> None:
    made = make_key(path, holder="approver-1", passphrase=WORDS, cost=MIN_COST)
    key = open_key(path, WORDS)
    assert (key.public, key.holder) == (made.public, "approver-1")
    key.private.public_key().verify(key.private.sign(b"x"), b"x")


def test_the_usual_cost_is_the_strong_one(path: Path) -> None:
    make_key(path, holder="a", passphrase=WORDS)
    assert json.loads(path.read_bytes())["n"] == STRONG_COST
    assert open_key(path, WORDS).holder == "a"


def test_only_the_owner_may_read_it(path: Path) -> None:
    make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(EnvironmentFailure, match="chmod 600"):
        open_key(path, WORDS)


def test_a_wrong_passphrase_is_said_to_be_wrong(path: Path) -> None:
    make(path)
    with pytest.raises(Refusal, match="passphrase does not open") as refused:
        open_key(path, WORDS + "!")
    assert WORDS not in str(refused.value)


def test_the_same_words_typed_otherwise_are_the_same_passphrase(path: Path) -> None:
    make(path)
    assert open_key(path, WORDS.replace("ä", "a\N{COMBINING DIAERESIS}")).holder == "approver-1"


def test_a_key_is_never_overwritten(path: Path) -> None:
    make(path)
    before = path.read_bytes()
    with pytest.raises(EnvironmentFailure, match="File exists"):
        make(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("holder", "words", "error"),
    [("", WORDS, UsageError), ("a" * 65, WORDS, UsageError), ("a", "too short", Refusal)],
)
def test_a_weak_passphrase_is_refused_and_no_holder_is_wrong_usage(
    path: Path, holder: str, words: str, error: type[InsynError]
) -> None:
    with pytest.raises(error):
        make_key(path, holder=holder, passphrase=words, cost=MIN_COST)
    assert not path.exists()


def test_the_secret_shows_nowhere(path: Path) -> None:
    make(path)
    key = open_key(path, WORDS)
    secret = key.private.private_bytes_raw()
    assert secret not in path.read_bytes()
    assert secret.hex() not in path.read_text()
    assert "private" not in repr(key)


def test_a_changed_passphrase_opens_the_same_key(path: Path) -> None:
    make(path)
    before = open_key(path, WORDS).public
    change_passphrase(path, WORDS, "another long passphrase", cost=MIN_COST)
    assert open_key(path, "another long passphrase").public == before
    with pytest.raises(Refusal):
        open_key(path, WORDS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("field", "value"),
    [("holder", "approver-2"), ("public", "00" * 32), ("n", MIN_COST * 2), ("salt", "00" * 16)],
)
def test_an_altered_head_does_not_open(path: Path, field: str, value: str | int) -> None:
    make(path)
    record = json.loads(path.read_bytes()) | {field: value}
    path.write_bytes(canonical_bytes(record) + b"\n")
    with pytest.raises(Refusal):
        open_key(path, WORDS)


@pytest.mark.parametrize("cost", [2, MIN_COST + 1, 1 << 30])
def test_a_cost_out_of_bounds_is_refused_before_it_is_paid(path: Path, cost: int) -> None:
    make(path)
    record = json.loads(path.read_bytes()) | {"n": cost}
    path.write_bytes(canonical_bytes(record))
    with pytest.raises(UnreadableInput, match="cost"):
        open_key(path, WORDS)


def test_the_public_part_is_read_without_a_passphrase(path: Path) -> None:
    made = make_key(path, holder="Å. Prövare", passphrase=WORDS, cost=MIN_COST)
    public = path.with_suffix(".pub")
    public.write_bytes(public_file(made))
    assert read_held(path) == read_held(public) == made


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"nonsense", b'{"a":1,"a":2}', b"\xff"])
def test_another_file_is_no_key(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    for read in (read_held, lambda p: open_key(p, WORDS)):
        with pytest.raises(UnreadableInput):
            read(path)


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(InsynError, match=r"approver\.key"):
        open_key(path, WORDS)
