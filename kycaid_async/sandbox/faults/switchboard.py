"""The switchboard of faults: those that are on, and those that a request meets."""

from collections.abc import Sequence
from random import Random
from typing import Any, Final

import attrs

from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox.faults.fault import Fault, FaultKind

MOST: Final = 100
"""Faults that can be on: every request looks at each."""


@attrs.define
class ActiveFault:
    """A fault that is switched on."""

    id: str
    fault: Fault
    met: int = 0
    """How many requests have met it."""
    _draws: dict[str, Random] = attrs.field(factory=dict, repr=False, eq=False)

    @property
    def is_over(self) -> bool:
        """True when its count is used up."""
        return self.fault.count is not None and self.met >= self.fault.count

    def is_drawn(self, operation: str, seed: int) -> bool:
        """Say whether the next request of an operation meets it, by chance alone."""
        if self.fault.operations and operation not in self.fault.operations:
            return False
        if operation not in self._draws:
            # One series of chance for each operation, whatever else goes on: text as a seed is the same in every
            # process.
            self._draws[operation] = Random(f"{seed}/{self.id}/{operation}")  # noqa: S311 - to be repeatable
        return self._draws[operation].random() < self.fault.probability

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return {"id": self.id, **attrs.asdict(self.fault), "met": self.met}


class Faults:
    """The faults that are on in one sandbox.

    With the same ``seed``, the same faults added in the same order, and the same requests, each run is the same: the
    n-th request of an operation meets the same faults, counted from when a fault was added, in the order in which the
    server received them. Other operations and the time play no part. Where requests run at once, the network
    decides which of them is the n-th; and a ``count`` over several operations goes to whichever request comes first.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._added = 0
        self._active: dict[str, ActiveFault] = {}

    def __bool__(self) -> bool:
        return bool(self._active)

    @property
    def seed(self) -> int:
        """The seed of chance."""
        return self._seed

    def add(self, fault: Fault) -> str:
        """Switch a fault on and return an id for it. Raises `ConfigurationError` for one too many."""
        if len(self._active) >= MOST:
            raise ConfigurationError(f"{MOST} faults are on: switch some off before others are added")
        self._added += 1
        active = ActiveFault(id=str(self._added), fault=fault)
        self._active[active.id] = active
        return active.id

    def remove(self, fault_id: str) -> None:
        """Switch a fault off. Raises `KeyError` when there is none with this id."""
        del self._active[fault_id]

    def clear(self) -> None:
        """Switch all off. What is added then meets the same requests as in a new sandbox, and ids begin anew."""
        self._active.clear()
        self._added = 0

    def list(self) -> list[ActiveFault]:
        """Return those that are switched on, also when their count is used up, in the order of adding."""
        return list(self._active.values())

    def draw(self, operation: str) -> Sequence[Fault]:
        """Return what the next request of an operation meets: every wait that is due, then at most one other."""
        # All of them draw at each request, so that none depends on what another one did.
        # The copy is for tests that add one from another thread.
        drawn = [active for active in tuple(self._active.values()) if active.is_drawn(operation, self._seed)]
        ready = [active for active in drawn if not active.is_over]
        waits = [active for active in ready if active.fault.kind is FaultKind.LATENCY]
        others = [active for active in ready if active.fault.kind is not FaultKind.LATENCY]
        met = [*waits, *others[:1]]
        for active in met:
            active.met += 1
        return [active.fault for active in met]
