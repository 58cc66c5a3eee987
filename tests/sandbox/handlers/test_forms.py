"""The forms of the sandbox: what the API says of them, and what their switches change."""

import pytest

from kycaid_async.callbacks import VerificationCompleted, VerificationStatusChanged
from kycaid_async.sandbox import FormSwitches, Sandbox
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.testing import CallbackRecorder

PERSON, COMPANY = (form.id for form in FORMS)


@pytest.fixture
def recorder():
    with CallbackRecorder() as running:
        yield running


async def events_of(sandbox, kycaid, recorder, owner):
    """Verify an applicant, and return what was said of it by the class of the event."""
    await kycaid.verifications.create(applicant_id=owner, form_id=PERSON, callback_url=recorder.url)
    await sandbox.settle()
    return {type(event): event for event in recorder.events}


async def test_a_form_is_answered_for_those_who_come_with_a_key(call, sandbox):
    assert await call("GET", f"/forms/{PERSON}") == (200, {"form_id": PERSON, "name": FORMS[0].name})
    status, answer = await call("GET", f"/forms/{PERSON}", key=None, headers={"API-Key": sandbox.api_key})
    assert (status, answer["form_id"]) == (200, PERSON)
    assert (await call("GET", f"/forms/{PERSON}", key="Token wrong"))[0] == 401


@pytest.mark.parametrize("wrong", ["12666", "a" * 35, "a" * 37, "a" * 35 + "-", "\u0661" * 36])
async def test_what_is_no_id_of_a_form_is_refused_as_the_real_service_does(call, wrong):
    refusal = {"type": "validation", "errors": [{"parameter": "form_id", "message": "Form ID is not valid"}]}
    assert await call("GET", f"/forms/{wrong}") == (422, refusal)
    assert await call("POST", f"/forms/{wrong}/urls") == (422, refusal)


async def test_a_form_of_nobody_is_not_found(call):
    assert (await call("GET", f"/forms/{'a' * 36}"))[0] == 404
    assert (await call("POST", f"/forms/{'a' * 36}/urls"))[0] == 404


async def test_a_result_holds_the_applicant_and_its_external_id(sandbox, kycaid, recorder, applicant):
    owner = await applicant(external_applicant_id="user-7", residence_country="GB")
    ended = (await events_of(sandbox, kycaid, recorder, owner))[VerificationCompleted]
    whole = await kycaid.applicants.get(owner)
    assert ended.raw["external_applicant_id"] == "user-7"
    assert ended.raw["applicant"] == whole.raw
    assert whole.raw["pep"] is False, "a handler takes nobody for checked of whom this is not said"
    assert (whole.profile_status, whole.verification_status) == ("valid", "valid")


async def test_an_external_id_that_came_later_is_in_the_result_too(sandbox, kycaid, recorder, applicant):
    owner = await applicant()
    sandbox.next_outcome("pending")
    made = await kycaid.verifications.create(applicant_id=owner, form_id=PERSON, callback_url=recorder.url)
    await kycaid.applicants.update(owner, external_applicant_id="later")
    await sandbox.decide(made, approve=True)
    assert (await recorder.wait_for(VerificationCompleted)).raw["external_applicant_id"] == "later"


async def test_a_politician_is_said_to_be_one_once_it_is_checked(sandbox, kycaid, applicant):
    owner = await applicant(first_name="Erika", last_name="Politica", dob="1965-05-05", residence_country="FR")
    assert (await kycaid.applicants.get(owner)).pep is None
    await kycaid.verifications.create(applicant_id=owner)
    await sandbox.settle()
    assert (await kycaid.applicants.get(owner)).pep is True


async def test_switches_of_a_form_say_what_callbacks_hold_and_which_are_sent(sandbox, kycaid, recorder, applicant):
    await sandbox.switch_form(PERSON, applicant_in_callback=False, status_callback=False)
    events = await events_of(sandbox, kycaid, recorder, await applicant(external_applicant_id="me"))
    assert set(events) == {VerificationCompleted}
    ended = events[VerificationCompleted].raw
    assert ("applicant" in ended, ended["external_applicant_id"]) == (False, "me")
    await sandbox.switch_form(PERSON, status_callback=True)
    assert set(await events_of(sandbox, kycaid, recorder, await applicant())) == {
        VerificationCompleted,
        VerificationStatusChanged,
    }


async def test_the_switches_of_one_form_are_its_own(sandbox):
    await sandbox.switch_form(PERSON, test_mode=True)
    assert await sandbox.form_switches() == {PERSON: FormSwitches(test_mode=True), COMPANY: FormSwitches()}
    with pytest.raises(KeyError):
        await sandbox.switch_form("a" * 36, test_mode=True)


async def test_switches_are_kept_with_the_data(tmp_path):
    async with Sandbox(data=tmp_path) as sandbox:
        await sandbox.switch_form(COMPANY, applicant_in_callback=False)
    async with Sandbox(data=tmp_path) as sandbox:
        assert (await sandbox.form_switches())[COMPANY] == FormSwitches(applicant_in_callback=False)


async def test_test_mode_costs_nothing_also_where_nothing_is_left(sandbox, kycaid, applicant, clock):
    await sandbox.set_balance(0)
    await sandbox.switch_form(PERSON, test_mode=True)
    made = await kycaid.verifications.create(applicant_id=await applicant(), form_id=PERSON)
    (row,) = [row async for row in kycaid.verifications.report(clock().date())]
    assert (row.verification_id, row.price, row.mode) == (made, 0, "TEST")
    assert await sandbox.balance() == 0
