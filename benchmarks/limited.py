"""``client.bulk`` at a server that takes 50 requests in each second and refuses the others with 429.

The ideal is as many seconds as there are fifties of requests. What comes on top is waiting and refused requests.
"""

import asyncio
import json
import os
import re
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.harness.alone import alone
from benchmarks.harness.answers import FILE_ID, KEY
from benchmarks.harness.case import Plan
from benchmarks.harness.figures import Figure, at_most
from benchmarks.harness.report import Report, command, table

RATE = 50
ROWS = 1500
"""Each is two requests: its file and its document."""

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_REFUSAL = json.dumps({"type": "limit_exceeded", "errors": []})


class Limited(asyncio.Protocol):
    """A connection to the server. What was taken in which second stands in ``taken``."""

    def __init__(self, counts: dict[str, Any], retry_after: int | None) -> None:
        self.counts = counts
        self.pause = "" if retry_after is None else f"Retry-After: {retry_after}\r\n"
        self.received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, blank, body = bytes(self.received).partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        if not blank or len(body) < (int(found[1]) if found else 0):
            return
        self.received.clear()
        taken, second = self.counts["taken"], int(time.monotonic())
        if taken.get(second, 0) < RATE:
            taken[second] = taken.get(second, 0) + 1
            name = "file_id" if b" /files" in head[:20] else "document_id"
            self.answer("200 OK", json.dumps({name: FILE_ID if name == "file_id" else os.urandom(18).hex()}))
        else:
            self.counts["refused"] += 1
            self.answer("429 Too Many Requests", _REFUSAL, self.pause)

    def answer(self, status: str, body: str, more: str = "") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        self.transport.write((head + body).encode())


def deliver(*, rows: int, retry_after: int | None) -> dict[str, float]:
    """Deliver so many rows, and say how long it took and what was refused."""
    return asyncio.run(_deliver(rows, retry_after))


async def _deliver(count: int, retry_after: int | None) -> dict[str, float]:
    from kycaid_async import AsyncKycaid, BulkRow

    counts: dict[str, Any] = {"taken": {}, "refused": 0}
    server = await asyncio.get_running_loop().create_server(lambda: Limited(counts, retry_after), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    rows = (
        BulkRow(
            document={"type": "PASSPORT", "document_number": str(number)},
            applicant_id=f"{number:036}",
            front_side=b"%PDF-1.4 " + str(number).encode(),
        )
        for number in range(count)
    )
    with tempfile.TemporaryDirectory() as folder:
        async with server, AsyncKycaid(KEY, base_url=url) as client:
            started = time.perf_counter()
            upload = client.bulk.upload(rows, ledger=Path(folder) / "run.ledger", on_error="stop")
            async for _ in upload:
                pass
            seconds = time.perf_counter() - started
    assert upload.summary.created == count, upload.summary
    requests = sum(counts["taken"].values())
    return {"seconds": seconds, "ideal": requests / RATE, "requests": requests, "refused": counts["refused"]}


def run(plan: Plan) -> Report:
    rows = 40 if plan.quick else ROWS
    runs = {name: alone("benchmarks.limited", "deliver", rows=rows, retry_after=seconds) for name, seconds in KINDS}
    print(f"\n### {rows:,} rows at a server that takes {RATE} requests in each second")
    print(
        table(
            [["429", "seconds", "ideal", "requests", "refused"], *(_row(name, found) for name, found in runs.items())]
        )
    )
    return Report(figures=[figure for name, found in runs.items() for figure in _figures(name, found)], extra=runs)


KINDS = (("without Retry-After", None), ("with Retry-After: 1", 1))


def _row(name: str, found: dict[str, float]) -> list[str]:
    return [
        name,
        *(f"{found[what]:,.1f}" for what in ("seconds", "ideal")),
        f"{found['requests']:,}",
        f"{found['refused']:,}",
    ]


def _figures(name: str, found: dict[str, float]) -> list[Figure]:
    refused = 100 * found["refused"] / (found["requests"] + found["refused"])
    return [
        at_most(f"bulk at {RATE} requests/s, 429 {name}: time ÷ ideal", found["seconds"] / found["ideal"], 1.15),
        at_most(f"bulk at {RATE} requests/s, 429 {name}: refused requests", refused, 5.0, unit="%"),
    ]


if __name__ == "__main__":
    command("limited", run)
