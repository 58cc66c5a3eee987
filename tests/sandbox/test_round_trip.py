"""Every declared operation goes from the client to the sandbox and back, over real HTTP."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from kycaid_async import (
    AdverseMediaSearch,
    AsyncKycaid,
    AuthorisedPerson,
    BusinessCategory,
    Country,
    Document,
    DocumentSearch,
    Form,
    FormUrl,
    Language,
    NgNinResult,
    PersonApplicant,
    PersonSearchByFullName,
    PersonSearchV2ByNames,
    PersonSearchV2Result,
    ServiceRequest,
    TaxIdSearch,
    TransactionScreening,
    UsEidvResult,
    Verification,
    VerificationStatusResult,
)
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.api.files import FileInfo
from kycaid_async.api.risk_checks import AdverseMediaRequest
from kycaid_async.sandbox import Sandbox
from tests.pictures import picture

FORM = "d87132ba092d8148ba1891736832d0451ac2"
NOBODY = "http://127.0.0.1:1/callbacks"
ID = "an id"
"""Stands for text of 36 characters."""


@attrs.define
class World:
    """A client and things that exist in its sandbox."""

    client: AsyncKycaid

    async def applicant(self) -> str:
        return await self.client.applicants.create(type="PERSON", first_name="Jane", last_name="Example")

    async def company(self) -> str:
        return await self.client.applicants.create(
            type="COMPANY", company_name="Example Ltd", registration_country="GB", business_activity_id="0" * 36
        )

    async def person(self) -> str:
        return await self.client.affiliated_persons.create(AuthorisedPerson(applicant_id=await self.company()))

    async def address(self) -> str:
        return await self.client.addresses.create(applicant_id=await self.applicant(), type="REGISTERED", country="GB")

    async def document(self) -> str:
        return await self.client.documents.create(type="PASSPORT", applicant_id=await self.applicant())

    async def file(self) -> str:
        return await self.client.files.create(picture(1000))

    async def verification(self) -> str:
        return await self.client.verifications.create(applicant_id=await self.applicant(), form_id=FORM)

    async def rows(self) -> list[Any]:
        await self.verification()
        return [row async for row in self.client.verifications.report(datetime.now(UTC).date())]

    async def form_url(self) -> FormUrl:
        form = (await self.client.forms.list())[0]
        return await self.client.forms.create_url(form.form_id or "")


Trip = Callable[[AsyncKycaid, World], Awaitable[Any]]


async def set_status(c: AsyncKycaid, w: World) -> Any:
    return await c.verifications.update_status(await w.verification(), "approved")


async def screen(c: AsyncKycaid, w: World) -> Any:
    return await c.risk_checks.submit_transaction(TransactionScreening(applicant_id=await w.applicant()))


async def update_applicant(c: AsyncKycaid, w: World) -> Any:
    return await c.applicants.update(await w.applicant(), phone="+440000000000")


TRIPS: dict[str, tuple[Trip, Any]] = {
    "addresses.create": (lambda c, w: w.address(), ID),
    "addresses.update": (lambda c, w: _then(w.address(), lambda i: c.addresses.update(i, city="London")), ID),
    "addresses.delete": (lambda c, w: _then(w.address(), c.addresses.delete), ID),
    "affiliated_persons.create": (lambda c, w: w.person(), ID),
    "affiliated_persons.update": (
        lambda c, w: _then(w.person(), lambda i: c.affiliated_persons.update(i, title="X")),
        ID,
    ),
    "affiliated_persons.delete": (lambda c, w: _then(w.person(), c.affiliated_persons.delete), ID),
    "applicants.create": (lambda c, w: w.applicant(), ID),
    "applicants.get": (lambda c, w: _then(w.applicant(), c.applicants.get), PersonApplicant),
    "applicants.update": (update_applicant, ID),
    "blacklist_databases.search_persons": (
        lambda c, w: c.blacklist_databases.search_persons(PersonSearchByFullName(full_name="Jane Example")),
        list,
    ),
    "blacklist_databases.search_persons_v2": (
        lambda c, w: c.blacklist_databases.search_persons_v2(PersonSearchV2ByNames(first_name="Jane", last_name="Ex")),
        PersonSearchV2Result,
    ),
    "blacklist_databases.search_documents": (
        lambda c, w: c.blacklist_databases.search_documents(DocumentSearch(document_number="X1")),
        list,
    ),
    "blacklist_databases.search_tax_ids": (
        lambda c, w: c.blacklist_databases.search_tax_ids(TaxIdSearch(tax_id_number="1")),
        list,
    ),
    "business_activities.list": (lambda c, w: c.business_activities.list(), [BusinessCategory]),
    "countries.list": (lambda c, w: c.countries.list(), [Country]),
    "crypto.check_address": (
        lambda c, w: c.crypto.check_address("0x" + "b" * 40, asset="ETH", callback_url=NOBODY),
        ServiceRequest,
    ),
    "crypto.check_transaction": (
        lambda c, w: c.crypto.check_transaction("0x" + "c" * 64, asset="ETH", callback_url=NOBODY),
        ServiceRequest,
    ),
    "documents.create": (lambda c, w: w.document(), ID),
    "documents.get": (lambda c, w: _then(w.document(), c.documents.get), Document),
    "documents.update": (lambda c, w: _then(w.document(), lambda i: c.documents.update(i, document_number="X1")), ID),
    "documents.delete": (lambda c, w: _then(w.document(), c.documents.delete), ID),
    "files.create": (lambda c, w: w.file(), ID),
    "files.replace": (lambda c, w: _then(w.file(), lambda i: c.files.replace(i, picture(2000))), ID),
    "files.get": (lambda c, w: _then(w.file(), c.files.get), FileInfo),
    "files.delete": (lambda c, w: _then(w.file(), c.files.delete), ID),
    "forms.list": (lambda c, w: c.forms.list(), [Form]),
    "forms.create_url": (lambda c, w: w.form_url(), FormUrl),
    "languages.list": (lambda c, w: c.languages.list(), [Language]),
    "non_doc_verifications.us_eidv": (
        lambda c, w: c.non_doc_verifications.us_eidv(first_name="Jane", last_name="Example", dob="1976-02-21"),
        UsEidvResult,
    ),
    "non_doc_verifications.ng_nin": (lambda c, w: c.non_doc_verifications.ng_nin("0" * 11), NgNinResult),
    "non_doc_verifications.run": (lambda c, w: c.non_doc_verifications.run("br", "cpf", {"cpf": "1"}), dict),
    "phone_numbers.check": (lambda c, w: c.phone_numbers.check("+440000000000"), dict),
    "qes.verify": (lambda c, w: c.qes.verify({"a": 1}), dict),
    "risk_checks.submit_transaction": (screen, ServiceRequest),
    "risk_checks.adverse_media": (
        lambda c, w: c.risk_checks.adverse_media(AdverseMediaSearch(primary_keywords=["Jane"], callback_url=NOBODY)),
        AdverseMediaRequest,
    ),
    "verifications.create": (lambda c, w: w.verification(), ID),
    "verifications.get": (lambda c, w: _then(w.verification(), c.verifications.get), Verification),
    "verifications.report": (lambda c, w: w.rows(), list),
    "verifications.update_status": (set_status, VerificationStatusResult),
}


async def _then(made: Awaitable[str], call: Callable[[str], Awaitable[Any]]) -> Any:
    return await call(await made)


def test_every_declared_operation_has_its_trip():
    assert sorted(TRIPS) == sorted(ENDPOINTS)


@pytest.mark.parametrize("name", TRIPS)
async def test_it_goes_there_and_back(name):
    trip, expected = TRIPS[name]
    async with Sandbox() as sandbox, AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        found = await trip(client, World(client))
    if expected is ID:
        assert len(found) == 36
    elif isinstance(expected, list):
        assert found
        assert all(type(item) is expected[0] for item in found)
    else:
        assert isinstance(found, expected)
        # What no field holds would be a difference between the sandbox and the models.
        assert name == "files.get" or not getattr(found, "extra", {})
