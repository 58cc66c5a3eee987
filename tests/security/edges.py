"""Attacks on what others reach: callbacks that are forged, and requests to the sandbox that hold it up or lead it away.

Each function returns how many attacks were tried, and what held not.
"""

import asyncio
import base64
import gzip
import hashlib
import hmac
import io
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import aiohttp

from kycaid_async.callbacks import construct_event, parse, sign
from kycaid_async.errors import KycaidError
from kycaid_async.sandbox import Sandbox

Tried = tuple[int, list[str]]
"""How many attacks were tried, and a line for each that succeeded."""

KEY = "c0ffee00c0ffee00c0ffee00c0ffee00c0ff"
BODY = json.dumps({"type": "VERIFICATION_COMPLETED", "request_id": "1" * 36, "verified": False}).encode()
_PATIENCE = 0.5
"""Seconds of one answer that somebody else gets meanwhile: far more than it takes, far less than an attack took."""


def _forgeries(chance: random.Random) -> Iterator[tuple[str, bytes, object]]:
    good = sign(BODY, KEY)
    raw = hmac.new(KEY.encode(), BODY, "sha512").hexdigest()
    encoded = base64.b64encode(BODY)
    for name, signature in {
        "none": None,
        "empty": "",
        "over the raw body": raw,
        "SHA-256": hmac.new(KEY.encode(), encoded, "sha256").hexdigest(),
        "no key": hmac.new(b"", encoded, "sha512").hexdigest(),
        "plain hash": hashlib.sha512(encoded).hexdigest(),
        "upper case": good.upper(),
        "cut": good[:-1],
        "twice": good + good,
        "a list": [good],
        "bytes": good.encode(),
        "other digits": "".join(chr(0xFF10 + int(c)) if c.isdigit() else c for c in good),
    }.items():
        yield name, BODY, signature
    for _ in range(5000):
        place = chance.randrange(len(BODY))
        changed = bytes([BODY[place] ^ (1 << chance.randrange(8))])
        yield f"a bit at {place}", BODY[:place] + changed + BODY[place + 1 :], good
    for packed in (gzip.compress(BODY), BODY + b" ", b"\xef\xbb\xbf" + BODY, BODY.decode().encode("utf-16")):
        yield "the same content in other bytes", packed, good


def forged_callbacks() -> Tried:
    """Try signatures that are wrong in many ways, and bodies of which a bit was changed."""
    tried, broken = 0, []
    for name, body, signature in _forgeries(random.Random(1)):
        tried += 1
        with suppress(KycaidError):
            construct_event(body, signature, KEY)  # type: ignore[arg-type]
            broken.append(f"a forged callback was taken: {name}")
    return tried, broken


def events_that_hide_each_other() -> Tried:
    """Try bodies that share ids, types or content: each must be an event of its own."""
    seen: dict[str, bytes] = {}
    tried, broken = 0, []
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
                    tried += 1
                    if seen.setdefault(parse(body).identity, body) != body:
                        broken.append(f"two bodies are one event: {kind}, {id_!r}")
    return tried, broken


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


async def requests_that_hold_the_sandbox_up() -> Tried:
    """Send what takes long to read, and ask for something else meanwhile."""
    broken = []
    async with Sandbox() as sandbox, aiohttp.ClientSession(sandbox.url) as session:
        for name, (path, kind, make) in _REQUESTS.items():
            headers = _HEADERS[kind] | {"Authorization": f"Token {sandbox.api_key}"}
            body = await asyncio.to_thread(make)
            attack = asyncio.create_task(_send(session, path, body, headers))
            longest = 0.0
            while not attack.done():
                started = time.perf_counter()
                async with session.get("/_sandbox/health"):
                    longest = max(longest, time.perf_counter() - started)
            if await attack >= 500:
                broken.append(f"the sandbox failed: {name}")
            if longest > _PATIENCE:
                broken.append(f"the sandbox was held up for {longest:.1f} s: {name}")
    return len(_REQUESTS), broken


async def _send(session: aiohttp.ClientSession, path: str, body: bytes, headers: dict[str, str]) -> int:
    try:
        async with session.post(path, data=io.BytesIO(body), headers=headers) as answer:
            return answer.status
    except aiohttp.ClientError:  # closed while it was sent
        return 0


async def guesses_of_the_key() -> Tried:
    """Send many guesses at once, the right key among the last: it must not stand out."""
    guesses = 200
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
    broken = [f"{looked_at} of {guesses} guesses were looked at in a second"] if looked_at > 10 else []
    return guesses + 1, broken + ([] if found == 429 else ["the right key was told among the guesses"])


def all_of_them() -> dict[str, Tried]:
    """Run every class of attack on the edges, and return what came of it by its name."""
    return {
        "forged callbacks": forged_callbacks(),
        "events that hide each other": events_that_hide_each_other(),
        "requests that hold the sandbox up": asyncio.run(requests_that_hold_the_sandbox_up()),
        "guesses of the sandbox's key": asyncio.run(guesses_of_the_key()),
    }
