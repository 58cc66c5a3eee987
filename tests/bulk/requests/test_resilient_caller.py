"""The requests of a run end together."""

import asyncio

import pytest

from kycaid_async import AuthenticationError, ConnectionFailedError
from kycaid_async.api import applicants, files
from kycaid_async.bulk.requests.limits import AdaptiveConcurrency, Stopped
from kycaid_async.bulk.requests.resilient_caller import ResilientCaller


@pytest.fixture
def calling(fake_time):
    def calling(caller):
        return ResilientCaller(
            caller=caller,
            timing=fake_time.timing(),
            concurrency=AdaptiveConcurrency(8),
            max_retries=3,
            give_up_after=60,
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
