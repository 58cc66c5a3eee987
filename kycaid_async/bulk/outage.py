"""Whether the server can be reached, as far as the last requests tell."""

from typing import Final

_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 15.0
_FAILURES_IN_A_ROW: Final = 5


class Outage:
    """Begins when no connection can be made, or several requests in a row fail; ends with the first answer."""

    def __init__(self) -> None:
        self._failures = 0
        self._refused_to_connect = False
        self._since: float | None = None

    @property
    def is_on(self) -> bool:
        """True while requests should be sent one at a time, with pauses."""
        return self._refused_to_connect or self._failures >= _FAILURES_IN_A_ROW

    def failed(self, now: float, *, connected: bool) -> None:
        """Note a request without an answer, or one that was refused for now."""
        self._failures += 1
        self._refused_to_connect = self._refused_to_connect or not connected
        if self._since is None:
            self._since = now

    def busy(self, now: float) -> None:
        """Note that the server is there, and refuses for now."""
        self._failures, self._refused_to_connect = 0, False
        if self._since is None:
            self._since = now

    def answered(self) -> None:
        """Note an answer."""
        self._failures, self._refused_to_connect, self._since = 0, False, None

    def lasts(self, now: float) -> float:
        """Return for how many seconds no request got an answer that is of use."""
        return 0.0 if self._since is None else now - self._since

    def pause(self, left: float) -> float:
        """Return the seconds to wait before the next request, when so many are left until the run gives up."""
        return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(self._failures, 10), max(_FIRST_PAUSE, left))
