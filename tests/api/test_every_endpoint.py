"""Goes over every declared endpoint: method, path, body, answer, and each refusal.

A new endpoint needs an entry in `tests.api.cases`.
"""

import json

import pytest

from kycaid_async import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DecodeError,
    FieldError,
    FileRefusedError,
    GatewayError,
    InsufficientFundsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    Replay,
    ServerError,
    ValidationError,
)
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.protocol.endpoint import ReturnsJson, ReturnsList
from tests.api.cases import CASES
from tests.api.examples import PNG
from tests.api.wire import compact

# What the server answers with each status, and the error it must become.
REFUSALS = {
    400: ("bad_request", BadRequestError),
    401: ("unauthorized", AuthenticationError),
    402: ("insufficient_funds", InsufficientFundsError),
    403: ("inactive_account", PermissionDeniedError),
    404: ("not_found", NotFoundError),
    409: ("delete_denied", ConflictError),
    413: ("limit_file_size", FileRefusedError),
    422: ("validation", ValidationError),
    429: ("limit_exceeded", RateLimitError),
    500: ("internal_server", ServerError),
    502: (None, GatewayError),
}
HTML = "<html><head><title>502</title></head><body>Bad Gateway: Jane Canary</body></html>"

DECLARED = {name: endpoint for name, endpoint in ENDPOINTS.items() if name in CASES}
EACH = pytest.mark.parametrize("name", DECLARED)
EACH_REFUSAL = pytest.mark.parametrize(
    ("name", "status"), [(name, status) for name, endpoint in DECLARED.items() for status in endpoint.refusals]
)


@pytest.fixture
def impatient(server, make_client):
    return make_client(server.url, max_retries=0)


def test_every_endpoint_has_its_entry():
    if missing := sorted(ENDPOINTS.keys() - CASES.keys()):
        pytest.fail(f"tests/api/cases.py has no entry for {', '.join(missing)}", pytrace=False)
    assert sorted(CASES) == sorted(ENDPOINTS)


def test_every_declared_status_has_its_answer():
    assert {status for endpoint in ENDPOINTS.values() for status in endpoint.refusals} <= set(REFUSALS)


@EACH
async def test_the_right_request_goes_out_and_the_answer_comes_back_decoded(impatient, server, name):
    case = CASES[name]
    server.answer(200, compact(case.answer))
    result = await case.call(impatient)
    (request,) = server.requests
    assert (request.method, request.path) == case.sends
    assert request.query == case.query
    assert request.headers["Authorization"].startswith("Token ")
    assert request.headers["Accept"] == "application/json"
    if case.upload:
        assert PNG in request.body
    elif case.body is None:
        assert request.body == b""
    else:
        assert json.loads(request.body) == case.body
        assert request.body == compact(json.loads(request.body)), "compact, and UTF-8 as it is"
    assert ("Content-Type" in request.headers) is (case.upload or case.body is not None)
    assert result == case.result
    assert type(result) is type(case.result)


@EACH
def test_the_request_is_what_the_declaration_says(name):
    endpoint, (method, path) = ENDPOINTS[name], CASES[name].sends
    assert endpoint.method == method
    declared, used = endpoint.path.split("/"), path.split("/")
    assert len(declared) == len(used)
    assert all(want == got or want.startswith("{") for want, got in zip(declared, used, strict=True))
    assert endpoint.uploads is CASES[name].upload
    assert set(endpoint.query) >= set(CASES[name].query)


@EACH_REFUSAL
async def test_every_declared_refusal_becomes_its_error_with_all_that_is_known(impatient, server, name, status):
    endpoint = ENDPOINTS[name]
    code, cls = REFUSALS[status]
    body = {"type": code, "errors": [{"parameter": "dob", "message": "Jane Canary is not valid"}]}
    server.answer(status, HTML if code is None else body)
    with pytest.raises(ApiError) as caught:
        await CASES[name].call(impatient)
    error = caught.value
    assert type(error) is cls
    assert (error.operation, error.status, error.type, error.attempts) == (name, status, code, 1)
    assert error.errors == (() if code is None else (FieldError("dob", "Jane Canary is not valid"),))
    assert b"Jane Canary" in error.body
    uncertain = status >= 500
    assert error.maybe_processed is (uncertain and endpoint.replay is not Replay.SAFE)
    assert error.retryable is (status == 429 or (uncertain and endpoint.replayable))
    who = "something between you and KYCAID answered" if code is None else f"KYCAID refused the request (HTTP {status}"
    assert str(error).startswith(f"{name}: {who}")
    assert error.advice in str(error)
    assert "Canary" not in str(error)
    assert len(server.requests) == 1


NO_JSON = ["", "<html>", '{"document_id": "5f']
ODD_JSON = ["[]", "null", "5"]


def readable(returns):
    """What of these is an answer: lists may be empty, an id that the caller has may be missing, and where the form of
    an answer is unknown any JSON is one, or none at all."""
    if isinstance(returns, ReturnsList):
        return {"[]"}
    return {"", *ODD_JSON} if isinstance(returns, ReturnsJson) or getattr(returns, "optional", False) else set()


def unreadable(bodies):
    return pytest.mark.parametrize(
        ("name", "body"),
        [(name, body) for name, e in DECLARED.items() for body in bodies if body not in readable(e.returns)],
    )


@unreadable([*NO_JSON, *ODD_JSON])
async def test_an_answer_that_cannot_be_read_is_a_decode_error_with_all_that_is_known(impatient, server, name, body):
    endpoint = ENDPOINTS[name]
    server.answer(200, body)
    with pytest.raises(DecodeError) as caught:
        await CASES[name].call(impatient)
    error = caught.value
    assert (error.operation, error.status, error.attempts, error.body) == (name, 200, 1, body.encode())
    assert error.maybe_processed is (endpoint.replay is not Replay.SAFE)
    assert error.retryable is (endpoint.replayable and body in NO_JSON)


@unreadable(NO_JSON)
async def test_what_is_no_json_is_asked_for_again_where_that_does_no_harm(client, server, name, body):
    attempts = 4 if ENDPOINTS[name].replayable else 1
    for _ in range(attempts):
        server.answer(200, body)
    with pytest.raises(DecodeError) as caught:
        await CASES[name].call(client)
    assert len(server.requests) == caught.value.attempts == attempts


@unreadable(ODD_JSON)
async def test_json_of_another_form_is_not_asked_for_again(client, server, name, body):
    server.answer(200, body)
    with pytest.raises(DecodeError) as caught:
        await CASES[name].call(client)
    assert len(server.requests) == caught.value.attempts == 1


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"status":"deleted"}'])
@pytest.mark.parametrize("name", [n for n, e in DECLARED.items() if getattr(e.returns, "optional", False)])
async def test_where_the_answer_has_no_id_it_is_the_one_that_was_given(client, server, name, body):
    server.answer(200, body)
    result = await CASES[name].call(client)
    (request,) = server.requests
    assert result == request.path.rpartition("/")[2]
    assert len(result) == 36


@pytest.mark.parametrize("name", [n for n, e in DECLARED.items() if isinstance(e.returns, ReturnsJson)])
async def test_where_any_json_will_do_an_empty_answer_is_none(client, server, name):
    server.answer(200, "")
    assert await CASES[name].call(client) is None


@EACH
async def test_the_key_goes_as_the_header_of_the_reference_when_asked_for(server, make_client, name):
    client = make_client(server.url, max_retries=0, auth_header="API-Key")
    server.answer(200, compact(CASES[name].answer))
    await CASES[name].call(client)
    (request,) = server.requests
    assert len(request.headers["API-Key"]) == 36
    assert "Authorization" not in request.headers
