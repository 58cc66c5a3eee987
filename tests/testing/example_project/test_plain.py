"""Tests without an event loop."""

import asyncio
import json
import urllib.request

import pytest
from shop import sign_up

from kycaid_async import AsyncKycaid
from kycaid_async.callbacks import VerificationCompleted
from kycaid_async.sandbox import Fault
from kycaid_async.testing import CallbackRecorder, factory


def post(sandbox, path, body):
    headers = {"Authorization": f"Token {sandbox.api_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(sandbox.url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@pytest.mark.parametrize("name", ["Jane", "John"])
def test_each_test_has_a_sandbox_that_knows_nothing(kycaid_sandbox, name):
    post(kycaid_sandbox, "/applicants", {"type": "PERSON", "first_name": name})
    assert kycaid_sandbox.counts()["applicants"] == 1


def test_a_program_that_brings_its_own_loop(kycaid_sandbox):
    async def program():
        async with AsyncKycaid(kycaid_sandbox.api_key, base_url=kycaid_sandbox.url, max_retries=0) as client:
            return await sign_up(client, "Jane", "Example")

    kycaid_sandbox.faults.add(Fault("429", count=1))
    assert asyncio.run(program()) == "later"
    assert len(asyncio.run(program())) == 36


def test_a_callback_arrives(kycaid_sandbox):
    with CallbackRecorder() as recorder:
        owner = post(kycaid_sandbox, "/applicants", {"type": "PERSON", "first_name": "Jane"})["applicant_id"]
        post(kycaid_sandbox, "/verifications", {"applicant_id": owner, "callback_url": recorder.url})
        kycaid_sandbox.settle()
        assert recorder.wait(VerificationCompleted).applicant_id == owner


@pytest.mark.kycaid_sandbox(api_key="mine")
def test_the_sandbox_takes_options(kycaid_sandbox):
    assert kycaid_sandbox.api_key == "mine"


def test_made_up_objects_come_from_a_factory():
    assert factory(VerificationCompleted, seed=3)().verification_id
