"""Ends of servers: a receiver of callbacks in the middle of a handler, and sandboxes with an open request."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from kycaid_async.callbacks import SIGNATURE_HEADER, sign

_RECEIVER = """
import asyncio, sys
from aiohttp import web
from sqlalchemy.ext.asyncio import create_async_engine
from kycaid_async.callbacks import Deduplicator
from kycaid_async.callbacks.sqlalchemy import SQLAlchemySeenStore
from kycaid_async.web.aiohttp import callback_route
port, seen, lasts = sys.argv[1:]
store = SQLAlchemySeenStore(create_async_engine(f"sqlite+aiosqlite:///{seen}"))
async def handle(event):
    print("begun", flush=True)
    if lasts == "for ever":
        await asyncio.Event().wait()
async def prepare(app):
    await store.create_table()
app = web.Application()
app.on_startup.append(prepare)
app.add_routes([callback_route(handle, "key", deduplicator=Deduplicator(store, lease=1.0))])
web.run_app(app, port=int(port), host="127.0.0.1", shutdown_timeout=0.5, print=None)
"""
_EVENT = b'{"type": "VERIFICATION_COMPLETED", "request_id": "1"}'
_KEY = "0123456789abcdef0123456789abcdef0123"
_PATIENCE = 40.0


def _handler(number: signal.Signals, times: int) -> list[str]:
    """End a receiver while a handler runs; then deliver the event again, to a receiver whose handler ends."""
    with tempfile.TemporaryDirectory() as folder:
        port, seen = _free_port(), str(Path(folder, "seen.sqlite3"))
        process = _start(_RECEIVER, str(port), seen, "for ever")
        with _connected(port, process) as connection:
            problems = _end_handler(process, connection, number, times)
        process = _start(_RECEIVER, str(port), seen, "not long")
        try:
            with _connected(port, process) as connection:
                connection.settimeout(_PATIENCE)
                connection.sendall(_delivery())
                answer = connection.recv(100)
        finally:
            process.terminate()
            out, err = process.communicate(timeout=_PATIENCE)
        if b" 200 " not in answer or "begun" not in out:
            problems.append(f"an event whose handler was cut off is not handled again: {answer!r} {err[-300:]}")
        return problems


def _end_handler(process: "subprocess.Popen[str]", connection: Any, number: signal.Signals, times: int) -> list[str]:
    connection.sendall(_delivery())
    assert process.stdout is not None
    problems = [] if "begun" in process.stdout.readline() else ["the handler was not called"]
    if hung := _end(process, number, times):
        return [*problems, *hung]
    connection.settimeout(5)
    try:
        answer = connection.recv(100)
    except OSError:
        answer = b""
    if b" 200 " in answer:
        problems.append("a callback that was not handled was answered 200")
    return problems


def _delivery() -> bytes:
    lines = f"Host: x\r\nContent-Length: {len(_EVENT)}\r\n{SIGNATURE_HEADER}: {sign(_EVENT, 'key')}\r\n\r\n"
    return f"POST /kycaid HTTP/1.1\r\n{lines}".encode() + _EVENT


def _sandbox(number: signal.Signals, times: int) -> list[str]:
    """End a sandbox whose data are gone with it."""
    process, port = _start_sandbox("--fault", "latency=60")
    return _end_sandbox(process, port, number, times)


def _sandbox_with_data(number: signal.Signals, times: int) -> list[str]:
    """End a sandbox that keeps its data, and look for them in the next one."""
    with tempfile.TemporaryDirectory() as folder:
        process, port = _start_sandbox("--data", folder, "--fault", "latency=60:countries.list")
        made = _ask(port, "POST", "/applicants", {"type": "PERSON", "first_name": "Jane", "last_name": "Example"})
        problems = _end_sandbox(process, port, number, times)
        process, port = _start_sandbox("--data", folder)
        found = _ask(port, "GET", f"/applicants/{made['applicant_id']}")
        if found.get("first_name") != "Jane":
            problems.append("what was made is gone")
        return problems + _end_sandbox(process, port, signal.SIGINT, 1)


def _start_sandbox(*words: str) -> tuple["subprocess.Popen[str]", int]:
    command = ["-m", "kycaid_async.cli", "sandbox", "--port", "0", "--api-key", _KEY, "--quiet", *words]
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert process.stdout is not None
    while (line := process.stdout.readline()) and not (port := re.search(r"http://127\.0\.0\.1:(\d+)", line)):
        pass
    assert line, f"the sandbox did not start: {process.communicate()[1]}"
    return process, int(port[1])


def _end_sandbox(process: "subprocess.Popen[str]", port: int, number: signal.Signals, times: int) -> list[str]:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"GET /countries HTTP/1.1\r\nHost: x\r\nAuthorization: Token {_KEY}\r\n\r\n"
        connection.sendall(head.encode())
        for _ in range(times):
            process.send_signal(number)
        try:
            _, err = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            return ["it did not end"]
    ended = process.returncode in (0, 128 + number, -number)
    return [] if ended and "Traceback" not in err else [f"it ended with {process.returncode}: {err[-400:]}"]


def _ask(port: int, method: str, path: str, body: object = None) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        headers = {"Authorization": f"Token {_KEY}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _start(program: str, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _end(process: "subprocess.Popen[str]", number: signal.Signals, times: int) -> list[str]:
    for _ in range(times):
        process.send_signal(number)
    try:
        process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        return ["it did not end"]
    return []


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _connected(port: int, process: "subprocess.Popen[str]") -> Any:
    while process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            continue
    raise AssertionError("the receiver did not start")


SERVERS: dict[str, Callable[[signal.Signals, int], list[str]]] = {
    "a callback's handler": _handler,
    "the sandbox": _sandbox,
    "a sandbox that keeps its data": _sandbox_with_data,
}
