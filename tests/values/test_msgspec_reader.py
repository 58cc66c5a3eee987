"""The quick way of reading an answer gives the same objects as the converter, or leaves it to the converter."""

import json
import pickle
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kycaid_async import Applicant, DecodeError, Document
from kycaid_async.api.documents import GET
from kycaid_async.protocol.response import Answer, decode
from kycaid_async.values import msgspec_reader
from kycaid_async.values.converter import structure
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import element_of, fields_of, is_class_of
from kycaid_async.values.msgspec_reader import structure_bytes
from tests.values.answers import ANSWERS
from tests.values.json_values import JSON

EACH = pytest.mark.parametrize("model", ANSWERS, ids=lambda model: model.__name__)
DATES = st.sampled_from(
    ["2020-11-04", "2020-W01-1", "20201104", "0000-01-01", "2020-02-30", "", "\uff12020-01-01", "2020-1-1"]
)
TIMES = st.sampled_from(
    [
        "2024-07-01 15:27:15",
        "2024-07-01T15:27:15Z",
        "2024-07-01 15:27:15.5+02:00",
        "2024-07-01",
        "9999-12-31 23:59:59-01:00",
    ]
)


def whole(made):
    """Return everything an object holds."""
    return [(f.name, repr(v := getattr(made, f.name)), type(v)) for f in fields_of(type(made))], made.raw, made.extra


def values_of(field):
    """Return values for a field: fitting ones, ones that nearly fit, and any others."""
    words = [st.none(), JSON, st.text(), DATES, TIMES, st.lists(st.none() | st.text() | st.integers())]
    for kind in field.types:
        enum = next((k for k in (kind, element_of(kind)) if is_class_of(k, OpenEnum)), None)
        if enum is not None:
            members = st.sampled_from([member.value for member in enum])
            words += [members, st.lists(members)]
    return st.one_of(words)


@EACH
@settings(max_examples=20)
@given(data=st.data())
def test_both_ways_give_the_same(model, data):
    fields = data.draw(st.lists(st.sampled_from(fields_of(model)), unique_by=lambda field: field.name))
    sent = {field.name: data.draw(values_of(field)) for field in fields} | data.draw(
        st.sampled_from([{}, {"brand_new": [1]}, {"data": {"x": 1}}, {"data": None}, {"status": "ok"}])
    )
    body = json.dumps(sent).encode()
    made = structure_bytes(body, model)
    if made is not None:
        assert whole(made) == whole(structure(json.loads(body), model))


@EACH
@settings(max_examples=10)
@given(body=st.one_of(JSON.map(lambda value: json.dumps(value).encode()), st.binary()))
def test_whatever_comes_is_read_or_left(model, body):
    made = structure_bytes(body, model)
    if made is not None:
        assert whole(made) == whole(structure(json.loads(body), model))


def test_the_document_of_the_reference_is_read_in_the_quick_way():
    made = structure_bytes(b'{"document_id": "5f9a", "issue_date": "2020-11-04", "status": "new", "x": 1}', Document)
    assert made is not None
    assert (made.document_id, made.status, made.extra) == ("5f9a", "new", {"x": 1})


@pytest.mark.parametrize(
    ("sent", "values"),
    [
        ({"decline_reasons_ids": [7, 10**30]}, {"decline_reasons_ids": [7, 10**30]}),
        ({"decline_reasons_ids": ["7", None, 1.0]}, {"decline_reasons_ids": [7]}),
        ({"decline_reasons": "BAD_QUALITY, 8"}, {"decline_reasons": ["BAD_QUALITY", "FAKE_DOCUMENT"]}),
        ({"decline_reasons": [{"code": "OTHER"}, "brand_new"]}, {"decline_reasons": ["OTHER", "brand_new"]}),
        ({"income_sources": ["SALARY", None, "brand new"]}, {"income_sources": ["SALARY", "brand new"]}),
        ({"transaction_amount": "5.50", "front_side_size": "7"}, {"transaction_amount": 5.5, "front_side_size": 7}),
        ({"transaction_amount": 5, "created_at": "2024-07-01 15:27"}, {"transaction_amount": 5, "created_at": None}),
        ({"created_at": "2024-07-01 24:61:15", "issue_date": "2024-02-30"}, {"created_at": None, "issue_date": None}),
        ({"data": None, "document_id": ""}, {"document_id": ""}),
        ({"transaction_amount": [], "created_at": []}, {"transaction_amount": None, "created_at": None}),
        ({"decline_reasons": [], "decline_reasons_ids": []}, {"decline_reasons": [], "decline_reasons_ids": []}),
    ],
    ids=str,
)
def test_lenient_shapes_are_read_the_same_in_both_ways(sent, values):
    body = json.dumps(sent).encode()
    made = decode(GET, Answer(200, {}, body))
    assert {name: getattr(made, name) for name in values} == values
    assert whole(made) == whole(structure(sent, Document))


def test_objects_within_objects_are_left_to_the_converter():
    assert structure_bytes(b'{"applicant_id": "723f", "documents": [{"document_id": "5f9a"}]}', Applicant) is None


def test_a_wrapped_object_is_left_to_the_converter():
    assert structure_bytes(b'{"status": "ok", "data": {"document_id": "5f9a"}}', Document) is None


def test_a_field_of_another_type_leaves_the_whole_to_the_converter():
    body = b'{"document_id": 5, "card_number": "1"}'
    assert structure_bytes(body, Document) is None
    assert structure(json.loads(body), Document).extra == {"document_id": 5}


def test_what_was_read_can_be_pickled_with_all_that_came():
    made = structure_bytes(b'{"document_id": "5f9a", "x": [1]}', Document)
    again = pickle.loads(pickle.dumps(made))  # noqa: S301
    assert (again, again.raw) == (made, {"document_id": "5f9a", "x": [1]})


def test_without_msgspec_everything_is_left_to_the_converter(monkeypatch):
    monkeypatch.setitem(sys.modules, "msgspec", None)
    monkeypatch.setattr(msgspec_reader, "_READERS", {})
    assert structure_bytes(b"{}", Document) is None


def test_nothing_but_an_object_is_an_object():
    assert structure_bytes(b"[]", Document) is None
    with pytest.raises(DecodeError):
        structure([], Document)


@pytest.mark.parametrize(
    "body",
    [b'{"document_id": "x", "unknown": "\xff"}', b'{"document_id": "x", "unknown": ' + b"9" * 5000 + b"}"],
    ids=["no UTF-8", "a number of 5000 digits"],
)
def test_what_could_not_be_given_back_later_is_left_to_the_converter(body):
    assert structure_bytes(body, Document) is None
