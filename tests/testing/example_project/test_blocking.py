"""Tests with the blocking client."""

import pytest

from kycaid_async import Person, RateLimitError
from kycaid_async.sandbox import Fault
from kycaid_async.testing import factory


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_sandbox_that_knows_nothing(kycaid_sandbox, kycaid, turn):
    kycaid.applicants.create(factory(Person)())
    assert kycaid_sandbox.counts()["applicants"] == 1


def test_faults_come_on_demand(kycaid_sandbox, kycaid):
    kycaid_sandbox.faults.add(Fault("429", count=1))
    with pytest.raises(RateLimitError):
        kycaid.with_options(max_retries=0).countries.list()
    assert kycaid.countries.list()
