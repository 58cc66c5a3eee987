"""What each fault does to a request, seen from the other end of the connection."""

import asyncio
import json

import pytest

from kycaid_async import (
    AsyncKycaid,
    ConnectionLostError,
    DecodeError,
    GatewayError,
    KycaidError,
    RateLimitError,
    ServerError,
)
from kycaid_async.sandbox import Fault, Sandbox


@pytest.fixture
def slept():
    return []


@pytest.fixture
async def sandbox(slept):
    async def sleep(seconds):
        slept.append(seconds)

    async with Sandbox(sleep=sleep) as running:
        yield running


@pytest.fixture
async def send(sandbox):
    """Send a request over a connection of its own and return all that comes back until it ends."""

    async def send(method="GET", path="/countries", body=None):
        content = b"" if body is None else json.dumps(body).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAPI-Key: {sandbox.api_key}\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        try:
            return await reader.read()
        finally:
            writer.close()

    return send


async def test_latency_waits_and_then_acts(sandbox, send, slept):
    sandbox.faults.add(Fault("latency", seconds=2.5))
    assert (await send()).startswith(b"HTTP/1.1 200")
    assert slept == [2.5]


async def test_429_refuses_with_the_time_it_was_given(sandbox, kycaid):
    sandbox.faults.add(Fault("429", seconds=1.5))
    with pytest.raises(RateLimitError) as caught:
        await kycaid.applicants.create(type="PERSON")
    assert (caught.value.type, caught.value.retry_after) == ("limit_exceeded", 2.0)
    assert sandbox.counts()["applicants"] == 0


async def test_429_without_a_time_has_no_retry_after(sandbox, send):
    sandbox.faults.add(Fault("429"))
    answer = await send()
    assert answer.startswith(b"HTTP/1.1 429")
    assert b"retry-after" not in answer.lower()


@pytest.mark.parametrize("status", ["500", "503"])
async def test_it_is_refused_with_json(sandbox, kycaid, status):
    sandbox.faults.add(Fault(status))
    with pytest.raises(ServerError) as caught:
        await kycaid.applicants.create(type="PERSON")
    assert (caught.value.status, caught.value.type) == (int(status), "internal_server")
    assert sandbox.counts()["applicants"] == 0


async def test_502_is_an_html_page(sandbox, send):
    sandbox.faults.add(Fault("502"))
    head, _, body = (await send("POST", "/applicants", {"type": "PERSON"})).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502")
    assert b"text/html" in head
    assert body.startswith(b"<html>")
    assert sandbox.counts()["applicants"] == 0


async def test_a_reset_is_a_real_one_and_comes_before_anything_is_done(sandbox, send):
    sandbox.faults.add(Fault("reset"))
    with pytest.raises(ConnectionResetError):
        await send("POST", "/applicants", {"type": "PERSON"})
    assert sandbox.counts()["applicants"] == 0


async def test_lost_acts_and_resets_in_place_of_the_answer(sandbox, send):
    sandbox.faults.add(Fault("lost"))
    with pytest.raises(ConnectionResetError):
        await send("POST", "/applicants", {"type": "PERSON"})
    assert sandbox.counts()["applicants"] == 1


async def test_the_client_says_that_a_lost_create_may_have_been_processed(sandbox, kycaid):
    sandbox.faults.add(Fault("lost", operations=["applicants.create"]))
    with pytest.raises(ConnectionLostError) as caught:
        await kycaid.applicants.create(type="PERSON")
    assert caught.value.maybe_processed
    assert sandbox.counts()["applicants"] == 1


async def test_a_gateway_answers_in_the_place_of_a_server_that_acted(sandbox, kycaid, send):
    sandbox.faults.add(Fault("gateway", operations=["applicants.create"]))
    with pytest.raises(GatewayError) as caught:
        await kycaid.applicants.create(type="PERSON")
    assert (caught.value.status, caught.value.maybe_processed) == (503, True)
    assert sandbox.counts()["applicants"] == 1
    head, _, body = (await send("POST", "/applicants", {"type": "PERSON"})).partition(b"\r\n\r\n")
    assert b"text/plain" in head
    assert body.startswith(b"upstream connect error")


async def test_a_truncated_answer_promises_more_than_comes(sandbox, send):
    whole = (await send()).partition(b"\r\n\r\n")[2]
    sandbox.faults.add(Fault("truncated"))
    head, _, body = (await send()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert f"content-length: {len(whole)}" in head.decode().lower()
    assert body == whole[: len(whole) // 2]


async def test_the_client_sees_a_truncated_answer_as_a_lost_one(sandbox, kycaid):
    sandbox.faults.add(Fault("truncated"))
    with pytest.raises((ConnectionLostError, DecodeError)):
        await kycaid.countries.list()


async def test_a_slow_answer_comes_whole_at_the_given_speed(sandbox, send, slept):
    whole = (await send()).partition(b"\r\n\r\n")[2]
    sandbox.faults.add(Fault("slow", bytes_per_second=100))
    assert (await send()).partition(b"\r\n\r\n")[2] == whole
    assert sum(slept) == pytest.approx(len(whole) / 100)
    assert max(slept) <= 0.1


async def test_an_upload_that_is_reset_leaves_nothing_behind(sandbox, kycaid, make_picture):
    sandbox.faults.add(Fault("reset", operations="files.create", count=1))
    with pytest.raises(KycaidError):
        await kycaid.with_options(max_retries=0).files.create(make_picture())
    assert sandbox.counts()["files"] == 0
    assert await kycaid.files.create(make_picture())


async def test_the_client_gets_through_faults_that_pass(sandbox, make_client):
    # One of them at each request: seven retries find the eighth answer.
    patient = make_client(sandbox.url, api_key=sandbox.api_key, max_retries=7)
    owner = await patient.applicants.create(type="PERSON")
    for kind in ("429", "500", "502", "503", "reset", "lost", "truncated"):
        sandbox.faults.add(Fault(kind, operations="applicants.get", count=1))
    assert (await patient.applicants.get(owner)).applicant_id == owner
    assert [active.met for active in sandbox.faults.list()] == [1] * 7


async def test_waits_add_up_and_come_before_another_fault(sandbox, send, slept):
    sandbox.faults.add(Fault("503"))
    sandbox.faults.add(Fault("latency", seconds=1))
    sandbox.faults.add(Fault("latency", seconds=2))
    sandbox.faults.add(Fault("500"))
    assert (await send()).startswith(b"HTTP/1.1 503")
    assert slept == [1, 2]
    assert [active.met for active in sandbox.faults.list()] == [1, 1, 1, 0]


async def test_it_stops_while_an_answer_is_held_up():
    arrived = asyncio.Event()

    async def sleep(_seconds):
        arrived.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(60):
        async with Sandbox(sleep=sleep) as sandbox, AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            sandbox.faults.add(Fault("latency", seconds=3600))
            call = asyncio.ensure_future(kycaid.countries.list())
            await arrived.wait()
            call.cancel()
