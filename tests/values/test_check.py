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
    BlacklistType,
    CheckType,
    Company,
    CompanyAddress,
    CreditCard,
    Direction,
    DocumentType,
    DocumentUpdate,
    IncomeSource,
    Outcome,
    Person,
    PersonAddress,
    PersonSearchByNames,
    Transaction,
    TransactionScreening,
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
    "transaction_amount": ([14008.55, 0, -5, Decimal(1)], ["14008.55", True, math.nan, math.inf, 10**400]),
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
BOOLEAN = ([True, False], ["true", 1, 0, [True]])
URL = (
    ["https://kyc.example.com/callbacks", "http://localhost:8000", "https://x/" + "x" * 2038],
    ["", "kyc.example.com", "ftp://x/", "https://", "https:///x", "https://a b", "https://" + "x" * 2041, 5],
)
SEARCH_NAME = (["Ja", "Anne-Marie O'Neil, Jr.", "x" * 64], ["", "J", "x" * 65, "Jan1", "Zo\u00eb", 5])
KEYWORDS = ([[], ["x"] * 20, ("a", "b")], ["x", ["x"] * 21, [5], [None], {"x": 1}, 5])
AFFILIATED_PERSONS = {
    "type": (["AUTHORISED", "BENEFICIAL"], [5, None, "OWNER", "authorised"]),
    "applicant_id": FILE_ID,
    "first_name": NAME,
    "last_name": NAME,
    "title": length(1, 36),
    "share": ([0, 50, 25.5, 100, Decimal(5)], [-0.1, 100.5, "50", True, math.nan, math.inf]),
    "dob": DATE,
    "residence_country": COUNTRY,
    "nationality": COUNTRY,
    "email": EMAIL,
}
BLACKLIST_DATABASES = {
    "full_name": (["Ja", "x" * 100], ["", "J", "x" * 101, "Jan1", "Zo\u00eb", 5]),
    "first_name": SEARCH_NAME,
    "last_name": SEARCH_NAME,
    "middle_name": SEARCH_NAME,
    "dob": DATE,
    "residence_country": COUNTRY,
    "gender": (["M", "F"], [5, True, "m"]),
    "bdb_types": (
        [[], ["PEP"], (BlacklistType.WANTED, "SELF_RESTICTED", "SELF_RESTRICTED")],
        ["PEP", [5], [None], ["FRAUD"], {"PEP": 1}, None],
    ),
    "document_number": TEXT,
    "document_type": (["PASSPORT", DocumentType.REFUGEE_CARD], [5, "VISA", "CREDIT_CARD", ["PASSPORT"]]),
    "document_country": COUNTRY,
    "tax_id_number": TEXT,
    "tax_id_country": COUNTRY,
}
CRYPTO = {"hash": TEXT, "asset": TEXT, "callback_url": URL}
FORMS = {
    "applicant_id": FILE_ID,
    "external_applicant_id": length(0, 50),
    "redirect_url": (
        ["", "https://kyc.example.com/complete", "myapp://kyc/done?step=2", "x" * 2048],
        ["x" * 2049, 5, True, b"myapp://kyc", ["myapp://kyc"], {}],
    ),
    "language_code": length(1, 10),
}
NON_DOC_VERIFICATIONS = {
    **dict.fromkeys(["first_name", "last_name", "middle_name", "address", "city", "state", "postal_code"], TEXT),
    **dict.fromkeys(["phone", "email", "ssn", "drivers_license"], TEXT),
    "dob": DATE,
    "nin_number": (
        ["0" * 11, "12345678901"],
        ["", "0" * 10, "0" * 12, "0000000000x", " 0000000000", "\u0663" * 11, 12345678901],
    ),
}
RISK_CHECKS = {
    "applicant_id": FILE_ID,
    "external_applicant_id": length(0, 50),
    "external_applicant_registered_at": TIME,
    "transaction": ([{}, {"direction": "incoming"}, Transaction(asset="GBP")], [5, "x", [], [{}]]),
    "ruleset_id": FILE_ID,
    "direction": (["incoming", Direction.OUTGOING], [5, "sideways", "INCOMING"]),
    "amount": (
        ["0", "5", "16.003892000000000000"],
        [16.5, 5, "", "-5", "1.", ".5", "1,5", "1e5", " 5", "5\n", "\u0663", "1." + "0" * 19, Decimal(5)],
    ),
    "asset": TEXT,
    "created_at": TIME,
    "primary_keywords": KEYWORDS,
    "secondary_keywords": KEYWORDS,
    "callback_url": URL,
}
VERIFICATIONS = {
    "applicant_id": FILE_ID,
    "form_id": FILE_ID,
    "types": ([[], ["DOCUMENT", CheckType.AML]], ["DOCUMENT", [5], ["SOUL"], {}, [None]]),
    "callback_url": URL,
    "verification_status": (["approved", Outcome.DECLINED], [5, "pending", "APPROVED", None]),
    "callback_enabled": BOOLEAN,
    "project_owner_email_enabled": BOOLEAN,
    "applicant_email_enabled": BOOLEAN,
}
TABLES = {
    "addresses": ADDRESSES,
    "affiliated_persons": AFFILIATED_PERSONS,
    "applicants": APPLICANTS,
    "blacklist_databases": BLACKLIST_DATABASES,
    "crypto": CRYPTO,
    "documents": DOCUMENTS,
    "forms": FORMS,
    "non_doc_verifications": NON_DOC_VERIFICATIONS,
    "phone_numbers": {"phone": length(1, 15)},
    "risk_checks": RISK_CHECKS,
    "verifications": VERIFICATIONS,
}
# Besides what is required: that is never null.
NOT_NULL = {
    "addresses": {"type"},
    "affiliated_persons": {"type"},
    "applicants": {"type", "company_name", "registration_country", "business_activity_id"},
    "blacklist_databases": {"bdb_types", "document_type"},
    "crypto": {"hash", "asset", "callback_url"},
    "documents": {"type", "income_sources"},
    "non_doc_verifications": {"nin_number"},
    "phone_numbers": {"phone"},
    "risk_checks": set(RISK_CHECKS) - {"external_applicant_id"},
    "verifications": set(VERIFICATIONS),
}
REQUIRED = {
    "applicant_id": ID,
    "affiliated_person_id": ID,
    "type": "REGISTERED",
    "company_name": "Example Ltd",
    "registration_country": "GB",
    "business_activity_id": ID,
    "full_name": "Jane Example",
    "first_name": "Jane",
    "last_name": "Example",
    "document_number": "TH703318A",
    "tax_id_number": "000000000",
    "hash": "0x0",
    "asset": "ETH",
    "callback_url": "https://kyc.example.com/callbacks",
    "primary_keywords": ["Jane"],
    "verification_status": "approved",
}

MODELS = [(endpoint.name.partition(".")[0], model) for endpoint in ENDPOINTS.values() for model in endpoint.accepts] + [
    ("documents", ApplicantDocument),
    ("risk_checks", Transaction),
]
FIELDS = [
    pytest.param(section, model, field.name, id=f"{model.__name__}.{field.name}")
    for section, model in MODELS
    for field in fields_of(model)
    if field.name in TABLES.get(section, ())
]


def problems_of(model, name, value):
    required = {f.name: REQUIRED[f.name] for f in fields_of(model) if f.required}
    return check_values(model, {**required, **fixed_type(model), name: value})


def fixed_type(model):
    """The first word of the list of types, where there is one."""
    types = [f.types[0] for f in fields_of(model) if f.name == "type"]
    return dict.fromkeys(["type"], next(iter(types[0]))) if types else {}


@pytest.mark.parametrize(("section", "model"), MODELS)
def test_every_field_of_every_request_is_in_the_table_of_its_section(section, model):
    """A new section or field needs an entry above."""
    assert [f.name for f in fields_of(model) if f.name not in TABLES.get(section, ())] == []


@pytest.mark.parametrize(("section", "model", "name"), FIELDS)
def test_every_field_takes_what_the_reference_allows_and_nothing_else(section, model, name):
    good, bad = TABLES[section][name]
    for value in good:
        assert problems_of(model, name, value) == []
    for value in bad:
        (problem,) = problems_of(model, name, value)
        assert problem.field == name


@pytest.mark.parametrize(("section", "model", "name"), FIELDS)
def test_null_is_taken_where_the_reference_says_so(section, model, name):
    required = name in {field.name for field in fields_of(model) if field.required}
    nullable = not required and name not in NOT_NULL.get(section, ())
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
        (
            DocumentUpdate(issue_date="04.11.2020"),
            ["issue_date: expected a date as YYYY-MM-DD, got text in another form"],
        ),
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
        (
            PersonSearchByNames(first_name="J", last_name="Example", bdb_types=["FRAUD"]),
            [
                "first_name: expected 2 to 64 characters, got 1 characters",
                f"bdb_types: expected a list of one of {', '.join(BlacklistType)}, got a list with other items",
            ],
        ),
        (
            TransactionScreening(applicant_id=ID, transaction={"amount": 5}),
            ["transaction.amount: expected text, got a number"],
        ),
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
