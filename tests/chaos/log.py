"""The log of the server: which requests a call sent, what became of each, and what went wrong on the way."""

from collections import defaultdict
from typing import Any, Self

import attrs

from tests.chaos.calls import FILLER
from tests.chaos.program import BulkProgram, Program, as_data
from tests.oracle.faults import NO_FAULT, Fault
from tests.oracle.manglings import HARMLESS

_OK = 200
_CUT = "cut_"
_DRIPS = 0.05
"""Seconds that an answer takes which comes in small pieces."""


@attrs.define(kw_only=True)
class Logged:
    """One request that reached the server."""

    number: int
    endpoint: str
    is_read: bool
    """Whether its answer is one that a client can read and has to take: nothing went wrong, or nothing that matters."""
    answered: float | None
    """The time by which the whole answer was sent."""


@attrs.define
class Log:
    """All requests of a program, by what asked for them, and the faults that were met."""

    requests: dict[tuple[str, str], list[Logged]]
    """By endpoint and name; the name is empty for those whose body nobody read."""
    faults: int
    """Faults that requests, connections and look-ups met."""
    ended: int
    """Connections that the server ended behind a client's back, after an answer."""
    cut: int
    """Connections that a door cut, with whatever was under way on them."""
    is_calm: bool
    """Whether nothing went wrong, or nothing that matters to a client."""

    @classmethod
    def of(cls, program: Program | BulkProgram, report: dict[str, Any]) -> Self:
        """Return what ``report`` shows of ``program``."""
        written = {as_data(fault)["name"]: fault for fault in program.script} | {"": NO_FAULT, "none": NO_FAULT}
        doors, names = report.get("doors", []), report.get("names", [])
        requests, faults = defaultdict(list), []
        for row in report["requests"]:
            fault = written[row["fault"].removesuffix(", early")]
            faults.append(fault)
            # Nobody knows what one who only reads calls a thing; the path says which it is.
            name = row["path"] if row["method"] == "GET" else (row["name"] or "").rstrip(FILLER)
            is_read = row["answered"] is not None and row["status"] == _OK and _can_be_read(fault, program.way)
            answered = row["answered"] and row["answered"] + _DRIPS * (fault.mangling == "drip")
            logged = Logged(number=row["number"], endpoint=row["endpoint"], is_read=is_read, answered=answered)
            requests[row["endpoint"], name].append(logged)
        return cls(
            dict(requests),
            faults=sum(fault != NO_FAULT for fault in faults) + len(doors) + len(names),
            ended=sum(fault.end != "keep" or fault.early for fault in faults),
            cut=sum(door.startswith(_CUT) for door in doors),
            is_calm=not (doors or names) and all(_can_be_read(f, program.way) and f.end == "keep" for f in faults),
        )

    def sent(self, endpoint: str, name: str) -> list[Logged]:
        """Return the requests that certainly are those of one call, in their order."""
        return self.requests.get((endpoint, name), [])

    def perhaps_sent(self, endpoint: str) -> list[Logged]:
        """Return the requests that may be of any call of an endpoint, because nobody read the whole of them."""
        return self.requests.get((endpoint, ""), [])


def _can_be_read(fault: Fault, way: str) -> bool:
    """Say whether a client gets the whole answer of what was done, in a form that it can read."""
    is_answered = fault.acts and fault.answer == "own" and not (fault.early or fault.broken or fault.behind)
    # A door that is told of a reset passes that on at once, before what it has got.
    is_passed_on = way == "http" or fault.end != "reset"
    return bool(is_answered and is_passed_on and (not fault.mangling or fault.mangling in HARMLESS))
