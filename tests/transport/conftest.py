"""What the tests of the transport share."""

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohappyeyeballs
import aiohttp
import pytest
import trustme

from tests.upload_server import UploadServer


@pytest.fixture
async def uploads() -> AsyncIterator[UploadServer]:
    async with UploadServer() as server:
        yield server


def send_into_small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system keep next to nothing of what is sent, so that it stays with the sender until it is read."""

    def made(info: tuple) -> socket.socket:
        found = socket.socket(info[0], info[1], info[2])
        found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return found

    real = aiohappyeyeballs.start_connection

    async def start(**options: object) -> socket.socket:
        return await real(**{**options, "socket_factory": made})

    monkeypatch.setattr(aiohappyeyeballs, "start_connection", start)


def passing_on(seen: list[str]) -> Callable[..., Awaitable[aiohttp.ClientResponse]]:
    """Return a function for the place of aiohttp's, as tracers put one there, which notes every request."""
    real = aiohttp.ClientSession._request

    async def request(self: aiohttp.ClientSession, method: str, url: object, **options: object) -> object:
        seen.append(f"{method} {url}")
        return await real(self, method, url, **options)

    return request


@pytest.fixture(params=["directly", "through aiohttp's session"])
def each_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send requests in both ways that there are."""
    if request.param != "directly":
        monkeypatch.setattr(aiohttp.ClientSession, "_request", passing_on([]))


@pytest.fixture(scope="session")
def tls_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server on 127.0.0.1, and of a client that trusts it."""
    authority = trustme.CA()
    serving, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    return serving, trusting
