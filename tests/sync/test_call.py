"""A blocking call that is interrupted leaves nothing behind, however early that happens."""

import asyncio
import errno
import gc
import sys
import warnings
from pathlib import Path
from queue import Empty
from types import SimpleNamespace

import pytest

from kycaid_async import Kycaid
from kycaid_async.sync.blocking import Blocking, blocking
from kycaid_async.sync.call import LOOK_AFTER, LoopCall
from kycaid_async.sync.loop_thread import _no_loop


class InterruptedInbox:
    """Ctrl-C in the wait for the call; in that for its end the loop does all that it was asked to do, at once."""

    def __init__(self, loop):
        self.loop, self.items = loop, []

    def put(self, item):
        self.items.append(item)

    def get(self, *, timeout=None):
        if timeout == LOOK_AFTER:
            raise KeyboardInterrupt
        self.loop.run_until_complete(asyncio.sleep(0))
        if not self.items:
            raise Empty
        return self.items.pop()

    def close(self):
        return


@pytest.mark.parametrize("handed_over", [True, False], ids=["before its first step", "before the loop had it"])
def test_a_call_that_never_began_ends_at_once_and_has_no_coroutine(monkeypatch, handed_over):
    loop = asyncio.new_event_loop()
    call = LoopCall(loop, SimpleNamespace(is_shut_down=False, current_loop=lambda: loop, serves=lambda _: True))
    call._inbox = inbox = InterruptedInbox(loop)
    schedule, asked = loop.call_soon_threadsafe, []

    def interrupted_once(function, *arguments):
        asked.append(function)
        if len(asked) == 1 and not handed_over:
            raise KeyboardInterrupt
        return schedule(function, *arguments)

    monkeypatch.setattr(loop, "call_soon_threadsafe", interrupted_once)
    ended, made = [], []

    def make():
        made.append("a coroutine")
        return asyncio.sleep(0)

    monkeypatch.setattr(inbox, "put", lambda item: (ended.append(item), inbox.items.append(item)))
    with pytest.raises(KeyboardInterrupt):
        call.of(make).run()
    assert (made, ended) == ([], [None])
    loop.close()


class Interrupt:
    """Ctrl-C before the instruction with this number, of those of the blocking client in this thread."""

    def __init__(self, number):
        self.left = number

    def __call__(self, frame, event, _):
        if Path(frame.f_code.co_filename).parent.name != "sync":
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.left -= 1
            if self.left == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self


class Target:
    async def get(self, *, answer):
        return answer


class Twin(Blocking):
    get = blocking(Target.get)


@pytest.fixture
def twin():
    client = Kycaid("k")
    found = Twin(client._handle, Target())
    assert found.get(answer=1) == 1, "the loop runs from here on"
    yield found
    client.close()


def interrupted(call, number):
    """Say whether the call came to that instruction."""
    tracer, interrupt = sys.gettrace(), Interrupt(number)
    sys._getframe().f_trace_opcodes = True  # Python 3.12 looks for one such frame when tracing begins
    try:
        sys.settrace(interrupt)
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(tracer)
    return interrupt.left <= 0


def test_no_coroutine_is_lost_at_whatever_instruction_ctrl_c_comes(twin):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        number = 1
        while interrupted(lambda: twin.get(answer=1), number):
            number += 1
        gc.collect()
    assert number > 50
    assert [str(warning.message) for warning in warned] == []
    assert twin.get(answer=2) == 2


def test_a_loop_that_cannot_start_is_told_by_the_error_within_its_group():
    lack = OSError(errno.EMFILE, "Too many open files")
    grouped = BaseExceptionGroup("secret", [ExceptionGroup("secret", [lack]), KeyboardInterrupt()])
    for error in (lack, grouped):
        assert _no_loop(error).message == "the event loop cannot start (OSError: Too many open files)"
    assert (
        _no_loop(ExceptionGroup("secret", [ValueError("secret")])).message == "the event loop cannot start (ValueError)"
    )
