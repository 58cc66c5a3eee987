"""A receiver that records callbacks."""

import functools
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self, TypeVar

import anyio
from aiohttp import web
from anyio import to_thread
from anyio.from_thread import start_blocking_portal

from kycaid_async.callbacks import MAX_BODY, SIGNATURE_HEADER, Event, InvalidSignatureError, Keys, parse
from kycaid_async.callbacks.signature import keys_of, verify_with
from kycaid_async.errors import DecodeError
from kycaid_async.loops import stop_accepting
from kycaid_async.sandbox import SANDBOX_KEY
from kycaid_async.sandbox.http.listening import silent
from kycaid_async.sync.threads import result_of, waits
from kycaid_async.tracebacks import guarded

E = TypeVar("E", bound=Event)
_OK = 200


@guarded
class CallbackRecorder:
    """A receiver on this machine that verifies callbacks and keeps the events in `events`.

    ``with CallbackRecorder() as recorder: … callback_url=recorder.url … recorder.wait(VerificationCompleted)``, or
    ``async with`` and ``await recorder.wait_for(VerificationCompleted)``. It runs in a thread of its own, so that it
    answers whatever the test does.

    * ``keys``: the keys that sign the callbacks; default the key of a sandbox. Raises `ConfigurationError` without a
      usable one.
    """

    def __init__(self, keys: Keys = SANDBOX_KEY) -> None:
        self.events: list[Event] = []
        """The events received, oldest first, with repetitions."""
        self.refused = 0
        """The number of callbacks without a valid signature: answered with 401. Signed ones without an object: 400."""
        self.url = ""
        """Its URL, once it listens."""
        self._keys = keys_of(keys)
        self._answers: deque[int] = deque()
        self._changed = threading.Condition()
        self._stack = ExitStack()

    def answer_next(self, *statuses: int) -> None:
        """Answer the next callbacks with these statuses, and later ones with 200 again. All of them are recorded."""
        self._answers.extend(statuses)

    def wait(self, kind: type[E], condition: Callable[[E], bool] = lambda _: True, *, timeout: float = 10.0) -> E:
        """Wait for an event of this class for which ``condition`` holds, and return the first.

        Raises `TimeoutError` after ``timeout`` seconds.
        """
        return self._wait(kind, condition, timeout, threading.Event())

    async def wait_for(
        self,
        kind: type[E],
        condition: Callable[[E], bool] = lambda _: True,
        *,
        timeout: float = 10.0,  # noqa: ASYNC109 - as in `wait`
    ) -> E:
        """Wait like `wait`, without blocking the event loop."""
        is_abandoned = threading.Event()
        wait = functools.partial(self._wait, kind, condition, timeout, is_abandoned)
        try:
            return await to_thread.run_sync(wait, abandon_on_cancel=True)
        finally:
            # Python would wait at exit for a thread that still waits.
            with self._changed:
                is_abandoned.set()
                self._changed.notify_all()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            portal = stack.enter_context(start_blocking_portal(name="kycaid recorder"))
            runner = web.AppRunner(self._application(), access_log=None, logger=silent())
            stack.callback(portal.call, runner.cleanup)
            result_of(portal.start_task_soon(self._listen, runner, listening))
            stack.callback(portal.call, stop_accepting, listening.fileno())
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    async def __aenter__(self) -> Self:
        return await to_thread.run_sync(self.__enter__)

    async def __aexit__(self, *_: object) -> None:
        # Also when the test is cancelled: the thread would run on, and keep the port.
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(self.__exit__)

    def _wait(self, kind: type[E], condition: Callable[[E], bool], timeout: float, is_abandoned: threading.Event) -> E:
        with self._changed:
            for part in waits(timeout):
                if self._changed.wait_for(lambda: is_abandoned.is_set() or self._matching(kind, condition), part):
                    break
            matches = self._matching(kind, condition)
        if not matches:
            raise TimeoutError(f"no such {kind.__name__} came within {timeout:g} seconds")
        return matches[0]

    def _matching(self, kind: type[E], condition: Callable[[E], bool]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind) and condition(event)]

    def _application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/", self._receive)
        return app

    async def _listen(self, runner: web.AppRunner, listening: socket.socket) -> None:
        await runner.setup()
        await web.SockSite(runner, listening).start()

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            verify_with(self._keys, body, request.headers.get(SIGNATURE_HEADER), max_body=MAX_BODY)
            event = parse(body)
        except InvalidSignatureError:
            self.refused += 1
            return web.Response(status=401)
        except DecodeError:
            return web.Response(status=400)
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()
        return web.Response(status=self._answers.popleft() if self._answers else _OK)
