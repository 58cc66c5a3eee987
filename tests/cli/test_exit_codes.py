"""Exit codes by the kind of an error: every error has one, and the documentation lists them."""

import pytest

from kycaid_async import errors
from kycaid_async.cli.exit_codes import IN_SHORT, MEANINGS, ExitCode, exit_code_of
from kycaid_async.errors import KycaidError
from tests.docs.pages import DOCS

PAGE = (DOCS / "how-to" / "command-line.md").read_text(encoding="utf-8")


def every(base):
    yield base
    for one in base.__subclasses__():
        if one.__module__ == "kycaid_async":
            yield from every(one)


ERRORS = {error.__name__: error for error in every(KycaidError)}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_what_was_perhaps_done_goes_before_why(name):
    assert exit_code_of(ERRORS[name]("x", maybe_processed=True) if _takes(name) else ERRORS[name]("x")) in ExitCode
    if _takes(name):
        assert exit_code_of(ERRORS[name]("x", maybe_processed=True)) is ExitCode.UNCERTAIN


def _takes(name):
    return not issubclass(ERRORS[name], errors.InvalidRequestError)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidFileError("x"), ExitCode.MISUSED),
        (errors.ConfigurationError("x"), ExitCode.MISUSED),
        (errors.GatewayError("x", status=503), ExitCode.SERVER),
        (errors.RequestTimeoutError("x"), ExitCode.NETWORK),
        (errors.UploadSourceError("x"), ExitCode.NETWORK),
        (errors.DecodeError("x"), ExitCode.SERVER),
        (errors.RateLimitError("x"), ExitCode.RATE),
        (errors.ApiError("x", status=418), ExitCode.REFUSED),
        (errors.ApiError("x", status=418, type="inactive_account"), ExitCode.ACCOUNT),
        (errors.LedgerError("x"), ExitCode.FAILED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, KycaidError) else value.name,
)
def test_a_kind_of_error_has_a_code(error, code):
    assert exit_code_of(error) is code


def test_the_documentation_has_the_table_and_the_help_all_of_it():
    assert set(MEANINGS) == set(ExitCode)
    for code, meaning in MEANINGS.items():
        assert f"| {code.value} | {meaning} |" in PAGE
        assert f" {code.value} " in IN_SHORT
