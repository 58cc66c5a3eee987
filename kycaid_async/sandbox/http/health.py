"""``GET /_sandbox/health``: says to whoever waits for it that the sandbox answers. It needs no key."""

from aiohttp import web

from kycaid_async.sandbox.http.responses import json_answer
from kycaid_async.version import __version__

PATH = "/_sandbox/health"


async def health(_request: web.Request) -> web.StreamResponse:
    """Answer with the version; nothing of the data."""
    return json_answer(200, {"status": "ok", "version": __version__})
