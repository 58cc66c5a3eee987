"""What may stand still for how long, and how long it may take. Time is virtual here: nothing waits."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import attrs
import pytest

from kycaid_async.protocol.timeout import Timeout
from kycaid_async.transport.deadlines import AttemptTimeout, Limits, TimerQueue, TimerQueues


class _Idle(selectors.DefaultSelector):
    """Instead of waiting, moves the loop's clock on."""

    now = 0.0

    def hold_up(self, seconds: float) -> None:
        """Let time pass in which the loop does nothing."""
        self.now += seconds

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

    @property
    def gone(self) -> bool:
        return self.moved >= self.size


@attrs.define
class Receiving:
    total_bytes: int = 0


@attrs.define
class Ended:
    at: float
    phase: str | None
    """None when it was not a limit that ended it."""


def attempt(
    timeout: Timeout,
    work: Callable[[AttemptTimeout], Awaitable[None]],
    *,
    sending: Sending | None = None,
    left: float | None = None,
) -> Ended:
    """Do ``work`` as the attempt of a connected request, and say when it ended, and by which limit."""

    async def main() -> Ended:
        loop = asyncio.get_running_loop()
        limited = AttemptTimeout(TimerQueues(loop), Limits.of(timeout), left)
        try:
            with limited:
                limited.begin(sending)
                limited.connected()
                await work(limited)
        except TimeoutError:
            return Ended(loop.time(), limited.phase)
        return Ended(loop.time(), None)

    return run(main())


def only(**limits: float) -> Timeout:
    return Timeout(**{name: limits.get(name) for name in ("connect", "read", "progress", "total")})


def test_a_slow_upload_that_moves_now_and_then_takes_its_time():
    sending = Sending()

    async def work(_timeout: AttemptTimeout) -> None:
        for _ in range(59):
            await asyncio.sleep(9)
            sending.moved += 1

    assert attempt(only(progress=10, total=20), work, sending=sending) == Ended(pytest.approx(531), None)


def test_an_upload_that_stands_still_is_stopped_between_one_limit_and_half_a_limit_more():
    sending = Sending()

    async def work(_timeout: AttemptTimeout) -> None:
        await asyncio.sleep(5)
        sending.moved += 1
        await asyncio.sleep(1000)

    ended = attempt(only(progress=10), work, sending=sending)
    assert ended.phase == "progress"
    assert 15.0 <= ended.at <= 20.1


def test_once_all_has_left_an_upload_may_stand_still():
    sending = Sending(size=1)

    async def work(_timeout: AttemptTimeout) -> None:
        await asyncio.sleep(1)
        sending.moved = 1
        await asyncio.sleep(1000)

    assert attempt(only(progress=10), work, sending=sending) == Ended(pytest.approx(1001), None)


@pytest.mark.parametrize("total", [5, 200])
def test_once_all_has_left_the_answer_has_the_total_limit(total):
    sending = Sending(size=1)

    async def work(_timeout: AttemptTimeout) -> None:
        await asyncio.sleep(1)
        sending.moved = 1
        await asyncio.sleep(1000)

    ended = attempt(only(progress=10, total=total), work, sending=sending)
    assert ended.phase == "total"
    assert 1 + total <= ended.at <= 1 + 2.5 + total, "it is noticed at the next look"


def test_an_answer_of_which_nothing_comes_is_not_waited_for():
    ended = attempt(only(read=10, total=90), lambda _: asyncio.sleep(1000))
    assert ended.phase == "read"
    assert 10.0 <= ended.at <= 12.6


def test_an_answer_that_comes_in_pieces_may_take_its_time():
    answer = Receiving()

    async def work(limited: AttemptTimeout) -> None:
        limited.receiving = answer
        for _ in range(10):
            await asyncio.sleep(9)
            answer.total_bytes += 1

    assert attempt(only(read=10), work) == Ended(pytest.approx(90), None)


def test_the_time_before_there_is_a_connection_is_nobodys_silence():
    async def main() -> Ended:
        loop = asyncio.get_running_loop()
        limited = AttemptTimeout(TimerQueues(loop), Limits.of(only(read=10)))
        try:
            with limited:
                limited.begin()
                await asyncio.sleep(100)
                limited.connected()
                await asyncio.sleep(1000)
        except TimeoutError:
            pass
        return Ended(loop.time(), limited.phase)

    ended = run(main())
    assert ended.phase == "read"
    assert 110.0 <= ended.at <= 112.6


def test_all_of_it_ends_exactly_when_the_total_is_over():
    assert attempt(only(read=30, total=20), lambda _: asyncio.sleep(1000)) == Ended(20.0, "total")


def test_a_wait_for_a_turn_ends_with_the_time_that_was_left():
    async def main() -> Ended:
        loop = asyncio.get_running_loop()
        limited = AttemptTimeout(TimerQueues(loop), Limits.of(Timeout()), 7.0)
        with pytest.raises(TimeoutError), limited:
            await asyncio.sleep(1000)
        return Ended(loop.time(), limited.phase)

    assert run(main()) == Ended(7.0, "slot")


def test_without_limits_nothing_is_watched():
    assert attempt(only(), lambda _: asyncio.sleep(1000)) == Ended(1000.0, None)


def test_a_cancellation_from_outside_stays_one_also_when_a_limit_runs_out_at_the_same_time():
    async def work() -> None:
        limited = AttemptTimeout(TimerQueues(asyncio.get_running_loop()), Limits.of(only(total=5)))
        with limited:
            limited.begin()
            await asyncio.sleep(1000)

    async def main() -> bool:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_at(5.0, task.cancel)
        await asyncio.wait([task])
        return task.cancelled()

    assert run(main())


def test_an_error_of_its_own_is_given_on():
    async def work(_timeout: AttemptTimeout) -> None:
        raise OSError("mine")

    with pytest.raises(OSError, match="mine"):
        attempt(only(total=5), work)


@pytest.mark.parametrize("limits", [{"read": 30, "total": 30}, {"read": 8, "total": 10}, {"read": 4, "total": 5}])
def test_two_limits_at_the_same_moment_are_one_time_out(limits):
    async def wait(limited: AttemptTimeout) -> None:
        with limited:
            limited.begin()
            limited.connected()
            await asyncio.sleep(1000)

    async def main() -> tuple[str, int]:
        limited = AttemptTimeout(TimerQueues(asyncio.get_running_loop()), Limits.of(only(**limits)))
        with pytest.raises(TimeoutError):
            await wait(limited)
        return limited.phase, asyncio.current_task().cancelling()

    phase, cancelling = run(main())
    assert phase in ("read", "total")
    assert cancelling == 0


def test_a_queue_has_one_timer_however_often_it_fired_and_is_forgotten_when_nothing_is_left():
    async def main() -> tuple[set[int], int]:
        loop = asyncio.get_running_loop()
        queues, timers = TimerQueues(loop), set()
        sending = [Sending(size=10_000) for _ in range(8)]

        async def upload(one: Sending) -> None:
            with AttemptTimeout(queues, Limits.of(only(progress=30))) as limited:
                limited.begin(one)
                limited.connected()
                for _ in range(200):
                    await asyncio.sleep(3 + one.moved % 2)
                    one.moved += 1
                    timers.add(sum(1 for handle in loop._scheduled if handle._callback.__name__ == "_fire"))

        await asyncio.gather(*map(upload, sending))
        await asyncio.sleep(100)
        return timers, len(queues._queues)

    timers, left = run(main())
    assert timers == {1}
    assert left == 0


def test_what_has_ended_is_looked_at_no_more_and_a_thousand_share_a_timer():
    looked: list[str] = []

    @attrs.define(eq=False)
    class Thing:
        name: str

        def check(self, _queue: TimerQueue, _late: float) -> None:
            looked.append(self.name)

    async def main() -> int:
        loop, queue = asyncio.get_running_loop(), TimerQueue(asyncio.get_running_loop(), 10.0)
        things = [Thing(str(n)) for n in range(1000)]
        for thing in things:
            queue.add(thing)
        for thing in things[1:]:
            queue.remove(thing)
        timers = len(loop._scheduled)
        await asyncio.sleep(20)
        return timers

    assert run(main()) == 1
    assert looked == ["0"]


# While the loop is held up.


def held_up(timeout: Timeout, work: Callable[[AttemptTimeout], Awaitable[None]], *, at: float, seconds: float) -> Ended:
    """As `attempt`, with the loop held up once, for so long."""

    async def holding(limited: AttemptTimeout) -> None:
        loop = asyncio.get_running_loop()
        loop.call_at(at, loop._selector.hold_up, seconds)
        await work(limited)

    return attempt(timeout, holding)


@pytest.mark.parametrize("seconds", [3.0, 100.0])
def test_time_in_which_the_loop_is_held_up_is_nobodys_silence(seconds):
    ended = held_up(only(read=10), lambda _: asyncio.sleep(10_000), at=6.0, seconds=seconds)
    assert ended.phase == "read"
    assert 10.0 + seconds - 2.5 <= ended.at <= 12.6 + seconds


def test_a_total_that_ran_out_meanwhile_ends_the_attempt_right_afterwards():
    ended = held_up(only(total=20), lambda _: asyncio.sleep(10_000), at=6.0, seconds=100.0)
    assert ended == Ended(106.0, "total")


@pytest.mark.parametrize("limit", ["read", "total"])
@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_what_comes_within_the_rounds_before_the_end_counts(limit, rounds):
    """As when the loop reads it, and the task that waits for it is woken by that."""
    answer = Receiving()

    async def work(limited: AttemptTimeout) -> None:
        await asyncio.sleep(9.99)
        loop = asyncio.get_running_loop()
        arrived = loop.create_future()

        def come(left: int) -> None:
            if left:
                loop.call_soon(come, left - 1)
            else:
                limited.receiving = answer
                arrived.set_result(None)

        loop.call_at(10.0, come, rounds)
        await arrived

    assert attempt(only(**{limit: 10}), work) == Ended(pytest.approx(10.0), None)


@pytest.mark.parametrize("limit", ["read", "total"])
def test_what_is_still_read_is_not_cut_off_and_what_stops_is(limit):
    answer = Receiving()

    async def work(limited: AttemptTimeout) -> None:
        limited.receiving = answer
        await asyncio.sleep(10)
        for _ in range(50):  # it all lies in the socket: a piece in every round
            answer.total_bytes += 1
            await asyncio.sleep(0)
        await asyncio.sleep(1000)

    ended = attempt(only(**{limit: 10}), work)
    assert answer.total_bytes == 50
    assert ended == (Ended(10.0, "total") if limit == "total" else Ended(pytest.approx(20.0, abs=2.6), "read"))


def test_a_connection_that_is_not_made_in_time_is_given_up():
    async def main() -> Ended:
        loop = asyncio.get_running_loop()
        limited = AttemptTimeout(TimerQueues(loop), Limits.of(only(connect=10, read=100)))
        try:
            with limited:
                limited.begin()
                await asyncio.sleep(1000)
        except TimeoutError:
            pass
        return Ended(loop.time(), limited.phase)

    ended = run(main())
    assert ended.phase == "connect"
    assert 10.0 <= ended.at <= 12.6


def test_with_a_connection_the_limit_for_making_one_is_over():
    assert attempt(only(connect=10), lambda _: asyncio.sleep(1000)) == Ended(1000.0, None)
