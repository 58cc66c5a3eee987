"""Access to the running event loop, and waiting in it."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from kycaid_async.errors import ConfigurationError

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

ADVICE = (
    "kycaid_async runs on asyncio, and no event loop of asyncio runs here. Trio has another one: with the pytest "
    "plugin of anyio, let your fixture anyio_backend return 'asyncio'"
)


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop that runs. Raises `ConfigurationError` where none of asyncio's does, as under trio."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigurationError(ADVICE) from None


async def let_loop_read() -> None:
    """Give the event loop the two iterations that it needs to read what has come, and to act on it."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def stop_accepting(listening: int) -> None:
    """Accept no more on the socket of this descriptor, and return when what was accepted is known to its server.

    To be called before asyncio's server is closed: a connection that it accepted in the same moment would be left
    open, and be nobody's.
    """
    with suppress(NotImplementedError):  # a loop without readers, as on Windows
        asyncio.get_running_loop().remove_reader(listening)
    await let_loop_read()  # first a connection that was accepted gets its transport, then its server hears of it


async def finished(work: "Future[T] | asyncio.Future[T]") -> T:
    """Return the result of ``work`` when it is done, however often this is cancelled; then raise the cancellation.

    For what has to come to its end, and soon does: the closing of a file in a thread.
    """
    import anyio  # not before there is something to wait for

    waiting = asyncio.wrap_future(work)
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not waiting.done():
            try:
                await asyncio.wait([waiting])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        if not waiting.cancelled():
            waiting.exception()  # nobody is to be told that nobody looked at it
        raise cancelled
    return waiting.result()
