"""The seam: whatever library sends requests, calls come and go through `HttpBackend`."""

import asyncio
import logging

import attrs
import pytest

from kycaid_async import AsyncKycaid, ConnectionLostError, Document, RequestTimeoutError
from kycaid_async.protocol.response import Answer
from kycaid_async.transport import loop_resources
from kycaid_async.transport.backend import HttpBackend, OutgoingRequest
from kycaid_async.transport.deadlines import AttemptTimeout
from tests.pictures import picture

ID = "5f" * 18
DOCUMENT = Answer(200, {"Content-Type": "application/json"}, b'{"document_id":"%s"}' % ID.encode())
FILE = Answer(200, {"Content-Type": "application/json"}, b'{"file_id":"%s"}' % ID.encode())


@attrs.define(eq=False)
class InMemory:
    """A backend without a network: it gives what it was told to, in order."""

    outcomes: list[Answer | Exception | None] = attrs.field(factory=list)
    requests: list[OutgoingRequest] = attrs.field(factory=list)
    closed: bool = False

    async def send(self, request: OutgoingRequest, timer: AttemptTimeout) -> Answer:
        self.requests.append(request)
        timer.connected()
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is None:
            await asyncio.Event().wait()
        request.sent = True
        return outcome

    async def aclose(self) -> None:
        self.closed = True

    def abandon(self) -> None:
        raise AssertionError("nobody forked")


@pytest.fixture
def backend(monkeypatch):
    made: HttpBackend = InMemory()
    monkeypatch.setattr(loop_resources, "open_backend", lambda *_: made)
    return made


async def test_a_call_needs_nothing_of_a_library_but_the_seam(backend, make_client):
    client: AsyncKycaid = make_client("https://api.example.com")
    backend.outcomes = [DOCUMENT]
    assert isinstance(await client.documents.get(ID), Document)
    [request] = backend.requests
    assert (request.operation, request.method, request.target) == ("documents.get", "GET", f"/documents/{ID}")
    assert (request.body, request.replayable) == (None, True)
    await client.aclose()
    assert backend.closed


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
async def test_an_error_of_the_backend_is_judged_by_whether_anything_was_sent(level, backend, make_client, caplog):
    caplog.set_level(level, logger="kycaid_async")
    client = make_client("https://api.example.com", max_retries=1)
    backend.outcomes = [ConnectionLostError("lost"), FILE]
    assert await client.request("POST", "/x", replay="billed") == {"file_id": ID}
    assert len(backend.requests) == 2, "nothing was sent, so that it may be sent again"
    assert backend.requests[0] is not backend.requests[1]


async def test_an_answer_before_the_whole_file_has_left_is_not_believed(backend, make_client):
    backend.outcomes = [FILE]
    with pytest.raises(ConnectionLostError, match="before it had the whole file"):
        await make_client("https://api.example.com", max_retries=0).files.create(picture(1000))


async def test_a_limit_in_time_ends_a_backend_that_hangs(backend, make_client):
    backend.outcomes = [None]
    with pytest.raises(RequestTimeoutError) as caught:
        await make_client("https://api.example.com", max_retries=0, timeout=0.05).documents.get(ID)
    assert caught.value.phase in ("read", "total")
