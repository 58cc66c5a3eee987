"""Throttles guesses of the API key."""

import hashlib
import ipaddress
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import attrs

from kycaid_async.sandbox.callbacks.dispatcher import Sleep
from kycaid_async.sandbox.http.key import SANDBOX_KEY
from kycaid_async.sandbox.http.refusals import too_many

SHORTEST: Final = 16
"""Characters that the key of a sandbox has at least, where others can reach it."""
FREE: Final = 3
"""Different wrong keys of one client that are answered at once: everybody mistypes."""
FIRST: Final = 0.1
LONGEST: Final = 5.0
"""Seconds between two of its next guesses: twice as long each time, up to this."""
PATIENCE: Final = 30.0
"""Seconds that a request waits at most. One whose turn comes later is refused, and its key is not looked at."""
FORGOTTEN: Final = timedelta(minutes=5)
"""How long after its last wrong key a client starts anew."""
_REMEMBERED: Final = 1000
_NETWORK: Final = 64
"""Bits of an IPv6 address that one customer of a provider cannot change."""


@attrs.define
class _Client:
    """What one address tried."""

    latest: datetime
    free_at: datetime
    """When the next guess may be answered."""
    wrong: dict[bytes, None] = attrs.field(factory=dict, repr=False)
    """Hashes of the wrong keys."""
    guesses: int = 0

    def note(self, key: bytes) -> None:
        """Count a new guess, and let the one after it wait longer."""
        self.wrong[key] = None
        if len(self.wrong) > _REMEMBERED:
            del self.wrong[next(iter(self.wrong))]
        # Bounded, because a power has no end.
        over = min(self.guesses + 1 - FREE, 10)
        self.guesses += 1
        if over >= 0:
            self.free_at = max(self.free_at, self.latest) + timedelta(seconds=min(FIRST * 2**over, LONGEST))


@attrs.define
class KeyThrottle:
    """Lets each address try few keys in a time, however many requests it sends at once.

    A wrong key that is sent again is no new guess: a program with an old key slows nobody down.
    """

    _api_key: str = attrs.field(repr=False)
    _wait: Sleep
    _clock: Callable[[], datetime]
    _clients: dict[str, _Client] = attrs.field(factory=dict, repr=False)

    async def judge(self, address: str | None, key: str, *, is_right: bool) -> bool:
        """Return ``is_right`` once this address may know it. Raises `Refused` when that is too far away.

        The right key waits too, but only where its own address is trying others: an answer at once would tell it from
        all those that wait.
        """
        if self._api_key == SANDBOX_KEY:
            return is_right
        client, now = self._client(_network(address)), self._clock()
        guess = hashlib.sha256(key.encode(errors="surrogateescape")).digest()
        if guess in client.wrong:
            return False
        seconds = (client.free_at - now).total_seconds()
        if seconds > PATIENCE:
            raise too_many()
        if not is_right:
            client.latest = now
            client.note(guess)
        if seconds > 0:
            await self._wait(seconds)
        return is_right

    def _client(self, network: str) -> _Client:
        now = self._clock()
        client = self._clients.pop(network, None)
        if client is None or now - client.latest > FORGOTTEN:
            client = _Client(latest=now, free_at=now)
        self._clients[network] = client
        if len(self._clients) > _REMEMBERED:
            del self._clients[next(iter(self._clients))]
        return client


def _network(address: str | None) -> str:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, _NETWORK), strict=False))
