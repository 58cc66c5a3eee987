"""A blocking call that is interrupted leaves nothing behind, however early that happens."""

import asyncio
import inspect
from queue import Empty

import pytest

from kycaid_async.sync.call import LoopCall


class InterruptedInbox:
    """Ctrl-C at the first wait; at the second the loop does all that it was asked to do, at once."""

    def __init__(self, loop):
        self.loop, self.items = loop, []

    def put(self, item):
        self.items.append(item)

    def get(self, *, timeout=None):
        if timeout is None:
            raise KeyboardInterrupt
        self.loop.run_until_complete(asyncio.sleep(0))
        if not self.items:
            raise Empty
        return self.items.pop()

    def close(self):
        return


@pytest.mark.parametrize("handed_over", [True, False], ids=["before its first step", "before the loop had it"])
def test_a_call_that_never_began_ends_at_once_and_its_coroutine_is_closed(monkeypatch, handed_over):
    loop = asyncio.new_event_loop()
    call = LoopCall(loop, lambda: False)
    call._inbox = inbox = InterruptedInbox(loop)
    schedule, asked = loop.call_soon_threadsafe, []

    def interrupted_once(function, *arguments):
        asked.append(function)
        if len(asked) == 1 and not handed_over:
            raise KeyboardInterrupt
        return schedule(function, *arguments)

    monkeypatch.setattr(loop, "call_soon_threadsafe", interrupted_once)
    ended = []
    monkeypatch.setattr(inbox, "put", lambda item: (ended.append(item), inbox.items.append(item)))
    coroutine = asyncio.sleep(0)
    with pytest.raises(KeyboardInterrupt):
        call.run(coroutine)
    assert (inspect.getcoroutinestate(coroutine), ended) == (inspect.CORO_CLOSED, [None])
    loop.close()
