"""The script: outcomes that wait for what is created next."""

from collections import deque
from typing import Literal

import attrs

from kycaid_async.sandbox.rules.outcome import Outcome
from kycaid_async.sandbox.storage.database import Transaction

Kind = Literal["verification", "document"]


@attrs.frozen
class Script:
    """Outcomes in the order in which they were given, for each kind of thing."""

    _waiting: dict[Kind, deque[Outcome]] = attrs.field(factory=dict)

    def add(self, kind: Kind, outcome: Outcome) -> None:
        """Let an outcome wait behind the others."""
        self._waiting.setdefault(kind, deque()).append(outcome)

    def take(self, kind: Kind, rows: Transaction) -> Outcome | None:
        """Return the next outcome, if any waits. It waits on when the transaction fails."""
        waiting = self._waiting.get(kind)
        if not waiting:
            return None
        outcome = waiting.popleft()
        rows.otherwise.append(lambda: waiting.appendleft(outcome))
        return outcome
