import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async.values.mismatch import Mismatch
from kycaid_async.values.scalars import read_boolean, read_integer, read_number, read_text
from tests.values.json_values import JSON

READERS = [read_boolean, read_integer, read_number, read_text]


@given(st.integers(-(10**17), 10**17))
def test_whole_numbers_are_read_from_numbers_and_from_text(number):
    assert read_integer(number) == number
    assert read_integer(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_as_they_came(number):
    assert read_number(number) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0.0), ("14008.55", 14008.55), ("-1.5", -1.5), ("+3", 3.0), ("1e3", 1000.0), ("2E-1", 0.2)],
)
def test_numbers_are_read_from_text(text, number):
    assert read_number(text) == number


def test_a_whole_number_is_not_turned_into_a_float():
    assert type(read_number(5)) is int


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(True, True), (False, False), ("true", True), ("false", False), ("True", True), ("FALSE", False)],
)
def test_truth_values_are_read_from_booleans_and_their_words(raw, expected):
    assert read_boolean(raw) is expected


@pytest.mark.parametrize(
    ("reader", "raw"),
    [
        (read_integer, True),
        (read_integer, 1.0),
        (read_integer, "1.0"),
        (read_integer, ""),
        (read_integer, " 1"),
        (read_integer, "1_000"),
        (read_integer, "\u0661"),
        (read_integer, "unlimited"),
        (read_integer, "9" * 5000),
        (read_number, False),
        (read_number, math.nan),
        (read_number, math.inf),
        (read_number, "nan"),
        (read_number, "Infinity"),
        (read_number, "1e999"),
        (read_number, "1,5"),
        (read_number, "0x10"),
        (read_boolean, 0),
        (read_boolean, 1),
        (read_boolean, "0"),
        (read_boolean, "yes"),
        (read_boolean, ""),
        (read_text, 5),
        (read_text, True),
        (read_text, ["x"]),
        *((reader, None) for reader in READERS),
        *((reader, {}) for reader in READERS),
    ],
)
def test_what_only_resembles_is_a_mismatch(reader, raw):
    with pytest.raises(Mismatch):
        reader(raw)


@pytest.mark.parametrize(("reader", "kind"), list(zip(READERS, [bool, int, (int, float), str], strict=True)))
@given(raw=JSON)
def test_arbitrary_json_is_read_or_is_a_mismatch(reader, kind, raw):
    try:
        value = reader(raw)
    except Mismatch:
        return
    assert isinstance(value, kind)
    assert kind is bool or not isinstance(value, bool)


def test_a_mismatch_says_the_types_and_never_the_value():
    with pytest.raises(Mismatch) as caught:
        read_integer("4111111111111111x")
    assert str(caught.value) == "expected a whole number, got text"
