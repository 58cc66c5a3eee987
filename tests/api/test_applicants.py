import json
from datetime import UTC, date, datetime

import pytest

from kycaid_async import (
    ApplicantStatus,
    ApplicantType,
    ApplicantUpdate,
    Company,
    CompanyApplicant,
    Person,
    PersonApplicant,
    unstructure,
)
from kycaid_async.values.fields import fields_of
from tests.api.examples import (
    APPLICANT_ID,
    APPLICANT_RESULT,
    CREATE_COMPANY,
    CREATE_PERSON,
    DOCUMENT_ID,
    GET_COMPANY,
    GET_PERSON,
    UPDATE_APPLICANT,
)
from tests.api.wire import compact, without


@pytest.mark.parametrize(("example", "cls"), [(CREATE_PERSON, Person), (CREATE_COMPANY, Company)])
async def test_class_and_keywords_give_the_body_of_the_example(client, server, example, cls):
    for _ in range(3):
        server.answer(200, APPLICANT_RESULT)
    fields = without(example, "type")
    assert await client.applicants.create(cls(**fields)) == APPLICANT_ID
    assert await client.applicants.create(**example) == APPLICANT_ID
    assert await client.applicants.create(type=ApplicantType(example["type"]), **fields) == APPLICANT_ID
    bodies = {request.body for request in server.requests}
    assert len(bodies) == 1
    assert json.loads(bodies.pop()) == example
    assert {(request.method, request.path) for request in server.requests} == {("POST", "/applicants")}


async def test_a_person_needs_no_field_but_the_type(client, server):
    """Since 2022 the server insists on no other."""
    server.answer(200, APPLICANT_RESULT)
    await client.applicants.create(Person())
    assert server.requests[0].body == b'{"type":"PERSON"}'


async def test_every_field_of_a_person_is_sent(client, server):
    person = Person(
        first_name="Jane",
        middle_name="Q.",
        last_name="O'Neil-Example",
        dob=date(1976, 2, 21),
        gender="F",
        pep=False,
        residence_country="GB",
        nationality="IE",
        phone="+440000000000",
        email="jane@example.com",
        telegram_username="jane",
        wallet_address="0x0",
        external_applicant_id="",
        custom_field_1="1",
        custom_field_2="2",
        custom_field_3="3",
        custom_field_4="4",
        custom_field_5="5",
    )
    body = unstructure(person)
    assert set(body) == {field.name for field in fields_of(Person)}
    assert body["dob"] == "1976-02-21"
    assert body["pep"] is False
    server.answer(200, APPLICANT_RESULT)
    await client.applicants.create(person)
    assert server.requests[0].body == compact(body)


async def test_a_person_comes_back_as_recorded(client, server):
    server.answer(200, compact(GET_PERSON))
    person = await client.applicants.get(APPLICANT_ID)
    assert (server.requests[0].method, server.requests[0].path) == ("GET", f"/applicants/{APPLICANT_ID}")
    assert server.requests[0].query == {}
    assert type(person) is PersonApplicant
    spelled_otherwise = {"dob": date(1976, 2, 21), "created_at": datetime(2022, 9, 17, 9, 35, 6, tzinfo=UTC)}
    for name, value in GET_PERSON.items():
        assert getattr(person, name) == spelled_otherwise.get(name, value)
    assert person.verification_status is ApplicantStatus.NEW
    assert person.extra == {}
    assert compact(unstructure(person)) == compact(GET_PERSON)


async def test_a_company_comes_back_with_what_belongs_to_it(client, server):
    server.answer(200, compact(GET_COMPANY))
    company = await client.applicants.get(APPLICANT_ID)
    assert type(company) is CompanyApplicant
    assert (company.company_name, company.registration_number) == ("Example Ltd", "12345678")
    assert [address.type for address in company.addresses] == ["BUSINESS"]
    assert [document.reasons for document in company.documents] == [["DEBTOR"]]
    assert company.documents[0].document_id == DOCUMENT_ID
    assert company.decline_reasons == ["PROHIBITED_JURISDICTION"]
    assert company.affiliated_persons == GET_COMPANY["affiliated_persons"]
    assert compact(unstructure(company)) == compact(GET_COMPANY)


@pytest.mark.parametrize("kind", [{}, {"type": None}, {"type": "FOUNDATION"}, {"type": 5}])
async def test_an_applicant_without_a_known_type_is_read_as_a_person(client, server, kind):
    server.answer(200, {"applicant_id": APPLICANT_ID, "first_name": "Jane", **kind})
    person = await client.applicants.get(APPLICANT_ID)
    assert type(person) is PersonApplicant
    assert person.first_name == "Jane"


@pytest.mark.parametrize(("raw", "count"), [(0, 0), ("0", 0), ("12", 12), (None, None)])
async def test_a_count_comes_as_number_or_as_text(client, server, raw, count):
    """Both were recorded on the same day."""
    server.answer(200, GET_PERSON | {"verifications_count": raw})
    assert (await client.applicants.get(APPLICANT_ID)).verifications_count == count


@pytest.mark.parametrize(("raw", "pep"), [(True, True), (False, False), ("true", True), ("false", False), (None, None)])
async def test_a_truth_value_comes_as_boolean_or_as_text(client, server, raw, pep):
    server.answer(200, GET_PERSON | {"pep": raw})
    assert (await client.applicants.get(APPLICANT_ID)).pep is pep


async def test_the_state_at_a_verification_is_asked_for_in_the_query(client, server):
    server.answer(200, GET_PERSON)
    await client.applicants.get(APPLICANT_ID, verification_id=DOCUMENT_ID)
    assert server.requests[0].query == {"verification_id": DOCUMENT_ID}


@pytest.mark.parametrize("form", ["class", "keywords"])
async def test_an_update_sends_what_is_set_and_returns_the_id_of_the_server(client, server, form):
    other = APPLICANT_ID[::-1]
    server.answer(200, {"applicant_id": other})
    if form == "class":
        made = await client.applicants.update(APPLICANT_ID, ApplicantUpdate(**UPDATE_APPLICANT))
    else:
        made = await client.applicants.update(APPLICANT_ID, **UPDATE_APPLICANT)
    (request,) = server.requests
    assert (request.method, request.path) == ("PATCH", f"/applicants/{APPLICANT_ID}")
    assert request.body == compact(UPDATE_APPLICANT)
    assert made == other


async def test_an_update_tells_null_from_absent(client, server):
    server.answer(200, APPLICANT_RESULT)
    await client.applicants.update(APPLICANT_ID, phone=None, pep=False)
    assert server.requests[0].body == b'{"pep":false,"phone":null}'
