"""What type checkers make of the clients. Not run: mypy and pyright read it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

from kycaid_async import (
    AsyncKycaid,
    BlockingResults,
    BulkResults,
    BulkVerdict,
    CompanyApplicant,
    Country,
    CreditCard,
    Document,
    DocumentType,
    DocumentUpdate,
    FormUrl,
    Kycaid,
    PersonApplicant,
    RawResponse,
    ResultsSummary,
    UsEidvResult,
    Verification,
    VerificationReportRow,
)
from kycaid_async.callbacks import Confirmation, Event, confirm, confirm_blocking


async def asynchronous(client: AsyncKycaid, event: Event) -> None:
    assert_type(await client.documents.create(CreditCard(applicant_id="a")), str)
    assert_type(await client.documents.create(type="CREDIT_CARD", applicant_id="a"), str)
    assert_type(await client.documents.update("d", DocumentUpdate(card_number=None)), str)
    assert_type(await client.documents.update("d", card_number=None), str)
    assert_type(await client.documents.create(type=DocumentType("TOMORROWS_KIND"), applicant_id="a"), str)
    assert_type(await client.addresses.create(type="REGISTERED", applicant_id="a", country="DE"), str)
    assert_type(await client.documents.get("d"), Document)
    assert_type(await client.applicants.get("a"), PersonApplicant | CompanyApplicant)
    assert_type(await client.countries.list(max_age=60), list[Country])
    assert_type(await client.files.create(b"%PDF-1.4", filename="a.pdf"), str)
    assert_type(await client.forms.create_url("f", applicant_id="a"), FormUrl)
    assert_type(await client.non_doc_verifications.us_eidv(first_name="Jane"), UsEidvResult)
    assert_type(await client.verifications.wait("v", timeout=60), Verification)
    assert_type(client.verifications.report("2026-11-01"), AsyncIterator[VerificationReportRow])
    assert_type(client.bulk.results(ledger="l"), BulkResults)
    assert_type(await client.bulk.results_all([], ledger="l", wait=60), tuple[list[BulkVerdict], ResultsSummary])
    assert_type(await client.request("GET", "/new"), Any)
    raw = client.with_raw_response
    assert_type(await raw.documents.get("d"), RawResponse[Document])
    assert_type((await raw.documents.create(type="CREDIT_CARD", applicant_id="a")).parsed, str)
    assert_type((await raw.countries.list()).parse(), list[Country])
    assert_type((await raw.request("GET", "/new")).headers["etag"], str)
    assert_type(client.with_options(timeout=5), AsyncKycaid)
    assert_type(await confirm(event, client), Confirmation)
    async with client as same:
        assert_type(same, AsyncKycaid)


def blocking(client: Kycaid, event: Event) -> None:
    assert_type(client.documents.create(CreditCard(applicant_id="a")), str)
    assert_type(client.documents.create(type="CREDIT_CARD", applicant_id="a"), str)
    assert_type(client.documents.update("d", DocumentUpdate(card_number=None)), str)
    assert_type(client.documents.update("d", card_number=None), str)
    assert_type(client.documents.get("d"), Document)
    assert_type(client.documents.get(document_id="d"), Document)
    assert_type(client.applicants.get("a"), PersonApplicant | CompanyApplicant)
    assert_type(client.countries.list(max_age=60), list[Country])
    assert_type(client.files.create(b"%PDF-1.4", filename="a.pdf"), str)
    assert_type(client.files.create(lambda: iter([b"%PDF-1.4"]), size=8), str)
    assert_type(client.forms.create_url("f", applicant_id="a"), FormUrl)
    assert_type(client.non_doc_verifications.us_eidv(first_name="Jane"), UsEidvResult)
    assert_type(client.verifications.wait("v", timeout=60), Verification)
    assert_type(client.verifications.report("2026-11-01"), Iterator[VerificationReportRow])
    assert_type(client.bulk.results(ledger="l"), BlockingResults)
    assert_type(client.bulk.results_all([], ledger="l", wait=60), tuple[list[BulkVerdict], ResultsSummary])
    assert_type(client.request("GET", "/new"), Any)
    raw = client.with_raw_response
    assert_type(raw.documents.get("d"), RawResponse[Document])
    assert_type(raw.files.create(lambda: iter([b"%PDF-1.4"]), size=8).parsed, str)
    assert_type(raw.countries.list().parse(), list[Country])
    assert_type(raw.request("GET", "/new").attempts, int)
    assert_type(client.with_options(timeout=5), Kycaid)
    assert_type(confirm_blocking(event, client), Confirmation)
    with client as same:
        assert_type(same, Kycaid)
