"""Circuit breakers: they open after failures, and close on a success."""

from typing import Final

import attrs

_FIRST_ALLOWED: Final = 4
"""How many requests may be under way before anything is known of the server."""
_CALM: Final = 8
"""Successes in a row after which an earlier opening plays no part any more."""


@attrs.define(kw_only=True)
class CircuitBreaker:
    """Opens after ``threshold`` failures in a row, and closes with the first success. Times are in seconds.

    While it is open, one request at a time should try, after a `pause` that grows. ``allowed`` says how many may be
    under way: after the first failure only as many as it takes to open, and after it closed one, then more with each
    success.
    """

    threshold: int = 5
    first_pause: float = 0.25
    longest_pause: float = 15.0
    _failures: int = 0
    _is_shut_out: bool = False
    _since: float | None = None
    _window: int = _FIRST_ALLOWED
    _openings: int = 0
    _successes: int = 0

    @property
    def is_open(self) -> bool:
        """True while requests should be sent one at a time, with pauses."""
        return self._is_shut_out or self._failures >= self.threshold

    @property
    def allowed(self) -> int:
        """How many requests may be under way at once."""
        return max(1, self.threshold - self._failures) if self._failures else self._window

    def failed(self, now: float, *, connected: bool = True) -> None:
        """Note a failure. When not even a connection was made, it opens at once."""
        was_open = self.is_open
        self._failures += 1
        self._successes = 0
        self._is_shut_out = self._is_shut_out or not connected
        if self._since is None:
            self._since = now
        if self.is_open and not was_open:
            self._openings += 1
            self._window = 1

    def busy(self, now: float) -> None:
        """Note that the server is there, and refuses for now."""
        self._failures, self._is_shut_out = 0, False
        if self._since is None:
            self._since = now

    def succeeded(self) -> None:
        """Note an answer of use."""
        self._failures, self._is_shut_out, self._since = 0, False, None
        self._window += 1
        self._successes += 1
        if self._successes >= _CALM:
            self._openings = 0

    def lasts(self, now: float) -> float:
        """Return for how many seconds no request got an answer of use."""
        return 0.0 if self._since is None else now - self._since

    def pause(self, left: float) -> float:
        """Return the seconds to wait before the next request, when so many are left until the run gives up.

        It begins longer when the breaker opened a moment ago already.
        """
        steps = self._failures + max(0, self._openings - 1)
        return min(self.longest_pause, self.first_pause * 2.0 ** min(steps, 10), max(self.first_pause, left))
