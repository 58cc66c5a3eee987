"""Small calls without asyncio: a typed object from ``Kycaid``, a dict from all others. A socket is the floor.

One client or session for all threads, with a connection for each.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.harness import clients, raw
from benchmarks.harness.answers import DOCUMENT_ID, KEY
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.figures import at_least
from benchmarks.harness.report import Report, command, show
from benchmarks.harness.rounds import Comparison, compare
from benchmarks.harness.server import serving
from benchmarks.harness.spreading import Work, in_threads

PATH = f"/documents/{DOCUMENT_ID}"


def _sdk(case: Case, stack: ExitStack) -> Callable[[int], object]:
    from kycaid_async import Kycaid

    client = stack.enter_context(Kycaid(KEY, base_url=case.url, max_connections=case.concurrency))
    return lambda _: client.documents.get(DOCUMENT_ID)


def _requests(case: Case, stack: ExitStack) -> Callable[[int], object]:
    session = stack.enter_context(clients.requests_session(case))
    return lambda _: json.loads(session.get(case.url + PATH).content)


def _untrusting(case: Case, stack: ExitStack) -> Callable[[int], object]:
    session = stack.enter_context(clients.requests_session(case))
    session.trust_env = False
    return lambda _: json.loads(session.get(case.url + PATH).content)


def _httpx(case: Case, stack: ExitStack) -> Callable[[int], object]:
    session = stack.enter_context(clients.httpx_blocking(case))
    return lambda _: json.loads(session.get(case.url + PATH).content)


def _urllib3(case: Case, stack: ExitStack) -> Callable[[int], object]:
    pool = stack.enter_context(clients.urllib3_pool(case))
    return lambda _: json.loads(pool.request("GET", case.url + PATH).data)


def _raw(case: Case, stack: ExitStack) -> Callable[[int], object]:
    free = stack.enter_context(clients.raw_sockets(case))
    request = raw.head("GET", PATH)

    def call(_: int) -> Any:
        connection = free.pop()
        try:
            return connection.call(request)
        finally:
            free.append(connection)

    return call


def _peer(prepare: Callable[[Case, ExitStack], Callable[[int], object]]) -> Callable[[Case], Any]:
    @contextmanager
    def peer(case: Case) -> Iterator[Work]:
        with ExitStack() as stack:
            yield stack.enter_context(in_threads(prepare(case, stack), case.concurrency))

    return peer


PEERS = {
    "Kycaid": _peer(_sdk),
    "requests": _peer(_requests),
    "requests, trust_env=False": _peer(_untrusting),
    "httpx": _peer(_httpx),
    "urllib3": _peer(_urllib3),
    "raw socket": _peer(_raw),
}


def run(plan: Plan) -> Report:
    if plan.quick:
        return Report([_compare(plan, 4)])
    one, many = _compare(plan, 1), _compare(plan, 16)
    figures = [
        at_least("blocking GET, one thread, against requests.Session, calls/s", _times(one), 2, 2.8),
        at_least("blocking GET, 16 threads, against requests.Session, calls/s", _times(many), 2),
    ]
    return Report([one, many], figures)


def _times(comparison: Comparison) -> float | None:
    return comparison.ratio("requests", "Kycaid")


def _compare(plan: Plan, threads: int) -> Comparison:
    with serving() as server:
        title = f"GET a document, {threads} thread{'s' if threads > 1 else ''}"
        made = compare(
            "benchmarks.blocking", Case(title=title, url=server.url, concurrency=threads), PEERS, plan, server
        )
    show(made)
    return made


if __name__ == "__main__":
    command("blocking", run)
