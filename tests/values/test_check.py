"""Every limit of the reference on every field of every request, in one table per section."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async import (
    AffiliatedPersonAddress,
    ApplicantDocument,
    ApplicantUpdate,
    Company,
    CompanyAddress,
    CreditCard,
    DocumentType,
    DocumentUpdate,
    IncomeSource,
    Person,
    PersonAddress,
)
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.values.check import check_request, check_values
from kycaid_async.values.fields import fields_of
from kycaid_async.values.model import Request, request
from tests.values.json_values import JSON

ID = "723f46ab04feb64f442946f2953a67eaecf7"
NOON = datetime(2024, 11, 16, 14, 22, 54, tzinfo=UTC)


def length(minimum, maximum, letter="x"):
    """Good and bad values of a text field of so many characters."""
    short = [letter * (minimum - 1)] if minimum else []
    good = [letter * minimum, letter * maximum]
    return good, [*short, letter * (maximum + 1), 5, True, b"x" * minimum, [letter * maximum], {}]


DATE = (
    ["2020-11-04", date(2020, 11, 4)],
    ["2020-11-4", "20201104", "04.11.2020", "2020-02-30", "2020-11-04 00:00:00", "", NOON, 20201104],
)
TIME = (
    ["2024-11-16 14:22:54", NOON],
    [
        "2024-11-16",
        "2024-11-16T14:22:54",
        "2024-11-16 25:00:00",
        "2024-11-16 14:22:54Z",
        "",
        date(2024, 11, 16),
        1731766974,
    ],
)
FILE_ID = length(36, 36)
COUNTRY = length(2, 2)
NAME = (
    ["J", "Anne-Marie O'Neil, Jr.", "x" * 64],
    ["", "x" * 65, "Jan1", "Zoë", "Иван", "Jane\n", "a_b", 5],
)
EMAIL = (
    ["a@b", "jane@example.com", "j" * 242 + "@example.com"],
    ["", "jane", "@example.com", "jane@", "ja ne@example.com", "a@b@c", "j" * 243 + "@example.com", 5],
)
TEXT = (["", "x" * 1000], [5, b"x", ["x"]])
KIND = (["PERSON", "COMPANY"], [5, None, "FOUNDATION"])

DOCUMENTS = {
    "applicant_id": FILE_ID,
    "affiliated_person_id": FILE_ID,
    "type": (["CREDIT_CARD", DocumentType.VIDEO], [5, None, ["VIDEO"], "VEHICLE_PASSPORT", "passport"]),
    "document_number": length(0, 50),
    "additional_number": length(0, 50),
    "issue_date": DATE,
    "expiry_date": DATE,
    "issuing_authority": length(0, 255),
    "income_sources": (
        [[], ["SAVINGS", "OTHER"], (IncomeSource.LOAN,)],
        ["SAVINGS", [5], [None], {"SAVINGS": 1}, None, ["LOTTERY"]],
    ),
    "annual_income": (["ANNUAL_INCOME_GROUP_2"], [2, ["ANNUAL_INCOME_GROUP_2"], "ANNUAL_INCOME_GROUP_5"]),
    "transaction_amount": ([14008.55, 0, -5], ["14008.55", True, math.nan, math.inf, Decimal(1), 10**400]),
    "transaction_currency": length(0, 3),
    "transaction_datetime": TIME,
    "transaction_purpose": length(0, 255),
    "origin_funds": length(0, 255),
    "card_number": length(12, 19),
    "account_number": length(0, 50),
    "front_side_id": FILE_ID,
    "back_side_id": FILE_ID,
    "other_side_1_id": FILE_ID,
    "other_side_2_id": FILE_ID,
    "other_side_3_id": FILE_ID,
}
APPLICANTS = {
    "type": KIND,
    "first_name": NAME,
    "middle_name": NAME,
    "last_name": NAME,
    "dob": DATE,
    "gender": (["M", "F"], [5, True, "m"]),
    "pep": ([True, False], ["true", 1, 0]),
    "residence_country": COUNTRY,
    "nationality": COUNTRY,
    "company_name": TEXT,
    "registration_country": COUNTRY,
    "business_activity_id": FILE_ID,
    "registration_number": TEXT,
    "phone": length(1, 15),
    "email": EMAIL,
    "telegram_username": length(1, 32),
    "wallet_address": length(1, 50),
    "external_applicant_id": length(0, 50),
    **{f"custom_field_{n}": length(1, 2048) for n in range(1, 6)},
}
ADDRESSES = {
    "applicant_id": FILE_ID,
    "affiliated_person_id": FILE_ID,
    "type": (["REGISTERED", "ADDITIONAL"], [5, None, "HOME"]),
    "full_address": length(1, 255),
    "country": COUNTRY,
    "postal_code": length(1, 20),
    "building_number": length(1, 20),
    "unit_number": length(1, 20),
    **dict.fromkeys(["state", "region", "province", "city", "district", "address", "street_name"], length(1, 50)),
}
TABLES = {"documents": DOCUMENTS, "applicants": APPLICANTS, "addresses": ADDRESSES}
NOT_NULL = {
    "applicant_id",
    "affiliated_person_id",
    "type",
    "income_sources",
    "company_name",
    "registration_country",
    "business_activity_id",
}
REQUIRED = {"applicant_id": ID, "affiliated_person_id": ID, "type": "REGISTERED", "company_name": "Example Ltd"} | {
    "registration_country": "GB",
    "business_activity_id": ID,
}

MODELS = [(endpoint.name.partition(".")[0], model) for endpoint in ENDPOINTS.values() for model in endpoint.accepts] + [
    ("documents", ApplicantDocument)
]
FIELDS = [
    pytest.param(TABLES[section], model, field.name, id=f"{model.__name__}.{field.name}")
    for section, model in MODELS
    for field in fields_of(model)
    if field.name in TABLES.get(section, ())
]


def problems_of(model, name, value):
    required = {f.name: REQUIRED[f.name] for f in fields_of(model) if f.required}
    return check_values(model, {**required, **fixed_type(model), name: value})


def fixed_type(model):
    """The first word of the list of types."""
    types = {f.name: f for f in fields_of(model)}["type"].types
    return {"type": next(iter(types[0]))}


@pytest.mark.parametrize(("section", "model"), MODELS)
def test_every_field_of_every_request_is_in_the_table_of_its_section(section, model):
    """A new section or field needs an entry above."""
    assert [f.name for f in fields_of(model) if f.name not in TABLES.get(section, ())] == []


@pytest.mark.parametrize(("table", "model", "name"), FIELDS)
def test_every_field_takes_what_the_reference_allows_and_nothing_else(table, model, name):
    good, bad = table[name]
    for value in good:
        assert problems_of(model, name, value) == []
    for value in bad:
        (problem,) = problems_of(model, name, value)
        assert problem.field == name


@pytest.mark.parametrize(("table", "model", "name"), FIELDS)
def test_null_is_taken_where_the_reference_says_so(table, model, name):
    nullable = name not in NOT_NULL
    assert (problems_of(model, name, None) == []) is nullable


@pytest.mark.parametrize(
    ("request_", "texts"),
    [
        (CreditCard(applicant_id="short"), ["applicant_id: expected 36 characters, got 5 characters"]),
        (
            CreditCard(applicant_id=ID, card_number="1" * 11),
            ["card_number: expected 12 to 19 characters, got 11 characters"],
        ),
        (CreditCard(applicant_id=None), ["applicant_id: expected a value, got null"]),
        (CreditCard(applicant_id=5), ["applicant_id: expected text, got a number"]),
        (CreditCard(applicant_id=b"x" * 36), ["applicant_id: expected text, got a bytes"]),
        (DocumentUpdate(issue_date="04.11.2020"), ["issue_date: expected a date as YYYY-MM-DD, got other text"]),
        (DocumentUpdate(transaction_amount="5"), ["transaction_amount: expected a number, got other text"]),
        (Person(first_name="Zoë", pep="yes"), None),
        (
            PersonAddress(applicant_id=ID, type="BUSINESS"),
            ["type: expected one of REGISTERED, ADDITIONAL, got another word"],
        ),
        (
            AffiliatedPersonAddress(affiliated_person_id=ID, type="BUSINESS"),
            ["type: expected one of REGISTERED, ADDITIONAL, got another word"],
        ),
        (CompanyAddress(applicant_id=ID, type="BUSINESS"), []),
        (DocumentUpdate(), ["*: expected at least one field, got none"]),
        (ApplicantUpdate(), ["*: expected at least one field, got none"]),
        (ApplicantUpdate(phone=None), []),
    ],
    ids=repr,
)
def test_a_problem_says_what_was_expected_and_what_was_found(request_, texts):
    if texts is None:
        texts = [
            "first_name: expected Latin letters, spaces, commas, dots, apostrophes and hyphens, got other characters",
            "pep: expected true or false, got other text",
        ]
    assert [str(problem) for problem in check_request(request_)] == texts


@request
class Outer(Request):
    """A request inside a request."""

    person: Person | Mapping[str, Any]


@pytest.mark.parametrize("person", [Person(first_name="Zoë"), {"first_name": "Zoë"}])
def test_a_problem_inside_a_nested_object_says_the_path_to_it(person):
    problems = check_request(Outer(person=person))
    assert "person.first_name" in [problem.field for problem in problems]


def test_every_field_at_fault_is_listed():
    company = Company(company_name=5, registration_country="GBR", business_activity_id="x", email="nowhere")
    assert {p.field for p in check_request(company)} == {
        "company_name",
        "registration_country",
        "business_activity_id",
        "email",
    }


def test_a_missing_required_field_is_a_problem():
    assert [str(p) for p in check_values(CreditCard, {"type": DocumentType.CREDIT_CARD})] == [
        "applicant_id: expected a value, got nothing"
    ]


@given(data=st.data())
def test_arbitrary_values_are_judged_without_an_error_and_never_quoted(data):
    _, model = data.draw(st.sampled_from(MODELS))
    field = data.draw(st.sampled_from(fields_of(model)))
    value = data.draw(JSON | st.text(min_size=41) | st.binary() | st.dates() | st.datetimes() | st.sets(st.integers()))
    for problem in check_values(model, {field.name: value}):
        if isinstance(value, str) and len(value) > 40:
            assert value not in str(problem)
