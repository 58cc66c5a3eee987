"""Answers in JSON."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from kycaid_async.sandbox.http.refusals import Refused
from kycaid_async.values.json import dumps

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Answers a request."""


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return an answer that holds ``body`` as JSON."""
    return web.Response(
        status=status, body=dumps(body), headers=headers, content_type="application/json", charset="utf-8"
    )


def refusal(refused: Refused, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return the answer that says so."""
    return json_answer(refused.status, refused.body, headers)
