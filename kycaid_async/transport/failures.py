"""What an exception of aiohttp means to the caller."""

import aiohttp
from aiohttp.http import HttpProcessingError

from kycaid_async.errors import (
    ConfigurationError,
    ConnectionFailedError,
    ConnectionLostError,
    DecodeError,
    KycaidError,
    RequestTimeoutError,
)
from kycaid_async.protocol.timeout import Timeout

_HOPELESS = (
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ClientConnectorSSLError,
    aiohttp.ServerFingerprintMismatch,
)


class AnswerTooLarge(aiohttp.ClientPayloadError):
    """An answer has more bytes than the client reads."""


def failure(operation: str, error: BaseException, timeout: Timeout) -> KycaidError:  # noqa: PLR0911 - a table
    """Return the error of this package for one of aiohttp.

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
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError | HttpProcessingError):
        text = f"{operation}: the answer broke off or was not valid HTTP ({_reason(error)})."
        return ConnectionLostError(text, operation=operation)
    return ConnectionLostError(f"{operation}: the connection was lost ({_reason(error)}).", operation=operation)


def _reason(error: BaseException) -> str:
    reason = getattr(error, "strerror", None)
    name = type(error).__name__
    return f"{name}: {reason}" if isinstance(reason, str) and reason else name
