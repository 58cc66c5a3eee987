"""What a completed form costs and leads to: the same as a verification that was created by a request."""


async def test_a_completed_form_takes_the_fee(sandbox, kycaid, browse, form_url, filled):
    await sandbox.set_balance(1.5)
    url = await form_url()
    assert await sandbox.balance() == 1.5
    assert (await browse("POST", url, data=filled())).status == 200
    assert await sandbox.balance() == 0.5
    (row,) = await sandbox.verifications()
    assert (row.status, row.verified, row.price) == ("completed", True, 1.0)


async def test_without_enough_money_nothing_of_a_form_is_taken(sandbox, browse, form_url, filled):
    await sandbox.set_balance(0.5)
    url = await form_url()
    refused = await browse("POST", url, data=filled())
    assert (refused.status, sandbox.counts()["applicants"], sandbox.counts()["files"]) == (422, 0, 0)
    await sandbox.set_balance(1)
    assert (await browse("POST", url, data=filled())).status == 200


async def test_the_outcome_of_a_form_can_be_scripted(sandbox, kycaid, browse, form_url, filled):
    sandbox.next_outcome("decline", "COMPULSION")
    assert (await browse("POST", await form_url(), data=filled())).status == 200
    (row,) = await sandbox.verifications()
    assert row.reasons == ("COMPULSION",)
    owner = row.applicant_id
    assert (await kycaid.applicants.get(owner)).decline_reasons == ["COMPULSION"]
