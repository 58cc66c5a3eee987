"""Telling a callback that came before."""

import asyncio
import threading

import attrs
import pytest

from kycaid_async import ConfigurationError
from kycaid_async.callbacks import Deduplicator, MemorySeenStore, parse
from tests.callbacks.messages import CHANGED, COMPLETED, SCREENING, SERVICE_RESULT, body_of

EVENT = parse(body_of(COMPLETED))
OTHER = parse(body_of(CHANGED))


@attrs.define
class Clock:
    now: float = 0.0

    def __call__(self):
        return self.now


class BrokenStore:
    async def has(self, identity):
        raise ConnectionError

    async def add(self, identity):
        raise ConnectionError


async def test_an_identity_is_new_once():
    store = MemorySeenStore()
    assert [await store.add("a"), await store.add("a"), await store.add("b")] == [True, False, True]
    assert (await store.has("a"), await store.has("c")) == (True, False)


async def test_an_identity_is_forgotten_after_its_time():
    clock = Clock()
    store = MemorySeenStore(ttl=10, clock=clock)
    await store.add("a")
    clock.now = 5
    await store.add("b")
    assert await store.add("a") is False  # and seeing it again does not keep it longer
    clock.now = 9.9
    assert (await store.has("a"), len(store)) == (True, 2)
    clock.now = 10
    assert (await store.has("a"), await store.has("b"), len(store)) == (False, True, 1)
    assert await store.add("a") is True


async def test_the_store_never_grows_over_its_size():
    store = MemorySeenStore(max_size=3)
    for name in "abcde":
        await store.add(name)
    assert len(store) == 3
    assert [await store.has(name) for name in "abcde"] == [False, False, True, True, True]


@pytest.mark.parametrize("options", [{"max_size": 0}, {"ttl": 0}, {"ttl": -1}, {"ttl": float("nan")}])
def test_a_store_that_could_keep_nothing_is_refused(options):
    with pytest.raises(ConfigurationError):
        MemorySeenStore(**options)


async def test_an_event_is_there_for_the_first_time_once():
    deduplicator = Deduplicator(MemorySeenStore())
    again = parse(body_of(COMPLETED))
    assert [await deduplicator.first_time(event) for event in (EVENT, OTHER, EVENT, again)] == [
        True,
        True,
        False,
        False,
    ]


async def test_another_body_with_a_known_id_is_let_through():
    deduplicator = Deduplicator()
    other_verdict = parse(body_of(COMPLETED | {"verified": True}))
    other_type = parse(body_of(CHANGED | {"request_id": EVENT.request_id}))
    second_result = parse(body_of(SERVICE_RESULT | {"result": {"risk_score": 0.9}}))
    events = [EVENT, other_verdict, other_type, parse(body_of(SERVICE_RESULT)), second_result]
    assert [await deduplicator.first_time(event) for event in [*events, *events]] == [True] * 5 + [False] * 5


async def test_events_without_an_id_are_known_by_their_bytes():
    deduplicator = Deduplicator()
    bodies = [body_of(SCREENING), body_of(SCREENING), body_of(SCREENING | {"accuracy": 90})]
    assert [await deduplicator.first_time(parse(body)) for body in bodies] == [True, False, True]


async def test_an_event_counts_as_seen_when_its_attempt_succeeded():
    deduplicator = Deduplicator()
    for expected in (True, False, False):
        async with deduplicator.attempt(EVENT) as new:
            assert new is expected
    assert await deduplicator.first_time(EVENT) is False


@pytest.mark.parametrize("failure", [ValueError, asyncio.CancelledError])
async def test_a_failed_attempt_does_not_count(failure):
    deduplicator = Deduplicator()
    with pytest.raises(failure):
        async with deduplicator.attempt(EVENT):
            raise failure
    async with deduplicator.attempt(EVENT) as new:
        assert new


async def attempt(deduplicator, log, name, gate, *, fails=False):
    async with deduplicator.attempt(EVENT) as new:
        log.append((name, new))
        if new:
            await gate.wait()
            if fails:
                raise ValueError


async def start(*coroutines):
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_of_two_copies_at_a_time_the_second_waits_for_the_first():
    deduplicator, log, gate = Deduplicator(), [], asyncio.Event()
    tasks = await start(*(attempt(deduplicator, log, name, gate) for name in "abc"))
    assert log == [("a", True)]
    gate.set()
    await asyncio.gather(*tasks)
    assert sorted(log) == [("a", True), ("b", False), ("c", False)]
    assert deduplicator._running == {}


async def test_the_second_copy_is_handled_when_the_first_fails():
    deduplicator, log, gate = Deduplicator(), [], asyncio.Event()
    tasks = await start(
        attempt(deduplicator, log, "a", gate, fails=True), *(attempt(deduplicator, log, name, gate) for name in "bc")
    )
    gate.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ValueError, type(None), type(None)]
    assert [new for _, new in log] == [True, True, False]


async def test_one_who_waits_can_give_up_without_harm():
    deduplicator, log, gate = Deduplicator(), [], asyncio.Event()
    first, second, third = await start(*(attempt(deduplicator, log, name, gate) for name in "abc"))
    second.cancel()
    gate.set()
    await asyncio.gather(first, third)
    assert log == [("a", True), ("c", False)]
    assert second.cancelled()
    assert deduplicator._running == {}


async def test_other_events_do_not_wait():
    deduplicator, log, gate = Deduplicator(), [], asyncio.Event()
    (task,) = await start(attempt(deduplicator, log, "a", gate))
    async with deduplicator.attempt(OTHER) as new:
        assert new
    gate.set()
    await task


def test_copies_in_different_threads_and_loops_wait_for_each_other_too():
    deduplicator, handled, entered, gate = Deduplicator(), [], threading.Event(), threading.Event()

    async def deliver():
        async with deduplicator.attempt(EVENT) as new:
            if new:
                entered.set()
                await asyncio.to_thread(gate.wait, 10)
                handled.append(threading.get_ident())

    threads = [threading.Thread(target=lambda: asyncio.run(deliver())) for _ in range(8)]
    threads[0].start()
    assert entered.wait(10)
    for thread in threads[1:]:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(10)
    assert (len(handled), deduplicator._running) == (1, {})


async def test_a_store_that_fails_lets_the_next_attempt_try_again():
    deduplicator = Deduplicator(BrokenStore())
    for _ in range(2):
        with pytest.raises(ConnectionError):
            async with deduplicator.attempt(EVENT):
                pytest.fail("nothing is handled that may have been handled")
    assert deduplicator._running == {}
