"""What the runs of a bulk program said of its rows, held against what the server holds."""

import asyncio
import json
from typing import Any

import attrs

from kycaid_async import BulkResult, KycaidError
from tests.chaos.log import Log
from tests.chaos.program import FIRST_NEW, BulkProgram
from tests.chaos.verdict import Played, Verdict

SETTLE = 0.25
"""Real seconds after which a document that is not shown was not made."""
NEW = "p"
"""How the names of applicants begin that rows have made."""
_MADE = ("created", "done_before")
_UNSURE = "uncertain"


@attrs.define
class PlayedBulk(Played):
    """What the runs said of their rows, by number."""

    runs: list[dict[int, BulkResult]] = attrs.field(factory=list)
    ended: list[BaseException | None] = attrs.field(factory=list)
    reports: list[dict[str, Any]] = attrs.field(factory=list)
    """What the server had after each run."""


def judge(program: BulkProgram, played: PlayedBulk, report: dict[str, Any]) -> Verdict:
    """Hold what the runs said against what the server has."""
    verdict, log = Verdict(), Log.of(program, report)
    for leak in played.leaks:
        verdict.note("leaks", leak)
    if report["connections"]:
        verdict.note("leaks", f"{report['connections']} connections at the server")
    for run, (results, ended) in enumerate(zip(played.runs, played.ended, strict=True)):
        if ended is not None and not isinstance(ended, KycaidError | asyncio.CancelledError):
            verdict.note("foreign", f"run {run}: {ended!r}")
        documents = _by_name(played.reports[run])
        for number, result in results.items():
            _judge_row(f"run {run}, row {number}", result, documents.get(f"r{number}", []), verdict)
    if played.ended[-1] is not None or len(played.runs[-1]) != len(program.rows):
        verdict.note("broken", f"the last run did not come to its end: {played.ended[-1]!r}")
    _judge_first(program, played, log, verdict)
    _judge_last(program, played, log, verdict)
    _judge_doubles(report, verdict)
    return verdict


def _judge_row(said: str, result: BulkResult, found: list[dict[str, Any]], verdict: Verdict) -> None:
    said = f"{said}: {result.status}, {result.error!r}"
    if result.status in _MADE:
        if not found:
            verdict.note("losses", said)
        elif result.document_id not in [row["id"] for row in found]:
            verdict.note("wrong", said)
    elif result.status == "failed" and found:
        verdict.note("untold", said)


def _judge_first(program: BulkProgram, played: PlayedBulk, log: Log, verdict: Verdict) -> None:
    """Judge the first run where nothing went wrong: it has to deliver all."""
    if not log.is_calm or _is_disturbed(program):
        return
    for number, result in played.runs[0].items():
        if result.status not in _MADE:
            said = f"run 0, row {number}: {result.status}, {result.error!r}, and nothing was wrong"
            verdict.note("thrown away", said, about_time=True)


def _judge_last(program: BulkProgram, played: PlayedBulk, log: Log, verdict: Verdict) -> None:
    """Judge what the last run left undone, which nobody disturbed and in which nothing went wrong."""
    documents, requests = _by_name(played.reports[-1]), _requests(played.reports[-1])
    for number, result in played.runs[-1].items():
        said = f"the last run, row {number}: {result.status}, {result.error!r}"
        found = [row for row in documents.get(f"r{number}", []) if not _too_late(row, requests)]
        if result.status == "failed":
            verdict.note("broken", said)
        elif result.status == _UNSURE and found:
            verdict.note("unsure", f"{said}, and the server shows its document")
        elif result.status == _UNSURE and not (_has_twin(program, number) or _is_lost(program, number, log)):
            verdict.note("unsure", f"{said}, and it could have been created", about_time=True)


def _has_twin(program: BulkProgram, number: int) -> bool:
    """Say whether another row has the same applicant and file: its document may be taken for this one's."""
    return program.rows.count(program.rows[number]) > 1


def _is_lost(program: BulkProgram, number: int, log: Log) -> bool:
    """Say whether the answer about the applicant of a row can have been lost. Nobody can look up an applicant."""
    name = f"{NEW}{program.rows[number].applicant}"
    sent = log.sent("applicants.create", name)
    met_faults = any(not one.is_read for one in sent) or log.perhaps_sent("applicants.create")
    is_excused = met_faults or log.ended or log.cut or _is_disturbed(program)
    return program.rows[number].applicant >= FIRST_NEW and bool(is_excused)


def _is_disturbed(program: BulkProgram) -> bool:
    return any(moment is not None for moment in (program.cancel, program.away, program.stop))


def _judge_doubles(report: dict[str, Any], verdict: Verdict) -> None:
    requests = _requests(report)
    for name, found in _by_name(report).items():
        if len(found) > 1 and not _too_late(found[0], requests):
            verdict.note("doubles", f"{name}: {len(found)} documents")
    people = [json.loads(row["body"]).get("external_applicant_id") for row in report["applicants"]]
    for name in {name for name in people if name and people.count(name) > 1}:
        verdict.note("doubles", f"{name}: {people.count(name)} applicants")


def _requests(report: dict[str, Any]) -> dict[int, Any]:
    return {request["number"]: request for request in report["requests"]}


def _too_late(document: dict[str, Any], requests: dict[int, Any]) -> bool:
    """Say whether the server took longer than it may."""
    return document["made"] - requests[document["request"]]["received"] > SETTLE / 2


def _by_name(report: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in report["documents"]:
        found.setdefault(json.loads(row["body"])["document_number"], []).append(row)
    return found
