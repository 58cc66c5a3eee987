"""Access: throttles guesses of the API key, and signs URLs of files, which need none."""

import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.events.tasks import Sleep
from kycaid_async.sandbox.http.listening import SANDBOX_KEY
from kycaid_async.sandbox.http.refusals import too_many

SHORTEST_KEY: Final = 16
"""Characters that the key of a sandbox has at least, where others can reach it."""
FREE_TRIES: Final = 3
"""Different wrong keys of one client that are answered at once: everybody mistypes."""
FIRST_DELAY: Final = 0.1
MAX_DELAY: Final = 5.0
"""Seconds between two of its next guesses: twice as long each time, up to this."""
MAX_WAIT: Final = 30.0
"""Seconds that a request waits at most. One whose turn comes later is refused, and its key is not looked at."""
RESET_AFTER: Final = timedelta(minutes=5)
"""How long after its last wrong key a client starts anew."""
FILE_PATH: Final = "/storage/{file_id}/{signature}"
_REMEMBERED: Final = 1000
_NETWORK: Final = 64
"""Bits of an IPv6 address that one customer of a provider cannot change."""


@attrs.define(eq=False, repr=False)
class _Guesses(ValueObject):
    """The keys that one address tried."""

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
        over = min(self.guesses + 1 - FREE_TRIES, 10)
        self.guesses += 1
        if over >= 0:
            self.free_at = max(self.free_at, self.latest) + timedelta(seconds=min(FIRST_DELAY * 2**over, MAX_DELAY))


@attrs.define(eq=False, repr=False)
class KeyThrottle(ValueObject):
    """Lets each address try few keys in a time, however many requests it sends at once.

    A wrong key that is sent again is no new guess: a program with an old key slows nobody down.
    """

    _api_key: str = attrs.field(repr=False)
    _wait: Sleep
    _clock: Callable[[], datetime]
    _clients: dict[str, _Guesses] = attrs.field(factory=dict, repr=False)

    async def judge(self, address: str | None, key: str, *, is_right: bool) -> bool:
        """Return ``is_right`` once this address may know it. Raises `Refused` when that is too far away.

        The right key waits too, but only where its own address is trying others: an answer at once would tell it from
        all those that wait.
        """
        if self._api_key == SANDBOX_KEY:
            return is_right
        network = _network(address)
        if is_right and network not in self._clients:
            return True
        now = self._clock()
        client = self._client(network, now)
        guess = hashlib.sha256(key.encode(errors="surrogateescape")).digest()
        if guess in client.wrong:
            return False
        seconds = (client.free_at - now).total_seconds()
        if seconds > MAX_WAIT:
            raise too_many()
        if not is_right:
            client.latest = now
            client.note(guess)
        if seconds > 0:
            await self._wait(seconds)
        return is_right

    def _client(self, network: str, now: datetime) -> _Guesses:
        client = self._clients.pop(network, None)
        if client is None or now - client.latest > RESET_AFTER:
            client = _Guesses(latest=now, free_at=now)
        self._clients[network] = client
        if len(self._clients) > _REMEMBERED:
            del self._clients[next(iter(self._clients))]
        return client


@lru_cache(maxsize=_REMEMBERED)
def _network(address: str | None) -> str:
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, _NETWORK), strict=False))


@attrs.frozen(eq=False, repr=False)
class SignedUrls(ValueObject):
    """Signed URLs of one server's files. As with the real service, whoever has one can fetch the file without a key."""

    base_url: str
    _secret: bytes = attrs.field(repr=False)

    def url_for(self, file_id: str | None) -> str | None:
        """Return the URL of a file; None for none."""
        if file_id is None:
            return None
        return self.base_url + FILE_PATH.format(file_id=file_id, signature=self._signature(file_id))

    def is_valid(self, file_id: str, signature: str) -> bool:
        """Say whether the signature is ours, in constant time."""
        return hmac.compare_digest(self._signature(file_id).encode(), signature.encode(errors="replace"))

    def _signature(self, file_id: str) -> str:
        return hmac.new(self._secret, file_id.encode(errors="replace"), hashlib.sha256).hexdigest()
