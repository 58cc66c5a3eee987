"""Documents of the sandbox; their review has a file of its own."""

import aiohttp
import pytest

from kycaid_async.api.documents.kinds import BY_AFFILIATED_PERSON, BY_APPLICANT

NOBODY = "f" * 36
EXAMPLE_KEYS = [
    *("document_id", "applicant_id", "type", "provider", "status", "comment", "document_number", "additional_number"),
    *("issue_date", "expiry_date", "issuing_authority", "income_sources", "annual_income", "transaction_amount"),
    *("transaction_currency", "transaction_datetime", "transaction_purpose", "origin_funds", "card_number"),
    *("account_number", "portrait", "front_side_id", "front_side", "back_side_id", "back_side", "other_side_1_id"),
    *("other_side_1", "other_side_2_id", "other_side_2", "other_side_3_id", "other_side_3", "created_at"),
    *("decline_reasons_ids", "decline_reasons"),
]
FULL = {
    "type": "DOMESTIC_PASSPORT",
    "document_number": "TH703318A",
    "additional_number": "E2100007T-5",
    "issue_date": "2020-11-04",
    "expiry_date": "2028-11-04",
    "issuing_authority": "Social Security Administration",
    "income_sources": ["SAVINGS", "OTHER"],
    "annual_income": "ANNUAL_INCOME_GROUP_2",
    "transaction_amount": 14008.55,
    "transaction_currency": "EUR",
    "transaction_datetime": "2024-11-16 14:22:54",
    "transaction_purpose": "Payment for additional services",
    "origin_funds": "Business revenues",
    "card_number": "5375411422962063",
    "account_number": "UA383220010000026200330646508",
}


async def test_create_update_and_delete_answer_with_the_id_alone(call, applicant):
    given = {"applicant_id": await applicant(), "type": "TAX_ID_NUMBER"}
    status, made = await call("POST", "/documents", json=given)
    path = f"/documents/{made['document_id']}"
    assert status == 200
    assert list(made) == ["document_id"]
    assert await call("PATCH", path, json={"document_number": "1"}) == (200, made)
    assert await call("DELETE", path) == (200, made)
    assert (await call("GET", path))[0] == 404


async def test_a_document_has_every_key_of_the_documented_example(call, applicant):
    owner = await applicant()
    _, made = await call("POST", "/documents", json={"applicant_id": owner, "type": "TAX_ID_NUMBER"})
    status, got = await call("GET", f"/documents/{made['document_id']}")
    assert status == 200
    assert list(got) == EXAMPLE_KEYS
    assert {key: value for key, value in got.items() if value is not None} == {
        "document_id": made["document_id"],
        "applicant_id": owner,
        "type": "TAX_ID_NUMBER",
        "provider": "MANUAL",
        "status": "valid",
        "income_sources": [],
        "created_at": "2025-06-15 12:00:00",
        "decline_reasons": [],
    }


async def test_everything_that_was_given_comes_back(kycaid, applicant, make_picture):
    file_id = await kycaid.files.create(make_picture())
    sides = dict.fromkeys(
        ("front_side_id", "back_side_id", "other_side_1_id", "other_side_2_id", "other_side_3_id"), file_id
    )
    made = await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT")
    await kycaid.documents.update(made, **FULL, **sides)
    got = await kycaid.documents.get(made)
    assert {name: got.raw[name] for name in (*FULL, *sides)} == FULL | sides
    assert got.status == "valid"


async def test_a_side_is_a_url_that_gives_the_bytes_without_a_key_and_never_as_a_page(kycaid, applicant, sandbox):
    html = b"<script>alert(1)</script>"
    file_id = await kycaid.with_options(check=False).files.create(html, filename="x.html", content_type="text/html")
    made = await kycaid.documents.create(applicant_id=await applicant(), type="TAX_ID_NUMBER", front_side_id=file_id)
    got = await kycaid.documents.get(made)
    assert got.front_side.startswith(sandbox.url + "/")
    assert got.back_side is None
    async with aiohttp.ClientSession() as session:
        async with session.get(got.front_side) as response:
            assert await response.read() == html
            assert response.content_type == "application/octet-stream"
        async with session.get(got.front_side[:-1] + "x") as response:
            assert response.status == 404
        async with session.get(got.front_side.replace(file_id, NOBODY)) as response:
            assert response.status == 404


async def test_the_url_of_a_deleted_file_leads_nowhere(kycaid, applicant, call, make_picture, sandbox):
    file_id = await kycaid.files.create(make_picture())
    made = await kycaid.documents.create(applicant_id=await applicant(), type="TAX_ID_NUMBER", front_side_id=file_id)
    path = (await kycaid.documents.get(made)).front_side.removeprefix(sandbox.url)
    await kycaid.documents.delete(made)
    await kycaid.files.delete(file_id)
    assert await call("GET", path, key=None) == (404, {"type": "not_found", "errors": []})


@pytest.mark.parametrize("kind", BY_APPLICANT)
async def test_an_applicant_may_have_all_twenty_types(kycaid, applicant, kind):
    made = await kycaid.documents.create(BY_APPLICANT[kind](applicant_id=await applicant()))
    assert (await kycaid.documents.get(made)).type == kind


@pytest.mark.parametrize("kind", BY_AFFILIATED_PERSON)
async def test_an_affiliated_person_may_have_eight_types(kycaid, person, kind):
    owner = await person()
    made = await kycaid.documents.create(BY_AFFILIATED_PERSON[kind](affiliated_person_id=owner))
    got = await kycaid.documents.get(made)
    assert (got.type, got.affiliated_person_id, got.applicant_id) == (kind, owner, None)


async def test_an_affiliated_person_has_no_other_types(call, fields):
    given = {"affiliated_person_id": NOBODY, "type": "CREDIT_CARD"}
    assert fields(await call("POST", "/documents", json=given)) == ["type"]


@pytest.mark.parametrize(
    ("given", "parameters"),
    [
        ({"type": None}, ["type"]),
        ({"type": "DIARY"}, ["type"]),
        ({"type": {}}, ["type"]),
        ({"card_number": "1", "expiry_date": "soon"}, ["expiry_date", "card_number"]),
        ({"income_sources": ["LUCK"]}, ["income_sources"]),
        ({"income_sources": [{}]}, ["income_sources"]),
        ({"annual_income": "LOTS"}, ["annual_income"]),
        ({"transaction_amount": "many"}, ["transaction_amount"]),
        ({"front_side_id": ""}, ["front_side_id"]),
        ({"front_side_id": NOBODY, "other_side_3_id": NOBODY}, ["front_side_id", "other_side_3_id"]),
    ],
)
async def test_every_bad_field_is_named(call, applicant, fields, given, parameters):
    body = {"applicant_id": await applicant(), "type": "CREDIT_CARD"} | given
    assert fields(await call("POST", "/documents", json=body)) == parameters


async def test_an_unknown_applicant_is_not_found(call):
    status, answer = await call("POST", "/documents", json={"applicant_id": NOBODY, "type": "PASSPORT"})
    assert (status, answer["type"]) == (404, "not_found")
    assert [error["parameter"] for error in answer["errors"]] == ["applicant_id"]


async def test_a_second_document_of_a_type_is_refused(kycaid, call, applicant, fields):
    owner, other = await applicant(), await applicant()
    await kycaid.documents.create(applicant_id=owner, type="PASSPORT")
    await kycaid.documents.create(applicant_id=other, type="PASSPORT")
    card = await kycaid.documents.create(applicant_id=owner, type="CREDIT_CARD")
    answer = await call("POST", "/documents", json={"applicant_id": owner, "type": "PASSPORT"})
    assert fields(answer) == ["type"]
    assert answer[1]["errors"][0]["message"] == "Only one document with PASSPORT document type is allowed"
    assert fields(await call("PATCH", f"/documents/{card}", json={"type": "PASSPORT"})) == ["type"]


async def test_an_address_may_be_proved_six_times(kycaid, call, applicant, fields):
    given = {"applicant_id": await applicant(), "type": "ADDRESS_DOCUMENT"}
    for _ in range(6):
        await kycaid.documents.create(**given)
    assert fields(await call("POST", "/documents", json=given)) == ["type"]


@pytest.mark.parametrize(
    ("body", "parameter"),
    [({}, "*"), ({"type": "DIARY"}, "type"), ({"type": None}, "type"), ({"back_side_id": NOBODY}, "back_side_id")],
)
async def test_a_bad_update_is_refused_and_changes_nothing(kycaid, call, applicant, *, fields, body, parameter):
    made = await kycaid.documents.create(applicant_id=await applicant(), type="TAX_ID_NUMBER", document_number="1")
    before = (await kycaid.documents.get(made)).raw
    assert fields(await call("PATCH", f"/documents/{made}", json=body)) == [parameter]
    assert (await kycaid.documents.get(made)).raw == before


async def test_the_owner_of_a_document_stays(kycaid, call, applicant):
    owner, other = await applicant(), await applicant()
    made = await kycaid.documents.create(applicant_id=owner, type="TAX_ID_NUMBER")
    await call("PATCH", f"/documents/{made}", json={"applicant_id": other, "document_number": "1"})
    assert (await kycaid.documents.get(made)).applicant_id == owner
