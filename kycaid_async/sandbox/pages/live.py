"""News for open pages: a stream of server-sent events, and the latest requests."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs
from aiohttp import web

from kycaid_async.sandbox.control import Control
from kycaid_async.sandbox.events.feed import RequestServed, Watch
from kycaid_async.sandbox.events.tasks import Tasks
from kycaid_async.sandbox.pages.middleware import refuse
from kycaid_async.sandbox.pages.responses import PAGE

PATH: Final = "/_sandbox/events"
_PAUSE: Final = 0.1
"""Seconds between two messages to one browser: it looks again after each."""
PULSE: Final = 15.0
"""Seconds without news after which it looks whether the page is still open, and its session still known."""
_NEWS: Final = b"data: news\n\n"
_COMMENT: Final = b": nothing new\n\n"
_REMEMBERED: Final = 200
_MOST: Final = 100
"""Pages that are told at the same time: everything that happens is put down for each."""


@attrs.frozen
class Live:
    """Tells open pages that there is news. It begins to remember requests when the first page is opened."""

    _control: Control
    _clock: Callable[[], datetime]
    _admits: Callable[[web.Request], bool]
    """Whether somebody may see what happens."""
    requests: deque[tuple[datetime, RequestServed]] = attrs.field(factory=lambda: deque(maxlen=_REMEMBERED))
    """When a request was answered and how, the latest last."""
    _watches: set[Watch] = attrs.field(factory=set)
    _tasks: Tasks = attrs.field(factory=Tasks)

    def begin(self) -> None:
        """Remember requests from now on. Harmless when it began already."""
        if not self._tasks:
            self._tasks.start(self._remember())

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
        await self._tasks.close()

    async def _remember(self) -> None:
        with self._control.watch() as watch:
            async for event in watch:
                if isinstance(event, RequestServed):
                    self.requests.append((self._clock(), event))


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
