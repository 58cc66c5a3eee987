"""Spans and metrics of OpenTelemetry: ``AsyncKycaid(hooks=OpenTelemetry())``. An extra: ``kycaid-async[otel]``.

Nothing personal is in them: paths are templates, and of errors there is the name of the class alone.
"""

import functools
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

import attrs

from kycaid_async.callbacks.events import Event
from kycaid_async.extras import missing
from kycaid_async.hooks import AttemptEvent, CallEvent, Hooks, ResultEvent, RetryEvent, RowEvent
from kycaid_async.tracebacks import bordered
from kycaid_async.version import __version__

try:
    from opentelemetry import context as contexts
    from opentelemetry import metrics, trace
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanKind, StatusCode
except ImportError as error:
    raise missing("otel", error) from error

if TYPE_CHECKING:
    from contextvars import Token

P = ParamSpec("P")
R = TypeVar("R")

_NAME: Final = "kycaid_async"
_KEY: Final = contexts.create_key("kycaid-call")
_NANO: Final = 1_000_000_000
_SHORTEST_WAIT: Final = 0.001
"""Seconds of a wait that counts as one."""


@attrs.define
class _OpenCall:
    """The span of a call that is under way."""

    span: Span
    context: Context
    token: "Token[Context] | None" = None


class OpenTelemetry(Hooks):
    """Hooks that make spans and metrics.

    A span ``kycaid.documents.create`` for each call, and below it one for each attempt by the conventions for HTTP
    clients, with ``url.template`` in place of ``url.full``, which would hold ids. While a call runs its span is the
    current one, and it is a child of the one that was: also of `Kycaid`, whose calls run in another thread, and of the
    calls of ``client.bulk``. Nothing is added to requests: the server is not yours.

    Without providers it takes the global ones, as they are when it is made.
    """

    @bordered
    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        super().__init__(
            on_call=self._begin,
            on_attempt=self._add_attempt,
            on_retry=self._add_retry,
            on_result=self._end,
            on_row=self._count_row,
        )
        own = vars(self)  # frozen for those who use it
        own["_is_default"] = tracer_provider is None and meter_provider is None
        own["_tracer"] = trace.get_tracer(_NAME, __version__, tracer_provider)
        own["_metrics"] = _metrics_of(meter_provider or metrics.get_meter_provider())

    _is_default: bool
    _tracer: trace.Tracer
    _metrics: "_Metrics"

    def __reduce__(self) -> Any:
        if not self._is_default:
            raise TypeError("OpenTelemetry with providers of its own cannot be pickled; make one where it is used")
        return OpenTelemetry, ()

    def handler(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return a handler of callbacks, plain or asynchronous, that has a span for each event.

        What it raises goes on, and its span names the class alone: the message of an exception of yours, or its stack
        trace, could be about a person.
        """
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):

            @functools.wraps(function)
            async def handle_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with self._handling(_event_of(args, kwargs)):
                    return await cast("Any", function(*args, **kwargs))

            return cast("Callable[P, R]", handle_async)

        @functools.wraps(function)
        def handle(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._handling(_event_of(args, kwargs)):
                return function(*args, **kwargs)

        return handle

    @contextmanager
    def _handling(self, kind: str) -> Iterator[None]:
        attributes = {"kycaid.callback.type": kind}
        span = self._tracer.start_span(f"kycaid.callback {kind}", kind=SpanKind.CONSUMER, attributes=attributes)
        started = time.monotonic()
        token = contexts.attach(trace.set_span_in_context(span))
        try:
            yield
        except BaseException as error:
            attributes["error.type"] = type(error).__name__
            _fail(span, type(error).__name__)
            raise
        finally:
            contexts.detach(token)
            span.end()
            self._metrics.callback_duration.record(time.monotonic() - started, attributes)

    def _begin(self, event: CallEvent) -> None:
        span = self._tracer.start_span(f"kycaid.{event.operation}")
        if not span.get_span_context().is_valid:
            return  # there is no SDK, and nothing above: nobody can see whether it is the current one
        call = _OpenCall(span, trace.set_span_in_context(span))
        call.token = contexts.attach(contexts.set_value(_KEY, call, call.context))

    def _add_attempt(self, event: AttemptEvent) -> None:
        call, attributes = cast("_OpenCall | None", contexts.get_value(_KEY)), _of_attempt(event)
        if call is not None and event.was_sent and call.span.is_recording():
            end = time.time_ns()
            span = self._tracer.start_span(
                f"{event.method} {event.path}",
                call.context,
                SpanKind.CLIENT,
                attributes,
                start_time=end - int(event.seconds * _NANO),
            )
            if event.attempt > 1:
                span.set_attribute("http.request.resend_count", event.attempt - 1)
            if event.error is not None:
                span.set_status(StatusCode.ERROR, event.error)
            span.end(end)
        self._metrics.attempted(event, attributes)

    def _add_retry(self, event: RetryEvent) -> None:
        call = cast("_OpenCall | None", contexts.get_value(_KEY))
        if call is not None:
            call.span.add_event(
                "retry", {"kycaid.attempt": event.attempt, "kycaid.wait": event.wait, "error.type": event.reason}
            )
        self._metrics.retries.add(1, {"kycaid.operation": event.operation, "error.type": event.reason})

    def _end(self, event: ResultEvent) -> None:
        call = cast("_OpenCall | None", contexts.get_value(_KEY))
        if call is not None and call.token is not None:
            if event.attempts != 1:
                call.span.set_attribute("kycaid.attempts", event.attempts)
            if event.error is not None:
                call.span.set_attribute("kycaid.maybe_processed", event.maybe_processed)
                _fail(call.span, event.error)
            call.span.end()
            contexts.detach(call.token)

    def _count_row(self, event: RowEvent) -> None:
        self._metrics.rows.add(1, {"kycaid.run": event.run, "kycaid.status": event.status})


@attrs.frozen
class _Metrics:
    """The instruments of one meter."""

    duration: metrics.Histogram
    waits: metrics.Histogram
    retries: metrics.Counter
    refusals: metrics.Counter
    rows: metrics.Counter
    callback_duration: metrics.Histogram
    sent: "_Total"
    received: "_Total"

    @classmethod
    def of(cls, meter: metrics.Meter) -> "_Metrics":
        histogram, counter, observable = meter.create_histogram, meter.create_counter, meter.create_observable_counter
        sent, received = _Total(), _Total()
        observable("kycaid.bytes.sent", [sent.observe], "By", "Bodies of requests")
        observable("kycaid.bytes.received", [received.observe], "By", "Bodies of answers")
        return cls(
            duration=histogram("http.client.request.duration", "s", "An attempt of a call"),
            waits=histogram(
                "kycaid.pacing.wait", "s", "A wait for a connection, or for the pace that the server takes"
            ),
            retries=counter("kycaid.retries", "{retry}", "Repeats of calls"),
            refusals=counter("kycaid.refusals", "{refusal}", "Answers that ask for fewer requests"),
            rows=counter("kycaid.bulk.rows", "{row}", "Rows of bulk runs, by their status"),
            callback_duration=histogram("kycaid.callback.duration", "s", "The handling of a callback"),
            sent=sent,
            received=received,
        )

    def attempted(self, event: AttemptEvent, attributes: dict[str, str | int]) -> None:
        """Record an attempt."""
        if event.was_sent:
            self.duration.record(event.seconds, attributes)
            self.sent.add(event.operation, event.bytes_sent)
            self.received.add(event.operation, event.bytes_received)
        if event.waited >= _SHORTEST_WAIT:
            self.waits.record(event.waited, {"kycaid.operation": event.operation})
        if event.refused:
            self.refusals.add(1, {"kycaid.operation": event.operation})


class _Total:
    """A sum for each operation, that is read when metrics are collected: to record each part takes much longer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[str, int] = {}

    def add(self, operation: str, amount: int) -> None:
        """Add to the sum of an operation."""
        with self._lock:
            self._sums[operation] = self._sums.get(operation, 0) + amount

    def observe(self, _: metrics.CallbackOptions) -> list[metrics.Observation]:
        """Return the sums so far."""
        with self._lock:
            return [metrics.Observation(amount, {"kycaid.operation": name}) for name, amount in self._sums.items()]


@functools.lru_cache(maxsize=256)
def _metrics_of(provider: metrics.MeterProvider) -> _Metrics:
    """Return the instruments of a provider. Clients share them: made twice, observed sums would count twice."""
    return _Metrics.of(provider.get_meter(_NAME, __version__))


def _of_attempt(event: AttemptEvent) -> dict[str, str | int]:
    found: dict[str, str | int] = {
        "http.request.method": event.method,
        "url.template": event.path,
        "server.address": event.server,
        "server.port": event.port,
    }
    if event.status is not None:
        found["http.response.status_code"] = event.status
    if event.error is not None:
        found["error.type"] = event.error
    return found


def _event_of(args: tuple[object, ...], kwargs: dict[str, object]) -> str:
    """Return the type of the event among the arguments; an unknown one is text from outside, and not named."""
    event = next((one for one in (*args, *kwargs.values()) if isinstance(one, Event)), None)
    return str(event.type) if event is not None and event.type is not None and event.type.is_known else "UNKNOWN"


def _fail(span: Span, error: str) -> None:
    # Not `record_exception`: messages and stack traces are kept out of traces altogether.
    span.set_attribute("error.type", error)
    span.set_status(StatusCode.ERROR, error)
