"""Signed JSON has one spelling, and a complaint never repeats a value."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.base.canonical import canonical_bytes
from insyn.base.errors import UnreadableInput
from insyn.trust.keys.envelope import read_envelope, seal
from insyn.trust.keys.strict import MAX_BYTES, Schema, moment, read_canonical, read_object

REFUSED = {
    "nothing": b"",
    "a list": b"[]",
    "a field twice": b'{"a":1,"a":1}',
    "a field twice, deep": b'{"b":{"a":1,"a":2}}',
    "a fraction": b'{"a":1.0}',
    "an exponent": b'{"a":1e2}',
    "not a number": b'{"a":NaN}',
    "infinity": b'{"a":Infinity}',
    "no UTF-8": b'{"a":"\xff"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "too deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too long": b'{"a":"' + b"x" * MAX_BYTES + b'"}',
    "a number beyond reading": b'{"a":' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_what_has_no_one_meaning_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableInput):
        read_object(content, "it")


@pytest.mark.parametrize(
    "content",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":"\\u0061"}',
        b'{"a":"\\ud800"}',
        b"{}\n",
        b'{"a":9007199254740992}',
    ],
)
def test_another_spelling_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableInput):
        read_canonical(content, "it")


SAFE = st.integers(-(2**53) + 1, 2**53 - 1)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), SAFE | st.booleans()))
def test_the_canonical_spelling_reads_back(value: dict[str, int]) -> None:
    assert read_canonical(canonical_bytes(value), "it") == value


def test_a_complaint_names_place_and_rule_and_not_the_value() -> None:
    schema = Schema(b'{"properties": {"people": {"items": {"type": "string", "maxLength": 3}}}}')
    assert schema.problem({"people": ["abc"]}) == ""
    told = schema.problem({"people": ["abc", "N. Nagonsson"]})
    assert told == "people[1] breaks maxLength 3"


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-23", "2026-11-23T09:47:00", "2026-11-23T09:47:00+00:00", "2026-02-30T00:00:00Z",
     "2026-11-23T09:47:60Z", "2026-11-23T9:47:00Z", "2026-11-23T09:47:00Z\n",
     "0000-01-01T00:00:00Z"],
)  # fmt: skip
def test_a_time_has_one_spelling(text: str) -> None:
    with pytest.raises(UnreadableInput):
        moment(text)


def test_a_time_is_aware() -> None:
    assert moment("2026-11-23T09:47:00Z") == datetime(2026, 11, 23, 9, 47, tzinfo=UTC)


def test_an_envelope_reads_back_as_it_was_written() -> None:
    envelope = seal(b"\x00\xff", "text/plain")
    assert read_envelope(envelope.to_bytes()) == envelope


@pytest.mark.parametrize(
    "changed",
    [{"payload": "AP9="}, {"payload": "AP-_"}, {"payload": "AP8"}, {"payload": "A P8="},
     {"more": 1}, {"signatures": [{"keyid": "a", "sig": "b"}]}, {"payloadType": ""},
     {"payload": "é"}],
)  # fmt: skip
def test_an_envelope_has_one_spelling(changed: dict[str, object]) -> None:
    record = json.loads(seal(b"\x00\xff", "text/plain").to_bytes()) | changed
    with pytest.raises(UnreadableInput):
        read_envelope(canonical_bytes(record) + b"\n")
