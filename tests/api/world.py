"""A client of a sandbox, and things that exist in it, made when they are asked for."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import attrs

from kycaid_async import AsyncKycaid, AuthorisedPerson, FormUrl, TransactionScreening
from kycaid_async.sandbox.data.account import FORMS
from tests.pictures import picture

FORM = FORMS[0].id
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


async def then(made: Awaitable[str], call: Callable[[str], Awaitable[Any]]) -> Any:
    return await call(await made)
