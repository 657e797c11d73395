"""Canonical JSON against RFC 8785's own cases, and the quick way against the library."""

from __future__ import annotations

import math
import struct
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from insyn.base.canonical import Json, canonical_bytes

# RFC 8785, appendix B: IEEE 754 double in hexadecimal, and its JSON. Compared with the copies of
# that table in other implementations' tests, not with the text of the RFC.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_a_number_is_written_as_the_rfc_writes_it(bits: str, text: str) -> None:
    [number] = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_bytes(number) == text.encode()


def as_ecmascript_writes(number: float) -> str:
    """Number::toString of ECMA-262, radix 10: the shortest digits, as repr has them, laid out."""
    # Besides, V8's JSON.stringify gave the bytes of `canonical_bytes` for 301,319 doubles, random
    # ones and edges (Node 20, November 2026).
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text, minus = "".join(map(str, digits)), "-" * sign
    k, n = len(text), len(text) + exponent
    if k <= n <= 21:
        return f"{minus}{text}{'0' * (n - k)}"
    if 0 < n <= 21:
        return f"{minus}{text[:n]}.{text[n:]}"
    if -6 < n <= 0:
        return f"{minus}0.{'0' * -n}{text}"
    point = "." if k > 1 else ""
    return f"{minus}{text[0]}{point}{text[1:]}e{n - 1:+d}"


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_the_rfc_writes_numbers_as_ecmascript_does(bits: str, text: str) -> None:
    [number] = struct.unpack(">d", bytes.fromhex(bits))
    assert as_ecmascript_writes(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_is_written_as_ecmascript_writes_it(number: float) -> None:
    assert canonical_bytes([number]).decode() == f"[{as_ecmascript_writes(number)}]"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 2**53, -(2**53)])
def test_a_number_that_the_rfc_cannot_write_is_refused(number: float) -> None:
    with pytest.raises(ValueError):
        canonical_bytes({"n": [number]})


def test_the_example_of_section_3_2_2() -> None:
    value: Json = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert (
        canonical_bytes(value)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_keys_are_sorted_as_utf_16_as_in_section_3_2_3() -> None:
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    text = canonical_bytes(value).decode()
    order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
    assert sorted(order, key=text.index) == order


_SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
_VALUES = st.recursive(
    _SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_the_quick_way_gives_the_bytes_of_the_library(value: Json) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


def test_half_a_surrogate_pair_has_a_form_all_the_same() -> None:
    assert canonical_bytes(["\ud800"]) == b'["\xed\xa0\x80"]'
