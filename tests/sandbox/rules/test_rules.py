"""The rules of a review, one by one and without a server."""

from datetime import date

import pytest

from kycaid_async.sandbox.rules.rules import RULES, Case, Look, Rule, judge
from kycaid_async.values.decline_reasons import DeclineReason

TODAY = date(2025, 6, 15)


def reasons(**known) -> list[str]:
    return judge(RULES, Case(**{"type": "PASSPORT", "files": (Look(),), "today": TODAY} | known))


def named(*names: str) -> tuple[Look, ...]:
    return tuple(Look(name=name) for name in names)


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
    assert reasons(type=kind, files=()) == expected


@pytest.mark.parametrize(
    ("look", "reason"),
    [
        (Look(is_damaged=True), "DOCUMENT_DAMAGED"),
        (Look(width=199, height=199), "BAD_QUALITY"),
        (Look(width=400, height=149), "BAD_QUALITY"),
        (Look(brightness=29.9), "BAD_QUALITY"),
        (Look(contrast=0.9), "BAD_QUALITY"),
        (Look(sharpness=0.014), "BAD_QUALITY"),
        (Look(software="GIMP 2.10"), "EDITED_DOCUMENT"),
    ],
    ids=str,
)
def test_a_flaw_of_a_file_is_a_reason(look, reason):
    assert reasons(files=(Look(), look)) == [reason]


def test_a_number_that_another_had_first_is_a_duplicate():
    assert reasons(number_is_taken=True) == ["DUPLICATE"]


def test_john_snow_always_passes_and_john_doe_never():
    bad = {"fields": {"expiry_date": "2001-01-01"}, "files": ()}
    assert reasons(owner={"first_name": "John", "last_name": "Snow"}, **bad) == []
    assert reasons(owner={"first_name": "JOHN", "last_name": "doe"}) == ["FAKE_DOCUMENT"]
    assert reasons(owner={"first_name": "John", "last_name": None}) == []


def test_all_reasons_are_given():
    found = reasons(
        fields={"expiry_date": "2001-01-01"},
        owner={"dob": "2020-01-01"},
        files=(Look(width=10, height=10, contrast=0.0),),
        number_is_taken=True,
    )
    assert found == ["BAD_QUALITY", "EXPIRED_DOCUMENT", "AGE_RESTRICTION", "DUPLICATE"]


def test_every_reason_is_given_by_a_rule():
    assert {rule.reason for rule in RULES} == set(DeclineReason)
    assert all(rule.name and rule.looks_at for rule in RULES)


@pytest.mark.parametrize("reason", DeclineReason)
def test_the_name_of_a_file_can_ask_for_any_reason(reason):
    assert reasons(files=named(f"declined-{reason}.jpg")) == [reason]
    assert reasons(files=named(f"page 2 declined-{reason.lower()}-front.jpg")) == [reason]


@pytest.mark.parametrize(
    "name", ["declined-NO_SUCH_REASON.jpg", "undeclined-OTHER.jpg", "declined.jpg", "OTHER.jpg", ""]
)
def test_other_names_of_files_ask_for_nothing(name):
    assert reasons(files=named(name)) == []


def test_the_names_of_several_files_ask_for_several_reasons():
    found = reasons(files=named("declined-OTHER+WRONG_NAME.jpg", "declined-COMPULSION.jpg"))
    assert set(found) == {"OTHER", "WRONG_NAME", "COMPULSION"}


@pytest.mark.parametrize(
    ("kind", "selfie", "faces", "expected"),
    [
        ("SELFIE_IMAGE", "face-anna.jpg", {"anna"}, []),
        ("SELFIE_IMAGE", "face-Anna.jpg", {"anna"}, []),
        ("SELFIE_IMAGE", "face-bert.jpg", {"anna"}, ["DIFFERENT_FACES"]),
        ("SELFIE_IMAGE", "face-bert.jpg", set(), []),
        ("SELFIE_IMAGE", "selfie.jpg", {"anna"}, []),
        ("SELFIE_IMAGE", "face-anna+bert.jpg", {"anna"}, ["MULTIPLE_PERSON"]),
        ("PASSPORT", "face-bert.jpg", {"anna"}, []),
    ],
)
def test_faces_are_told_by_the_names_of_files(kind, selfie, faces, expected):
    assert reasons(type=kind, files=named(selfie), faces=frozenset(faces)) == expected


@pytest.mark.parametrize("key", ["residence_country", "nationality", "registration_country"])
def test_an_owner_of_a_refused_country_is_declined(key):
    assert reasons(owner={key: "KP"}) == ["PROHIBITED_JURISDICTION"]
    assert reasons(owner={key: "kp"}) == ["PROHIBITED_JURISDICTION"]
    assert reasons(owner={key: "DE"}) == []
    assert reasons(owner={key: "DE"}, refused_countries=frozenset({"DE"})) == ["PROHIBITED_JURISDICTION"]


@pytest.mark.parametrize(("kind", "expected"), [("PASSPORT", ["DUPLICATE"]), ("SELFIE_IMAGE", ["DUPLICATE"])])
def test_the_file_of_another_is_a_duplicate(kind, expected):
    assert reasons(type=kind, content_is_taken=True) == expected


def test_two_people_may_have_the_same_bill():
    assert reasons(type="ADDRESS_DOCUMENT", content_is_taken=True) == []


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("Max", "Mustersanction", ["COMPROMISED_PERSON"]),
        ("Sam", "Selfban", ["COMPROMISED_PERSON"]),
        ("John", "Doe", ["COMPROMISED_PERSON"]),
        ("Erika", "Politica", []),
        ("John", "Snow", []),
        ("Jane", "Example", []),
    ],
)
def test_an_applicant_on_a_list_is_declined(first, last, expected):
    assert judge(RULES, Case(owner={"first_name": first, "last_name": last}, today=TODAY), "applicant") == expected


def test_somebody_who_only_shares_the_name_of_one_on_a_list_passes():
    owner = {"first_name": "Max", "last_name": "Mustersanction", "dob": "1999-09-09"}
    assert judge(RULES, Case(owner=owner, today=TODAY), "applicant") == []


def test_rules_of_ones_own_are_asked_about_what_they_are_for():
    own = Rule("no friday", "the day", DeclineReason.OTHER, lambda case: case.today.weekday() == 4, ("applicant",))
    friday = Case(today=date(2025, 6, 13))
    assert judge([own], friday, "applicant") == ["OTHER"]
    assert judge([own], friday) == []
    assert judge([own], Case(today=TODAY), "applicant") == []


def test_a_case_does_not_print_the_person():
    assert "Canary" not in repr(Case(type="PASSPORT", today=TODAY, owner={"a": "Canary"}, fields={"b": "Canary"}))
