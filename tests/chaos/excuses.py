"""Errors of calls, held against the log of the server: each has to have an excuse there."""

from collections.abc import Iterator

import attrs

from kycaid_async import ConnectionFailedError, ConnectionLostError, KycaidError, RequestTimeoutError
from tests.chaos.calls import Outcome
from tests.chaos.log import Log, Logged
from tests.chaos.program import Program, Step

_CREDIBLE = 0.03
"""Seconds before a caller is told of a limit by which an answer that lay there has been seen: less than a limit."""
_LARGE = 1_000_000
"""Bytes of a file that keep the server itself from answering others for as long as a limit."""
_HOLDS = ("hold", "stop", "fork")


@attrs.define
class Excuses:
    """The errors of a program's calls, and whether what went wrong is enough for all of them."""

    program: Program
    log: Log
    _refused: list[tuple[str, str, bool]] = attrs.field(factory=list)
    _cut: list[tuple[str, str, bool]] = attrs.field(factory=list)
    """What is excused by a connection that was cut, each by one."""
    _ended: list[tuple[str, str, bool]] = attrs.field(factory=list)
    """What is excused by a connection that had ended before the request was sent, each by one."""

    def hear(self, name: str, step: Step, outcome: Outcome, sent: list[Logged]) -> None:
        """Look for an excuse of a call's error. ``sent`` are its requests, as far as the server read them."""
        error, said = outcome.error, f"{name} {step.do}: {outcome.error!r}"
        if outcome.cancelled or not isinstance(error, KycaidError):
            return
        # What was begun later than the last request in the log never reached the server, or broke on the way.
        last = sent[-1] if sent and error.attempts <= len(sent) else None
        if isinstance(error, RequestTimeoutError):
            self._judge_timeout(said, step, outcome, sent, last)
        elif last is not None and last.is_read:
            place = self._cut if isinstance(error, ConnectionLostError) else self._refused
            place.append(("thrown away", said, False))
        elif self.log.is_calm and not self._has("away"):
            self._refused.append(("thrown away", f"{said}, and nothing was wrong", False))
        if outcome.maybe and not sent and not self.log.perhaps_sent(endpoint_of(step)):
            self._judge_unsent(said, error)

    def refused(self) -> Iterator[tuple[str, str, bool]]:
        """Give the kind of each error that has no excuse, what it says, and whether it is about time alone."""
        yield from self._refused
        if len(self._cut) > self.log.cut:
            yield from self._cut
        if len(self._ended) > self.log.ended + self.log.cut:
            yield from self._ended

    def _judge_timeout(self, said: str, step: Step, outcome: Outcome, sent: list[Logged], last: Logged | None) -> None:
        if step.limit is not None:
            return  # one as short as the moment before a hold may run out before it
        if self.program.way == "http" and any(_is_before(one, outcome.held_until) for one in sent):
            self._refused.append(("left lying", said, False))
        elif last is not None and _is_before(last, outcome.ended - _CREDIBLE):
            self._refused.append(("left lying", said, True))
        elif self.log.is_calm and not (self._has("away", *_HOLDS) or self._is_large()):
            self._refused.append(("left lying", f"{said}, and nothing was slow", True))

    def _judge_unsent(self, said: str, error: KycaidError) -> None:
        """Judge a call that was perhaps processed, it says, and of which the server got no request."""
        unsure = ("unsure", said, False)
        if isinstance(error, ConnectionFailedError) and error.attempts <= 1:
            self._refused.append(unsure)
        # A server that goes away resets connections that it did not accept yet, and on which a request may lie.
        elif not (self.program.way == "http" and self._has("away")):
            self._ended.append(unsure)

    def _has(self, *events: str) -> bool:
        return any(step.do in events for _, step in self.program.steps())

    def _is_large(self) -> bool:
        return any(step.size > _LARGE for _, step in self.program.steps())


def endpoint_of(step: Step) -> str:
    """Return the name of the endpoint that a step calls."""
    return "applicants.create" if step.do == "fork" else step.do


def requests_of(name: str, step: Step, log: Log, people: list[str]) -> list[Logged]:
    """Return the requests that the server read of a call. ``people`` are those whom the calls that read ask for."""
    called = name
    if step.do == "applicants.get":
        called = f"/applicants/{people[int(name[1:])]}"
    elif step.do == "files.create":
        called = f"{name}-{step.size}.png" if step.source == "path" else f"{name}.png"
    return log.sent(endpoint_of(step), called)


def _is_before(request: Logged, moment: float) -> bool:
    """Say whether an answer that can be read was sent before a moment."""
    return request.is_read and request.answered is not None and request.answered < moment
