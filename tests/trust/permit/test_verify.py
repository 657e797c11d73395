"""Every way in which a permit is not good, each with its own reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.permit_office import NOW, PERMIT_ID, Office, key, make_root, unchecked

from insyn.base.canonical import canonical_bytes
from insyn.trust.keys.envelope import Envelope, read_envelope, signed
from insyn.trust.keys.root import CLOCK_SKEW, Role, Root
from insyn.trust.permit.issue import sign_permit
from insyn.trust.permit.model import PAYLOAD_TYPE, read_permit
from insyn.trust.permit.reasons import Reason, Standing
from insyn.trust.permit.status import State, StatusList, read_status
from insyn.trust.permit.verify import LastSeen

OFFICE = Office()
FIRST, SECOND, THIRD = OFFICE.approvers
PERMIT = OFFICE.permit()
STATUS = OFFICE.status(OFFICE.entry(PERMIT))
DAY = timedelta(days=1)
IN_USE = datetime(2027, 1, 10, tzinfo=UTC)
BEGIN = datetime(2026, 12, 1, tzinfo=UTC)
END = datetime(2027, 12, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the site has when it asks; by default a good permit in good time."""

    permit: Envelope | bytes = PERMIT
    status: bytes | None = STATUS
    now: datetime = IN_USE
    seen: LastSeen | None = None
    root: Root = OFFICE.root


def statement(**changed: Any) -> Envelope:
    """A statement with these fields, signed by two approvers, whatever it says."""
    return unchecked(
        canonical_bytes({**read_permit(PERMIT).to_json(), **changed}),
        FIRST,
        SECOND,
        payload_type=PAYLOAD_TYPE,
    )


def said(**changed: Any) -> Envelope:
    """A permit whose predicate says this, signed by two approvers."""
    predicate = read_permit(PERMIT).to_json()["predicate"]
    assert isinstance(predicate, dict)
    return statement(predicate={**predicate, **changed})


def relisted(number: int) -> bytes:
    """A list with the permit, of this number."""
    made = StatusList(
        number=number,
        issued_at=datetime(2026, 12, 24, tzinfo=UTC),
        next_update=datetime(2027, 1, 23, tzinfo=UTC),
        entries={PERMIT_ID: OFFICE.entry(PERMIT)},
    )
    return signed(made.envelope(), OFFICE.registrar).to_bytes()


def for_year(year: int, **changed: Any) -> bytes:
    """A fresh list at the beginning of December of this year."""
    return OFFICE.status(OFFICE.entry(PERMIT), at=datetime(year, 11, 30, tzinfo=UTC), **changed)


def two_keys_of_one_holder() -> Case:
    old, new = key("Approver-1"), key("approver-1")
    root = make_root(
        [new, SECOND], [OFFICE.registrar], retired=[old], retired_at=NOW + DAY, version=2
    )
    return Case(permit=signed(signed(OFFICE.draft(), old), new), root=root)


def retired_before_the_draft() -> Case:
    root = make_root(
        [SECOND, THIRD], [OFFICE.registrar], retired=[FIRST], retired_at=NOW - DAY, version=2
    )
    return Case(root=root)


def broken_signature() -> Envelope:
    second = PERMIT.signatures[1]
    wrong = replace(second, signature=bytes(64))
    return replace(PERMIT, signatures=(PERMIT.signatures[0], wrong))


def altered(old: bytes, new: bytes) -> Envelope:
    assert old in PERMIT.payload
    return replace(PERMIT, payload=PERMIT.payload.replace(old, new))


OTHER = Office(approvers=OFFICE.approvers, registrar=OFFICE.registrar)
STANDINGS = {state: OFFICE.status(OFFICE.entry(PERMIT, state)) for state in State}

CASES: list[tuple[str, Reason, Callable[[], Case]]] = [
    ("good", Reason.VALID, lambda: Case()),
    ("on its first second", Reason.VALID, lambda: Case(status=for_year(2026), now=BEGIN)),
    (
        "with a clock a little behind",
        Reason.VALID,
        lambda: Case(status=for_year(2026), now=BEGIN - CLOCK_SKEW),
    ),
    (
        "in its last second",
        Reason.VALID,
        lambda: Case(status=for_year(2027), now=END - timedelta(seconds=1)),
    ),
    (
        "signed by all three",
        Reason.VALID,
        lambda: Case(permit=sign_permit(PERMIT, THIRD, root=OFFICE.root, now=NOW)),
    ),
    (
        "an approver's key was retired later",
        Reason.VALID,
        lambda: Case(
            root=make_root(
                [SECOND, THIRD], [OFFICE.registrar], retired=[FIRST], retired_at=NOW + DAY
            )
        ),
    ),
    ("nothing", Reason.MALFORMED, lambda: Case(permit=b"")),
    ("cut", Reason.MALFORMED, lambda: Case(permit=PERMIT.to_bytes()[:-1])),
    ("spelt otherwise", Reason.MALFORMED, lambda: Case(permit=b" " + PERMIT.to_bytes())),
    ("not signed", Reason.TOO_FEW_SIGNATURES, lambda: Case(permit=OFFICE.draft())),
    (
        "one signature only",
        Reason.TOO_FEW_SIGNATURES,
        lambda: Case(permit=signed(OFFICE.draft(), FIRST)),
    ),
    (
        "the same signature twice",
        Reason.SAME_SIGNER,
        lambda: Case(permit=replace(PERMIT, signatures=(PERMIT.signatures[0],) * 2)),
    ),
    (
        "the same key twice beside another",
        Reason.SAME_SIGNER,
        lambda: Case(permit=signed(PERMIT, FIRST)),
    ),
    ("two keys of one holder", Reason.SAME_SIGNER, two_keys_of_one_holder),
    (
        "a stranger for the second",
        Reason.UNKNOWN_SIGNER,
        lambda: Case(permit=signed(signed(OFFICE.draft(), FIRST), OFFICE.stranger)),
    ),
    (
        "a stranger beside two approvers",
        Reason.UNKNOWN_SIGNER,
        lambda: Case(permit=signed(PERMIT, OFFICE.stranger)),
    ),
    (
        "the registrar for the second",
        Reason.UNKNOWN_SIGNER,
        lambda: Case(permit=signed(signed(OFFICE.draft(), FIRST), OFFICE.registrar)),
    ),
    ("a retired approver", Reason.RETIRED_SIGNER, retired_before_the_draft),
    ("one signature broken", Reason.SIGNATURE_WRONG, lambda: Case(permit=broken_signature())),
    (
        "the signatures changed places",
        Reason.ALTERED,
        lambda: Case(
            permit=replace(
                PERMIT,
                signatures=tuple(
                    replace(a, signature=b.signature)
                    for a, b in zip(PERMIT.signatures, PERMIT.signatures[::-1], strict=True)
                ),
            )
        ),
    ),
    (
        "the cap changed after signing",
        Reason.ALTERED,
        lambda: Case(permit=altered(b'"camera_cap":48', b'"camera_cap":84')),
    ),
    (
        "the payload type changed after signing",
        Reason.ALTERED,
        lambda: Case(permit=replace(PERMIT, payload_type="application/json")),
    ),
    (
        "another predicate",
        Reason.WRONG_PREDICATE,
        lambda: Case(permit=statement(predicateType="x")),
    ),
    (
        "another payload type, well signed",
        Reason.WRONG_PREDICATE,
        lambda: Case(
            permit=unchecked(PERMIT.payload, FIRST, SECOND, payload_type="application/json")
        ),
    ),
    ("a cap of 513", Reason.CAP_OVER_LIMIT, lambda: Case(permit=said(camera_cap=513))),
    ("a cap of none", Reason.SCHEMA, lambda: Case(permit=said(camera_cap=0))),
    ("an unknown field", Reason.SCHEMA, lambda: Case(permit=said(face_search=False))),
    ("a field of the statement", Reason.SCHEMA, lambda: Case(permit=statement(more=1))),
    (
        "a payload that is not canonical",
        Reason.SCHEMA,
        lambda: Case(
            permit=unchecked(PERMIT.payload + b" ", FIRST, SECOND, payload_type=PAYLOAD_TYPE)
        ),
    ),
    ("another site's", Reason.OTHER_SITE, lambda: Case(permit=OTHER.permit())),
    (
        "the root rolled back",
        Reason.ROOT_ROLLED_BACK,
        lambda: Case(seen=LastSeen(root_version=2)),
    ),
    ("the root ended", Reason.ROOT_EXPIRED, lambda: Case(now=OFFICE.root.expires_at)),
    (
        "a clock before the root",
        Reason.CLOCK_BEHIND,
        lambda: Case(now=OFFICE.root.issued_at - CLOCK_SKEW - timedelta(seconds=1)),
    ),
    (
        "a clock before the list",
        Reason.CLOCK_BEHIND,
        lambda: Case(now=datetime(2026, 12, 23, tzinfo=UTC)),
    ),
    (
        "too early",
        Reason.NOT_YET_VALID,
        lambda: Case(status=for_year(2026), now=BEGIN - CLOCK_SKEW - timedelta(seconds=1)),
    ),
    ("on its last day", Reason.EXPIRED_IN_GRACE, lambda: Case(status=for_year(2027), now=END)),
    (
        "in the last second of grace",
        Reason.EXPIRED_IN_GRACE,
        lambda: Case(status=for_year(2027), now=END + 14 * DAY - timedelta(seconds=1)),
    ),
    ("after its grace", Reason.EXPIRED, lambda: Case(status=for_year(2027), now=END + 14 * DAY)),
    ("no list", Reason.STATUS_MISSING, lambda: Case(status=None)),
    ("no list of ours", Reason.STATUS_MALFORMED, lambda: Case(status=b"{}\n")),
    (
        "a permit as list",
        Reason.STATUS_UNTRUSTED,
        lambda: Case(status=PERMIT.to_bytes()),
    ),
    (
        "a list that breaks its format",
        Reason.STATUS_MALFORMED,
        lambda: Case(status=unchecked(b"{}", OFFICE.registrar, payload_type="x").to_bytes()),
    ),
    (
        "a list signed by an approver",
        Reason.STATUS_UNTRUSTED,
        lambda: Case(status=resigned(FIRST).to_bytes()),
    ),
    (
        "a list signed by nobody",
        Reason.STATUS_UNTRUSTED,
        lambda: Case(status=resigned().to_bytes()),
    ),
    (
        "the list rolled back",
        Reason.STATUS_ROLLED_BACK,
        lambda: Case(status=relisted(4), seen=LastSeen(status_number=5)),
    ),
    (
        "another list of the same number",
        Reason.STATUS_SPLIT,
        lambda: Case(status=relisted(4), seen=LastSeen(status_number=4, status_digest="00" * 32)),
    ),
    (
        "a list past its update",
        Reason.STATUS_IN_GRACE,
        lambda: Case(now=datetime(2027, 1, 23, tzinfo=UTC)),
    ),
    (
        "a list past its update and the grace",
        Reason.STATUS_TOO_OLD,
        lambda: Case(now=datetime(2027, 2, 6, tzinfo=UTC)),
    ),
    ("not listed", Reason.NOT_LISTED, lambda: Case(status=OFFICE.status())),
    (
        "listed with other content",
        Reason.LISTED_OTHERWISE,
        lambda: Case(permit=OFFICE.permit(camera_cap=49)),
    ),
    ("suspended", Reason.SUSPENDED, lambda: Case(status=STANDINGS[State.SUSPENDED])),
    ("revoked", Reason.REVOKED, lambda: Case(status=STANDINGS[State.REVOKED])),
    (
        "revoked once, then listed as active",
        Reason.REVOKED,
        lambda: Case(seen=LastSeen(revoked=frozenset({PERMIT_ID}))),
    ),
]


def resigned(*keys: Any) -> Envelope:
    """The list again, signed by these alone."""
    listed = StatusList(
        number=1, issued_at=NOW, next_update=NOW + DAY, entries={PERMIT_ID: OFFICE.entry(PERMIT)}
    ).envelope()
    for each in keys:
        listed = signed(listed, each)
    return listed


@pytest.mark.parametrize(("name", "reason", "made"), CASES, ids=[case[0] for case in CASES])
def test_the_verdict_and_its_reason(name: str, reason: Reason, made: Callable[[], Case]) -> None:
    case = made()
    verdict = OFFICE.judge(case.permit, case.status, case.now, case.seen, case.root)
    assert verdict.reason is reason, verdict.detail
    assert verdict.standing is reason.standing


def test_every_reason_has_a_case_and_a_sentence_of_its_own() -> None:
    assert {case[1] for case in CASES} == set(Reason)
    assert (
        len({reason.sentence for reason in Reason}) == len({r.code for r in Reason}) == len(Reason)
    )
    for reason in Reason:
        assert reason.sentence.endswith(".")


def test_only_one_reason_is_the_best_case() -> None:
    assert [r for r in Reason if r.standing is Standing.VALID] == [Reason.VALID]


def test_a_good_verdict_tells_the_permit_and_what_to_remember() -> None:
    verdict = OFFICE.judge(PERMIT, relisted(7), IN_USE)
    assert verdict.permit is not None
    assert verdict.permit.camera_cap == 48
    assert (verdict.seen.root_version, verdict.seen.status_number) == (1, 7)
    again = OFFICE.judge(PERMIT, relisted(7), IN_USE, verdict.seen)
    assert (again.reason, again.seen) == (Reason.VALID, verdict.seen)
    assert OFFICE.judge(PERMIT, relisted(6), IN_USE, again.seen).reason is Reason.STATUS_ROLLED_BACK


def test_a_revocation_is_remembered_though_a_later_list_takes_it_back() -> None:
    seen = OFFICE.judge(PERMIT, STANDINGS[State.REVOKED], IN_USE).seen
    assert seen.revoked == {PERMIT_ID}
    assert OFFICE.judge(PERMIT, relisted(2), IN_USE, seen).reason is Reason.REVOKED


def test_a_list_that_is_not_believed_is_not_remembered() -> None:
    for bad in (None, b"", resigned(FIRST).to_bytes()):
        assert OFFICE.judge(PERMIT, bad, IN_USE).seen == LastSeen(root_version=1)


def test_what_was_altered_is_not_shown_as_a_permit() -> None:
    verdict = OFFICE.judge(altered(b'"camera_cap":48', b'"camera_cap":84'), STATUS, IN_USE)
    assert verdict.permit is None


def test_a_renewed_list_ends_a_suspension() -> None:
    suspended = read_status_file(STANDINGS[State.SUSPENDED])
    renewed = OFFICE.status(OFFICE.entry(PERMIT), after=suspended)
    seen = OFFICE.judge(PERMIT, STANDINGS[State.SUSPENDED], IN_USE).seen
    assert OFFICE.judge(PERMIT, renewed, IN_USE, seen).reason is Reason.VALID


def test_a_threshold_of_three_is_not_met_by_two() -> None:
    roles = OFFICE.root.roles
    three = replace(roles[Role.PERMIT], threshold=3)
    root = replace(OFFICE.root, roles={**roles, Role.PERMIT: three})
    verdict = OFFICE.judge(PERMIT, STATUS, IN_USE, root=root)
    assert (verdict.reason, verdict.detail) == (Reason.TOO_FEW_SIGNATURES, "2 of 3")


def read_status_file(content: bytes) -> StatusList:
    return read_status(read_envelope(content))


CONTENT = PERMIT.to_bytes()


@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_any_single_changed_byte_is_refused(at: int, change: int) -> None:
    bad = bytearray(CONTENT)
    bad[at] ^= change
    assert OFFICE.judge(bytes(bad), STATUS, IN_USE).standing is Standing.REFUSED


def test_every_flipped_lowest_bit_is_refused() -> None:
    for at in range(0, len(CONTENT), 3):
        bad = bytearray(CONTENT)
        bad[at] ^= 1
        assert OFFICE.judge(bytes(bad), STATUS, IN_USE).standing is Standing.REFUSED


@given(st.integers(0, len(STATUS) - 1), st.integers(1, 255))
def test_any_single_changed_byte_of_the_list_is_refused(at: int, change: int) -> None:
    bad = bytearray(STATUS)
    bad[at] ^= change
    verdict = OFFICE.judge(PERMIT, bytes(bad), IN_USE)
    assert verdict.standing is Standing.REFUSED
    assert verdict.seen.status_number == 0


@given(st.binary(max_size=300))
def test_noise_never_raises(content: bytes) -> None:
    assert OFFICE.judge(content, content, IN_USE).reason is Reason.MALFORMED


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.sampled_from(["_type", "subject", "predicateType", "predicate"]), ANY_JSON)
def test_whatever_two_approvers_sign_never_raises(field: str, value: Any) -> None:
    """Also a well-signed envelope is no permit unless it says what a permit says."""
    value = {**read_permit(PERMIT).to_json(), field: value}
    try:
        payload = canonical_bytes(value)
    except ValueError:
        payload = json.dumps(value).encode()
    content = unchecked(payload, FIRST, SECOND, payload_type=PAYLOAD_TYPE)
    assert OFFICE.judge(content, STATUS, IN_USE).standing is Standing.REFUSED
    content = unchecked(payload, OFFICE.registrar, payload_type=PAYLOAD_TYPE)
    assert OFFICE.judge(PERMIT, content.to_bytes(), IN_USE).reason is Reason.STATUS_MALFORMED


@given(st.integers(0, 700 * 24))
def test_time_only_makes_it_worse_once_it_began(hours: int) -> None:
    """From its beginning on, and with the same list, a permit never gets better by itself."""
    order = [Standing.VALID, Standing.IN_GRACE, Standing.REFUSED]
    moment = IN_USE + timedelta(hours=hours)
    now = OFFICE.judge(PERMIT, STATUS, moment).standing
    later = OFFICE.judge(PERMIT, STATUS, moment + DAY).standing
    assert order.index(later) >= order.index(now)
