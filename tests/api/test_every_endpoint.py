"""Goes over every declared endpoint: method, path, body, answer, and each refusal.

A new endpoint needs an entry here.
"""

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from kycaid_async import (
    AddressUpdate,
    ApiError,
    ApplicantUpdate,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    CreditCard,
    DecodeError,
    Document,
    DocumentUpdate,
    FieldError,
    FileInfo,
    FileRefusedError,
    InsufficientFundsError,
    NotFoundError,
    Person,
    PersonAddress,
    PersonApplicant,
    RateLimitError,
    Replay,
    ServerError,
    ValidationError,
    structure,
)
from kycaid_async.api.catalog import ENDPOINTS
from tests.api.examples import (
    ADDRESS_ID,
    ADDRESS_RESULT,
    APPLICANT_ID,
    APPLICANT_RESULT,
    CREATE_ADDRESS,
    CREATE_DOCUMENT,
    CREATE_PERSON,
    DOCUMENT_ID,
    DOCUMENT_RESULT,
    FILE_ID,
    FILE_RESULT,
    GET_DOCUMENT,
    GET_PERSON,
    PNG,
    UPDATE_APPLICANT,
    UPDATE_DOCUMENT,
)
from tests.api.wire import compact, without


@attrs.frozen(kw_only=True)
class Case:
    """How one endpoint is called, what must arrive at the server, and what must come back."""

    call: Callable[[Any], Any]
    sends: tuple[str, str]
    body: Any = None
    answer: Any
    result: Any
    upload: bool = False


CASES = {
    "addresses.create": Case(
        call=lambda client: client.addresses.create(PersonAddress(**CREATE_ADDRESS)),
        sends=("POST", "/addresses"),
        body=CREATE_ADDRESS,
        answer=ADDRESS_RESULT,
        result=ADDRESS_ID,
    ),
    "addresses.update": Case(
        call=lambda client: client.addresses.update(ADDRESS_ID, AddressUpdate(city="Leeds")),
        sends=("PATCH", f"/addresses/{ADDRESS_ID}"),
        body={"city": "Leeds"},
        answer=ADDRESS_RESULT,
        result=ADDRESS_ID,
    ),
    "addresses.delete": Case(
        call=lambda client: client.addresses.delete(ADDRESS_ID),
        sends=("DELETE", f"/addresses/{ADDRESS_ID}"),
        answer=ADDRESS_RESULT,
        result=ADDRESS_ID,
    ),
    "applicants.create": Case(
        call=lambda client: client.applicants.create(Person(**without(CREATE_PERSON, "type"))),
        sends=("POST", "/applicants"),
        body=CREATE_PERSON,
        answer=APPLICANT_RESULT,
        result=APPLICANT_ID,
    ),
    "applicants.get": Case(
        call=lambda client: client.applicants.get(APPLICANT_ID),
        sends=("GET", f"/applicants/{APPLICANT_ID}"),
        answer=GET_PERSON,
        result=structure(GET_PERSON, PersonApplicant),
    ),
    "applicants.update": Case(
        call=lambda client: client.applicants.update(APPLICANT_ID, ApplicantUpdate(**UPDATE_APPLICANT)),
        sends=("PATCH", f"/applicants/{APPLICANT_ID}"),
        body=UPDATE_APPLICANT,
        answer=APPLICANT_RESULT,
        result=APPLICANT_ID,
    ),
    "documents.create": Case(
        call=lambda client: client.documents.create(CreditCard(**without(CREATE_DOCUMENT, "type"))),
        sends=("POST", "/documents"),
        body=CREATE_DOCUMENT,
        answer=DOCUMENT_RESULT,
        result=DOCUMENT_ID,
    ),
    "documents.get": Case(
        call=lambda client: client.documents.get(DOCUMENT_ID),
        sends=("GET", f"/documents/{DOCUMENT_ID}"),
        answer=GET_DOCUMENT,
        result=structure(GET_DOCUMENT, Document),
    ),
    "documents.update": Case(
        call=lambda client: client.documents.update(DOCUMENT_ID, DocumentUpdate(**UPDATE_DOCUMENT)),
        sends=("PATCH", f"/documents/{DOCUMENT_ID}"),
        body=UPDATE_DOCUMENT,
        answer=DOCUMENT_RESULT,
        result=DOCUMENT_ID,
    ),
    "documents.delete": Case(
        call=lambda client: client.documents.delete(DOCUMENT_ID),
        sends=("DELETE", f"/documents/{DOCUMENT_ID}"),
        answer=DOCUMENT_RESULT,
        result=DOCUMENT_ID,
    ),
    "files.create": Case(
        call=lambda client: client.files.create(PNG),
        sends=("POST", "/files"),
        answer=FILE_RESULT,
        result=FILE_ID,
        upload=True,
    ),
    "files.replace": Case(
        call=lambda client: client.files.replace(FILE_ID, PNG),
        sends=("PUT", f"/files/{FILE_ID}"),
        answer=FILE_RESULT,
        result=FILE_ID,
        upload=True,
    ),
    "files.get": Case(
        call=lambda client: client.files.get(FILE_ID),
        sends=("GET", f"/files/{FILE_ID}"),
        answer=FILE_RESULT,
        result=FileInfo(file_id=FILE_ID),
    ),
    "files.delete": Case(
        call=lambda client: client.files.delete(FILE_ID),
        sends=("DELETE", f"/files/{FILE_ID}"),
        answer=FILE_RESULT,
        result=FILE_ID,
    ),
}

# What the server answers with each status, and the error it must become.
REFUSALS = {
    400: ("bad_request", BadRequestError),
    401: ("unauthorized", AuthenticationError),
    402: ("insufficient_funds", InsufficientFundsError),
    404: ("not_found", NotFoundError),
    409: ("delete_denied", ConflictError),
    413: ("limit_file_size", FileRefusedError),
    422: ("validation", ValidationError),
    429: ("limit_exceeded", RateLimitError),
    500: ("internal_server", ServerError),
    502: (None, ServerError),
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
    assert request.query == {}
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
    assert str(error).startswith(f"{name}: KYCAID refused the request (HTTP {status}")
    assert error.advice in str(error)
    assert "Canary" not in str(error)
    assert len(server.requests) == 1


@EACH
@pytest.mark.parametrize("body", ["", "<html>", '{"document_id": "5f', "[]", "null", "5"])
async def test_an_answer_that_cannot_be_read_is_a_decode_error_with_all_that_is_known(impatient, server, name, body):
    endpoint = ENDPOINTS[name]
    server.answer(200, body)
    with pytest.raises(DecodeError) as caught:
        await CASES[name].call(impatient)
    error = caught.value
    assert (error.operation, error.status, error.attempts, error.body) == (name, 200, 1, body.encode())
    assert error.maybe_processed is (endpoint.replay is not Replay.SAFE)
    assert error.retryable is endpoint.replayable


@EACH
async def test_the_key_goes_as_the_header_of_the_reference_when_asked_for(server, make_client, name):
    client = make_client(server.url, max_retries=0, auth_header="API-Key")
    server.answer(200, compact(CASES[name].answer))
    await CASES[name].call(client)
    (request,) = server.requests
    assert len(request.headers["API-Key"]) == 36
    assert "Authorization" not in request.headers
