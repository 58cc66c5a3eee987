"""How many requests may be under way, and when the next may start, learned from the server's refusals.

The API publishes no limits and sends no rate headers. So the window halves when the server refuses and grows by one
for each windowful of good answers; and after a refusal nobody starts before one moment that only ever moves forward.
"""


class Pacer:
    """The window and the gate of one client. Times are in seconds of a monotonic clock that the caller reads."""

    def __init__(self, maximum: int) -> None:
        self._maximum = float(maximum)
        self._window = self._maximum
        self._opens_at = float("-inf")

    @property
    def window(self) -> int:
        """How many requests may be under way; at least one."""
        return int(self._window)

    def wait(self, now: float) -> float:
        """Return how long the gate stays shut from ``now`` on."""
        return max(0.0, self._opens_at - now)

    def refused(self, now: float, after: float) -> None:
        """Note that the server refused and that nobody should start within ``after`` seconds.

        Refusals that come while the gate is shut belong to requests that were under way already: they may move the
        gate, and do not halve the window again.
        """
        if now >= self._opens_at:
            self._window = max(1.0, self._window / 2)
        self._opens_at = max(self._opens_at, now + after)

    def succeeded(self) -> None:
        """Note a good answer."""
        if self._window < self._maximum:
            self._window = min(self._maximum, self._window + 1 / self._window)
