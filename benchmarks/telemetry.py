"""What it costs to be told of calls: hooks that do nothing, and OpenTelemetry with and without its SDK.

The SDK samples and measures all, and throws away what it made: no exporter is timed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from benchmarks.harness import clients
from benchmarks.harness.answers import DOCUMENT_ID
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.figures import at_most
from benchmarks.harness.report import Report, command, show
from benchmarks.harness.rounds import Comparison, compare
from benchmarks.harness.server import serving
from benchmarks.harness.spreading import AsyncWork, in_tasks

LATENCY = 0.02


@asynccontextmanager
async def _calling(case: Case, **options: Any) -> AsyncIterator[AsyncWork]:
    async with clients.sdk_client(case, **options) as client:
        yield in_tasks(lambda _: client.documents.get(DOCUMENT_ID), case.concurrency)


@asynccontextmanager
async def none(case: Case) -> AsyncIterator[AsyncWork]:
    async with _calling(case) as work:
        yield work


@asynccontextmanager
async def idle_hooks(case: Case) -> AsyncIterator[AsyncWork]:
    from kycaid_async import Hooks

    def nothing(_: object) -> None:
        pass

    async with _calling(case, hooks=Hooks(on_call=nothing, on_attempt=nothing, on_result=nothing)) as work:
        yield work


@asynccontextmanager
async def without_sdk(case: Case) -> AsyncIterator[AsyncWork]:
    from kycaid_async.otel import OpenTelemetry

    async with _calling(case, hooks=OpenTelemetry()) as work:
        yield work


@asynccontextmanager
async def with_sdk(case: Case) -> AsyncIterator[AsyncWork]:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider

    from kycaid_async.otel import OpenTelemetry

    tracing, metering = TracerProvider(), MeterProvider([InMemoryMetricReader()])
    async with _calling(case, hooks=OpenTelemetry(tracer_provider=tracing, meter_provider=metering)) as work:
        yield work


PEERS = {
    "kycaid_async": none,
    "hooks that do nothing": idle_hooks,
    "OpenTelemetry without its SDK": without_sdk,
    "OpenTelemetry": with_sdk,
}


def run(plan: Plan) -> Report:
    near, far = _compare(plan, 16, 0.0), _compare(plan, 16, 0.002 if plan.quick else LATENCY)
    figures = [
        at_most("GET with hooks that do nothing ÷ without, CPU", _ratio(near, "hooks that do nothing"), 1.15),
        at_most("GET with OpenTelemetry and no SDK ÷ without, CPU", _ratio(near, "OpenTelemetry without its SDK"), 1.3),
        at_most("GET with OpenTelemetry ÷ without, CPU", _ratio(near, "OpenTelemetry"), 1.6),
        at_most("GET with OpenTelemetry ÷ without, 20 ms, wall", far.ratio("OpenTelemetry", "kycaid_async"), 1.1),
    ]
    return Report([near, far], figures)


def _ratio(made: Comparison, peer: str) -> Any:
    return made.ratio(peer, "kycaid_async", "cpu")


def _compare(plan: Plan, concurrency: int, latency: float) -> Comparison:
    title = f"GET a document, {concurrency} at once" + (f", {latency * 1000:.0f} ms of latency" if latency else "")
    with serving(latency=latency) as server:
        case = Case(title=title, url=server.url, concurrency=concurrency)
        made = compare("benchmarks.telemetry", case, PEERS, plan, server)
    show(made)
    return made


if __name__ == "__main__":
    command("telemetry", run)
