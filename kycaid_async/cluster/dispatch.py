"""The way of shards to workers and back, whatever becomes of workers and of the scheduler."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, Protocol

import attrs
from distributed import CancelledError as TaskCancelled
from distributed import KilledWorker
from distributed.comm.core import CommClosedError

from kycaid_async.bulk.options import RunPlan
from kycaid_async.cluster.divided_pace import divide_pace
from kycaid_async.cluster.messages import Job, ShardOutcome, ShardWork
from kycaid_async.cluster.worker import KycaidPlugin, UnknownRunError, deliver
from kycaid_async.errors import KycaidError
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings

_LOST: Final = (KilledWorker, TaskCancelled, CommClosedError, OSError, TimeoutError)
"""What says nothing of a shard but that its worker, or the scheduler, is gone."""
_LOOK: Final = 0.5
_SILENCE: Final = 5.0
"""Seconds without the scheduler after which all is begun anew."""
_PAUSE: Final = 0.5
_TRIES: Final = 30
"""How often a shard is sent when its workers die."""


class Numbered(Protocol):
    """A shard."""

    @property
    def number(self) -> int: ...


Part = tuple[Any, Any]
"""A shard, and what its starter keeps of it."""
NextPart = Callable[[], Awaitable[Part | None]]
"""Gives the next part; None when there is none now. While shards are under way it is asked again."""
Connect = Callable[[], Awaitable[Any]]
"""Connects a client to the scheduler. Dask's has no types."""


class Dispatching(Protocol):
    """Brings shards to workers."""

    def dispatch(
        self, work: ShardWork, plan: RunPlan, *, settings: Settings, timing: Timing, drained: asyncio.Event
    ) -> "contextlib.AbstractAsyncContextManager[Dispatch]":
        """Give what hands out shards, with the cluster it hands them to."""
        ...


@attrs.define(eq=False)
class Dispatch:
    """Hands out shards, a few for each thread of a worker, and hands out again those that got lost."""

    job: Job
    connect: Connect
    timing: Timing
    give_up_after: float
    drained: asyncio.Event
    _client: Any = None
    _known_to: str | None = None
    """The scheduler whose workers know the job."""
    _tries: Counter[int] = attrs.field(factory=Counter)
    _width: int = 2
    _looked_at: float = float("-inf")
    _silent_since: float | None = None

    async def outcomes(self, next_part: NextPart) -> AsyncGenerator[tuple[Any, Any, ShardOutcome], None]:
        """Give what became of each shard, as it comes. What another process can go on with is sent again.

        Raises `KycaidError` when it is sent in vain again and again, or when no scheduler can be reached.
        """
        again: deque[Part] = deque()
        pending: dict[asyncio.Task[ShardOutcome], Part] = {}
        try:
            while True:
                client = await self._connected()
                while len(pending) < self._width and not self.drained.is_set():
                    part = again.popleft() if again else await next_part()
                    if part is None:
                        break
                    pending[asyncio.create_task(self._one(client, part[0]))] = part
                if not pending:
                    return
                done, _ = await asyncio.wait(pending, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    part = pending.pop(task)
                    outcome = self._outcome(task, part[0])
                    if outcome is None or outcome.again:
                        again.append(part)
                    if outcome is not None:
                        yield *part, outcome
                if self._is_silent(client):
                    again.extend(pending.values())
                    await self._forget(pending)
                    await self._leave()
        finally:
            await self._forget(pending)

    def was_sent_again(self, shard: Numbered) -> bool:
        """Say whether a shard got lost, so that some of it was perhaps done by a worker that did not tell."""
        return self._tries[shard.number] > 0

    async def close(self) -> None:
        """Let workers finish what is in flight and forget the upload."""
        client = self._client
        if client is not None and client.status == "running":
            with contextlib.suppress(*_LOST, ValueError):
                await asyncio.wait_for(client.unregister_worker_plugin(self.job.name), 30.0)
        await self._leave()

    async def _one(self, client: Any, shard: Numbered) -> ShardOutcome:
        key = f"{self.job.name}-{shard.number}-{self._tries[shard.number]}"
        future: Any = client.submit(deliver, self.job.name, shard, key=key, pure=False)
        try:
            outcome: ShardOutcome = await future
        except asyncio.CancelledError:
            future.release()
            raise
        return outcome

    def _outcome(self, task: "asyncio.Task[ShardOutcome]", shard: Numbered) -> ShardOutcome | None:
        """Return what became of a shard; None when it got lost."""
        outcome: ShardOutcome | None = None
        try:
            outcome = task.result()
            why = outcome.error.message if outcome.error else "a worker ended"
        except UnknownRunError as error:
            self._known_to = None
            why = type(error).__name__
        except _LOST as error:
            why = type(error).__name__
        if outcome is None or outcome.again:
            self._tries[shard.number] += 1
            if self._tries[shard.number] > _TRIES:
                raise KycaidError(
                    f"bulk: {_TRIES} workers in a row did not bring a part of the rows to its end ({why})"
                )
        return outcome

    # The scheduler.

    async def _connected(self) -> Any:
        """Return a client of the scheduler, whose workers know the job, and look now and then how many they are."""
        since = self.timing.clock()
        while True:
            try:
                if self._client is None:
                    self._client, self._looked_at = await self.connect(), float("-inf")
                await self._tell_job(self._client)
                break
            except _LOST as error:
                await self._leave()
                if self.timing.clock() - since > self.give_up_after:
                    raise KycaidError(f"bulk: no Dask scheduler can be reached ({type(error).__name__})") from None
                await self.timing.sleep(_PAUSE)
        if self.timing.clock() - self._looked_at > 1:
            self._looked_at = self.timing.clock()
            with contextlib.suppress(*_LOST):
                self._width = max(2, 2 * sum((await self._client.nthreads()).values()))
        return self._client

    async def _tell_job(self, client: Any) -> None:
        """Tell a scheduler of the job, unless it knows: the client connects by itself to one that is started anew."""
        scheduler = client.scheduler_info()["id"]
        if client.status == "running" and scheduler != self._known_to:
            await divide_pace(client)
            await client.register_plugin(KycaidPlugin(self.job), name=self.job.name)
            self._known_to = scheduler

    def _is_silent(self, client: Any) -> bool:
        """Say whether the scheduler has been away for too long to be waited for."""
        now = self.timing.clock()
        if client.status == "running":
            self._silent_since = None
            return False
        self._silent_since = now if self._silent_since is None else self._silent_since
        return client.status == "closed" or now - self._silent_since > _SILENCE

    async def _leave(self) -> None:
        client, self._client, self._silent_since, self._known_to = self._client, None, None, None
        if client is not None:
            with contextlib.suppress(*_LOST):
                await client.close(timeout=2)

    async def _forget(self, pending: "dict[asyncio.Task[ShardOutcome], Any]") -> None:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        pending.clear()
