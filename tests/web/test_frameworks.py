"""Callbacks arrive in every framework, and are answered in the same way."""

import asyncio
import contextvars
import json
import logging
import threading
import time
import traceback

import attrs
import pytest

from kycaid_async import ConfigurationError
from kycaid_async.callbacks import (
    Deduplicator,
    UnknownEvent,
    VerificationCompleted,
    VerificationStatusChanged,
    sign,
)
from tests.callbacks.messages import (
    CANARY,
    CHANGED,
    COMPLETED,
    EXAMPLES,
    KEY,
    OTHER_KEY,
    VECTOR_BODY,
    VECTOR_KEY,
    VECTOR_SIGNATURE,
    body_of,
    signed,
)
from tests.web.frameworks import SITES, Answer


@pytest.fixture(params=SITES)
def site(request):
    return SITES[request.param]


@attrs.define
class Handler:
    """Collects events; fails as often as it is told to."""

    events: list = attrs.field(factory=list)
    failures: int = 0

    def take(self, event):
        self.events.append(event)
        if len(self.events) <= self.failures:
            raise RuntimeError("the handler failed")

    async def take_async(self, event):
        await asyncio.sleep(0)
        self.take(event)

    def of(self, kind):
        return self.take if kind == "sync" else self.take_async


@pytest.fixture
def handler():
    return Handler()


EITHER = pytest.mark.parametrize("kind", ["sync", "async"])


@EITHER
async def test_a_signed_callback_reaches_the_handler_and_is_answered_200(site, handler, kind):
    async with site(handler.of(kind), VECTOR_KEY) as served:
        answer = await served.deliver(VECTOR_BODY, VECTOR_SIGNATURE)
    assert answer == Answer(200, '{"status":"ok"}')
    (event,) = handler.events
    assert type(event) is VerificationStatusChanged
    assert event.raw == CHANGED


@pytest.mark.parametrize("message", [*EXAMPLES, {"type": "BRAND_NEW"}], ids=lambda message: message["type"])
async def test_every_type_is_taken_also_the_unknown(site, handler, message):
    async with site(handler.take, KEY) as served:
        assert (await served.deliver(*signed(message))).status == 200
    assert handler.events[0].raw == message


async def test_one_of_several_keys_is_enough(site, handler):
    async with site(handler.take, iter([OTHER_KEY, KEY])) as served:
        answers = [await served.deliver(*signed(COMPLETED, key)) for key in (KEY, OTHER_KEY, KEY)]
    assert [answer.status for answer in answers] == [200, 200, 200]


@EITHER
async def test_a_tampered_callback_is_answered_401_and_not_handled(site, handler, kind):
    body, signature = signed(COMPLETED)
    tampered = body.replace(b"false", b"true")
    async with site(handler.of(kind), KEY) as served:
        answers = [
            await served.deliver(tampered, signature),
            await served.deliver(body, None),
            await served.deliver(body, ""),
            await served.deliver(body, signature.upper()),
            await served.deliver(body, signature[:-1]),
            await served.deliver(body, sign(body, OTHER_KEY)),
            await served.deliver(json.dumps(COMPLETED, indent=1).encode(), signature),
            await served.deliver(body.decode().encode("utf-16"), signature),
            await served.deliver(b"", signature),
        ]
    assert answers == [Answer(401, '{"error":"invalid signature"}')] * 9
    assert handler.events == []


@pytest.mark.parametrize("body", [b"", b"not JSON", b"[]", b"\xff", "{}".encode("utf-16"), b"[" * 100_000], ids=repr)
async def test_a_body_that_cannot_be_read_is_answered_400(site, handler, body):
    async with site(handler.take, KEY) as served:
        answer = await served.deliver(*signed(body))
    assert answer == Answer(400, '{"error":"unreadable body"}')
    assert handler.events == []


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 10_000_000])
async def test_a_body_that_is_too_large_is_answered_413(site, handler, size):
    async with site(handler.take, KEY) as served:
        answer = await served.deliver(*signed(b" " * size))
        assert answer == Answer(413, '{"error":"body too large"}')
        assert (await served.deliver(*signed(COMPLETED))).status == 200


async def test_the_largest_body_passes_and_the_limit_can_be_moved(site, handler):
    body = body_of(COMPLETED)
    async with site(handler.take, KEY, max_body=len(body)) as served:
        assert (await served.deliver(*signed(body))).status == 200
        assert (await served.deliver(*signed(body + b" "))).status == 413
    large = body + b" " * (1024 * 1024 - len(body))
    async with site(handler.take, KEY) as served:
        assert (await served.deliver(*signed(large))).status == 200
    assert len(handler.events) == 2


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_answered_405(site, handler, method):
    async with site(handler.take, KEY) as served:
        assert (await served.deliver(*signed(COMPLETED), method=method)).status == 405
    assert handler.events == []


@EITHER
async def test_a_repetition_is_answered_200_without_the_handler(site, handler, kind):
    async with site(handler.of(kind), KEY, deduplicator=Deduplicator()) as served:
        answers = [await served.deliver(*signed(message)) for message in (COMPLETED, COMPLETED, CHANGED)]
    assert [answer.text for answer in answers] == ['{"status":"ok"}', '{"status":"duplicate"}', '{"status":"ok"}']
    assert [type(event) for event in handler.events] == [VerificationCompleted, VerificationStatusChanged]


async def test_without_a_deduplicator_repetitions_reach_the_handler(site, handler):
    async with site(handler.take, KEY) as served:
        for _ in range(2):
            await served.deliver(*signed(COMPLETED))
    assert len(handler.events) == 2


@EITHER
@pytest.mark.parametrize("deduplicator", [None, Deduplicator])
async def test_a_failed_handler_is_answered_500_and_the_repetition_gets_through(site, handler, kind, deduplicator):
    handler.failures = 2
    async with site(handler.of(kind), KEY, deduplicator=deduplicator and deduplicator()) as served:
        statuses = [(await served.deliver(*signed(COMPLETED))).status for _ in range(3)]
        last = await served.deliver(*signed(COMPLETED))
    assert statuses == [500, 500, 200]
    assert last.text == ('{"status":"duplicate"}' if deduplicator else '{"status":"ok"}')


@EITHER
async def test_two_copies_at_the_same_moment_are_handled_once(site, handler, kind):
    def slow(event):
        time.sleep(0.05)
        handler.take(event)

    async def slow_async(event):
        await asyncio.sleep(0.05)
        handler.take(event)

    async with site(slow if kind == "sync" else slow_async, KEY, deduplicator=Deduplicator()) as served:
        answers = await asyncio.gather(*(served.deliver(*signed(COMPLETED)) for _ in range(4)))
    assert {answer.status for answer in answers} == {200}
    assert len(handler.events) == 1


async def test_a_function_never_runs_in_the_thread_of_the_loop(site):
    """It may block, and use what refuses to work where a loop runs, as Django's ORM does."""
    seen = []

    def take(event):
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        seen.append(threading.get_ident())

    async with site(take, KEY, deduplicator=Deduplicator()) as served:
        assert (await served.deliver(*signed(COMPLETED))).status == 200
    assert seen != [threading.get_ident()]


async def test_an_object_with_an_async_call_is_a_coroutine_function(site, handler):
    class Callable:
        async def __call__(self, event):
            await handler.take_async(event)

    async with site(Callable(), KEY) as served:
        assert (await served.deliver(*signed(COMPLETED))).status == 200
    assert len(handler.events) == 1


async def test_a_function_that_returns_a_coroutine_has_it_awaited(site, handler):
    def take(event):
        return handler.take_async(event)

    async with site(take, KEY) as served:
        assert (await served.deliver(*signed(COMPLETED))).status == 200
    assert len(handler.events) == 1


@EITHER
async def test_the_handler_sees_the_context_of_the_request(site, kind):
    variable, seen = contextvars.ContextVar("variable", default=None), []

    def take(event):
        seen.append(variable.get())

    async def take_async(event):
        take(event)

    variable.set("set")
    async with site(take if kind == "sync" else take_async, KEY) as served:
        await served.deliver(*signed(COMPLETED))
    assert seen == ["set"]


@pytest.mark.parametrize("keys", ["", [], [""], None])
def test_without_a_usable_key_nothing_is_served(keys):
    from kycaid_async.web import aiohttp, django, flask, starlette

    makers = (aiohttp.callback_route, starlette.callback_route, django.callback_view, flask.callback_blueprint)
    for make in makers:
        with pytest.raises(ConfigurationError):
            make(print, keys)


async def test_no_log_holds_personal_data_signature_or_key(site, caplog):
    caplog.set_level(logging.DEBUG, logger="kycaid_async")
    handler = Handler(failures=1)
    body, signature = signed(COMPLETED | {"comment": CANARY, "applicant": {"first_name": CANARY}})
    async with site(handler.take, KEY, deduplicator=Deduplicator()) as served:
        for given in (signature, signature, signature, sign(body, OTHER_KEY)):
            await served.deliver(body, given)
        await served.deliver(*signed({"type": CANARY}))
        await served.deliver(*signed(CANARY.encode()))
    assert isinstance(handler.events[-1], UnknownEvent)
    assert [record.getMessage() for record in caplog.records if record.name == "kycaid_async"] == [
        "callback VERIFICATION_COMPLETED: the handler failed",
        "callback VERIFICATION_COMPLETED: ok",
        "callback VERIFICATION_COMPLETED: duplicate",
        "callback refused: invalid signature",
        "callback of an unknown type: ok",
        "callback refused: unreadable body",
    ]
    assert not [secret for secret in (CANARY, KEY, signature) if secret in caplog.text]


@EITHER
async def test_a_report_of_a_failed_handler_shows_no_personal_data_even_with_local_variables(site, kind):
    """Error reports of Django and of monitoring services print the local variables of every frame."""
    reports = []

    def take(event):
        stack = traceback.StackSummary.extract(traceback.walk_stack(None), limit=100, capture_locals=True)
        reports.extend(frame.locals for frame in stack if "/kycaid_async/" in frame.filename)

    async def take_async(event):
        take(event)

    body, signature = signed(COMPLETED | {"comment": CANARY})
    async with site(take if kind == "sync" else take_async, KEY, deduplicator=Deduplicator()) as served:
        assert (await served.deliver(body, signature)).status == 200
    assert kind == "sync" or len(reports) >= 3
    assert not [secret for secret in (CANARY, KEY) if secret in repr(reports)]
