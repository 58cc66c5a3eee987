"""The body of an answer, to its end."""

import aiohttp

from kycaid_async.transport.failures import AnswerTooLarge


async def whole_of(content: aiohttp.StreamReader, limit: int) -> bytes:
    """Return all of ``content``. Raises `AnswerTooLarge` for more than ``limit`` bytes, and what aiohttp raises."""
    if content.is_eof() and content.total_bytes <= limit:
        return content.read_nowait()
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > limit:
            raise AnswerTooLarge
    return bytes(body)
