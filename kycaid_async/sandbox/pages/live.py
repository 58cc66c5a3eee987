"""News for open pages: a stream of server-sent events."""

import asyncio
from collections.abc import Callable
from typing import Final

import attrs
from aiohttp import web

from kycaid_async.sandbox.control import Control
from kycaid_async.sandbox.events.feed import Watch
from kycaid_async.sandbox.pages.middleware import refuse
from kycaid_async.sandbox.pages.responses import PAGE

PATH: Final = "/_sandbox/events"
_PAUSE: Final = 0.1
"""Seconds between two messages to one browser: it looks again after each."""
PULSE: Final = 15.0
"""Seconds without news after which it looks whether the page is still open, and its session still known."""
_NEWS: Final = b"data: news\n\n"
_COMMENT: Final = b": nothing new\n\n"
_MOST: Final = 100
"""Pages that are told at the same time: everything that happens is put down for each."""


@attrs.frozen
class Live:
    """Tells open pages that there is news."""

    _control: Control
    _admits: Callable[[web.Request], bool]
    """Whether somebody may see what happens."""
    _watches: set[Watch] = attrs.field(factory=set)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Say that something changed, each time, until either side stops or the session ends."""
        if len(self._watches) >= _MOST:
            return refuse(503, "Too many pages are open.")
        response = web.StreamResponse(headers=PAGE | {"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with self._control.watch() as watch:
            self._watches.add(watch)
            try:
                # The first message says that from here on nothing is missed.
                await response.write(b"data: ready\n\n")
                while (message := await _next(watch)) is not None and self._admits(request):
                    await response.write(message)
            except ConnectionError:
                # The page was closed.
                pass
            finally:
                self._watches.discard(watch)
        return response

    async def end(self, _app: web.Application) -> None:
        """End all streams: a sandbox that stops waits for nobody's page."""
        for watch in tuple(self._watches):
            watch.close()


async def _next(watch: Watch) -> bytes | None:
    """Return what to say next; None when the watch ended."""
    try:
        async with asyncio.timeout(PULSE):
            if await anext(watch, None) is None:
                return None
    except TimeoutError:
        return _COMMENT
    await asyncio.sleep(_PAUSE)
    watch.skip()
    return _NEWS
