import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async.values.constraints import CalendarDate, Items, Length, OneOf, Pattern, Range, Timestamp
from tests.values.json_values import JSON

TEXT = ("text in another form", "a day that no calendar has", "a time that no calendar has")
CONSTRAINTS = [
    Length(12, 19),
    Length(0, 3),
    Pattern("[a-z]+", "small letters"),
    CalendarDate(),
    Timestamp(),
    OneOf(("A", "B")),
]


@given(st.text(max_size=30))
def test_a_length_counts_characters(text):
    assert Length(12, 19).allows(text) == (12 <= len(text) <= 19)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (Length(36, 36), "36 characters"),
        (Length(0, 50), "at most 50 characters"),
        (Length(12, 19), "12 to 19 characters"),
        (OneOf(("A", "B")), "one of A, B"),
        (Pattern("[a-z]+", "small letters"), "small letters"),
        (Range(0, 0.5), "a number from 0 to 0.5"),
        (Items(2), "at most 2 entries"),
        (CalendarDate(), "a date as YYYY-MM-DD"),
        (Timestamp(), "a time as YYYY-MM-DD HH:mm:ss"),
    ],
)
def test_a_constraint_says_what_it_takes(constraint, expected):
    assert constraint.expected == expected


@pytest.mark.parametrize(
    ("value", "allowed"),
    [(0, True), (1, True), (0.5, True), (-0.1, False), (2, False), (math.nan, False), ("0.5", False), (None, False)],
)
def test_a_range_holds_both_its_ends(value, allowed):
    assert Range(0, 1).allows(value) is allowed
    assert allowed or Range(0, 1).describe(value) in ("a number outside", "text", "null")


@pytest.mark.parametrize(
    ("value", "allowed"), [([], True), ([1, 2], True), ((1,), True), ([1, 2, 3], False), ("ab", False), (None, False)]
)
def test_a_list_has_at_most_so_many_entries(value, allowed):
    assert Items(2).allows(value) is allowed
    assert allowed or Items(2).describe(value) in ("3 entries", "text", "null")


@pytest.mark.parametrize("text", ["abc\n", "\nabc", "aBc", "", "abc1"])
def test_a_pattern_holds_from_end_to_end(text):
    assert Pattern("[a-z]+", "small letters").allows("abc")
    assert not Pattern("[a-z]+", "small letters").allows(text)


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        (date(2024, 7, 1), True),
        ("2024-07-01", True),
        (datetime(2024, 7, 1, tzinfo=UTC), False),
        ("2024-02-30", False),
        ("01.07.2024", False),
        (20240701, False),
    ],
)
def test_a_calendar_date_is_a_date_or_its_text(value, allowed):
    assert CalendarDate().allows(value) is allowed


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        (datetime(2024, 7, 1, tzinfo=UTC), True),
        ("2024-07-01 15:27:15", True),
        ("2024-07-01T15:27:15", False),
        ("2024-07-01 15:27:15Z", False),
        ("2024-07-01", False),
        (date(2024, 7, 1), False),
    ],
)
def test_a_timestamp_is_a_time_or_its_documented_text(value, allowed):
    assert Timestamp().allows(value) is allowed


@given(st.sampled_from(CONSTRAINTS), JSON)
def test_arbitrary_values_are_allowed_or_described_and_never_quoted(constraint, value):
    if constraint.allows(value):
        assert isinstance(value, str)
        return
    described = constraint.describe(value)
    assert isinstance(described, str)
    if isinstance(value, str):
        assert described in (f"{len(value)} characters", "other characters", *TEXT, "another word")
