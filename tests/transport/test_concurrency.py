"""No more requests at once than the window allows, in order, and none while the gate is shut."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from kycaid_async.protocol.pacing import Pacer
from kycaid_async.transport.loop_resources import ConcurrencyLimiter


@asynccontextmanager
async def slot(limiter, *, first):
    await limiter.acquire(first=first)
    try:
        yield
    finally:
        limiter.release()


class Clock:
    def __init__(self):
        self.now, self.slept = 0.0, []

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock():
    return Clock()


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_window_bounds_how_many_run_and_the_rest_run_in_order(clock):
    limiter = ConcurrencyLimiter(Pacer(2), clock=lambda: clock.now, sleep=clock.sleep)
    running, order, most = 0, [], 0

    async def work(n):
        nonlocal running, most
        async with slot(limiter, first=True):
            running += 1
            order.append(n)
            most = max(most, running)
            await settle()
            running -= 1

    await asyncio.gather(*(work(n) for n in range(10)))
    assert most == 2
    assert order == list(range(10))


async def test_a_repeat_goes_before_those_who_have_not_started(clock):
    limiter = ConcurrencyLimiter(Pacer(1), clock=lambda: clock.now, sleep=clock.sleep)
    order, go_on = [], asyncio.Event()

    async def work(name, *, first):
        async with slot(limiter, first=first):
            order.append(name)
            await go_on.wait()

    tasks = [asyncio.create_task(work("running", first=True))]
    await settle()
    tasks += [asyncio.create_task(work("new", first=True)), asyncio.create_task(work("repeat", first=False))]
    await settle()
    go_on.set()
    await asyncio.gather(*tasks)
    assert order == ["running", "repeat", "new"]


async def test_nobody_starts_while_the_gate_is_shut(clock):
    pacer = Pacer(8)
    limiter = ConcurrencyLimiter(pacer, clock=lambda: clock.now, sleep=clock.sleep)
    pacer.refused(clock.now, 5.0)
    async with slot(limiter, first=True):
        assert clock.now >= 5.0


async def test_all_who_wait_start_once_the_gate_opens(clock):
    pacer = Pacer(8)
    limiter = ConcurrencyLimiter(pacer, clock=lambda: clock.now, sleep=clock.sleep)
    pacer.refused(clock.now, 5.0)
    inside = []

    async def work(n):
        async with slot(limiter, first=True):
            inside.append(n)
            await settle()

    await asyncio.gather(*(work(n) for n in range(20)))
    assert sorted(inside) == list(range(20))


@pytest.mark.parametrize("when", ["waiting", "woken"])
async def test_a_cancelled_waiter_passes_its_turn_on(when, clock):
    limiter = ConcurrencyLimiter(Pacer(1), clock=lambda: clock.now, sleep=clock.sleep)
    holder, done = asyncio.Event(), []

    async def hold():
        async with slot(limiter, first=True):
            await holder.wait()
        if when == "woken":
            first.cancel()

    async def work(n):
        async with slot(limiter, first=True):
            done.append(n)

    held = asyncio.create_task(hold())
    await settle()
    first, second = asyncio.create_task(work(1)), asyncio.create_task(work(2))
    await settle()
    if when == "waiting":
        first.cancel()
        await settle()
    holder.set()
    await asyncio.gather(held, first, second, return_exceptions=True)
    assert first.cancelled()
    assert done == [2]
    async with slot(limiter, first=True):
        pass


async def test_waiters_cancelled_in_the_step_in_which_a_slot_is_freed_do_not_get_it(clock):
    limiter = ConcurrencyLimiter(Pacer(1), clock=lambda: clock.now, sleep=clock.sleep)
    holder, done = asyncio.Event(), []

    async def hold():
        async with slot(limiter, first=True):
            await holder.wait()
            for task in tasks[:-1]:
                task.cancel()

    async def work(n):
        async with slot(limiter, first=True):
            done.append(n)

    held = asyncio.create_task(hold())
    await settle()
    tasks = [asyncio.create_task(work(n)) for n in range(5)]
    await settle()
    holder.set()
    await asyncio.gather(held, *tasks, return_exceptions=True)
    assert done == [4]


async def test_a_slot_is_taken_at_once_only_when_nobody_has_to_be_asked_or_waited_for(clock):
    pacer = Pacer(2)
    limiter = ConcurrencyLimiter(pacer, clock=lambda: clock.now, sleep=clock.sleep)
    assert (limiter.try_acquire(), limiter.try_acquire(), limiter.try_acquire()) == (True, True, False), (
        "no more than the window"
    )
    waiting = asyncio.create_task(limiter.acquire(first=True))
    await settle()
    limiter.release()
    assert not limiter.try_acquire(), "it went to the one who waited"
    await waiting
    limiter.release()
    limiter.release()
    pacer.refused(clock.now, 5.0)
    assert not limiter.try_acquire(), "after a refusal there is a gate to pass"
    await limiter.acquire(first=True)
    assert clock.slept == [5.0]


async def test_what_was_taken_at_once_counts_for_the_rate(clock):
    pacer = Pacer(10)
    limiter = ConcurrencyLimiter(pacer, clock=lambda: clock.now, sleep=clock.sleep)
    for _ in range(10):
        assert limiter.try_acquire()
        limiter.release()
        pacer.succeeded()
    pacer.refused(clock.now, 0.0)
    assert pacer.wait(clock.now) > 0, "ten a second were too many"
