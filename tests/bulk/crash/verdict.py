"""What a run said, held against what the server holds."""

import json
import os
import signal
from collections import Counter, defaultdict
from typing import Any

import attrs

from tests.bulk.crash.job import SIDES, Job, name_of
from tests.bulk.crash.runs import CRASHES, Said
from tests.oracle.running import RunningOracle

TOLD_THERE = ("created", "done_before")
LATE_SIGNAL = "Exception ignored in: <module 'threading'"
"""A signal while the interpreter is at its end: Python says so itself."""
PROGRAM = f"kycaid_async{os.sep}"
TOLD_NOT_THERE = ("failed", "bad")
TOLD = (*TOLD_NOT_THERE, "uncertain")
"""Named as not delivered, or perhaps not."""


@attrs.define
class Verdict:
    """What was found, in words, by kind."""

    doubles: list[str] = attrs.field(factory=list)
    """Made twice by the client."""
    repeats: list[str] = attrs.field(factory=list)
    """Made twice behind its back, of one request."""
    missing: list[str] = attrs.field(factory=list)
    """Not made, and not named."""
    wrong: list[str] = attrs.field(factory=list)
    """Told something that is not so."""
    unopened: list[str] = attrs.field(factory=list)
    crashes: list[str] = attrs.field(factory=list)
    """Ended by a fault of the process, hung, or with the wrong exit code."""

    @property
    def problems(self) -> list[str]:
        """All that a client is to blame for."""
        return self.doubles + self.missing + self.wrong + self.unopened + self.crashes

    def add(self, other: "Verdict") -> None:
        """Take over what was found elsewhere."""
        for mine, found in zip(attrs.astuple(self, recurse=False), attrs.astuple(other, recurse=False), strict=True):
            mine.extend(found)


@attrs.define
class Held:
    """What the server holds."""

    documents: dict[str, dict[str, Any]]
    """By id."""
    by_name: dict[str, list[dict[str, Any]]]
    external: dict[str, str | None]
    """The client's name of each applicant."""
    made: list[tuple[str, int]]
    """The name of each applicant that has one, and the request that made it."""
    digests: dict[str, str]

    @classmethod
    def of(cls, oracle: RunningOracle) -> "Held":
        documents, by_name = {}, defaultdict(list)
        for row in oracle.read("SELECT * FROM documents"):
            documents[row["id"]] = found = {**json.loads(row["body"]), "id": row["id"], "request": row["request"]}
            by_name[name_of(found)].append(found)
        people = oracle.read("SELECT * FROM applicants")
        external = {row["id"]: json.loads(row["body"]).get("external_applicant_id") for row in people}
        made = [(external[row["id"]], row["request"]) for row in people if external[row["id"]]]
        digests = {row["id"]: row["sha256"] for row in oracle.read("SELECT id, sha256 FROM files")}
        return cls(documents, dict(by_name), external, made, digests)


def judge_words(said: Said, job: Job, held: Held, verdict: Verdict, *, name: str) -> None:
    """Hold what one run said of its rows against what is there."""
    by_id = defaultdict(set)
    for line, row in said.rows.items():
        number, status = name_of(job.rows[line - 1]), row["status"]
        if status in TOLD_THERE:
            by_id[row["document_id"]].add(number)
            found = held.documents.get(row["document_id"])
            if found is None:
                verdict.wrong.append(f"{name}: {number} is told {status}, and there is no such document")
            elif name_of(found) != number:
                verdict.wrong.append(f"{name}: {number} is told {status} with that of {name_of(found)}")
        elif status in TOLD_NOT_THERE and number in held.by_name:
            verdict.wrong.append(f"{name}: {number} is told {status} and is there: {row['error']}")
    for numbers in by_id.values():
        if len(numbers) > 1:
            verdict.wrong.append(f"{name}: {sorted(numbers)} have one id")
    left = [row for row in said.rows.values() if row["status"] not in TOLD_THERE]
    judge_exit(said, verdict, name=name, is_left=bool(left))


def _has_trace(said: Said) -> bool:
    """Say whether the program left a traceback. Before it begins, and when it is over, Ctrl-C makes Python do so."""
    is_early = said.errors.rstrip().endswith("KeyboardInterrupt") and PROGRAM not in said.errors
    return "Traceback" in said.errors and not is_early and LATE_SIGNAL not in said.errors


def judge_exit(said: Said, verdict: Verdict, *, name: str, is_left: bool) -> None:
    """Hold the way in which a run ended against what it said: ``is_left`` when it did not do all."""
    if said.code is None or said.code in CRASHES or _has_trace(said):
        verdict.crashes.append(
            f"{name}: ended with {said.code}: {said.errors[-300 if said.code is not None else -4000 :]}"
        )
    by_signal = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM, 128 + signal.SIGINT)
    if said.sums is None or said.code in by_signal:
        return
    expected = 1 if is_left or said.sums["ended"] else 0
    if said.code != expected:
        verdict.crashes.append(f"{name}: exit code {said.code}, expected {expected}")


def judge_end(said: Said, job: Job, held: Held, verdict: Verdict, *, settles: bool) -> None:
    """Hold the last run, which was left to come to its end, against what is there.

    ``settles``: the server shows all that there is and the ledger is whole, so that a row stays uncertain only where
    nobody could tell.
    """
    if said.refused_ledger:
        verdict.unopened.append(said.errors.strip())
        return
    for line, row in enumerate(job.rows, 1):
        name, status = name_of(row), said.rows.get(line, {"status": "not told"})["status"]
        found = held.by_name.get(name, [])
        if status not in TOLD and not (found and status in TOLD_THERE):
            verdict.missing.append(f"{name}: {'there' if found else 'missing'}, {status}")
        if settles and status == "uncertain" and not may_stay_uncertain(row, bool(found), job):
            verdict.wrong.append(f"{name}: stays uncertain, and is {'there' if found else 'not there'}")
        _count(name, Counter(document["request"] for document in found), verdict)
        verdict.wrong += [f"{name}: not as the manifest says" for one in found if not _is_as_said(one, row, job, held)]
    requests_of = defaultdict(Counter)
    for name, request in held.made:
        requests_of[name][request] += 1
    for name, requests in requests_of.items():
        _count(f"applicant {name}", requests, verdict)


def may_stay_uncertain(row: dict[str, Any], is_there: bool, job: Job) -> bool:
    """Say whether a row may be uncertain still after a run among no faults, with a server that shows all."""
    if is_there:  # only a number of its own proves which of two it is
        return "document_number" not in row
    if "applicant_id" not in row:
        return True  # nobody can look up an applicant
    alike = [one for one in job.rows if (one.get("applicant_id"), one["type"]) == (row["applicant_id"], row["type"])]
    own, *others = [{job.digest(one.get(side)) for side in SIDES} - {None} for one in (row, *alike)]
    return sum(bool(own & files) for files in others) > 1  # beside itself, another has some of its files


def _count(name: str, requests: Counter, verdict: Verdict) -> None:
    """Note what was made more than once, by the requests that made it."""
    if len(requests) > 1:
        verdict.doubles.append(f"{name}: made by {len(requests)} requests")
    elif requests.total() > 1:
        verdict.repeats.append(f"{name}: made {requests.total()} times of one request")


def _is_as_said(document: dict[str, Any], row: dict[str, Any], job: Job, held: Held) -> bool:
    owner = document["applicant_id"]
    external = row.get("applicant.external_applicant_id")
    whose = owner == row.get("applicant_id") or (external is not None and external == held.external.get(owner))
    files = all(held.digests.get(document.get(f"{side}_id")) == job.digest(row.get(side)) for side in SIDES)
    return whose and files and document["type"] == row["type"]
