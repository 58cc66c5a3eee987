"""A server that points elsewhere gets nobody to follow, so that the key stays with its host."""

import contextlib
import random

from kycaid_async import AsyncKycaid, KycaidError
from tests.security.outcome import Outcome
from tests.security.raw_server import RawServer, answers

NAME = "Redirects to other hosts, schemes and paths"
STATUSES = (300, 301, 302, 303, 305, 307, 308, 310, 399)


async def attack(chance: random.Random, cases: int) -> Outcome:
    outcome, server, elsewhere = Outcome(), RawServer(), RawServer()
    port = elsewhere.port
    places = [
        f"http://127.0.0.1:{port}/",
        f"//127.0.0.1:{port}/x",
        f"HTTP://localhost:{port}",
        f"http://u:p@127.0.0.1:{port}/",
    ]
    places += [
        "/other",
        "?x",
        "",
        "file:///etc/passwd",
        "javascript:1",
        f"http://127.1:{port}/",
        "http://[::1",
        "\\\\x",
    ]
    async with AsyncKycaid("key", base_url=server.url, max_retries=1) as client:
        for _ in range(cases):
            status, place = chance.choice(STATUSES), chance.choice(places)
            before = len(server.requests)
            server.behave = answers(
                status, "{}", f"{chance.choice(('Location', 'Refresh', 'Content-Location'))}: {place}"
            )
            method = chance.choice(("GET", "POST", "PUT", "PATCH", "DELETE"))
            with contextlib.suppress(KycaidError):
                await client.request(method, "/documents", json={"a": 1} if method != "GET" else None)
                outcome.count(False, f"{status} {place} was taken for an answer")
                continue
            held = not elsewhere.requests and len(server.requests) - before <= 2
            outcome.count(held, f"{method}: {status} to {place} was followed")
    server.close()
    elsewhere.close()
    return outcome
