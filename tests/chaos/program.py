"""Programs as data, so that one that fails shrinks, and prints as what was done."""

from dataclasses import dataclass, fields
from typing import Any, Literal

from tests.oracle.faults import Fault, Terse


@dataclass(frozen=True, kw_only=True, repr=False)
class Step(Terse):
    """One call of an operation, or something that happens to the process."""

    do: str
    """An operation, or one of `EVENTS`."""
    cancel: float | None = None
    """Seconds after which the call is cancelled; for blocking calls, by Ctrl-C."""
    limit: float | None = None
    """Seconds that the call has in all, where that is less than usual."""
    source: str = "bytes"
    """Of a file: ``bytes``, ``path`` or ``chunks``."""
    size: int = 300


EVENTS = ("hold", "stop", "away", "rest", "fork")
"""The loop is held up for longer than the limits; the process is stopped for so long, and continued; the server refuses
connections for a while; nothing happens for a moment; the process forks, and the child makes a call."""
WAYS = ("http", "https", "proxy")
"""How clients come to the server: ``proxy`` is https through one."""
OPERATIONS = (
    "applicants.create",
    "applicants.get",
    "applicants.update",
    "files.create",
    "documents.create",
    "verifications.create",
)
ONCE = ("applicants.create", "documents.create", "verifications.create")
"""What acts at most once, whatever happens."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Program(Terse):
    """Calls of the async or of the blocking client. The steps of a group run at once, the groups one after another."""

    client: Literal["async", "blocking"]
    groups: tuple[tuple[Step, ...], ...]
    script: tuple[Fault, ...] = ()
    """The faults of requests, in the order in which they reach the server."""
    way: str = "http"
    doors: tuple[str, ...] = ()
    """The faults of connections with TLS or through a proxy, in their order."""
    names: tuple[str, ...] = ()
    """The faults of look-ups of the server's name, in their order."""
    connections: int = 8
    through_session: bool = False
    """Whether requests go the way that is there in case aiohttp changes."""

    def steps(self) -> list[tuple[str, Step]]:
        """Return all steps with their names."""
        return [(name, step) for group in self.named() for name, step in group]

    def named(self) -> list[list[tuple[str, Step]]]:
        """Return the groups, each step with its name."""
        numbers = iter(range(1000))
        return [[(f"s{next(numbers)}", step) for step in group] for group in self.groups]


FIRST_NEW = 10
"""The number of the first applicant that rows have made; before it are people who are there."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Row(Terse):
    """A row of a bulk upload."""

    applicant: int = 0
    """The number of one that is there, or from `FIRST_NEW` on of one to make."""
    content: int = 0
    """Which of the files it has."""


@dataclass(frozen=True, kw_only=True, repr=False)
class BulkProgram(Terse):
    """A bulk upload with a ledger that meets faults and may be cut off, and a second run that meets none."""

    rows: tuple[Row, ...]
    script: tuple[Fault, ...] = ()
    way: str = "http"
    doors: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    cancel: float | None = None
    """Seconds after which the first run is cut off."""
    away: float | None = None
    """Seconds after which the server refuses connections for a while."""
    stop: float | None = None
    """Seconds after which the process is stopped for a while."""
    client: Literal["bulk"] = "bulk"


def as_data(fault: Fault) -> dict[str, Any]:
    """Return what the oracle takes as a fault; its name is what is not as usual about it."""
    said = {field.name: value for field in fields(fault) if (value := getattr(fault, field.name)) != field.default}
    return said | {"name": ", ".join(f"{name} {value}" for name, value in said.items()) or "none"}
