"""What an exception of aiohttp means to the caller."""

import aiohttp
from aiohttp.http import HttpProcessingError
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong

from kycaid_async.errors import (
    ConfigurationError,
    ConnectionFailedError,
    ConnectionLostError,
    DecodeError,
    KycaidError,
    RequestTimeoutError,
)
from kycaid_async.protocol.timeout import Timeout
from kycaid_async.transport.receiving import HEAD_LIMITS, AnswerTooLarge

_HOPELESS = (
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ClientConnectorSSLError,
    aiohttp.ServerFingerprintMismatch,
)


def failure(operation: str, error: BaseException, timeout: Timeout, *, sent: bool) -> KycaidError:  # noqa: PLR0911 - a table
    """Return the error of this package for one of aiohttp; ``sent`` is false when no byte can have left.

    Its text holds the name of the exception and the system's reason, not the exception's text: that can quote a part
    of an answer.
    """
    if isinstance(error, aiohttp.InvalidURL):
        text = f"{operation}: the URL of the server or of the proxy is not valid. Check base_url and proxy."
        return ConnectionFailedError(text, operation=operation)
    if isinstance(error, _HOPELESS):
        return ConnectionFailedError(
            f"{operation}: no secure connection ({_reason(error)}). Check the URL and the certificates.",
            operation=operation,
        )
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return ConnectionFailedError(
            f"{operation}: the proxy refused to connect (HTTP {error.status}). Check the proxy's address and password.",
            operation=operation,
        )
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return RequestTimeoutError(
            f"{operation}: no connection within {timeout.connect} seconds.", operation=operation, phase="connect"
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return ConnectionFailedError(
            f"{operation}: no connection ({_reason(error)}).", operation=operation, retryable=True
        )
    if isinstance(error, ValueError) and not isinstance(error, aiohttp.ClientError):
        text = f"{operation}: aiohttp did not send it. Check auth, trust_env and headers of the session you passed."
        return ConfigurationError(text, operation=operation)
    if isinstance(error, AnswerTooLarge):
        return DecodeError(f"{operation}: the answer is larger than this client reads.", operation=operation)
    if _head_was_too_large(error):
        return _head_too_large(operation, sent=sent)
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError | HttpProcessingError):
        text = f"{operation}: the answer broke off or was not valid HTTP ({_reason(error)})."
        return ConnectionLostError(text, operation=operation)
    return ConnectionLostError(f"{operation}: the connection was lost ({_reason(error)}).", operation=operation)


def _head_was_too_large(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, aiohttp.ClientPayloadError):
        if isinstance(error, LineTooLong):
            return True
        if isinstance(error, BadHttpMessage) and error.message.startswith("Too many headers"):
            return True
        error = error.__cause__
    return False


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
