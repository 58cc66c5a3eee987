"""What follows an operation: callbacks are sent, and verifications end although nobody reads them."""

import asyncio
import math
from collections.abc import Collection

import attrs

from kycaid_async.sandbox.callbacks.dispatcher import Courier, Sleep
from kycaid_async.sandbox.events.effects import Effects
from kycaid_async.sandbox.events.tasks import Tasks
from kycaid_async.sandbox.review.finisher import Finisher


@attrs.frozen
class Aftermath:
    """Carries out effects."""

    courier: Courier
    _finisher: Finisher
    _sleep: Sleep
    _timers: Tasks = attrs.field(factory=Tasks)
    _settling: "set[asyncio.Future[None]]" = attrs.field(factory=set)

    def carry_out(self, effects: Effects) -> None:
        """Do in the background what an operation sets off."""
        self.courier.send(effects.callbacks)
        for verification_id in effects.started:
            self._timers.start(self._wait_for(verification_id))

    async def resume(self) -> None:
        """Wait for the verifications that ran when the sandbox was stopped, and deliver what was still to be."""
        await self.courier.resume()
        self.carry_out(Effects(started=await self._finisher.pending()))

    async def settle(self, ids: Collection[str] | None = None) -> None:
        """End the verifications that are due now: all, or those with these ids or applicants."""
        done = asyncio.get_running_loop().create_future()
        self._settling.add(done)
        try:
            await self._finisher.settle(ids, self.courier.send)
        finally:
            self._settling.discard(done)
            done.set_result(None)

    async def quiet(self) -> None:
        """Wait until no verification is due, none is being ended, and no callback is under way."""
        await self.settle()
        while self._settling or not self.courier.is_idle:
            if self._settling:
                await asyncio.wait(self._settling)
            await self.courier.idle()
            await self.settle()

    async def close(self) -> None:
        """Stop waiting. Callbacks that are under way are left for the next start."""
        await self._timers.close()
        await self.courier.close()

    async def _wait_for(self, verification_id: str) -> None:
        while (seconds := await self._finisher.remaining(verification_id)) is not None:
            if seconds > 0:
                # Rounded up: a clock of microseconds would stand still before the last fraction of one.
                await self._sleep(math.ceil(seconds * 1000) / 1000)
            await self.settle([verification_id])
