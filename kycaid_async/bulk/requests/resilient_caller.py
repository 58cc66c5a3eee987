"""The requests of a run: repeated as long as that does no harm, and patient while the server is away."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, TypeVar

import attrs

from kycaid_async.api import applicants
from kycaid_async.api.section import Caller
from kycaid_async.bulk.requests.limits import AdaptiveConcurrency, CircuitBreaker, KeyedLock, Stopped, Withheld
from kycaid_async.errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    GatewayError,
    InsufficientFundsError,
    KycaidError,
    LedgerError,
    PermissionDeniedError,
    RedirectError,
)
from kycaid_async.protocol.endpoint import Endpoint, Replay
from kycaid_async.protocol.retry import Certainty, certainty, slows_down
from kycaid_async.timing import Timing
from kycaid_async.transport.backend import Guard, guarded
from kycaid_async.values.fields import ID_LENGTH

T = TypeVar("T")

_LOST: Final = 4
"""How many times more often a request is repeated that got lost than one that was answered with a fault."""
_LONGEST_PAUSE: Final = 15.0
_SHUT: Final = (401, 403, 404, 407, 451, 511)
_UNSENT: Final = "it was not sent, because the run had to end"
_DOOR: Final = "creations"
_NOBODY: Final = "0" * ID_LENGTH

Attempted = Callable[[], None]
"""Is called whenever a request is sent, repetitions included."""


@attrs.frozen
class Failure:
    """The failure of one request, without what hangs on its error."""

    name: str
    status: int | None

    @classmethod
    def of(cls, error: KycaidError) -> "Failure":
        """Return what is told of ``error``."""
        return cls(type(error).__name__, getattr(error, "status", None) or None)


def _tell_nobody(endpoint: Endpoint[Any], tries: int, failure: Failure, wait: float, /) -> None:
    """Do nothing."""


@attrs.define(kw_only=True, eq=False)
class IntentRecord:
    """Record of an intent, for as long as its request may be under way."""

    write: Callable[[], Awaitable[None]]
    """Returns when it is on the disk."""
    withdraw: Callable[[], None]
    """Takes it back: the server certainly did not act."""
    guard: Guard | None = None
    """Is asked right before the request leaves, and raises `LedgerError` when it must not; see `UploadLedger.guard`."""


@attrs.define(kw_only=True, eq=False)
class ResilientCaller:
    """Calls endpoints. ``caller`` must not repeat anything itself: that is decided and counted here.

    What ends the run ends all calls: none is sent after it.
    """

    caller: Caller
    timing: Timing
    concurrency: AdaptiveConcurrency
    max_retries: int
    give_up_after: float
    room: asyncio.Semaphore | None = None
    """Room for requests, where more rows may be under way than requests."""
    idle: Callable[[], AbstractContextManager[None]] = nullcontext
    drained: asyncio.Event = attrs.field(factory=asyncio.Event)
    on_repeat: Callable[[Endpoint[Any], int, Failure, float], None] = _tell_nobody
    requests: int = 0
    refusals: int = 0
    answers: int = 0
    """Requests that got an answer of use."""
    trouble: str = ""
    """What came in place of an answer of use; empty when one has come since."""
    _ended_by: KycaidError | None = None
    _reach: CircuitBreaker = attrs.field(factory=CircuitBreaker)
    """Of all requests: whether the server can be reached."""
    _door: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    _creations: CircuitBreaker = attrs.field(factory=lambda: CircuitBreaker(threshold=3, longest_pause=60.0))
    """Of creations: whether the server says what it did."""
    _creating: int = 0
    _creation_door: KeyedLock = attrs.field(init=False)
    _creation_ended: asyncio.Event = attrs.field(factory=asyncio.Event)
    _last_doubt: str = ""

    def __attrs_post_init__(self) -> None:
        self._creation_door = KeyedLock(self.idle)

    def counted(self) -> "CountedCalls":
        """Return a way to call, for one row, that counts the requests."""
        return CountedCalls(self)

    async def call(self, endpoint: Endpoint[T], attempted: Attempted, **given: Any) -> T:
        """Return the answer to what may be repeated. Raises `Stopped`, and `KycaidError` for this request only."""
        tries, failures, answers = 0, 0, self.answers
        while True:
            try:
                if not self._reach.is_open:
                    return await self._send(endpoint, attempted, given)
                return await self._when_there(self._send, endpoint, attempted, given)
            except Withheld:
                continue
            except KycaidError as error:
                self._raise_what_ends_all(error)
                shut = endpoint.uploads and _is_shut(error)
                failures += shut or _certainty(endpoint, error) is Certainty.UNCERTAIN
                if not (error.retryable or shut) or self._is_at_fault(error, failures, answers):
                    raise
                tries += not isinstance(error, ConnectionFailedError)  # for these, the breaker's pauses grow
                failure = Failure.of(error)
            await self._before_repeat(endpoint, tries, failure)

    async def create(self, endpoint: Endpoint[T], attempted: Attempted, intent: IntentRecord, **given: Any) -> T:
        """Return the answer to what makes a second object when it is sent twice.

        It is repeated only when the server certainly did not act, and it is not sent at all while the server does not
        say what it did with those before. Raises as `call` does; what was intended then stays on record only when the
        server may have acted.
        """
        tries = 0
        while True:
            is_trial = await self._admitted(endpoint, attempted, given)
            try:
                if not self._reach.is_open:
                    return await self._create_once(endpoint, attempted, given, intent)
                return await self._when_there(self._create_once, endpoint, attempted, given, intent)
            except LedgerError:
                raise
            except Withheld:
                continue
            except KycaidError as error:
                self._note_creation(error, is_trial=is_trial)
                if not error.maybe_processed:
                    intent.withdraw()
                self._raise_what_ends_all(error)
                if error.maybe_processed or not error.retryable:
                    raise
                tries += not isinstance(error, ConnectionFailedError)
                failure = Failure.of(error)
            finally:
                self._creating -= 1
                self._creation_ended.set()
            await self._before_repeat(endpoint, tries, failure)

    async def rest(self, seconds: float) -> None:
        """Let others work for so long, or until the run is told to drain. Raises `Stopped` then."""
        with self.idle():
            await self._pause(seconds)

    @property
    def silence(self) -> float:
        """Return for how many seconds there has been no answer of use."""
        return self._reach.lasts(self.timing.clock())

    def drain(self) -> None:
        """Wake those that wait for the server."""
        self.drained.set()
        self._creation_ended.set()

    # All requests.

    def _raise_what_ends_all(self, error: KycaidError) -> None:
        silence = self._reach.lasts(self.timing.clock())
        if _ends_all(error) or (error.retryable and silence > self.give_up_after):
            self._ended_by = self._ended_by or error
            raise Stopped(error) from error

    def _is_at_fault(self, error: KycaidError, failures: int, answers: int) -> bool:
        """Say whether it is this request that does not work, and not the way to the server."""
        if _is_of_kycaid(error) or not error.retryable:
            return failures > self.max_retries and not self._reach.is_open
        return failures > self.max_retries * _LOST and self.answers > answers

    async def _when_there(
        self, send: Callable[..., Awaitable[T]], endpoint: Endpoint[T], attempted: Attempted, *given: Any
    ) -> T:
        """Send one request; while the server is away, only one of all at a time, after a pause."""
        while self._reach.is_open and self._ended_by is None:
            async with self._door:
                if self._reach.is_open and self._ended_by is None:
                    left = self.give_up_after - self._reach.lasts(self.timing.clock())
                    await self._pause(self._reach.pause(left))
                    self._raise_when_over(endpoint)
                    return await send(endpoint, attempted, *given)
        return await send(endpoint, attempted, *given)

    def _send(self, endpoint: Endpoint[T], attempted: Attempted, given: dict[str, Any]) -> Coroutine[Any, Any, T]:
        if self.room is None:
            return self._send_now(endpoint, attempted, given)
        return self._send_in(self.room, endpoint, attempted, given)

    async def _send_in(
        self, room: asyncio.Semaphore, endpoint: Endpoint[T], attempted: Attempted, given: dict[str, Any]
    ) -> T:
        is_trial = self._needs_trial(endpoint)
        async with room:  # and not in the pool of connections: that would look as if the server were slow
            if not is_trial and self._needs_trial(endpoint):
                raise Withheld
            return await self._send_now(endpoint, attempted, given)

    def _needs_trial(self, endpoint: Endpoint[Any]) -> bool:
        return self._reach.is_open or (self._creations.is_open and endpoint.replay is not Replay.SAFE)

    async def _send_now(self, endpoint: Endpoint[T], attempted: Attempted, given: dict[str, Any]) -> T:
        self._raise_when_ended(endpoint)
        attempted()
        self.requests += 1
        started = self.timing.clock()
        try:
            answer = await self.caller(endpoint, **given)
        except KycaidError as error:
            self._note(endpoint, error)
            raise
        self.answers += 1
        self.trouble = ""
        self._reach.succeeded()
        if not endpoint.uploads:
            self.concurrency.answered(self.timing.clock() - started)
        return answer

    def _note(self, endpoint: Endpoint[Any], error: KycaidError) -> None:
        now, sure = self.timing.clock(), _certainty(endpoint, error)
        self.refusals += slows_down(error)
        if sure is Certainty.NOT_SENT:  # this machine does not take any number of connections
            self.concurrency.shrink()
        elif slows_down(error):
            self.concurrency.refused()
        if sure is Certainty.BUSY:
            self._reach.busy(now)
        elif sure in (Certainty.NOT_SENT, Certainty.UNCERTAIN) or _is_shut(error):
            self.trouble = error.message
            self._reach.failed(now, connected=sure is not Certainty.NOT_SENT)
        elif _is_of_kycaid(error):
            self._reach.succeeded()

    async def _before_repeat(self, endpoint: Endpoint[Any], tries: int, failure: Failure) -> None:
        """Pause, longer each time. Not by `rest`: to begin with other rows meanwhile would make it no easier."""
        wait = self.timing.chance() * min(_LONGEST_PAUSE, 2.0 ** min(tries, 10) / 4)
        self.on_repeat(endpoint, max(tries, 1), failure, wait)
        await self._pause(wait)
        self._raise_when_over(endpoint)

    async def _pause(self, seconds: float) -> None:
        """Sleep for so long, or until the run is told to drain."""
        if self.drained.is_set():
            return
        sleeping = asyncio.ensure_future(self.timing.sleep(seconds))
        draining = asyncio.ensure_future(self.drained.wait())
        try:
            await asyncio.wait({sleeping, draining}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            draining.cancel()
        if not draining.done():
            await sleeping

    def _raise_when_ended(self, endpoint: Endpoint[Any]) -> None:
        if self._ended_by is not None:
            # Said of this request: it does nothing, whatever became of the one that ended the run.
            raise Stopped(KycaidError(_UNSENT, operation=endpoint.name)) from self._ended_by

    def _raise_when_over(self, endpoint: Endpoint[Any]) -> None:
        self._raise_when_ended(endpoint)
        if self.drained.is_set():
            raise Stopped

    # Creations.

    async def _create_once(
        self, endpoint: Endpoint[T], attempted: Attempted, given: dict[str, Any], intent: IntentRecord
    ) -> T:
        self._raise_when_ended(endpoint)  # before anything is on record
        is_trial = self._needs_trial(endpoint)
        await intent.write()
        try:
            if not is_trial and self._needs_trial(endpoint):
                raise Withheld
            with guarded(intent.guard):
                answer = await self._send(endpoint, attempted, given)
        except (Stopped, Withheld, LedgerError):  # it was not sent
            intent.withdraw()
            raise
        self._creations.succeeded()
        return answer

    def _note_creation(self, error: KycaidError, *, is_trial: bool) -> None:
        if error.maybe_processed:
            self._last_doubt = type(error).__name__ + (f", HTTP {error.status}" if isinstance(error, ApiError) else "")
            if is_trial or not self._creations.is_open:  # others were sent before it opened
                self._creations.failed(self.timing.clock())
        elif _is_of_kycaid(error) and not error.retryable:
            self._creations.succeeded()

    async def _admitted(self, endpoint: Endpoint[Any], attempted: Attempted, given: dict[str, Any]) -> bool:
        """Wait until one more creation may be under way, and count it. True when it is the only one, to see."""
        if self._has_room():  # also past those at the door: they come through one by one, and a queue would never end
            self._creating += 1
            return False
        async with self._creation_door.of(_DOOR):  # the first of those that wait looks for all of them
            while not self._has_room():
                self._raise_when_over(endpoint)
                if not self._creations.is_open or self._creating:
                    self._creation_ended.clear()
                    with self.idle():
                        await self._creation_ended.wait()
                elif await self._answers_again(endpoint, attempted, given):
                    self._creating += 1
                    return True
            self._creating += 1
        return False

    def _has_room(self) -> bool:
        return not self._creations.is_open and self._creating < self._creations.allowed

    async def _answers_again(self, endpoint: Endpoint[Any], attempted: Attempted, given: dict[str, Any]) -> bool:
        """After a pause, say whether the server answers, as itself, a question that makes nothing and costs nothing."""
        lasted = self._creations.lasts(self.timing.clock())
        if lasted > self.give_up_after:
            self._ended_by = self._ended_by or KycaidError(
                f"{endpoint.name}: for {lasted:,.0f} seconds no creation got an answer that says whether it was made "
                f"(the last one: {self._last_doubt}), so no more was sent. Run it again when the server is well.",
                operation=endpoint.name,
            )
            raise Stopped(self._ended_by)
        await self.rest(self._creations.pause(self.give_up_after - lasted))
        self._raise_when_ended(endpoint)
        whose = getattr(given.get("body"), "applicant_id", None) or _NOBODY
        try:
            await self.call(applicants.GET, attempted, path={"applicant_id": whose}, query={"verification_id": None})
        except KycaidError as error:
            if not _is_of_kycaid(error) or error.retryable:
                self._creations.failed(self.timing.clock())
                return False
        return True


@attrs.define(eq=False)
class CountedCalls:
    """The calls for one row, with a count of their requests."""

    _caller: ResilientCaller
    requests: int = 0
    """How many were sent, repetitions included."""

    # What they return is awaited as it is: a coroutine around it would cost each request a frame more.

    def call(self, endpoint: Endpoint[T], **given: Any) -> Coroutine[Any, Any, T]:
        """Do as `ResilientCaller.call` does."""
        return self._caller.call(endpoint, self._attempted, **given)

    def create(self, endpoint: Endpoint[T], intent: IntentRecord, **given: Any) -> Coroutine[Any, Any, T]:
        """Do as `ResilientCaller.create` does."""
        return self._caller.create(endpoint, self._attempted, intent, **given)

    def _attempted(self) -> None:
        self.requests += 1


def _certainty(endpoint: Endpoint[Any], error: KycaidError) -> Certainty:
    return certainty(error, reads=endpoint.replay is Replay.SAFE)


def _is_of_kycaid(error: KycaidError) -> bool:
    return isinstance(error, ApiError) and not isinstance(error, GatewayError)


def _is_shut(error: KycaidError) -> bool:
    """Say whether something between lets nothing pass, and it is perhaps not about this request."""
    return isinstance(error, GatewayError) and error.status in _SHUT


def _ends_all(error: KycaidError) -> bool:
    """Say whether ``error`` is about the key, the balance or the server, and not about one row."""
    if isinstance(error, PermissionDeniedError):
        return not (error.type or "").startswith("forbidden_")
    if isinstance(error, ConnectionFailedError):
        return not error.retryable
    return isinstance(error, AuthenticationError | InsufficientFundsError | ConfigurationError | RedirectError)
