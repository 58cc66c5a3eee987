"""Models as people look at them: `print` hints, a notebook shows a table, and both mask; `show()` tells all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kycaid_async import Company, Document, PersonApplicant
from kycaid_async.testing import strategies
from kycaid_async.values.fields import fields_of
from tests.testing.models import DISTINCT

ID = "a" * 36
APPLICANT = {
    "applicant_id": ID,
    "type": "PERSON",
    "first_name": "Jane",
    "dob": "1990-01-02",
    "documents": [
        {"document_id": ID, "status": "valid", "card_number": "4000", "transaction_amount": 7.5},
        {"document_id": ID, "status": "Jane's", "created_at": "2026-11-01 00:00:00"},
    ],
    "new": {"secret": "<b>Jane</b>"},
}


@pytest.fixture
def applicant():
    return PersonApplicant.from_dict(APPLICANT)


def test_print_says_how_to_see_what_is_hidden(applicant):
    text = str(applicant)
    assert text == (
        f"PersonApplicant(applicant_id={ID!r}, type=<ApplicantType 'PERSON'>, documents=<2 of Document>, "
        "2 personal fields hidden: show() shows them)"
    )
    assert str(Document(document_id=ID, comment="Jane")) == (
        f"Document(document_id={ID!r}, 1 personal field hidden: show() shows it)"
    )
    assert str(Document(document_id=ID)) == repr(Document(document_id=ID))
    assert f"{Document()}" == "Document()"


def test_a_notebook_has_a_masked_table_with_a_word_on_how_to_see_more(applicant):
    page = applicant._repr_html_()
    assert not [mark for mark in ("Jane", "1990", "4000", "7.5") if mark in page]
    assert "<th " in page
    assert "2 personal fields hidden: show() shows them" in page
    assert page.count("<table>") == 3
    assert "2026-11-01 00:00:00+00:00" in page


def test_show_tells_all_and_escapes_it(applicant):
    shown = applicant.show()
    assert repr(shown) == str(shown)
    assert '"first_name": "Jane"' in str(shown)
    assert '"new": {' in str(shown)
    page = shown._repr_html_()
    assert "1990-01-02" in page
    assert "&lt;b&gt;Jane&lt;/b&gt;" in page
    assert "<b>Jane" not in page


def test_a_request_has_them_too():
    company = Company(company_name="Example", registration_country="DE", business_activity_id=ID)
    assert "Example" not in str(company) + company._repr_html_()
    assert "Example" in str(company.show())


@pytest.mark.parametrize("model", DISTINCT, ids=lambda model: model.__name__)
@settings(max_examples=2)
@given(data=st.data())
def test_of_each_model_only_show_tells_personal_fields(model, data):
    made = data.draw(strategies.model(model))
    for field in fields_of(model):
        value = getattr(made, field.name)
        if not field.shown and isinstance(value, str) and len(value) > 12 and not hasattr(value, "is_known"):
            assert value not in str(made) + made._repr_html_()
            assert value in made.to_dict().values()
    assert str(made.show()).startswith(model.__name__)
    assert made.show()._repr_html_()
