"""Plain calls, without bulk, held against what the server holds."""

import json
from collections import Counter, defaultdict
from http import HTTPStatus
from typing import Any

from tests.bulk.crash.verdict import Verdict
from tests.oracle.running import RunningOracle

SECTIONS = ("applicants", "documents", "verifications")
_NAMES = {"applicants": "external_applicant_id", "documents": "document_number", "verifications": "form_id"}

Made = dict[str, list[tuple[str, int]]]
"""By the name in a call: what was made, and by which request."""


def made_by_calls(oracle: RunningOracle) -> Made:
    """Return what there is."""
    made = defaultdict(list)
    for section, field in _NAMES.items():
        for row in oracle.read(f"SELECT id, body, request FROM {section}"):  # noqa: S608 - names of ours
            name = json.loads(row["body"]).get(field)
            if name is not None:
                made[name].append((row["id"], row["request"]))
    return dict(made)


def answered_well(oracle: RunningOracle) -> set[str]:
    """Return the names of the calls whose last request met no fault and was answered."""
    last = oracle.read("SELECT name, fault, status, max(number) FROM requests WHERE name IS NOT NULL GROUP BY name")
    return {row["name"] for row in last if row["fault"] == "" and row["status"] == HTTPStatus.OK}


def judge_calls(answers: list[dict[str, Any]], made: Made, well: set[str], verdict: Verdict) -> None:
    """Hold what each call returned or raised against what it made, and against those that were answered ``well``."""
    for said in answers:
        name, found = f"{said['section']} {said['name']}", made.get(said["name"], [])
        requests = Counter(request for _, request in found)
        if len(requests) > 1:
            verdict.doubles.append(f"{name}: made by {len(requests)} requests of one call")
        if said["id"] is not None and said["id"] not in [id_ for id_, _ in found]:
            verdict.wrong.append(f"{name}: returned an id that is not there")
        if said["id"] is None and said["name"] in well and "RequestTimeoutError" not in said["error"]:
            verdict.wrong.append(f"{name}: was answered, and raised {said['error']}")
        if said["maybe"] is False and found:
            verdict.wrong.append(f"{name}: was not processed, it says, and is there: {said['error']}")
