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
    GatewayError,
    InsufficientFundsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ServerTimeoutError,
    ValidationError,
)
from kycaid_async.api import applicants, documents, files, non_doc_verifications, qes, verifications
from kycaid_async.protocol.request import build
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


IN_MESSAGES = [
    ("infected_file", FileRefusedError),
    ("limit_file_size", FileRefusedError),
    ("broken_file", FileRefusedError),
    ("incompatible_file_format", FileRefusedError),
    ("incompatible_file_for_recognition", FileRefusedError),
    ("image_small_resolution", FileRefusedError),
    ("image_huge_resolution", FileRefusedError),
    ("inactive_account", PermissionDeniedError),
    ("flow", FlowError),
    ("edit_denied", ConflictError),
    ("delete_denied", ConflictError),
    ("applicant_exists", ConflictError),
    ("verification_exists", ConflictError),
    ("insufficient_data", ValidationError),
]


@pytest.mark.parametrize("outer", ["validation", "bad_request", None])
@pytest.mark.parametrize(("code", "cls"), IN_MESSAGES)
@pytest.mark.parametrize("entry", [{"parameter": "file"}, {"parameter": "*"}, {}], ids=repr)
def test_a_code_may_stand_in_the_message_of_the_first_field(outer, code, cls, entry):
    body = {"type": outer, "errors": [entry | {"message": code}]}
    error = read_refusal(422, body, endpoint=files.CREATE)
    assert (type(error), error.type) == (cls, code)


@pytest.mark.parametrize("message", ["limit_exceeded", "validation", "unauthorized", "Limit exceeded", "flow "])
def test_no_other_word_in_a_message_is_a_code(message):
    error = read_refusal(429, {"type": "bad_request", "errors": [{"parameter": "*", "message": message}]})
    assert (type(error), error.type) == (BadRequestError, "bad_request")


def test_only_the_first_field_holds_a_code():
    listed = [{"parameter": "a", "message": VENDOR_TEXT}, {"parameter": "b", "message": "flow"}]
    assert read_refusal(422, {"type": "validation", "errors": listed}).type == "validation"


@pytest.mark.parametrize(("status", "cls"), STATUSES)
@pytest.mark.parametrize(
    "body",
    [
        {"type": "brand_new"},
        {"type": "brand_new", "errors": []},
        {"type": "brand_new", "errors": None},
        {"errors": [{"parameter": "dob", "message": VENDOR_TEXT}]},
        {"errors": [{"parameter": 5, "message": ["x"]}]},
        {"type": None, "errors": [{"parameter": None, "message": None}]},
        {"type": VENDOR_TEXT, "errors": [{"parameter": "*"}], "request_id": "1"},
        {"type": "brand_new", "errors": [{"parameter": "*"}], "code": 1, "status": 400, "title": "Bad"},
    ],
    ids=lambda body: repr(body)[:40],
)
def test_without_a_known_type_the_status_decides(status, cls, body):
    error = read_refusal(status, body)
    assert type(error) is cls
    assert error.status == status
    assert error.type in (None, "brand_new", VENDOR_TEXT)


# What is not KYCAID's: whatever its status, nothing of it says what KYCAID did.

FOREIGN = {
    "nothing": b"",
    "blanks": b" \r\n",
    "Envoy": b"upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    "a page": b"<html><body><h1>Bad Gateway</h1></body></html>",
    "half of a refusal": b'{"type": "limit_exceeded"',
    "no text": b"\xff\xfe\x00",
    "brackets without end": b"[" * 100_000,
    "an empty object": {},
    "a list": [{"type": "limit_exceeded"}],
    "text": "limit_exceeded",
    "null": None,
    "a number": 429,
    "AWS": {"message": "Too Many Requests"},
    "AWS, with a capital": {"Message": "User is not authorized"},
    "Azure": {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 5 seconds."},
    "Azure, a problem": {"error": {"code": "TooManyRequests", "message": "Slow down"}},
    "Google": {"error": {"code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE"}},
    "Google, older": {
        "error": {"errors": [{"domain": "global", "reason": "backendError"}], "code": 503, "message": "Backend Error"}
    },
    "Cloudflare": {
        "success": False,
        "errors": [{"code": 10000, "message": "Authentication error"}],
        "messages": [],
        "result": None,
    },
    "Kong": {"message": "API rate limit exceeded", "request_id": "5f"},
    "Tyk": {"error": "API rate limit exceeded"},
    "Apigee": {"fault": {"faultstring": "Rate limit quota violation", "detail": {"errorcode": "policies.ratelimit"}}},
    "Spring": {"timestamp": "2026-01-01", "status": 503, "error": "Service Unavailable", "path": "/applicants"},
    "Spring, a word": {"timestamp": "2026-01-01", "status": 403, "error": "Forbidden", "path": "/applicants"},
    "a problem (RFC 9457)": {"type": "about:blank", "title": "Service Unavailable", "status": 503},
    "a problem with an address": {"type": "https://problems.example/busy", "title": "Busy", "status": 429},
    "a problem without a type": {"title": "Too Many Requests", "status": 429, "detail": "Slow down"},
    "a problem with a word of KYCAID's": {"type": "limit_exceeded", "title": "Too Many Requests", "status": 429},
    "a problem that lists fields": {
        "type": "about:blank",
        "title": "Bad",
        "errors": [{"detail": "x", "pointer": "#/x"}],
    },
    "OAuth": {"error": "unauthorized", "error_description": "Full authentication is required"},
    "OAuth, short": {"error": "invalid_token"},
    "a word": {"error": "rate_limited"},
    "a sentence": {"error": "Unauthorized"},
    "a wrapper": {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}},
    "another error type": {"error": {"type": "overloaded_error", "message": "Overloaded"}},
    "a limit with a number": {"error": {"type": "limit_exceeded", "code": 429}},
    "a limit beside a number": {"type": "limit_exceeded", "status": 429},
    "an unknown type beside a message": {"type": "rate_limit", "message": "Slow down"},
    "a class": {"type": "java.net.ConnectException", "errors": []},
    "a type that is none": {"type": None},
    "types that are none": {"type": ["validation"], "errors": [None, 5, []]},
    "a type that is a number": {"type": 5, "errors": "x"},
    "a type in a type": {"error": {"type": {"type": "validation"}}},
    "JSON:API": {"errors": [{"status": "503", "title": "Service Unavailable"}]},
    "messages in a list": {"errors": [{"message": ["Service Unavailable"]}, {"message": {"en": "x"}}]},
    "GraphQL": {"errors": [{"message": "Service Unavailable", "extensions": {}}]},
    "a registry": {"errors": [{"code": "TOOMANYREQUESTS", "message": "pull rate limit"}]},
    "errors by field": {"errors": {"dob": ["is not valid"]}},
    "no errors": {"errors": []},
    "no error": {"error": None},
}


@pytest.mark.parametrize(
    "status", [101, 400, 401, 402, 403, 404, 407, 408, 409, 413, 418, 422, 429, 500, 502, 503, 599]
)
@pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)
def test_what_has_not_the_form_of_kycaids_answers_is_a_gateways_whatever_its_status(status, body):
    error = read_refusal(status, body, **{"Retry-After": "7"})
    assert type(error) is GatewayError
    assert (error.status, error.type, error.errors, error.retry_after) == (status, None, (), 7.0)
    assert "something between you and KYCAID answered" in str(error)
    assert "refused" not in str(error)


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({"Content-Type": "text/html; charset=utf-8"}, b"<html>", "HTTP 503, text/html"),
        ({"Content-Type": "text/plain"}, b"no healthy upstream", "HTTP 503, text/plain"),
        ({"Content-Type": "application/problem+json"}, b"{}", "HTTP 503, application/problem+json"),
        ({"Content-Type": "text/html"}, b"", "HTTP 503, empty"),
        ({}, b"<html>", "HTTP 503, unknown"),
    ],
)
def test_the_text_says_what_it_was_that_something_between_answered(headers, body, said):
    assert refusal(documents.CREATE, Answer(503, headers, body)).message == (
        "documents.create: something between you and KYCAID answered, such as a gateway, proxy or firewall "
        f"({said}): the answer does not have the form of KYCAID's."
    )


@pytest.mark.parametrize(
    "body",
    [
        {"type": "limit_exceeded"},
        {"type": "limit_exceeded", "errors": [], "request_id": "1"},
        {"type": "limit_exceeded", "errors": [{"message": VENDOR_TEXT}]},
        {"error": {"type": "limit_exceeded"}},
        {"error": {"type": "limit_exceeded", "message": VENDOR_TEXT}, "errors": []},
        {"error": "limit_exceeded"},
    ],
    ids=lambda body: repr(body)[:60],
)
@pytest.mark.parametrize(
    ("status", "cls"),
    [(400, RateLimitError), (429, RateLimitError), (503, RateLimitError), *((n, ServerError) for n in (500, 502, 504))],
)
def test_a_limit_is_a_limit_unless_the_server_broke_at_it(body, status, cls):
    error = read_refusal(status, body)
    assert (type(error), error.type) == (cls, "limit_exceeded")


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
    assert read_refusal(422, body).message == (
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
        (b'{"document_id": ""}', "expected text in 'document_id', got an empty text"),
        (b'{"type": "validation"}', "expected text in 'document_id', got null"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_success_that_cannot_be_read_is_a_decode_error_that_quotes_nothing(body, problem):
    with pytest.raises(DecodeError) as caught:
        decode(documents.CREATE, Answer(200, {}, body))
    error = caught.value
    assert error.message == f"documents.create: the answer (HTTP 200) cannot be read: {problem}."
    assert (error.operation, error.status, error.body) == ("documents.create", 200, body)
    assert (error.__cause__, error.__context__) == (None, None)


OTHER = "72f4c9b6bf3064a4c1b1a9d1d3b2f1e0c9aa"


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [(applicants.GET, "applicant_id"), (documents.GET, "document_id"), (verifications.GET, "verification_id")],
    ids=lambda value: getattr(value, "name", value),
)
def test_an_answer_that_shows_another_object_or_none_is_not_taken_for_what_was_asked_for(endpoint, name):
    """As a cache, or a health check, between may give it: the verdict on somebody else."""

    def read(data, query=None):
        return decode(endpoint, answer(200, data), build(endpoint, path={name: ID}, query=query).ids)

    assert getattr(read({name: ID, "status": "of tomorrow"}), name) == ID
    assert getattr(read({name: ID}, dict.fromkeys(endpoint.query, OTHER)), name) == ID
    assert getattr(read({name: ID.upper()}), name) == ID.upper()
    assert getattr(read({"created_at": "2026-01-02", "applicant_id": ID}), name) in (ID, None)
    with pytest.raises(DecodeError, match=f"it shows another object than was asked for, by its '{name}'") as told:
        read({name: OTHER})
    assert OTHER not in str(told.value)
    assert not told.value.maybe_processed
    for nothing in ({}, {"status": "ok"}, {"status": "UP", "message": "x"}, {"unknown": 1}, {name: None}):
        with pytest.raises(DecodeError, match="expected an object with"):
            read(nothing)


@pytest.mark.parametrize("endpoint", [non_doc_verifications.US_EIDV, non_doc_verifications.NG_NIN])
def test_an_answer_without_anything_that_was_paid_for_is_not_taken_for_an_empty_one(endpoint):
    with pytest.raises(DecodeError) as told:
        decode(endpoint, answer(200, {"status": "ok"}))
    assert told.value.maybe_processed


def test_a_page_with_the_status_of_a_success_is_told_as_what_something_between_may_have_given():
    with pytest.raises(DecodeError) as caught:
        decode(documents.CREATE, Answer(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Log in</html>"))
    assert caught.value.message == (
        "documents.create: the answer (HTTP 200) cannot be read: it is not JSON (content type text/html): "
        "a page, perhaps of a gateway, proxy or firewall between you and KYCAID."
    )


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
        ("text/Canary", "unknown"),
        ("Canary/json", "unknown"),
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


@pytest.mark.parametrize(
    ("sentence", "is_shown"),
    [
        ("Only one document with PASSPORT document type is allowed", True),
        ("Document with type ADDRESS_DOCUMENT can not be more than 3", True),
        ("Day of birth is not valid", True),
        ("Applicant is not compatible with this form", True),
        ("Jane Canary is not valid", False),
        ("Only one document with Jane Canary document type is allowed", False),
        ("Day of birth is not valid: 1990-01-01", False),
        ("Day of birth is not valid\nJane", False),
    ],
)
def test_a_sentence_of_the_vendor_without_data_is_part_of_the_text(sentence, is_shown):
    body = json.dumps({"type": "validation", "errors": [{"parameter": "type", "message": sentence}]}).encode()
    error = refusal(documents.CREATE, Answer(422, {}, body))
    assert (sentence in str(error)) is is_shown
    assert "Canary" not in str(error)
    assert "1990" not in str(error)
