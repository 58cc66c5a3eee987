"""One call: what crosses from the thread to the loop and back."""

import asyncio
import contextvars
import gc
import hashlib
import io
import sys
import threading
import types
import warnings
import weakref

import pytest

from kycaid_async import (
    AsyncKycaid,
    BlockedLoopWarning,
    ConfigurationError,
    InvalidRequestError,
    Kycaid,
    NotFoundError,
    RequestTimeoutError,
    UploadSourceError,
)
from kycaid_async.callbacks import SIGNATURE_HEADER, confirm_blocking, sign
from kycaid_async.sync import threads
from kycaid_async.sync.loop_thread import loop_thread
from kycaid_async.sync.threads import MAX_WORKERS, MOST_WORKERS, STUCK_AFTER, Workers
from tests.conftest import API_KEY
from tests.pictures import picture
from tests.upload_server import SERVER_ERROR

DOCUMENT = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"
ANSWER = {"document_id": DOCUMENT}


async def test_a_call_gives_what_the_coroutine_returns(blocking_client, server, elsewhere):
    server.answer(200, ANSWER)
    assert (await elsewhere(blocking_client.documents.get, DOCUMENT)).document_id == DOCUMENT


async def test_a_call_raises_what_the_coroutine_raises(blocking_client, server, elsewhere):
    server.answer(404, {"type": "not_found"})
    with pytest.raises(NotFoundError) as caught:
        await elsewhere(blocking_client.documents.get, DOCUMENT)
    assert (caught.value.operation, caught.value.__context__, caught.value.__cause__) == ("documents.get", None, None)


async def test_an_error_goes_with_the_last_who_holds_it(elsewhere):
    class MineError(Exception):
        pass

    async def fail():
        raise MineError

    def call():
        try:
            loop_thread.new_call().of(fail).run()
        except MineError as error:
            return weakref.ref(error)

    gc.disable()
    try:
        error = await elsewhere(call)
        async with asyncio.timeout(10):
            while error() is not None:  # the loop lets go of its task in its own time
                await asyncio.sleep(0)
    finally:
        gc.enable()


async def test_wrong_arguments_are_refused_as_by_any_function(blocking_client, elsewhere):
    with pytest.raises(TypeError, match=r"Documents\.get\(\) missing 1 required positional argument: 'document_id'"):
        await elsewhere(blocking_client.documents.get)


async def test_what_the_client_does_not_know_can_be_called_by_its_path(blocking_client, server, elsewhere):
    server.answer(200, [1])
    assert await elsewhere(lambda: blocking_client.request("POST", "/new", json={"a": 1})) == [1]


async def test_other_options_go_over_the_same_connections(blocking_client, server, elsewhere):
    other = blocking_client.with_options(check=False)
    server.answer(200, {"document_id": "short"})
    await elsewhere(other.documents.get, "short")
    with pytest.raises(InvalidRequestError):
        await elsewhere(blocking_client.documents.get, "short")
    await elsewhere(other.close)
    with pytest.raises(ConfigurationError, match="the client is closed; make a new one"):
        await elsewhere(blocking_client.documents.get, DOCUMENT)


async def test_the_context_of_the_caller_reaches_the_loop_and_nothing_comes_back(elsewhere):
    trace = contextvars.ContextVar("trace")

    async def work():
        seen = trace.get()
        trace.set("changed")
        return seen

    def call():
        trace.set("request 7")
        return loop_thread.new_call().of(work).run(), trace.get()

    assert await elsewhere(call) == ("request 7", "request 7")


async def test_a_call_from_the_loops_own_thread_is_refused(blocking_client, elsewhere):
    async def inside():
        blocking_client.documents.get(DOCUMENT)

    with pytest.raises(ConfigurationError, match="would wait for ever; use AsyncKycaid"):
        await elsewhere(lambda: loop_thread.new_call().of(inside).run())


@pytest.fixture
def unwarned(monkeypatch):
    monkeypatch.setattr(loop_thread, "_warned", False)


def in_a_loop(function):
    async def main():
        return function()

    return asyncio.run(main())


async def test_inside_a_running_loop_it_works_and_warns_once(blocking_client, server, elsewhere, unwarned):
    for _ in range(2):
        server.answer(200, ANSWER)
    with pytest.warns(BlockedLoopWarning, match="AsyncKycaid") as caught:
        await elsewhere(in_a_loop, lambda: [blocking_client.documents.get(DOCUMENT) for _ in range(2)])
    assert [warning.filename for warning in caught] == [__file__]


async def test_an_iterator_inside_a_running_loop_warns_at_the_line_of_the_user(
    blocking_client, server, elsewhere, unwarned
):
    server.answer(200, [])
    with pytest.warns(BlockedLoopWarning) as caught:
        await elsewhere(in_a_loop, lambda: list(blocking_client.verifications.report("2026-11-01")))
    assert [warning.filename for warning in caught] == [__file__]


async def test_a_notebook_is_not_warned(blocking_client, server, elsewhere, unwarned, monkeypatch):
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    server.answer(200, ANSWER)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert await elsewhere(in_a_loop, lambda: blocking_client.documents.get(DOCUMENT))


async def test_a_closed_client_says_so_and_closing_again_does_no_harm(server, elsewhere):
    client = Kycaid(API_KEY, base_url=server.url)
    client.close()
    client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        await elsewhere(client.documents.get, DOCUMENT)


async def test_a_client_that_nobody_holds_any_more_closes_its_connections(server, elsewhere):
    client = Kycaid(API_KEY, base_url=server.url)
    server.answer(200, ANSWER)
    await elsewhere(client.documents.get, DOCUMENT)
    resources = client._target._shared.resources
    (bound,) = resources._by_loop.values()
    del client
    while not bound.backend.closed:
        await asyncio.sleep(0)
    assert resources._by_loop == {}


async def test_a_client_that_is_lost_in_a_circle_closes_its_connections_without_a_word(server, elsewhere):
    def lose():
        client = Kycaid(API_KEY, base_url=server.url)
        client.documents.get(DOCUMENT)
        rows = client.verifications.report("2026-11-01")
        next(rows)
        client.circle = [client, rows]
        (bound,) = client._target._shared.resources._by_loop.values()
        return bound.backend

    server.answer(200, ANSWER)
    server.answer(200, [{}] * 1000)
    session = await elsewhere(lose)
    gc.collect()
    while not session.closed:
        await asyncio.sleep(0)


async def test_a_client_made_and_used_in_one_line_is_open_until_the_answer(server, elsewhere):
    server.answer(200, ANSWER)
    assert await elsewhere(lambda: Kycaid(API_KEY, base_url=server.url).documents.get(DOCUMENT))


# Uploads from functions of the caller.


def pieces(data, threads):
    def factory():
        threads.add(threading.get_ident())
        for start in range(0, len(data), 70_000):
            threads.add(threading.get_ident())
            yield data[start : start + 70_000]

    return factory


async def test_a_plain_iterator_runs_in_the_thread_of_the_call_anew_for_each_attempt(uploads, elsewhere):
    uploads.answers = [SERVER_ERROR, SERVER_ERROR]
    data, threads = picture(300_000), set()

    def call():
        with Kycaid(API_KEY, base_url=uploads.url) as client:
            client.files.create(pieces(data, threads), size=len(data))
            client.files.replace("f" * 36, source=pieces(data, threads), size=len(data))
        return threading.get_ident()

    assert {await elsewhere(call)} == threads
    assert [r.digest for r in uploads.received] == [hashlib.sha256(data).hexdigest()] * 4


async def test_an_asynchronous_iterator_runs_on_the_loop(uploads, elsewhere):
    data, threads, closed = picture(1000), set(), []

    async def factory():
        threads.add(threading.current_thread().name)
        try:
            yield data
            yield b"too much"
        finally:
            closed.append(True)

    client = Kycaid(API_KEY, base_url=uploads.url)
    with pytest.raises(UploadSourceError):
        await elsewhere(lambda: client.files.create(factory, size=1000))
    assert (threads, closed) == ({"kycaid-loop"}, [True])
    await elsewhere(client.close)


def fails():
    raise LookupError("Canary")


@pytest.mark.parametrize("factory", [fails, lambda: None, lambda: iter([b"%PDF", 3])], ids=["raises", "none", "odd"])
async def test_a_function_that_gives_no_bytes_is_refused(uploads, elsewhere, factory):
    client = Kycaid(API_KEY, base_url=uploads.url)
    with pytest.raises(UploadSourceError, match=r"\(factory\)") as caught:
        await elsewhere(lambda: client.files.create(factory, size=100))
    await elsewhere(client.close)
    assert "Canary" not in str(caught.value)


class Stops:
    def __iter__(self):
        raise StopIteration


@pytest.mark.parametrize("factory", [lambda: next(iter([])), Stops], ids=["at the call", "at the iteration"])
async def test_a_factory_that_has_no_more_to_give_is_an_error_and_no_wait_for_ever(uploads, elsewhere, factory):
    with Kycaid(API_KEY, base_url=uploads.url, max_retries=0) as client:
        with pytest.raises(UploadSourceError, match="RuntimeError"):
            await asyncio.wait_for(elsewhere(lambda: client.files.create(factory, size=10)), 10)
        await elsewhere(client.close)


async def test_an_upload_can_call_the_client_again(uploads, server, blocking_client, elsewhere):
    server.answer(200, ANSWER)

    def factory():
        yield b"%PDF" + blocking_client.documents.get(DOCUMENT).document_id.encode()

    client = Kycaid(API_KEY, base_url=uploads.url)
    assert await elsewhere(lambda: client.files.create(factory, size=40))
    await elsewhere(client.close)


# Threads beside the loop.


def test_the_workers_are_few_and_do_what_they_are_given():
    workers, others = Workers(), workers_alive()
    gate = threading.Event()
    waiting = [workers.submit(gate.wait) for _ in range(3 * MAX_WORKERS)]
    while len(mine := workers_alive() - others) < MAX_WORKERS:
        gate.wait(0.001)
    assert all(thread.daemon for thread in mine)
    cancelled = workers.submit(fails)
    assert cancelled.cancel()
    gate.set()
    assert [future.result(10) for future in waiting] == [True] * 3 * MAX_WORKERS
    with pytest.raises(LookupError):
        workers.submit(fails).result(10)
    assert workers._count == MAX_WORKERS
    workers.shutdown()
    while workers_alive() & mine:
        gate.wait(0.001)


def workers_alive():
    return {thread for thread in threading.enumerate() if thread.name == "kycaid-worker"}


def test_threads_that_are_stuck_keep_none_from_others_and_stay_few():
    times, gate = [0.0], threading.Event()
    workers = Workers(clock=lambda: times[0])
    stuck = [workers.submit(gate.wait) for _ in range(MAX_WORKERS)]
    while len(workers._busy) < MAX_WORKERS:
        gate.wait(0.001)
    times[0] = STUCK_AFTER
    assert workers.submit(lambda: "done").result(10) == "done"
    stuck += [workers.submit(gate.wait) for _ in range(2 * MOST_WORKERS)]
    assert workers._count <= MOST_WORKERS
    gate.set()
    assert [future.result(10) for future in stuck] == [True] * len(stuck)
    workers.shutdown()


async def test_a_job_that_waits_for_threads_that_turn_out_to_be_stuck_gets_one(monkeypatch):
    monkeypatch.setattr(threads, "STUCK_AFTER", 0.02)
    workers, gate, others = Workers(), threading.Event(), workers_alive()
    stuck = [workers.submit(gate.wait) for _ in range(MAX_WORKERS)]
    assert await asyncio.wait_for(asyncio.wrap_future(workers.submit(lambda: "done")), 10) == "done"
    gate.set()
    assert all(future.result(10) for future in stuck)
    while len(workers_alive() - others) > MAX_WORKERS:
        await asyncio.sleep(0.001)
    workers.shutdown()


async def test_a_file_that_does_not_answer_ends_its_call_in_time(server, elsewhere):
    class Stuck(io.BytesIO):
        def read(self, *_):
            gate.wait()
            return b""

    gate, client = threading.Event(), Kycaid(API_KEY, base_url=server.url, timeout=0.05, max_retries=0)
    with pytest.raises(RequestTimeoutError) as caught:
        await elsewhere(client.files.create, Stuck(b"\x89PNG\r\n\x1a\n"))
    gate.set()
    assert (caught.value.phase, caught.value.maybe_processed) == ("progress", False)
    await elsewhere(client.close)


# Callbacks in blocking frameworks.


async def test_a_handler_of_flask_confirms_with_the_blocking_client(server, elsewhere):
    from flask import Flask

    from kycaid_async.web.flask import callback_blueprint

    verification = "2cf795e713be1040e50b202164ee17bfdfbe"
    body = (
        f'{{"type":"VERIFICATION_STATUS_CHANGED","verification_id":"{verification}","verification_status":"pending"}}'
    ).encode()
    server.answer(200, {"verification_id": verification, "status": "pending"})
    client, found = Kycaid(API_KEY, base_url=server.url), []
    app = Flask("app")
    app.register_blueprint(callback_blueprint(lambda event: found.append(confirm_blocking(event, client)), API_KEY))
    answer = await elsewhere(
        lambda: app.test_client().post("/kycaid", data=body, headers={SIGNATURE_HEADER: sign(body, API_KEY)})
    )
    await elsewhere(client.close)
    assert answer.status_code == 200
    assert [(c.agrees, c.differences) for c in found] == [(True, ())]


def test_the_asynchronous_client_is_not_meant_by_the_name():
    assert not issubclass(Kycaid, AsyncKycaid)
