"""Stores of the identities of events: what they do, and the one of a single process."""

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

from kycaid_async.options import FUNCTION, SECONDS_OR_ENDLESS, whole
from kycaid_async.tracebacks import guarded

WEEK: Final = 7 * 86400.0
"""How long an identity is kept by default, in seconds."""


class SeenStore(Protocol):
    """A store of the identities of events: in memory, in Redis, in a database."""

    async def add(self, identity: str) -> bool:
        """Keep ``identity`` and return True when it was not kept before. Must be atomic."""
        ...

    async def has(self, identity: str) -> bool:
        """Say whether ``identity`` is kept."""
        ...


@runtime_checkable
class SharedSeenStore(SeenStore, Protocol):
    """A seen store that several processes share: who wants to handle an event claims it first, for a limited time.

    `SeenStore.add` keeps an identity whoever claims it, and ends the claim.
    """

    async def claim(self, identity: str, holder: str, lease: float) -> bool:
        """Let ``holder`` have ``identity`` for ``lease`` seconds from now, and return True. Must be atomic.

        Return False when it is kept, or when the claim of another holder has not ended. A holder who claims again
        renews its lease.
        """
        ...

    async def release(self, identity: str, holder: str) -> None:
        """End the claim of ``holder``, when there is one."""
        ...


@guarded
class MemorySeenStore:
    """Keeps identities in this process: they are gone when it ends, and other processes do not see them.

    Holds at most ``max_size`` identities, each for ``ttl`` seconds; the oldest go first. It can be used from many
    threads and event loops. ``clock`` returns seconds and never goes back. Raises `ConfigurationError` for a size or a
    time that is not positive.
    """

    def __init__(
        self, max_size: int = 100_000, ttl: float = WEEK, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        whole(1).check("max_size", max_size)
        SECONDS_OR_ENDLESS.check("ttl", ttl)
        FUNCTION.check("clock", clock)
        self._max_size, self._ttl, self._clock = max_size, ttl, clock
        self._until: dict[str, float] = {}  # in the order of time, because all are kept equally long
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._until)

    async def add(self, identity: str) -> bool:
        with self._lock:
            self._drop_old()
            if identity in self._until:
                return False
            if len(self._until) >= self._max_size:
                del self._until[next(iter(self._until))]
            self._until[identity] = self._clock() + self._ttl
            return True

    async def has(self, identity: str) -> bool:
        with self._lock:
            self._drop_old()
            return identity in self._until

    def _drop_old(self) -> None:
        now = self._clock()
        while self._until and self._until[oldest := next(iter(self._until))] <= now:
            del self._until[oldest]
