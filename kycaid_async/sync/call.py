"""One blocking call: it runs on the loop while the calling thread waits."""

import asyncio
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine
from contextvars import copy_context
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate
from queue import Empty
from typing import Any, Final, NoReturn, ParamSpec, Self, TypeVar

from kycaid_async.errors import ConfigurationError, ConnectionLostError
from kycaid_async.sync.threads import Inbox, inbox

P = ParamSpec("P")
R = TypeVar("R")

CANCEL_TIMEOUT: Final = 0.3
"""Seconds that an interrupted thread waits until its cancelled call has released connections and files."""

LOOK_AFTER: Final = 0.5
"""Seconds between two looks whether there still is a loop."""


class LoopCall:
    """A call from the current thread to the loop. While the thread waits, the loop can run functions in it."""

    __slots__ = (
        "_context",
        "_error",
        "_inbox",
        "_is_lost",
        "_is_shut_down",
        "_look",
        "_loop",
        "_make",
        "_result",
        "_start",
        "_task",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        is_shut_down: Callable[[], bool],
        look: Callable[[], asyncio.AbstractEventLoop],
    ) -> None:
        self._loop = loop
        self._is_shut_down = is_shut_down
        self._is_lost = False
        self._look = look
        """Returns the loop to which calls go by now: another, when this one can carry nothing out any more."""
        self._start = [self._begin]
        """Whoever takes what is in it decides where the call begins; a lost loop may wake once more."""
        self._context = copy_context()
        self._inbox: Inbox[Callable[[], None] | None] = inbox()
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._result: Any = None

    def of(self, method: Callable[P, Coroutine[Any, Any, Any]], /, *args: P.args, **kwargs: P.kwargs) -> Self:
        """Make this a call of ``method``.

        Its coroutine is made in the loop's thread: Ctrl-C, which meets the main thread, never finds one that nobody
        has yet. The arguments stay with the call, so that its callers need no variables for them while they wait.
        """
        self._make = partial(method, *args, **kwargs)
        return self

    def run(self) -> Any:
        """Return what the coroutine returns, or raise what it raises; an interruption cancels it."""
        try:
            self._loop.call_soon_threadsafe(self._begin_once)
            while (function := self._next()) is not None:
                function()
        except BaseException:
            self._cancel_and_wait()
            raise
        finally:
            self._inbox.close()
        if self._error is None:
            return self._result
        error, self._error = self._error, None
        try:
            raise error
        finally:
            del error  # its traceback refers to this frame

    def _next(self) -> Callable[[], None] | None:
        """Wait for what the loop wants of this thread; None when the call is done. Raises when the loop is lost."""
        while True:
            try:
                return self._inbox.get(timeout=LOOK_AFTER)
            except Empty:
                pass
            if self._is_shut_down():
                continue
            if (loop := self._look()) is not self._loop:
                self._go_on_in(loop)
            else:
                # The thread of a lost loop may have taken what was to wake this one.
                loop.call_soon_threadsafe(_nothing)

    def _go_on_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin in another loop, in place of a lost one. Raises `ConnectionLostError` when it had begun there."""
        try:
            begin = self._start.pop()
        except IndexError:
            begin = None  # not from within the handler
        if begin is None:
            self._is_lost = True
            raise ConnectionLostError(
                "all descriptors of this process were closed, and with them the event loop of the blocking client: "
                "what was under way was perhaps processed; look before you repeat it",
                maybe_processed=True,
            )
        self._loop = loop
        loop.call_soon_threadsafe(begin)

    async def run_in_caller(self, function: Callable[[], R]) -> R:
        """Run ``function`` in the thread that waits for this call. To be called on the loop."""
        answer: asyncio.Future[R] = self._loop.create_future()
        self._inbox.put(partial(self._answer, function, answer))
        return await answer

    def wrap_source(self, source: Any) -> Any:
        """Wrap a factory of chunks so that it, and the iterators it returns, run in the calling thread."""
        return partial(self._chunks, source) if callable(source) else source

    async def _chunks(self, factory: Callable[[], Any]) -> AsyncIterator[bytes]:
        chunks = await self.run_in_caller(factory)
        if hasattr(chunks, "__aiter__"):
            try:
                async for chunk in chunks:
                    yield chunk
            finally:
                await close(chunks)
            return
        iterator = await self.run_in_caller(partial(iter, chunks))
        while (chunk := await self.run_in_caller(partial(next, iterator, None))) is not None:
            yield chunk

    def _answer(self, function: Callable[[], R], answer: "asyncio.Future[R]") -> None:
        try:
            resolve = partial(_set_result, answer, function())
        except StopIteration:  # a future refuses it
            resolve = partial(_set_exception, answer, RuntimeError("what was called raised StopIteration"))
        except Exception as error:  # noqa: BLE001 - re-raised on the loop
            resolve = partial(_set_exception, answer, error)
        self._loop.call_soon_threadsafe(resolve)

    def _begin_once(self) -> None:
        try:
            begin = self._start.pop()
        except IndexError:
            return  # begun in another loop meanwhile
        begin()

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._main(), context=self._context)

    async def _main(self) -> None:
        try:
            coroutine = self._make()
            del self._make
            self._result = await coroutine
        except BaseException as error:  # noqa: BLE001 - re-raised in the calling thread
            self._error = error
        if not self._is_shut_down():  # a thread that waits at exit must not go on
            self._inbox.put(None)

    def _cancel_and_wait(self) -> None:
        if self._is_lost:
            return  # to wake it is to write to what may be another's by now
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:  # the loop is closed, and this call never began
            if self._is_shut_down():
                refuse_at_exit()
            return
        try:
            while self._inbox.get(timeout=CANCEL_TIMEOUT) is not None:
                pass
        except Empty:
            pass

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._task is None or _has_not_begun(self._task):  # then it never runs, and nobody else ends the wait
            self._inbox.put(None)


def _nothing() -> None:
    return


def _has_not_begun(task: "asyncio.Task[None]") -> bool:
    coroutine = task.get_coro()
    return isinstance(coroutine, Coroutine) and getcoroutinestate(coroutine) == CORO_CREATED


def refuse_at_exit() -> NoReturn:
    """Refuse a call while the interpreter shuts down. Raises `ConfigurationError`; stops a daemon thread for good."""
    if threading.current_thread().daemon:
        threading.Event().wait()  # this thread ends with the process, any moment now
    raise ConfigurationError("the interpreter is about to end: no more calls")


async def close(items: AsyncIterable[Any]) -> None:
    """Close ``items`` if they can be closed, as asynchronous generators can."""
    aclose = getattr(items, "aclose", None)
    if aclose is not None:
        await aclose()


def _set_result(answer: "asyncio.Future[R]", result: R) -> None:
    if not answer.done():
        answer.set_result(result)


def _set_exception(answer: "asyncio.Future[Any]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
