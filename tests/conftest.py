"""What all tests share: a scripted server, and clients whose clock and chance are under control."""

import gc
import logging
import os
import warnings
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from unittest.mock import Mock

import aiohttp
import attrs
import pytest
from aiohttp import web
from hypothesis import HealthCheck, settings

from kycaid_async import AsyncKycaid
from kycaid_async.timing import Timing
from tests.signals import heed_terminal

# The same examples in every run, and no verdict about how fast this machine makes them.
# `--hypothesis-profile explore` looks further.
settings.register_profile("default", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

# Sentry imports eventlet, whose own DNS cannot be imported where dnspython finds an HTTP library that works on trio.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

heed_terminal()

API_KEY = "0123456789abcdef0123456789abcdef0123"


@pytest.fixture(scope="session", autouse=True)
def _options_of_this_run_only():
    """Keep how this run was asked for from the runs of pytest that tests start.

    Not before: the workers of pytest-xdist read it, too, and would measure no coverage without it.
    """
    os.environ.pop("PYTEST_ADDOPTS", None)


@pytest.fixture(scope="session", autouse=True)
def _no_word_of_a_busy_machine():
    """Keep out of the logs what asyncio says of each step that took long, with `-X dev`.

    Tests would find it where they look that nothing was logged, and in the memory that they measure.
    """
    logging.getLogger("asyncio").addFilter(lambda record: record.msg != "Executing %s took %.3f seconds")


@pytest.fixture(scope="module", autouse=True)
def _garbage_of_one_module():
    """Let the garbage collector look at what a module leaves once, at its end.

    A process that has run thousands of tests holds a gigabyte of theirs, and each look at that takes a second.
    """
    gc.freeze()
    yield
    with warnings.catch_warnings():
        # Older versions of pytest-asyncio leave a loop behind, with the two sockets by which it is woken.
        left = r"unclosed (event loop|<socket\.socket fd=\d+, family=1, type=1, proto=0)"
        warnings.filterwarnings("ignore", left, ResourceWarning)
        gc.collect()


@attrs.define
class Received:
    """A request as the scripted server saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes


@attrs.define
class ScriptedServer:
    """A real server on loopback that records requests and gives the answers it was told to give."""

    url: str = ""
    answers: deque[web.Response] = attrs.field(factory=deque)
    requests: list[Received] = attrs.field(factory=list)

    def answer(self, status: int = 200, body: bytes | str | dict | list = b"", headers: dict | None = None) -> None:
        """Give this answer to the next request that has none yet."""
        if isinstance(body, dict | list):
            response = web.json_response(body, status=status, headers=headers)
        else:
            raw = body.encode() if isinstance(body, str) else body
            response = web.Response(status=status, body=raw, headers=headers)
        self.answers.append(response)

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(
            Received(request.method, request.path, dict(request.query), request.headers.copy(), await request.read())
        )
        return self.answers.popleft() if self.answers else web.json_response({"type": "unscripted"}, status=599)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{tail:.*}", scripted.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield scripted
    await runner.cleanup()


@attrs.define
class FakeTime:
    """A clock that moves only when somebody sleeps, and a chance that is always the same."""

    now: float = 1000.0
    slept: list[float] = attrs.field(factory=list)
    chance: float = 1.0
    before_sleep: Callable[[], Awaitable[None]] | None = None

    async def sleep(self, seconds: float) -> None:
        if self.before_sleep is not None:
            await self.before_sleep()
        self.slept.append(seconds)
        self.now += seconds

    def timing(self) -> Timing:
        return Timing(clock=lambda: self.now, sleep=self.sleep, chance=lambda: self.chance)


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
async def make_client(fake_time: FakeTime) -> AsyncIterator[Callable[..., AsyncKycaid]]:
    """Make clients that never really sleep, and close them at the end."""
    made: list[AsyncKycaid] = []

    def make(base_url: str, **options: Any) -> AsyncKycaid:
        client = AsyncKycaid(**{"api_key": API_KEY, "base_url": base_url} | options)
        client._shared.timing = fake_time.timing()
        made.append(client)
        return client

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def client(server: ScriptedServer, make_client: Callable[..., AsyncKycaid]) -> AsyncKycaid:
    return make_client(server.url)


class PatchedResponse(aiohttp.ClientResponse):
    """aioresponses 0.7.9 does not know the argument that aiohttp 3.14 asks for (aioresponses issue 289)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)
