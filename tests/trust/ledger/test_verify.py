"""An exported file that was tampered with: found, and named, with nothing but a public key."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ledger_desk import KEYS, SIGNER, thing

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import UsageError
from insyn.trust.ledger import tree
from insyn.trust.ledger.audit import Finding, Report
from insyn.trust.ledger.keyfile import FileSigner
from insyn.trust.ledger.leaf import kept
from insyn.trust.ledger.note import Checkpoint, sign
from insyn.trust.ledger.verify import FORMAT, verify_lines

SIZES = (4, 7, 12)
HEADER = 1 + len(SIZES)
"""Lines before the leaves."""


def _export() -> list[bytes]:
    """An export of twelve leaves and three checkpoints, written by hand and not by `export`."""
    from tests.support.ledger_desk import NOON

    frontier, leaves, notes = tree.Frontier(), [], []
    for number in range(SIZES[-1]):
        content = kept(thing(number), number, NOON, {}).to_bytes()
        hash_ = tree.hash_leaf(content)
        list(frontier.add(hash_))
        leaves.append(b'{"hash":"%s","leaf":%s}\n' % (hash_.hex().encode(), content))
        if number + 1 in SIZES:
            top = Checkpoint(origin=SIGNER.name, size=number + 1, root=frontier.root)
            notes.append(sign(top, SIGNER))
    head: Json = {"checkpoints": 3, "format": FORMAT, "origin": SIGNER.name, "size": 12}
    lines: list[Json] = [{"checkpoint": number, "note": note} for number, note in enumerate(notes)]
    return [canonical_bytes(item) + b"\n" for item in (head, *lines)] + leaves


EXPORT = _export()


def verified(lines: list[bytes]) -> Report:
    """What is found in these lines, cut again where line ends are, as a file is read."""
    return verify_lines(b"".join(lines).splitlines(keepends=True), KEYS)


def names(findings: tuple[Finding, ...]) -> list[tuple[str, int | None]]:
    return [(item.code, item.leaf) for item in findings]


def test_an_untouched_export_is_sound() -> None:
    report = verified(EXPORT)
    assert report.findings == ()
    assert (report.size, report.covered, report.checkpoints) == (12, 12, 3)
    assert report.origin == "example.org/ledger"


def _altered(number: int) -> list[bytes]:
    lines = list(EXPORT)
    lines[HEADER + number] = lines[HEADER + number].replace(b'"u-7"', b'"u-8"')
    return lines


def _rehashed(number: int) -> list[bytes]:
    lines = _altered(number)
    content = lines[HEADER + number][82:-2]
    hash_ = tree.hash_leaf(content).hex().encode()
    lines[HEADER + number] = b'{"hash":"%s","leaf":%s}\n' % (hash_, content)
    return lines


def _without(number: int, count: int = 1) -> list[bytes]:
    return EXPORT[: HEADER + number] + EXPORT[HEADER + number + count :]


def _swapped(number: int) -> list[bytes]:
    lines, place = list(EXPORT), HEADER + number
    lines[place], lines[place + 1] = lines[place + 1], lines[place]
    return lines


@pytest.mark.parametrize("number", range(12))
def test_an_altered_leaf_is_named(number: int) -> None:
    [finding] = verified(_altered(number)).findings
    assert (finding.code, finding.leaf) == ("leaf-altered", number)
    assert f"leaf {number} was altered; checkpoint" in finding.message


@pytest.mark.parametrize(("number", "span"), [(0, "0 to 3"), (5, "4 to 6"), (11, "7 to 11")])
def test_a_leaf_altered_with_its_hash_is_named_by_its_checkpoint(number: int, span: str) -> None:
    [finding] = verified(_rehashed(number)).findings
    assert finding.code == "checkpoint-inconsistent"
    assert f"of leaves {span}, one or more" in finding.message


def test_an_altered_hash_is_told_from_an_altered_leaf() -> None:
    lines = list(EXPORT)
    lines[HEADER + 5] = lines[HEADER + 5].replace(b'{"hash":"', b'{"hash":"0', 1)
    lines[HEADER + 5] = lines[HEADER + 5][:73] + lines[HEADER + 5][74:]
    [finding] = verified(lines).findings
    assert "the hash beside leaf 5 was altered; the leaf is as signed" in finding.message


@pytest.mark.parametrize("number", [0, 3, 7, 10])
def test_a_missing_leaf_is_named(number: int) -> None:
    assert names(verified(_without(number)).findings) == [("leaves-missing", number)]


def test_leaves_cut_from_the_end_are_named() -> None:
    [finding] = verified(_without(8, 4)).findings
    assert "leaves 8 to 11 are missing at the end" in finding.message


@pytest.mark.parametrize("number", [0, 5, 10])
def test_leaves_that_changed_places_are_named(number: int) -> None:
    assert names(verified(_swapped(number)).findings) == [("leaf-moved", number)]


def test_a_repeated_leaf_is_named() -> None:
    lines = [*EXPORT[: HEADER + 4], EXPORT[HEADER + 2], *EXPORT[HEADER + 4 :]]
    assert names(verified(lines).findings) == [("leaf-repeated", 2)]


def test_an_added_leaf_is_named() -> None:
    from tests.support.ledger_desk import NOON

    content = kept(thing(12), 12, NOON, {}).to_bytes()
    hash_ = tree.hash_leaf(content).hex().encode()
    lines = [*EXPORT, b'{"hash":"%s","leaf":%s}\n' % (hash_, content)]
    assert names(verified(lines).findings) == [("leaves-unsigned", 12)]


@pytest.mark.parametrize("number", range(3))
def test_an_altered_checkpoint_is_named(number: int) -> None:
    lines = list(EXPORT)
    row = json.loads(lines[1 + number])
    row["note"] = row["note"].replace("example.org/ledger\n", "example.org/ledges\n", 1)
    lines[1 + number] = canonical_bytes(row) + b"\n"
    found = verified(lines).findings
    assert found[0].checkpoint == number
    assert found[0].code == "checkpoint-altered"


def test_a_checkpoint_signed_by_another_key_is_not_believed() -> None:
    other = FileSigner("example.org/ledger", bytes(32))
    report = verify_lines(EXPORT, [other.public])
    assert report.covered == 0
    assert [item.code for item in report.findings].count("checkpoint-altered") == 3
    assert "unsigned" in [item.code for item in report.findings]


def test_a_signed_checkpoint_that_contradicts_the_leaves_is_named() -> None:
    lines = list(EXPORT)
    note = sign(Checkpoint(origin=SIGNER.name, size=7, root=bytes(32)), SIGNER)
    lines[2] = canonical_bytes({"checkpoint": 1, "note": note}) + b"\n"
    [finding] = verified(lines).findings
    assert (finding.code, finding.checkpoint) == ("checkpoint-inconsistent", 1)


def test_an_older_ledger_is_told_by_a_checkpoint_seen_earlier() -> None:
    newest = json.loads(EXPORT[3])["note"]
    head: Json = {"checkpoints": 2, "format": FORMAT, "origin": SIGNER.name, "size": 7}
    older = [canonical_bytes(head) + b"\n", *EXPORT[1:3], *EXPORT[HEADER : HEADER + 7]]
    assert verified(older).findings == ()
    [finding] = verify_lines(older, KEYS, seen=[newest]).findings
    assert "the checkpoint seen earlier covers them" in finding.message
    assert verify_lines(EXPORT, KEYS, seen=[newest]).findings == ()


def test_without_a_key_nothing_is_verified() -> None:
    with pytest.raises(UsageError, match="public key"):
        verify_lines(EXPORT, [])


CONTENT = b"".join(EXPORT)
ENDS = [len(b"".join(EXPORT[: place + 1])) for place in range(len(EXPORT))]


@settings(max_examples=400, deadline=None)
@given(place=st.integers(0, len(CONTENT) - 1), mask=st.integers(1, 255))
def test_one_flipped_byte_anywhere_is_found_and_named(place: int, mask: int) -> None:
    altered = bytearray(CONTENT)
    altered[place] ^= mask
    line = next(number for number, end in enumerate(ENDS) if place < end)
    findings = verified([bytes(altered)]).findings
    assert findings
    first = findings[0]
    if line == 0:
        assert first.line == 1 or first.code == "header-altered"
    elif line < HEADER:
        checkpoints = [item.checkpoint for item in findings]
        assert line - 1 in checkpoints or line in [item.line for item in findings]
    else:
        assert line - HEADER in [item.leaf for item in findings]


def _cut(draw: Callable[[int], int]) -> bytes:
    start = draw(len(CONTENT) - 1)
    return CONTENT[:start] + CONTENT[start + 1 + draw(60) :]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_bytes_cut_out_are_found(data: st.DataObject) -> None:
    assert verified([_cut(lambda top: data.draw(st.integers(0, top)))]).findings


@given(st.lists(st.binary(max_size=200) | st.sampled_from(EXPORT), max_size=12))
def test_nonsense_is_found_and_breaks_nothing(lines: list[bytes]) -> None:
    assert verify_lines(lines, KEYS).findings


def test_the_verifier_imports_no_database() -> None:
    code = (
        "import sys, insyn.trust.ledger.verify, insyn.trust.ledger.proofs;"
        "sys.exit(any(name.split('.')[0] in ('sqlalchemy', 'alembic') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
