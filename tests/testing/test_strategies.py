"""Strategies for Hypothesis."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kycaid_async import ApplicantUpdate, Document, Passport, Person, structure, unstructure
from kycaid_async.testing import strategies
from kycaid_async.values.check import check_request
from tests.testing.models import REQUESTS, RESPONSES

FEW = settings(max_examples=10)


@pytest.mark.parametrize("cls", REQUESTS, ids=lambda cls: cls.__name__)
def test_every_request_is_one_that_would_be_sent(cls):
    @FEW
    @given(strategies.model(cls))
    def holds(made):
        assert check_request(made) == []

    holds()


@pytest.mark.parametrize("cls", RESPONSES, ids=lambda cls: cls.__name__)
def test_every_answer_can_be_read_back(cls):
    @FEW
    @given(strategies.model(cls))
    def holds(made):
        assert structure(unstructure(made), cls) == made

    holds()


@given(strategies.model(Passport, applicant_id=st.just("f" * 36)))
@FEW
def test_a_strategy_of_your_own_stands_for_a_field(made):
    assert made.applicant_id == "f" * 36


@given(strategies.model(ApplicantUpdate))
@FEW
def test_an_update_changes_something(made):
    assert unstructure(made)


def test_optional_fields_are_there_and_are_not():
    seen = set()

    @settings(max_examples=60)
    @given(strategies.model(Person), strategies.model(Document))
    def look(person, document):
        seen.update({("dob" in unstructure(person), "person"), (document.status is None, "document")})

    look()
    assert len(seen) == 4
