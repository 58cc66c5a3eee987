"""Log records carry what they say as data too, for loggers that write it: the real structlog and python-json-logger."""

import io
import json
import logging

import pytest
import structlog
from pythonjsonlogger.json import JsonFormatter

from kycaid_async import Hooks, Person
from kycaid_async.callbacks import VerificationCompleted
from kycaid_async.testing import signed_callback
from kycaid_async.web.receive import Receiver
from tests.conftest import API_KEY

ID = "a" * 36
MARKS = ("Jane", "jane@", ID, API_KEY, "no date")
OF_CALLS = {
    "kycaid_operation",
    "kycaid_method",
    "kycaid_path",
    "kycaid_attempt",
    "kycaid_status",
    "kycaid_error",
    "kycaid_seconds",
}


def of_structlog():
    processors = [
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ]
    return structlog.stdlib.ProcessorFormatter(processors=processors)


@pytest.fixture(params=[JsonFormatter, of_structlog], ids=["python-json-logger", "structlog"])
def written(request):
    """What the logger writes, line by line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    logger = logging.getLogger("kycaid_async")
    level, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(level)
    logger.propagate = propagates


async def test_an_attempt_is_written_with_its_parts(client, server, written):
    server.answer(429, {"type": "limit_exceeded", "errors": []})
    server.answer(422, {"type": "validation", "errors": [{"parameter": "dob", "message": "Jane is no date"}]})
    with pytest.raises(Exception, match="KYCAID refused"):
        await client.applicants.create(Person(first_name="Jane", email="jane@example.com"))
    refused, failed = written()
    own = {key: value for key, value in failed.items() if key.startswith("kycaid_")}
    assert own == {
        "kycaid_operation": "applicants.create",
        "kycaid_method": "POST",
        "kycaid_path": "/applicants",
        "kycaid_attempt": 2,
        "kycaid_status": 422,
        "kycaid_error": "ValidationError",
        "kycaid_seconds": 0,
    }
    assert own.keys() == OF_CALLS
    assert (refused["kycaid_attempt"], refused["kycaid_error"]) == (1, "RateLimitError")
    assert not [mark for mark in MARKS if mark in json.dumps(written())]


async def test_one_that_went_well_has_no_error(client, server, written):
    server.answer(200, {"document_id": ID})
    await client.documents.get(ID)
    (line,) = written()
    assert (line["kycaid_status"], line["kycaid_error"], line["kycaid_path"]) == (200, None, "/documents/{document_id}")


async def test_a_faulty_hook_is_named(make_client, server, written):
    def fail(event):
        raise ValueError("Jane")

    server.answer(200, {"document_id": ID})
    await make_client(server.url, hooks=Hooks(on_call=fail)).documents.get(ID)
    assert [line["kycaid_hook"] for line in written() if "kycaid_hook" in line] == ["on_call"]
    assert "Jane" not in json.dumps(written())


async def test_a_callback_is_written_with_its_type_and_its_reply(written):
    def handle(event):
        if event.verified:
            raise ValueError("Jane")

    async def in_thread(function, event):
        return function(event)

    receiver = Receiver(handle, API_KEY, in_thread, None, 1 << 20)
    for verified in (False, True):
        body, headers = signed_callback(VerificationCompleted(verified=verified, applicant_id=ID), API_KEY)
        opened = receiver.open(body, headers.get)
        if verified:
            with pytest.raises(ValueError, match="Jane"):
                await receiver.handle(opened)
        else:
            await receiver.handle(opened)
    await receiver.handle(receiver.open(body, lambda _: None))
    own = [{key: value for key, value in line.items() if key.startswith("kycaid_")} for line in written()]
    kind = "VERIFICATION_COMPLETED"
    assert own[0]["kycaid_reply"] == "ok"
    assert own[1]["kycaid_error"] == "ValueError"
    assert own[2] == {"kycaid_reply": "invalid signature", "kycaid_status": 401}
    assert len(own) == 3
    assert {line.get("kycaid_callback", "-") for line in own} <= {kind, "of an unknown type", "-"}
    assert not [mark for mark in MARKS if mark in json.dumps(written())]
