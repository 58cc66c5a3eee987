"""One attempt over HTTP: a request out, an answer in, and what it says."""

import logging
import zlib
from typing import Any, Final

import aiohttp
import attrs

from kycaid_async.errors import ConnectionLostError, KycaidError
from kycaid_async.protocol.response import Answer, decode
from kycaid_async.timing import Timing
from kycaid_async.transport.aiohttp import session as through_session
from kycaid_async.transport.aiohttp.errors import failure
from kycaid_async.transport.aiohttp.parts import HttpProcessingError, give_up_straight_way
from kycaid_async.transport.aiohttp.receiving import AnswerTooLarge
from kycaid_async.transport.call import Call
from kycaid_async.transport.deadlines import Watch
from kycaid_async.transport.loop_resources import Bound
from kycaid_async.transport.settings import Settings

_GZIP: Final = b"\x1f\x8b"
"""How what was compressed so begins, and no JSON and no page."""
_MOST_LAYERS: Final = 2
"""How often one answer is unpacked: there are bytes that unpack to themselves."""
_WITH_GZIP_HEADER: Final = 16 + zlib.MAX_WBITS

logger = logging.getLogger("kycaid_async")


@attrs.define(eq=False)
class Wire:
    """Sends requests of one client."""

    settings: Settings
    timing: Timing

    async def send(self, call: Call, bound: Bound, watch: Watch) -> Any:
        """Try once. Returns the decoded answer, or the error to judge."""
        logged = logger.isEnabledFor(logging.DEBUG)
        started = self.timing.clock() if logged else 0.0
        try:
            answer = await self._answer(call, bound, watch)
            for _ in range(_MOST_LAYERS):
                if answer.body.startswith(_GZIP):
                    answer.body = _unzipped(answer.body, self.settings.max_answer)
        except Exception as error:  # noqa: BLE001 - nothing raw leaves a call of which the server may know
            call.outcome = failure(call.endpoint.name, error, self.settings.timeout, sent=call.sent)
        else:
            call.outcome = _judge(call, answer)
        if logged:
            _log(call, self.timing.clock() - started)
        return call.take_outcome()

    async def _answer(self, call: Call, bound: Bound, watch: Watch) -> Answer:
        if bound.direct is not None and bound.direct.fit:
            try:
                return await bound.direct.send(call, watch, self.settings)
            except (KycaidError, aiohttp.ClientError, HttpProcessingError, OSError):
                raise
            except Exception as error:
                bound.direct = None
                give_up_straight_way(error)
                if call.sent:
                    raise
        return await through_session.send(call, bound, watch, self.settings)


def _unzipped(body: bytes, limit: int) -> bytes:
    """Return what is in ``body``, which aiohttp left as it came because the header calls it ``x-gzip``, or lies.

    Raises `AnswerTooLarge` for more than ``limit`` bytes, and what aiohttp raises for a body that broke off.
    """
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


def _judge(call: Call, answer: Answer) -> Any:
    """Return what the answer says: the decoded object or an error."""
    name = call.endpoint.name
    if answer.is_success and call.file is not None and not call.file.gone:
        return ConnectionLostError(f"{name}: the server answered before it had the whole file.", operation=name)
    try:
        return decode(call.endpoint, answer)
    except KycaidError as error:
        return error


def _log(call: Call, seconds: float) -> None:
    logger.debug(
        "%s %s %s, attempt %d: %s in %.3f s",
        call.endpoint.name,
        call.endpoint.method,
        call.endpoint.path,
        call.attempt,
        _result(call.outcome),
        seconds,
    )


def _result(outcome: Any) -> str:
    if not isinstance(outcome, KycaidError):
        return "ok"
    return f"{type(outcome).__name__} {getattr(outcome, 'status', '')}".strip()
