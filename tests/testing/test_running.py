"""A sandbox that needs no event loop of the test's."""

import asyncio
import threading

import pytest

from kycaid_async import AsyncKycaid, ConfigurationError
from kycaid_async.callbacks import VerificationCompleted
from kycaid_async.sandbox import Fault
from kycaid_async.sandbox import Sandbox as AsyncSandbox
from kycaid_async.testing import CallbackRecorder, RunningSandbox, Sandbox

THREAD = "kycaid sandbox"


async def sign_up(sandbox, **options):
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url, max_retries=0) as client:
        owner = await client.applicants.create(type="PERSON", first_name="Jane", last_name="Example", dob="1980-01-01")
        return owner, await client.verifications.create(applicant_id=owner, **options)


def test_it_serves_while_the_test_has_no_loop_and_stops_at_the_end():
    with Sandbox() as sandbox:
        asyncio.run(sign_up(sandbox))
        assert sandbox.counts()["verifications"] == 1
        url = sandbox.url
        assert THREAD in [thread.name for thread in threading.enumerate()]
    with pytest.raises(ConfigurationError):
        _ = sandbox.url
    assert url.startswith("http://127.0.0.1:")
    assert THREAD not in [thread.name for thread in threading.enumerate()]


def test_it_starts_again_with_nothing_known():
    sandbox = Sandbox()
    for _ in range(2):
        with sandbox as running:
            assert running.counts()["applicants"] == 0
            asyncio.run(sign_up(running))


async def test_it_is_an_asynchronous_context_manager_too():
    async with Sandbox() as sandbox:
        await sign_up(sandbox)
        assert sandbox.counts()["applicants"] == 1


def test_what_a_person_would_do_is_done_from_the_test():
    with CallbackRecorder() as recorder, Sandbox(review="manual", callback_url=recorder.url) as sandbox:
        owner, verification = asyncio.run(sign_up(sandbox))
        assert [row.verification_id for row in sandbox.verifications()] == [verification]
        assert [row.applicant_id for row in sandbox.applicants()] == [owner]
        assert sandbox.documents() == []
        sandbox.decide(verification, approve=True)
        sandbox.settle()
        assert recorder.wait(VerificationCompleted).verification_id == verification
        sandbox.resend(sandbox.deliveries()[-1])
        sandbox.settle()
        assert recorder.events[-1] == recorder.events[-2]
        assert sandbox.deliveries()[-1].attempts == 2


def test_the_balance_and_the_next_outcome_are_set_from_the_test():
    with Sandbox() as sandbox:
        sandbox.set_balance(12.5)
        assert sandbox.balance() == 12.5
        sandbox.next_outcome("decline", "OTHER")
        with pytest.raises(ValueError, match="names or ids of DeclineReason"):
            sandbox.next_outcome("decline", "NO_SUCH")


def test_faults_are_switched_from_the_test():
    with Sandbox(seed=4) as sandbox:
        sandbox.faults.add(Fault("500", count=1))
        with pytest.raises(Exception, match="HTTP 500"):
            asyncio.run(sign_up(sandbox))
        assert asyncio.run(sign_up(sandbox))
        assert sandbox.faults.seed == 4


def test_an_option_that_cannot_be_is_told_at_once_and_leaves_no_thread():
    with pytest.raises(ConfigurationError, match="cannot listen"), Sandbox(host="192.0.2.1", api_key="k" * 36):
        pass
    assert THREAD not in [thread.name for thread in threading.enumerate()]


def test_it_says_which_methods_of_the_sandbox_it_lacks():
    names, own = ({name for name in vars(cls) if name[0] != "_"} for cls in (AsyncSandbox, RunningSandbox))
    lacking = names - own
    assert lacking == {"start", "stop", "watch", "control"}
    assert all(f"``{name}``" in RunningSandbox.__doc__ for name in lacking)


def test_an_interruption_ends_the_wait_for_the_sandbox_and_leaves_it_running(monkeypatch):
    def interrupt(futures, timeout):
        raise KeyboardInterrupt

    with Sandbox() as sandbox:
        with monkeypatch.context() as patched:
            patched.setattr("kycaid_async.sync.threads.wait", interrupt)
            with pytest.raises(KeyboardInterrupt):
                sandbox.settle()
        asyncio.run(sign_up(sandbox))
        assert sandbox.counts()["verifications"] == 1
