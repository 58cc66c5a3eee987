"""Faults: which request meets what."""

import random
import time
from dataclasses import dataclass, field, fields
from typing import Any, Self

CREATIONS = ("applicants.create", "documents.create", "verifications.create")

OWN = ("own", "swapped")
"""Answers that are the API's, whole."""


class Terse:
    """A dataclass that prints itself without what has its default."""

    def __repr__(self) -> str:
        values = [(one.name, getattr(self, one.name), one.default) for one in fields(self)]  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(f'{name}={is_!r}' for name, is_, usual in values if is_ != usual)})"


@dataclass(frozen=True, kw_only=True, repr=False)
class Fault(Terse):
    """What becomes of one request."""

    name: str = ""
    acts: int = 1
    """How often the server acts: 0 for never, 2 for a gateway that repeats the request to the server behind it."""
    late: float = 0.0
    """Seconds before it acts, whether or not the client still listens."""
    pause: float = 0.0
    """Seconds after that before it answers."""
    answer: str = "own"
    """``own``, ``swapped`` (what the request before got), ``reset``, ``close``, ``hang``, ``cut``, or a page's name."""
    early: bool = False
    """Answer by the headers, and close while the body is still on its way."""
    broken: str = ""
    """Reset the connection, and do nothing: ``head`` before the body is read, ``body`` in the middle of it."""
    behind: float = 0.0
    """Seconds after the answer before it acts; the answer then has to be one that needs no act."""
    mangling: str = ""
    """What happens to the bytes of the answer on their way, by name; see `manglings`."""
    end: str = "keep"
    """After the answer, ``close`` or ``reset`` the connection without a word about it."""
    ends_after: float = 0.0
    """Seconds from the answer to that."""


NO_FAULT = Fault()


@dataclass(kw_only=True)
class Rule:
    """Gives some requests a fault."""

    on: list[str]
    """Names of endpoints; ``*`` for all."""
    chance: float = 1.0
    count: int | None = None
    """How many requests it is for; None for no end."""
    since: float = 0.0
    until: float | None = None
    """Seconds after the rules were set."""
    acts: int = 1
    late: float = 0.0
    """The most seconds before it acts: how many is drawn, unless it is ``exact``."""
    exact: bool = False
    pause: float = 0.0
    """The most seconds: how many is drawn."""
    answers: list[str] = field(default_factory=lambda: ["own"])
    """One of them is drawn."""
    early: bool = False
    used: int = 0

    def fault(self, endpoint: str, seconds: float, chance: random.Random) -> Fault | None:
        """Return the fault for a request so many seconds after the rules were set, if it is for that one."""
        applies = endpoint in self.on or "*" in self.on
        inside = self.since <= seconds and (self.until is None or seconds < self.until)
        left = self.count is None or self.used < self.count
        if not (applies and inside and left and chance.random() < self.chance):
            return None
        self.used += 1
        late, pause = self.late * chance.random(), self.pause * chance.random()
        late = self.late if self.exact else late
        answer = chance.choice(self.answers)
        name = f"acts {self.acts}, {answer}" + (f", {late:.2f} s late" if late else "")
        return Fault(name=name, acts=self.acts, late=late, pause=pause, answer=answer, early=self.early)


@dataclass
class Rules:
    """The rules in force; the first that applies counts."""

    rules: list[Rule]
    seed: int
    since: float
    script: list[Fault] = field(default_factory=list)
    """The faults of the next requests, in the order in which they come; it goes before the rules."""

    @classmethod
    def of(cls, settings: dict[str, Any], since: float) -> Self:
        """Return the rules of ``settings``, which were set at ``since``."""
        rules, script = settings.get("faults", []), settings.get("script", [])
        made = [Rule(**rule) for rule in rules], settings.get("seed", 0), since, [Fault(**fault) for fault in script]
        return cls(*made)

    def pick(self, endpoint: str, number: int) -> Fault:
        """Return the fault for the request with this number: the same for the same seed."""
        if self.script:
            return self.script.pop(0)
        chance, seconds = random.Random(f"{self.seed} {number}"), time.time() - self.since
        found = (rule.fault(endpoint, seconds, chance) for rule in self.rules)
        return next((fault for fault in found if fault is not None), NO_FAULT)
