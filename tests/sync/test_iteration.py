"""Plain iterators over what the loop makes."""

import asyncio
import threading
import time

import pytest

from kycaid_async import ConfigurationError, Kycaid, ServerError
from kycaid_async.sync.iteration import PREFETCH, BlockingIterator
from tests.conftest import API_KEY

DAY = "2026-11-01"


@pytest.fixture
def handle(blocking_client):
    return blocking_client._handle


class Source:
    """Numbers, and what became of them."""

    def __init__(self, count, *, fails=False, waits=False):
        self.count, self.fails, self.waits = count, fails, waits
        self.made, self.closed, self.threads = 0, threading.Event(), set()

    async def numbers(self):
        try:
            for number in range(self.count):
                self.threads.add(threading.current_thread().name)
                self.made += 1
                yield number
            if self.fails:
                raise LookupError
            if self.waits:
                await asyncio.Event().wait()
        finally:
            self.closed.set()


@pytest.mark.parametrize("count", [0, 1, PREFETCH - 1, PREFETCH, PREFETCH + 1, 5 * PREFETCH])
async def test_all_items_come_in_order_and_then_it_is_over(handle, elsewhere, count):
    source = Source(count)
    items = BlockingIterator(handle, source.numbers())
    assert await elsewhere(list, items) == list(range(count))
    assert source.closed.is_set()
    assert await elsewhere(list, items) == []
    assert source.threads <= {"kycaid-loop"}


async def test_nothing_is_made_before_the_first_item_is_asked_for_and_few_ahead(handle, elsewhere):
    source = Source(10 * PREFETCH)
    items = BlockingIterator(handle, source.numbers())
    assert source.made == 0
    assert await elsewhere(next, items) == 0
    assert 1 <= source.made <= 2 * PREFETCH
    await elsewhere(items.close)
    assert source.closed.is_set()
    assert await elsewhere(list, items) == []


async def test_what_came_before_an_error_comes_out_before_it(handle, elsewhere):
    items = BlockingIterator(handle, Source(PREFETCH + 5, fails=True).numbers())
    assert [await elsewhere(next, items) for _ in range(PREFETCH + 5)] == list(range(PREFETCH + 5))
    with pytest.raises(LookupError):
        await elsewhere(next, items)
    assert await elsewhere(list, items) == []


async def test_items_that_are_there_do_not_wait_for_those_that_come_later(handle, elsewhere):
    source = Source(3, waits=True)
    items = BlockingIterator(handle, source.numbers())
    assert [await elsewhere(next, items) for _ in range(3)] == [0, 1, 2]
    await elsewhere(items.close)
    assert source.closed.is_set()


async def test_one_that_nobody_holds_any_more_is_stopped(handle, elsewhere):
    source = Source(10 * PREFETCH)
    items = BlockingIterator(handle, source.numbers())
    await elsewhere(next, items)
    del items
    assert await elsewhere(source.closed.wait, 10)


async def test_closing_one_that_never_began_does_nothing(handle):
    items = BlockingIterator(handle, Source(1).numbers())
    items.close()
    assert list(items) == []


async def test_a_report_fetches_its_pages_as_they_are_needed(server, blocking_client, elsewhere):
    row = {"verification_id": "v"}
    server.answer(200, [row | {"row": n} for n in range(1000)])
    server.answer(200, [row])
    rows = blocking_client.verifications.report(DAY)
    assert server.requests == []
    assert (await elsewhere(next, rows)).verification_id == "v"
    assert len(server.requests) == 1
    assert len(await elsewhere(list, rows)) == 1000
    assert [request.query["offset"] for request in server.requests] == ["0", "1000"]


async def test_an_error_of_a_later_page_comes_after_the_rows_of_the_first(server, blocking_client, elsewhere):
    server.answer(200, [{"row": n} for n in range(1000)])
    server.answer(500, {"type": "internal_server"})
    rows = blocking_client.verifications.report(DAY)
    seen = await elsewhere(lambda: [next(rows).raw["row"] for _ in range(1000)])
    assert seen == list(range(1000))
    with pytest.raises(ServerError):
        await elsewhere(next, rows)


async def test_an_iterator_of_a_closed_client_says_so(server, elsewhere):
    client = Kycaid(API_KEY, base_url=server.url)
    rows = client.verifications.report(DAY)
    client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        await elsewhere(next, rows)


async def test_one_that_began_on_another_loop_is_refused(blocking_client, elsewhere):
    items = BlockingIterator(blocking_client._handle, Source(10 * PREFETCH).numbers())

    async def begin():
        await items._prefetcher.take()

    await begin()  # here, in the test's loop: as if in the process that forked this one
    with pytest.raises(ConfigurationError, match="forked"):
        await elsewhere(list, items)
    await items._prefetcher.stop()


async def test_an_iterator_that_is_closed_after_its_client_ends_all_the_same(blocking_client, handle, elsewhere):
    source = Source(3, waits=True)
    items = BlockingIterator(handle, source.numbers())
    assert await elsewhere(next, items) == 0
    await elsewhere(blocking_client.close)
    await elsewhere(items.close)
    assert source.closed.is_set()


async def test_threads_that_share_one_get_each_item_once(handle, elsewhere):
    async def pages():
        for number in range(1000):
            if number % 10 == 0:
                await asyncio.sleep(0.002)
            yield number

    items, got = BlockingIterator(handle, pages()), []

    def work():
        for item in items:
            got.append(item)
            time.sleep(0.0002)  # others go on meanwhile, as where something is done with it

    await asyncio.gather(*(elsewhere(work) for _ in range(4)))
    assert sorted(got) == list(range(1000))


async def test_an_interruption_behind_a_wait_loses_no_item(handle, elsewhere, monkeypatch):
    items = BlockingIterator(handle, Source(PREFETCH + 5).numbers())
    take, interrupted = BlockingIterator._take, []

    def take_and_be_interrupted(self, call):
        take(self, call)
        if not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt

    monkeypatch.setattr(BlockingIterator, "_take", take_and_be_interrupted)
    with pytest.raises(KeyboardInterrupt):
        await elsewhere(next, items)
    assert await elsewhere(list, items) == list(range(PREFETCH + 5))
