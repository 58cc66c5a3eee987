"""The report of the sandbox."""

import pytest

TODAY = "2025-06-15"


@pytest.fixture
def report(call):
    async def get(**query):
        status, rows = await call("GET", "/verifications/report", params={"date": TODAY} | query)
        assert status == 200
        return rows

    return get


async def test_it_lists_what_was_verified_on_a_day(kycaid, applicant, clock):
    form = (await kycaid.forms.list())[0]
    owner = await applicant(external_applicant_id="me", residence_country="GB", email="jane@example.com")
    made = await kycaid.verifications.create(applicant_id=owner, form_id=form.form_id)
    (row,) = [row async for row in kycaid.verifications.report(TODAY)]
    assert (row.verification_id, row.applicant_id, row.external_applicant_id) == (made, owner, "me")
    assert (row.status, row.service, row.mode, row.name) == ("completed", "KYC", "TEST", "Jane Example")
    assert (row.country_code, row.email, row.form_id, row.verification_types) == (
        *("GB", "jane@example.com"),
        *(10_001, ["PROFILE"]),
    )
    assert [found.verification_id for found in await kycaid.verifications.find(applicant_id=owner, since=clock.now)]


async def test_a_company_and_a_service_are_rows_of_their_own_kind(kycaid, company, person, report):
    owner = await company()
    await person(owner)
    await person(owner, type="BENEFICIAL")
    await kycaid.verifications.create(applicant_id=owner)
    await kycaid.non_doc_verifications.ng_nin("00000000000")
    first, second = await report()
    assert (first["service"], first["name"], first["country_code"]) == ("KYB", "Example Ltd", "GB")
    assert (second["service"], second["method"], second["price"], second["mode"]) == ("SERVICE", "NG_NIN", 0.3, "TEST")
    assert second["applicant_id"] is None


async def test_a_form_that_nobody_completed_costs_nothing(kycaid, report):
    form = (await kycaid.forms.list())[0]
    await kycaid.forms.create_url(form.form_id)
    (row,) = await report()
    assert (row["status"], row["price"], row["applicant_id"]) == ("unused", 0.0, None)


async def test_a_day_is_a_day_in_utc(kycaid, applicant, clock, report):
    await kycaid.verifications.create(applicant_id=await applicant())
    clock.pass_seconds(12 * 3600 - 1)
    await kycaid.verifications.create(applicant_id=await applicant())
    clock.pass_seconds(1)
    await kycaid.verifications.create(applicant_id=await applicant())
    assert [len(await report(date=day)) for day in ("2025-06-14", TODAY, "2025-06-16")] == [0, 2, 1]


@pytest.mark.parametrize("day", ["15.06.2025", "2025-6-15", "2025-02-30", "", "today"])
async def test_a_malformed_date_gives_an_empty_list(kycaid, applicant, report, day):
    await kycaid.verifications.create(applicant_id=await applicant())
    assert await report(date=day) == []


async def test_it_is_paged_and_more_than_a_thousand_are_cut(kycaid, sandbox, report):
    state = sandbox._require_running().state
    with state.store.transaction() as rows:
        for number in range(1005):
            rows.insert("services", method=str(number), cents=100, created_at=f"{TODAY} 10:00:00")
    assert len(await report()) == len(await report(count=5000)) == 1000
    assert [row["method"] for row in await report(offset=1003, count=7)] == ["1003", "1004"]
    assert len([row async for row in kycaid.verifications.report(TODAY)]) == 1005


@pytest.mark.parametrize("query", [{"offset": "-1"}, {"count": "0"}, {"count": "many"}, {"offset": "9" * 30}])
async def test_numbers_that_are_none_are_refused(call, fields, query):
    assert fields(await call("GET", "/verifications/report", params={"date": TODAY} | query)) == [*query]


async def test_a_date_is_needed(call, fields):
    assert fields(await call("GET", "/verifications/report")) == ["date"]
