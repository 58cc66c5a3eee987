"""The bytes that uploads move per iteration of the loop."""

import asyncio
from collections import Counter

import pytest

from kycaid_async.uploads.io_budget import BUDGET, IoBudget


class Counting:
    """Counts the rounds of the loop."""

    def __init__(self) -> None:
        self.round = 0
        self.over = False
        self._again()

    def _again(self) -> None:
        self.round += 1
        if not self.over:
            asyncio.get_running_loop().call_soon(self._again)


@pytest.mark.parametrize("size", [BUDGET, BUDGET // 4, BUDGET // 5 + 1, 2 * BUDGET])
async def test_what_many_tasks_do_in_one_round_is_bounded(size):
    io_budget, counting, steps = IoBudget(asyncio.get_running_loop()), Counting(), []

    async def work(name: int) -> None:
        for _ in range(6):
            await io_budget.acquire()
            io_budget.spend(size)
            steps.append((counting.round, name))
            await asyncio.sleep(0)

    await asyncio.gather(*map(work, range(20)))
    counting.over = True
    assert len(steps) == 20 * 6
    in_each = Counter(number for number, _ in steps)
    # One step more than fits is begun in the first round, when nobody knows yet how large a step is.
    assert max(in_each.values()) <= BUDGET // size + 1
    assert set(Counter(name for _, name in steps[:40]).values()) == {2}, "nobody is passed over"


async def test_a_small_step_does_not_let_many_large_ones_into_the_next_round():
    """The last piece of a file is mostly small, and those who wait are about to take large ones."""
    io_budget, counting, in_each = IoBudget(asyncio.get_running_loop()), Counting(), Counter()

    async def work() -> None:
        for size in [BUDGET // 4] * 6 + [37]:
            await io_budget.acquire()
            io_budget.spend(size)
            in_each[counting.round] += size
            await asyncio.sleep(0)

    await asyncio.gather(*(work() for _ in range(64)))
    counting.over = True
    assert max(in_each.values()) <= 2 * BUDGET


async def test_small_steps_of_many_tasks_share_a_round():
    io_budget, counting, steps = IoBudget(asyncio.get_running_loop()), Counting(), []

    async def work() -> None:
        for _ in range(3):
            await io_budget.acquire()
            io_budget.spend(BUDGET // 1000)
            steps.append(counting.round)
            await asyncio.sleep(0)

    await asyncio.gather(*(work() for _ in range(100)))
    counting.over = True
    assert len(set(steps)) <= 4


async def test_a_lone_task_waits_only_when_it_has_done_enough():
    io_budget, counting = IoBudget(asyncio.get_running_loop()), Counting()
    before = counting.round
    for _ in range(4):
        await io_budget.acquire()
        io_budget.spend(BUDGET // 4)
    assert counting.round == before
    await io_budget.acquire()
    assert counting.round > before
    counting.over = True


async def test_one_who_no_longer_wants_a_turn_is_passed_over():
    io_budget = IoBudget(asyncio.get_running_loop())
    await io_budget.acquire()
    io_budget.spend(BUDGET)
    gone = [asyncio.create_task(io_budget.acquire()) for _ in range(3)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    await asyncio.wait_for(io_budget.acquire(), 5)
    await asyncio.wait(gone)
