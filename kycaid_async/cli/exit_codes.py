"""Exit codes by the kind of an error, for the commands that make single calls."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from kycaid_async.cli.options import plain_errors
from kycaid_async.cli.problems import say
from kycaid_async.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    DecodeError,
    FileRefusedError,
    FlowError,
    InsufficientFundsError,
    InvalidRequestError,
    KycaidError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ServerTimeoutError,
    TransportError,
    ValidationError,
)


class ExitCode(enum.IntEnum):
    """Ends of a single call."""

    DONE = 0
    FAILED = 1
    MISUSED = 2
    UNCERTAIN = 3
    KEY = 4
    NOT_FOUND = 5
    ACCOUNT = 6
    REFUSED = 7
    STATE = 8
    RATE = 9
    NETWORK = 10
    SERVER = 11


MEANINGS: Final = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "anything else; also when a question was answered with no",
    ExitCode.MISUSED: "refused here, before anything was sent: wrong options, a field, a file, no key",
    ExitCode.UNCERTAIN: "perhaps done: the answer was lost. Look before you repeat it",
    ExitCode.KEY: "the key is wrong, or of another server or account",
    ExitCode.NOT_FOUND: "there is no such object for this key",
    ExitCode.ACCOUNT: "the balance is too low, or the account is inactive",
    ExitCode.REFUSED: "KYCAID refused a field or a file",
    ExitCode.STATE: "KYCAID does not allow it in the present state, or it exists already",
    ExitCode.RATE: "too many requests: wait, then repeat it",
    ExitCode.NETWORK: "no answer, and nothing was done: no connection, or the time was over",
    ExitCode.SERVER: "a fault of the server, or of what stands before it",
}
"""The table of the README."""

IN_SHORT: Final = (
    "Exit code: 0 done, 1 not done, 2 refused here, 3 perhaps done, 4 key, 5 not found, 6 account, 7 refused, 8 not in "
    "this state, 9 too many requests, 10 no connection, 11 server."
)

_BY_ERROR: Final[tuple[tuple[type[KycaidError] | tuple[type[KycaidError], ...], ExitCode], ...]] = (
    ((InvalidRequestError, ConfigurationError), ExitCode.MISUSED),
    (AuthenticationError, ExitCode.KEY),
    (NotFoundError, ExitCode.NOT_FOUND),
    (InsufficientFundsError, ExitCode.ACCOUNT),
    ((BadRequestError, ValidationError, FileRefusedError), ExitCode.REFUSED),
    ((PermissionDeniedError, ConflictError, FlowError), ExitCode.STATE),
    (RateLimitError, ExitCode.RATE),
    ((TransportError, ServerTimeoutError), ExitCode.NETWORK),
    ((ServerError, DecodeError), ExitCode.SERVER),
    (ApiError, ExitCode.REFUSED),
)
_INACTIVE: Final = "inactive_account"


def exit_code_of(error: KycaidError) -> ExitCode:
    """Return the exit code for an error. That something was perhaps done goes before why."""
    if error.maybe_processed:
        return ExitCode.UNCERTAIN
    if isinstance(error, ApiError) and error.type == _INACTIVE:
        return ExitCode.ACCOUNT
    return next((code for kinds, code in _BY_ERROR if isinstance(error, kinds)), ExitCode.FAILED)


@contextmanager
def errors_by_kind(*, leaves_quietly: bool = False) -> Iterator[None]:
    """Turn what goes wrong in a call into one line and the exit code of its kind; see `plain_errors`."""
    with plain_errors(leaves_quietly=leaves_quietly):
        try:
            yield
        except KycaidError as error:
            say(error)
            raise typer.Exit(exit_code_of(error)) from None
