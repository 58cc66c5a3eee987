"""Applicants of the sandbox."""

import pytest

from kycaid_async import Company, CompanyApplicant, NotFoundError, Person

RECORDED_KEYS = [
    *("applicant_id", "external_applicant_id", "type", "created_at", "profile_status", "profile_comment"),
    *("first_name", "origin_first_name", "middle_name", "origin_middle_name", "last_name", "origin_last_name"),
    *("residence_country", "dob", "gender", "email", "phone", "wallet_address", "telegram_username", "pep"),
    *("custom_field_1", "custom_field_2", "custom_field_3", "custom_field_4", "custom_field_5"),
    *("decline_reasons", "addresses", "documents", "verification_status", "verifications_count"),
]


async def test_create_answers_with_the_id_alone(call):
    status, body = await call("POST", "/applicants", json={"type": "PERSON"})
    assert status == 200
    assert list(body) == ["applicant_id"]
    assert len(body["applicant_id"]) == 36
    assert set(body["applicant_id"]) <= set("0123456789abcdef")


async def test_a_person_comes_back_with_the_keys_recorded_in_2022(kycaid):
    made = await kycaid.applicants.create(
        Person(first_name="Jane", last_name="Example", dob="1976-02-21", residence_country="GB", pep=False)
    )
    got = await kycaid.applicants.get(made)
    assert list(got.raw) == RECORDED_KEYS
    assert got.raw["created_at"] == "2025-06-15 12:00:00"
    assert got.raw["verifications_count"] == 0
    given = ("first_name", "last_name", "dob", "residence_country", "pep", "email", "verification_status")
    assert [got.raw[name] for name in given] == ["Jane", "Example", "1976-02-21", "GB", False, None, "new"]


async def test_a_nationality_comes_back_when_it_was_given(kycaid):
    made = await kycaid.applicants.create(Person(nationality="UA"))
    assert (await kycaid.applicants.get(made)).nationality == "UA"


async def test_a_company_comes_back_as_a_company(kycaid):
    made = await kycaid.applicants.create(
        Company(company_name="Example Ltd", registration_country="GB", business_activity_id="0" * 36)
    )
    got = await kycaid.applicants.get(made)
    assert isinstance(got, CompanyApplicant)
    assert (got.company_name, got.affiliated_persons) == ("Example Ltd", [])
    assert "first_name" not in got.raw


async def test_an_applicant_holds_its_addresses_and_documents(kycaid, applicant):
    owner = await applicant()
    address = await kycaid.addresses.create(applicant_id=owner, type="REGISTERED", city="London")
    document = await kycaid.documents.create(applicant_id=owner, type="ADDRESS_DOCUMENT")
    got = await kycaid.applicants.get(owner)
    assert [(a.address_id, a.city, a.country) for a in got.addresses] == [(address, "London", None)]
    assert [d.document_id for d in got.documents] == [document]
    assert got.documents[0].raw == (await kycaid.documents.get(document)).raw


async def test_an_update_changes_what_is_given_and_null_clears(kycaid, applicant):
    made = await applicant(email="jane@example.com")
    assert await kycaid.applicants.update(made, first_name="Janet", email=None, type="PERSON") == made
    got = await kycaid.applicants.get(made)
    assert (got.first_name, got.last_name, got.email) == ("Janet", "Example", None)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("type", "Type of applicant is not valid")]),
        ({"type": "ALIEN"}, [("type", "Type of applicant is not valid")]),
        ({"type": ["PERSON"]}, [("type", "Type of applicant is not valid")]),
        ({"type": "PERSON", "dob": "05-03-1886"}, [("dob", "Day of birth is not valid")]),
        ({"type": "PERSON", "dob": "2001-02-30"}, [("dob", "Day of birth is not valid")]),
        (
            {"type": "PERSON", "residence_country": "Andorra"},
            [("residence_country", "Country of residence is not valid")],
        ),
        ({"type": "PERSON", "gender": "X"}, [("gender", "gender is not valid")]),
        ({"type": "PERSON", "first_name": "J4ne"}, [("first_name", "first_name is not valid")]),
        ({"type": "PERSON", "pep": "no"}, [("pep", "pep is not valid")]),
        (
            {"type": "COMPANY"},
            [
                (name, f"{name} is not valid")
                for name in ("company_name", "registration_country", "business_activity_id")
            ],
        ),
    ],
)
async def test_every_bad_field_is_named_in_the_recorded_words(call, body, errors):
    listed = [{"parameter": name, "message": message} for name, message in errors]
    status, answer = await call("POST", "/applicants", json=body)
    assert status == 422
    assert answer["type"] == "validation"
    assert sorted(answer["errors"], key=str) == sorted(listed, key=str)


async def test_unknown_keys_are_let_through_and_cannot_set_what_is_the_servers(call):
    given = {"type": "PERSON", "sandbox": True, "applicant_id": "x", "verification_status": "valid"}
    _, made = await call("POST", "/applicants", json=given)
    _, got = await call("GET", f"/applicants/{made['applicant_id']}")
    assert list(got) == RECORDED_KEYS
    assert got["verification_status"] == "new"


@pytest.mark.parametrize("body", [{}, {"unknown": 1}])
async def test_an_update_with_nothing_in_it_is_refused_as_a_whole(call, applicant, fields, body):
    assert fields(await call("PATCH", f"/applicants/{await applicant()}", json=body)) == ["*"]


async def test_a_person_does_not_become_a_company(call, applicant, fields):
    assert fields(await call("PATCH", f"/applicants/{await applicant()}", json={"type": "COMPANY"})) == ["type"]


async def test_an_unknown_applicant_is_not_found(kycaid):
    with pytest.raises(NotFoundError):
        await kycaid.applicants.get("f" * 36)
