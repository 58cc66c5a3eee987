"""What the caller of an application is told when KYCAID failed."""

import json

import pytest

from kycaid_async import errors
from kycaid_async.web.problem import problem_of
from tests.callbacks.messages import CANARY

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.KycaidError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_a_problem_without_its_text(kind):
    problem = problem_of(kind(CANARY))
    assert 400 <= problem.status < 600
    assert problem.content["status"] == problem.status
    assert CANARY not in problem.body.decode()
    assert json.loads(problem.body)["type"] == "about:blank"


def test_the_fields_at_fault_are_named_and_nothing_that_may_be_a_value():
    faults = [errors.FieldError("first_name", CANARY), errors.FieldError("John Snow", None), errors.FieldError(None)]
    problem = problem_of(errors.ValidationError(status=422, type="validation", errors=faults, body=CANARY.encode()))
    assert (problem.status, problem.content["fields"]) == (422, ["first_name"])
    assert problem.content["kycaid_type"] == "validation"


def test_what_the_caller_cannot_help_is_not_blamed_on_them():
    statuses = {
        kind: problem_of(kind("")).status
        for kind in (errors.AuthenticationError, errors.InsufficientFundsError, errors.ConfigurationError)
    }
    assert list(statuses.values()) == [502, 502, 500]


def test_a_refusal_for_now_says_when_to_come_again():
    problem = problem_of(errors.RateLimitError(status=429, retry_after=2.4, retryable=True))
    assert (problem.status, problem.headers, problem.content["retryable"]) == (503, {"Retry-After": "3"}, True)


def test_what_may_have_been_processed_is_said():
    problem = problem_of(errors.ConnectionLostError("", operation="verifications.create", maybe_processed=True))
    assert (problem.status, problem.content["maybe_processed"]) == (502, True)
