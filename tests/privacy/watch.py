"""The places from which what happens in a process leaks: its logs, its streams, its telemetry, its crash reporter."""

import faulthandler
import gc
import json
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sentry_sdk
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sentry_sdk.integrations.aiohttp import AioHttpIntegration
from sentry_sdk.transport import Transport

from kycaid_async.otel import OpenTelemetry
from tests.security.raw_server import RawServer
from tests.security.reporters.sentry_options import report_everything

LOGGERS = ("kycaid_async", "asyncio", "aiohttp.client", "aiohttp.internal", "py.warnings", "concurrent.futures")
_ENVELOPES: list[str] = []
_VARIABLES: list[str] = []
"""Of frames, which Sentry sends with an event: they stand apart from what else it says."""

_SERVER = "aiohttp.web_protocol"
"""Frames of a server in this process that was sent a request: they hold it, as the list of places says."""


class _Memory(Transport):
    """Keeps what Sentry sends."""

    def capture_envelope(self, envelope: Any) -> None:
        for line in envelope.serialize().decode(errors="replace").splitlines():
            said = json.loads(line) if line.startswith("{") else line
            _ENVELOPES.append(json.dumps(_without_variables(said), ensure_ascii=False))


def _without_variables(said: Any) -> Any:
    if isinstance(said, list):
        return [_without_variables(one) for one in said]
    if not isinstance(said, dict):
        return said
    if "lineno" in said and "vars" in said:
        variables = said.pop("vars")
        if said.get("module") != _SERVER:
            _VARIABLES.append(json.dumps(variables, ensure_ascii=False))
    return {name: _without_variables(one) for name, one in said.items()}


class _Records(logging.Handler):
    """Keeps each record as a formatter writes it, with its traceback, and with all that it holds."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.variables: list[str] = []
        """Tracebacks with variables, of records that have one."""
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        held = {name: value for name, value in vars(record).items() if name not in ("exc_info", "exc_text")}
        self.texts.append(f"{self.format(record)}\n{held!r}")
        if record.exc_info:
            self.variables += traceback.TracebackException(*record.exc_info, capture_locals=True).format()


class Watch:
    """Watches this process, from when it is made to its end."""

    def __init__(self, *, urls_to_sentry: bool) -> None:
        """Watch; where ``urls_to_sentry``, with the integration of Sentry that notes the URLs of aiohttp's sessions."""
        self._records = _Records()
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger().addHandler(self._records)
        self.exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.telemetry = OpenTelemetry(tracer_provider=tracers, meter_provider=MeterProvider([self._reader]))
        self._streams = tempfile.TemporaryFile()  # noqa: SIM115 - open to the end of the process
        self.terminal = os.fdopen(os.dup(1), "w")
        for number, stream in ((1, sys.stdout), (2, sys.stderr)):
            stream.flush()
            os.dup2(self._streams.fileno(), number)
        self._read = 0
        # As the list of places has it: else Sentry sends URLs and bodies by itself.
        off = [] if urls_to_sentry else [AioHttpIntegration()]
        report_everything(_Memory, disabled_integrations=off, max_request_body_size="never")

    def stacks(self) -> None:
        """Write where all threads are, as a watchdog does, to what is read as the standard error."""
        faulthandler.dump_traceback(2, all_threads=True)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with sentry_sdk.start_transaction(name="job"):
            yield

    def report(self, error: BaseException) -> None:
        """Report as a user's program does that lets nothing pass: to Sentry, and in a log."""
        sentry_sdk.capture_exception(error)
        logging.getLogger("user").error("it failed", exc_info=error)

    def collect(self) -> None:
        """Let go of what nobody holds, so that it says what it has to say, such as errors that were never retrieved."""
        gc.collect()

    def take(self) -> dict[str, str]:
        """Return what came to each place since the last time."""
        sentry_sdk.flush()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        spans = self.exporter.get_finished_spans()
        self.exporter.clear()
        taken = {
            "log": "\n".join(self._records.texts),
            "variables in the log": "".join(self._records.variables),
            "standard streams": self._new_output(),
            "sentry": "\n".join(_ENVELOPES),
            "variables in sentry": "\n".join(_VARIABLES),
            "spans": "".join(span.to_json() for span in spans),
        }
        for kept in (self._records.texts, self._records.variables, _ENVELOPES, _VARIABLES):
            kept.clear()
        return taken

    def metrics(self) -> str:
        """Return all metrics so far."""
        data = self._reader.get_metrics_data()
        return "" if data is None else data.to_json()

    def _new_output(self) -> str:
        output = os.pread(self._streams.fileno(), 1 << 26, self._read)
        self._read += len(output)
        return output.decode(errors="replace")


class Maker:
    """Makes passages while a watch looks on, against a server that answers each request in one way."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._server = RawServer()

    def close(self) -> None:
        """Let go of the server."""
        self._server.close()
