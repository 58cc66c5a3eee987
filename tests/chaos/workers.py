"""Processes that share the programs between them, each with an oracle of its own."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

from tests.chaos.run import Chaos, chaos

_PART = 10
"""Programs after which a process says what came of them."""


class Part(NamedTuple):
    """What came of some programs."""

    figures: Counter[str]
    found: list[str]


def parts(seed: int, numbers: range, end: float, jobs: int) -> Iterator[Part]:
    """Run the programs with these numbers until ``end`` on the monotonic clock, and give what came of them."""
    fresh = multiprocessing.get_context("spawn")
    readers = []
    for job in range(jobs):
        reader, writer = fresh.Pipe(duplex=False)
        process = fresh.Process(target=_work, args=(seed, numbers[job::jobs], end, writer))
        process.start()
        writer.close()
        readers.append(reader)
    while readers:
        for reader in wait(readers):
            try:
                part = reader.recv()  # type: ignore[union-attr]
            except EOFError:
                part = Part(Counter(), ["a process that ran programs died"])
            if part is None or not part.figures:
                readers.remove(reader)  # type: ignore[arg-type]
            if part is not None:
                yield part


def _work(seed: int, numbers: range, end: float, writer: "Connection[Part | None, None]") -> None:
    with chaos() as one:
        for at in range(0, len(numbers), _PART):
            _check(one, seed, numbers[at : at + _PART], end)
            if not one.figures:
                break
            writer.send(Part(one.figures, one.found))
            one.figures, one.found = Counter(), []
    writer.send(None)


def _check(one: Chaos, seed: int, numbers: range, end: float) -> None:
    for number in numbers:
        if time.monotonic() < end:
            one.check(seed, number)
