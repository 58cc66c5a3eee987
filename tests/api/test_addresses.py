import pytest

from kycaid_async import AddressType, AddressUpdate, AffiliatedPersonAddress, CompanyAddress, PersonAddress
from tests.api.examples import ADDRESS_ID, ADDRESS_RESULT, APPLICANT_ID, CREATE_ADDRESS, PERSON_ID
from tests.api.wire import compact, without

AFFILIATED = {"affiliated_person_id": PERSON_ID, **without(CREATE_ADDRESS, "applicant_id")}


@pytest.mark.parametrize(
    ("cls", "fields"),
    [
        (PersonAddress, CREATE_ADDRESS),
        (PersonAddress, CREATE_ADDRESS | {"type": "ADDITIONAL"}),
        (CompanyAddress, CREATE_ADDRESS),
        (CompanyAddress, CREATE_ADDRESS | {"type": "BUSINESS"}),
        (AffiliatedPersonAddress, AFFILIATED),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else value.__name__,
)
async def test_class_and_keywords_give_the_body_of_the_example(client, server, cls, fields):
    for _ in range(3):
        server.answer(200, ADDRESS_RESULT)
    assert await client.addresses.create(cls(**fields)) == ADDRESS_ID
    assert await client.addresses.create(**fields) == ADDRESS_ID
    assert await client.addresses.create(**fields | {"type": AddressType(fields["type"])}) == ADDRESS_ID
    assert [request.body for request in server.requests] == [compact(fields)] * 3
    assert {(request.method, request.path) for request in server.requests} == {("POST", "/addresses")}


async def test_the_few_fields_that_were_enough_in_traffic_are_enough(client, server):
    fields = {
        "applicant_id": APPLICANT_ID,
        "type": "REGISTERED",
        "country": "GB",
        "city": "London",
        "postal_code": "SW1A 2AB",
    }
    server.answer(200, ADDRESS_RESULT)
    await client.addresses.create(PersonAddress(**fields))
    assert server.requests[0].body == compact(fields)


@pytest.mark.parametrize("form", ["class", "keywords"])
async def test_an_address_in_a_verification_is_copied_and_the_new_id_comes_back(client, server, form):
    other = ADDRESS_ID[::-1]
    server.answer(200, {"address_id": other})
    changes = {"type": "BUSINESS", "city": "Leeds", "state": None}
    if form == "class":
        made = await client.addresses.update(ADDRESS_ID, AddressUpdate(**changes))
    else:
        made = await client.addresses.update(ADDRESS_ID, **changes)
    (request,) = server.requests
    assert (request.method, request.path) == ("PATCH", f"/addresses/{ADDRESS_ID}")
    assert request.body == b'{"type":"BUSINESS","state":null,"city":"Leeds"}'
    assert made == other


async def test_an_address_is_deleted_by_its_id(client, server):
    server.answer(200, ADDRESS_RESULT)
    assert await client.addresses.delete(ADDRESS_ID) == ADDRESS_ID
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("DELETE", f"/addresses/{ADDRESS_ID}", b"")
