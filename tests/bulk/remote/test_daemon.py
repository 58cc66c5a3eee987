"""Threads that hang hold up nobody, and those that do not are used again."""

import asyncio
import subprocess
import sys
import threading

import pytest

from kycaid_async.bulk.remote import daemon
from kycaid_async.bulk.remote.daemon import Daemons, in_daemon


@pytest.fixture(autouse=True)
def daemons(monkeypatch):
    monkeypatch.setattr(daemon, "_daemons", Daemons(2))


async def test_results_and_errors_come_as_values():
    assert await in_daemon(lambda: 7) == 7
    assert isinstance(await in_daemon(lambda: 1 / 0), ZeroDivisionError)


async def test_threads_are_used_again_and_there_are_never_too_many():
    found = await asyncio.gather(*(in_daemon(threading.get_ident) for _ in range(100)))
    found += [await in_daemon(threading.get_ident) for _ in range(10)]
    assert len(set(found)) <= 2


async def test_those_that_hang_hold_up_no_others():
    over, begun = threading.Event(), []
    waiting = [asyncio.ensure_future(in_daemon(lambda: begun.append(1) or over.wait())) for _ in range(10)]
    while len(begun) < 2:
        await asyncio.sleep(0)
    for one in waiting:
        one.cancel()
    await asyncio.wait(waiting)
    found = await asyncio.wait_for(asyncio.gather(*(in_daemon(threading.get_ident) for _ in range(20))), 10)
    assert len(set(found)) <= 2
    over.set()


async def test_what_was_given_up_before_it_began_is_never_done():
    over, done = threading.Event(), []
    hanging = [asyncio.ensure_future(in_daemon(over.wait)) for _ in range(2)]
    late = asyncio.ensure_future(in_daemon(lambda: done.append(1)))
    await asyncio.sleep(0)
    late.cancel()
    await asyncio.wait([late])
    over.set()
    await asyncio.wait(hanging)
    await in_daemon(lambda: None)
    assert done == []


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="forks of POSIX")
def test_a_child_has_threads_of_its_own():
    code = """
import asyncio, os
from kycaid_async.bulk.remote import daemon
from kycaid_async.bulk.remote.daemon import in_daemon
async def ask():
    return await asyncio.wait_for(in_daemon(lambda: 7), 20)
assert asyncio.run(ask()) == 7
child = os.fork()
if not child:
    os._exit(asyncio.run(ask()))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
