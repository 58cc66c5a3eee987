"""Bytes of a connection, as a server or what stands before it sends them, through the client's own parser."""

import asyncio
import gzip
from functools import cache
from typing import Any

from kycaid_async import ApiError, AsyncKycaid, KycaidError
from tests.fuzz.target import Target
from tests.serving import Serving

_KEY = "c0ffee00c0ffee00c0ffee00c0ffee00c0ff"
_ID = "4141cc1b18dba048470b2961cb4592f480fe"
_BODY = b'{"applicant_id": "%s"}' % _ID.encode()


class _Place:
    """A server that answers with given bytes, and a client of it."""

    def __init__(self) -> None:
        self.bytes = b""
        self.runner = asyncio.Runner()
        self.client: AsyncKycaid
        self.runner.run(self._open())

    async def _open(self) -> None:
        self._serving = await Serving(self._serve).listen()
        self._begin()

    def _begin(self) -> None:
        self.client = AsyncKycaid(_KEY, base_url=self._serving.url, max_retries=0, timeout=20)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.bytes)
        await writer.drain()

    async def call(self, data: bytes) -> Any:
        self.bytes = data
        try:
            return await self.client.applicants.get(_ID)
        except ApiError:
            # This one waits now, as it was told to, and the next input is not to.
            await self.client.aclose()
            self._begin()
            raise


@cache
def _place() -> _Place:
    return _Place()


def _call(data: bytes) -> object:
    place = _place()
    return place.runner.run(place.call(data))


def _answers() -> list[bytes]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    packed = gzip.compress(_BODY)
    return [
        head + b"Content-Length: %d\r\n\r\n" % len(_BODY) + _BODY,
        head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(_BODY), _BODY),
        head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed,
        b"HTTP/1.0 200 OK\r\n\r\n" + _BODY,
        b"HTTP/1.1 100 Continue\r\n\r\n" + head + b"Content-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://other.example/\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n",
    ]


TARGETS = (Target(name="connections", run=_call, raises=(KycaidError,), seeds=_answers, share=10),)
