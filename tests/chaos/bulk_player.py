"""Carries out a bulk upload with a ledger, which meets faults and may be cut off, and then the same again without."""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import attrs

from kycaid_async import AsyncKycaid, BulkResult, BulkRow, KycaidError, Person
from kycaid_async.timing import Timing
from tests.chaos.calls import READ, content, make_async
from tests.chaos.leaks import Leaks, left_in_loop
from tests.chaos.oracle import ChaosOracle
from tests.chaos.program import BulkProgram
from tests.chaos.verdict import Played, Verdict

SPEED = 50
"""Pauses take a 50th of their time."""
SETTLE = 0.25
"""Real seconds after which a document that is not shown was not made."""
_AWAY = 0.03
_MADE = ("created", "done_before")


@attrs.define
class PlayedBulk(Played):
    """What the runs said of their rows, by number."""

    runs: list[dict[int, BulkResult]] = attrs.field(factory=list)
    ended: list[BaseException | None] = attrs.field(factory=list)
    reports: list[dict[str, Any]] = attrs.field(factory=list)
    """What the server had after each run."""


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
        if row.applicant < len(people)
        else {"applicant": Person(external_applicant_id=f"p{row.applicant}", first_name="Jane")}
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


def judge(program: BulkProgram, played: PlayedBulk, report: dict[str, Any]) -> Verdict:
    """Hold what the runs said against what the server has."""
    verdict = Verdict()
    for leak in played.leaks:
        verdict.note("leaks", leak)
    if report["connections"]:
        verdict.note("leaks", f"{report['connections']} connections at the server")
    for run, (results, ended) in enumerate(zip(played.runs, played.ended, strict=True)):
        if ended is not None and not isinstance(ended, KycaidError | asyncio.CancelledError):
            verdict.note("foreign", f"run {run}: {ended!r}")
        documents = _by_name(played.reports[run])
        for number, result in results.items():
            _judge_row(f"run {run}, row {number}", result, documents.get(f"r{number}", []), verdict, run)
    if played.ended[-1] is not None or len(played.runs[-1]) != len(program.rows):
        verdict.note("broken", f"the last run did not come to its end: {played.ended[-1]!r}")
    requests = {request["number"]: request for request in report["requests"]}
    for name, found in _by_name(report).items():
        if len(found) > 1 and not _too_late(found[0], requests):
            verdict.note("doubles", f"{name}: {len(found)} documents")
    people = [json.loads(row["body"]).get("external_applicant_id") for row in report["applicants"]]
    for name in {name for name in people if name and people.count(name) > 1}:
        verdict.note("doubles", f"{name}: {people.count(name)} applicants")
    return verdict


def _too_late(document: dict[str, Any], requests: dict[int, Any]) -> bool:
    """Say whether the server took longer than it may."""
    return document["made"] - requests[document["request"]]["received"] > SETTLE / 2


def _by_name(report: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in report["documents"]:
        found.setdefault(json.loads(row["body"])["document_number"], []).append(row)
    return found


def _judge_row(name: str, result: BulkResult, found: list[dict[str, Any]], verdict: Verdict, run: int) -> None:
    said = f"{name}: {result.status}, {result.error!r}"
    if result.status in _MADE:
        if not found:
            verdict.note("losses", said)
        elif result.document_id not in [row["id"] for row in found]:
            verdict.note("wrong", said)
    elif result.status == "failed" and found:
        verdict.note("untold", said)
    if run and result.status == "failed":
        verdict.note("broken", said)
