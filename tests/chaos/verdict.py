"""What callers were told, held against what the server holds."""

import json
from collections import defaultdict
from typing import Any

import attrs

from kycaid_async import ConnectionLostError, KycaidError, RequestTimeoutError
from tests.chaos.calls import FILLER, Outcome, digest
from tests.chaos.program import EVENTS, ONCE, Program, Step

PATIENCE = 5.0
"""Seconds for a call that shows that the client still works, however busy this machine is."""
_LAST = "last"
KINDS = ("doubles", "losses", "untold", "wrong", "foreign", "left lying", "leaks", "broken")


@attrs.define
class Played:
    """What came of a program."""

    outcomes: dict[str, Outcome] = attrs.field(factory=dict)
    """By the name of the step."""
    leaks: list[str] = attrs.field(factory=list)


@attrs.define
class Made:
    """One thing that the server did."""

    id: str
    request: int
    fault: str
    answered: float | None


@attrs.define
class Verdict:
    """What was found, in words, by kind."""

    problems: dict[str, list[str]] = attrs.field(factory=lambda: {kind: [] for kind in KINDS})

    def note(self, kind: str, text: str) -> None:
        self.problems[kind].append(text)

    @property
    def kinds(self) -> set[str]:
        return {kind for kind, texts in self.problems.items() if texts}

    @property
    def lines(self) -> list[str]:
        return [f"{kind}: {text}" for kind, texts in self.problems.items() for text in texts]


def judge(program: Program, played: Played, report: dict[str, Any]) -> Verdict:
    """Hold what came of ``program`` against what the server has."""
    verdict, made = Verdict(), made_by_name(report)
    for leak in played.leaks:
        verdict.note("leaks", leak)
    if report["connections"]:
        verdict.note("leaks", f"{report['connections']} connections at the server")
    last = [name for name in played.outcomes if name.startswith(_LAST)]
    steps = [*program.steps(), *((name, Step(do="applicants.create")) for name in last)]
    for name, step in steps:
        if step.do not in EVENTS or step.do == "fork":
            _judge_step(name, step, played.outcomes[name], made, verdict, program.way)
    if (error := played.outcomes[last[-1]].error) is not None:
        verdict.note("broken", f"the client does not work any more: {error!r}")
    return verdict


def last_names(program: Program) -> list[str]:
    """Return the names of the calls that show that the client still works: the first that succeeds is enough.

    A server may end a connection that was kept at the moment at which a call begins to use it. What is lost then is
    lost, and may not be repeated; but it happens once for each connection, and not to a new one.
    """
    return [f"{_LAST}{number}" for number in range(program.connections + 1)]


def met_the_end_of_a_connection(outcome: Outcome) -> bool:
    """Say whether a call was lost with a connection, as the last one of a program may be."""
    return isinstance(outcome.error, ConnectionLostError) and outcome.error.maybe_processed


def made_by_name(report: dict[str, Any]) -> dict[str, list[Made]]:
    """Return what the server did, by the name of the step that wanted it; files by their digest."""
    requests = {request["number"]: request for request in report["requests"]}
    found = defaultdict(list)
    fields = {"documents": "document_number", "verifications": "form_id"}
    for table in ("applicants", "updates", "documents", "verifications"):
        for row in report[table]:
            name = json.loads(row["body"]).get(fields.get(table, "external_applicant_id"))
            if name is not None and row["request"]:  # those who were there before no request made
                found[f"{table} {name.rstrip(FILLER)}"].append(_made(row, requests))
    for row in report["files"]:
        found[f"files {row['sha256']}"].append(_made(row, requests))
    return dict(found)


def _made(row: dict[str, Any], requests: dict[int, Any]) -> Made:
    request = requests[row["request"]]
    return Made(row.get("id") or row["applicant_id"], row["request"], request["fault"], request["answered"])


_TABLES = {"applicants.update": "updates", "fork": "applicants"}


def _judge_step(
    name: str, step: Step, outcome: Outcome, made: dict[str, list[Made]], verdict: Verdict, way: str
) -> None:
    key = f"files {digest(name, step.size)}" if step.do == "files.create" else name
    table = _TABLES.get(step.do, step.do.partition(".")[0])
    found = made.get(key if step.do == "files.create" else f"{table} {key}", [])
    said = f"{name} {step.do}: {outcome.error!r}"
    if not outcome.is_over:
        verdict.note("broken", f"{name} {step.do}: has no end")
        return
    if outcome.error is None:
        _judge_returned(f"{name} {step.do}", step, outcome, found, verdict)
    elif not outcome.cancelled and not isinstance(outcome.error, KycaidError):
        verdict.note("foreign", said)
    elif not outcome.cancelled and found and not outcome.maybe:
        verdict.note("untold", f"{said} was done by requests {[one.request for one in found]}")
    if step.do in (*ONCE, "fork") and len(found) > 1:
        verdict.note("doubles", f"{said} was done by requests {[one.request for one in found]}")
    if (
        way == "http"
        and step.limit is None  # one as short as the moment before a hold may run out before it
        and isinstance(outcome.error, RequestTimeoutError)
        and any(_lay_there(one, outcome) for one in found)
    ):
        verdict.note("left lying", said)


def _judge_returned(said: str, step: Step, outcome: Outcome, found: list[Made], verdict: Verdict) -> None:
    if step.do == "applicants.get":
        return
    if not found:
        verdict.note("losses", f"{said}: returned {outcome.returned!r}, and nothing was done")
    elif outcome.returned not in [one.id for one in found]:
        verdict.note("wrong", f"{said}: returned the id of something else")


def _lay_there(one: Made, outcome: Outcome) -> bool:
    """Say whether a whole answer lay in the socket while the loop was held up."""
    return one.fault in ("", "none") and one.answered is not None and one.answered < outcome.held_until
