"""Doing something many times, with so many at once."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

AsyncWork = Callable[[int], Awaitable[None]]
Work = Callable[[int], None]


def in_tasks(call: Callable[[int], Awaitable[object]], concurrency: int) -> AsyncWork:
    """Return work that calls ``call`` with 0, 1, 2 … from so many tasks."""

    async def work(count: int) -> None:
        numbers = iter(range(count))

        async def one() -> None:
            for number in numbers:
                await call(number)

        await asyncio.gather(*(one() for _ in range(concurrency)))

    return work


def repeated(call: Callable[[int], object]) -> Work:
    """Return work that calls ``call`` with 0, 1, 2 …, one after the other."""

    def work(count: int) -> None:
        for number in range(count):
            call(number)

    return work


@contextmanager
def in_threads(call: Callable[[int], object], concurrency: int) -> Iterator[Work]:
    """Give work that calls ``call`` with 0, 1, 2 … from so many threads; from this one, if it is one."""
    if concurrency == 1:
        yield repeated(call)
        return
    with ThreadPoolExecutor(concurrency) as pool:

        def work(count: int) -> None:
            numbers = itertools.count()  # thread-safe: its next() is one step of the interpreter

            def one() -> None:
                while (number := next(numbers)) < count:
                    call(number)

            for done in [pool.submit(one) for _ in range(concurrency)]:
                done.result()

        yield work
