"""Waits that end with the sandbox."""

import asyncio

import attrs

from kycaid_async.sandbox.callbacks.dispatcher import Sleep


@attrs.frozen
class Waits:
    """Waits for requests, so that none of them holds up the end of the sandbox."""

    _sleep: Sleep
    _waiting: "set[asyncio.Future[None]]" = attrs.field(factory=set)

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until the sandbox stops."""
        sleeping = asyncio.ensure_future(self._sleep(seconds))
        self._waiting.add(sleeping)
        try:
            await asyncio.wait([sleeping])
        finally:
            self._waiting.discard(sleeping)
            sleeping.cancel()

    async def end(self, _app: object) -> None:
        """End all waits."""
        for sleeping in self._waiting:
            sleeping.cancel()
