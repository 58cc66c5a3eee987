from collections.abc import Sequence

import pytest

from kycaid_async import CreditCard, Document, DocumentUpdate, PersonAddress
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.values.constraints import Length
from kycaid_async.values.fields import element_of, fields_of

ACCEPTED = sorted(
    {model for endpoint in ENDPOINTS.values() for model in endpoint.accepts}, key=lambda model: model.__name__
)


def field(cls, name):
    return {f.name: f for f in fields_of(cls)}[name]


def test_a_field_knows_its_types_limits_and_absence():
    card_number = field(CreditCard, "card_number")
    assert card_number.types == (str,)
    assert card_number.constraints == (Length(12, 19),)
    assert (card_number.nullable, card_number.required, card_number.shown) == (True, False, False)


def test_an_owner_is_required_and_not_null():
    owner = field(CreditCard, "applicant_id")
    assert (owner.nullable, owner.required, owner.shown) == (False, True, True)


def test_what_may_be_left_out_is_not_always_nullable():
    sources = field(DocumentUpdate, "income_sources")
    assert (sources.nullable, sources.required) == (False, False)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("document_id", True),
        ("type", True),
        ("status", True),
        ("created_at", True),
        ("decline_reasons", True),
        ("document_number", False),
        ("issue_date", False),
        ("transaction_amount", False),
        ("portrait", False),
        ("front_side", False),
        ("comment", False),
    ],
)
def test_only_what_is_not_personal_is_shown(name, shown):
    assert field(Document, name).shown is shown


@pytest.mark.parametrize("model", ACCEPTED, ids=lambda model: model.__name__)
def test_the_fields_named_first_come_first(model):
    named = [name for name in model.leading_fields if name in {f.name for f in fields_of(model)}]
    assert [f.name for f in fields_of(model)][: len(named)] == named


def test_the_other_fields_keep_the_order_of_the_reference():
    assert [f.name for f in fields_of(PersonAddress)] == [
        "applicant_id",
        "type",
        "full_address",
        "country",
        "state",
        "region",
        "province",
        "city",
        "district",
        "address",
        "postal_code",
        "street_name",
        "building_number",
        "unit_number",
    ]


def test_fields_are_read_once():
    assert fields_of(Document) is fields_of(Document)


@pytest.mark.parametrize(
    ("hint", "element"), [(list[int], int), (Sequence[str], str), (int, None), (dict[str, int], None), (str, None)]
)
def test_the_element_of_a_sequence_is_known(hint, element):
    assert element_of(hint) is element
