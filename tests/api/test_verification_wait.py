"""``verifications.wait``, on a clock that moves only when somebody sleeps."""

import asyncio

import pytest

from kycaid_async import (
    InsufficientFundsError,
    InvalidRequestError,
    NotFoundError,
    RequestTimeoutError,
    ServerError,
    Verification,
    VerificationProgress,
)
from kycaid_async.api.verifications.section import FIRST_PAUSE, GROWTH, LONGEST_PAUSE, Verifications
from tests.api.examples import GET_VERIFICATION, VERIFICATION_ID, VERIFICATION_RESULT

PENDING = GET_VERIFICATION | {"status": "pending", "verified": None}


async def test_it_looks_until_the_verification_is_finished(client, server, fake_time):
    for status in ["unused", "pending", "brand_new", None]:
        server.answer(200, PENDING | {"status": status})
    server.answer(200, GET_VERIFICATION)
    found = await client.verifications.wait(VERIFICATION_ID)
    assert {(r.method, r.path) for r in server.requests} == {("GET", f"/verifications/{VERIFICATION_ID}")}
    assert (len(server.requests), len(fake_time.slept)) == (5, 4)
    assert (found.status, found.passed) == (VerificationProgress.COMPLETED, False)


async def test_what_is_finished_already_comes_back_at_once(client, server, fake_time):
    server.answer(200, GET_VERIFICATION)
    await client.verifications.wait(VERIFICATION_ID, timeout=0)
    assert fake_time.slept == []


@pytest.mark.parametrize("seconds", ["10", None, -1, float("nan"), True, [10]])
async def test_a_timeout_that_is_no_number_of_seconds_is_refused_by_name(client, server, seconds):
    with pytest.raises(InvalidRequestError, match=r"timeout: expected a number of seconds, 0 or more") as caught:
        await client.verifications.wait(VERIFICATION_ID, timeout=seconds)
    assert (caught.value.field, server.requests) == ("timeout", [])


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
async def test_the_pauses_grow_up_to_a_minute_and_are_jittered(client, server, fake_time, chance, share):
    fake_time.chance = chance
    for _ in range(12):
        server.answer(200, PENDING)
    server.answer(200, GET_VERIFICATION)
    await client.verifications.wait(VERIFICATION_ID)
    expected = [share * min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH**n) for n in range(12)]
    assert fake_time.slept == pytest.approx(expected)
    assert fake_time.slept[0] == 2.0 * share
    assert fake_time.slept[-1] == LONGEST_PAUSE * share
    assert sorted(fake_time.slept) == fake_time.slept


async def test_after_the_timeout_it_says_that_the_verification_goes_on(client, server, fake_time):
    started = fake_time.now
    for _ in range(30):
        server.answer(200, PENDING)
    with pytest.raises(RequestTimeoutError) as caught:
        await client.verifications.wait(VERIFICATION_ID, timeout=100)
    error = caught.value
    assert isinstance(error, TimeoutError)
    assert (error.phase, error.operation) == ("wait", "verifications.wait")
    assert (error.retryable, error.maybe_processed) == (True, False)
    assert "not finished within 100 seconds" in str(error)
    assert VERIFICATION_ID not in str(error)
    assert fake_time.now - started <= 100


class Clockwork:
    """Answers ``get`` from the clock: finished after so many seconds."""

    def __init__(self, fake_time, after):
        self.fake_time, self.done = fake_time, fake_time.now + after

    async def __call__(self, endpoint, *, path):
        finished = self.fake_time.now >= self.done
        return Verification(status=VerificationProgress("completed" if finished else "pending"), verified=True)


@pytest.mark.parametrize(
    ("limit", "after"), [(60, 59), (60, 59.9), (10, 9.9), (1, 0.9), (300, 290), (3600, 3590), (0.5, 0.1)]
)
async def test_what_is_finished_within_the_timeout_is_returned(fake_time, limit, after):
    """The last look comes at the deadline, not up to a minute before it."""
    verifications = Verifications(Clockwork(fake_time, after), timing=fake_time.timing())
    assert (await verifications.wait(VERIFICATION_ID, timeout=limit)).passed


@pytest.mark.parametrize("limit", [0, 1, 10, 60, 300])
async def test_it_never_waits_longer_than_the_timeout(fake_time, limit):
    started = fake_time.now
    verifications = Verifications(Clockwork(fake_time, limit + 1), timing=fake_time.timing())
    with pytest.raises(RequestTimeoutError):
        await verifications.wait(VERIFICATION_ID, timeout=limit)
    assert fake_time.now - started <= limit + 1e-6


@pytest.mark.parametrize(
    ("status", "kind", "cls"), [(404, "not_found", NotFoundError), (402, "insufficient_funds", InsufficientFundsError)]
)
async def test_errors_of_get_pass_through(client, server, fake_time, status, kind, cls):
    server.answer(200, PENDING)
    server.answer(status, {"type": kind})
    with pytest.raises(cls) as caught:
        await client.verifications.wait(VERIFICATION_ID)
    assert caught.value.operation == "verifications.get"
    assert len(fake_time.slept) == 1


async def test_a_look_that_failed_by_chance_is_repeated_like_any_get(client, server):
    server.answer(500, {"type": "internal_server"})
    server.answer(200, GET_VERIFICATION)
    assert (await client.verifications.wait(VERIFICATION_ID)).passed is False
    for _ in range(4):
        server.answer(500, {"type": "internal_server"})
    with pytest.raises(ServerError):
        await client.verifications.wait(VERIFICATION_ID)


class Endless:
    """Never answers ``get``, and says whether it was given up."""

    def __init__(self):
        self.given_up = 0

    async def __call__(self, endpoint, *, path):
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up += 1


async def test_a_look_that_never_ends_is_given_up_a_moment_after_the_timeout(fake_time, monkeypatch):
    monkeypatch.setattr("kycaid_async.api.verifications.section.LAST_LOOK", 0.01)
    endless = Endless()
    with pytest.raises(RequestTimeoutError) as caught:
        await Verifications(endless, timing=fake_time.timing()).wait(VERIFICATION_ID, timeout=0.01)
    assert (caught.value.phase, caught.value.operation, caught.value.retryable) == ("wait", "verifications.wait", True)
    assert endless.given_up == 1


async def test_a_time_out_of_the_look_itself_passes_through(fake_time):
    async def timed_out(endpoint, *, path):
        raise RequestTimeoutError("x", phase="read")

    with pytest.raises(RequestTimeoutError) as caught:
        await Verifications(timed_out, timing=fake_time.timing()).wait(VERIFICATION_ID)
    assert caught.value.phase == "read"


async def test_the_id_of_a_create_is_what_wait_takes(client, server):
    server.answer(200, VERIFICATION_RESULT)
    server.answer(200, GET_VERIFICATION | {"verified": "true"})
    made = await client.verifications.create(applicant_id=GET_VERIFICATION["applicant_id"])
    assert (await client.verifications.wait(made, timeout=5)).passed is True
