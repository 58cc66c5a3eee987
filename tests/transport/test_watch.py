"""An upload may take as long as it likes, and may not stand still. Time is virtual here: nothing waits."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

import attrs
import pytest

from kycaid_async.transport.watch import watch_progress


class _Idle(selectors.DefaultSelector):
    """Instead of waiting, moves the loop's clock on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0.0
        return super().select(0)


def run(main: Coroutine[Any, Any, Any]) -> Any:
    selector = _Idle()

    class Loop(asyncio.SelectorEventLoop):
        def time(self) -> float:
            return selector.now

    with asyncio.Runner(loop_factory=lambda: Loop(selector)) as runner:
        return runner.run(main)


@attrs.define
class Sending:
    size: int = 100
    moved: int = 0


async def send(sending: Sending, moves: list[float], *, seconds: float | None, after: float = 0.0) -> float:
    """Move one byte at each of the given times, then wait ``after`` more. Returns the time at the end."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        with watch_progress(limit, sending, seconds):
            for moment in moves:
                await asyncio.sleep(moment - loop.time())
                sending.moved += 1
            await asyncio.sleep(after)
    return loop.time()


def test_a_slow_upload_that_moves_now_and_then_takes_its_time():
    assert run(send(Sending(), [9.0 * n for n in range(1, 60)], seconds=10)) == pytest.approx(531)


def test_an_upload_that_stands_still_is_stopped_between_one_limit_and_half_a_limit_more():
    loop_time = {}

    async def main():
        try:
            await send(Sending(), [5.0], seconds=10, after=1000)
        except TimeoutError:
            loop_time["at"] = asyncio.get_running_loop().time()

    run(main())
    assert 15.0 <= loop_time["at"] <= 20.1


def test_once_all_has_left_the_limit_is_gone():
    assert run(send(Sending(size=1), [1.0], seconds=10, after=1000)) == pytest.approx(1001)


@pytest.mark.parametrize("then", [5, 200])
def test_once_all_has_left_the_answer_has_its_own_limit(then):
    ended = {}

    async def main():
        loop, sending = asyncio.get_running_loop(), Sending(size=1)
        try:
            async with asyncio.timeout(None) as limit:
                with watch_progress(limit, sending, 10, then=then):
                    await asyncio.sleep(1)
                    sending.moved = 1
                    await asyncio.sleep(1000)
        except TimeoutError:
            ended["at"] = loop.time()

    run(main())
    assert 1 + then <= ended["at"] <= 1 + 2.5 + then, "it is noticed at the next look"


def test_without_a_limit_nothing_is_watched():
    assert run(send(Sending(), [], seconds=None, after=1000)) == pytest.approx(1000)
