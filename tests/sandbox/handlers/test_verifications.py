"""Verifications of the sandbox: what they check, and what they do to the applicant."""

import asyncio

import pytest

from kycaid_async import AsyncKycaid, ConflictError, FlowError, NotFoundError, ValidationError
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS

NOBODY = "f" * 36
FORM = FORMS[0].id


@pytest.fixture
async def slow(clock):
    """A client of a sandbox that needs a minute, and never by itself."""

    async def never(_seconds):
        await forever.wait()

    forever = asyncio.Event()
    async with Sandbox(clock=clock, review_after=60, sleep=never) as running, client_of(running) as client:
        yield client


def client_of(sandbox):
    return AsyncKycaid(sandbox.api_key, base_url=sandbox.url, max_retries=0)


async def verified(kycaid, owner, form=FORM):
    got = await kycaid.verifications.get(await kycaid.verifications.create(applicant_id=owner, form_id=form))
    assert got.status == "completed"
    return got


async def test_a_good_applicant_passes(kycaid, applicant, make_picture, sandbox):
    owner = await applicant()
    front = await kycaid.files.create(make_picture())
    for kind in ("PASSPORT", "SELFIE_IMAGE", "ADDRESS_DOCUMENT"):
        await kycaid.documents.create(applicant_id=owner, type=kind, front_side_id=front)
    got = await verified(kycaid, owner)
    assert (got.passed, got.applicant_id, got.form_id, got.reasons) == (True, owner, FORM, [])
    assert set(got.verifications) == {"profile", "document", "facial", "address"}
    assert sandbox.counts()["verifications"] == 1


async def test_the_reasons_stand_with_the_check_they_belong_to(kycaid, applicant, make_picture):
    owner = await applicant(dob="2015-01-01")
    front = await kycaid.files.create(make_picture(50, 50))
    await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=front)
    await kycaid.documents.create(applicant_id=owner, type="SELFIE_IMAGE")
    got = await verified(kycaid, owner)
    assert got.passed is False
    assert {name: check.decline_reasons for name, check in got.verifications.items()} == {
        "profile": ["AGE_RESTRICTION"],
        "document": ["BAD_QUALITY"],
        "facial": ["NO_SELFIE"],
    }
    seen = await kycaid.applicants.get(owner)
    assert seen.decline_reasons == ["AGE_RESTRICTION", "BAD_QUALITY", "NO_SELFIE"]


@pytest.mark.parametrize(("last_name", "passed"), [("Snow", True), ("Doe", False), ("Example", True)])
async def test_the_names_of_the_test_mode_decide_without_documents(kycaid, applicant, last_name, passed):
    got = await verified(kycaid, await applicant(first_name="John", last_name=last_name))
    assert got.passed is passed


async def test_it_runs_until_the_time_has_come(slow, clock):
    owner = await slow.applicants.create(type="PERSON", dob="1980-01-01")
    made = await slow.verifications.create(applicant_id=owner)
    got = await slow.verifications.get(made)
    assert (got.status, got.verified, got.verifications) == ("pending", None, {})
    seen = await slow.applicants.get(owner)
    assert (seen.verification_status, seen.verifications_count) == ("pending", 1)
    with pytest.raises(ConflictError):
        await slow.verifications.create(applicant_id=owner)
    clock.pass_seconds(60)
    seen = await slow.applicants.get(owner)
    assert (seen.verification_status, seen.verifications_count) == ("valid", 1)
    assert (await slow.verifications.get(made)).passed is True


async def test_a_due_one_does_not_stand_in_the_way_of_the_next(slow, clock):
    owner = await slow.applicants.create(type="PERSON")
    await slow.verifications.create(applicant_id=owner)
    clock.pass_seconds(60)
    await slow.verifications.create(applicant_id=owner)
    assert (await slow.applicants.get(owner)).verifications_count == 2


async def test_a_document_that_was_changed_meanwhile_is_waited_for(slow, clock):
    owner = await slow.applicants.create(type="PERSON")
    document = await slow.documents.create(applicant_id=owner, type="TAX_ID_NUMBER")
    made = await slow.verifications.create(applicant_id=owner)
    clock.pass_seconds(50)
    await slow.documents.update(document, document_number="1")
    clock.pass_seconds(50)
    assert (await slow.verifications.get(made)).status == "pending"
    clock.pass_seconds(10)
    assert (await slow.verifications.get(made)).status == "completed"


async def test_an_unknown_applicant_is_not_found(call, fields):
    status, answer = await call("POST", "/verifications", json={"applicant_id": NOBODY})
    assert (status, answer["type"], answer["errors"][0]["parameter"]) == (404, "not_found", "applicant_id")
    assert fields(await call("POST", "/verifications", json={"form_id": "12666"})) == ["applicant_id", "form_id"]


async def test_a_company_needs_both_kinds_of_persons(kycaid, call, company, person):
    owner = await company()
    await person(owner)
    with pytest.raises(ValidationError):
        await kycaid.verifications.create(applicant_id=owner)
    status, answer = await call("POST", "/verifications", json={"applicant_id": owner})
    assert (status, answer["type"]) == (422, "insufficient_data")
    beneficial = await person(owner, type="BENEFICIAL")
    await kycaid.documents.create(affiliated_person_id=beneficial, type="PASSPORT")
    got = await verified(kycaid, owner, form=FORMS[1].id)
    assert got.verifications["document"].decline_reasons == ["DOCUMENT_INCOMPLETE"]


async def test_an_outcome_is_set_whatever_the_checks_say(kycaid, call, applicant):
    got = await verified(kycaid, await applicant())
    path = f"/verifications/{got.verification_id}/status"
    answer = {"verification_id": got.verification_id, "verification_status": "declined"}
    assert await call("POST", path, json={"verification_status": "declined"}) == (200, {"status": "ok", "data": answer})
    assert (await kycaid.verifications.get(got.verification_id)).passed is False
    result = await kycaid.verifications.update_status(got.verification_id, "approved")
    assert result.verification_status == "approved"
    assert (await kycaid.verifications.get(got.verification_id)).passed is True


async def test_an_outcome_ends_a_running_one_for_good(slow, clock):
    owner = await slow.applicants.create(type="PERSON")
    made = await slow.verifications.create(applicant_id=owner)
    await slow.verifications.update_status(made, "declined")
    clock.pass_seconds(60)
    assert (await slow.verifications.get(made)).passed is False


async def test_an_unknown_outcome_is_refused(call, kycaid, applicant, fields):
    made = await kycaid.verifications.create(applicant_id=await applicant())
    path = f"/verifications/{made}/status"
    assert fields(await call("POST", path, json={"verification_status": "maybe"})) == ["verification_status"]


async def test_the_form_of_nobody_has_no_outcome(kycaid):
    form = (await kycaid.forms.list())[0]
    made = await kycaid.forms.create_url(form.form_id)
    with pytest.raises(FlowError):
        await kycaid.verifications.update_status(made.verification_id, "approved")


async def test_what_is_part_of_a_verification_is_not_deleted(kycaid, applicant):
    owner = await applicant()
    address = await kycaid.addresses.create(applicant_id=owner, type="REGISTERED")
    document = await kycaid.documents.create(applicant_id=owner, type="PASSPORT")
    await verified(kycaid, owner)
    for delete, id_ in ((kycaid.addresses.delete, address), (kycaid.documents.delete, document)):
        with pytest.raises(ConflictError) as caught:
            await delete(id_)
        assert (caught.value.status, caught.value.type) == (409, "delete_denied")
    later = await kycaid.addresses.create(applicant_id=owner, type="ADDITIONAL")
    await kycaid.addresses.delete(later)


async def test_an_address_of_a_verification_is_copied(kycaid, applicant):
    owner = await applicant()
    made = await kycaid.addresses.create(applicant_id=owner, type="REGISTERED", city="London", country="GB")
    await verified(kycaid, owner)
    first = await kycaid.addresses.update(made, city="Leeds")
    again = await kycaid.addresses.update(made, city="Leeds")
    assert len({made, first, again}) == 3
    moved = await kycaid.addresses.update(first, type="ADDITIONAL")
    (got,) = (await kycaid.applicants.get(owner)).addresses
    assert (got.address_id, got.city, got.country, got.type) == (moved, "Leeds", "GB", "ADDITIONAL")
    assert await kycaid.addresses.update(moved, city="York") == moved


async def test_a_document_of_a_verification_is_replaced_by_the_next(kycaid, applicant, call, fields):
    owner = await applicant()
    old = await kycaid.documents.create(applicant_id=owner, type="CREDIT_CARD")
    given = {"applicant_id": owner, "type": "CREDIT_CARD"}
    assert fields(await call("POST", "/documents", json=given)) == ["type"]
    await verified(kycaid, owner)
    new = await kycaid.documents.create(**given)
    assert [d.document_id for d in (await kycaid.applicants.get(owner)).documents] == [new]
    assert (await kycaid.documents.get(old)).document_id == old
    assert fields(await call("POST", "/documents", json=given)) == ["type"]


async def test_an_unknown_one_is_not_found(kycaid):
    with pytest.raises(NotFoundError):
        await kycaid.verifications.get(NOBODY)


async def test_running_ones_go_on_after_a_restart(tmp_path, clock):
    async with Sandbox(data=tmp_path, clock=clock, review_after=60) as first, client_of(first) as kycaid:
        owner = await kycaid.applicants.create(type="PERSON")
        made = await kycaid.verifications.create(applicant_id=owner)
    clock.pass_seconds(60)
    async with Sandbox(data=tmp_path, clock=clock, review_after=60) as second:
        await second.settle()
        async with client_of(second) as kycaid:
            assert (await kycaid.verifications.get(made)).passed is True


@pytest.mark.parametrize(("last_name", "status"), [("Snow", "valid"), ("Doe", "invalid")])
async def test_the_profile_of_an_applicant_says_what_its_verification_says(slow, clock, last_name, status):
    owner = await slow.applicants.create(type="PERSON", first_name="John", last_name=last_name)
    seen = [(await slow.applicants.get(owner)).profile_status]
    made = await slow.verifications.create(applicant_id=owner, form_id=FORM)
    seen.append((await slow.applicants.get(owner)).profile_status)
    clock.pass_seconds(61)
    await slow.verifications.get(made)
    seen.append((await slow.applicants.get(owner)).profile_status)
    assert seen == [None, "pending", status]


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["ADDRESS"], {"address": []}),
        (["DOCUMENT", "FACIAL"], {"document": [], "facial": ["NO_SELFIE"]}),
        (["FACIAL", "AML"], {"facial": ["NO_SELFIE"], "aml": []}),
        ([], {"document": [], "address": []}),
    ],
)
async def test_the_types_of_checks_that_were_asked_for_stand_in_the_result(
    kycaid, applicant, make_picture, types, expected
):
    owner = await applicant()
    front = await kycaid.files.create(make_picture())
    for kind in ("PASSPORT", "ADDRESS_DOCUMENT"):
        await kycaid.documents.create(applicant_id=owner, type=kind, front_side_id=front)
    got = await kycaid.verifications.get(await kycaid.verifications.create(applicant_id=owner, types=types))
    checks = {name: check.decline_reasons for name, check in got.verifications.items()}
    assert checks == {"profile": [], **expected}
    assert got.passed is (not any(expected.values()))


@pytest.mark.parametrize("types", [[{}], [["ADDRESS"]], ["A"] * 21, "ADDRESS", {"ADDRESS": 1}, [None]])
async def test_types_of_checks_are_a_short_list_of_words(call, applicant, fields, types):
    answer = await call("POST", "/verifications", json={"applicant_id": await applicant(), "types": types})
    assert fields(answer) == ["types"]


async def test_an_outcome_that_a_test_sets_keeps_to_the_types_too(kycaid, sandbox, applicant):
    owner = await applicant()
    sandbox.next_outcome("decline", "EXPIRED_DOCUMENT")
    made = await kycaid.verifications.create(applicant_id=owner, types=["ADDRESS", "DOCUMENT"])
    checks = (await kycaid.verifications.get(made)).verifications
    assert {name: check.verified for name, check in checks.items()} == {
        "profile": True,
        "address": True,
        "document": False,
    }
