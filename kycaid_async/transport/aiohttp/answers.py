"""Reading the body of an answer, up to the size that a client reads."""

import zlib
from typing import Final, TypedDict

import aiohttp

from kycaid_async.protocol.response import Answer

_GZIP: Final = b"\x1f\x8b"
"""How what was compressed so begins, and no JSON and no page."""
_MOST_LAYERS: Final = 2
"""How often one answer is unpacked: there are bytes that unpack to themselves."""
_WITH_GZIP_HEADER: Final = 16 + zlib.MAX_WBITS


class AnswerTooLarge(aiohttp.ClientPayloadError):
    """An answer has more bytes than the client reads."""


class HeadLimits(TypedDict):
    """The largest head of an answer, by aiohttp's names: bytes of a line, bytes of a header, number of headers."""

    max_line_size: int
    max_field_size: int
    max_headers: int


HEAD_LIMITS: Final = HeadLimits(max_line_size=1 << 16, max_field_size=1 << 16, max_headers=1000)
"""Gateways and sign-on proxies add long cookies and policies; what was created must not be lost for them."""


async def whole_of(content: aiohttp.StreamReader, limit: int) -> bytes:
    """Return all of ``content``. Raises `AnswerTooLarge` for more than ``limit`` bytes, and what aiohttp raises."""
    if content.is_eof():
        whole = content.read_nowait()
        if len(whole) > limit:
            raise AnswerTooLarge
        return whole
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > limit:
            raise AnswerTooLarge
    return bytes(body)


def unpacked(answer: Answer, limit: int) -> Answer:
    """Return ``answer`` with a body that is not compressed; aiohttp leaves one whose header says ``x-gzip``, or lies.

    Raises `AnswerTooLarge` for more than ``limit`` bytes, and what aiohttp raises for a body that broke off.
    """
    if not answer.body.startswith(_GZIP):
        return answer
    body, layers = answer.body, 0
    while layers < _MOST_LAYERS and body.startswith(_GZIP):
        body, layers = _unzipped(body, limit), layers + 1
    return Answer(answer.status, answer.headers, body)


def _unzipped(body: bytes, limit: int) -> bytes:
    reader = zlib.decompressobj(wbits=_WITH_GZIP_HEADER)
    try:
        plain = reader.decompress(body, limit + 1)
    except zlib.error as error:
        raise aiohttp.ClientPayloadError from error
    if len(plain) > limit:
        raise AnswerTooLarge
    if not reader.eof:
        raise aiohttp.ClientPayloadError
    return plain
