"""Searches, lookups and lists of the sandbox."""

import aiohttp
import pytest

from kycaid_async import (
    AdverseMediaSearch,
    AsyncKycaid,
    DocumentSearch,
    NotFoundError,
    PersonSearchByFullName,
    PersonSearchByNames,
    PersonSearchV2ByFullName,
    TaxIdSearch,
    TransactionScreening,
    ValidationError,
)
from kycaid_async.sandbox import Sandbox

NOBODY = "f" * 36


@pytest.mark.filterwarnings("ignore::kycaid_async.UnconfirmedEndpointWarning")
class TestLookups:
    async def test_a_phone_number_is_checked(self, kycaid, call, fields):
        assert (await kycaid.phone_numbers.check("+441234567"))["data"]["valid"] is True
        assert (await kycaid.phone_numbers.check("+4412345670"))["data"]["is_virtual"] is True
        assert fields(await call("POST", "/services/phone-number-verification", json={})) == ["phone"]

    async def test_a_signature_is_valid_unless_told_otherwise(self, kycaid):
        assert await kycaid.qes.verify({"anything": 1}) == {"data": {"valid": True}}
        assert await kycaid.qes.verify({"valid": False}) == {"data": {"valid": False}}

    async def test_any_service_of_a_country_answers_with_what_it_was_sent(self, kycaid, call):
        assert await kycaid.non_doc_verifications.run("BR", "cpf", {"a": 1}) == {"data": {"a": 1}}
        assert (await call("POST", "/services/Brazil/cpf", json={}))[0] == 404

    async def test_a_transaction_is_taken(self, kycaid):
        made = await kycaid.crypto.check_transaction("0xb", asset="ETH", callback_url="http://127.0.0.1:1/")
        assert len(made.service_request_id) == 36

    async def test_languages_have_labels(self, kycaid):
        assert ("EN", "Englisch") in {
            (found.language_code, found.label("de")) for found in await kycaid.languages.list()
        }


@pytest.mark.parametrize(
    ("search", "types"),
    [
        (PersonSearchByFullName(full_name="MAX mustersanction"), ["SANCTIONS", "WANTED"]),
        (PersonSearchByNames(first_name="Mustersanction", last_name="Max"), ["SANCTIONS", "WANTED"]),
        (PersonSearchByFullName(full_name="Max Mustersanction", dob="1970-01-01"), ["SANCTIONS", "WANTED"]),
        (PersonSearchByFullName(full_name="Max Mustersanction", dob="1971-01-01"), []),
        (PersonSearchByFullName(full_name="Max Mustersanction", bdb_types=["WANTED"]), ["WANTED"]),
        (PersonSearchByFullName(full_name="Sam Selfban", bdb_types=["SELF_RESTRICTED"]), ["SELF_RESTICTED"]),
        (PersonSearchByFullName(full_name="Ivan Internal", dob="1971-01-01"), ["INTERNAL"]),
        (PersonSearchByFullName(full_name="Jane Example"), []),
    ],
)
async def test_listed_persons_are_found(kycaid, search, types):
    hits = await kycaid.blacklist_databases.search_persons(search)
    assert [hit.bdb_type[0].value for hit in hits] == types
    assert all(hit.accuracy == 100 for hit in hits)


async def test_the_second_version_forgives_a_typing_error(kycaid):
    search = PersonSearchV2ByFullName(full_name="Erika Politika", gender="F")
    found = await kycaid.blacklist_databases.search_persons_v2(search)
    assert [(hit.full_name, 80 <= hit.accuracy < 100) for hit in found.result] == [("Erika Politica", True)]
    assert found.parameters.gender_match_enabled is True
    assert found.parameters.dob_match_enabled is False
    assert await kycaid.blacklist_databases.search_persons(PersonSearchByFullName(full_name="Erika Politika")) == []


async def test_neither_kind_of_name_is_refused(call, fields):
    assert fields(await call("POST", "/bdb/persons", json={"dob": "1970-01-01"})) == ["full_name"]


@pytest.mark.parametrize(
    ("search", "count"),
    [
        (DocumentSearch(document_number="x-0000001"), 1),
        (DocumentSearch(document_number="X0000001", document_type="PASSPORT", document_country="DE"), 1),
        (DocumentSearch(document_number="X0000001", document_country="FR"), 0),
        (DocumentSearch(document_number="X0000001", document_type="GOVERNMENT_ID"), 0),
        (DocumentSearch(document_number="X0000001", bdb_types=["PEP"]), 0),
    ],
)
async def test_listed_documents_are_found(kycaid, search, count):
    assert len(await kycaid.blacklist_databases.search_documents(search)) == count


async def test_listed_tax_numbers_are_found(kycaid):
    (hit,) = await kycaid.blacklist_databases.search_tax_ids(TaxIdSearch(tax_id_number="666001313"))
    assert (hit.tax_id_country, hit.bdb_type) == ("US", ["SANCTIONS"])


async def test_us_eidv_compares_what_is_given(kycaid):
    full = {"first_name": "Jane", "last_name": "Example", "dob": "1980-01-01"}
    got = await kycaid.non_doc_verifications.us_eidv(**full, ssn="000-00-0002", city="Reno")
    assert (got.name_match_type, got.dob_match_type, got.ssn_match_type) == ("MATCH", "MATCH", "MATCH")
    assert (got.address_match_type, got.score) == ("PARTIAL_MATCH", 75)
    got = await kycaid.non_doc_verifications.us_eidv(first_name="John", last_name="Doe", ssn="000-00-0001")
    assert (got.name_match_type, got.ssn_match_type, got.score) == ("NO_MATCH", "NO_MATCH", 0)


async def test_ng_nin_knows_numbers_with_an_even_sum(kycaid, call, fields):
    got = await kycaid.non_doc_verifications.ng_nin("00000000011")
    assert (got.validation.valid, got.data.nin) == (True, "00000000011")
    got = await kycaid.non_doc_verifications.ng_nin("00000000001")
    assert (got.validation.valid, got.data) == (False, None)
    assert fields(await call("POST", "/services/ng/nin", json={})) == ["nin_number"]


async def test_reference_lists_have_labels_in_two_languages(kycaid):
    countries = {country.country_code: country for country in await kycaid.countries.list()}
    assert (countries["GB"].label(), countries["DE"].label("DE")) == ("United Kingdom", "Deutschland")
    categories = await kycaid.business_activities.list()
    ids = [activity.business_activity_id for category in categories for activity in category.activities]
    assert len(ids) == len(set(ids))
    assert {len(id_) for id_ in ids} == {36}
    assert categories[0].label("DE") == "Landwirtschaft"


async def test_a_search_for_news_is_repeated(kycaid):
    search = AdverseMediaSearch(primary_keywords=["Jane"], callback_url="http://127.0.0.1:1/")
    got = await kycaid.risk_checks.adverse_media(search)
    assert (got.primary_keywords, got.callback_url) == (["Jane"], "http://127.0.0.1:1/")


async def test_a_payment_is_taken_for_a_known_customer(kycaid, applicant, call, fields):
    taken = await kycaid.risk_checks.submit_transaction(TransactionScreening(applicant_id=await applicant()))
    assert len(taken.service_request_id) == 36
    await kycaid.risk_checks.submit_transaction(TransactionScreening(external_applicant_id="me"))
    with pytest.raises(NotFoundError):
        await kycaid.risk_checks.submit_transaction(TransactionScreening(applicant_id=NOBODY))
    assert fields(await call("POST", "/services/transaction-screening", json={})) == ["applicant_id"]


async def test_forms_are_the_same_in_every_sandbox(kycaid):
    forms = await kycaid.forms.list()
    assert len({form.form_id for form in forms}) == 2
    async with Sandbox() as other, AsyncKycaid(other.api_key, base_url=other.url) as client:
        assert await client.forms.list() == forms


async def test_the_url_of_a_form_is_for_one_unused_verification(kycaid, call, sandbox, applicant):
    form = (await kycaid.forms.list())[0]
    owner = await applicant(external_applicant_id="me")
    made = await kycaid.forms.create_url(form.form_id, applicant_id=owner, redirect_url="https://example.com")
    host, _, token = made.form_url.rpartition("/")
    assert (host, len(token)) == (f"{sandbox.url}/forms", 36)
    got = await kycaid.verifications.get(made.id_of_verification)
    assert (got.status, got.applicant_id, got.form_token) == ("unused", owner, token)
    assert (await kycaid.applicants.get(owner)).verification_status == "new"
    # A person's browser has no key.
    async with aiohttp.ClientSession() as browser, browser.get(made.form_url) as page:
        assert (page.status, page.content_type) == (200, "text/html")


async def test_a_form_url_needs_no_body_but_a_known_form(kycaid, call):
    form = (await kycaid.forms.list())[0]
    assert (await call("POST", f"/forms/{form.form_id}/urls"))[0] == 200
    with pytest.raises(NotFoundError):
        await kycaid.forms.create_url(NOBODY)
    with pytest.raises(NotFoundError):
        await kycaid.forms.create_url(form.form_id, applicant_id=NOBODY)


async def test_bad_keys_are_refused_before_any_charge(kycaid, call):
    with pytest.raises(ValidationError):
        await kycaid.request("POST", "/services/transaction-screening", json={})
    status, rows = await call("GET", "/verifications/report", params={"date": "2025-06-15"})
    assert (status, rows) == (200, [])
