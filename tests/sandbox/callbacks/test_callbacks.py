"""The callbacks of the sandbox, delivered to a real receiver."""

import asyncio

import attrs
import pytest
from aiohttp import web

from kycaid_async import AsyncKycaid, ConfigurationError
from kycaid_async.callbacks import SIGNATURE_HEADER, ServiceResult, VerificationCompleted, construct_event
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.sandbox.events.feed import ATTEMPTS, PAUSES
from tests.serving import Serving


@attrs.define
class Receiver:
    """A server that checks signatures and gives the answers it was told to give, and 200 when it has none left."""

    key: str
    url: str = ""
    statuses: list[int] = attrs.field(factory=list)
    events: list = attrs.field(factory=list)
    """What was acknowledged."""
    bodies: list[bytes] = attrs.field(factory=list)
    """All that came."""
    may_answer: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def handle(self, request):
        body = await request.read()
        event = construct_event(body, request.headers[SIGNATURE_HEADER], self.key)
        assert request.content_type == "application/json"
        self.bodies.append(body)
        await self.may_answer.wait()
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.events.append(event)
        return web.Response(status=status, headers={"Location": self.url} if status == 302 else {})


@pytest.fixture
async def receiver(sandbox):
    made = Receiver(sandbox.api_key)
    made.may_answer.set()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?token=secret"
    yield made
    await runner.cleanup()


@attrs.define
class Sleeper:
    """Waits by moving the clock."""

    clock: object
    slept: list[float] = attrs.field(factory=list)

    async def __call__(self, seconds):
        self.slept.append(seconds)
        self.clock.pass_seconds(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def sleep(clock):
    return Sleeper(clock)


@pytest.fixture
async def sandbox(clock, sleep):
    async with Sandbox(clock=clock, sleep=sleep) as running:
        yield running


async def test_a_verification_is_announced_and_its_result_delivered(sandbox, kycaid, receiver, applicant):
    owner = await applicant(external_applicant_id="me")
    made = await kycaid.verifications.create(applicant_id=owner, form_id=FORMS[0].id, callback_url=receiver.url)
    await sandbox.settle()
    started, done = sorted(receiver.events, key=lambda event: event.type, reverse=True)
    assert (started.type, started.verification_id, started.applicant_id) == ("VERIFICATION_STATUS_CHANGED", made, owner)
    assert (started.verification_status, started.external_applicant_id, started.form_id) == (
        "pending",
        "me",
        FORMS[0].id,
    )
    assert isinstance(done, VerificationCompleted)
    assert (done.verification_id, done.verified, done.verifications["profile"].verified) == (made, True, True)
    assert started.request_id != done.request_id
    assert len(done.request_id) == 36


async def test_what_is_not_acknowledged_is_sent_again(sandbox, kycaid, receiver, sleep):
    receiver.statuses = [500, 204]
    await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
    await sandbox.settle()
    assert len(receiver.bodies) == 3
    assert len(set(receiver.bodies)) == 1
    assert len(receiver.events) == 1
    assert sleep.slept == [*PAUSES[:2]]
    (delivery,) = sandbox.deliveries()
    assert (delivery.type, delivery.host, delivery.status) == ("SERVICE_RESULT", "127.0.0.1", 200)
    assert (delivery.attempts, delivery.arrived) == (3, True)
    assert "secret" not in repr(delivery)


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_it_gives_up_in_the_end_and_follows_no_redirect(sandbox, kycaid, receiver, sleep, status):
    receiver.statuses = [status] * 99
    await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
    await sandbox.settle()
    assert (len(receiver.bodies), sleep.slept) == (ATTEMPTS, [*PAUSES])
    (delivery,) = sandbox.deliveries()
    assert (delivery.status, delivery.attempts, delivery.arrived) == (status, ATTEMPTS, False)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:1/", "connection refused"),
        ("http://[::1", "the URL cannot be called"),
        ("http://no-such-host.invalid/", "no such host"),
        ("http://a:b/", "the URL cannot be called"),
    ],
)
async def test_nobody_there_is_no_fault_of_the_sandbox(sandbox, kycaid, url, error):
    await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=url)
    await sandbox.settle()
    (delivery,) = sandbox.deliveries()
    assert (delivery.status, delivery.attempts, delivery.left) == (None, ATTEMPTS, 0)
    assert (delivery.error, delivery.outcome) == (error, error)


@pytest.mark.parametrize(
    ("answer", "error"), [(b"", "the connection was cut"), (b"what?\r\n\r\n", "the answer was no HTTP")]
)
async def test_what_is_no_answer_is_said_to_be_none(clock, answer, error):
    async def speak(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with Serving(speak) as server, Sandbox(clock=clock, sleep=Sleeper(clock)) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=f"{server.url}/")
        await sandbox.settle()
        assert [delivery.error for delivery in sandbox.deliveries()] == [error]


async def test_what_went_wrong_is_remembered_with_the_data(tmp_path, clock):
    async with Sandbox(data=tmp_path, clock=clock, sleep=Sleeper(clock)) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            await kycaid.crypto.check_address("0xb", asset="ETH", callback_url="http://127.0.0.1:1/")
        await sandbox.settle()
        before = sandbox.deliveries()
    async with Sandbox(data=tmp_path, clock=clock) as sandbox:
        assert sandbox.deliveries() == before
    assert str(before[0]) == "SERVICE_RESULT to http://127.0.0.1:1/: connection refused, 5 attempts"


async def test_a_receiver_that_never_answers_blocks_no_request(clock, monkeypatch):
    monkeypatch.setattr("kycaid_async.sandbox.callbacks.dispatcher.TIMEOUT", 0.05)

    async def silent(_reader, _writer):
        await asyncio.Event().wait()

    async with Serving(silent) as server, Sandbox(clock=clock, sleep=Sleeper(clock)) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=f"{server.url}/")
            assert not any(delivery.attempts == ATTEMPTS for delivery in sandbox.deliveries())
        await sandbox.settle()
        assert [(d.status, d.attempts) for d in sandbox.deliveries()] == [(None, ATTEMPTS)]


async def test_what_is_under_way_ends_with_the_sandbox(clock, receiver):
    receiver.statuses = [500] * 99
    reached = asyncio.Event()

    async def never(_seconds):
        reached.set()
        await asyncio.Event().wait()

    async with Sandbox(clock=clock, sleep=never) as sandbox, AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as c:
        await c.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
        await reached.wait()
        assert sandbox.deliveries()[0].attempts == 1
    assert len(receiver.bodies) == 1


async def test_a_result_is_delivered_although_nobody_reads_it(clock, sleep, receiver):
    async with Sandbox(clock=clock, sleep=sleep, review_after=3600, callback_url=receiver.url) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            owner = await kycaid.applicants.create(type="PERSON", first_name="John", last_name="Doe")
            made = await kycaid.verifications.create(applicant_id=owner)
        await until(lambda: len(receiver.events) == 2)
        assert sleep.slept == [3600]
        done = next(event for event in receiver.events if isinstance(event, VerificationCompleted))
        assert (done.verification_id, done.verified) == (made, False)
        await sandbox.settle()


async def test_an_outcome_that_was_set_is_delivered_only_when_asked_for(sandbox, kycaid, receiver, applicant):
    made = await kycaid.verifications.create(applicant_id=await applicant(), callback_url=receiver.url)
    await sandbox.settle()
    receiver.events.clear()
    await kycaid.verifications.update_status(made, "declined")
    await sandbox.settle()
    assert receiver.events == []
    await kycaid.verifications.update_status(made, "declined", callback_enabled=True)
    await sandbox.settle()
    (event,) = receiver.events
    assert (event.verification_id, event.verified) == (made, False)


async def test_without_a_receiver_nothing_is_sent(sandbox, kycaid, applicant):
    await kycaid.verifications.create(applicant_id=await applicant())
    await sandbox.settle()
    assert sandbox.deliveries() == []


async def test_a_wallet_has_the_same_risk_each_time(sandbox, kycaid, receiver):
    for address in ("0xb", "0xb", "0xc"):
        await kycaid.crypto.check_address(address, asset="ETH", callback_url=receiver.url)
    asked = await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
    await sandbox.settle()
    assert all(isinstance(event, ServiceResult) for event in receiver.events)
    results = {(event.result.address, event.result.risk_score, str(event.result.signals)) for event in receiver.events}
    assert len(results) == 2
    assert all(0 <= score <= 1 for _, score, _ in results)
    assert asked.service_request_id in {event.service_request_id for event in receiver.events}


@pytest.mark.parametrize("url", ["", "ftp://example.com", "example.com/hook"])
def test_a_callback_url_is_one(url):
    with pytest.raises(ConfigurationError, match="callback_url"):
        Sandbox(callback_url=url)


async def test_a_request_that_is_refused_sets_nothing_off(sandbox, call, receiver):
    given = {"applicant_id": "f" * 36, "callback_url": receiver.url}
    assert (await call("POST", "/verifications", json=given))[0] == 404
    await sandbox.settle()
    assert (receiver.bodies, sandbox.deliveries()) == ([], [])


async def test_only_the_last_deliveries_are_remembered(sandbox, kycaid, receiver, monkeypatch):
    monkeypatch.setattr("kycaid_async.sandbox.callbacks.dispatcher.REMEMBERED", 3)
    for _ in range(5):
        await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
    await sandbox.settle()
    assert len(receiver.events) == 5
    assert len(sandbox.deliveries()) == 3


async def test_a_fault_in_the_background_is_logged_without_its_words(sandbox, kycaid, applicant, monkeypatch, caplog):
    def broken(*_args):
        raise RuntimeError("Jane Example")

    monkeypatch.setattr("kycaid_async.sandbox.callbacks.dispatcher.sign", broken)
    await kycaid.crypto.check_address("0xb", asset="ETH", callback_url="http://127.0.0.1:1/")
    await sandbox.settle()
    assert "RuntimeError" in caplog.text
    assert "Jane" not in caplog.text


async def test_neither_checks_nor_deliveries_block_the_event_loop(
    sandbox, kycaid, receiver, applicant, make_picture, nothing_blocks
):
    owner = await applicant()
    front = await kycaid.files.create(make_picture())
    await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=front)
    with nothing_blocks():
        await kycaid.verifications.create(applicant_id=owner, callback_url=receiver.url)
        await sandbox.settle()
    assert len(receiver.events) == 2


async def test_any_fraction_of_a_second_passes(clock, sleep, receiver):
    async with Sandbox(clock=clock, sleep=sleep, review_after=0.1234567, callback_url=receiver.url) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            await kycaid.verifications.create(applicant_id=await kycaid.applicants.create(type="PERSON"))
        await until(lambda: len(receiver.events) == 2)
        assert sleep.slept == [0.124]


async def until(condition):
    """Let the loop turn until the condition holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


@pytest.mark.parametrize("attempt", range(5))
async def test_settling_waits_for_verifications_that_others_are_just_ending(attempt, clock, receiver):
    async def stands_still(_seconds):
        await asyncio.Event().wait()

    async with (
        Sandbox(clock=clock, sleep=stands_still, review_after=60, api_key=receiver.key) as sandbox,
        AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid,
    ):
        for _ in range(20):
            owner = await kycaid.applicants.create(type="PERSON")
            await kycaid.verifications.create(applicant_id=owner, form_id=FORMS[0].id, callback_url=receiver.url)
        clock.pass_seconds(120)
        ending = asyncio.create_task(kycaid.request("GET", "/verifications/report", query={"date": "2025-06-15"}))
        while not any(isinstance(event, VerificationCompleted) for event in receiver.events):
            await asyncio.sleep(0)
        await sandbox.settle()
        assert sum(isinstance(event, VerificationCompleted) for event in receiver.events) == 20
        await ending


async def test_what_was_not_delivered_is_delivered_after_a_restart(tmp_path, clock, receiver, applicant):
    receiver.statuses = [500, 500]
    waiting = asyncio.Event()

    async def never(_seconds):
        waiting.set()
        await asyncio.Event().wait()

    async with Sandbox(data=tmp_path, clock=clock, sleep=never) as first:
        async with AsyncKycaid(first.api_key, base_url=first.url) as kycaid:
            await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
        await waiting.wait()
        before = first.deliveries()
    sleeper = Sleeper(clock)
    async with Sandbox(data=tmp_path, clock=clock, sleep=sleeper) as second:
        await second.settle()
        (delivery,) = second.deliveries()
    assert [d.attempts for d in before] == [1]
    assert (delivery.request_id, delivery.attempts, delivery.arrived) == (before[0].request_id, 3, True)
    # The pause before the second attempt was cut short by the restart; the one before the third is its own.
    assert sleeper.slept == [PAUSES[1]]
    assert len(set(receiver.bodies)) == 1
    async with Sandbox(data=tmp_path, clock=clock, sleep=sleeper) as third:
        await third.settle()
        assert third.deliveries() == [delivery]
    assert len(receiver.bodies) == 3


async def test_what_was_given_up_stays_given_up_after_a_restart(tmp_path, clock, receiver):
    receiver.statuses = [500] * 99
    async with Sandbox(data=tmp_path, clock=clock, sleep=Sleeper(clock)) as first:
        async with AsyncKycaid(first.api_key, base_url=first.url) as kycaid:
            await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
        await first.settle()
    async with Sandbox(data=tmp_path, clock=clock, sleep=Sleeper(clock)) as second:
        await second.settle()
        (delivery,) = second.deliveries()
        assert (delivery.attempts, delivery.arrived, len(receiver.bodies)) == (ATTEMPTS, False, ATTEMPTS)
        receiver.statuses.clear()
        await second.resend(delivery)
        await second.settle()
        (delivery,) = second.deliveries()
        assert (delivery.attempts, delivery.arrived) == (ATTEMPTS + 1, True)


async def test_old_callbacks_are_not_kept_for_ever(tmp_path, clock, receiver, monkeypatch):
    monkeypatch.setattr("kycaid_async.sandbox.callbacks.dispatcher.REMEMBERED", 3)
    async with Sandbox(data=tmp_path, clock=clock) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            for _ in range(6):
                await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
                await sandbox.settle()
        kept = [delivery.request_id for delivery in sandbox.deliveries()]
    async with Sandbox(data=tmp_path, clock=clock) as again:
        assert [delivery.request_id for delivery in again.deliveries()] == kept
    assert len(kept) == 3


async def test_what_is_sent_again_between_two_attempts_goes_to_the_receiver_once_more_only(clock, receiver):
    pause = asyncio.Event()

    async def rest(_seconds):
        pause.set()
        await asyncio.Event().wait()

    receiver.statuses = [500]
    async with Sandbox(clock=clock, sleep=rest) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
        await pause.wait()
        await sandbox.resend(sandbox.deliveries()[0])
        await sandbox.settle()
        (delivery,) = sandbox.deliveries()
        assert (delivery.status, delivery.attempts, len(receiver.bodies)) == (200, 2, 2)


async def test_what_is_sent_again_while_it_is_posted_is_posted_once_more_after_the_answer(clock, receiver):
    receiver.may_answer.clear()
    sleeper = Sleeper(clock)
    async with Sandbox(clock=clock, sleep=sleeper) as sandbox:
        receiver.statuses = [500]
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
        await until(lambda: receiver.bodies)
        await sandbox.resend(sandbox.deliveries()[0])
        await sandbox.resend(sandbox.deliveries()[0])
        receiver.may_answer.set()
        await sandbox.settle()
        (delivery,) = sandbox.deliveries()
        assert (delivery.status, delivery.attempts, len(receiver.bodies)) == (200, 2, 2)
        assert sleeper.slept == []


async def test_what_is_sent_again_after_it_was_given_up_has_all_its_attempts_also_after_a_restart(
    tmp_path, clock, receiver
):
    receiver.statuses = [500] * 99
    async with Sandbox(data=tmp_path, clock=clock, sleep=Sleeper(clock)) as first:
        async with AsyncKycaid(first.api_key, base_url=first.url) as kycaid:
            await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=receiver.url)
        await first.settle()
    async with Sandbox(data=tmp_path, clock=clock, sleep=Sleeper(clock)) as second:
        await second.resend(second.deliveries()[0])
    before = len(receiver.bodies)
    async with Sandbox(data=tmp_path, clock=clock, sleep=Sleeper(clock)) as third:
        await third.settle()
        assert third.deliveries()[0].attempts > ATTEMPTS + 1
    assert len(receiver.bodies) - before >= ATTEMPTS - 1
