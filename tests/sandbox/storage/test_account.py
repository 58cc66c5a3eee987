"""The money of the account, and how much may be done with it."""

import pytest

from kycaid_async import (
    AsyncKycaid,
    ConfigurationError,
    FlowError,
    InsufficientFundsError,
    PersonSearchByFullName,
    RateLimitError,
)
from kycaid_async.sandbox import Sandbox

COMPANY = {"company_name": "Example Ltd", "registration_country": "GB", "business_activity_id": "0" * 36}


@pytest.fixture
def made(clock):
    """Run something against a sandbox with options."""

    def make(**options):
        return Sandbox(clock=clock, **options)

    return make


def client_of(sandbox):
    return AsyncKycaid(sandbox.api_key, base_url=sandbox.url, max_retries=0)


async def test_an_account_never_runs_out_unless_it_is_told_to(sandbox, kycaid, applicant):
    assert await sandbox.balance() is None
    await kycaid.verifications.create(applicant_id=await applicant())
    assert await sandbox.balance() is None


async def test_each_verification_takes_its_fee_when_it_is_created(made):
    async with made(balance=11.5, review_after=60) as sandbox, client_of(sandbox) as kycaid:
        person = await kycaid.applicants.create(type="PERSON")
        company = await kycaid.applicants.create(type="COMPANY", **COMPANY)
        for kind in ("AUTHORISED", "BENEFICIAL"):
            await kycaid.affiliated_persons.create(applicant_id=company, type=kind)
        await kycaid.verifications.create(applicant_id=person)
        assert await sandbox.balance() == 10.5
        await kycaid.verifications.create(applicant_id=company)
        assert await sandbox.balance() == 0.5
        rows = [row async for row in kycaid.verifications.report("2025-06-15")]
        assert [(row.service, row.price) for row in rows] == [("KYC", 1.0), ("KYB", 10.0)]
        assert {row.status for row in rows} == {"pending"}


async def test_paid_services_take_their_fee(made):
    async with made(balance=0.5) as sandbox, client_of(sandbox) as kycaid:
        await kycaid.blacklist_databases.search_persons(PersonSearchByFullName(full_name="A B"))
        assert await sandbox.balance() == 0.25
        with pytest.raises(InsufficientFundsError) as caught:
            await kycaid.crypto.check_address("0xb", asset="ETH", callback_url="http://127.0.0.1:1/")
        assert (caught.value.status, caught.value.type) == (402, "insufficient_funds")
        assert (await sandbox.balance(), sandbox.deliveries()) == (0.25, [])


async def test_without_enough_money_nothing_starts(made):
    async with made(balance=0.99) as sandbox, client_of(sandbox) as kycaid:
        owner = await kycaid.applicants.create(type="PERSON")
        with pytest.raises(InsufficientFundsError):
            await kycaid.verifications.create(applicant_id=owner)
        assert sandbox.counts()["verifications"] == 0
        await sandbox.set_balance(1)
        await kycaid.verifications.create(applicant_id=owner)
        assert await sandbox.balance() == 0


async def test_a_form_costs_nothing_until_it_is_completed(made):
    async with made(balance=1) as sandbox, client_of(sandbox) as kycaid:
        (form, _) = await kycaid.forms.list()
        await kycaid.forms.create_url(form.form_id)
        assert await sandbox.balance() == 1


async def test_the_balance_is_kept_with_the_data(made, tmp_path):
    async with made(balance=5, data=tmp_path) as sandbox, client_of(sandbox) as kycaid:
        await kycaid.verifications.create(applicant_id=await kycaid.applicants.create(type="PERSON"))
    async with made(balance=5, data=tmp_path) as sandbox:
        assert await sandbox.balance() == 4
        await sandbox.set_balance(None)
    async with made(balance=5, data=tmp_path) as sandbox:
        assert await sandbox.balance() is None


@pytest.mark.parametrize("euros", [-1, float("nan"), float("inf"), 1e18, 10**400], ids=lambda euros: f"{euros!s:.5}")
async def test_a_balance_is_a_number_of_euros(sandbox, euros):
    with pytest.raises(ValueError, match="balance"):
        await sandbox.set_balance(euros)
    with pytest.raises(ConfigurationError, match="balance"):
        Sandbox(balance=euros)


async def test_an_account_may_be_rich(sandbox):
    await sandbox.set_balance(1e12)
    assert await sandbox.balance() == 1e12


async def test_too_many_applicants_in_a_minute_are_refused_for_now(made, clock):
    async with made(applicants_per_minute=2) as sandbox, client_of(sandbox) as kycaid:
        await kycaid.applicants.create(type="PERSON")
        clock.pass_seconds(40)
        await kycaid.applicants.create(type="PERSON")
        with pytest.raises(RateLimitError) as caught:
            await kycaid.applicants.create(type="PERSON")
        assert (caught.value.status, caught.value.type, caught.value.retry_after) == (429, "limit_exceeded", None)
        assert sandbox.counts()["applicants"] == 2
        clock.pass_seconds(20)
        await kycaid.applicants.create(type="PERSON")
        with pytest.raises(RateLimitError):
            await kycaid.applicants.create(type="PERSON")


async def test_attempts_are_counted_down_and_then_refused(made):
    async with made(attempts=2) as sandbox, client_of(sandbox) as kycaid:
        (form, _) = await kycaid.forms.list()
        owner = await kycaid.applicants.create(type="PERSON")
        assert (await kycaid.forms.create_url(form.form_id)).verification_attempts_left == 2
        left = []
        for _ in range(2):
            left.append((await kycaid.forms.create_url(form.form_id, applicant_id=owner)).verification_attempts_left)
            made_id = await kycaid.verifications.create(applicant_id=owner)
            left.append((await kycaid.verifications.get(made_id)).verification_attempts_left)
        assert left == [2, 1, 1, 0]
        with pytest.raises(FlowError):
            await kycaid.verifications.create(applicant_id=owner)
        with pytest.raises(FlowError):
            await kycaid.forms.create_url(form.form_id, applicant_id=owner)
        await kycaid.verifications.create(applicant_id=await kycaid.applicants.create(type="PERSON"))
        assert sandbox.counts()["verifications"] == 6
