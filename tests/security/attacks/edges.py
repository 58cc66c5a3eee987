"""Attacks on what others reach: callbacks that hide each other, requests that hold the sandbox up or guess its key."""

import asyncio
import gzip
import io
import json
import random
from collections.abc import Callable

import aiohttp

from kycaid_async.callbacks import parse
from kycaid_async.sandbox import Sandbox
from tests.effort import longest_hold
from tests.security.outcome import Outcome

NAME = "Callbacks that hide others; requests that hold the sandbox up; guesses of its key"
KEY = "c0ffee00c0ffee00c0ffee00c0ffee00c0ff"
BODY = json.dumps({"type": "VERIFICATION_COMPLETED", "request_id": "1" * 36, "verified": False}).encode()
_PATIENCE = 40
"""Pieces of work for which the event loop may be held up: far more than is usual, far less than an attack took."""


async def attack(_: random.Random, cases: int) -> Outcome:
    outcome = Outcome()
    _events_that_hide_each_other(outcome)
    await _requests_that_hold_the_sandbox_up(outcome)
    await _guesses_of_the_key(outcome, min(cases, 200))
    return outcome


def _events_that_hide_each_other(outcome: Outcome) -> None:
    """Try bodies that share ids, types or content: each must be an event of its own."""
    seen: dict[str, bytes] = {}
    for kind in ("VERIFICATION_COMPLETED", "SERVICE_RESULT", "DATABASE_SCREENING", "NEW", None):
        for id_ in ("1", "", " ", None, 1, ["1"]):
            for rest in (
                {},
                {"verified": True},
                {"verified": False},
                {"service_request_id": "1"},
                {"verified": "true"},
            ):
                for space in ("", " "):
                    body = json.dumps({"type": kind, "request_id": id_, **rest}).encode() + space.encode()
                    is_own = seen.setdefault(parse(body).identity, body) == body
                    outcome.count(is_own, f"two bodies are one event: {kind}, {id_!r}")


_BOUNDARY = b"x0x0x0"
_FILE = b"--" + _BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
_REQUESTS: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "many parts": ("/files", "multipart", lambda: (b"--" + _BOUNDARY + b"\r\n\r\n\r\n") * 100_000),
    "a long preamble": ("/files", "multipart", lambda: b"\r\n" * 2_000_000 + _FILE),
    "many headers of a part": ("/files", "multipart", lambda: _FILE[:-2] + b"a: b\r\n" * 200_000),
    "nested parts": (
        "/files",
        "multipart",
        lambda: (b"--" + _BOUNDARY + b"\r\nContent-Type: multipart/mixed; boundary=x0x0x0\r\n\r\n") * 50_000,
    ),
    "deep JSON": ("/applicants", "json", lambda: b"[" * 120_000),
    "long JSON": ("/applicants", "json", lambda: json.dumps({"type": [""] * 30_000}).encode()),
    "endless JSON": ("/applicants", "json", lambda: b" " * (20 << 20)),
    "long lists of types": ("/verifications", "json", lambda: json.dumps({"types": ["A"] * 25_000}).encode()),
    "many fields": ("/documents", "json", lambda: json.dumps({f"{n:x}": n for n in range(9000)}).encode()),
    "faults of many operations": (
        "/_sandbox/faults",
        "json",
        lambda: json.dumps({"kind": "500", "count": 1, "operations": ["qes.list"] * 9000}).encode(),
    ),
    "a bomb": ("/applicants", "gzip", lambda: gzip.compress(b" " * (50 << 20))),
}
_HEADERS = {
    "multipart": {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY.decode()}"},
    "json": {"Content-Type": "application/json"},
    "gzip": {"Content-Type": "application/json", "Content-Encoding": "gzip"},
}


async def _requests_that_hold_the_sandbox_up(outcome: Outcome) -> None:
    """Send what takes long to read, and ask for something else meanwhile."""
    async with Sandbox() as sandbox, aiohttp.ClientSession(sandbox.url) as session:
        for name, (path, kind, make) in _REQUESTS.items():
            headers = _HEADERS[kind] | {"Authorization": f"Token {sandbox.api_key}"}
            body = await asyncio.to_thread(make)
            asked = 0
            async with longest_hold() as hold:
                sending = asyncio.create_task(_send(session, path, body, headers))
                while not sending.done() or not asked:
                    async with session.get("/_sandbox/health") as answer:
                        asked += answer.status == 200
            held = await sending < 500 and hold.pieces < _PATIENCE
            outcome.count(held, f"the sandbox failed, or was held up for {hold.pieces:.0f} pieces of work: {name}")


async def _send(session: aiohttp.ClientSession, path: str, body: bytes, headers: dict[str, str]) -> int:
    try:
        async with session.post(path, data=io.BytesIO(body), headers=headers) as answer:
            return answer.status
    except aiohttp.ClientError:  # closed while it was sent
        return 0


async def _guesses_of_the_key(outcome: Outcome, guesses: int) -> None:
    """Send many guesses at once, the right key among the last: it must not stand out."""
    async with Sandbox(api_key=KEY) as sandbox, aiohttp.ClientSession(sandbox.url) as session:

        async def ask(key: str) -> int:
            async with session.get("/applicants/x", headers={"Authorization": f"Token {key}"}) as answer:
                return answer.status

        tasks = [asyncio.create_task(ask(f"guess {n}")) for n in range(guesses)]
        done, _ = await asyncio.wait(tasks, timeout=1)
        looked_at = sum(task.result() == 401 for task in done)
        found = await ask(KEY)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for n in range(guesses):
        outcome.count(n >= looked_at or looked_at <= 10, f"{looked_at} of {guesses} guesses were looked at in a second")
    outcome.count(found == 429, "the right key was told among the guesses")
