"""Spans and metrics, read back from exporters in memory: of calls, repeats, runs, other threads and callbacks."""

import asyncio
import pickle
from typing import Annotated

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from kycaid_async import AsyncKycaid, BulkRow, Kycaid, NotFoundError, Person, RateLimitError, ValidationError
from kycaid_async.callbacks import parse
from kycaid_async.otel import OpenTelemetry
from kycaid_async.sandbox import Fault
from kycaid_async.testing import Sandbox
from tests.conftest import API_KEY

ID = "a" * 36
MARKS = ("Jane", "Example", "jane@", "XYZ-40", ID, API_KEY)
REFUSED = {"type": "limit_exceeded", "errors": []}


class Telemetry:
    """OpenTelemetry with what it was given, to be looked at."""

    def __init__(self):
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])
        self.hooks = OpenTelemetry(tracer_provider=self.tracers, meter_provider=self.meters)
        self.tracer = self.tracers.get_tracer("a user's")

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def points(self, name):
        data = self.reader.get_metrics_data()
        of = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics if m.name == name]
        return [point for metric in of for point in metric.data.data_points]

    def everything(self):
        return "".join(span.to_json() for span in self.spans) + self.reader.get_metrics_data().to_json()


@pytest.fixture
def telemetry():
    made = Telemetry()
    yield made
    made.tracers.shutdown()
    made.meters.shutdown()


@pytest.fixture
def traced(make_client, server, telemetry):
    return make_client(server.url, hooks=telemetry.hooks)


async def test_a_call_is_a_span_with_one_below_it_for_its_attempt(traced, server, telemetry):
    server.answer(200, {"document_id": ID})
    await traced.documents.get(ID)
    attempt, call = telemetry.spans
    assert (call.name, call.kind, call.parent, call.status.status_code) == (
        "kycaid.documents.get",
        SpanKind.INTERNAL,
        None,
        StatusCode.UNSET,
    )
    assert (attempt.name, attempt.kind) == ("GET /documents/{document_id}", SpanKind.CLIENT)
    assert attempt.parent.span_id == call.context.span_id
    host, port = server.url.removeprefix("http://").split(":")
    assert dict(attempt.attributes) == {
        "http.request.method": "GET",
        "url.template": "/documents/{document_id}",
        "server.address": host,
        "server.port": int(port),
        "http.response.status_code": 200,
    }
    assert call.start_time <= attempt.start_time <= attempt.end_time <= call.end_time


async def test_a_repeat_is_an_attempt_of_its_own_and_an_event_with_its_reason(traced, server, telemetry):
    server.answer(429, REFUSED)
    server.answer(200, {"applicant_id": ID})
    await traced.applicants.create(Person(first_name="Jane"))
    first, second, call = telemetry.spans
    assert (first.attributes["error.type"], first.status.status_code) == ("RateLimitError", StatusCode.ERROR)
    assert "http.request.resend_count" not in first.attributes
    assert (second.attributes["http.request.resend_count"], second.status.status_code) == (1, StatusCode.UNSET)
    assert call.attributes["kycaid.attempts"] == 2
    (event,) = call.events
    assert (event.name, event.attributes["error.type"], event.attributes["kycaid.wait"]) == (
        "retry",
        "RateLimitError",
        0.5,
    )
    (retries,), (refusals,) = telemetry.points("kycaid.retries"), telemetry.points("kycaid.refusals")
    assert (retries.value, dict(retries.attributes)) == (
        1,
        {"kycaid.operation": "applicants.create", "error.type": "RateLimitError"},
    )
    assert refusals.value == 1


async def test_a_wait_for_the_pace_of_the_server_is_measured(make_client, server, telemetry):
    client = make_client(server.url, hooks=telemetry.hooks, max_retries=0)
    for _ in range(5):
        server.answer(200, {"document_id": ID})
        await client.documents.get(ID)
    assert telemetry.points("kycaid.pacing.wait") == []
    for _ in range(10):  # one refusal may be a chance
        server.answer(429, REFUSED)
        with pytest.raises(RateLimitError):
            await client.documents.get(ID)
    server.answer(200, {"document_id": ID})
    await client.documents.get(ID)
    (wait,) = telemetry.points("kycaid.pacing.wait")
    assert dict(wait.attributes) == {"kycaid.operation": "documents.get"}
    assert 1 <= wait.count <= 10
    assert 0 < wait.sum < 60


async def test_an_error_is_its_class_and_nothing_more(traced, server, telemetry):
    server.answer(422, {"type": "validation", "errors": [{"parameter": "dob", "message": "Jane is no date"}]})
    with pytest.raises(ValidationError):
        await traced.applicants.create(Person(first_name="Jane"))
    for span in telemetry.spans:
        assert (span.attributes["error.type"], span.status.description) == ("ValidationError", "ValidationError")
        assert span.events == ()
    assert telemetry.named("kycaid.applicants.create")[0].attributes["kycaid.maybe_processed"] is False
    (point,) = telemetry.points("http.client.request.duration")
    assert (point.attributes["http.response.status_code"], point.attributes["error.type"]) == (422, "ValidationError")


async def test_what_a_users_own_span_records_of_our_exception_is_not_personal(traced, server, telemetry):
    """`record_exception` takes the message, and a stack trace without variables."""
    server.answer(404, {"type": "not_found", "errors": [{"parameter": "id", "message": f"{ID} of Jane"}]})
    applicant = Person(first_name="Jane", email="jane@example.com")
    server.answer(400, {"type": "bad_request", "errors": [{"parameter": "email", "message": "jane@example.com"}]})
    with pytest.raises(NotFoundError), telemetry.tracer.start_as_current_span("mine"):
        await traced.documents.get(ID)
    with pytest.raises(Exception, match="malformed"), telemetry.tracer.start_as_current_span("mine"):
        await traced.applicants.create(applicant)
    recorded = [event for span in telemetry.named("mine") for event in span.events]
    assert [event.name for event in recorded] == ["exception", "exception"]
    assert all("raise" in event.attributes["exception.stacktrace"] for event in recorded)
    assert not [mark for mark in MARKS if mark in telemetry.everything()]


async def test_bytes_are_counted_by_operation_and_clients_share_their_counters(traced, make_client, server, telemetry):
    other = make_client(
        server.url, hooks=OpenTelemetry(tracer_provider=telemetry.tracers, meter_provider=telemetry.meters)
    )
    for client in (traced, other):
        server.answer(200, {"file_id": ID})
        await client.files.create(b"%PDF-1.4" + bytes(5000), filename="a.pdf")
    (sent,), (received,) = telemetry.points("kycaid.bytes.sent"), telemetry.points("kycaid.bytes.received")
    assert (sent.value, dict(sent.attributes)) == (
        sum(len(request.body) for request in server.requests),
        {"kycaid.operation": "files.create"},
    )
    assert received.value == 2 * len(b'{"file_id": ""}') + 72


async def test_a_call_is_a_child_of_the_span_around_it_and_leaves_it_current(traced, server, telemetry):
    server.answer(200, {"document_id": ID})
    with telemetry.tracer.start_as_current_span("mine") as mine:
        await traced.documents.get(ID)
        assert trace.get_current_span() is mine
    (call,) = telemetry.named("kycaid.documents.get")
    assert call.parent.span_id == mine.get_span_context().span_id


async def test_a_cancelled_call_ends_its_span_too(make_client, telemetry):
    arrived = asyncio.Event()

    async def never_answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(never_answer, "127.0.0.1", 0) as raw:
        client = make_client(f"http://127.0.0.1:{raw.sockets[0].getsockname()[1]}", hooks=telemetry.hooks)
        task = asyncio.create_task(client.documents.get(ID))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.aclose()
    assert [span.attributes["error.type"] for span in telemetry.spans] == ["CancelledError"] * 2


async def test_calls_at_once_do_not_mix_up_their_spans(traced, server, telemetry):
    for _ in range(20):
        server.answer(200, {"document_id": ID})
    with telemetry.tracer.start_as_current_span("mine") as mine:
        await asyncio.gather(*(traced.documents.get(ID) for _ in range(20)))
    calls = {span.context.span_id: span for span in telemetry.named("kycaid.documents.get")}
    assert {span.parent.span_id for span in calls.values()} == {mine.get_span_context().span_id}
    attempts = telemetry.named("GET /documents/{document_id}")
    assert {span.parent.span_id for span in attempts} == set(calls)


def test_a_blocking_call_is_a_child_of_the_span_in_its_own_thread(telemetry):
    with (
        Sandbox() as sandbox,
        Kycaid(sandbox.api_key, base_url=sandbox.url, hooks=telemetry.hooks) as client,
        telemetry.tracer.start_as_current_span("mine") as mine,
    ):
        client.countries.list()
        assert trace.get_current_span() is mine
    (call,) = telemetry.named("kycaid.countries.list")
    assert call.parent.span_id == mine.get_span_context().span_id
    assert [span.parent.span_id for span in telemetry.named("GET /countries")] == [call.context.span_id]


async def test_a_run_has_its_calls_below_the_users_span_and_its_rows_counted(telemetry):
    with Sandbox() as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url, hooks=telemetry.hooks) as client:
            sandbox.faults.add(Fault("429", operations=["documents.create"], count=1))
            people = [Person(first_name="Jane", last_name="Example", external_applicant_id=n) for n in range(3)]
            rows = [BulkRow(applicant=p, document={"type": "PASSPORT", "document_number": "XYZ-40"}) for p in people]
            with telemetry.tracer.start_as_current_span("mine") as mine:
                results, _ = await client.bulk.upload_all(rows)
    assert {result.status.value for result in results} == {"created"}
    calls = [span for span in telemetry.spans if span.name.startswith("kycaid.")]
    assert {span.parent.span_id for span in calls} == {mine.get_span_context().span_id}
    assert len(telemetry.named("kycaid.documents.create")) == 4
    ((rows_done,), (refusals,), (retries,)) = (
        telemetry.points(f"kycaid.{name}") for name in ("bulk.rows", "refusals", "retries")
    )
    assert (rows_done.value, dict(rows_done.attributes)) == (3, {"kycaid.run": "upload", "kycaid.status": "created"})
    assert (refusals.value, retries.value) == (1, 1)
    assert dict(retries.attributes) == {"kycaid.operation": "documents.create", "error.type": "RateLimitError"}
    told = telemetry.everything()
    assert not [
        mark for mark in (*MARKS, *(r.applicant_id for r in results), *(r.document_id for r in results)) if mark in told
    ]


def event(kind="VERIFICATION_COMPLETED"):
    return parse(f'{{"type":"{kind}","applicant_id":"{ID}","applicant":{{"first_name":"Jane"}}}}'.encode())


async def test_a_handled_callback_is_a_span_with_its_calls_below_it(traced, server, telemetry):
    @telemetry.hooks.handler
    async def handle(event, *, note=None):
        await traced.applicants.get(event.applicant_id)
        return note

    server.answer(200, {"type": "PERSON"})
    assert await handle(event(), note="x") == "x"
    (span,) = telemetry.named("kycaid.callback VERIFICATION_COMPLETED")
    (call,) = telemetry.named("kycaid.applicants.get")
    assert (span.kind, call.parent.span_id) == (SpanKind.CONSUMER, span.context.span_id)
    (point,) = telemetry.points("kycaid.callback.duration")
    assert (point.count, dict(point.attributes)) == (1, {"kycaid.callback.type": "VERIFICATION_COMPLETED"})
    assert not [mark for mark in MARKS if mark in telemetry.everything()]


@pytest.mark.parametrize("kind", ["OF_TOMORROW", "Jane Example"])
def test_a_plain_handler_has_one_too_which_tells_the_class_of_what_it_raises(telemetry, kind):
    @telemetry.hooks.handler
    def handle(*, event):
        raise ValueError(f"no such user: Jane, {event.raw}")

    with pytest.raises(ValueError, match="no such user"):
        handle(event=event(kind))
    (span,) = telemetry.spans
    assert (span.name, span.attributes["error.type"], span.events) == ("kycaid.callback UNKNOWN", "ValueError", ())
    assert handle.__name__ == "handle"
    assert not [mark for mark in MARKS if mark in telemetry.everything()]


async def test_without_an_sdk_nothing_happens(make_client, server):
    client = make_client(server.url, hooks=OpenTelemetry())
    server.answer(429, REFUSED)
    server.answer(200, {"applicant_id": ID})
    assert await client.applicants.create(Person(first_name="Jane")) == ID


def test_it_goes_to_other_processes_with_global_providers_only(telemetry):
    again = pickle.loads(pickle.dumps(AsyncKycaid(API_KEY, hooks=OpenTelemetry())))  # noqa: S301 - our own
    assert isinstance(again._settings.observers.hooks[0], OpenTelemetry)
    with pytest.raises(TypeError, match="providers of its own cannot be pickled"):
        pickle.dumps(telemetry.hooks)


async def test_a_handler_with_a_span_is_one_to_web_frameworks_too(telemetry):
    """FastAPI reads the parameters of the function that is wrapped."""
    import httpx
    from fastapi import Depends, FastAPI

    from kycaid_async.callbacks import Event, VerificationCompleted
    from kycaid_async.testing import signed_callback
    from kycaid_async.web.fastapi import CallbackRouter, kycaid_event

    callbacks = CallbackRouter(API_KEY)

    @callbacks.post("/kycaid")
    @telemetry.hooks.handler
    async def receive(event: Annotated[Event, Depends(kycaid_event)]):
        assert trace.get_current_span().is_recording()

    app = FastAPI()
    app.include_router(callbacks)
    body, headers = signed_callback(VerificationCompleted(type="VERIFICATION_COMPLETED", applicant_id=ID), API_KEY)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.post("/kycaid", content=body, headers=headers)
    assert answer.status_code == 200
    assert [span.name for span in telemetry.spans] == ["kycaid.callback VERIFICATION_COMPLETED"]
