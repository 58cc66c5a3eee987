"""What a callback says."""

import codecs
import copy
import hashlib
import json
import pickle
import subprocess
import sys
import traceback
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async import CompanyApplicant, DeclineReason, DecodeError, PersonApplicant
from kycaid_async.api.blacklist_databases.fields import BlacklistType
from kycaid_async.callbacks import (
    CallbackType,
    CryptoRiskResult,
    DatabaseScreening,
    Event,
    InvalidSignatureError,
    RawBodyRequiredError,
    ServiceResult,
    UnknownEvent,
    VerificationCompleted,
    VerificationStatusChanged,
    construct_event,
    parse,
    sign,
)
from kycaid_async.values.converter import unstructure
from kycaid_async.values.fields import fields_of
from kycaid_async.values.model import Model
from tests.callbacks.messages import (
    APPLICANT,
    CANARY,
    CHANGED,
    COMPLETED,
    EXAMPLES,
    FORM,
    KEY,
    OTHER_KEY,
    REQUEST,
    SCREENING,
    SERVICE,
    SERVICE_RESULT,
    VERIFICATION,
    body_of,
    signed,
)

EVENTS = [VerificationCompleted, VerificationStatusChanged, DatabaseScreening, ServiceResult, UnknownEvent]
MODELS = [*EVENTS, CryptoRiskResult]
NAMES = sorted({field.name for model in MODELS for field in fields_of(model)})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(NAMES), inner),
    max_leaves=8,
)


def read(message, **changes):
    return parse(body_of(message | changes))


def test_a_completed_verification_is_read():
    event = read(COMPLETED)
    assert type(event) is VerificationCompleted
    assert (event.type, event.request_id, event.verification_id) == ("VERIFICATION_COMPLETED", REQUEST, VERIFICATION)
    assert (event.applicant_id, event.form_id, event.status, event.verified) == (APPLICANT, FORM, "completed", False)
    assert event.verifications["profile"].verified is True
    assert event.verifications["document"].decline_reasons == [DeclineReason.BAD_QUALITY]
    assert (event.applicant, event.comment, event.verification_statuses, event.extra) == (None, None, None, {})


def test_a_completed_verification_can_carry_what_only_clients_have_seen():
    event = read(
        COMPLETED,
        verification_statuses={"duplicates": [], "ludoman": None, "face_match_confidence": 99.1},
        applicant={"type": "PERSON", "applicant_id": APPLICANT, "first_name": "Jane", "dob": "1990-01-02"},
        comment="text",
    )
    assert event.verification_statuses.face_match_confidence == 99.1
    assert type(event.applicant) is PersonApplicant
    assert (event.applicant.first_name, event.applicant.dob) == ("Jane", date(1990, 1, 2))
    assert (event.comment, event.extra) == ("text", {})


def test_a_company_is_read_as_a_company():
    event = read(COMPLETED, applicant={"type": "COMPANY", "company_name": "Example Ltd"})
    assert event.applicant == CompanyApplicant(type="COMPANY", company_name="Example Ltd")
    assert event.extra == {}


@pytest.mark.parametrize(
    ("sent", "read_as"), [(True, True), ("true", True), (False, False), ("false", False), (None, None), ("", None)]
)
def test_the_verdict_comes_as_boolean_or_as_text(sent, read_as):
    event = read(COMPLETED, verified=sent, verifications={"profile": {"verified": sent}})
    assert event.verified is read_as
    assert event.verifications["profile"].verified is read_as


@pytest.mark.parametrize(("sent", "read_as"), [(2, 2), ("2", 2), ("unlimited", "unlimited"), (None, None)])
@pytest.mark.parametrize("message", [COMPLETED, CHANGED], ids=lambda message: message["type"])
def test_the_attempts_left_are_a_number_or_unlimited(message, sent, read_as):
    assert read(message, verification_attempts_left=sent).verification_attempts_left == read_as


@pytest.mark.parametrize("reasons", [["BAD_QUALITY"], [7], [{"code": "BAD_QUALITY"}], "BAD_QUALITY"], ids=repr)
def test_decline_reasons_come_in_every_form(reasons):
    event = read(COMPLETED, verifications={"document": {"decline_reasons": reasons}, "pep": None})
    assert event.verifications["document"].decline_reasons == [DeclineReason.BAD_QUALITY]


def test_a_changed_status_is_read():
    event = read(CHANGED, external_applicant_id="")
    assert type(event) is VerificationStatusChanged
    assert (event.verification_status, event.external_applicant_id) == ("pending", "")
    assert event.extra == {}


def test_a_screening_is_read():
    event = read(SCREENING, dob="1976-02-21", gender="M", first_name="Jane", residence_country="GB")
    assert type(event) is DatabaseScreening
    assert (event.bdb_types, event.databases, event.accuracy) == ([BlacklistType.SANCTIONS], ["US_OFAC"], 87)
    assert (event.dob, event.document_id, event.extra) == (date(1976, 2, 21), None, {})


def test_the_older_name_of_the_database_types_is_read_too():
    old = {key: value for key, value in SCREENING.items() if key != "bdb_types"} | {"list_types": ["PEP", "NEW_ONE"]}
    assert read(old).bdb_types == ["PEP", "NEW_ONE"]
    assert read(old, bdb_types=["WANTED"]).bdb_types == ["WANTED"]


def test_a_service_result_is_read():
    event = read(SERVICE_RESULT)
    assert type(event) is ServiceResult
    assert (event.service_request_id, event.service_request_type) == (SERVICE, "CRYPTO_ADDRESS_CHECK")
    assert type(event.result) is CryptoRiskResult
    assert (event.result.risk_score, event.result.signals) == (0.75, {"atm": 0, "gambling": 1})
    assert event.result.counterparty.address == "0xcccc"
    assert event.result.updated == datetime(2024, 9, 1, 5, 29, 39, tzinfo=UTC) == event.result.timestamp
    assert (event.extra, event.result.extra) == ({}, {})


def test_both_spellings_of_the_risk_score_are_read():
    assert read(SERVICE_RESULT, result={"riskscore": 0.5}).result.risk_score == 0.5
    assert read(SERVICE_RESULT, result={"riskscore": 0.5, "risk_score": 0}).result.risk_score == 0


def test_a_result_in_plain_text_is_kept():
    event = read(SERVICE_RESULT, result="see the report", errors=[{"message": "x"}], service_request_status="error")
    assert (event.result, event.errors, event.service_request_status) == ("see the report", [{"message": "x"}], "error")


@pytest.mark.parametrize("result", [[1], 5, True], ids=repr)
def test_a_result_of_another_form_is_kept_in_extra(result):
    event = read(SERVICE_RESULT, result=result)
    assert (event.result, event.extra) == (None, {"result": result})


@pytest.mark.parametrize("seconds", [None, 10**18, -(10**18), 1725168579000, "soon"], ids=repr)
def test_a_moment_that_is_none_is_none(seconds):
    assert read(SERVICE_RESULT, result={"updated_at": seconds}).result.updated is None


@pytest.mark.parametrize(
    "message",
    [{"type": "BRAND_NEW", "a": [1]}, {}, {"type": None}, {"type": ["VERIFICATION_COMPLETED"]}, {"type": 5}],
    ids=repr,
)
def test_an_unknown_type_is_kept_whole(message):
    event = parse(body_of(message))
    assert type(event) is UnknownEvent
    assert event.raw == message
    assert unstructure(event) == message


def test_the_text_of_an_unknown_type_is_kept():
    event = parse(b'{"type": "BRAND_NEW"}')
    assert (event.type, event.type.is_known) == ("BRAND_NEW", False)
    assert read(COMPLETED).type is CallbackType.VERIFICATION_COMPLETED


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message["type"])
def test_every_key_may_be_null_missing_or_of_another_type(message):
    for value in (None, [], {}, "", 0, True, [None], {"a": None}, -1.5, "text"):
        odd = dict.fromkeys(message, value) | {"type": message["type"]}
        event = parse(body_of(odd))
        assert type(event) is type(read(message))
        assert event.raw == odd
        assert event.identity
        repr(event)
    assert parse(body_of({"type": message["type"]})).extra == {}


@given(st.binary())
def test_bytes_are_read_or_refused_and_nothing_else_happens(body):
    with suppress(DecodeError):
        assert isinstance(parse(body), Event)


@given(st.dictionaries(st.sampled_from(NAMES), JSON), st.sampled_from([*CallbackType, "OTHER"]))
def test_every_object_is_read(message, name):
    event = read(message, type=name)
    assert isinstance(event, Event)
    assert event.raw == message | {"type": name}
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301
    repr(event)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b" ", "not JSON"),
        (b"{", "not JSON"),
        (b"{'type': 'x'}", "not JSON"),
        (b"request_id=1&type=x", "not JSON"),
        (b"<html></html>", "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": -Infinity}', "not JSON"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b"{}\x00", "not JSON"),
        ('{"a": "ä"}'.encode("latin-1"), "not UTF-8"),
        ('{"type": "x"}'.encode("utf-16"), "not UTF-8"),
        ('{"type": "x"}'.encode("utf-16-le"), "not JSON"),
        ('{"type": "x"}'.encode("utf-32-be"), "not JSON"),
        (b"\x80", "not UTF-8"),
        (b"[]", "got a list"),
        (b"null", "got null"),
        (b'"text"', "got text"),
        (b"5", "got a number"),
        (b"true", "got a boolean"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_json_object_in_utf_8_is_refused(body, reason):
    with pytest.raises(DecodeError, match=reason):
        parse(body)


@pytest.mark.parametrize(
    "body",
    [f"{CANARY}".encode(), f'{{"name": "{CANARY}"'.encode(), f'["{CANARY}"]'.encode(), CANARY.encode() + b"\xff"],
)
def test_a_refusal_shows_nothing_of_the_body(body):
    with pytest.raises(DecodeError) as caught:
        parse(body)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(vars(caught.value))
    assert CANARY not in told
    assert caught.value.__context__ is None


@pytest.mark.parametrize("body", [COMPLETED, json.dumps(COMPLETED), None])
def test_only_raw_bytes_are_read(body):
    with pytest.raises(RawBodyRequiredError):
        parse(body)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message["type"])
@pytest.mark.parametrize("request_id", [REQUEST, None, "", "  ", 5, ["x"]], ids=repr)
def test_an_event_is_known_by_the_hash_of_its_bytes_whatever_its_id(message, request_id):
    body = body_of(message | {"request_id": request_id, "identity": "x", "_digest": "x"})
    assert parse(body).identity == parse(bytes(body)).identity == hashlib.sha256(body).hexdigest()
    assert parse(body + b" ").identity != parse(body).identity


@pytest.mark.parametrize("status", ["error", "success"])
def test_the_second_result_of_a_service_check_is_another_event(status):
    second = {"service_request_status": status, "result": {"risk_score": 0.9}}
    assert read(SERVICE_RESULT).identity != read(SERVICE_RESULT, **second).identity


IDS = st.one_of(st.none(), st.sampled_from(["", " ", "1", REQUEST, SERVICE]), st.integers(0, 3), st.text(max_size=3))
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from([*CallbackType, "BRAND_NEW", "", None]),
        "request_id": IDS,
        "service_request_id": IDS,
        "verification_id": IDS,
        "verified": st.sampled_from([True, False, "true", None]),
        "result": st.sampled_from([None, "text", {"risk_score": 0.1}, {"risk_score": 0.2}]),
        "created": st.integers(0, 3),
    },
).map(body_of)


@given(MESSAGES, MESSAGES)
def test_two_events_are_one_exactly_when_their_bodies_are_the_same_bytes(one, other):
    assert (parse(one).identity == parse(other).identity) is (one == other)


@given(MESSAGES)
def test_the_same_content_with_its_keys_in_another_order_is_another_event(body):
    turned = json.dumps(dict(reversed(json.loads(body).items()))).encode()
    assert (parse(turned).identity == parse(body).identity) is (turned == body)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message["type"])
def test_a_byte_order_mark_is_read_over_and_belongs_to_what_is_signed(message):
    body = codecs.BOM_UTF8 + body_of(message)
    event = construct_event(body, sign(body, KEY), KEY)
    assert (type(event), event.raw) == (type(read(message)), message)
    with pytest.raises(InvalidSignatureError):
        construct_event(body, sign(body_of(message), KEY), KEY)


@pytest.mark.parametrize("body", [codecs.BOM_UTF8, codecs.BOM_UTF8 * 2 + b"{}", codecs.BOM_UTF16_LE + b"{}"], ids=repr)
def test_a_byte_order_mark_alone_twice_or_of_another_encoding_is_no_callback(body):
    with pytest.raises(DecodeError):
        parse(body)


def test_events_made_by_hand_are_told_apart_too():
    one, other = DatabaseScreening(applicant_id=APPLICANT), DatabaseScreening(applicant_id=SERVICE)
    assert one.identity == DatabaseScreening(applicant_id=APPLICANT).identity != other.identity
    assert UnknownEvent(request_id=REQUEST).identity != Event(request_id=REQUEST).identity


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message["type"])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda event: pickle.loads(pickle.dumps(event))])  # noqa: S301
def test_events_survive_copies_with_their_identity(message, copied):
    event = read(message)
    again = copied(event)
    assert (again, again.raw, again.identity) == (event, event.raw, event.identity)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message["type"])
def test_an_event_can_be_given_on_as_the_json_it_came_as(message):
    again = unstructure(read(message))
    assert {key: again[key] for key in message if key not in ("result", "verifications")} == {
        key: message[key] for key in message if key not in ("result", "verifications")
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_text_of_an_event_shows_unless_it_is_marked(model):
    hidden = [field.name for field in fields_of(model) if not field.shown]
    made = model(**dict.fromkeys(hidden, CANARY))
    assert CANARY not in repr(made)
    assert issubclass(model, Model)


def test_personal_data_inside_an_event_are_masked():
    applicant = {"first_name": CANARY, "email": CANARY, "addresses": [{"city": CANARY}], "documents": [{"x": CANARY}]}
    checks = {"profile": {"comment": CANARY}}
    told = repr(read(COMPLETED, applicant=applicant, comment=CANARY, verifications=checks, form_token=CANARY, x=CANARY))
    told += repr(read(SCREENING, full_name=CANARY, databases=[CANARY], dob="1976-02-21"))
    told += repr(
        read(SERVICE_RESULT, result={"address": CANARY, "counterparty": {"address": CANARY}, "pdf_report": CANARY})
    )
    told += repr(read(SERVICE_RESULT, result=CANARY, errors=[CANARY]))
    told += repr(parse(body_of({"type": "NEW", "name": CANARY})))
    assert CANARY not in told
    assert "1976" not in told


def test_an_event_is_made_only_of_what_was_signed():
    body, signature = signed(COMPLETED)
    assert construct_event(body, signature, [OTHER_KEY, KEY]) == read(COMPLETED)
    with pytest.raises(InvalidSignatureError):
        construct_event(body, signature, OTHER_KEY)


def test_the_signature_is_looked_at_before_the_content():
    with pytest.raises(InvalidSignatureError):
        construct_event(b"not JSON", None, KEY)
    with pytest.raises(DecodeError):
        construct_event(*signed(b"not JSON"), KEY)


def test_the_import_loads_no_framework_and_no_network():
    code = "import kycaid_async.callbacks, sys; print(*{'aiohttp', 'anyio', 'cattrs', 'asyncio'} & set(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert finished.stdout.split() == []
