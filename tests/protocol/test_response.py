import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kycaid_async import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DecodeError,
    Document,
    FieldError,
    FileRefusedError,
    FlowError,
    InsufficientFundsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ServerTimeoutError,
    ValidationError,
)
from kycaid_async.api import documents, files, qes
from kycaid_async.protocol.response import Answer, content_type, decode, refusal, retry_after
from tests.values.json_values import JSON

ID = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"
VENDOR_TEXT = "Jane Canary, card 4111111111111111 is not valid"

# Every type of the catalogue (FACTS 2.2) with each status it was seen or is thought to come with.
TYPES = [
    ("bad_request", 400, BadRequestError),
    ("unauthorized", 401, AuthenticationError),
    ("unauthorized", 403, AuthenticationError),
    ("inactive_account", 401, PermissionDeniedError),
    ("inactive_account", 402, PermissionDeniedError),
    ("inactive_account", 403, PermissionDeniedError),
    ("insufficient_funds", 402, InsufficientFundsError),
    ("forbidden_duplicates_retries", 403, PermissionDeniedError),
    ("forbidden_age_restricted_retries", 403, PermissionDeniedError),
    ("forbidden_country_restricted_retries", 403, PermissionDeniedError),
    ("forbidden_compromised_person_retries", 403, PermissionDeniedError),
    ("forbidden_fake_document_retries", 403, PermissionDeniedError),
    ("not_found", 404, NotFoundError),
    ("request_timeout", 408, ServerTimeoutError),
    ("duplicate_data", 409, ConflictError),
    ("flow", 429, FlowError),
    ("flow", 409, FlowError),
    ("flow", 422, FlowError),
    ("edit_denied", 409, ConflictError),
    ("delete_denied", 409, ConflictError),
    ("validation", 422, ValidationError),
    ("validation", 404, NotFoundError),
    ("applicant_exists", 409, ConflictError),
    ("applicant_exists", 422, ConflictError),
    ("verification_exists", 409, ConflictError),
    ("verification_exists", 422, ConflictError),
    ("insufficient_data", 422, ValidationError),
    ("limit_exceeded", 429, RateLimitError),
    ("internal_server", 500, ServerError),
    *(
        (code, status, FileRefusedError)
        for code in (
            "infected_file",
            "limit_file_size",
            "broken_file",
            "incompatible_file_format",
            "incompatible_file_for_recognition",
            "image_small_resolution",
            "image_huge_resolution",
        )
        for status in (400, 413, 422)
    ),
]
STATUSES = [
    (400, BadRequestError),
    (401, AuthenticationError),
    (402, InsufficientFundsError),
    (403, PermissionDeniedError),
    (404, NotFoundError),
    (408, ServerTimeoutError),
    (409, ConflictError),
    (413, FileRefusedError),
    (418, ApiError),
    (422, ValidationError),
    (429, RateLimitError),
    (500, ServerError),
    (502, ServerError),
    (503, ServerError),
    (504, ServerError),
    (599, ServerError),
]


def answer(status, body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers, raw)


def read_refusal(status, body, endpoint=documents.CREATE, **headers):
    with pytest.raises(ApiError) as caught:
        decode(endpoint, answer(status, body, **headers))
    return caught.value


# Refusals: where the machine code stands, and which error it becomes.


@pytest.mark.parametrize(("code", "status", "cls"), TYPES)
def test_every_type_of_the_catalogue_becomes_its_error(code, status, cls):
    error = read_refusal(status, {"type": code, "errors": [{"parameter": "dob", "message": VENDOR_TEXT}]})
    assert type(error) is cls
    assert (error.type, error.status, error.operation) == (code, status, "documents.create")
    assert error.errors == (FieldError("dob", VENDOR_TEXT),)


@pytest.mark.parametrize(("code", "status", "cls"), TYPES)
def test_the_type_may_stand_inside_error(code, status, cls):
    error = read_refusal(status, {"error": {"type": code}})
    assert (type(error), error.type, error.errors) == (cls, code, ())


@pytest.mark.parametrize(("code", "status", "cls"), TYPES)
def test_the_type_may_be_the_text_of_error(code, status, cls):
    error = read_refusal(status, {"error": code})
    assert (type(error), error.type) == (cls, code)


@pytest.mark.parametrize("outer", ["validation", "bad_request", None])
@pytest.mark.parametrize("code", [code for code, status, cls in TYPES if cls is FileRefusedError and status == 422])
def test_the_code_of_a_refused_file_may_stand_in_the_message(outer, code):
    body = {"type": outer, "errors": [{"parameter": "file", "message": code}]}
    error = read_refusal(422, body, endpoint=files.CREATE)
    assert (type(error), error.type) == (FileRefusedError, code)


@pytest.mark.parametrize(("status", "cls"), STATUSES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body><h1>Bad Gateway</h1></body></html>",
        b'{"type": "val',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        {},
        [],
        "text",
        None,
        5,
        {"type": None},
        {"type": 5, "errors": "x"},
        {"type": ["validation"], "errors": [None, 5, []]},
        {"type": "brand_new"},
        {"error": {"type": {"type": "validation"}}},
        {"errors": [{"parameter": 5, "message": ["x"]}]},
    ],
    ids=lambda body: repr(body)[:40],
)
def test_without_a_known_type_the_status_decides(status, cls, body):
    error = read_refusal(status, body)
    assert type(error) is cls
    assert error.status == status
    assert error.type in (None, "brand_new")


def test_the_raw_body_stays_on_the_error():
    raw = b"<html>502</html>"
    assert read_refusal(502, raw).body == raw


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 502])
@pytest.mark.parametrize(
    "body",
    [
        {"type": "validation", "errors": [{"parameter": "dob", "message": VENDOR_TEXT}]},
        {"type": VENDOR_TEXT, "errors": [{"parameter": VENDOR_TEXT, "message": VENDOR_TEXT}]},
        {"error": VENDOR_TEXT},
        {"error": {"type": VENDOR_TEXT, "message": VENDOR_TEXT}},
        VENDOR_TEXT.encode(),
        f'{{"document_id": "{VENDOR_TEXT}'.encode(),
    ],
)
def test_the_text_of_an_error_never_holds_the_text_of_the_vendor(status, body):
    error = read_refusal(status, body)
    shown = str(error) + repr(error) + repr(error.errors)
    assert "Canary" not in shown
    assert "4111" not in shown


def test_the_text_of_an_error_says_operation_status_type_and_fields():
    body = {"type": "validation", "errors": [{"parameter": "dob"}, {"parameter": "*"}, {"parameter": None}]}
    assert str(read_refusal(422, body)) == (
        "documents.create: KYCAID refused the request (HTTP 422, type validation, fields: dob, *)."
    )


@given(st.integers(300, 599), st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@example(429, b'{"type":"limit_exceeded","errors":[{"parameter":"\\ud800","message":null}]}')
def test_any_answer_that_is_no_success_becomes_an_error(status, body):
    error = refusal(documents.CREATE, Answer(status, {}, body))
    assert error.status == status
    assert error.body == body


# Answers.


def test_a_good_answer_becomes_what_the_endpoint_returns():
    assert decode(documents.CREATE, answer(200, {"document_id": ID})) == ID
    assert decode(documents.GET, answer(200, {"document_id": ID})) == Document(document_id=ID)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_status_of_success_will_do(status):
    assert decode(documents.DELETE, answer(status, {"document_id": ID})) == ID


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "it is empty"),
        (b" \r\n", "it is empty"),
        (b"<html>Canary</html>", "it is not JSON (content type unknown)"),
        (b'{"document_id": "Canary', "it is not JSON (content type unknown)"),
        (b"\xff\xfe", "it is not JSON (content type unknown)"),
        (b"[" * 100_000, "it is not JSON (content type unknown)"),
        (b"9" * 5000, "it is not JSON (content type unknown)"),
        (b"null", "expected an object, got null"),
        (b'["Canary"]', "expected an object, got a list"),
        (b'"Canary"', "expected an object, got text"),
        (b"{}", "expected text in 'document_id', got null"),
        (b'{"document_id": 4111}', "expected text in 'document_id', got a number"),
        (b'{"document_id": ""}', "expected text in 'document_id', got text"),
        (b'{"type": "validation"}', "expected text in 'document_id', got null"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_success_that_cannot_be_read_is_a_decode_error_that_quotes_nothing(body, problem):
    with pytest.raises(DecodeError) as caught:
        decode(documents.CREATE, Answer(200, {}, body))
    error = caught.value
    assert str(error) == f"documents.create: the answer (HTTP 200) cannot be read: {problem}."
    assert (error.operation, error.status, error.body) == ("documents.create", 200, body)
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.parametrize(
    ("endpoint", "maybe_processed", "retryable"),
    [
        (documents.CREATE, True, False),
        (documents.UPDATE, True, True),
        (documents.GET, False, True),
        (files.CREATE, True, True),
    ],
    ids=lambda value: getattr(value, "name", value),
)
@pytest.mark.parametrize("body", [b"<html>", b'{"document_id": "5f', b"", b"  ", b"\xff\xfe", b"[" * 100_000])
def test_an_unreadable_success_may_have_been_processed_unless_it_only_reads(endpoint, maybe_processed, retryable, body):
    with pytest.raises(DecodeError) as caught:
        decode(endpoint, Answer(200, {}, body))
    assert (caught.value.maybe_processed, caught.value.retryable) == (maybe_processed, retryable)


@pytest.mark.parametrize(
    ("endpoint", "maybe_processed"),
    [(documents.CREATE, True), (documents.UPDATE, True), (documents.GET, False), (files.CREATE, True)],
    ids=lambda value: getattr(value, "name", value),
)
@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"x"'])
def test_json_of_another_form_would_come_again_in_that_form(endpoint, maybe_processed, body):
    with pytest.raises(DecodeError) as caught:
        decode(endpoint, Answer(200, {}, body))
    assert (caught.value.maybe_processed, caught.value.retryable) == (maybe_processed, False)


@pytest.mark.parametrize("body", [b"", b" \r\n", b"null", b"[]", b"{}", b'{"status":"ok"}'])
def test_the_id_of_a_deleted_object_may_be_missing_or_the_whole_answer_empty(body):
    assert decode(documents.DELETE, Answer(200, {}, body)) == ""


@pytest.mark.parametrize("body", [b"<html>", b'{"document_id": "5f', b"\xff"])
def test_what_is_no_json_is_unreadable_even_where_the_id_may_be_missing(body):
    with pytest.raises(DecodeError, match="it is not JSON") as caught:
        decode(documents.DELETE, Answer(200, {}, body))
    assert caught.value.retryable


@pytest.mark.parametrize("body", [b"", b"\n", b"null"])
def test_an_empty_answer_is_none_where_any_json_will_do(body):
    assert decode(qes.VERIFY, Answer(200, {}, body)) is None


@given(
    st.sampled_from([documents.CREATE, documents.GET]), st.binary() | JSON.map(lambda value: json.dumps(value).encode())
)
@example(documents.GET, b'{"decline_reasons":["' + b"9" * 5000 + b'"]}')
def test_any_success_is_read_or_is_a_decode_error(endpoint, body):
    try:
        found = decode(endpoint, Answer(200, {}, body))
    except DecodeError:
        return
    assert isinstance(found, str | Document)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("application/json; charset=utf-8", "application/json"),
        ("text/html", "text/html"),
        ("", "unknown"),
        ("Jane Canary", "unknown"),
        ("text/html Canary", "unknown"),
    ],
)
def test_the_content_type_is_told_only_when_it_is_one(header, expected):
    assert content_type(Answer(200, {"Content-Type": header}, b"")) == expected


def test_an_answer_does_not_show_what_it_holds():
    assert repr(Answer(200, {"X-Name": "Canary"}, b"Canary")) == "Answer(status=200)"


# Retry-After.

NOW = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": NOW}, 30.0),
        ({"Retry-After": "Wednesday, 21-Oct-26 07:28:30 GMT", "Date": NOW}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 09:28:30 +0200", "Date": NOW}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", "Date": NOW}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "yesterday"}, None),
        ({"Retry-After": "", "Date": NOW}, None),
        ({"Retry-After": "soon", "Date": NOW}, None),
        ({"Retry-After": "-5", "Date": NOW}, None),
        ({"Retry-After": "1e9", "Date": NOW}, None),
        ({"Retry-After": "nan", "Date": NOW}, None),
        ({"Retry-After": "12 seconds", "Date": NOW}, None),
        ({"Retry-After": "9" * 400, "Date": NOW}, None),
        ({"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Date": NOW}, None),
        ({"Retry-After": "Mon, 01 Jan 2024 00:00:00 +99999999999999999999", "Date": NOW}, None),
        ({"Retry-After": "Mon, 32 Jan 2024 00:00:00 GMT", "Date": NOW}, None),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_retry_after_is_read_as_seconds_or_as_a_date_by_the_servers_own_clock(headers, seconds):
    assert retry_after(headers) == seconds


@given(st.text() | st.from_regex(r"Mon, \d{1,3} Jan \d{1,30} \d{1,3}:\d{1,3}:\d{1,3} [+-]\d{1,30}", fullmatch=True))
def test_no_retry_after_raises_or_is_negative(text):
    for headers in ({"Retry-After": text}, {"Retry-After": text, "Date": NOW}, {"Retry-After": NOW, "Date": text}):
        seconds = retry_after(headers)
        assert seconds is None or seconds >= 0


def test_retry_after_stands_on_the_error():
    assert read_refusal(429, {"type": "limit_exceeded"}, **{"Retry-After": "7"}).retry_after == 7.0
