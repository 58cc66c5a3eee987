"""Hooks are told of attempts, retries, results and rows; they harm nothing, and hold nothing personal."""

import asyncio
import functools
import logging
import pickle
import sys

import pytest

import kycaid_async.transport.observed
from kycaid_async import (
    AsyncKycaid,
    AttemptEvent,
    BulkRow,
    CallEvent,
    ConfigurationError,
    ConnectionLostError,
    Hooks,
    InvalidRequestError,
    Kycaid,
    NotFoundError,
    Person,
    ResultEvent,
    RetryEvent,
    RowEvent,
)
from kycaid_async.sandbox import Fault
from kycaid_async.testing import Sandbox
from tests.conftest import API_KEY

ID = "a" * 36
NAMES = ("on_call", "on_attempt", "on_retry", "on_result", "on_row")
REFUSED = {"type": "limit_exceeded", "errors": []}
NOT_FOUND = {"type": "not_found", "errors": []}


@pytest.fixture
def seen():
    return []


@pytest.fixture
def hooks(seen):
    return Hooks(**dict.fromkeys(NAMES, seen.append))


@pytest.fixture
def observed(make_client, server, hooks):
    return make_client(server.url, hooks=hooks)


def kinds(seen):
    return [type(event) for event in seen]


async def test_a_call_is_told_of_from_its_begin_to_its_result(observed, server, seen):
    server.answer(200, {"document_id": ID})
    await observed.documents.create(type="PASSPORT", applicant_id=ID)
    call, attempt, result = seen
    assert kinds(seen) == [CallEvent, AttemptEvent, ResultEvent]
    assert (call.operation, call.method, call.path) == ("documents.create", "POST", "/documents")
    assert f"http://{call.server}:{call.port}" == server.url
    assert (attempt.attempt, attempt.status, attempt.error, attempt.refused) == (1, 200, None, False)
    assert attempt.bytes_sent == len(server.requests[0].body)
    assert attempt.bytes_received == len(b'{"document_id": ""}') + 36
    assert (result.attempts, result.status, result.error, result.maybe_processed) == (1, 200, None, False)


async def test_a_repeat_is_told_of_with_its_reason_and_its_wait(observed, server, seen, fake_time):
    server.answer(429, REFUSED, headers={"Retry-After": "2"})
    server.answer(200, {"applicant_id": ID})
    await observed.applicants.create(Person(first_name="Jane"))
    assert kinds(seen) == [CallEvent, AttemptEvent, RetryEvent, AttemptEvent, ResultEvent]
    _, first, retry, second, result = seen
    assert (first.status, first.error, first.refused) == (429, "RateLimitError", True)
    assert (retry.attempt, retry.status, retry.reason, retry.wait) == (1, 429, "RateLimitError", 2.5)
    assert (second.attempt, second.status, second.error) == (2, 200, None)
    assert (result.attempts, result.seconds) == (2, 2.5)


async def test_a_refusal_for_good_is_a_result_with_its_error(observed, server, seen):
    server.answer(404, NOT_FOUND)
    with pytest.raises(NotFoundError):
        await observed.documents.get(ID)
    assert kinds(seen) == [CallEvent, AttemptEvent, ResultEvent]
    assert (seen[-1].status, seen[-1].error, seen[-1].maybe_processed) == (404, "NotFoundError", False)


async def test_a_lost_answer_has_no_status_and_may_have_been_processed(make_client, hooks, seen):
    async def hang_up(_, writer):
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as raw:
        client = make_client(f"http://127.0.0.1:{raw.sockets[0].getsockname()[1]}", hooks=hooks)
        with pytest.raises(ConnectionLostError):
            await client.applicants.create(Person(first_name="Jane"))
        await client.aclose()
    assert [(e.status, e.error) for e in seen[1:]] == [(None, "ConnectionLostError")] * 2
    assert seen[-1].maybe_processed


async def test_a_call_that_is_cancelled_has_a_result_too(make_client, hooks, seen):
    arrived = asyncio.Event()

    async def never_answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(never_answer, "127.0.0.1", 0) as raw:
        client = make_client(f"http://127.0.0.1:{raw.sockets[0].getsockname()[1]}", hooks=hooks)
        task = asyncio.create_task(client.documents.get(ID))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.aclose()
    assert kinds(seen) == [CallEvent, AttemptEvent, ResultEvent]
    assert {event.error for event in seen[1:]} == {"CancelledError"}


async def test_what_is_refused_before_it_is_sent_is_no_call(observed, server, seen):
    with pytest.raises(InvalidRequestError):
        await observed.documents.get("short")
    assert (seen, server.requests) == ([], [])


async def test_a_file_tells_its_bytes_and_one_that_cannot_be_sent_tells_of_none(observed, server, seen, tmp_path):
    server.answer(200, {"file_id": ID})
    await observed.files.create(b"%PDF-1.4" + bytes(5000), filename="a.pdf")
    assert seen[1].bytes_sent == len(server.requests[0].body)
    seen.clear()
    with pytest.raises(InvalidRequestError):
        await observed.files.create(tmp_path / "missing.pdf")
    assert (seen[-1].error, seen[1].bytes_sent, seen[1].status) == ("InvalidFileError", 0, None)


async def test_no_event_holds_anything_of_a_person_a_key_or_an_id(make_client, server, seen):
    client = make_client(
        server.url, hooks=Hooks(**dict.fromkeys(NAMES, seen.append)), paths={"documents.get": "/v9/{document_id}/x"}
    )
    server.answer(422, {"type": "validation", "errors": [{"parameter": "dob", "message": "Jane is no date"}]})
    server.answer(200, {"card_number": "4000000000000000"})
    server.answer(200, {"document_id": ID})
    with pytest.raises(Exception, match="KYCAID refused"):
        await client.applicants.create(Person(first_name="Jane", email="jane@example.com"))
    await client.documents.get(ID)
    await client.request("GET", f"/private/{ID}", query={"q": "Jane"})
    told = repr(seen)
    assert not [mark for mark in ("Jane", "jane@", ID, API_KEY, "4000", "private", "no date") if mark in told]
    assert [event.path for event in seen if type(event) is CallEvent] == [
        "/applicants",
        "/v9/{document_id}/x",
        "/{+path}",
    ]


class Faulty:
    def __init__(self, error):
        self.error = error

    def __call__(self, event):
        secret = "Jane Example"  # noqa: F841 - a variable that no log may show
        raise self.error


@pytest.mark.parametrize(
    "error", [ValueError("Jane Example"), asyncio.CancelledError(), GeneratorExit(), RecursionError()]
)
@pytest.mark.parametrize("name", NAMES[:4])
async def test_a_hook_that_fails_harms_no_call_and_is_told_of_once(make_client, server, caplog, name, error, seen):
    hooks = [Hooks(**{name: Faulty(error)}), Hooks(**{name: seen.append})]
    client = make_client(server.url, hooks=hooks)
    with caplog.at_level(logging.WARNING, logger="kycaid_async"):
        for _ in range(3):
            server.answer(429, REFUSED)
            server.answer(200, {"applicant_id": ID})
            assert await client.applicants.create(Person(first_name="Jane")) == ID
    (record,) = caplog.records
    assert record.getMessage().startswith(f"hook {name} raised {type(error).__name__}.")
    assert (record.exc_info, record.kycaid_hook) == (None, name)
    assert "Jane" not in caplog.text
    assert len(seen) == (6 if name == "on_attempt" else 3)


async def test_a_hook_that_only_makes_a_coroutine_is_told_of(make_client, server, caplog):
    ran = []

    async def later(event):
        ran.append(event)

    client = make_client(server.url, hooks=Hooks(on_result=lambda event: later(event)))  # noqa: PLW0108 - so it is no coroutine function
    server.answer(200, {"document_id": ID})
    await client.documents.get(ID)
    assert (ran, len(caplog.records)) == ([], 1)
    assert "returned a coroutine, which nothing awaits" in caplog.text


async def test_what_a_hook_returns_is_its_own_business(make_client, server, caplog):
    told, results = [], asyncio.Queue()
    every = [lambda event: asyncio.create_task(results.put(event.operation)), told.append, lambda _: 5, lambda _: True]
    every.append(lambda _: asyncio.get_running_loop().create_future())
    client = make_client(server.url, hooks=[Hooks(on_result=hook) for hook in every])
    server.answer(200, {"document_id": ID})
    await client.documents.get(ID)
    assert await results.get() == "documents.get"
    assert len(told) == 1
    assert caplog.records == []


async def _async_hook(event):
    """Refused."""


class _AsyncCallable:
    async def __call__(self, event):
        """Refused, too."""


def _generator(event):
    yield event


async def _async_generator(event):
    yield event


_HOOKS = {
    "function": _async_hook,
    "object": _AsyncCallable(),
    "partial": functools.partial(_async_hook),
    "generator": _generator,
    "asynchronous generator": _async_generator,
    "text": "print",
}


@pytest.mark.parametrize("hook", _HOOKS.values(), ids=_HOOKS)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_plain_function_is_refused_at_once(name, hook):
    with pytest.raises(ConfigurationError, match=f"hooks: {name} must be a"):
        Hooks(**{name: hook})


@pytest.mark.parametrize("cls", [AsyncKycaid, Kycaid])
@pytest.mark.parametrize("hooks", [[print], Hooks, {"on_call": print}], ids=["function", "class", "dict"])
def test_what_is_no_hooks_is_refused_when_the_client_is_made(cls, hooks):
    with pytest.raises(ConfigurationError, match=r"hooks: expected Hooks\(…\)"):
        cls(API_KEY, hooks=hooks)


async def test_an_interruption_in_a_hook_is_one(make_client, server):
    client = make_client(server.url, hooks=Hooks(on_call=Faulty(SystemExit())))
    with pytest.raises(SystemExit):
        await client.documents.get(ID)


async def test_a_copy_has_hooks_of_its_own(observed, server, seen):
    others = []
    for _ in range(3):
        server.answer(200, {"document_id": ID})
    await observed.with_options(hooks=Hooks(on_result=others.append)).documents.get(ID)
    await observed.with_options(hooks=()).documents.get(ID)
    assert (len(others), seen) == (1, [])
    await observed.with_options(timeout=5).documents.get(ID)
    assert kinds(seen) == [CallEvent, AttemptEvent, ResultEvent]


def test_a_client_with_hooks_of_a_module_can_be_pickled():
    again = pickle.loads(pickle.dumps(AsyncKycaid(API_KEY, hooks=Hooks(on_result=print))))  # noqa: S301 - our own
    assert again._settings.observers.hooks[0].on_result is print


def test_the_blocking_client_tells_hooks_in_the_context_of_the_caller(seen):
    from contextvars import ContextVar

    who = ContextVar("who", default="nobody")
    with Sandbox() as sandbox:
        hooks = Hooks(on_result=lambda event: seen.append((who.get(), event.operation)))
        with Kycaid(sandbox.api_key, base_url=sandbox.url, hooks=hooks) as client:
            who.set("me")
            client.countries.list()
    assert seen == [("me", "countries.list")]


async def test_a_run_tells_of_its_rows_its_repeats_and_its_refusals(seen, hooks, fake_time):
    with Sandbox() as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url, hooks=hooks) as client:
            client._shared.timing = fake_time.timing()
            sandbox.faults.add(Fault("429", operations=["documents.create"], count=1))
            applicant = await client.applicants.create(Person(first_name="Jane"))
            seen.clear()
            results, _ = await client.bulk.upload_all([BulkRow(applicant_id=applicant, document={"type": "PASSPORT"})])
    assert [result.status.value for result in results] == ["created"]
    assert [(e.run, e.status) for e in seen if type(e) is RowEvent] == [("upload", "created")]
    (retry,) = [e for e in seen if type(e) is RetryEvent]
    assert (retry.operation, retry.reason, retry.status) == ("documents.create", "RateLimitError", 429)
    attempts = [e for e in seen if type(e) is AttemptEvent and e.operation == "documents.create"]
    assert [e.refused for e in attempts] == [True, False]
    assert applicant not in repr(seen)


async def test_a_client_without_hooks_runs_nothing_of_them(client, server):
    """Not one function more: that of `Exchange` itself is called."""
    server.answer(200, {"document_id": ID})
    server.answer(200, {"document_id": ID})
    await client.documents.get(ID)
    called = []
    sys.setprofile(lambda frame, kind, _: called.append(frame.f_code) if kind == "call" else None)
    try:
        await client.documents.get(ID)
    finally:
        sys.setprofile(None)
    own = [
        code
        for code in called
        if code.co_filename in (kycaid_async.hooks.__file__, kycaid_async.transport.observed.__file__)
    ]
    assert own == []
    assert client._settings.observers is None
