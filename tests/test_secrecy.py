"""What personal data goes through the package never comes out by a side door: logs, reprs, texts, tracebacks."""

import json
import logging
import traceback

import aiohttp
import pytest

from kycaid_async import (
    ApiError,
    ConfigurationError,
    CreditCard,
    DeclineReason,
    DecodeError,
    DocumentUpdate,
    Gender,
    InvalidRequestError,
    KycaidError,
    Person,
    PersonAddress,
    TransportError,
    UploadSourceError,
    structure,
    unstructure,
)
from kycaid_async.api import documents
from kycaid_async.api.applicants import PersonApplicant
from kycaid_async.protocol.request import build
from tests.api.examples import APPLICANT_ID, DOCUMENT_ID, FILE_ID, GET_DOCUMENT, GET_PERSON, PNG
from tests.conftest import API_KEY
from tests.serving import Serving

NAME = "Zebulonia"
DOCUMENT_NUMBER = "QX7731904Z"
EMAIL = "zebulonia@canary.example"
CARD = "4929000011112222"
CANARIES = [NAME, DOCUMENT_NUMBER, EMAIL, CARD, API_KEY]
TEXT = f"{NAME} <{EMAIL}> with {DOCUMENT_NUMBER} and {CARD} (Token {API_KEY}) is not valid"

PERSON = {"first_name": NAME, "email": EMAIL, "custom_field_1": TEXT}
CARD_FIELDS = {
    "applicant_id": APPLICANT_ID,
    "document_number": DOCUMENT_NUMBER,
    "card_number": CARD,
    "account_number": TEXT[:50],
}

CALLS = {
    "create a person": lambda c: c.applicants.create(Person(**PERSON)),
    "create a person by keywords": lambda c: c.applicants.create(type="PERSON", **PERSON),
    "create a card": lambda c: c.documents.create(CreditCard(**CARD_FIELDS)),
    "update a document": lambda c: c.documents.update(DOCUMENT_ID, document_number=DOCUMENT_NUMBER, card_number=CARD),
    "create an address": lambda c: c.addresses.create(
        PersonAddress(applicant_id=APPLICANT_ID, type="REGISTERED", full_address=TEXT)
    ),
    "read a document": lambda c: c.documents.get(DOCUMENT_ID),
    "read a person": lambda c: c.applicants.get(APPLICANT_ID),
    "upload": lambda c: c.files.create(PNG + TEXT.encode()),
    "replace": lambda c: c.files.replace(FILE_ID, PNG + TEXT.encode()),
    "anything": lambda c: c.request("POST", "/services/x", json={"who": TEXT}, query={"email": EMAIL, "card": CARD}),
}
IDS = {"applicant_id": APPLICANT_ID, "document_id": DOCUMENT_ID, "address_id": APPLICANT_ID, "file_id": FILE_ID}
GOOD_ANSWER = (
    GET_PERSON
    | GET_DOCUMENT
    | IDS
    | {
        "first_name": NAME,
        "email": EMAIL,
        "document_number": DOCUMENT_NUMBER,
        "card_number": CARD,
        "comment": TEXT,
        "front_side": f"https://storage.example/{NAME}",
        "dob": TEXT,
        "verifications_count": TEXT,
        "unknown_key": TEXT,
        "addresses": [{"full_address": TEXT, "unknown_key": TEXT}],
        "documents": [{"card_number": CARD, "unknown_key": TEXT}],
    }
)
REFUSALS = {
    "validation": (422, {"type": "validation", "errors": [{"parameter": "dob", "message": TEXT}]}),
    "a parameter that is no name": (422, {"type": "validation", "errors": [{"parameter": TEXT, "message": TEXT}]}),
    "a type that is no code": (400, {"type": TEXT, "errors": []}),
    "an error that is text": (400, {"error": TEXT}),
    "unauthorized": (401, {"type": "unauthorized", "message": TEXT}),
    "not found": (404, {"error": {"type": "not_found", "message": TEXT}}),
    "conflict": (409, {"type": "edit_denied", "errors": [{"parameter": "*", "message": TEXT}]}),
    "flow": (429, {"type": "flow", "errors": [{"parameter": "limit_exceeded", "message": TEXT}]}),
    "limit": (429, {"type": "limit_exceeded", "errors": [{"message": TEXT}]}),
    "server": (500, {"type": "internal_server", "errors": [{"message": TEXT}]}),
    "gateway": (502, f"<html><body>{TEXT}</body></html>"),
    "truncated refusal": (422, '{"type": "validation", "errors": [{"message": "' + TEXT),
    "unknown status": (418, TEXT),
}
UNREADABLE = {
    "truncated": json.dumps({"first_name": TEXT})[:-4],
    "HTML": f"<html>{TEXT}</html>",
    "a list": json.dumps([TEXT]),
    "text": json.dumps(TEXT),
    "no UTF-8": TEXT.encode() + b"\xff",
}


@pytest.fixture
def impatient(server, make_client):
    return make_client(server.url, max_retries=1)


@pytest.fixture(autouse=True)
def log(caplog):
    """Everything at DEBUG, asyncio's own messages included."""
    caplog.set_level(logging.DEBUG)
    for name in ("kycaid_async", "aiohttp.client", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


def assert_silent(text):
    assert [canary for canary in CANARIES if canary in text] == []


def assert_log_silent(log):
    formatter = logging.Formatter("%(name)s %(message)s")
    # The scripted server's own access log shows the query that it was sent; it is no part of the package.
    records = [record for record in log.records if record.name != "aiohttp.access"]
    assert_silent("\n".join(formatter.format(record) + repr(record.args) for record in records))
    return records


def assert_error_silent(error):
    """Check the error and all that hangs on it by __cause__ and __context__."""
    assert_silent("".join(traceback.format_exception(error)))
    seen = error
    while seen is not None:
        assert_silent(f"{seen} {seen!r} {seen.args}")
        assert_silent(
            "".join(map(repr, getattr(seen, "errors", ()))) + "".join(map(repr, getattr(seen, "problems", ())))
        )
        seen = seen.__cause__ or seen.__context__


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_calls_that_go_well_say_nothing(impatient, server, log, call):
    server.answer(200, GOOD_ANSWER)
    result = await call(impatient)
    assert len(server.requests) == 1
    if not isinstance(result, str | dict):
        assert_silent(repr(result))
        assert_silent(str(result))
    own = [record for record in assert_log_silent(log) if record.name == "kycaid_async"]
    assert own, "one line per attempt"


async def test_the_log_tells_operation_template_attempt_and_result(impatient, server, log):
    server.answer(500, {"type": "internal_server"})
    server.answer(200, GOOD_ANSWER)
    await impatient.documents.get(DOCUMENT_ID)
    own = [record.getMessage().rpartition(" in ")[0] for record in log.records if record.name == "kycaid_async"]
    assert own == [
        "documents.get GET /documents/{document_id}, attempt 1: ServerError 500",
        "documents.get GET /documents/{document_id}, attempt 2: ok",
    ]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(("status", "body"), REFUSALS.values(), ids=REFUSALS)
async def test_refusals_that_echo_say_nothing(impatient, server, log, call, status, body):
    for _ in range(8):  # a busy server is asked again until the time is over
        server.answer(status, body)
    with pytest.raises(ApiError) as caught:
        await call(impatient)
    assert NAME.encode() in caught.value.body, "what the vendor said is there for those who need it"
    assert_error_silent(caught.value)
    assert_log_silent(log)


@pytest.mark.parametrize(
    "call", [CALLS["create a person"], CALLS["read a document"], CALLS["upload"]], ids=["make", "read", "upload"]
)
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_answers_that_cannot_be_read_say_nothing(impatient, server, log, call, body):
    for _ in range(2):
        server.answer(200, body)
    with pytest.raises(DecodeError) as caught:
        await call(impatient)
    assert_error_silent(caught.value)
    assert_log_silent(log)


RAW = {
    "no HTTP at all": TEXT.encode() + b"\r\n\r\n",
    "a broken status line": b"HTTP/1.1 " + NAME.encode() + b" " + CARD.encode() + b"\r\n\r\n",
    "a broken header": b"HTTP/1.1 200 OK\r\n" + TEXT.encode() + b"\r\n\r\n",
    "a broken length": b"HTTP/1.1 200 OK\r\nContent-Length: " + CARD.encode() + NAME.encode() + b"\r\n\r\n",
    "a body cut short": b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + TEXT.encode(),
    "a broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + TEXT.encode() + b"\r\n",
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: https://x.example/"
    + EMAIL.encode()
    + b"\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"",
}


@pytest.fixture
async def raw_server():
    """A server that answers every connection with given bytes and hangs up."""
    answers = []

    async def serve(reader, writer):
        await reader.read(65536)
        writer.write(answers[0])
        await writer.drain()

    async with Serving(serve) as server:
        yield server.url, answers


@pytest.mark.parametrize("answer", RAW.values(), ids=RAW)
async def test_broken_connections_say_nothing(make_client, raw_server, log, answer):
    url, answers = raw_server
    answers.append(answer)
    with pytest.raises(TransportError) as caught:
        await CALLS["create a person"](make_client(url, max_retries=0))
    assert_error_silent(caught.value)
    assert_log_silent(log)


MISUSE = {
    "lengths and patterns": lambda c: c.documents.create(
        CreditCard(
            applicant_id=TEXT,
            document_number=TEXT * 2,
            card_number=CARD + NAME,
            issue_date=NAME,
            transaction_amount=CARD,
        )
    ),
    "an id": lambda c: c.documents.get(TEXT),
    "a name": lambda c: c.applicants.create(Person(first_name=EMAIL, email=NAME, dob=DOCUMENT_NUMBER, gender=[NAME])),
    "a word": lambda c: c.addresses.create(PersonAddress(applicant_id=APPLICANT_ID, type=NAME)),
    "a type": lambda c: c.applicants.create(type=NAME),
    "what JSON cannot carry": lambda c: c.request("POST", "/x", json={"name": NAME, "surrogate": NAME + "\ud800"}),
    "a path": lambda c: c.request("GET", f"/x?email={EMAIL}"),
    "a model and keywords": lambda c: c.applicants.create(Person(**PERSON), first_name=NAME),
    "a misspelt keyword": lambda c: c.applicants.create(type="PERSON", frst_name=NAME, emial=EMAIL),
    "bytes as a source of text": lambda c: c.files.create(TEXT.encode()),
    "an id that no URL can carry": lambda c: c.with_options(check=False).documents.get(NAME + "\ud800"),
    "a query that no URL can carry": lambda c: c.request("GET", "/x", query={"name": NAME + "\ud800"}),
    "bytes in a query": lambda c: c.request("GET", "/x", query={"name": TEXT.encode()}),
    "an object in a query": lambda c: c.request("GET", "/x", query={"name": {"first": NAME}}),
    "content passed as a path": lambda c: c.files.create("x" * 200 + TEXT),
}


@pytest.mark.parametrize("call", MISUSE.values(), ids=MISUSE)
async def test_bad_input_is_refused_without_quoting_it(client, server, log, call):
    with pytest.raises(InvalidRequestError) as caught:
        await call(client)
    assert server.requests == []
    assert_error_silent(caught.value)
    assert_log_silent(log)


async def test_a_source_that_fails_is_not_quoted_in_the_text_of_the_error(client, server, log):
    async def broken():
        yield PNG
        raise RuntimeError(TEXT)

    with pytest.raises(UploadSourceError) as caught:
        await client.files.create(broken, size=1 << 20)
    assert_silent(f"{caught.value} {caught.value!r}")
    assert_log_silent(log)


async def test_the_client_and_what_it_is_made_of_do_not_show_the_key(client, server):
    server.answer(200, GOOD_ANSWER)
    await client.documents.get(DOCUMENT_ID)
    parts = [
        client,
        client._settings,
        client._shared,
        client._exchange,
        client.documents,
        client.with_options(timeout=5),
    ]
    for part in parts:
        assert_silent(repr(part))
        assert_silent(str(part))


@pytest.mark.parametrize("key", [f"{API_KEY}\n", f"{API_KEY} ", f"Token {API_KEY}", f"{API_KEY}é"])
def test_a_key_that_cannot_be_one_is_not_quoted(make_client, key):
    from kycaid_async import AsyncKycaid

    with pytest.raises(ConfigurationError) as caught:
        AsyncKycaid(key)
    assert_error_silent(caught.value)


def test_a_password_in_the_base_url_is_not_quoted():
    from kycaid_async import AsyncKycaid

    with pytest.raises(ConfigurationError) as caught:
        AsyncKycaid("key", base_url=f"https://user:{API_KEY}@api.example")
    assert_error_silent(caught.value)


def test_a_password_of_the_proxy_does_not_show():
    from kycaid_async import AsyncKycaid

    client = AsyncKycaid("key", proxy=f"http://user:{API_KEY}@proxy.example")
    assert_silent(repr(client) + repr(client._settings))


def test_models_print_no_canary_whatever_field_holds_it():
    objects = [
        Person(**PERSON, last_name=NAME, gender=NAME),
        CreditCard(**CARD_FIELDS),
        DocumentUpdate(document_number=DOCUMENT_NUMBER, type=NAME, annual_income=NAME, income_sources=[NAME]),
        structure(GOOD_ANSWER, PersonApplicant),
    ]
    for made in objects:
        assert_silent(repr(made))
        assert NAME in json.dumps(unstructure(made)) or DOCUMENT_NUMBER in json.dumps(unstructure(made))


def test_a_word_that_nobody_knows_shows_only_when_it_has_the_form_of_a_code():
    assert_silent(repr(structure({"type": TEXT, "gender": EMAIL, "decline_reasons": [TEXT]}, PersonApplicant)))
    assert_silent(repr(DeclineReason(TEXT)) + repr(Gender(EMAIL)) + repr(Gender(CARD)))


def test_a_request_that_is_ready_to_be_sent_does_not_print_its_body():
    """Error trackers print the local variables of every frame."""
    built = build(documents.CREATE, body=CreditCard(**CARD_FIELDS))
    assert CARD.encode() in built.body
    assert_silent(repr(built))


async def test_a_session_of_ones_own_shows_no_more(make_client, server, log):
    async with aiohttp.ClientSession() as session:
        client = make_client(server.url, session=session, max_retries=0)
        server.answer(422, {"type": "validation", "errors": [{"parameter": "dob", "message": TEXT}]})
        with pytest.raises(KycaidError) as caught:
            await CALLS["create a card"](client)
    assert_error_silent(caught.value)
    assert_log_silent(log)
