"""The strict mode: what is not proven is refused. Each of these is taken by a lenient sandbox."""

import pytest

from kycaid_async import ConflictError, NotFoundError, PermissionDeniedError, ValidationError
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.protocol.endpoint import Evidence
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS

PERSON_FORM, COMPANY_FORM = (form.id for form in FORMS)
COMPANY = {"company_name": "Example Ltd", "registration_country": "GB", "business_activity_id": "0" * 36}
CONTACT = {"phone": "+4400000000", "email": "office@example.com"}
AUTHORISED = dict.fromkeys(
    ("first_name", "last_name", "title", "dob", "residence_country", "nationality", "email"), None
) | {"first_name": "Ann"}
INFERRED = [endpoint for endpoint in ENDPOINTS.values() if endpoint.evidence is Evidence.INFERRED]


@pytest.fixture(params=[True, False], ids=["strict", "lenient"])
def is_strict(request):
    return request.param


@pytest.fixture
async def sandbox(clock, is_strict):
    async with Sandbox(clock=clock, strict=is_strict) as running:
        yield running


async def company(kycaid) -> str:
    return await kycaid.applicants.create(type="COMPANY", **COMPANY, **CONTACT)


async def verified(kycaid, owner, form=PERSON_FORM):
    return await kycaid.verifications.get(await kycaid.verifications.create(applicant_id=owner, form_id=form))


@pytest.mark.parametrize("endpoint", INFERRED, ids=lambda endpoint: endpoint.name)
async def test_operations_that_are_only_inferred_are_not_there(call, is_strict, endpoint):
    path = endpoint.path.format(file_id="f" * 36, country_code="us", service="x")
    given = {} if endpoint.method in ("GET", "DELETE") else {"json": {"phone": "+4400000000"}}
    status, answer = await call(endpoint.method, path, **given)
    lenient = (404,) if "file_id" in endpoint.path else (200, 422)
    assert status in ((404,) if is_strict else lenient)
    assert status != 404 or answer["type"] == "not_found"


async def test_the_key_has_one_place(call, sandbox, is_strict):
    status, _ = await call("GET", "/forms", key=None, headers={"API-Key": sandbox.api_key})
    assert status == (401 if is_strict else 200)
    assert (await call("GET", "/forms"))[0] == 200


async def test_form_fields_are_no_json(call, is_strict):
    status, answer = await call("POST", "/applicants", data={"type": "PERSON", "first_name": "Jane"})
    assert (status, answer.get("type")) == ((400, "bad_request") if is_strict else (200, None))
    curl = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _ = await call("POST", "/applicants", data=b' {"type": "PERSON"}', headers=curl)
    assert status == 200


@pytest.mark.parametrize("raw", [b"type", b"\xff=1", b"&".join(b"a%d=1" % n for n in range(101)), b"=&"])
async def test_what_is_no_form_either_is_a_bad_request(call, raw):
    given = {"Content-Type": "application/x-www-form-urlencoded"}
    status, answer = await call("POST", "/applicants", data=raw, headers=given)
    assert (status, answer["type"]) in ((400, "bad_request"), (422, "validation"))


async def test_a_verification_needs_a_form(kycaid, call, applicant, fields, is_strict):
    answer = await call("POST", "/verifications", json={"applicant_id": await applicant()})
    if is_strict:
        assert fields(answer) == ["form_id"]
    else:
        assert answer[0] == 200
    assert (await verified(kycaid, await applicant())).passed is True


@pytest.mark.parametrize(
    ("form", "message"), [("a" * 36, "Form ID was not found"), ("12666", "Form ID is not valid"), ("", None)]
)
async def test_a_form_that_is_not_there_is_refused_in_both_modes(call, applicant, form, message):
    status, answer = await call("POST", "/verifications", json={"applicant_id": await applicant(), "form_id": form})
    assert (status, [error["parameter"] for error in answer["errors"]]) == (422, ["form_id"])
    assert message in (answer["errors"][0]["message"], None)


async def test_a_form_is_for_one_type_of_applicant_in_both_modes(kycaid, call, fields, applicant):
    given = {"applicant_id": await applicant(), "form_id": COMPANY_FORM}
    assert fields(await call("POST", "/verifications", json=given)) == ["form_id"]
    with pytest.raises(ValidationError):
        await kycaid.forms.create_url(PERSON_FORM, applicant_id=await company(kycaid))
    assert (await kycaid.forms.create_url(COMPANY_FORM, applicant_id=await company(kycaid))).form_url


async def test_a_company_needs_phone_and_email(call, fields, is_strict):
    answer = await call("POST", "/applicants", json={"type": "COMPANY", **COMPANY})
    assert fields(answer) == ["phone", "email"] if is_strict else answer[0] == 200


async def test_an_authorised_person_needs_all_keys(kycaid, call, fields, is_strict):
    given = {"applicant_id": await company(kycaid), "type": "AUTHORISED", "first_name": "Ann"}
    answer = await call("POST", "/affiliated-persons", json=given)
    missing = ["last_name", "dob", "residence_country", "nationality", "email", "title"]
    assert sorted(fields(answer)) == sorted(missing) if is_strict else answer[0] == 200
    whole = {"applicant_id": await company(kycaid), "type": "AUTHORISED", **AUTHORISED}
    assert (await call("POST", "/affiliated-persons", json=whole))[0] == 200


async def test_an_update_holds_no_null(kycaid, call, applicant, fields, is_strict):
    owner = await applicant()
    answer = await call("PATCH", f"/applicants/{owner}", json={"first_name": None, "last_name": "New"})
    assert fields(answer) == ["first_name"] if is_strict else answer[0] == 200
    assert (await kycaid.applicants.get(owner)).first_name == ("Jane" if is_strict else None)


async def test_a_document_of_a_verification_is_copied(kycaid, applicant, is_strict, make_picture):
    owner = await applicant()
    front = await kycaid.files.create(make_picture())
    made = await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=front)
    await verified(kycaid, owner)
    changed = await kycaid.documents.update(made, document_number="2")
    assert (changed != made) is is_strict
    (document,) = (await kycaid.applicants.get(owner)).documents
    assert (document.document_id, document.document_number, document.status) == (changed, "2", "valid")
    assert document.front_side_id == front
    if is_strict:
        assert (await kycaid.documents.get(made)).document_number is None
        with pytest.raises(ConflictError) as caught:
            await kycaid.documents.update(made, document_number="3")
        assert caught.value.type == "edit_denied"
        assert await kycaid.documents.update(changed, document_number="3") == changed


async def test_a_file_of_a_verification_keeps_its_content(kycaid, sandbox, applicant, is_strict, make_picture):
    owner = await applicant()
    front = await kycaid.files.create(make_picture())
    await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=front)
    assert await kycaid.files.replace(front, make_picture()) == front
    await verified(kycaid, owner)
    before = sandbox.file_digest(front)
    if is_strict:
        with pytest.raises(ConflictError) as caught:
            await kycaid.files.replace(front, make_picture(colour="blue"))
        assert caught.value.type == "edit_denied"
    else:
        await kycaid.files.replace(front, make_picture(300, 300))
    assert (sandbox.file_digest(front) == before) is is_strict


async def test_a_person_of_a_verification_is_copied_with_what_it_has(kycaid, is_strict):
    owner = await company(kycaid)
    person = await kycaid.affiliated_persons.create(applicant_id=owner, type="AUTHORISED", **AUTHORISED)
    await kycaid.affiliated_persons.create(applicant_id=owner, type="BENEFICIAL", first_name="Bo")
    document = await kycaid.documents.create(affiliated_person_id=person, type="PASSPORT")
    await verified(kycaid, owner, COMPANY_FORM)
    changed = await kycaid.affiliated_persons.update(person, first_name="Anna")
    assert (changed != person) is is_strict
    assert (await kycaid.documents.get(document)).raw["affiliated_person_id"] == changed
    persons = (await kycaid.applicants.get(owner)).raw["affiliated_persons"]
    assert {one["affiliated_person_id"]: one["first_name"] for one in persons}[changed] == "Anna"
    assert len(persons) == 2
    if is_strict:
        with pytest.raises(NotFoundError):
            await kycaid.affiliated_persons.update(person, first_name="Anne")
    # Its document is part of the verification, whosever it is now.
    with pytest.raises(ConflictError) as caught:
        await kycaid.affiliated_persons.delete(changed)
    assert caught.value.type == "delete_denied"
    assert (await kycaid.documents.get(document)).status == "invalid"


async def test_a_copied_person_without_anything_verified_can_go(kycaid, sandbox, is_strict):
    owner = await company(kycaid)
    person = await kycaid.affiliated_persons.create(applicant_id=owner, type="AUTHORISED", **AUTHORISED)
    await kycaid.affiliated_persons.create(applicant_id=owner, type="BENEFICIAL", first_name="Bo")
    await verified(kycaid, owner, COMPANY_FORM)
    changed = await kycaid.affiliated_persons.update(person, first_name="Anna")
    await kycaid.documents.create(affiliated_person_id=changed, type="PASSPORT")
    if is_strict:
        assert await kycaid.affiliated_persons.delete(changed) == changed
        assert sandbox.counts()["documents"] == 0


@pytest.mark.parametrize(
    ("reason", "type_"),
    [
        ("DUPLICATE", "forbidden_duplicates_retries"),
        ("AGE_RESTRICTION", "forbidden_age_restricted_retries"),
        ("PROHIBITED_JURISDICTION", "forbidden_country_restricted_retries"),
        ("COMPROMISED_PERSON", "forbidden_compromised_person_retries"),
        ("FAKE_DOCUMENT", "forbidden_fake_document_retries"),
        ("BAD_QUALITY", None),
    ],
)
async def test_after_some_declines_there_is_no_other_attempt(sandbox, kycaid, applicant, is_strict, reason, type_):
    owner = await applicant()
    sandbox.next_outcome("decline", reason)
    assert (await verified(kycaid, owner)).passed is False
    if not is_strict or type_ is None:
        assert (await verified(kycaid, owner)).passed is True
        return
    with pytest.raises(PermissionDeniedError) as caught:
        await kycaid.forms.create_url(PERSON_FORM, applicant_id=owner)
    assert (caught.value.status, caught.value.type) == (403, type_)
    with pytest.raises(PermissionDeniedError):
        await verified(kycaid, owner)


async def test_an_address_may_be_proved_three_times_and_six_were_seen(kycaid, call, is_strict, applicant):
    given = {"applicant_id": await applicant(), "type": "ADDRESS_DOCUMENT"}
    statuses = [(await call("POST", "/documents", json=given))[0] for _ in range(7)]
    assert statuses == ([200] * 3 + [422] * 4 if is_strict else [200] * 6 + [422])


async def test_the_count_of_no_verifications_is_text_and_of_a_new_applicant_a_number(
    kycaid, is_strict, applicant, clock
):
    owner = await applicant()
    assert (await kycaid.applicants.get(owner)).raw["verifications_count"] == ("0" if is_strict else 0)
    clock.pass_seconds(31 * 60)
    assert (await kycaid.applicants.get(owner)).raw["verifications_count"] == "0"
    await verified(kycaid, owner)
    assert (await kycaid.applicants.get(owner)).raw["verifications_count"] == "1"


@pytest.mark.parametrize("number", [7, 0, 2**60])
async def test_an_external_id_as_a_number_is_taken_for_form_urls(kycaid, call, is_strict, applicant, number):
    path = f"/forms/{PERSON_FORM}/urls"
    status, made = await call("POST", path, json={"external_applicant_id": number})
    assert status == (422 if is_strict else 200)
    if not is_strict:
        assert (await kycaid.verifications.get(made["verification_id"])).status == "unused"
    for wrong in (True, 1.5, [7]):
        assert (await call("POST", path, json={"external_applicant_id": wrong}))[0] == 422


async def test_an_external_id_as_a_number_is_taken_for_applicants(kycaid, call, is_strict, applicant):
    status, made = await call("POST", "/applicants", json={"type": "PERSON", "external_applicant_id": 7})
    assert status == (422 if is_strict else 200)
    owner = await applicant(external_applicant_id="6")
    assert (await call("PATCH", f"/applicants/{owner}", json={"external_applicant_id": 7}))[0] == status
    assert (await kycaid.applicants.get(owner)).external_applicant_id == ("6" if is_strict else "7")
    if not is_strict:
        assert (await kycaid.applicants.get(made["applicant_id"])).external_applicant_id == "7"


@pytest.mark.parametrize("kind", ["OTHER", "SELFIE", "VISA"])
async def test_types_of_servers_under_another_name_are_taken(call, is_strict, applicant, kind):
    status, made = await call("POST", "/documents", json={"type": kind, "applicant_id": await applicant()})
    assert status == (422 if is_strict else 200)
    if not is_strict:
        assert (await call("GET", f"/documents/{made['document_id']}"))[1]["type"] == kind


async def test_an_answer_about_a_person_has_the_later_keys(call, is_strict, applicant):
    later = {"nationality", "phone_status", "questionnaires"}
    _, answer = await call("GET", f"/applicants/{await applicant()}")
    assert later & set(answer) == (later if is_strict else set())


async def test_a_form_url_for_no_applicant_may_say_so_with_null(call):
    status, made = await call("POST", f"/forms/{PERSON_FORM}/urls", json={"applicant_id": None})
    assert (status, len(made["form_url"].rpartition("/")[2])) == (200, 36)
