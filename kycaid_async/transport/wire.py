"""One attempt over HTTP: a request out, an answer in, and what it says."""

import logging
from typing import Any

import aiohttp
import attrs
from aiohttp.http import HttpProcessingError

from kycaid_async.errors import ApiError, ConnectionLostError, DecodeError, KycaidError, RedirectError
from kycaid_async.protocol.response import MOVED, Answer, decode
from kycaid_async.transport import through_session
from kycaid_async.transport.call import Call
from kycaid_async.transport.failures import failure
from kycaid_async.transport.sessions import Bound
from kycaid_async.transport.settings import Settings
from kycaid_async.transport.timing import Timing
from kycaid_async.transport.watch import Watch

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
            if bound.direct is not None and bound.direct.fit:
                answer = await bound.direct.send(call, watch, self.settings)
            else:
                answer = await through_session.send(call, bound, watch, self.settings)
        except (aiohttp.ClientError, HttpProcessingError, ConnectionError, ValueError) as error:
            outcome: Any = failure(call.endpoint.name, error, self.settings.timeout, sent=call.sent)
        else:
            outcome = _judge(call, answer)
        if logged:
            _log(call, outcome, self.timing.clock() - started)
        return outcome


def _judge(call: Call, answer: Answer) -> Any:
    """Return what the answer says: the decoded object or an error."""
    name = call.endpoint.name
    if answer.is_redirect:
        return RedirectError(
            f"{name}: the server answered with a redirect (HTTP {answer.status}); none is followed. Check base_url.",
            operation=name,
            maybe_processed=answer.status in MOVED,
        )
    if answer.is_success and call.file is not None and not call.file.gone:
        return ConnectionLostError(f"{name}: the server answered before it had the whole file.", operation=name)
    try:
        return decode(call.endpoint, answer)
    except (DecodeError, ApiError) as error:
        return error


def _log(call: Call, outcome: Any, seconds: float) -> None:
    failed = isinstance(outcome, KycaidError)
    logger.debug(
        "%s %s %s, attempt %d: %s in %.3f s",
        call.endpoint.name,
        call.endpoint.method,
        call.endpoint.path,
        call.attempt,
        f"{type(outcome).__name__} {getattr(outcome, 'status', '')}".strip() if failed else "ok",
        seconds,
    )
