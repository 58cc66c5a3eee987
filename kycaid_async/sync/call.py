"""One blocking call: it runs on the loop while the calling thread waits."""

import asyncio
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate
from queue import Empty
from typing import Any, Final, NoReturn, ParamSpec, Protocol, Self, TypeVar

from kycaid_async.errors import ConfigurationError, ConnectionLostError
from kycaid_async.sync.threads import Inbox, Once, inbox
from kycaid_async.transport.under_way import UNDER_WAY, UnderWay

P = ParamSpec("P")
R = TypeVar("R")

CANCEL_TIMEOUT: Final = 0.3
"""Seconds that an interrupted thread waits until its cancelled call has released connections and files."""

LOOK_AFTER: Final = 0.5
"""Seconds between two looks at the loop by whoever waits for it: whether it has started, or is still there."""

AT_EXIT: Final = "the interpreter is about to end"
NOT_PROCESSED: Final = "nothing was processed"

EXIT_PAUSE: Final = 2.0
"""Seconds for which threads that call are held at the end of the interpreter before they get an error."""


class LoopOwner(Protocol):
    """Owner of the event loops of calls."""

    is_shut_down: bool
    """True when the interpreter is about to end."""
    why_lost: str
    """Why the last loop can carry nothing out any more."""

    def serves(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Say whether calls go to ``loop``, as far as is known."""
        ...

    def current_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop to which calls go by now: another, when one can carry nothing out any more."""
        ...


class ExitPause:
    """A pause at the end of the interpreter, the same for all of its threads.

    Daemon threads end with the process, any moment: an error would be printed between what the program says last. But
    what ends the interpreter may wait for such a thread, which must get its error then.
    """

    def __init__(self) -> None:
        self._end: float | None = None

    def reset(self) -> None:
        """Begin anew in a forked child, which does not end."""
        self._end = None

    def begin(self) -> None:
        """Begin, once."""
        self._end = self._end or time.monotonic() + EXIT_PAUSE

    def left(self) -> float:
        """Return the seconds that are left of it; it begins when nobody did that."""
        self.begin()
        return max(0.0, (self._end or 0.0) - time.monotonic())


exit_pause: Final = ExitPause()


class LoopCall:
    """A call from the current thread to the loop. While the thread waits, the loop can run functions in it."""

    __slots__ = (
        "_begun",
        "_context",
        "_error",
        "_inbox",
        "_is_cancelled",
        "_is_lost",
        "_is_over",
        "_loop",
        "_make",
        "_owner",
        "_result",
        "_task",
        "under_way",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: LoopOwner) -> None:
        self._loop = loop
        self._owner = owner
        self._is_cancelled = self._is_lost = self._is_over = False
        self._begun = Once()
        """Whoever takes it decides where the call begins; a lost loop may wake once more."""
        self.under_way = UnderWay()
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
            self._hand_over()
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

    def _hand_over(self) -> None:
        """Let the loop begin; the next one, when this one was closed meanwhile."""
        while True:
            try:
                self._loop.call_soon_threadsafe(self._begin, self._begun)
            except RuntimeError:
                if not self._loop.is_closed():
                    raise
            else:
                return
            self._loop = self._owner.current_loop()

    def _next(self) -> Callable[[], None] | None:
        """Wait for what the loop wants of this thread; None when the call is done. Raises when the loop is lost."""
        while True:
            try:
                return self._inbox.get(timeout=LOOK_AFTER)
            except Empty:
                pass
            if self._owner.is_shut_down:
                if exit_pause.left():
                    continue
                if self._is_over:
                    return None
                self._is_lost = True
                raise self._lost()
            if (loop := self._owner.current_loop()) is not self._loop:
                self._go_on_in(loop)
            else:
                # The thread of a lost loop may have taken what was to wake this one.
                loop.call_soon_threadsafe(_nothing)

    def _go_on_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin in another loop, in place of a lost one. Raises `ConnectionLostError` when it had begun there."""
        if not self._begun.take():
            self._is_lost = True
            raise self._lost()
        self._loop, self._begun = loop, Once()
        self._hand_over()

    def _lost(self) -> ConnectionLostError:
        """Return the error for a call of which nothing more is heard."""
        why, maybe = "the call was cancelled on the event loop of the blocking client", self.under_way.maybe_processed
        if self._owner.is_shut_down:
            why = AT_EXIT
        elif not self._owner.serves(self._loop):
            why = self._owner.why_lost
        state = "what was under way was perhaps processed; look before you repeat it" if maybe else NOT_PROCESSED
        return ConnectionLostError(f"{why}: {state}", maybe_processed=maybe, retryable=not maybe)

    def share(self, under_way: UnderWay) -> Self:
        """Make this one of several calls that are about the same requests."""
        self.under_way = under_way
        return self

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
        with suppress(RuntimeError):  # the loop has ended meanwhile, as the wait for what comes next will notice
            self._loop.call_soon_threadsafe(resolve)

    def _begin(self, begun: Once) -> None:
        if not self._owner.serves(self._loop):
            self._inbox.put(_nothing)  # it ends, and the next one may begin this
            return
        self._task = self._loop.create_task(self._main(begun), context=self._context)

    async def _main(self, begun: Once) -> None:
        if not begun.take():
            return  # it goes on in another loop
        try:
            UNDER_WAY.set(self.under_way)
            coroutine = self._make()
            del self._make
            self._result = await coroutine
        except asyncio.CancelledError as error:
            # By whom, if not by its caller? By the end of the loop.
            self._error = error if self._is_cancelled else self._lost()
        except BaseException as error:  # noqa: BLE001 - re-raised in the calling thread
            self._error = error
        self._is_over = True
        if not self._owner.is_shut_down:  # a thread that waits at exit must not go on yet
            self._inbox.put(None)

    def _cancel_and_wait(self) -> None:
        if self._is_lost:
            return  # to wake it is to write to what may be another's by now
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:  # the loop is closed, and this call never began
            if self._owner.is_shut_down:
                refuse_at_exit()
            return
        try:
            while self._inbox.get(timeout=CANCEL_TIMEOUT) is not None:
                pass
        except Empty:
            pass

    def _cancel(self) -> None:
        self._is_cancelled = True
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
    """Refuse a call while the interpreter shuts down. Raises `ConfigurationError`, in a daemon thread after a pause."""
    if threading.current_thread().daemon and (left := exit_pause.left()):
        waiting = inbox()
        with suppress(Empty):
            waiting.get(timeout=left)
        waiting.close()
    raise ConfigurationError(f"{AT_EXIT}: no more calls")


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
