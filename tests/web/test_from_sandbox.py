"""What the sandbox sends arrives at each framework, signed; what was tampered with is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from kycaid_async import AsyncKycaid
from kycaid_async.callbacks import SIGNATURE_HEADER, VerificationCompleted
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS
from tests.web import frameworks

SITES = [value for name, value in vars(frameworks).items() if name.endswith("_site") and not name.startswith("_")]
FORM = FORMS[0].id


@asynccontextmanager
async def relay(site: frameworks.Site, *, tamper: bool) -> AsyncIterator[str]:
    """A real socket before a framework's test client: it hands on what arrives, byte by byte."""

    async def hand_on(request: web.Request) -> web.Response:
        body = await request.read()
        if tamper:
            body = body.replace(b"VERIFICATION", b"verification")
        answer = await site.deliver(body, request.headers.get(SIGNATURE_HEADER))
        return web.Response(status=answer.status, text=answer.text)

    app = web.Application()
    app.router.add_post("/kycaid", hand_on)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/kycaid"
    finally:
        await runner.cleanup()


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


async def verify_somebody(sandbox: Sandbox, callback_url: str) -> str:
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        applicant_id = await client.applicants.create(type="PERSON", first_name="John", last_name="Snow")
        return await client.verifications.create(applicant_id=applicant_id, form_id=FORM, callback_url=callback_url)


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.__name__)
async def test_a_callback_of_the_sandbox_is_answered_200_and_its_event_is_typed(site):
    events = []

    def handle(event):
        events.append(event)

    async with Sandbox() as sandbox, site(handle, sandbox.api_key) as served, relay(served, tamper=False) as url:
        verification_id = await verify_somebody(sandbox, url)
        await sandbox.settle()
        assert {delivery.status for delivery in sandbox.deliveries()} == {200}
    completed = [event for event in events if isinstance(event, VerificationCompleted)]
    assert [event.verification_id for event in completed] == [verification_id]
    assert completed[0].verified is not None


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.__name__)
async def test_a_callback_that_was_tampered_with_is_answered_401_and_not_handled(site):
    events = []
    sandbox = Sandbox(sleep=no_pause)
    async with sandbox, site(events.append, sandbox.api_key) as served, relay(served, tamper=True) as url:
        await verify_somebody(sandbox, url)
        await sandbox.settle()
        assert {delivery.status for delivery in sandbox.deliveries()} == {401}
    assert events == []
