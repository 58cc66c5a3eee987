"""``to_dict``, ``to_json`` and ``from_dict``: each model goes there and comes back."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kycaid_async import (
    CreditCard,
    DecodeError,
    Document,
    DocumentStatus,
    InvalidRequestError,
    Person,
    PersonApplicant,
    TransactionScreening,
    structure,
    unstructure,
)
from kycaid_async.testing import strategies
from kycaid_async.values.fields import fields_of
from kycaid_async.values.model import Model
from tests.testing.models import DISTINCT, MODELS, REQUESTS, RESPONSES

ID = "a" * 36
METHODS = {"from_dict", "to_dict", "to_json", "show"}


@pytest.mark.parametrize("model", DISTINCT, ids=lambda model: model.__name__)
@settings(max_examples=6)
@given(data=st.data())
def test_each_model_goes_to_plain_types_and_comes_back(model, data):
    made = data.draw(strategies.model(model))
    plain = made.to_dict()
    assert plain == unstructure(made) == json.loads(made.to_json())
    again = model.from_dict(plain)
    assert type(again) is type(made)
    assert again.to_dict() == plain
    assert model.from_dict(json.loads(again.to_json(indent=2))) == again


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_field_stands_in_the_way_of_a_method(model):
    assert METHODS.isdisjoint(field.name for field in fields_of(model))
    assert not any(name in vars(cls) for cls in model.__mro__ for name in ("to_dict", "show") if cls is not Model)


@pytest.mark.parametrize("model", RESPONSES, ids=lambda model: model.__name__)
def test_keys_of_the_server_with_the_names_of_methods_are_in_extra_and_hide_none(model):
    raw = {"to_dict": 1, "show": {"a": None}, "from_dict": [], "raw": 2, "extra": 3}
    made = model.from_dict(raw)
    assert made.extra == raw
    assert made.to_dict() == raw
    assert model.from_dict(made.to_dict()) == made


def test_an_answer_keeps_what_is_unknown_null_or_odd():
    raw = {
        "document_id": ID,
        "status": "of_tomorrow",
        "decline_reasons": [5, {"code": "OTHER"}],
        "created_at": "2026-11-01 00:00:00",
        "portrait": None,
        "expiry_date": 7,
        "new": {"deep": [1, {"x": None}]},
    }
    made = Document.from_dict(raw)
    assert made.to_dict() == raw | {"decline_reasons": ["EXPIRED_DOCUMENT", "OTHER"]}
    assert Document.from_dict(made.to_dict()).extra == made.extra == {"expiry_date": 7, "new": raw["new"]}


def test_a_union_of_models_nests_as_it_came():
    raw = {"type": "PERSON", "documents": [{"document_id": ID, "status": "valid"}], "addresses": None}
    made = PersonApplicant.from_dict(raw)
    assert made.documents[0].status is DocumentStatus.VALID
    assert made.to_dict() == raw


def test_what_is_unset_is_left_out_and_null_stays():
    assert Person(first_name=None, last_name="Example").to_dict() == {
        "type": "PERSON",
        "first_name": None,
        "last_name": "Example",
    }
    again = Person.from_dict({"first_name": None, "last_name": "Example"})
    assert again == Person(first_name=None, last_name="Example")


def test_a_request_within_a_request_is_one_again():
    plain = {"applicant_id": ID, "transaction": {"direction": "incoming", "amount": 5}}
    fields = {field.name for field in fields_of(TransactionScreening)}
    assert plain.keys() <= fields
    made = TransactionScreening.from_dict(plain)
    assert made.to_dict() == plain
    odd = plain | {"transaction": {"of_tomorrow": 1}}
    assert TransactionScreening.from_dict(odd).to_dict() == odd


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"applicant_id": ID, "cardnumber": "4000"}, "cardnumber: expected a field of CreditCard, got another name"),
        ({"applicant_id": ID, "type": "PASSPORT"}, "type: expected the type of CreditCard, got another one"),
        ({"card_number": "4000"}, "applicant_id: expected a value, got nothing"),
        (["4000"], r"\*: expected an object, got a list"),
        (None, r"\*: expected an object, got null"),
    ],
)
def test_a_request_is_not_made_of_other_keys(data, said):
    with pytest.raises(InvalidRequestError, match=said) as caught:
        CreditCard.from_dict(data)
    assert "4000" not in str(caught.value)


@pytest.mark.parametrize("data", [None, [], "x", 5])
@pytest.mark.parametrize("model", RESPONSES[:3], ids=lambda model: model.__name__)
def test_an_answer_is_made_of_an_object_only(model, data):
    with pytest.raises(DecodeError, match="expected an object"):
        model.from_dict(data)


def test_the_type_of_a_kind_may_be_given_as_it_is():
    assert CreditCard.from_dict({"applicant_id": ID, "type": "CREDIT_CARD"}) == CreditCard(applicant_id=ID)


def test_every_model_is_looked_at():
    assert len(REQUESTS) + len(RESPONSES) == len(MODELS) > 60
    assert structure({}, Document) == Document()
