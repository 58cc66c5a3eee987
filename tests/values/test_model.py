import copy
import pickle
from datetime import date

import attrs
import pytest

from kycaid_async import UNSET, Applicant, CreditCard, Document, DocumentUpdate, Person, PersonAddress, structure
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.values.fields import fields_of
from kycaid_async.values.model import Request
from tests.values.answers import ANSWERS

ID = "723f46ab04feb64f442946f2953a67eaecf7"
PERSONAL = "Canary-4111111111111111"
COPIES = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda value: pickle.loads(pickle.dumps(value))}  # noqa: S301
ACCEPTED = sorted(
    {model for endpoint in ENDPOINTS.values() for model in endpoint.accepts}, key=lambda model: model.__name__
)


def test_a_request_prints_what_is_set_and_masks_what_is_personal():
    card = CreditCard(applicant_id=ID, card_number="5375411422962063", account_number=None)
    assert repr(card) == f"CreditCard(applicant_id={ID!r}, type=<DocumentType 'CREDIT_CARD'>, card_number=***)"


def test_emptiness_shows():
    assert repr(DocumentUpdate(document_number="", card_number=None)) == "DocumentUpdate(document_number='')"


@pytest.mark.parametrize("model", ACCEPTED, ids=lambda model: model.__name__)
def test_no_text_or_date_of_any_request_shows_unless_it_is_marked(model):
    """Goes over every field of every model, so that a new field is masked until somebody decides otherwise."""
    hidden = [
        f.name for f in fields_of(model) if not f.shown and getattr(attrs.fields_dict(model)[f.name], "init", True)
    ]
    shown = {f.name: "x" for f in fields_of(model) if f.required and f.shown}
    made = model(**shown, **dict.fromkeys(hidden, PERSONAL))
    assert PERSONAL not in repr(made)
    assert repr(made).count("***") == len(hidden)


@pytest.mark.parametrize("model", ANSWERS, ids=lambda model: model.__name__)
def test_no_text_of_any_answer_shows_unless_it_is_marked(model):
    text_fields = [f.name for f in fields_of(model) if f.types == (str,) and not f.shown]
    made = structure(dict.fromkeys(text_fields, PERSONAL) | {"unknown_key": PERSONAL}, model)
    assert PERSONAL not in repr(made)
    assert repr(made).count("***") == len(text_fields)


def test_dates_and_numbers_of_a_person_are_masked_too():
    document = structure({"issue_date": "1976-02-21", "transaction_amount": 14008.55}, Document)
    assert repr(document) == "Document(issue_date=***, transaction_amount=***)"
    assert "1976" not in repr(Person(dob=date(1976, 2, 21)))


def test_models_inside_models_are_masked_as_well():
    applicant = structure({"addresses": [{"city": PERSONAL}], "documents": [{"card_number": PERSONAL}]}, Applicant)
    assert repr(applicant) == "Applicant(addresses=[Address(city=***)], documents=[Document(card_number=***)])"


def test_requests_are_frozen():
    card = CreditCard(applicant_id=ID)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        card.applicant_id = "other"


def test_requests_take_keywords_only():
    with pytest.raises(TypeError):
        CreditCard(ID)


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_requests_survive_copies_with_what_is_unset(copied):
    address = PersonAddress(applicant_id=ID, type="REGISTERED", city=None)
    again = copied(address)
    assert again == address
    assert (again.city, again.state) == (None, UNSET)


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_answers_survive_copies_with_raw_and_extra(copied):
    document = structure({"document_id": ID, "status": "brand_new", "unknown_key": [1]}, Document)
    again = copied(document)
    assert again == document
    assert again.raw == document.raw
    assert again.extra == {"unknown_key": [1]}
    assert again.status == "brand_new"


def test_an_answer_made_by_hand_has_no_raw():
    assert Document(document_id=ID).raw == {}
    assert Document(document_id=ID).extra == {}
    assert copy.copy(Document(document_id=ID)) == Document(document_id=ID)


def test_models_have_no_dictionary_of_their_own():
    """Typos in assignments to answers fail instead of vanishing."""
    with pytest.raises(AttributeError):
        Document().card_numbr = "x"
    assert not hasattr(CreditCard(applicant_id=ID), "__dict__")


def test_every_accepted_model_is_a_request():
    assert all(issubclass(model, Request) for model in ACCEPTED)


class WithoutTruth:
    """Stands for what tables of other libraries hold."""

    def __bool__(self):
        raise ValueError("ambiguous")

    def __eq__(self, other):
        return self

    def __repr__(self):
        raise ValueError("no text either")

    __hash__ = None


@pytest.mark.parametrize("value", [WithoutTruth(), [WithoutTruth()], {("a", 1): WithoutTruth()}, [UNSET], float("nan")])
def test_a_request_can_be_looked_at_whatever_it_holds(value):
    person, other = Person(first_name=value), Person(first_name=copy.deepcopy(value))
    for looked_at in (
        repr(person),
        str(person),
        person._repr_html_(),
        repr(person.show()),
        person.show()._repr_html_(),
    ):
        assert looked_at.encode()
    assert (person == other) in (True, False)
    assert person == person  # noqa: PLR0124 - it is the comparison that is tested


def test_a_request_with_text_that_is_no_utf8_can_be_printed():
    person = Person(first_name="Ren\udce9")
    assert "Ren\\udce9" in repr(person.show())
    assert "Ren\\udce9" in person.show()._repr_html_()
