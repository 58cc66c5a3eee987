"""Verifications through kills and faults, held against what the server started and took a fee for."""

import json
from collections import Counter, defaultdict

import attrs

from tests.bulk.crash.job import Job
from tests.bulk.crash.runs import FORM, Said
from tests.bulk.crash.verdict import Held, Verdict, judge_exit
from tests.oracle.api import FEE
from tests.oracle.running import RunningOracle

STARTED = ("started", "done_before")


@attrs.define
class Paid:
    """What the server started."""

    applicants: dict[str, str]
    """The applicant of each verification."""
    requests: dict[tuple[str, str], Counter]
    """By applicant and form, how many were made by each request."""
    cents: int
    """What it took of the balance."""

    @classmethod
    def of(cls, oracle: RunningOracle) -> "Paid":
        applicants, requests = {}, defaultdict(Counter)
        for row in oracle.read("SELECT id, applicant_id, body, request FROM verifications"):
            applicants[row["id"]] = row["applicant_id"]
            requests[row["applicant_id"], json.loads(row["body"]).get("form_id")][row["request"]] += 1
        ((cents,),) = oracle.read("SELECT coalesce(sum(cents), 0) FROM fees")
        return cls(applicants, dict(requests), cents)


def judge_started(said: Said, paid: Paid, verdict: Verdict, *, name: str) -> None:
    """Hold what one run said of verifications against what there is."""
    for told in said.verifications:
        applicant, status = told["applicant_id"], told["status"]
        if status in STARTED and paid.applicants.get(told["verification_id"], applicant) != applicant:
            verdict.wrong.append(f"{name}: told {status} with the verification of another applicant")
        if status == "started" and told["verification_id"] not in paid.applicants:
            verdict.wrong.append(f"{name}: told started, and there is no such verification")
        if status not in (*STARTED, "uncertain", "not_delivered") and (applicant, FORM) in paid.requests:
            verdict.wrong.append(f"{name}: told {status}, and there is one: {told['reason']}")
    ids = [told["verification_id"] for told in said.verifications if told["verification_id"]]
    if len(ids) > len(set(ids)):
        verdict.wrong.append(f"{name}: two have one id")
    left = [told for told in said.verifications if told["status"] not in STARTED]
    judge_exit(said, verdict, name=name, is_left=bool(left) or bool(said.sums and said.sums["left"]))


def judge_fees(said: Said, job: Job, held: Held, paid: Paid, verdict: Verdict) -> Counter:
    """Hold the last run against what there is: none twice, none missing that is not named, no fee that is not told."""
    for (applicant, form), requests in paid.requests.items():
        if len(requests) > 1 or form != FORM:
            verdict.doubles.append(f"{applicant}: verified by {len(requests)} requests")
        elif requests.total() > 1:
            verdict.repeats.append(f"{applicant}: verified {requests.total()} times of one request")
    told = {line: one["status"] for one in said.verifications for line in one["lines"]}
    statuses = Counter(one["status"] for one in said.verifications)
    ids = {external: id_ for id_, external in held.external.items() if external}
    for line, row in enumerate(job.rows, 1):
        applicant = row.get("applicant_id") or ids.get(row.get("applicant.external_applicant_id"))
        is_paid = (applicant, FORM) in paid.requests
        if line not in told or (told[line] in STARTED) > is_paid:
            verdict.missing.append(f"line {line}: {'verified' if is_paid else 'not verified'}, {told.get(line)}")
        if is_paid and told.get(line) not in STARTED:  # nothing was wrong in the last run, and the report shows it
            verdict.wrong.append(f"line {line}: its applicant is verified, and it is told {told.get(line)}")
    fees, least = len(paid.applicants), statuses["started"] + statuses["done_before"]
    if paid.cents != fees * FEE or not least <= fees <= least + statuses["uncertain"]:
        verdict.wrong.append(f"{paid.cents} cents were taken for {fees} verifications, of {dict(statuses)}")
    return statuses
