"""What can be done to a running sandbox besides requests."""

import asyncio
from datetime import UTC, datetime

import pytest

from kycaid_async import AsyncKycaid, ConfigurationError
from kycaid_async.callbacks import SIGNATURE_HEADER, VerificationCompleted, construct_event
from kycaid_async.sandbox import Sandbox

NOBODY = "f" * 36
NOON = datetime(2025, 6, 15, 12, tzinfo=UTC)


async def test_a_person_decides_about_a_document_that_was_reviewed(sandbox, kycaid, applicant):
    document = await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT")
    assert (await kycaid.documents.get(document)).reasons == ["DOCUMENT_INCOMPLETE"]
    await sandbox.decide(document, approve=True)
    got = await kycaid.documents.get(document)
    assert (got.status, got.reasons) == ("valid", [])
    await sandbox.decide(document, approve=False)
    assert (await kycaid.documents.get(document)).reasons == ["OTHER"]


async def test_a_person_decides_about_a_verification_that_is_over(sandbox, kycaid, applicant):
    owner = await applicant()
    made = await kycaid.verifications.create(applicant_id=owner)
    assert (await kycaid.verifications.get(made)).passed is True
    await sandbox.decide(made, approve=False, reasons=["DEBTOR"])
    assert (await kycaid.verifications.get(made)).reasons == ["DEBTOR"]
    seen = await kycaid.applicants.get(owner)
    assert (seen.verification_status, seen.decline_reasons) == ("invalid", ["DEBTOR"])


async def test_a_verification_goes_on_when_the_document_that_it_waits_for_is_decided(sandbox, kycaid, applicant):
    owner = await applicant()
    sandbox.next_outcome("pending", of="document")
    document = await kycaid.documents.create(applicant_id=owner, type="TAX_ID_NUMBER")
    made = await kycaid.verifications.create(applicant_id=owner)
    assert (await kycaid.verifications.get(made)).status == "pending"
    (row,) = await sandbox.verifications()
    assert row.waits_for_person
    with sandbox.watch() as events:
        await sandbox.decide(document, approve=False, reasons=["WRONG_INFO"])
        async for event in events:
            if getattr(event, "status", None) == "completed":
                break
    assert (await kycaid.verifications.get(made)).reasons == ["WRONG_INFO"]


@pytest.mark.parametrize("how", ["documents.update", "files.replace"])
async def test_a_verification_goes_on_when_the_document_that_waits_for_a_person_is_changed(
    sandbox, kycaid, applicant, make_picture, how
):
    front = await kycaid.files.create(make_picture())
    sandbox.next_outcome("pending", of="document")
    document = await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT", front_side_id=front)
    owner = (await kycaid.documents.get(document)).applicant_id
    with sandbox.watch() as events:
        made = await kycaid.verifications.create(applicant_id=owner)
        if how == "files.replace":
            await kycaid.files.replace(front, make_picture())
        else:
            await kycaid.documents.update(document, document_number="1234")
        async with asyncio.timeout(5):
            async for event in events:
                if (getattr(event, "id", None), getattr(event, "status", None)) == (made, "completed"):
                    break


async def test_what_cannot_be_decided_is_an_error(sandbox, kycaid):
    with pytest.raises(KeyError):
        await sandbox.decide(NOBODY, approve=True)
    (form, _) = await kycaid.forms.list()
    made = await kycaid.forms.create_url(form.form_id)
    with pytest.raises(ValueError, match="form"):
        await sandbox.decide(made.verification_id, approve=True)
    with pytest.raises(ValueError, match="only a decline"):
        await sandbox.decide(made.verification_id, approve=True, reasons=["OTHER"])


async def test_the_overview_is_newest_first_and_paged(sandbox, kycaid, clock, make_picture):
    first = await kycaid.applicants.create(type="PERSON", first_name="Jane", last_name="Example")
    clock.pass_seconds(60)
    given = {"company_name": "Example Ltd", "registration_country": "GB", "business_activity_id": "0" * 36}
    second = await kycaid.applicants.create(type="COMPANY", **given)
    file_id = await kycaid.files.create(make_picture())
    document = await kycaid.documents.create(applicant_id=first, type="PASSPORT", back_side_id=file_id)
    made = await kycaid.verifications.create(applicant_id=first)

    company, person = await sandbox.applicants()
    assert (company.applicant_id, company.type, company.name) == (second, "COMPANY", "Example Ltd")
    assert (company.status, company.documents, company.verifications) == ("new", 0, 0)
    assert (person.applicant_id, person.name, person.documents, person.verifications) == (first, "Jane Example", 1, 1)
    assert (person.created_at, person.status) == (NOON, "pending")
    assert [row.applicant_id for row in await sandbox.applicants(offset=1, count=1)] == [first]

    (row,) = await sandbox.documents()
    assert (row.document_id, row.owner_id, row.owner_name, row.status) == (document, first, "Jane Example", "valid")
    (file,) = row.files
    assert (file.file_id, file.side, file.mime_type, file.size > 0) == (file_id, "back_side", "image/jpeg", True)
    assert await sandbox.documents(applicant_id=second) == []
    assert await sandbox.documents(applicant_id=first) == [row]

    (run,) = await sandbox.verifications()
    assert (run.verification_id, run.applicant_id, run.applicant_name) == (made, first, "Jane Example")
    assert (run.status, run.verified, run.price, run.waits_for_person) == ("completed", True, 1.0, False)
    assert await sandbox.verifications(applicant_id=first) == [run]
    assert await sandbox.verifications(applicant_id=second) == []
    assert "Jane" not in repr([person, row, run])


async def test_the_overview_reviews_what_nobody_has_read(sandbox, kycaid, applicant):
    await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT")
    (row,) = await sandbox.documents()
    assert (row.status, row.reasons, row.waits_for_person) == ("invalid", ("DOCUMENT_INCOMPLETE",), False)


async def test_a_form_that_nobody_completed_is_in_the_overview(sandbox, kycaid):
    (form, _) = await kycaid.forms.list()
    await kycaid.forms.create_url(form.form_id)
    (row,) = await sandbox.verifications()
    assert (row.status, row.applicant_id, row.applicant_name, row.form_id) == ("unused", None, None, form.form_id)


async def test_a_callback_is_sent_again_with_the_same_body(sandbox, kycaid, server, applicant):
    for _ in range(4):
        server.answer()
    url = f"{server.url}/hook"
    await kycaid.verifications.create(applicant_id=await applicant(), callback_url=url)
    await sandbox.settle()
    _, completed = sandbox.deliveries()
    await sandbox.resend(completed)
    await sandbox.settle()
    await sandbox.resend(completed.request_id)
    await sandbox.settle()
    bodies = [request.body for request in server.requests]
    assert len(bodies) == 4
    assert len(set(bodies)) == 2
    signature = server.requests[-1].headers[SIGNATURE_HEADER]
    assert isinstance(construct_event(bodies[-1], signature, sandbox.api_key), VerificationCompleted)
    assert [(d.request_id, d.attempts) for d in sandbox.deliveries()][1] == (completed.request_id, 3)
    with pytest.raises(KeyError):
        await sandbox.resend(NOBODY)


async def test_before_the_start_there_is_nothing_to_control():
    sandbox = Sandbox()
    with pytest.raises(ConfigurationError, match="not running"):
        sandbox.next_outcome("approve")
    with pytest.raises(ConfigurationError, match="not running"):
        await sandbox.decide(NOBODY, approve=True)


@pytest.mark.parametrize("steps", range(1, 9))
async def test_a_decision_that_is_given_up_is_told_of_if_it_was_made(server, clock, steps):
    for _ in range(2):
        server.answer()
    async with (
        Sandbox(clock=clock, review="manual", callback_url=server.url) as manual,
        AsyncKycaid(manual.api_key, base_url=manual.url) as kycaid,
    ):
        made = await kycaid.verifications.create(applicant_id=await kycaid.applicants.create(type="PERSON"))
        await manual.settle()
        decision = asyncio.create_task(manual.decide(made, approve=True))
        for _ in range(steps):
            await asyncio.sleep(0)
        decision.cancel()
        await asyncio.wait([decision])
        # One transaction at a time: this one comes after the decision.
        await manual.set_balance(1)
        await manual.settle()
        (row,) = await manual.verifications()
        assert len(manual.deliveries()) == (2 if row.status == "completed" else 1)


async def test_a_callback_of_a_decision_comes_signed(server, clock):
    server.answer()
    server.answer()
    async with (
        Sandbox(clock=clock, review="manual", callback_url=server.url) as manual,
        AsyncKycaid(manual.api_key, base_url=manual.url) as kycaid,
    ):
        made = await kycaid.verifications.create(applicant_id=await kycaid.applicants.create(type="PERSON"))
        await manual.decide(made, approve=False, reasons=["COMPULSION", "OTHER"])
        await manual.settle()
    events = [construct_event(r.body, r.headers[SIGNATURE_HEADER], manual.api_key) for r in server.requests]
    (event,) = [event for event in events if isinstance(event, VerificationCompleted)]
    assert (event.verification_id, event.verified) == (made, False)
    assert [r for check in event.verifications.values() for r in check.decline_reasons] == ["COMPULSION", "OTHER"]
