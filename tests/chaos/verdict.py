"""What callers were told, held against what the server holds."""

import json
from collections import defaultdict
from typing import Any

import attrs

from kycaid_async import ConnectionLostError, KycaidError
from tests.chaos.calls import FILLER, Outcome, digest
from tests.chaos.excuses import Excuses, requests_of
from tests.chaos.log import Log
from tests.chaos.program import EVENTS, ONCE, Program, Step

PATIENCE = 5.0
"""Seconds for a call that shows that the client still works, however busy this machine is."""
_LAST = "last"
KINDS = ("doubles", "losses", "untold", "wrong", "foreign", "left lying", "thrown away", "unsure", "leaks", "broken")
"""Among them: an answer lay there when the call ran out of time; one could be read, or nothing was wrong, and the call
raised; and a call was perhaps processed, it says, of which no request was sent."""


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


@attrs.define
class Verdict:
    """What was found, in words, by kind."""

    problems: dict[str, list[str]] = attrs.field(factory=lambda: {kind: [] for kind in KINDS})
    is_about_time: bool = True
    """Whether all of it would not have been found had the client had more time."""

    def note(self, kind: str, text: str, *, about_time: bool = False) -> None:
        self.problems[kind].append(text)
        self.is_about_time = self.is_about_time and about_time

    @property
    def kinds(self) -> set[str]:
        return {kind for kind, texts in self.problems.items() if texts}

    @property
    def lines(self) -> list[str]:
        return [f"{kind}: {text}" for kind, texts in self.problems.items() for text in texts]


def judge(program: Program, played: Played, report: dict[str, Any]) -> Verdict:
    """Hold what came of ``program`` against what the server has."""
    verdict, made, log = Verdict(), made_by_name(report), Log.of(program, report)
    excuses, people = Excuses(program, log), [row["id"] for row in report["applicants"] if not row["request"]]
    for leak in played.leaks:
        verdict.note("leaks", leak)
    if report["connections"]:
        verdict.note("leaks", f"{report['connections']} connections at the server")
    last = [name for name in played.outcomes if name.startswith(_LAST)]
    steps = [*program.steps(), *((name, Step(do="applicants.create")) for name in last)]
    for name, step in steps:
        if step.do in EVENTS and step.do != "fork":
            continue
        sent = requests_of(name, step, log, people)
        _judge_step(name, step, played.outcomes[name], made, verdict)
        excuses.hear(name, step, played.outcomes[name], sent)
        if step.do == "applicants.get" and (got := played.outcomes[name].returned) is not None:
            # A page of somebody else's that is an object too is read as an applicant of whom nothing is known.
            is_own = bool(got.applicant_id) or any(one.is_read for one in sent[-1:])
            if is_own and got.applicant_id != people[int(name[1:])]:
                verdict.note("wrong", f"{name} {step.do}: returned another applicant")
    for kind, text, about_time in excuses.refused():
        verdict.note(kind, text, about_time=about_time)
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
    found = defaultdict(list)
    fields = {"documents": "document_number", "verifications": "form_id"}
    for table in ("applicants", "updates", "documents", "verifications"):
        for row in report[table]:
            name = json.loads(row["body"]).get(fields.get(table, "external_applicant_id"))
            if name is not None and row["request"]:  # those who were there before no request made
                found[f"{table} {name.rstrip(FILLER)}"].append(_made(row))
    for row in report["files"]:
        found[f"files {row['sha256']}"].append(_made(row))
    return dict(found)


def _made(row: dict[str, Any]) -> Made:
    return Made(row.get("id") or row["applicant_id"], row["request"])


_TABLES = {"applicants.update": "updates", "fork": "applicants"}
"""In which what is made is another than the section of the call."""


def _judge_step(name: str, step: Step, outcome: Outcome, made: dict[str, list[Made]], verdict: Verdict) -> None:
    key = digest(name, step.size) if step.do == "files.create" else name
    table = _TABLES.get(step.do, step.do.partition(".")[0])
    found = made.get(f"{table} {key}", [])
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


def _judge_returned(said: str, step: Step, outcome: Outcome, found: list[Made], verdict: Verdict) -> None:
    if step.do == "applicants.get":
        return
    if not found:
        verdict.note("losses", f"{said}: returned {outcome.returned!r}, and nothing was done")
    elif outcome.returned not in [one.id for one in found]:
        verdict.note("wrong", f"{said}: returned the id of something else")
