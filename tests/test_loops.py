"""Servers of ours that stop while somebody connects."""

import asyncio
import contextlib
import socket
from urllib.parse import urlsplit

import pytest
from anyio import to_thread

from kycaid_async.sandbox import Sandbox
from kycaid_async.testing import CallbackRecorder


def connected(url):
    return socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=10)


def was_let_go(connection):
    with connection, contextlib.suppress(ConnectionResetError):
        return connection.recv(1) == b""
    return True


@pytest.mark.parametrize("iterations", range(5))
async def test_a_sandbox_that_stops_lets_go_of_who_connects_meanwhile(iterations):
    problems = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context["message"]))
    async with Sandbox() as sandbox:
        connection = connected(sandbox.url)
        for _ in range(iterations):
            await asyncio.sleep(0)
    assert await to_thread.run_sync(was_let_go, connection)
    assert problems == []


def test_a_recorder_that_stops_lets_go_of_who_connects_meanwhile(caplog):
    for _ in range(30):
        with CallbackRecorder() as recorder:
            connection = connected(recorder.url)
        assert was_let_go(connection)
    assert not caplog.records
