"""Files of the office: kept in order, and not believed when someone has changed them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.permit_office import NOW, PERMIT_ID, Office, make_root

from insyn.base.errors import EnvironmentFailure, Refusal, UnreadableInput
from insyn.trust.keys.envelope import signed
from insyn.trust.keys.root import Root
from insyn.trust.permit.shelf import Shelf, read_seen, write_seen
from insyn.trust.permit.status import State, next_status, sign_status
from insyn.trust.permit.verify import LastSeen

OFFICE = Office()


def signed_root(root: Root, *, by: tuple[int, ...] = (0, 1)) -> bytes:
    envelope = root.envelope()
    for index in by:
        envelope = signed(envelope, OFFICE.approvers[index])
    return envelope.to_bytes()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path / "trust")
    content = signed_root(OFFICE.root)
    shelf.install_root(content, fingerprint=OFFICE.root.envelope().digest)
    return shelf


def keep_list(shelf: Shelf, state: State = State.ACTIVE) -> int:
    entry = OFFICE.entry(OFFICE.permit(), state)
    made = next_status(shelf.status(OFFICE.root), [entry], now=NOW, lasts=timedelta(days=9))
    shelf.keep_status(sign_status(made.envelope(), OFFICE.registrar, OFFICE.root), OFFICE.root)
    return made.number


def test_an_empty_shelf_says_what_to_do(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "none")
    with pytest.raises(EnvironmentFailure, match="insyn key root"):
        shelf.root()
    assert (shelf.status_file(), shelf.permit_ids()) == (None, [])
    with pytest.raises(Refusal, match="fingerprint"):
        shelf.install_root(signed_root(OFFICE.root))


def test_roots_are_walked_from_the_first(shelf: Shelf) -> None:
    second = make_root(OFFICE.approvers[1:], [OFFICE.registrar], version=2)
    shelf.install_root(signed_root(second, by=(1, 2)))
    assert shelf.root() == second
    with pytest.raises(Refusal, match="never rolled back"):
        shelf.install_root(signed_root(OFFICE.root))


def test_a_root_put_there_by_someone_else_is_not_believed(shelf: Shelf, tmp_path: Path) -> None:
    intruder = Office()
    forged = make_root(intruder.approvers, [intruder.registrar], version=2).envelope()
    for approver in intruder.approvers:
        forged = signed(forged, approver)
    (tmp_path / "trust" / "roots" / "2.json").write_bytes(forged.to_bytes())
    with pytest.raises(Refusal):
        shelf.root()


def test_a_permit_is_kept_once_and_only_when_complete(shelf: Shelf) -> None:
    with pytest.raises(Refusal, match="Fewer approvers"):
        shelf.keep_permit(signed(OFFICE.draft(), OFFICE.approvers[0]), OFFICE.root)
    permit = OFFICE.permit()
    shelf.keep_permit(permit, OFFICE.root)
    shelf.keep_permit(permit, OFFICE.root)
    with pytest.raises(Refusal, match="another permit"):
        shelf.keep_permit(OFFICE.permit(camera_cap=1), OFFICE.root)
    assert shelf.permit(PERMIT_ID) == permit
    assert shelf.permit_ids() == [PERMIT_ID]


@pytest.mark.parametrize("name", ["P-20260101-000000000000", "../roots/1", "", "1"])
def test_no_path_is_a_permit(shelf: Shelf, name: str) -> None:
    with pytest.raises(Refusal, match="no permit"):
        shelf.permit(name)


def test_lists_only_count_up(shelf: Shelf) -> None:
    assert [keep_list(shelf), keep_list(shelf, State.SUSPENDED)] == [1, 2]
    old = next_status(None, [], now=NOW, lasts=timedelta(days=9)).envelope()
    with pytest.raises(Refusal, match="not newer"):
        shelf.keep_status(sign_status(old, OFFICE.registrar, OFFICE.root), OFFICE.root)
    with pytest.raises(Refusal, match="too few holders"):
        shelf.keep_status(old, OFFICE.root)


def test_a_list_changed_on_the_disk_is_not_built_upon(shelf: Shelf, tmp_path: Path) -> None:
    keep_list(shelf, State.REVOKED)
    made = shelf.status(OFFICE.root)
    assert made is not None
    forged = replace(made, entries={PERMIT_ID: OFFICE.entry(OFFICE.permit())}).envelope()
    path = tmp_path / "trust" / "status" / "1.json"
    path.write_bytes(signed(forged, OFFICE.approvers[0]).to_bytes())
    with pytest.raises(Refusal, match="not signed by keys of the root"):
        shelf.status(OFFICE.root)


def test_what_was_seen_is_remembered_whole(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    assert read_seen(path) == LastSeen()
    seen = LastSeen(
        root_version=3, status_number=9, status_digest="ab" * 32, revoked=frozenset({PERMIT_ID})
    )
    write_seen(path, seen)
    assert read_seen(path) == seen
    path.write_bytes(b'{"root_version":0}\n')
    with pytest.raises(UnreadableInput, match="not as Insyn wrote it"):
        read_seen(path)
