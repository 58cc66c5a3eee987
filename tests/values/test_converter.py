from datetime import UTC, date, datetime
from typing import Any, Union

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kycaid_async import (
    UNSET,
    Address,
    Applicant,
    CompanyApplicant,
    CreditCard,
    DeclineReason,
    DecodeError,
    Document,
    DocumentType,
    DocumentUpdate,
    FileInfo,
    Person,
    PersonAddress,
    PersonApplicant,
    structure,
    unstructure,
)
from kycaid_async.values.converter import converter, read_as
from kycaid_async.values.fields import element_of, fields_of
from kycaid_async.values.mismatch import Mismatch
from kycaid_async.values.model import Response, response
from tests.values.json_values import JSON, same_json

ID = "723f46ab04feb64f442946f2953a67eaecf7"
RESPONSES = [Address, Applicant, CompanyApplicant, Document, FileInfo, PersonApplicant]
NAMES = ["BAD_QUALITY", "DUPLICATE", "DEBTOR", "BRAND_NEW"]


def test_there_is_one_converter():
    assert converter() is converter()


# Reading: tolerant about absence, strict about types.


@pytest.mark.parametrize("model", RESPONSES)
def test_an_empty_object_is_an_object_of_nothing_but_none(model):
    made = structure({}, model)
    assert all(getattr(made, field.name) is None for field in fields_of(model))
    assert unstructure(made) == {}


@pytest.mark.parametrize("model", RESPONSES)
def test_null_in_every_field_is_none_in_every_field(model):
    """cattrs' own hooks make the text 'None' of a null in a text field."""
    raw = {field.name: None for field in fields_of(model)}
    made = structure(raw, model)
    assert all(getattr(made, field.name) is None for field in fields_of(model))
    assert made.extra == {}
    assert unstructure(made) == raw


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("pep", "false", False),
        ("pep", "true", True),
        ("pep", False, False),
        ("verifications_count", "0", 0),
        ("verifications_count", 0, 0),
        ("dob", "1976-02-21", date(1976, 2, 21)),
        ("created_at", "2022-09-17 09:35:06", datetime(2022, 9, 17, 9, 35, 6, tzinfo=UTC)),
        ("external_applicant_id", "", ""),
        ("decline_reasons_ids", ["7", 24, None], [7, 24]),
        ("decline_reasons", "BAD_QUALITY,DUPLICATE", ["BAD_QUALITY", "DUPLICATE"]),
        ("questionnaires", [{"a": 1}, "b"], [{"a": 1}, "b"]),
        ("verification_status", "brand_new", "brand_new"),
        ("addresses", [], []),
    ],
)
def test_values_are_read_in_the_forms_they_were_seen_in(field, raw, value):
    made = structure({field: raw}, PersonApplicant)
    assert getattr(made, field) == value
    assert type(getattr(made, field)) is type(value) or isinstance(getattr(made, field), str)
    assert made.extra == {}


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("first_name", 5),
        ("first_name", True),
        ("first_name", ["Jane"]),
        ("first_name", {"en": "Jane"}),
        ("pep", "no"),
        ("pep", 0),
        ("verifications_count", True),
        ("verifications_count", "many"),
        ("dob", "21.02.1976"),
        ("dob", 0),
        ("created_at", 1663407306),
        ("type", 5),
        ("gender", ["F"]),
        ("addresses", {}),
        ("decline_reasons", 7),
        ("decline_reasons_ids", "7"),
        ("questionnaires", "none"),
    ],
)
def test_a_value_of_another_type_is_none_and_stays_whole_in_extra(field, raw):
    made = structure({"applicant_id": ID, field: raw, "last_name": "Example"}, PersonApplicant)
    assert getattr(made, field) is None
    assert made.extra == {field: raw}
    assert (made.applicant_id, made.last_name) == (ID, "Example")
    assert same_json(unstructure(made)[field], raw)


def test_unknown_keys_are_kept_and_go_back():
    raw = {"brand_new": {"a": [1, None]}, "document_id": ID, "_raw": 1, "extra": 2, "raw": 3}
    made = structure(raw, Document)
    assert made.extra == {"brand_new": {"a": [1, None]}, "_raw": 1, "extra": 2, "raw": 3}
    assert unstructure(made) == raw


@pytest.mark.parametrize(
    ("field", "raw", "good"),
    [
        ("documents", [{"document_id": ID}, "odd"], [Document(document_id=ID)]),
        ("documents", ["odd", None, {"document_id": ID}, 5], [Document(document_id=ID)]),
        ("addresses", ["somewhere"], []),
        ("addresses", [["somewhere"], None], []),
        ("decline_reasons", [True], []),
        ("decline_reasons", [7, True, "DUPLICATE", [24], 7], ["BAD_QUALITY", "DUPLICATE"]),
        ("decline_reasons", [{"code": "BAD_QUALITY"}, {}], ["BAD_QUALITY"]),
        ("decline_reasons_ids", ["7", "x", None, 24, True], [7, 24]),
    ],
)
def test_the_good_entries_of_a_list_with_an_odd_one_are_kept_and_the_whole_stays_in_extra(field, raw, good):
    made = structure({"applicant_id": ID, field: raw}, PersonApplicant)
    assert same_kinds(getattr(made, field), good)
    assert made.extra == {field: raw}
    assert made.applicant_id == ID
    assert same_json(unstructure(made), {"applicant_id": ID, field: raw})


def same_kinds(found, expected):
    return found == expected and all(isinstance(one, type(other)) for one, other in zip(found, expected, strict=True))


def test_an_odd_entry_deep_inside_hides_only_itself():
    raw = {"documents": [{"document_id": ID, "decline_reasons": [7, True]}]}
    made = structure(raw, PersonApplicant)
    assert made.extra == {}
    (document,) = made.documents
    assert document.decline_reasons == [DeclineReason.BAD_QUALITY]
    assert document.extra == {"decline_reasons": [7, True]}
    assert same_json(unstructure(made), raw)


def test_a_mismatch_of_a_list_carries_what_could_be_read():
    with pytest.raises(Mismatch) as caught:
        read_as([{"document_id": ID}, "odd"], list[Document])
    assert caught.value.usable == [Document(document_id=ID)]
    with pytest.raises(Mismatch) as caught:
        read_as("odd", list[Document])
    assert caught.value.usable is None


@pytest.mark.parametrize("raw", [None, [], "text", 5, True])
@pytest.mark.parametrize("model", RESPONSES)
def test_what_is_no_object_is_a_public_error(model, raw):
    with pytest.raises(DecodeError):
        structure(raw, model)


@pytest.mark.parametrize("model", RESPONSES)
@given(data=st.data())
def test_no_json_value_in_any_field_loses_the_object(model, data):
    field = data.draw(st.sampled_from(fields_of(model)))
    value = data.draw(JSON)
    made = structure({field.name: value}, model)
    assert isinstance(made, model)
    if value is not None and getattr(made, field.name) is None:
        assert field.name in made.extra
    if field.name in made.extra:
        assert unstructure(made)[field.name] is value


@pytest.mark.parametrize("field", [f.name for f in fields_of(PersonApplicant)])
@pytest.mark.parametrize(
    "value",
    ["9" * 5000, ["9" * 5000], [[["x"]]], 10**400, "0001-01-01 00:00:00+14:00", "\ud800", [{"id": {}}]],
    ids=lambda v: repr(v)[:30],
)
def test_even_monstrous_values_do_not_lose_the_object(field, value):
    """Such as a number of more digits than int() reads, or a time whose UTC lies before the year 1."""
    made = structure({"applicant_id": ID, field: value}, PersonApplicant)
    assert isinstance(made, PersonApplicant)
    unstructure(made)


@example({"decline_reasons": ["9" * 5000]})
@given(st.dictionaries(st.sampled_from([f.name for f in fields_of(Document)]) | st.text(), JSON))
def test_no_json_object_at_all_fails_to_become_a_document(raw):
    made = structure(raw, Document)
    assert made.raw == raw or made.raw is raw
    assert list(unstructure(made)) == list(raw)


@given(JSON)
def test_any_json_becomes_an_object_or_is_refused(raw):
    try:
        structure(raw, Applicant)
    except DecodeError:
        assert not isinstance(raw, dict)


@response
class Odd(Response):
    """Types that no section used when these tests were written."""

    union: int | str | None = None
    mapping: dict[str, int] | None = None
    anything: Any = None


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("union", 5, 5),
        ("union", "5", 5),
        ("union", "unlimited", "unlimited"),
        ("mapping", {"a": "1", "b": None}, {"a": 1}),
        ("anything", [{"a": None}], [{"a": None}]),
    ],
)
def test_unions_mappings_and_anything_are_read(field, raw, value):
    made = structure({field: raw}, Odd)
    assert same_json(getattr(made, field), value)
    assert made.extra == {}


@pytest.mark.parametrize(("field", "raw"), [("union", []), ("union", True), ("mapping", []), ("mapping", "x")])
def test_unions_and_mappings_of_other_types_stay_in_extra(field, raw):
    made = structure({field: raw}, Odd)
    assert getattr(made, field) is None
    assert made.extra == {field: raw}


@pytest.mark.parametrize(
    ("raw", "good"), [({"a": "x"}, {}), ({"a": "x", "b": "2", "c": None, "d": 4}, {"b": 2, "d": 4})]
)
def test_the_good_entries_of_a_mapping_with_an_odd_one_are_kept_and_the_whole_stays_in_extra(raw, good):
    made = structure({"mapping": raw}, Odd)
    assert same_json(made.mapping, good)
    assert made.extra == {"mapping": raw}
    assert same_json(unstructure(made), {"mapping": raw})


# There and back again.


def canonical(model):
    """Return JSON objects of the form in which the server is known to write them."""
    return st.fixed_dictionaries({}, optional={f.name: st.none() | canonical_value(f) for f in fields_of(model)})


def canonical_value(field):
    (kind,) = field.types
    element = element_of(kind)
    if element is DeclineReason:
        return st.lists(st.sampled_from(NAMES), unique=True)
    if isinstance(element, type) and issubclass(element, Response):
        return st.lists(canonical(element), max_size=2)
    if element is not None:
        return st.lists(st.integers(1, 40) if element is int else st.text(max_size=5), max_size=3)
    if kind is date:
        return st.dates().map(str)
    if kind is datetime:
        return st.datetimes(min_value=datetime(1900, 1, 1)).map(lambda t: t.isoformat(" ", "seconds"))  # noqa: DTZ001
    numbers = {bool: st.booleans(), int: st.integers(0, 99), float: st.floats(allow_nan=False, allow_infinity=False)}
    return numbers.get(kind, st.text(max_size=40))


@pytest.mark.parametrize("model", RESPONSES)
@given(data=st.data())
def test_canonical_objects_go_back_as_they_came(model, data):
    raw = data.draw(canonical(model))
    back = unstructure(structure(raw, model))
    assert same_json(back, raw), "equal, in the same order, and of plain JSON types"
    assert structure(back, model) == structure(raw, model)


@pytest.mark.parametrize("value", ["VISA", "PASSPORT"])
def test_words_go_back_as_plain_text(value):
    """Other libraries (YAML, msgpack, orjson) refuse or spell out members of enums."""
    assert type(unstructure(structure({"type": value}, Document))["type"]) is str
    assert type(unstructure(DocumentType(value))) is str
    assert type(unstructure(CreditCard(applicant_id=ID))["type"]) is str


def test_an_unknown_id_of_a_reason_goes_back_as_a_number():
    back = unstructure(structure({"decline_reasons": [99]}, Document))
    assert same_json(back, {"decline_reasons": [99]})


def test_what_was_set_on_an_answer_goes_back_too():
    document = structure({"document_id": ID}, Document)
    document.comment = "checked"
    assert unstructure(document) == {"document_id": ID, "comment": "checked"}


def test_lists_of_models_are_read_and_written():
    documents = structure([{"document_id": ID}], list[Document])
    assert documents == [Document(document_id=ID)]
    assert unstructure(documents) == [{"document_id": ID}]


@pytest.mark.parametrize(
    ("kind", "cls"),
    [
        ("PERSON", PersonApplicant),
        ("COMPANY", CompanyApplicant),
        ("company", PersonApplicant),
        ("FOUNDATION", PersonApplicant),
        (None, PersonApplicant),
        (7, PersonApplicant),
        (["COMPANY"], PersonApplicant),
        ({"COMPANY": 1}, PersonApplicant),
    ],
)
def test_of_several_objects_it_is_that_which_the_discriminator_names_and_otherwise_the_first(kind, cls):
    raw = {"type": kind, "company_name": "Example Ltd", "first_name": "Jane"}
    for union in (PersonApplicant | CompanyApplicant, Union[PersonApplicant, CompanyApplicant]):  # noqa: UP007 - the old spelling
        read = structure(raw, union)
        assert type(read) is cls
        assert read.raw == raw
    (one,) = structure([raw], list[PersonApplicant | CompanyApplicant])
    assert type(one) is cls
    assert type(structure({}, PersonApplicant | CompanyApplicant)) is PersonApplicant


@pytest.mark.parametrize("raw", [None, [], "COMPANY", 7])
def test_what_is_no_object_is_none_of_several(raw):
    with pytest.raises(DecodeError, match="expected an object"):
        structure(raw, PersonApplicant | CompanyApplicant)


# Writing.


def test_unset_is_left_out_and_none_is_sent_as_null():
    update = DocumentUpdate(document_number=None, card_number=UNSET, account_number="")
    assert unstructure(update) == {"document_number": None, "account_number": ""}


def test_the_keys_of_a_request_stand_in_the_order_of_the_reference_however_they_were_given():
    address = PersonAddress(unit_number="2A", city="London", country="GB", type="REGISTERED", applicant_id=ID)
    assert list(unstructure(address)) == ["applicant_id", "type", "country", "city", "unit_number"]


def test_the_type_comes_right_after_the_owner():
    card = CreditCard(card_number="5375411422962063", applicant_id=ID)
    assert list(unstructure(card)) == ["applicant_id", "type", "card_number"]


def test_dates_and_times_are_written_as_the_reference_spells_them():
    update = DocumentUpdate(
        issue_date=date(2020, 11, 4),
        expiry_date="2028-11-04",
        transaction_datetime=datetime(2024, 11, 16, 14, 22, 54, tzinfo=UTC),
    )
    assert unstructure(update) == {
        "issue_date": "2020-11-04",
        "expiry_date": "2028-11-04",
        "transaction_datetime": "2024-11-16 14:22:54",
    }


def test_sequences_of_any_kind_are_written_as_lists():
    assert unstructure(DocumentUpdate(income_sources=("SAVINGS", "OTHER"))) == {"income_sources": ["SAVINGS", "OTHER"]}


def test_a_person_says_that_it_is_one():
    assert unstructure(Person(first_name="Jane")) == {"type": "PERSON", "first_name": "Jane"}
