"""An exchange that tells hooks what it does. One without hooks has nothing of this."""

from typing import Any

import attrs

from kycaid_async.errors import KycaidError
from kycaid_async.hooks import AttemptEvent, CallEvent, Observers, ResultEvent, RetryEvent, Subject, subject
from kycaid_async.protocol.pacing import Pacer
from kycaid_async.protocol.retry import slows_down
from kycaid_async.protocol.shared_pacing import SharedPacer
from kycaid_async.transport.attempt import Attempt, Call, Times
from kycaid_async.transport.exchange import Exchange


@attrs.define(eq=False)
class ObservedExchange(Exchange):
    """Calls endpoints over HTTP, and tells hooks of it."""

    observers: Observers = attrs.field(kw_only=True)  # not the whole class: older attrs would take inherited ones, too

    async def run(self, call: Call) -> Any:
        """Carry out ``call`` and return its decoded answer. Raises a `KycaidError`."""
        started = self.timing.clock()
        if "on_call" in self.observers.wanted:
            self.observers.tell("on_call", CallEvent(**self._of(call)))
        try:
            outcome = await super().run(call)
        except BaseException as error:
            self._tell_of_result(call, started, error)
            raise
        self._tell_of_result(call, started, None)
        return outcome

    async def _try(self, attempt: Attempt) -> Any:
        if "on_attempt" not in self.observers.wanted:
            return await attempt.send_once()
        began = self.timing.clock()
        attempt.times = Times()
        try:
            outcome = await attempt.send_once()
        except BaseException as error:
            self._tell_of_attempt(attempt, began, error)
            raise
        self._tell_of_attempt(attempt, began, outcome)
        return outcome

    def _after(self, attempt: Attempt, error: KycaidError, pacer: Pacer | SharedPacer) -> float:
        pause = super()._after(attempt, error, pacer)
        if "on_retry" not in self.observers.wanted:
            return pause
        event = RetryEvent(
            **self._of(attempt.call),
            attempt=attempt.call.attempts,
            status=_status_of(attempt.call),
            reason=type(error).__name__,
            wait=pause,
        )
        self.observers.tell("on_retry", event)
        return pause

    def _of(self, call: Call) -> Subject:
        return subject(call.endpoint, self.settings.base_url)

    def _tell_of_attempt(self, attempt: Attempt, began: float, outcome: Any) -> None:
        call, times = attempt.call, attempt.times or Times()
        started = self.timing.clock() if times.started is None else times.started
        event = AttemptEvent(
            **self._of(call),
            attempt=call.attempts,
            status=_status_of(call),
            error=type(outcome).__name__ if isinstance(outcome, BaseException) else None,
            refused=isinstance(outcome, KycaidError) and slows_down(outcome),
            waited=started - began,
            seconds=0.0 if times.started is None else times.ended - started,
            bytes_sent=attempt.size,
            was_sent=times.started is not None,
            bytes_received=0 if call.answer is None else len(call.answer.body),
        )
        self.observers.tell("on_attempt", event)

    def _tell_of_result(self, call: Call, started: float, error: BaseException | None) -> None:
        if "on_result" not in self.observers.wanted:
            return
        acted = isinstance(error, KycaidError) and error.maybe_processed
        event = ResultEvent(
            **self._of(call),
            attempts=call.attempts,
            status=_status_of(call),
            error=None if error is None else type(error).__name__,
            maybe_processed=acted,
            seconds=self.timing.clock() - started,
        )
        self.observers.tell("on_result", event)


def _status_of(call: Call) -> int | None:
    return None if call.answer is None else call.answer.status
