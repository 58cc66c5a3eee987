"""Uploads from paths: alone, and each followed by the document that refers to it.

``client.bulk`` does what is followed by a document; it looks into each file, hashes it and keeps a ledger as well.
Raw reads whole files up to 1 MiB and pieces of 256 KiB above, and hands them to an ``asyncio.Protocol``: the floor.
aiohttp has ``FormData`` with an open file, the obvious code; httpx and requests have ``files={"file": …}``.
"""

import itertools
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import clients, raw
from benchmarks.harness.answers import CREDIT_CARD, NEW_DOCUMENT
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.figures import Figure, at_least, at_most
from benchmarks.harness.report import Report, command, show
from benchmarks.harness.rounds import Comparison, compare
from benchmarks.harness.server import serving
from benchmarks.harness.spreading import AsyncWork, Work, in_tasks, in_threads

if TYPE_CHECKING:
    from kycaid_async import AsyncKycaid, BulkRow, BulkSummary

SMALL, LARGE = 200_000, 5_000_000
AT_ONCE = 16
THREADS = 32
MANY_AT_ONCE, LATENCY = 64, 0.05
_WHOLE, _PIECE = 1 << 20, 1 << 18
_BOUNDARY = "b" * 32


def _paths(case: Case) -> list[Path]:
    return sorted(Path(case.options["folder"]).iterdir())


def _new_document(file_id: str) -> dict[str, Any]:
    return NEW_DOCUMENT | {"front_side_id": file_id}


def _each(
    case: Case, upload: Callable[[Path], Awaitable[str]], create: Callable[[str], Awaitable[object]]
) -> AsyncWork:
    paths = _paths(case)

    async def one(number: int) -> None:
        file_id = await upload(paths[number % len(paths)])
        if case.options["documents"]:
            await create(file_id)

    return in_tasks(one, case.concurrency)


@asynccontextmanager
async def sdk(case: Case) -> AsyncIterator[AsyncWork]:
    from kycaid_async import CreditCard

    async with clients.sdk_client(case) as client:

        async def create(file_id: str) -> str:
            return await client.documents.create(CreditCard(**CREDIT_CARD | {"front_side_id": file_id}))

        yield _each(case, client.files.create, create)


def rows_of(paths: Iterable[Path], first: int = 0) -> "Iterator[BulkRow]":
    """Give a row for each path, of an applicant of its own."""
    from kycaid_async import BulkRow

    for number, path in enumerate(paths, first):
        document = {"type": "CREDIT_CARD", "card_number": CREDIT_CARD["card_number"]}
        yield BulkRow(document=document, applicant_id=f"{number:036}", front_side=path)


async def deliver(client: "AsyncKycaid", rows: "Iterable[BulkRow]", ledger: Path) -> "BulkSummary":
    """Deliver all rows. Raises the error of the first that fails."""
    upload = client.bulk.upload(rows, ledger=ledger, on_error="stop")
    async for _ in upload:
        pass
    return upload.summary


@asynccontextmanager
async def bulk(case: Case) -> AsyncIterator[AsyncWork]:
    """Each round has a new ledger, and as many files at most as there are: the same content would be uploaded once."""
    paths, ledgers = _paths(case), itertools.count()
    with tempfile.TemporaryDirectory() as folder:
        async with clients.sdk_client(case) as client:

            async def work(count: int) -> None:
                made = await deliver(client, rows_of(paths[:count]), Path(folder) / f"{next(ledgers)}.ledger")
                assert made.created == made.files == count, str(made)

            yield work


@asynccontextmanager
async def form_data(case: Case) -> AsyncIterator[AsyncWork]:
    import aiohttp

    async with clients.aiohttp_session(case) as session:

        async def upload(path: Path) -> str:
            with path.open("rb") as file:
                form = aiohttp.FormData()
                form.add_field("file", file, filename=path.name, content_type="image/png")
                async with session.post(f"{case.url}/files", data=form) as response:
                    return str(json.loads(await response.read())["file_id"])

        async def create(file_id: str) -> Any:
            async with session.post(f"{case.url}/documents", json=_new_document(file_id)) as response:
                return json.loads(await response.read())

        yield _each(case, upload, create)


@asynccontextmanager
async def raw_protocol(case: Case) -> AsyncIterator[AsyncWork]:
    async with clients.raw_connections(case) as free:

        async def upload(path: Path) -> str:
            lead = (
                f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
                f'name="file"; filename="{path.name}"\r\nContent-Type: image/png\r\n\r\n'
            ).encode()
            tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
            file = os.open(path, os.O_RDONLY)
            connection = free.pop()
            try:
                size = os.fstat(file).st_size
                form = f"multipart/form-data; boundary={_BOUNDARY}"
                head = raw.head("POST", "/files", len(lead) + size + len(tail), form)
                await connection.write(head + lead)
                piece = size if size <= _WHOLE else _PIECE
                for offset in range(0, size, piece):
                    await connection.write(os.pread(file, piece, offset))
                connection.transport.write(tail)
                return str((await connection.answer())["file_id"])
            finally:
                free.append(connection)
                os.close(file)

        async def create(file_id: str) -> Any:
            body = json.dumps(_new_document(file_id)).encode()
            connection = free.pop()
            try:
                return await connection.call(raw.head("POST", "/documents", len(body)) + body)
            finally:
                free.append(connection)

        yield _each(case, upload, create)


@asynccontextmanager
async def httpx(case: Case) -> AsyncIterator[AsyncWork]:
    async with clients.httpx_session(case) as session:

        async def upload(path: Path) -> str:
            with path.open("rb") as file:
                answer = await session.post(f"{case.url}/files", files={"file": (path.name, file, "image/png")})
            return str(answer.json()["file_id"])

        async def create(file_id: str) -> Any:
            return (await session.post(f"{case.url}/documents", json=_new_document(file_id))).json()

        yield _each(case, upload, create)


@contextmanager
def requests(case: Case) -> Iterator[Work]:
    paths = _paths(case)
    with ExitStack() as stack:
        session = stack.enter_context(clients.requests_session(case))

        def one(number: int) -> None:
            path = paths[number % len(paths)]
            with path.open("rb") as file:
                answer = session.post(f"{case.url}/files", files={"file": (path.name, file, "image/png")})
            file_id = answer.json()["file_id"]
            if case.options["documents"]:
                session.post(f"{case.url}/documents", json=_new_document(file_id)).json()

        yield stack.enter_context(in_threads(one, case.concurrency))


PEERS = {
    "kycaid_async": sdk,
    "client.bulk": bulk,
    "aiohttp FormData": form_data,
    "raw asyncio": raw_protocol,
    "httpx": httpx,
    "requests": requests,
}


@contextmanager
def folder_of(count: int, size: int) -> Iterator[str]:
    """Give a folder with so many files that look like pictures."""
    with tempfile.TemporaryDirectory() as folder:
        noise = os.urandom(size)
        for number in range(count):
            head = b"\x89PNG\r\n\x1a\n" + number.to_bytes(4)
            (Path(folder) / f"{number:05}.png").write_bytes(head + noise[len(head) :])
        yield folder


def run(plan: Plan) -> Report:
    report = Report()
    found: dict[tuple[int, bool, bool], Comparison] = {}
    for size, full in ((SMALL, 1000), (LARGE, 200)):
        count = 2 * THREADS if plan.quick else full
        with folder_of(count, size) as folder:
            for documents, tls in _VARIANTS[-1:] if plan.quick else _VARIANTS:
                found[size, documents, tls] = made = _compare(plan, folder, count, size, documents=documents, tls=tls)
                show(made)
            if size == SMALL and not plan.quick:
                late = _compare(plan, folder, count, size, documents=True, tls=True, latency=LATENCY)
                show(late)
                report.comparisons.append(late)
                report.figures += _late_figures(late, plan)
        if plan.quick:
            break
    report.comparisons = [*found.values(), *report.comparisons]
    report.figures = [*_figures(found, plan), *report.figures]
    return report


_VARIANTS = ((False, False), (True, False), (False, True), (True, True))


def _compare(
    plan: Plan, folder: str, count: int, size: int, *, documents: bool, tls: bool, latency: float = 0.0
) -> Comparison:
    title = f"{count:,} files of {size // 1000:,} KB" + (", each with a document" if documents else "")
    title += (", TLS" if tls else "") + (f", {latency * 1000:.0f} ms of latency" if latency else "")
    at_once = MANY_AT_ONCE if latency else AT_ONCE
    with serving(tls=tls, latency=latency) as server:
        case = Case(
            title=f"{title}, {at_once} at once (requests: {THREADS} threads)",
            url=server.url,
            cafile=server.cafile,
            concurrency=at_once,
            count=count,
            options={"folder": folder, "documents": documents},
        )
        peers = [peer for peer in PEERS if documents or peer != "client.bulk"]
        return compare("benchmarks.uploads", case, peers, plan, server, concurrency={"requests": THREADS})


_PROMISES: dict[int, dict[str, tuple[float, float | None]]] = {
    SMALL: {"document": (1.8, 2.5), "lag": (8, None), "httpx": (3.5, 5.0), "requests": (2.5, 4.0)},
    LARGE: {"document": (1.8, 2.5), "lag": (15, None), "httpx": (2.3, None), "requests": (2.8, None)}
    | {"memory": (2, None)},
}
_AGAINST_FORM_DATA = {
    # by size and TLS: on an idle machine, and on a busy one
    (SMALL, False): (2.7, 1.6),
    (SMALL, True): (1.6, 1.0),
    (LARGE, False): (2.5, 1.4),
    (LARGE, True): (1.8, 1.2),
}
_LATE = (1.04, 1.0)
"""For 200 KB with a document, TLS, 50 ms, 64 at once; idle and busy. The network sets the pace there."""
_OF_BULK = 1.3
"""What ``client.bulk`` may take, in times of what the same calls take without it."""


def _late_figures(late: Comparison, plan: Plan) -> list[Figure]:
    name = f"{SMALL // 1000} KB uploads, each with a document, TLS, {LATENCY * 1000:.0f} ms, {MANY_AT_ONCE} at once"
    return [
        at_least(f"{name}, against aiohttp FormData", _times(late), plan.wanted(*_LATE)),
        at_least(f"{name}, against raw asyncio", _times(late, "raw asyncio"), 0.9),
    ]


def _bulk_figures(found: dict[tuple[int, bool, bool], Comparison]) -> Iterator[Figure]:
    for size, tls in ((SMALL, True), (LARGE, False), (LARGE, True)):
        name = f"client.bulk ÷ the same calls without it, {size // 1000:,} KB{', TLS' if tls else ''}"
        yield at_most(name, found[size, True, tls].ratio("client.bulk", "kycaid_async"), _OF_BULK)


def _figures(found: dict[tuple[int, bool, bool], Comparison], plan: Plan) -> list[Figure]:
    figures = []
    for size, promised in _PROMISES.items():
        if (size, False, False) not in found:
            continue
        plain, both, tls = found[size, False, False], found[size, True, False], found[size, False, True]
        name = f"{size // 1000:,} KB uploads"
        figures += [
            *(
                at_least(
                    f"{name}{' over TLS,' if is_tls else ''} against aiohttp FormData, files/s",
                    _times(tls if is_tls else plain),
                    plan.wanted(*_AGAINST_FORM_DATA[size, is_tls]),
                )
                for is_tls in (False, True)
            ),
            at_least(f"{name}, each with a document, against aiohttp FormData", _times(both), *promised["document"]),
            at_least(f"{name} against httpx, files/s", _times(plain, "httpx"), *promised["httpx"]),
            at_least(
                f"{name} against requests, {THREADS} threads, files/s", _times(plain, "requests"), *promised["requests"]
            ),
            at_most(f"{name}, loop lag p99", _lag(plain), *promised["lag"], unit="ms"),
        ]
        if "memory" in promised:
            figures.append(at_most(f"{name}, memory per upload", _memory(plain), *promised["memory"], unit="MiB"))
    return [*figures, *(_bulk_figures(found) if figures else [])]


def _times(comparison: Comparison, other: str = "aiohttp FormData") -> float | None:
    return comparison.ratio(other, "kycaid_async")


def _lag(comparison: Comparison) -> float | None:
    lag = comparison.median("kycaid_async", "lag_p99")
    return None if lag is None else lag * 1000


def _memory(comparison: Comparison) -> float | None:
    most = comparison.most("kycaid_async", "memory")
    return None if most is None else most / comparison.case.concurrency / 2**20


if __name__ == "__main__":
    command("uploads", run)
