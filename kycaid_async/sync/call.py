"""One call: from the thread that waits to the loop, and back."""

import asyncio
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine
from contextvars import copy_context
from functools import partial
from queue import Empty
from typing import Any, NoReturn, TypeVar

from kycaid_async.errors import ConfigurationError
from kycaid_async.sync.threads import Inbox, inbox

R = TypeVar("R")

PATIENCE = 0.3
"""Seconds that a thread which was interrupted waits for its call to let go of connections and files."""


class Call:
    """A call of the thread that made this object. While it waits, the loop can ask it to run functions."""

    __slots__ = ("_context", "_coroutine", "_error", "_inbox", "_is_over", "_loop", "_result", "_task")

    def __init__(self, loop: asyncio.AbstractEventLoop, is_over: Callable[[], bool]) -> None:
        self._loop = loop
        self._is_over = is_over
        self._context = copy_context()
        self._inbox: Inbox[Callable[[], None] | None] = inbox()
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._result: Any = None

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Return what ``coroutine`` returns, or raise what it raises; an interruption cancels it."""
        self._coroutine = coroutine
        try:
            self._loop.call_soon_threadsafe(self._begin)
            while (errand := self._inbox.get()) is not None:
                errand()
        except BaseException:
            self._give_up()
            raise
        finally:
            self._inbox.close()
        if self._error is None:
            return self._result  # type: ignore[no-any-return]  # it is what the coroutine returned
        error, self._error = self._error, None
        try:
            raise error
        finally:
            del error  # its traceback leads to this frame

    async def ask(self, function: Callable[[], R]) -> R:
        """Run ``function`` in the thread that waits for this call. For the loop."""
        answer: asyncio.Future[R] = self._loop.create_future()
        self._inbox.put(partial(self._answer, function, answer))
        return await answer

    def lend(self, source: Any) -> Any:
        """Return ``source``; for a factory, one of async iterators, that has it and its plain iterators run here."""
        return partial(self._chunks, source) if callable(source) else source

    async def _chunks(self, factory: Callable[[], Any]) -> AsyncIterator[bytes]:
        made = await self.ask(factory)
        if hasattr(made, "__aiter__"):
            try:
                async for chunk in made:
                    yield chunk
            finally:
                await close(made)
            return
        chunks = await self.ask(partial(iter, made))
        while (chunk := await self.ask(partial(next, chunks, None))) is not None:
            yield chunk

    def _answer(self, function: Callable[[], R], answer: "asyncio.Future[R]") -> None:
        try:
            given = partial(_settle, answer, function())
        except StopIteration:  # which no future takes
            given = partial(_fail, answer, RuntimeError("what was called raised StopIteration"))
        except Exception as error:  # noqa: BLE001 - the loop gets it
            given = partial(_fail, answer, error)
        self._loop.call_soon_threadsafe(given)

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._main(), context=self._context)

    async def _main(self) -> None:
        try:
            self._result = await self._coroutine
        except BaseException as error:  # noqa: BLE001 - the thread that waits gets it
            self._error = error
        if not self._is_over():  # a thread that still waits when the interpreter ends must not go on
            self._inbox.put(None)

    def _give_up(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:  # the loop is closed, and this coroutine never began
            self._coroutine.close()
            if self._is_over():
                stay_out()
            return
        try:
            while self._inbox.get(timeout=PATIENCE) is not None:
                pass
        except Empty:
            pass

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


def stay_out() -> NoReturn:
    """Turn away a thread that calls when the interpreter is about to end. Raises `ConfigurationError`."""
    if threading.current_thread().daemon:
        threading.Event().wait()  # this thread ends with the process, any moment now
    raise ConfigurationError("the interpreter is about to end: no more calls")


async def close(items: AsyncIterable[Any]) -> None:
    """Close ``items`` when they can be closed, as asynchronous generators can."""
    aclose = getattr(items, "aclose", None)
    if aclose is not None:
        await aclose()


def _settle(answer: "asyncio.Future[R]", result: R) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: "asyncio.Future[Any]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
