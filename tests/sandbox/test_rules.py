"""The rules of a review, one by one and without a server."""

from datetime import date

import pytest

from kycaid_async.sandbox.review.rules import Case, judge
from kycaid_async.values.decline_reasons import DeclineReason

TODAY = date(2025, 6, 15)


def reasons(**known) -> list[str]:
    return judge(Case(**{"type": "PASSPORT", "file_count": 1, "today": TODAY} | known))


def test_a_document_that_nothing_speaks_against_is_valid():
    assert reasons() == []


@pytest.mark.parametrize(("expiry", "expected"), [("2025-06-14", ["EXPIRED_DOCUMENT"]), ("2025-06-15", []), (None, [])])
def test_a_document_is_good_through_its_last_day(expiry, expected):
    assert reasons(fields={"expiry_date": expiry}) == expected


@pytest.mark.parametrize(
    ("dob", "expected"),
    [("2007-06-15", []), ("2007-06-16", ["AGE_RESTRICTION"]), ("2024-02-29", ["AGE_RESTRICTION"]), (None, [])],
)
def test_a_person_is_of_age_on_the_eighteenth_birthday(dob, expected):
    assert reasons(owner={"dob": dob}) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("PASSPORT", ["DOCUMENT_INCOMPLETE"]),
        ("GOVERNMENT_ID", ["DOCUMENT_INCOMPLETE"]),
        ("SELFIE_IMAGE", ["NO_SELFIE"]),
        ("ADDRESS_DOCUMENT", []),
        ("CREDIT_CARD", []),
    ],
)
def test_what_must_have_a_file_is_declined_without_one(kind, expected):
    assert reasons(type=kind, file_count=0) == expected


@pytest.mark.parametrize("flaw", [DeclineReason.DOCUMENT_DAMAGED, DeclineReason.BAD_QUALITY])
def test_a_flaw_of_a_file_is_a_reason(flaw):
    assert reasons(flaws=frozenset({flaw})) == [flaw]


def test_a_number_that_another_had_first_is_a_duplicate():
    assert reasons(number_is_taken=True) == ["DUPLICATE"]


def test_john_snow_always_passes_and_john_doe_never():
    bad = {"fields": {"expiry_date": "2001-01-01"}, "file_count": 0}
    assert reasons(owner={"first_name": "John", "last_name": "Snow"}, **bad) == []
    assert reasons(owner={"first_name": "JOHN", "last_name": "doe"}) == ["FAKE_DOCUMENT"]
    assert reasons(owner={"first_name": "John", "last_name": None}) == []


def test_all_reasons_are_given():
    found = reasons(
        fields={"expiry_date": "2001-01-01"},
        owner={"dob": "2020-01-01"},
        flaws=frozenset({DeclineReason.BAD_QUALITY}),
        number_is_taken=True,
    )
    assert found == ["BAD_QUALITY", "EXPIRED_DOCUMENT", "AGE_RESTRICTION", "DUPLICATE"]


def test_a_case_does_not_print_the_person():
    assert "Canary" not in repr(Case(type="PASSPORT", today=TODAY, owner={"a": "Canary"}, fields={"b": "Canary"}))
