"""Rows come out of whatever gives them, as they come, and none is lost on the way."""

import asyncio
import subprocess
import sys
import threading

import anyio
import pytest

from kycaid_async import BulkRow
from kycaid_async.bulk.row_feed import RowFeed

ROWS = [BulkRow(document={"type": "PASSPORT"}, line=n) for n in range(300)]


async def lines(feed):
    found = []
    while (pair := await feed.next()) is not None:
        found.append(pair[1].line)
    return found


async def test_every_row_is_given_once_and_in_order():
    feed = RowFeed(iter(ROWS))
    assert await lines(feed) == list(range(300))
    await feed.aclose()


async def test_rows_that_were_read_do_not_wait_for_a_source_that_blocks():
    go_on = threading.Event()

    def rows():
        yield from ROWS[:3]
        assert go_on.wait(60)
        yield ROWS[3]

    feed = RowFeed(rows())
    async with asyncio.timeout(20):
        first = [(await feed.next())[1].line for _ in range(3)]
    go_on.set()
    assert first + await lines(feed) == [0, 1, 2, 3]


@pytest.mark.parametrize("count", [1, 70])
async def test_rows_before_an_error_are_given_before_it(count):
    def rows():
        yield from ROWS[:count]
        raise OSError("the disk is gone")

    feed = RowFeed(rows())
    assert [(await feed.next())[1].line for _ in range(count)] == list(range(count))
    with pytest.raises(OSError, match="the disk is gone"):
        await feed.next()


async def test_it_reads_some_dozens_ahead_and_no_more():
    taken = []

    def rows():
        for row in ROWS:
            taken.append(row)
            yield row

    feed = RowFeed(rows())
    for _ in range(10):
        await feed.next()
    assert len(taken) <= 200
    await feed.aclose()


async def test_all_rows_are_read_in_one_thread():
    threads = set()

    def rows():
        for row in ROWS:
            threads.add(threading.get_ident())
            yield row

    await lines(RowFeed(rows()))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_asynchronous_rows_are_given_once_and_in_order():
    async def rows():
        for row in ROWS:
            if row.line % 7 == 0:
                await asyncio.sleep(0)
            yield row

    feed = RowFeed(rows())
    assert await lines(feed) == list(range(300))
    await feed.aclose()


@pytest.mark.parametrize("count", [1, 70])
async def test_asynchronous_rows_before_an_error_are_given_before_it(count):
    async def rows():
        for row in ROWS[:count]:
            yield row
        raise OSError("the disk is gone")

    feed = RowFeed(rows())
    assert [(await feed.next())[1].line for _ in range(count)] == list(range(count))
    with pytest.raises(OSError, match="the disk is gone"):
        await feed.next()
    await feed.aclose()


async def test_rows_whose_source_was_cancelled_are_not_taken_for_all_there_are():
    async def rows():
        yield ROWS[0]
        gone = asyncio.get_running_loop().create_future()
        gone.cancel()
        await gone
        yield ROWS[1]

    feed = RowFeed(rows())
    assert (await feed.next())[1].line == 0
    with pytest.raises(RuntimeError, match="what gives the rows was cancelled"):
        await feed.next()
    await feed.aclose()


@pytest.mark.parametrize("taken", [10, 300])
async def test_asynchronous_rows_may_stand_in_a_cancel_scope_which_is_left_in_the_task_that_entered_it(taken):
    left = []

    async def rows():
        with anyio.CancelScope():
            task = asyncio.current_task()
            try:
                for row in ROWS:
                    yield row
                    await asyncio.sleep(0)
            finally:
                left.append(asyncio.current_task() is task)

    feed = RowFeed(rows())
    for _ in range(taken):
        await feed.next()
    if taken == 300:
        assert await feed.next() is None
    await feed.aclose()
    assert left == [True]


async def test_asynchronous_rows_are_read_one_ahead_and_no_more():
    taken = []

    async def rows():
        for row in ROWS:
            taken.append(row)
            yield row

    feed = RowFeed(rows())
    for _ in range(10):
        await feed.next()
    assert len(taken) <= 11
    await feed.aclose()


async def test_asynchronous_rows_that_do_not_come_do_not_hold_up_the_end():
    async def rows():
        yield ROWS[0]
        await asyncio.Event().wait()

    feed = RowFeed(rows())
    await feed.next()
    async with asyncio.timeout(20):
        await feed.aclose()


STUCK = """
import asyncio, threading
from kycaid_async import BulkRow
from kycaid_async.bulk.row_feed import RowFeed

def rows():
    yield BulkRow(document={})
    threading.Event().wait()

async def main():
    feed = RowFeed(rows())
    await feed.next()
    await feed.aclose()

asyncio.run(main())
"""


def test_a_source_that_blocks_for_ever_does_not_keep_the_program_from_its_end():
    assert subprocess.run([sys.executable, "-c", STUCK], timeout=30, check=False).returncode == 0
