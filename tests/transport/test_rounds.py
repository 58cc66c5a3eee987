"""One heavy step in each round of the loop."""

import asyncio

from kycaid_async.transport.rounds import Rounds


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


async def test_steps_of_many_tasks_happen_one_a_round():
    rounds, counting, steps = Rounds(asyncio.get_running_loop()), Counting(), []

    async def work(name: int) -> None:
        for _ in range(3):
            await rounds.turn()
            steps.append((counting.round, name))

    await asyncio.gather(*map(work, range(5)))
    counting.over = True
    assert len({number for number, _ in steps}) == len(steps) == 15
    assert sorted(name for _, name in steps[:6]) == [0, 0, 1, 2, 3, 4], "nobody is passed over"


async def test_a_lone_task_waits_for_no_round_but_takes_one_step_in_each():
    rounds, counting = Rounds(asyncio.get_running_loop()), Counting()
    before = counting.round
    await rounds.turn()
    assert counting.round == before
    await rounds.turn()
    assert counting.round > before
    counting.over = True


async def test_one_who_no_longer_wants_a_turn_is_passed_over():
    rounds = Rounds(asyncio.get_running_loop())
    await rounds.turn()
    gone = [asyncio.create_task(rounds.turn()) for _ in range(3)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    await asyncio.wait_for(rounds.turn(), 5)
    await asyncio.wait(gone)
