"""What is to be measured."""

import json
from typing import Any, Self

import attrs


@attrs.frozen(kw_only=True)
class Case:
    """One thing to do, which all peers do."""

    title: str
    url: str = ""
    cafile: str | None = None
    concurrency: int = 1
    count: int | None = None
    """Operations per round; None for as many as fit into ``seconds``."""
    seconds: float = 0.3
    options: dict[str, Any] = attrs.field(factory=dict)
    """What else the benchmark needs to tell its peers; plain JSON."""

    def dumps(self) -> str:
        return json.dumps(attrs.asdict(self))

    @classmethod
    def loads(cls, text: str) -> Self:
        return cls(**json.loads(text))


@attrs.frozen(kw_only=True)
class Plan:
    """How thoroughly to measure."""

    rounds: int = 9
    quick: bool = False
    """Only see that everything runs: few rounds of few operations, and no figure means anything."""
    busy: bool = False
    """True while a process of its own keeps each core busy."""

    def wanted(self, idle: float, busy: float) -> float:
        """Return what is wanted of a figure on an idle machine, or on a busy one."""
        return busy if self.busy else idle

    @property
    def seconds(self) -> float:
        """How long a round of one peer takes, where the count of operations is free."""
        return 0.02 if self.quick else 0.15

    def rounds_of(self, case: Case) -> int:
        """Return how many rounds to do: short ones are more, because what disturbs lasts longer than they do."""
        return self.rounds if case.count or self.quick else 3 * self.rounds
