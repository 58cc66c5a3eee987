"""The requests of a run end together."""

import asyncio
from collections import Counter

import attrs
import pytest

from kycaid_async import AuthenticationError, ConnectionFailedError, RequestTimeoutError
from kycaid_async.api import applicants, documents, files
from kycaid_async.bulk.requests.limits import AdaptiveConcurrency, Stopped
from kycaid_async.bulk.requests.resilient_caller import IntentRecord, ResilientCaller


@pytest.fixture
def calling(fake_time):
    def calling(caller, **options):
        return ResilientCaller(
            caller=caller,
            concurrency=AdaptiveConcurrency(8),
            max_retries=3,
            give_up_after=60,
            **{"timing": fake_time.timing(), **options},
        )

    return calling


async def test_after_what_ends_the_run_nothing_more_is_sent(calling):
    sent = []

    async def refuse(endpoint, **_):
        sent.append(endpoint.name)
        raise AuthenticationError("HTTP 401", status=401)

    caller = calling(refuse)
    calls = caller.counted()
    with pytest.raises(Stopped) as first:
        await calls.call(files.CREATE)
    with pytest.raises(Stopped) as second:
        await calls.call(applicants.CREATE)
    assert isinstance(first.value.error, AuthenticationError)
    assert not second.value.error.maybe_processed
    assert (sent, calls.requests, caller.requests) == (["files.create"], 1, 1)


async def test_an_answer_that_is_on_its_way_then_still_counts(calling):
    go_on = asyncio.Event()

    async def answer(endpoint, **_):
        if endpoint is files.CREATE:
            raise AuthenticationError("HTTP 401", status=401)
        await go_on.wait()
        return "id"

    calls = calling(answer).counted()
    other = asyncio.create_task(calls.call(applicants.CREATE))
    await asyncio.sleep(0)
    with pytest.raises(Stopped):
        await calls.call(files.CREATE)
    go_on.set()
    assert await other == "id"


async def test_what_comes_in_place_of_answers_is_known_until_one_comes(calling):
    troubles = []

    async def fail_twice(endpoint, **_):
        troubles.append(caller.trouble)
        if len(troubles) <= 2:
            raise ConnectionFailedError(f"{endpoint.name}: no connection, time {len(troubles)}", retryable=True)
        return "id"

    caller = calling(fail_twice)
    calls = caller.counted()
    assert await calls.call(files.CREATE) == "id"
    assert troubles == ["", "files.create: no connection, time 1", "files.create: no connection, time 2"]
    assert caller.trouble == ""


class Losing:
    """A server that has eight requests at a time, and then loses the answers to all of them."""

    def __init__(self):
        self.sent, self.lost, self.error = [], asyncio.Event(), None

    async def __call__(self, endpoint, **_):
        self.sent.append(endpoint.name)
        if (error := self.error) is not None:
            await self.lost.wait()
            raise error
        return "id"


class Ledger:
    """The intents that stand in a ledger, and the wait for its disk."""

    def __init__(self):
        self.intents, self.disk = Counter(), asyncio.Event()
        self.disk.set()

    async def write(self):
        await self.disk.wait()
        self.intents["written"] += 1

    def withdraw(self):
        self.intents["withdrawn"] += 1


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize("waits_for", ["room", "the disk"])
async def test_creations_that_wait_are_not_sent_once_the_server_does_not_say_what_it_did(calling, waits_for):
    server, ledger = Losing(), Ledger()
    caller = calling(server, room=asyncio.Semaphore(8 if waits_for == "room" else 16))
    calls, record = caller.counted(), IntentRecord(write=ledger.write, withdraw=ledger.withdraw)

    def create(count):
        return [asyncio.create_task(calls.create(documents.CREATE, record, body=None)) for _ in range(count)]

    for _ in range(16):
        await calls.create(documents.CREATE, record, body=None)
    server.error = RequestTimeoutError("no answer", retryable=True, maybe_processed=True)
    tasks = create(8)
    await settle()
    if waits_for == "the disk":
        ledger.disk.clear()
    tasks += create(8)
    await settle()
    server.lost.set()
    await settle()
    ledger.disk.set()
    await settle()
    assert server.sent.count("documents.create") == 16 + 8
    assert ledger.intents == {"written": 16 + 16, "withdrawn": 8}
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_requests_that_wait_for_room_are_not_sent_once_the_server_is_away(calling, fake_time):
    server, away = Losing(), asyncio.Event()
    timing = attrs.evolve(fake_time.timing(), sleep=lambda _: away.wait())
    caller = calling(server, room=asyncio.Semaphore(8), timing=timing)
    server.error = ConnectionFailedError("no connection", retryable=True)
    tasks = [asyncio.create_task(caller.counted().call(applicants.GET)) for _ in range(16)]
    await settle()
    server.error = None  # the next one would be answered
    server.lost.set()
    await settle()
    assert len(server.sent) == 8
    away.set()
    assert await asyncio.gather(*tasks) == ["id"] * 16
