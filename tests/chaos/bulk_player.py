"""Carries out a bulk upload with a ledger, which meets faults and may be cut off, and then the same again without."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from kycaid_async import AsyncKycaid, BulkResult, BulkRow, Person
from kycaid_async.timing import Timing
from tests.chaos.bulk_verdict import NEW, SETTLE, PlayedBulk
from tests.chaos.calls import READ, content, make_async
from tests.chaos.leaks import Leaks, left_in_loop
from tests.chaos.oracle import ChaosOracle
from tests.chaos.program import FIRST_NEW, BulkProgram

SPEED = 50
"""Pauses take a 50th of their time."""
_AWAY = 0.03


def play(program: BulkProgram, oracle: ChaosOracle, _: Path) -> PlayedBulk:
    """Carry out ``program``."""
    played = PlayedBulk()
    with tempfile.TemporaryDirectory() as folder, Leaks(played.leaks):
        rows = [_row(program, oracle, number) for number in range(len(program.rows))]
        for is_first in (True, False):
            with asyncio.Runner() as runner:
                runner.run(_run(program, oracle, rows, Path(folder) / "ledger", played, disturbed=is_first))
            played.reports.append(oracle.report())
            oracle.behave()
    return played


def _row(program: BulkProgram, oracle: ChaosOracle, number: int) -> BulkRow:
    row, people = program.rows[number], oracle.people
    owner: dict[str, Any] = (
        {"applicant_id": people[row.applicant]}
        if row.applicant < FIRST_NEW
        else {"applicant": Person(external_applicant_id=f"{NEW}{row.applicant}", first_name="Jane")}
    )
    said = {"type": "PASSPORT", "document_number": f"r{number}"}
    return BulkRow(document=said, front_side=content(f"f{row.content}", 300), **owner)


def _hurried(oracle: ChaosOracle, way: str) -> AsyncKycaid:
    client = make_async(oracle, way)
    client._shared.timing = Timing(
        clock=lambda: time.monotonic() * SPEED, sleep=lambda seconds: asyncio.sleep(seconds / SPEED)
    )
    return client


async def _run(
    program: BulkProgram, oracle: ChaosOracle, rows: list[BulkRow], ledger: Path, played: PlayedBulk, *, disturbed: bool
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: played.leaks.append(f"unhandled: {context}"))
    results: dict[int, BulkResult] = {}
    played.runs.append(results)
    async with _hurried(oracle, program.way) as client:

        async def deliver() -> None:
            async for result in client.bulk.upload(rows, ledger=ledger, settle_after=SETTLE * SPEED):
                results[result.number] = result

        task = asyncio.ensure_future(deliver())
        timers = _disturb(program, oracle, task) if disturbed else []
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        played.ended.append(ended)
        for timer in timers:
            timer.cancel()
    played.leaks += await left_in_loop(loop)


def _disturb(program: BulkProgram, oracle: ChaosOracle, task: asyncio.Future[None]) -> list[asyncio.TimerHandle]:
    """Set timers for what happens to a run from outside."""
    planned = (
        (program.cancel and program.cancel * 5, task.cancel),
        (program.away, lambda: oracle.be_away(_AWAY)),
        (program.stop, lambda: oracle.stop_this_process(READ * 1.5)),
    )
    loop = asyncio.get_running_loop()
    return [loop.call_later(moment, action) for moment, action in planned if moment is not None]
