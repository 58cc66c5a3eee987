"""Addresses of the sandbox."""

import pytest

NOBODY = "f" * 36


async def test_create_update_and_delete_answer_with_the_id_alone(call, applicant):
    given = {"applicant_id": await applicant(), "type": "REGISTERED", "country": "GB", "city": "London"}
    status, made = await call("POST", "/addresses", json=given)
    path = f"/addresses/{made['address_id']}"
    assert status == 200
    assert list(made) == ["address_id"]
    assert await call("PATCH", path, json={"city": "Leeds"}) == (200, made)
    assert await call("DELETE", path) == (200, made)
    assert (await call("DELETE", path))[0] == 404


async def test_an_update_keeps_the_rest(kycaid, applicant):
    owner = await applicant()
    made = await kycaid.addresses.create(applicant_id=owner, type="REGISTERED", city="London", country="GB")
    await kycaid.addresses.update(made, city=None, postal_code="SW1A 1AA", type="ADDITIONAL")
    (got,) = (await kycaid.applicants.get(owner)).addresses
    assert (got.type, got.city, got.country, got.postal_code) == ("ADDITIONAL", None, "GB", "SW1A 1AA")


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({}, [("type", "Type of address is not valid")]),
        ({"type": "HOME"}, [("type", "Type of address is not valid")]),
        ({"type": "BUSINESS"}, [("type", "Type of address is not valid")]),
        ({"type": "REGISTERED", "country": "Andorra"}, [("country", "Country of residence is not valid")]),
        ({"type": "REGISTERED", "city": "x" * 51}, [("city", "city is not valid")]),
    ],
)
async def test_bad_fields_are_named_in_the_recorded_words(call, applicant, given, errors):
    status, answer = await call("POST", "/addresses", json={"applicant_id": await applicant()} | given)
    assert (status, answer["type"]) == (422, "validation")
    assert [(error["parameter"], error["message"]) for error in answer["errors"]] == errors


async def test_only_a_company_has_a_place_of_business(kycaid, call, company, applicant, fields):
    await kycaid.addresses.create(applicant_id=await company(), type="BUSINESS")
    made = await kycaid.addresses.create(applicant_id=await applicant(), type="REGISTERED")
    assert fields(await call("PATCH", f"/addresses/{made}", json={"type": "BUSINESS"})) == ["type"]


async def test_an_owner_has_one_address_of_each_type(kycaid, call, applicant, fields):
    owner, other = await applicant(), await applicant()
    await kycaid.addresses.create(applicant_id=owner, type="REGISTERED")
    await kycaid.addresses.create(applicant_id=other, type="REGISTERED")
    second = await kycaid.addresses.create(applicant_id=owner, type="ADDITIONAL")
    given = {"applicant_id": owner, "type": "REGISTERED"}
    assert fields(await call("POST", "/addresses", json=given)) == ["type"]
    assert fields(await call("PATCH", f"/addresses/{second}", json={"type": "REGISTERED"})) == ["type"]


async def test_an_unknown_applicant_is_not_found(call):
    status, answer = await call("POST", "/addresses", json={"applicant_id": NOBODY, "type": "REGISTERED"})
    assert (status, answer["type"]) == (404, "not_found")
    assert [error["parameter"] for error in answer["errors"]] == ["applicant_id"]


async def test_an_affiliated_person_may_be_an_owner(kycaid, sandbox, person):
    await kycaid.addresses.create(affiliated_person_id=await person(), type="REGISTERED")
    assert sandbox.counts()["addresses"] == 1


@pytest.mark.parametrize(("path", "kind"), [("/addresses", "REGISTERED"), ("/documents", "PASSPORT")])
async def test_an_unknown_affiliated_person_is_not_found(call, path, kind):
    status, answer = await call("POST", path, json={"affiliated_person_id": NOBODY, "type": kind})
    assert (status, answer["type"]) == (404, "not_found")
    assert [error["parameter"] for error in answer["errors"]] == ["affiliated_person_id"]


@pytest.mark.parametrize(
    ("owners", "parameter"),
    [
        ({}, "applicant_id"),
        ({"applicant_id": NOBODY, "affiliated_person_id": NOBODY}, "affiliated_person_id"),
        ({"applicant_id": "short"}, "applicant_id"),
    ],
)
async def test_exactly_one_well_formed_owner_is_needed(call, fields, owners, parameter):
    assert fields(await call("POST", "/addresses", json={"type": "REGISTERED"} | owners)) == [parameter]


async def test_an_update_with_nothing_in_it_is_refused_as_a_whole(call, kycaid, applicant, fields):
    made = await kycaid.addresses.create(applicant_id=await applicant(), type="REGISTERED")
    assert fields(await call("PATCH", f"/addresses/{made}", json={})) == ["*"]


@pytest.fixture
async def verified(kycaid, applicant):
    """Return an applicant and its address, which is part of a verification."""
    owner = await applicant()
    made = await kycaid.addresses.create(applicant_id=owner, type="REGISTERED", city="London", country="GB")
    await kycaid.verifications.create(applicant_id=owner)
    return owner, made


async def test_each_update_of_a_verified_address_adds_to_the_one_before(kycaid, verified):
    owner, made = verified
    copies = {made}
    for change in ({"city": "Leeds"}, {"postal_code": "2"}, {"type": "ADDITIONAL"}, {"country": "IE"}):
        copies.add(await kycaid.addresses.update(made, **change))
    assert len(copies) == 5
    (got,) = (await kycaid.applicants.get(owner)).addresses
    assert (got.type, got.city, got.postal_code, got.country) == ("ADDITIONAL", "Leeds", "2", "IE")


async def test_a_copy_takes_no_room_that_another_address_has(kycaid, call, verified, fields):
    owner, made = verified
    await kycaid.addresses.delete(await kycaid.addresses.update(made, city="Leeds"))
    other = await kycaid.addresses.create(applicant_id=owner, type="REGISTERED", city="York")
    assert fields(await call("PATCH", f"/addresses/{made}", json={"city": "Hull"})) == ["type"]
    (got,) = (await kycaid.applicants.get(owner)).addresses
    assert (got.address_id, got.city) == (other, "York")


async def test_a_copy_may_take_the_room_of_another_copy(kycaid, verified):
    owner, made = verified
    copy = await kycaid.addresses.update(made, type="ADDITIONAL")
    await kycaid.verifications.create(applicant_id=owner)
    await kycaid.addresses.update(made, type="ADDITIONAL", city="Hull")
    (got,) = (await kycaid.applicants.get(owner)).addresses
    assert (got.type, got.city, got.address_id == copy) == ("ADDITIONAL", "Hull", False)
