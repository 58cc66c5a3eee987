"""Locks that hold beyond this process: what one process works on, no other does meanwhile.

Nobody waits in a circle: who holds the claim of an applicant, of a content, or of documents that look the same, takes
no row's any more.
"""

import hashlib
from collections.abc import Awaitable, Callable, Hashable
from contextlib import nullcontext
from typing import Final, Self, TypeVar

import attrs

from kycaid_async.bulk.ledger import Claims, UploadLedger
from kycaid_async.bulk.requests.limits import Idle, KeyedLock, KeyHold

_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.5
"""Seconds between two looks at what another process holds."""

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


def locks_of(ledger: UploadLedger, sleep: Sleep, idle: Idle = nullcontext) -> KeyedLock:
    """Return the locks for what ``ledger`` records: among tasks, and among all processes that share it."""
    claims = ledger.claims
    return KeyedLock(idle) if claims is None else _ClaimedLocks(claims, sleep, idle)


class _ClaimedLocks(KeyedLock):
    def __init__(self, claims: Claims, sleep: Sleep, idle: Idle) -> None:
        super().__init__(idle)
        self._claims = claims
        self._sleep = sleep

    def of(self, key: Hashable) -> KeyHold:
        return _ClaimedHold(self._waiting, key, self._idle, self._claims, _name(key), self._sleep)


@attrs.define(eq=False)
class _ClaimedHold(KeyHold):
    """A hold of one lock: among the tasks of this process first, so that only one of them asks for the claim."""

    _claims: Claims
    _name: bytes
    _sleep: Sleep

    async def __aenter__(self) -> Self:
        await self.look(_nothing)
        return self

    async def look(self, look: Callable[[], Awaitable[T]]) -> T:
        """Take it, and return what ``look`` shows then: claim and look are one wait for the ledger."""
        await super().__aenter__()
        try:
            claim, seen = self._claims.try_claim(self._name), await look()
            if await claim:
                return seen
            with self._idle():
                await self._wait()
            return await look()
        except BaseException:
            await self.leave()
            raise

    async def _wait(self) -> None:
        pause = _FIRST_PAUSE
        await self._sleep(pause)
        while not await self._claims.try_claim(self._name):
            pause = min(_LONGEST_PAUSE, 2 * pause)
            await self._sleep(pause)

    async def leave(self) -> None:
        try:
            self._claims.release(self._name)
        finally:
            await super().leave()


async def _nothing() -> None:
    pass


def _name(key: Hashable) -> bytes:
    """Return what all processes call a key. Those of rows, applicants and contents are digests already."""
    return hashlib.sha256(key if isinstance(key, bytes) else repr(key).encode(errors="surrogatepass")).digest()
