"""Faults over HTTP: the middleware that lets requests meet them, and the switchboard at ``/_sandbox/faults``."""

import logging
import math
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, cast

import attrs
from aiohttp import web

from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.events.tasks import Sleep
from kycaid_async.sandbox.faults.fault import Fault, FaultKind, Faults
from kycaid_async.sandbox.http.middleware import notes_of
from kycaid_async.sandbox.http.refusals import (
    Refused,
    Serve,
    internal,
    invalid,
    json_response,
    not_found,
    refusal_response,
)
from kycaid_async.sandbox.http.validation import read_object

logger = logging.getLogger("kycaid_async.sandbox")

PATH: Final = "/_sandbox/faults"
_FEW: Final = 10
_LINGER: Final = struct.pack("ii", 1, 0)
_PARTS_PER_SECOND: Final = 10
_PAGE: Final = (
    "<html><head><title>502 Server Error</title></head><body><h1>Error: Server Error</h1>"
    "<p>The server encountered a temporary error and could not complete your request.</p></body></html>"
)
_DISCONNECTED: Final = "upstream connect error or disconnect/reset before headers. reset reason: connection termination"


@attrs.frozen(eq=False, repr=False)
class FaultInjector(ValueObject):
    """Lets requests meet the faults that are on."""

    _faults: Faults
    _sleep: Sleep

    async def inject(self, request: web.Request, serve: Serve) -> web.StreamResponse:
        """Serve a request with the faults that are on now."""
        if not self._faults:
            return await serve(request)
        notes = notes_of(request)
        for fault in self._faults.draw(notes.operation):
            logger.info("%s meets the fault %s", notes.operation, fault.kind)
            notes.fault = fault.kind
            if fault.kind is not FaultKind.LATENCY:
                return await _ACTS[fault.kind](fault, self._sleep, request, serve)
            await self._sleep(fault.seconds or 0)
        return await serve(request)


async def _refuse(fault: Fault, _sleep: Sleep, _request: web.Request, _serve: Serve) -> web.StreamResponse:
    headers = None if fault.seconds is None else {"Retry-After": str(math.ceil(fault.seconds))}
    return refusal_response(Refused(429, "limit_exceeded"), headers)


async def _break(fault: Fault, _sleep: Sleep, _request: web.Request, _serve: Serve) -> web.StreamResponse:
    return json_response(int(fault.kind), internal().body)


async def _show_page(_fault: Fault, _sleep: Sleep, _request: web.Request, _serve: Serve) -> web.StreamResponse:
    return web.Response(status=502, text=_PAGE, content_type="text/html")


async def _reset(_fault: Fault, _sleep: Sleep, request: web.Request, _serve: Serve) -> web.StreamResponse:
    transport = request.transport
    # None once the other side has closed it.
    if transport is not None:
        # Without it the other side would see an orderly end, and unread data might hold even that up.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        transport.abort()
    return web.Response()


async def _lose(fault: Fault, sleep: Sleep, request: web.Request, serve: Serve) -> web.StreamResponse:
    await serve(request)
    return await _reset(fault, sleep, request, serve)


async def _answer_in_its_place(_fault: Fault, _sleep: Sleep, request: web.Request, serve: Serve) -> web.StreamResponse:
    await serve(request)
    return web.Response(status=503, text=_DISCONNECTED)


async def _truncate(_fault: Fault, _sleep: Sleep, request: web.Request, serve: Serve) -> web.StreamResponse:
    whole = await serve(request)
    body = _body(whole)
    answer = await _begun(whole, request)
    await answer.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return answer


async def _drip(fault: Fault, sleep: Sleep, request: web.Request, serve: Serve) -> web.StreamResponse:
    whole = await serve(request)
    answer = await _begun(whole, request)
    async for part in _paced(_body(whole), fault.bytes_per_second or math.inf, sleep):
        await answer.write(part)
    return answer


async def _paced(body: bytes, speed: float, sleep: Sleep) -> AsyncIterator[bytes]:
    size = max(1, int(speed) // _PARTS_PER_SECOND)
    for start in range(0, len(body), size):
        part = body[start : start + size]
        await sleep(len(part) / speed)
        yield part


async def _begun(whole: web.StreamResponse, request: web.Request) -> web.StreamResponse:
    """Send the head of an answer, with the length of its whole body."""
    answer = web.StreamResponse(status=whole.status, headers=whole.headers)
    answer.content_length = len(_body(whole))
    await answer.prepare(request)
    return answer


def _body(whole: web.StreamResponse) -> bytes:
    return cast("bytes", cast("web.Response", whole).body)


_ACTS: Final[dict[FaultKind, Callable[[Fault, Sleep, web.Request, Serve], Awaitable[web.StreamResponse]]]] = {
    FaultKind.REFUSED: _refuse,
    FaultKind.INTERNAL: _break,
    FaultKind.UNAVAILABLE: _break,
    FaultKind.GATEWAY: _show_page,
    FaultKind.RESET: _reset,
    FaultKind.LOST: _lose,
    FaultKind.BETWEEN: _answer_in_its_place,
    FaultKind.TRUNCATED: _truncate,
    FaultKind.SLOW: _drip,
}


def fault_routes(faults: Faults) -> list[tuple[str, str, Serve, str]]:
    """Return method, path, what serves it and the name of each route."""

    async def show(_request: web.Request) -> web.StreamResponse:
        return json_response(200, [active.as_json() for active in faults.list()])

    async def add(request: web.Request) -> web.StreamResponse:
        fault = _fault(read_object(await request.read()))
        try:
            return json_response(200, {"id": faults.add(fault)})
        except ConfigurationError as error:
            raise invalid(("*", error.message)) from None

    async def clear(_request: web.Request) -> web.StreamResponse:
        faults.clear()
        return json_response(200, {})

    async def remove(request: web.Request) -> web.StreamResponse:
        try:
            faults.remove(request.match_info["fault_id"])
        except KeyError:
            raise not_found() from None
        return json_response(200, {})

    return [
        ("GET", PATH, show, "faults.list"),
        ("POST", PATH, add, "faults.add"),
        ("DELETE", PATH, clear, "faults.clear"),
        ("DELETE", f"{PATH}/{{fault_id}}", remove, "faults.remove"),
    ]


def _fault(body: dict[str, Any]) -> Fault:
    """Return the fault that a request describes. Refuses it with 422 and the reason."""
    known = {field.name for field in attrs.fields(Fault)}
    problems = [(name, "A fault has no such field") for name in sorted(body.keys() - known)[:_FEW]]
    if "kind" not in body:
        problems.append(("kind", "A fault needs a kind"))
    if problems:
        raise invalid(*problems)
    try:
        return Fault(**body)
    except ConfigurationError as error:
        raise invalid(("*", error.message)) from None
