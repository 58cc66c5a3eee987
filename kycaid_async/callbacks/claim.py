"""The claim of one process on one event, in a store that several share."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio
import attrs

from kycaid_async.callbacks.stores import SharedSeenStore
from kycaid_async.masking import ValueObject

logger = logging.getLogger("kycaid_async")

_RENEWALS: Final = 3
"""How often a claim is renewed within its lease."""
_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between two looks at a claim that another process holds; the last one repeats."""
_RELEASE_SECONDS: Final = 5.0
"""How long a store has to take back a claim; after that its lease ends it."""


@attrs.frozen(eq=False, repr=False)
class Claim(ValueObject):
    """The claim of this process on one identity."""

    store: SharedSeenStore
    identity: str
    lease: float
    sleep: Callable[[float], Awaitable[None]]
    holder: str = attrs.field(factory=lambda: secrets.token_hex(16), init=False)

    async def acquire(self) -> bool:
        """Claim the identity, and return True; False when it was handled. Wait while another process holds it."""
        looks = 0
        while not await self._take():
            if await self.store.has(self.identity):
                return False
            await self.sleep(_PAUSES[min(looks, len(_PAUSES) - 1)])
            looks += 1
        return True

    @asynccontextmanager
    async def renewed(self, *, needed: bool) -> AsyncIterator[None]:
        """Renew the claim in the background, where that is ``needed``."""
        if not needed:
            yield
            return
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew(done))
        try:
            yield
        finally:
            # Told and not cancelled, because a connection may not survive it in the middle of a query.
            done.set()
            with anyio.CancelScope(shield=True):
                await renewing

    async def release(self) -> None:
        """Let others have the identity. What goes wrong is left to the end of the lease."""
        with anyio.move_on_after(_RELEASE_SECONDS, shield=True):
            try:
                await self.store.release(self.identity, self.holder)
            except Exception as error:  # noqa: BLE001 - the failure that led here is the one to be told
                name = type(error).__name__
                logger.warning("the claim of a callback could not be released: %s", name, extra={"kycaid_error": name})

    async def _take(self) -> bool:
        return await self.store.claim(self.identity, self.holder, self.lease)

    async def _renew(self, done: asyncio.Event) -> None:
        ended = asyncio.create_task(done.wait())
        while True:
            pause = asyncio.ensure_future(self.sleep(self.lease / _RENEWALS))
            await asyncio.wait([ended, pause], return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                pause.cancel()
                return
            try:
                if not await self._take() and not await self.store.has(self.identity):
                    logger.warning("the claim of a callback ended while its handler ran: another may handle it too")
            except Exception as error:  # noqa: BLE001 - there is another renewal before the lease ends
                name = type(error).__name__
                logger.warning("the claim of a callback could not be renewed: %s", name, extra={"kycaid_error": name})
