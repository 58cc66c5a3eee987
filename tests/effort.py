"""How much work something is: on a busy machine no second is as long as another, so nothing is measured in seconds.

The unit is a piece of work that is done here and now, some milliseconds on most machines; what is counted is the time
for which this thread had the processor.
"""

import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import attrs


@attrs.define
class Effort:
    """Pieces of work, as they became known."""

    pieces: float = 0.0


def piece_of_work() -> float:
    """Do one piece, and return the time that it took."""
    busy = time.thread_time()
    assert json.loads(json.dumps(list(range(20_000))))[-1] == 19_999
    return time.thread_time() - busy


def waited_for_cpu(pid: int) -> float:
    """Return the seconds that a thread of a process was ready and had no CPU, at most, as Linux counts them."""
    waits = [0.0]
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # one that ended meanwhile
            waits.append(int(path.read_text().split()[1]) / 1e9)
    return max(waits)


@contextmanager
def _unit() -> Iterator[list[float]]:
    """Give what one piece took before and after.

    What other tests left in memory is kept out of the way of the garbage collector: to look at that takes a second.
    """
    gc.freeze()
    taken = [piece_of_work()]
    try:
        yield taken
    finally:
        gc.unfreeze()
        taken.append(piece_of_work())


@contextmanager
def effort() -> Iterator[Effort]:
    """Measure how much work is done in the block, by this thread."""
    seen, busy = Effort(), 0.0
    with _unit() as unit:
        busy = time.thread_time()
        yield seen
        busy = time.thread_time() - busy
    seen.pieces = busy / max(unit)


@asynccontextmanager
async def longest_hold() -> AsyncIterator[Effort]:
    """Measure how long the event loop is held up at the most while the block runs in it."""
    seen, held = Effort(), [0.0]

    async def beat() -> None:
        while True:
            started, busy = time.perf_counter(), time.thread_time()
            try:
                await asyncio.sleep(0.001)
            finally:
                # No longer than it really was, and no longer than this thread was at work.
                held.append(min(time.perf_counter() - started, time.thread_time() - busy))

    with _unit() as unit:
        beating = asyncio.create_task(beat())
        try:
            yield seen
        finally:
            beating.cancel()
            await asyncio.wait([beating])
    seen.pieces = max(held) / max(unit)
