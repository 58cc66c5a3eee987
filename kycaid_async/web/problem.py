"""Problems of RFC 9457, without personal data: the answers of your application when KYCAID failed."""

import math
from typing import Any, Final

import attrs

from kycaid_async.errors import (
    ApiError,
    ConflictError,
    FileRefusedError,
    FlowError,
    GatewayError,
    InvalidFileError,
    InvalidRequestError,
    KycaidError,
    NotFoundError,
    RateLimitError,
    RequestTimeoutError,
    ServerTimeoutError,
    TransportError,
    ValidationError,
)
from kycaid_async.masking import is_code
from kycaid_async.tracebacks import bordered
from kycaid_async.values.json import dumps

MEDIA_TYPE: Final = "application/problem+json"

# The first that fits counts. What the caller cannot help, such as a wrong key or an empty balance, is a fault of yours
# or of what stands behind you, and its details are nothing to them.
_ANSWERS: Final[tuple[tuple[type[KycaidError], int, str], ...]] = (
    (InvalidFileError, 422, "A file was refused"),
    (FileRefusedError, 422, "A file was refused"),
    (InvalidRequestError, 422, "A field was refused"),
    (ValidationError, 422, "A field was refused"),
    (NotFoundError, 404, "There is no such object"),
    (ConflictError, 409, "The present state does not allow it"),
    (FlowError, 409, "The present state does not allow it"),
    (RateLimitError, 503, "The identity service is busy"),
    (RequestTimeoutError, 504, "The identity service did not answer in time"),
    (ServerTimeoutError, 504, "The identity service did not answer in time"),
    (TransportError, 502, "The identity service cannot be reached"),
    (GatewayError, 502, "The identity service cannot be reached"),
    (ApiError, 502, "The identity service refused"),
)
_OTHERWISE: Final = (500, "The identity check failed")


@attrs.frozen
class ProblemDetails:
    """An answer in the form of RFC 9457."""

    status: int
    content: dict[str, Any]
    headers: dict[str, str]

    @property
    def body(self) -> bytes:
        return dumps(self.content)


@bordered
def problem_of(error: KycaidError) -> ProblemDetails:
    """Return the problem that ``error`` is to the caller of an application.

    It names the operation, the fields at fault, the vendor's type, and whether a repetition may help or do harm:
    ``retryable`` and ``maybe_processed``. It shows no text of the vendor's and no value.
    """
    kinds = ((status, title) for kind, status, title in _ANSWERS if isinstance(error, kind))
    status, title = next(kinds, _OTHERWISE)
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "operation": error.operation,
        "kycaid_type": _code(getattr(error, "type", None)),
        "retryable": error.retryable,
        "maybe_processed": error.maybe_processed,
        "fields": _fields(error),
    }
    seconds = getattr(error, "retry_after", None)
    headers = {"Retry-After": str(max(1, math.ceil(seconds)))} if seconds is not None else {}
    return ProblemDetails(status, {name: value for name, value in content.items() if value is not None}, headers)


def _fields(error: KycaidError) -> list[str] | None:
    """Return the names of the fields at fault. What does not look like a name may be a value."""
    if isinstance(error, InvalidRequestError):
        names = [problem.field for problem in error.problems]
    elif isinstance(error, ApiError):
        names = [one.parameter or "" for one in error.errors]
    else:
        return None
    return [name for name in dict.fromkeys(names) if is_code(name)]


def _code(value: str | None) -> str | None:
    return value if is_code(value) else None
