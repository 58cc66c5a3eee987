"""Background work after an operation: callbacks are sent, and verifications end although nobody reads them."""

import asyncio
import math
from collections.abc import Collection

import attrs

from kycaid_async.sandbox.callbacks.dispatcher import CallbackDispatcher
from kycaid_async.sandbox.events.delivery import Effects
from kycaid_async.sandbox.events.tasks import Sleep, Tasks
from kycaid_async.sandbox.review.finisher import Finisher


@attrs.frozen
class BackgroundWork:
    """Carries out the effects of operations."""

    dispatcher: CallbackDispatcher
    finisher: Finisher
    _sleep: Sleep
    _timers: Tasks = attrs.field(factory=Tasks)
    _finishing: "set[asyncio.Future[None]]" = attrs.field(factory=set)

    def carry_out(self, effects: Effects) -> None:
        """Begin what an operation sets off."""
        self.dispatcher.send(effects.callbacks)
        for verification_id in effects.started:
            self._timers.start(self._wait_for(verification_id))

    async def resume(self) -> None:
        """Wait for the verifications that ran when the sandbox was stopped, and deliver what was still to be."""
        await self.dispatcher.resume()
        self.carry_out(Effects(started=await self.finisher.running()))

    async def finish_due(self, ids: Collection[str] | None = None) -> None:
        """End the verifications that are due now: all, or those with these ids or applicants."""
        done = asyncio.get_running_loop().create_future()
        self._finishing.add(done)
        try:
            await self.finisher.finish_due(ids, self.dispatcher.send)
        finally:
            self._finishing.discard(done)
            done.set_result(None)

    async def settle(self) -> None:
        """Wait until no verification is due, none is being ended, and no callback is under way."""
        await self.finish_due()
        while self._finishing or not self.dispatcher.is_idle:
            if self._finishing:
                await asyncio.wait(self._finishing)
            await self.dispatcher.idle()
            await self.finish_due()

    async def close(self) -> None:
        """Stop waiting. Callbacks that are under way are left for the next start."""
        await self._timers.close()
        await self.dispatcher.close()

    async def _wait_for(self, verification_id: str) -> None:
        while (seconds := await self.finisher.remaining(verification_id)) is not None:
            if seconds > 0:
                # Rounded up: a clock of microseconds would stand still before the last fraction of one.
                await self._sleep(math.ceil(seconds * 1000) / 1000)
            await self.finish_due([verification_id])
