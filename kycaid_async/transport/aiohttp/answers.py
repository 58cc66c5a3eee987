"""Reading the body of an answer, up to the size that a client reads."""

from typing import Final, TypedDict

import aiohttp

from kycaid_async.protocol.packing import BrokenPackingError, UnpackedTooLargeError, is_packed, names_in, unpack
from kycaid_async.protocol.response import Answer

_DONE_BY_AIOHTTP: Final = frozenset({"gzip", "deflate", "br", "zstd", "identity"})
"""What it unpacks by itself, where the header has only this."""


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
    """Return ``answer`` with a body that is not compressed.

    aiohttp leaves one compressed whose header has several names, or one that it does not know, or that lies. Raises
    `AnswerTooLarge` for more than ``limit`` bytes, and what aiohttp raises for a body that broke off.
    """
    encoding = answer.headers.get("Content-Encoding")
    if encoding is None and not is_packed(answer.body):  # as nearly all are
        return answer
    names = names_in(encoding)
    try:
        body = unpack(answer.body, () if len(names) == 1 and names[0] in _DONE_BY_AIOHTTP else names, limit)
    except UnpackedTooLargeError:
        raise AnswerTooLarge from None
    except BrokenPackingError as error:
        raise aiohttp.ClientPayloadError from error
    return Answer(answer.status, answer.headers, body)
