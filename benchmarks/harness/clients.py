"""The clients that are compared, set up alike: keep-alive, as many connections as run at once, the same headers.

Apart from that each is as its own documentation shows it.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.harness.answers import KEY
from benchmarks.harness.case import Case
from benchmarks.harness.raw import RawConnection, RawSocket

if TYPE_CHECKING:
    import aiohttp

    from kycaid_async import AsyncKycaid

HEADERS = {"Authorization": f"Token {KEY}"}


def context_of(case: Case) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=case.cafile) if case.cafile else None


def original_urllib3() -> Any:
    """Return urllib3. Raises `ImportError` when urllib3-future, which niquests brings, has taken its place."""
    import urllib3

    if hasattr(urllib3, "AsyncPoolManager"):
        raise ImportError("urllib3-future has replaced urllib3 here; see benchmarks/README.md")
    return urllib3


@asynccontextmanager
async def sdk_client(case: Case, **options: Any) -> "AsyncIterator[AsyncKycaid]":
    from kycaid_async import AsyncKycaid

    given = {"max_connections": case.concurrency, "ssl_context": context_of(case), **options}
    async with AsyncKycaid(KEY, base_url=case.url, **given) as client:
        yield client


@asynccontextmanager
async def aiohttp_session(case: Case) -> "AsyncIterator[aiohttp.ClientSession]":
    import aiohttp

    connector = aiohttp.TCPConnector(limit=case.concurrency, ssl=context_of(case) or True)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:
        yield session


def _httpx_options(case: Case) -> dict[str, Any]:
    import httpx

    return {
        "headers": HEADERS,
        "verify": context_of(case) or True,
        "timeout": 60,
        "limits": httpx.Limits(max_connections=case.concurrency, max_keepalive_connections=case.concurrency),
    }


@asynccontextmanager
async def httpx_session(case: Case) -> AsyncIterator[Any]:
    import httpx

    async with httpx.AsyncClient(**_httpx_options(case)) as session:
        yield session


@contextmanager
def httpx_blocking(case: Case) -> Iterator[Any]:
    import httpx

    with httpx.Client(**_httpx_options(case)) as session:
        yield session


@asynccontextmanager
async def niquests_session(case: Case) -> AsyncIterator[Any]:
    import niquests

    async with niquests.AsyncSession(pool_maxsize=case.concurrency) as session:
        session.headers["Authorization"] = HEADERS["Authorization"]
        session.verify = case.cafile or True
        yield session


@contextmanager
def urllib3_pool(case: Case) -> Iterator[Any]:
    urllib3 = original_urllib3()
    options = {"ca_certs": case.cafile} if case.cafile else {}
    with urllib3.PoolManager(maxsize=case.concurrency, block=True, headers=HEADERS, **options) as pool:
        yield pool


@contextmanager
def requests_session(case: Case) -> Iterator[Any]:
    original_urllib3()
    import requests

    with requests.Session() as session:
        session.mount(case.url, requests.adapters.HTTPAdapter(pool_maxsize=case.concurrency))
        session.headers["Authorization"] = HEADERS["Authorization"]
        session.verify = case.cafile or True
        yield session


@asynccontextmanager
async def raw_connections(case: Case) -> AsyncIterator[list[RawConnection]]:
    """Give a stack of open connections, as many as run at once."""
    context = context_of(case)
    opened = [await RawConnection.open(case.url, context) for _ in range(case.concurrency)]
    yield opened
    for connection in opened:
        connection.transport.close()


@contextmanager
def raw_sockets(case: Case) -> Iterator[list[RawSocket]]:
    opened = [RawSocket(case.url) for _ in range(case.concurrency)]
    yield opened
    for connection in opened:
        connection.socket.close()
