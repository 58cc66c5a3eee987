"""Asynchronous tests that the plugin of anyio runs."""

import asyncio

import pytest
from shop import sign_up

from kycaid_async.callbacks import VerificationCompleted
from kycaid_async.sandbox import Fault
from kycaid_async.testing import CallbackRecorder, Sandbox

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["Jane", "John"])
async def test_each_test_has_a_sandbox_that_knows_nothing(kycaid_sandbox, async_kycaid, name):
    await sign_up(async_kycaid, name, "Example")
    assert kycaid_sandbox.counts()["applicants"] == 1


async def test_faults_come_on_demand(kycaid_sandbox, async_kycaid):
    kycaid_sandbox.faults.add(Fault("429", operations=["applicants.create"], count=1))
    assert await sign_up(async_kycaid.with_options(max_retries=0), "Jane", "Example") == "later"


async def test_a_callback_arrives(kycaid_sandbox, async_kycaid):
    async with CallbackRecorder() as recorder:
        owner = await sign_up(async_kycaid, "Jane", "Example")
        await async_kycaid.verifications.create(applicant_id=owner, callback_url=recorder.url)
        await asyncio.to_thread(kycaid_sandbox.settle)
        assert (await recorder.wait_for(VerificationCompleted)).applicant_id == owner


async def test_a_sandbox_runs_in_the_loop_of_the_test_too():
    async with Sandbox(api_key="mine") as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")


@pytest.fixture
def anyio_backend():
    return "asyncio"
