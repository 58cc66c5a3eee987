"""What aiohttp raises, as errors of this package."""

import itertools
from unittest.mock import create_autospec

import aiohttp
import pytest

from kycaid_async import ConnectionLostError, DecodeError
from kycaid_async.transport.aiohttp.parts import LineTooLong
from kycaid_async.transport.aiohttp.translation import Route, error_of
from kycaid_async.transport.backend import OutgoingRequest
from kycaid_async.transport.deadlines import AttemptTimeout


@pytest.fixture
def translate():
    request = OutgoingRequest("files.create", "POST", "/files", None, False)
    request.sent = True
    return lambda error: error_of(request, error, create_autospec(AttemptTimeout), Route())


def chained(*errors):
    """Make each the cause of the one before it."""
    for error, cause in itertools.pairwise(errors):
        error.__cause__ = cause
    return errors[0]


def test_causes_that_stand_in_a_circle_are_followed_once(translate):
    lost, reset, broken = aiohttp.ClientOSError(), ConnectionResetError(), ConnectionResetError()
    for error in (chained(reset, reset), chained(lost, reset, reset), chained(lost, reset, broken, lost)):
        assert isinstance(translate(error), ConnectionLostError)


def test_a_head_that_is_too_large_is_found_among_the_causes(translate):
    too_long = LineTooLong("x", 1)
    assert isinstance(translate(chained(aiohttp.ClientOSError(), ValueError(), too_long)), DecodeError)
    assert isinstance(translate(chained(aiohttp.ClientPayloadError(), too_long)), ConnectionLostError)
