"""Small calls: a typed object from us, a dict from ``json.loads`` from all others.

Raw is an ``asyncio.Protocol`` that knows the answer's form: the floor. urllib3 and requests run in threads.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

from benchmarks.harness import clients, raw
from benchmarks.harness.answers import CREDIT_CARD, DOCUMENT_ID, NEW_DOCUMENT
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.figures import at_least, at_most
from benchmarks.harness.report import Report, command, show
from benchmarks.harness.rounds import Comparison, compare
from benchmarks.harness.server import serving
from benchmarks.harness.spreading import AsyncWork, Work, in_tasks, in_threads

LATENCY = 0.05


def _gets(case: Case) -> bool:
    return bool(case.options["method"] == "GET")


def _url(case: Case) -> str:
    return f"{case.url}/documents/{DOCUMENT_ID}" if _gets(case) else f"{case.url}/documents"


@asynccontextmanager
async def sdk(case: Case) -> AsyncIterator[AsyncWork]:
    from kycaid_async import CreditCard

    async with clients.sdk_client(case) as client:

        async def get(_: int) -> object:
            return await client.documents.get(DOCUMENT_ID)

        async def post(_: int) -> object:
            return await client.documents.create(CreditCard(**CREDIT_CARD))

        yield in_tasks(get if _gets(case) else post, case.concurrency)


@asynccontextmanager
async def bare_aiohttp(case: Case) -> AsyncIterator[AsyncWork]:
    url = _url(case)
    async with clients.aiohttp_session(case) as session:

        async def get(_: int) -> Any:
            async with session.get(url) as response:
                return json.loads(await response.read())

        async def post(_: int) -> Any:
            async with session.post(url, json=NEW_DOCUMENT) as response:
                return json.loads(await response.read())

        yield in_tasks(get if _gets(case) else post, case.concurrency)


@asynccontextmanager
async def raw_protocol(case: Case) -> AsyncIterator[AsyncWork]:
    async with clients.raw_connections(case) as free:
        path = _url(case).removeprefix(case.url)

        async def call(_: int) -> Any:
            body = b"" if _gets(case) else json.dumps(NEW_DOCUMENT).encode()
            head = raw.head(case.options["method"], path, len(body) if body else None)
            connection = free.pop()
            try:
                return await connection.call(head + body)
            finally:
                free.append(connection)

        yield in_tasks(call, case.concurrency)


@asynccontextmanager
async def httpx(case: Case) -> AsyncIterator[AsyncWork]:
    async with clients.httpx_session(case) as session:
        yield in_tasks(_requests_style(session, case), case.concurrency)


@asynccontextmanager
async def niquests(case: Case) -> AsyncIterator[AsyncWork]:
    async with clients.niquests_session(case) as session:
        yield in_tasks(_requests_style(session, case), case.concurrency)


def _requests_style(session: Any, case: Case) -> Any:
    url = _url(case)

    async def get(_: int) -> Any:
        return json.loads((await session.get(url)).content)

    async def post(_: int) -> Any:
        return json.loads((await session.post(url, json=NEW_DOCUMENT)).content)

    return get if _gets(case) else post


@contextmanager
def requests(case: Case) -> Iterator[Work]:
    url = _url(case)
    with ExitStack() as stack:
        session = stack.enter_context(clients.requests_session(case))

        def get(_: int) -> Any:
            return json.loads(session.get(url).content)

        def post(_: int) -> Any:
            return json.loads(session.post(url, json=NEW_DOCUMENT).content)

        yield stack.enter_context(in_threads(get if _gets(case) else post, case.concurrency))


@contextmanager
def urllib3(case: Case) -> Iterator[Work]:
    url = _url(case)
    with ExitStack() as stack:
        pool = stack.enter_context(clients.urllib3_pool(case))

        def get(_: int) -> Any:
            return json.loads(pool.request("GET", url).data)

        def post(_: int) -> Any:
            return json.loads(pool.request("POST", url, json=NEW_DOCUMENT).data)

        yield stack.enter_context(in_threads(get if _gets(case) else post, case.concurrency))


PEERS = {
    "kycaid_async": sdk,
    "aiohttp": bare_aiohttp,
    "raw asyncio": raw_protocol,
    "httpx": httpx,
    "niquests": niquests,
    "urllib3": urllib3,
    "requests": requests,
}


def run(plan: Plan) -> Report:
    report = Report()
    found: dict[tuple[str, int, bool, float], Comparison] = {}
    for case in _QUICK if plan.quick else _CASES:
        found[case] = _compare(plan, *case)
        show(found[case])
    report.comparisons = list(found.values())
    plain = found.get(("GET", 16, False, 0.0))
    if plain is not None:
        cpu, against_httpx = plain.ratio("kycaid_async", "aiohttp", "cpu"), plain.ratio("httpx", "kycaid_async")
        report.figures = [
            at_most("documents.get, 16 at once, CPU ÷ aiohttp + json.loads", cpu, 0.65),
            at_least("documents.get, 16 at once, against httpx, calls/s", against_httpx, 5, 8),
        ]
    return report


_CASES = [
    *((method, n, False, 0.0) for method in ("GET", "POST") for n in (1, 16, 64)),
    ("GET", 16, True, 0.0),
    ("GET", 64, False, LATENCY),
]
_QUICK = [("POST", 4, True, 0.001)]


def _compare(plan: Plan, method: str, concurrency: int, tls: bool, latency: float) -> Comparison:
    title = f"{method} a document, {concurrency} at once" + (", TLS" if tls else "")
    title += f", {latency * 1000:.0f} ms of latency" if latency else ""
    with serving(tls=tls, latency=latency) as server:
        case = Case(
            title=title,
            url=server.url,
            cafile=server.cafile,
            concurrency=concurrency,
            options={"method": method},
        )
        return compare("benchmarks.calls", case, PEERS, plan, server)


if __name__ == "__main__":
    command("calls", run)
