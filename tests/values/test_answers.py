"""Goes over every model of every answer: whatever the server sends, the object is not lost."""

import copy
import pickle

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kycaid_async import (
    FormUrl,
    PersonHit,
    Verification,
    VerificationReportRow,
    structure,
    unstructure,
)
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.masking import MASK
from kycaid_async.protocol.endpoint import ReturnsList
from kycaid_async.values.fields import fields_of
from tests.values.answers import ANSWERS
from tests.values.json_values import JSON

EACH = pytest.mark.parametrize("model", ANSWERS, ids=lambda model: model.__name__)
CENTRAL = [Verification, VerificationReportRow, FormUrl, PersonHit]
MONSTROUS = ["9" * 5000, ["9" * 5000], [[["x"]]], 10**400, -0.0, "0001-01-01 00:00:00+14:00", "\ud800", [{"id": {}}]]


def read_all(made):
    """Read what is computed from the fields as well."""
    for name in ("passed", "reasons", "id_of_verification", "extra", "raw"):
        getattr(made, name, None)
    if callable(getattr(made, "label", None)):
        made.label("en")
    return repr(made)


def test_the_models_of_all_endpoints_are_among_them():
    assert {e.returns.model for e in ENDPOINTS.values() if hasattr(e.returns, "model")} <= set(ANSWERS)
    assert set(CENTRAL) <= set(ANSWERS)


@EACH
def test_every_field_may_be_absent_or_null(model):
    nothing = structure({}, model)
    nulls = structure(dict.fromkeys([f.name for f in fields_of(model)]), model)
    assert nothing == nulls == model()
    assert all(getattr(made, f.name) is None for made in (nothing, nulls) for f in fields_of(model))
    assert (nothing.extra, nulls.extra) == ({}, {})
    assert unstructure(nulls) == nulls.raw


@EACH
def test_unknown_keys_are_kept_and_go_back(model):
    raw = {"brand_new": {"a": [1, None]}, "_raw": 1, "extra": 2}
    made = structure(raw, model)
    assert made.extra == raw
    assert unstructure(made) == raw
    assert MASK not in read_all(made)


@EACH
@settings(max_examples=40)
@given(data=st.data())
def test_no_json_in_any_field_loses_the_object(model, data):
    field = data.draw(st.sampled_from(fields_of(model)))
    value = data.draw(JSON)
    made = structure({"brand_new": 1, field.name: value}, model)
    assert isinstance(made, model)
    assert made.extra["brand_new"] == 1
    if value is not None and getattr(made, field.name) is None:
        assert made.extra[field.name] is value
    read_all(made)
    assert list(unstructure(made)) == ["brand_new", field.name]


@pytest.mark.parametrize("model", CENTRAL, ids=lambda model: model.__name__)
@given(data=st.data())
def test_no_json_object_at_all_is_lost(model, data):
    raw = data.draw(st.dictionaries(st.sampled_from([f.name for f in fields_of(model)]) | st.text(), JSON))
    made = structure(raw, model)
    assert made.raw is raw
    read_all(made)
    assert list(unstructure(made)) == list(raw)
    again = structure(unstructure(made), model)
    assert isinstance(again, model)


@EACH
@pytest.mark.parametrize("value", MONSTROUS, ids=lambda value: repr(value)[:30])
def test_even_monstrous_values_do_not_lose_the_object(model, value):
    for field in fields_of(model):
        made = structure({field.name: value}, model)
        assert isinstance(made, model)
        read_all(made)
        unstructure(made)


CHECKS = st.dictionaries(
    st.sampled_from(["profile", "document", "pep"]) | st.text(max_size=3),
    st.none() | st.dictionaries(st.sampled_from(["verified", "comment", "decline_reasons", "more"]), JSON),
)


@example({"document": {"decline_reasons": [{"code": None, "id": 7}]}})
@given(CHECKS)
def test_no_check_loses_the_verification_or_the_other_checks(checks):
    made = structure({"verification_id": "x", "status": "completed", "verifications": checks}, Verification)
    assert made.verification_id == "x"
    assert list(made.verifications) == [name for name, check in checks.items() if check is not None]
    assert len(set(made.reasons)) == len(made.reasons)


@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from([f.name for f in fields_of(VerificationReportRow)]), JSON), max_size=3
    )
)
def test_no_row_of_a_report_loses_the_others(rows):
    found = ReturnsList(VerificationReportRow).read(rows)
    assert all(row.raw is raw for row, raw in zip(found, rows, strict=True))
    assert all(type(row) is VerificationReportRow for row in found)


@EACH
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])  # noqa: S301
def test_answers_survive_copies(model, copied):
    made = structure({f.name: "x" for f in fields_of(model)} | {"brand_new": [1]}, model)
    again = copied(made)
    assert type(again) is model
    assert again == made
    assert (again.raw, again.extra) == (made.raw, made.extra)
