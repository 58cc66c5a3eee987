"""Work in threads that nobody has to wait for."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_daemon(function: Callable[[], T]) -> T | Exception:
    """Return what ``function`` returns or raises, from a thread of its own. It may block, even for ever.

    Cancelled, the thread is left to itself: it holds up neither the loop nor the end of the program, as one of the
    loop's executor would. An error comes as a value, and so never as the context of another: it may hold secrets.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[T | Exception] = loop.create_future()

    def work() -> None:
        try:
            found: T | Exception = function()
        except Exception as error:  # noqa: BLE001 - the libraries below have errors of their own
            found = error
        try:
            loop.call_soon_threadsafe(_give, waiting, found)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return

    threading.Thread(target=work, name="kycaid remote", daemon=True).start()
    return await waiting


def _give(waiting: "asyncio.Future[T | Exception]", found: T | Exception) -> None:
    if not waiting.done():
        waiting.set_result(found)
