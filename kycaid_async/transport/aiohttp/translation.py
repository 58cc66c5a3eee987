"""Translation of aiohttp's exceptions into the errors of this package."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

import aiohttp
import attrs

from kycaid_async.errors import (
    ConfigurationError,
    ConnectionFailedError,
    ConnectionLostError,
    DecodeError,
    KycaidError,
    RequestTimeoutError,
)
from kycaid_async.transport.aiohttp.answers import HEAD_LIMITS, AnswerTooLarge
from kycaid_async.transport.aiohttp.parts import (
    BadHttpMessage,
    ContentEncodingError,
    HttpProcessingError,
    LineTooLong,
    module_of,
    where,
)
from kycaid_async.transport.backend import OutgoingRequest
from kycaid_async.transport.deadlines import AttemptTimeout

_PASSING: Final = frozenset({408, 425, 429})
_SERVER_ERROR: Final = 500
_HOPELESS = (
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ClientConnectorSSLError,
    aiohttp.ServerFingerprintMismatch,
)


@attrs.frozen(eq=False)
class Route:
    """The way to the server, for errors that say where it ends."""

    hosts: frozenset[str | None] = frozenset()
    """The name of the server, as it is written and as it is looked up."""
    proxied: bool = False
    """True when a proxy is known to stand on it. The environment's, of a session of the user, only aiohttp knows."""


def error_of(request: OutgoingRequest, error: Exception, timer: AttemptTimeout, route: Route) -> KycaidError:
    """Return the error of this package for what was raised while ``request`` was sent or answered.

    Its text holds the name of the exception and the system's reason, not the exception's text: that can quote a part
    of an answer.
    """
    broken = None if request.file is None else request.file.error
    cause = broken if isinstance(broken, Exception) else error
    return cause if isinstance(cause, KycaidError) else _of_aiohttp(request, cause, timer, route)


def _of_aiohttp(  # noqa: C901, PLR0911 - a table
    request: OutgoingRequest, error: Exception, timer: AttemptTimeout, route: Route
) -> KycaidError:
    operation, sent = request.operation, request.sent
    if isinstance(error, aiohttp.InvalidURL):
        text = f"{operation}: the URL of the server or of the proxy is not valid. Check base_url and proxy."
        return ConnectionFailedError(text, operation=operation)
    if isinstance(error, _HOPELESS):
        return ConnectionFailedError(
            f"{operation}: no secure connection ({_reason(error)}). Check the URL and the certificates.",
            operation=operation,
        )
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _refused_by_proxy(operation, error.status)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        through = " through the proxy" if route.proxied else ""
        text = f"{operation}: no connection{through} within {timer.limits.connect} seconds."
        return RequestTimeoutError(text, operation=operation, phase="connect")
    if isinstance(error, aiohttp.ClientConnectorError):
        text = f"{operation}: {_no_connection(error, route)} ({_reason(error)})."
        return ConnectionFailedError(text, operation=operation, retryable=True)
    if _options_were_refused(error, sent=sent):
        text = f"{operation}: aiohttp did not send it. Check auth, trust_env and headers of the session you passed."
        return ConfigurationError(text, operation=operation)
    if isinstance(error, AnswerTooLarge):
        return DecodeError(f"{operation}: the answer is larger than this client reads.", operation=operation)
    if _head_was_too_large(error):
        return _head_too_large(operation, sent=sent)
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError | HttpProcessingError):
        return ConnectionLostError(f"{operation}: {_what_broke(error)}", operation=operation)
    if isinstance(error, aiohttp.ClientError | OSError):
        return ConnectionLostError(f"{operation}: the connection was lost ({_reason(error)}).", operation=operation)
    return _unknown(operation, error, sent=sent)


def _no_connection(error: aiohttp.ClientConnectorError, route: Route) -> str:
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return "no connection to the proxy"
    # Of a name that does not resolve, aiohttp says whose it is, and not that it is the proxy's.
    if isinstance(error, aiohttp.ClientConnectorDNSError) and error.host not in route.hosts:
        return "no connection: the name of the proxy was not found. Check the proxy's address"
    return "no connection"


def _what_broke(error: BaseException) -> str:
    if any(isinstance(cause, ContentEncodingError) for cause in _causes(error)):
        return (
            "the answer came, and its Content-Encoding does not fit its bytes or cannot be read here. "
            "Look at what packs answers between you and KYCAID: this client asks for gzip and deflate."
        )
    return f"the answer broke off or was not valid HTTP ({_reason(error)})."


def _options_were_refused(error: BaseException, *, sent: bool) -> bool:
    # Of a request without a body over a session of the user, nobody knows whether it was sent; where aiohttp looks at
    # its options, it was not.
    known = isinstance(error, ValueError) and not isinstance(error, aiohttp.ClientError)
    return known and (not sent or module_of(error) == "aiohttp.client")


def _unknown(operation: str, error: BaseException, *, sent: bool) -> KycaidError:
    """Return the error for what aiohttp never raised before, as after an update: nobody knows how far it came."""
    if sent:
        text = f"{operation}: aiohttp failed in an unknown way, and the answer was lost ({where(error)})."
        return ConnectionLostError(text, operation=operation)
    text = f"{operation}: aiohttp failed in an unknown way, and nothing was sent ({where(error)}). Use another version."
    return ConfigurationError(text, operation=operation)


_OF_PROXIES: Final = {
    403: "It does not allow this server: whoever runs it has to.",
    407: "It wants a user and a password: put them into its URL, as http://user:password@host:port.",
}


def _refused_by_proxy(operation: str, status: int) -> ConnectionFailedError:
    passing = status in _PASSING or status >= _SERVER_ERROR
    advice = "" if passing else " " + _OF_PROXIES.get(status, "Check its address.")
    text = f"{operation}: the proxy refused to connect (HTTP {status}).{advice}"
    return ConnectionFailedError(text, operation=operation, retryable=passing)


def _head_was_too_large(raised: BaseException) -> bool:
    for error in takewhile(lambda cause: not isinstance(cause, aiohttp.ClientPayloadError), _causes(raised)):
        if isinstance(error, LineTooLong):
            return True
        if isinstance(error, BadHttpMessage) and str(getattr(error, "message", "")).startswith("Too many headers"):
            return True
    return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give ``error`` and its causes, each once: Python lets them stand in a circle."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__


def _head_too_large(operation: str, *, sent: bool) -> KycaidError:
    if not sent:  # it was the proxy's
        text = f"{operation}: the head of the proxy's answer is larger than is read. Check the proxy's address."
        return ConnectionFailedError(text, operation=operation)
    most = f"{HEAD_LIMITS['max_field_size']:,} bytes a line, {HEAD_LIMITS['max_headers']:,} headers"
    text = f"{operation}: the head of the answer is larger than this client reads ({most})."
    return DecodeError(text, operation=operation)


def _reason(error: BaseException) -> str:
    reason = getattr(error, "strerror", None)
    name = type(error).__name__
    return f"{name}: {reason}" if isinstance(reason, str) and reason else name
