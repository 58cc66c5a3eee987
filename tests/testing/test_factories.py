"""Made-up objects."""

import pytest

from kycaid_async import (
    ApplicantUpdate,
    AsyncKycaid,
    Company,
    DeclineReason,
    Document,
    Passport,
    Person,
    PersonAddress,
    structure,
    unstructure,
)
from kycaid_async.api.documents.kinds import BY_APPLICANT
from kycaid_async.testing import Sandbox, factory
from kycaid_async.values.check import check_request
from kycaid_async.values.fields import attrs_of
from tests.testing.models import MODELS, REQUESTS, RESPONSES


def by_name(cls):
    return cls.__name__


@pytest.mark.parametrize("cls", REQUESTS, ids=by_name)
def test_a_made_up_request_is_one_that_would_be_sent(cls):
    make = factory(cls)
    for _ in range(20):
        assert check_request(make()) == []


@pytest.mark.parametrize("cls", RESPONSES, ids=by_name)
def test_a_made_up_answer_has_all_its_fields_and_can_be_read_back(cls):
    make = factory(cls)
    for _ in range(20):
        made = make()
        assert all(getattr(made, attribute.name) is not None for attribute in attrs_of(cls))
        assert structure(unstructure(made), cls) == made


@pytest.mark.parametrize("cls", MODELS, ids=by_name)
def test_the_same_seed_gives_the_same_objects(cls):
    one, same, other = factory(cls, seed=1), factory(cls, seed=1), factory(cls, seed=2)
    first = [one() for _ in range(5)]
    assert first == [same() for _ in range(5)]
    assert first != [other() for _ in range(5)] or len(attrs_of(cls)) <= 1


def test_they_are_the_same_in_every_process():
    assert factory(Person, seed=7)().last_name == "Sample"


def test_a_field_that_is_given_stands_and_changes_no_other():
    made, plain = factory(Person)(first_name="Grace"), factory(Person)()
    assert made.first_name == "Grace"
    assert made.last_name == plain.last_name
    assert made.dob == plain.dob


def test_a_field_that_is_none_is_refused():
    with pytest.raises(TypeError, match="colour"):
        factory(Person)(colour="red")


def test_reasons_are_known_ones():
    document = factory(Document)()
    assert document.reasons
    assert all(reason.is_known for reason in document.reasons)
    assert all(isinstance(reason, DeclineReason) for reason in document.reasons)


async def test_the_sandbox_takes_them():
    async with Sandbox() as sandbox, AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        owner = await client.applicants.create(factory(Person)())
        assert await client.applicants.create(factory(Company)(business_activity_id="1" * 36))
        assert await client.addresses.create(factory(PersonAddress)(applicant_id=owner))
        for cls in BY_APPLICANT.values():
            assert await client.documents.create(factory(cls)(applicant_id=owner))
        assert factory(Passport)().applicant_id != owner


@pytest.mark.parametrize("cls", [Person, Company], ids=by_name)
async def test_the_sandbox_takes_changes_of_whomever(cls):
    make = factory(ApplicantUpdate)
    async with Sandbox() as sandbox, AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        owner = await client.applicants.create(factory(cls)())
        for _ in range(10):
            await client.applicants.update(owner, make())
    assert make(type="COMPANY").type == "COMPANY"
