"""A receiver of callbacks that keeps what came."""

import functools
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self, TypeVar

import anyio
from aiohttp import web
from anyio import to_thread
from anyio.from_thread import start_blocking_portal

from kycaid_async.callbacks import SIGNATURE_HEADER, Event, InvalidSignatureError, Keys, construct_event
from kycaid_async.errors import DecodeError
from kycaid_async.sandbox import SANDBOX_KEY
from kycaid_async.sandbox.http.listening import silent

E = TypeVar("E", bound=Event)
_OK = 200


class CallbackRecorder:
    """Listens on this machine for callbacks, checks their signatures, and keeps the events in `events`.

    ``with CallbackRecorder() as recorder: … callback_url=recorder.url … recorder.wait(VerificationCompleted)``, or
    ``async with`` and ``await recorder.wait_for(VerificationCompleted)``. It runs in a thread of its own, so that it
    answers whatever the test does.

    * ``keys``: what callbacks are signed with; default the key of a sandbox.
    """

    def __init__(self, keys: Keys = SANDBOX_KEY) -> None:
        self.events: list[Event] = []
        """What came, oldest first, with repetitions."""
        self.refused = 0
        """How many were not signed with the keys; they were answered with 401. Signed ones that hold no object: 400."""
        self.url = ""
        """Where it listens, once it does."""
        self._keys = keys
        self._answers: deque[int] = deque()
        self._news = threading.Condition()
        self._stack = ExitStack()

    def answer_next(self, *statuses: int) -> None:
        """Answer the next callbacks with these statuses, and later ones with 200 again. Each is kept all the same."""
        self._answers.extend(statuses)

    def wait(self, kind: type[E], condition: Callable[[E], bool] = lambda _: True, *, timeout: float = 10.0) -> E:
        """Return the first event of this class for which ``condition`` holds, when it is there.

        Raises `TimeoutError` after ``timeout`` seconds.
        """
        return self._wait(kind, condition, timeout, threading.Event())

    async def wait_for(
        self,
        kind: type[E],
        condition: Callable[[E], bool] = lambda _: True,
        *,
        timeout: float = 10.0,  # noqa: ASYNC109
    ) -> E:
        """Do the same as `wait` without holding up the event loop."""
        given_up = threading.Event()
        waiting = functools.partial(self._wait, kind, condition, timeout, given_up)
        try:
            return await to_thread.run_sync(waiting, abandon_on_cancel=True)
        finally:
            # A thread that still waited would hold the process up at its end.
            with self._news:
                given_up.set()
                self._news.notify_all()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(name="kycaid recorder"))
            runner = web.AppRunner(self._application(), access_log=None, logger=silent())
            stack.callback(portal.call, runner.cleanup)
            portal.call(runner.setup)
            portal.call(lambda: web.TCPSite(runner, "127.0.0.1", 0).start())
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

    def _wait(self, kind: type[E], condition: Callable[[E], bool], timeout: float, given_up: threading.Event) -> E:
        with self._news:
            self._news.wait_for(lambda: given_up.is_set() or self._found(kind, condition), timeout)
            found = self._found(kind, condition)
        if not found:
            raise TimeoutError(f"no such {kind.__name__} came within {timeout:g} seconds")
        return found[0]

    def _found(self, kind: type[E], condition: Callable[[E], bool]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind) and condition(event)]

    def _application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/", self._receive)
        return app

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            event = construct_event(body, request.headers.get(SIGNATURE_HEADER), self._keys)
        except InvalidSignatureError:
            self.refused += 1
            return web.Response(status=401)
        except DecodeError:
            return web.Response(status=400)
        with self._news:
            self.events.append(event)
            self._news.notify_all()
        return web.Response(status=self._answers.popleft() if self._answers else _OK)
