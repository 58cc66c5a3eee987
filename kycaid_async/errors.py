"""The error tree: everything this package raises on purpose.

::

    KycaidError
    ├── ConfigurationError           the client cannot work the way it was set up
    │   └── TooManyOpenFilesError    this process has as many files and connections open as the system lets it
    ├── InvalidRequestError          a field was refused here; nothing was sent
    │   ├── InvalidFileError         a file was refused here; nothing was sent
    │   └── ManifestError            a manifest cannot be read as one; nothing was sent
    ├── TransportError               no complete answer arrived
    │   ├── ConnectionFailedError    the connection was never made
    │   ├── ConnectionLostError      it broke after it was made
    │   ├── RequestTimeoutError      time ran out (also a TimeoutError)
    │   ├── RedirectError            the answer points elsewhere; never followed
    │   └── UploadSourceError        the source of an upload failed or changed half-way
    ├── DecodeError                  an answer or a callback arrived that could not be read
    ├── InvalidSignatureError        a callback is not signed with any of the keys
    ├── RawBodyRequiredError         something other than the callback's raw bytes was passed
    ├── BodyTooLargeError            a callback is larger than any can be
    ├── LedgerError                  the ledger of a bulk upload cannot be used
    └── ApiError                     an answer that is no success: as a rule, KYCAID refused
        ├── BadRequestError          400 bad_request
        ├── AuthenticationError      401 unauthorized
        ├── InsufficientFundsError   402 insufficient_funds
        ├── PermissionDeniedError    403 inactive_account, forbidden_…_retries
        ├── NotFoundError            404 not_found
        ├── ServerTimeoutError       408 request_timeout
        ├── ConflictError            409 duplicate_data, edit_denied, delete_denied, …
        ├── ValidationError          422 validation, insufficient_data
        ├── FileRefusedError         413, 422 broken_file, limit_file_size, …
        ├── FlowError                flow: the step is not allowed now, at any status
        ├── RateLimitError           429 limit_exceeded
        └── ServerError              5xx
            └── GatewayError         something between answered in KYCAID's place, at any status

Texts of errors name operations, fields and files, never values: what goes through this package is
personal data. The vendor's own message and the raw body stand on attributes for those who need them.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, TypedDict, Unpack

import attrs

from kycaid_async.masking import Discreet, ValueObject, encodable, hide, is_code
from kycaid_async.tracebacks import guarded


@guarded
@attrs.frozen(repr=False, eq=False)
class FieldError(Discreet):
    """One entry of the ``errors`` list of a refusal."""

    parameter: str | None = None
    """The field at fault. ``*`` stands for the whole body."""
    message: str | None = None
    """The vendor's text. It is not stable and may echo personal data: never match on it, never log it."""

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield "parameter", self.parameter if is_code(self.parameter) else hide(self.parameter)
        yield "message", hide(self.message)


@guarded
@attrs.frozen(eq=False, repr=False)
class FieldProblem(ValueObject):
    """One field that was refused before anything was sent."""

    field: str
    """Name of the field."""
    expected: str
    """What the field takes, for example ``12 to 19 characters``."""
    got: str
    """The type or size that was found; never the value."""

    def __str__(self) -> str:
        return encodable(f"{self.field}: expected {self.expected}, got {self.got}")


class _Common(TypedDict, total=False):
    operation: str | None
    attempts: int
    maybe_processed: bool
    retryable: bool


class KycaidError(Exception):
    """Base class of all errors of this package. Every one of them can be pickled."""

    def __init__(
        self,
        message: str = "",
        *,
        operation: str | None = None,
        attempts: int = 0,
        maybe_processed: bool = False,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        """The operation, for example ``documents.create``; ``None`` outside a call."""
        self.attempts = attempts
        """How many times the request was tried; 0 when nothing was sent."""
        self.maybe_processed = maybe_processed
        """True when the server may have acted although no good answer arrived."""
        self.retryable = retryable
        """True when the same call may be repeated without harm and has a chance to succeed."""

    @property
    def message(self) -> str:
        """The text of this error without the name of its class: what happened, and what to do."""
        return encodable(str(self.args[0])) if self.args else ""

    def __str__(self) -> str:
        # A log or a terminal shows the text alone, and the name is what one searches the documentation for.
        return f"{self.message} [{type(self).__name__}]".lstrip()

    def __dir__(self) -> list[str]:
        # What inspects an error prints all that stands here.
        kind = getattr(self, "type", None)
        hidden = {"body", "file", "__dict__", *(["type"] if kind is not None and not is_code(kind) else [])}
        return sorted({*super().__dir__()} - hidden)


class ConfigurationError(KycaidError, ValueError):
    """The client cannot work the way it was set up: no key, a bad base URL, closed already."""


class TooManyOpenFilesError(ConfigurationError):
    """The system lets this process open no more files and connections, however long a bulk upload waits."""


class InvalidRequestError(KycaidError, ValueError):
    """A field was refused before anything was sent."""

    def __init__(
        self, message: str = "", *, operation: str | None = None, problems: Sequence[FieldProblem] = ()
    ) -> None:
        super().__init__(message, operation=operation)
        self.problems = tuple(problems)
        """Every field at fault, not only the first."""

    @property
    def field(self) -> str | None:
        """The first field at fault."""
        return self.problems[0].field if self.problems else None


class InvalidFileError(InvalidRequestError):
    """A file was refused before a byte of it was sent."""

    def __init__(
        self,
        message: str = "",
        *,
        operation: str | None = None,
        file: str | None = None,
        problems: Sequence[FieldProblem] = (),
    ) -> None:
        what = message.removeprefix(f"{file}: ")
        this = FieldProblem("source", "a file that can be sent", f"one that {what}")
        super().__init__(message, operation=operation, problems=problems or [this])
        self.file = file
        """The whole path of the file, or its name. The text of this error leaves out what may be a person's."""


class ManifestError(InvalidRequestError):
    """A manifest cannot be read as one: it is missing, empty, no text, or has columns that no manifest has."""


class TransportError(KycaidError):
    """No complete answer arrived. See ``maybe_processed`` before you repeat the call."""


class ConnectionFailedError(TransportError, ConnectionError):
    """The connection was never made, so the server did not act."""


class ConnectionLostError(TransportError, ConnectionError):
    """The connection broke after it was made."""


class RequestTimeoutError(TransportError, TimeoutError):
    """Time ran out: see ``phase`` for which limit."""

    def __init__(
        self,
        message: str = "",
        *,
        phase: str | None = None,
        **common: Unpack[_Common],
    ) -> None:
        super().__init__(message, **common)
        self.phase = phase
        """``connect``, ``slot`` (no free connection), ``read``, ``progress``, ``total`` or ``wait``."""


class RedirectError(TransportError):
    """The answer is a redirect. It is never followed, so the key stays with its host.

    KYCAID sends none. What does may stand before it or behind it, so a creation may have been processed.
    """


class UploadSourceError(TransportError):
    """The source of an upload failed or changed while it was sent. The upload was cut off, so nothing was stored."""


class DecodeError(KycaidError):
    """An answer could not be read, or shows another object. The text names paths and types, never values."""

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        body: bytes = b"",
        **common: Unpack[_Common],
    ) -> None:
        super().__init__(message, **common)
        self.status = status
        """HTTP status of the answer."""
        self.body = body
        """The raw answer. It may hold personal data."""


class InvalidSignatureError(KycaidError):
    """The signature of a callback is missing or fits none of the keys: do not trust the body."""


class RawBodyRequiredError(KycaidError, TypeError):
    """Something other than the raw bytes of the body was passed: text, or JSON that was parsed already."""


class BodyTooLargeError(KycaidError, ValueError):
    """The body is larger than any callback: it was refused without a look at its content."""


class LedgerError(KycaidError):
    """The ledger of a bulk upload is in use, is of another server or account, is not whole, or cannot be written.

    The text names its file, without the folder. What was recorded stays recorded: a run with the same ledger goes on
    from there.
    """


class ApiError(KycaidError):
    """The answer is no success: KYCAID refused the request, or could not work.

    Unknown refusals are raised as this class itself. `GatewayError` is the one that is not KYCAID's.
    """

    advice: ClassVar[str] = "See the type and the fields of this error."

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        type: str | None = None,  # noqa: A002 - the vendor's own word
        errors: Sequence[FieldError] = (),
        body: bytes = b"",
        retry_after: float | None = None,
        **common: Unpack[_Common],
    ) -> None:
        super().__init__(message, **common)
        self.status = status
        """HTTP status of the answer."""
        self.type = type
        """The vendor's machine code, for example ``validation``; ``None`` when the body had none."""
        self.errors = tuple(errors)
        """The fields at fault, as the vendor gave them."""
        self.body = body
        """The raw answer. It may hold personal data."""
        self.retry_after = retry_after
        """Seconds that the server asked to wait; ``None`` when it said nothing."""


class BadRequestError(ApiError):
    """400 ``bad_request``: the request was malformed."""

    advice = "The request is malformed; compare it with the vendor's reference."


class AuthenticationError(ApiError):
    """401 ``unauthorized``: the API key is missing, wrong, or of another account."""

    advice = "Check the API key, and that it belongs to this server and account."


class InsufficientFundsError(ApiError):
    """402 ``insufficient_funds``: the balance of the account is too low."""

    advice = "Top up the balance of the account."


class PermissionDeniedError(ApiError):
    """403: the account is inactive, or the form forbids another attempt. See ``type``."""

    advice = "See the type: the account is inactive, or the form forbids another attempt."


class NotFoundError(ApiError):
    """404: no such object for this key, or no such path."""

    advice = "Check the id; a key sees the objects of its own account only."


class ServerTimeoutError(ApiError):
    """408 ``request_timeout``: the server gave up waiting."""

    advice = "The server gave up waiting."


class ConflictError(ApiError):
    """409: the object exists already, or can no longer be changed or deleted. See ``type``."""

    advice = "The object exists already, or can no longer be changed or deleted: see the type."


class ValidationError(ApiError):
    """422 ``validation`` or ``insufficient_data``: a field was refused by the server."""

    advice = "Correct the named fields and call again."


class FileRefusedError(ApiError):
    """The server refused an upload: too large, broken, infected, of a wrong format or resolution."""

    advice = "Send another file: the type says what is wrong with this one."


class FlowError(ApiError):
    """``flow``: the step is not allowed in the present state, at whatever status. Repeating does not help."""

    advice = "The step is not allowed in the present state; repeating it does not help."


class RateLimitError(ApiError):
    """429 ``limit_exceeded``: too many requests. Nothing was done; the same call may be repeated later."""

    advice = "Wait, then call again; lower the concurrency if it happens often."


class ServerError(ApiError):
    """5xx: a fault of the server. What is no answer of KYCAID's at all is a `GatewayError`, which is one of these."""

    advice = "The fault is on the server's side."


class GatewayError(ServerError):
    """Something between you and KYCAID answered in its place: a gateway, a proxy or a firewall.

    Known by the body, which is not in the API's own form: a page, plain text, nothing, or other JSON. It comes with any
    status, and says nothing of what KYCAID did: a gateway answers so before it passed a request on, and after.
    ``body`` holds what it said; ``type`` is None and ``errors`` are empty.
    """

    advice = "Check the server's URL (base_url), and what stands between: proxies, firewalls."


class UnconfirmedEndpointWarning(UserWarning):
    """An operation was called of which only the purpose is known: its path or payload is inferred and may be wrong.

    Given once per operation and process. ``AsyncKycaid(paths={…})`` corrects a path, and silences it.
    """


class UnconfirmedValueWarning(UserWarning):
    """A value was sent that the reference does not list: it is observed elsewhere, and KYCAID may refuse it.

    Given once per value and process.
    """


class BlockedLoopWarning(RuntimeWarning):
    """`Kycaid` was called in a thread whose event loop stands still meanwhile; `AsyncKycaid` is what is wanted there.

    Given once per process, and never in a notebook.
    """


def _name_as_imported() -> None:
    """Let tracebacks and pickles name what users import."""
    own = (KycaidError, UnconfirmedEndpointWarning, UnconfirmedValueWarning, BlockedLoopWarning)
    for value in list(globals().values()):
        if isinstance(value, type) and issubclass(value, own):
            value.__module__ = "kycaid_async"


_name_as_imported()
