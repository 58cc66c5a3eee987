"""Telling who watches what was asked for and what was answered."""

import time
from typing import Final

from aiohttp import web

from kycaid_async.sandbox.events.feed import Feed, RequestServed
from kycaid_async.sandbox.http.responses import Serve

FAULT: Final = web.RequestKey("fault", str)
"""The kind of the fault that a request met."""


def watched(feed: Feed, operation: str, serve: Serve) -> Serve:
    """Tell those who watch of every request that ``serve`` answers; nobody's data."""

    async def answered(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        response = await serve(request)
        milliseconds = (time.perf_counter() - started) * 1000
        served = RequestServed(
            operation=operation, status=response.status, milliseconds=milliseconds, fault=request.get(FAULT)
        )
        feed.publish([served])
        return response

    return answered
