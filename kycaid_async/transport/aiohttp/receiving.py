"""How much of an answer is read."""

from typing import Final, TypedDict

import aiohttp


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
