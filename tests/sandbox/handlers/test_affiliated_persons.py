"""Affiliated persons of the sandbox."""

import pytest

from kycaid_async import BeneficialOwner, ConflictError, FlowError, NotFoundError

NOBODY = "f" * 36


async def test_a_company_shows_its_persons(kycaid, sandbox, company):
    owner = await company()
    made = await kycaid.affiliated_persons.create(BeneficialOwner(applicant_id=owner, first_name="Ben", share=50))
    assert len(made) == 36
    assert (await kycaid.applicants.get(owner)).affiliated_persons == [
        {"affiliated_person_id": made, "type": "BENEFICIAL", "first_name": "Ben", "share": 50}
    ]
    assert sandbox.counts()["affiliated_persons"] == 1


async def test_an_update_keeps_the_rest(kycaid, company, person):
    owner = await company()
    made = await person(owner, last_name="Lee", title="CEO")
    assert await kycaid.affiliated_persons.update(made, title=None, last_name="Li") == made
    (got,) = (await kycaid.applicants.get(owner)).affiliated_persons
    assert (got["first_name"], got["last_name"], got["title"]) == ("Ann", "Li", None)


async def test_only_a_company_that_exists_has_persons(call, applicant, fields):
    given = {"type": "AUTHORISED", "applicant_id": await applicant()}
    assert fields(await call("POST", "/affiliated-persons", json=given)) == ["applicant_id"]
    status, answer = await call("POST", "/affiliated-persons", json=given | {"applicant_id": NOBODY})
    assert (status, answer["type"], answer["errors"][0]["parameter"]) == (404, "not_found", "applicant_id")


async def test_a_second_authorised_person_is_refused_for_good(kycaid, call, company, person):
    owner = await company()
    await person(owner)
    with pytest.raises(FlowError):
        await person(owner)
    status, answer = await call("POST", "/affiliated-persons", json={"type": "AUTHORISED", "applicant_id": owner})
    assert (status, answer["type"], answer["errors"][0]["parameter"]) == (429, "flow", "limit_exceeded")
    await person(owner, type="BENEFICIAL")
    await person(owner, type="BENEFICIAL")


@pytest.mark.parametrize(
    ("given", "parameters"),
    [({}, ["type", "applicant_id"]), ({"type": "FRIEND", "applicant_id": NOBODY, "first_name": "Zoë"}, None)],
)
async def test_bad_fields_are_named(call, fields, given, parameters):
    assert fields(await call("POST", "/affiliated-persons", json=given)) == (parameters or ["type", "first_name"])


async def test_an_update_with_nothing_in_it_is_refused_as_a_whole(call, person, fields):
    assert fields(await call("PATCH", f"/affiliated-persons/{await person()}", json={})) == ["*"]


async def test_a_person_goes_with_its_documents_and_addresses(kycaid, sandbox, person):
    made = await person()
    document = await kycaid.documents.create(affiliated_person_id=made, type="PASSPORT")
    await kycaid.addresses.create(affiliated_person_id=made, type="REGISTERED")
    assert await kycaid.affiliated_persons.delete(made) == made
    assert (sandbox.counts()["documents"], sandbox.counts()["addresses"]) == (0, 0)
    with pytest.raises(NotFoundError):
        await kycaid.documents.get(document)
    with pytest.raises(NotFoundError):
        await kycaid.affiliated_persons.delete(made)


async def test_a_person_of_a_verified_company_stays(kycaid, company, person):
    owner = await company()
    made = await person(owner)
    await person(owner, type="BENEFICIAL")
    await kycaid.verifications.create(applicant_id=owner)
    with pytest.raises(ConflictError):
        await kycaid.affiliated_persons.delete(made)
