"""Responses in JSON, and the health check."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from kycaid_async.sandbox.http.refusals import Refused
from kycaid_async.values.json import dumps
from kycaid_async.version import __version__

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Answers a request."""
HEALTH_PATH: Final = "/_sandbox/health"


def json_response(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a response that holds ``body`` as JSON."""
    return web.Response(
        status=status, body=dumps(body), headers=headers, content_type="application/json", charset="utf-8"
    )


def refusal_response(refused: Refused, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return the response to a refused request."""
    return json_response(refused.status, refused.body, headers)


async def health(_request: web.Request) -> web.StreamResponse:
    """Answer with the version; nothing of the data. It needs no key."""
    return json_response(200, {"status": "ok", "version": __version__})
