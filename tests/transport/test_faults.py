"""What each fault of the network does to each replay class, and what the server holds afterwards."""

import asyncio
import hashlib
import io
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import attrs
import pytest
from PIL import Image

from kycaid_async import (
    AsyncKycaid,
    ConnectionFailedError,
    ConnectionLostError,
    DecodeError,
    FlowError,
    GatewayError,
    KycaidError,
    RateLimitError,
    RedirectError,
    RequestTimeoutError,
    ServerError,
    Timeout,
)
from kycaid_async.sandbox import Sandbox
from tests.faults import Fault, FaultProxy, reply
from tests.serving import Serving

pytestmark = pytest.mark.usefixtures("each_way")


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((400, 300), 90).save(out, "PNG")
    return out.getvalue()


PICTURE = picture()
ID_KEY = '{"document_id":"0000", '  # the beginning of an answer, cut off in the middle


@attrs.frozen
class Case:
    """A fault, how certain it leaves us, and what the caller is told when it is not repeated."""

    fault: Fault
    certainty: str
    error: type[KycaidError]


CASES = {
    "reset before the answer": Case(Fault(reset=True), "uncertain", ConnectionLostError),
    "reset after the server acted": Case(Fault(reset=True, acted=True), "uncertain", ConnectionLostError),
    "closed without an answer": Case(Fault(reply=b""), "uncertain", ConnectionLostError),
    "429 with Retry-After in seconds": Case(
        Fault(reply=reply(429, '{"type":"limit_exceeded","errors":[]}', Retry_After="7")), "busy", RateLimitError
    ),
    "429 with Retry-After as a date": Case(
        Fault(
            reply=reply(
                429,
                '{"type":"limit_exceeded"}',
                Retry_After="Wed, 21 Oct 2026 07:28:09 GMT",
                Date="Wed, 21 Oct 2026 07:28:02 GMT",
            )
        ),
        "busy",
        RateLimitError,
    ),
    "429 without Retry-After": Case(Fault(reply=reply(429, '{"type":"limit_exceeded"}')), "busy", RateLimitError),
    "429 of a gateway": Case(Fault(reply=reply(429, "<html>", content_type="text/html")), "uncertain", GatewayError),
    "503 of a gateway": Case(Fault(reply=reply(503, "<html>", content_type="text/html")), "uncertain", GatewayError),
    "503 of a gateway after the server acted": Case(
        Fault(acted=True, reply=reply(503, "upstream connect error", content_type="text/plain")),
        "uncertain",
        GatewayError,
    ),
    "403 of a firewall after the server acted": Case(
        Fault(acted=True, reply=reply(403, "<html>", content_type="text/html")), "answered", GatewayError
    ),
    "429 of another type": Case(Fault(reply=reply(429, '{"type":"brand_new"}')), "final", RateLimitError),
    "503 limit_exceeded": Case(Fault(reply=reply(503, '{"type":"limit_exceeded"}')), "busy", RateLimitError),
    "503 of another type": Case(Fault(reply=reply(503, '{"type":"internal_server"}')), "uncertain", ServerError),
    "429 flow": Case(
        Fault(reply=reply(429, '{"type":"flow","errors":[{"parameter":"limit_exceeded"}]}')), "final", FlowError
    ),
    "500": Case(Fault(reply=reply(500, '{"type":"internal_server","errors":[]}')), "uncertain", ServerError),
    "500 after the server acted": Case(
        Fault(acted=True, reply=reply(500, '{"type":"internal_server"}')), "uncertain", ServerError
    ),
    "502 HTML": Case(Fault(reply=reply(502, "<html>bad gateway", content_type="text/html")), "uncertain", GatewayError),
    "truncated JSON": Case(Fault(acted=True, reply=reply(200, ID_KEY)), "uncertain", DecodeError),
    "an answer that ends early": Case(
        Fault(acted=True, reply=reply(200, ID_KEY, length=500)), "uncertain", ConnectionLostError
    ),
    "a page in place of JSON": Case(
        Fault(reply=reply(200, "<html>log in", content_type="text/html")), "uncertain", DecodeError
    ),
    "an empty answer": Case(Fault(acted=True, reply=reply(200, "")), "uncertain", DecodeError),
    "JSON of another form": Case(Fault(acted=True, reply=reply(200, "[]")), "answered", DecodeError),
    "redirect to another host": Case(
        Fault(reply=reply(307, Location="http://127.0.0.1:1/steal")), "answered", RedirectError
    ),
    "308": Case(Fault(reply=reply(308, Location="http://127.0.0.1:1/steal")), "answered", RedirectError),
    **{
        f"{status} after the server acted": Case(
            Fault(acted=True, reply=reply(status, Location="http://127.0.0.1:1/steal")), "answered", RedirectError
        )
        for status in (300, 301, 302, 303, 304, 307, 308)
    },
}

Operation = Callable[[AsyncKycaid, "Held"], Awaitable[object]]


@attrs.define
class Held:
    """What stood in the sandbox before the fault."""

    applicant_id: str
    document_id: str


def get(client: AsyncKycaid, held: Held) -> Awaitable[object]:
    return client.documents.get(held.document_id)


def update(client: AsyncKycaid, held: Held) -> Awaitable[object]:
    return client.documents.update(held.document_id, document_number="X1")


def create(client: AsyncKycaid, held: Held) -> Awaitable[object]:
    return client.documents.create(type="CREDIT_CARD", applicant_id=held.applicant_id)


def upload(client: AsyncKycaid, held: Held) -> Awaitable[object]:
    return client.files.create(PICTURE)


def pay(client: AsyncKycaid, held: Held) -> Awaitable[object]:
    return client.request("POST", "/applicants", json={"type": "PERSON"}, replay="billed")


REPLAYABLE: dict[str, Operation] = {"safe": get, "idempotent": update, "orphans": upload}
ONCE: dict[str, tuple[Operation, str]] = {"duplicates": (create, "documents"), "billed": (pay, "applicants")}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def proxy(sandbox: Sandbox) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(sandbox.url) as running:
        yield running


@pytest.fixture
async def held(sandbox: Sandbox) -> Held:
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        applicant_id = await client.applicants.create(type="PERSON")
        document_id = await client.documents.create(type="PASSPORT", applicant_id=applicant_id)
    return Held(applicant_id, document_id)


@pytest.fixture
def faulty(sandbox: Sandbox, proxy: FaultProxy, make_client: Callable[..., AsyncKycaid]) -> AsyncKycaid:
    return make_client(proxy.url, api_key=sandbox.api_key)


def grown(sandbox: Sandbox, before: dict[str, int]) -> dict[str, int]:
    return {kind: n - before[kind] for kind, n in sandbox.counts().items() if n != before[kind]}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("operation", REPLAYABLE)
async def test_what_may_be_repeated_succeeds_after_any_passing_fault(case, operation, sandbox, proxy, faulty, held):
    before = sandbox.counts()
    proxy.faults.append(case.fault)
    if case.certainty in ("final", "answered"):
        acted = case.certainty == "answered" and operation != "safe"
        with pytest.raises(case.error) as caught:
            await REPLAYABLE[operation](faulty, held)
        assert (caught.value.attempts, caught.value.maybe_processed, caught.value.retryable) == (1, acted, False)
        assert len(proxy.seen) == 1
        return
    await REPLAYABLE[operation](faulty, held)
    assert len(proxy.seen) == 2
    orphans = 1 if case.fault.acted else 0
    assert grown(sandbox, before) == ({"files": 1 + orphans} if operation == "orphans" else {})


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("operation", ONCE)
async def test_what_must_not_double_is_repeated_only_when_the_server_did_not_act(
    case, operation, sandbox, proxy, faulty, held
):
    call, kind = ONCE[operation]
    before = sandbox.counts()
    proxy.faults.append(case.fault)
    if call is pay and case in (CASES["an empty answer"], CASES["JSON of another form"]):
        assert await call(faulty, held) in (None, []), "any JSON is an answer to `request`, and none at all too"
        assert grown(sandbox, before) == {kind: 1}
        return
    if case.certainty == "busy":
        await call(faulty, held)
        assert len(proxy.seen) == 2
        assert grown(sandbox, before) == {kind: 1}
        return
    with pytest.raises(case.error) as caught:
        await call(faulty, held)
    error = caught.value
    assert len(proxy.seen) == error.attempts == 1
    assert error.maybe_processed == (case.certainty in ("uncertain", "answered"))
    assert not error.retryable
    assert grown(sandbox, before) == ({kind: 1} if case.fault.acted else {})


@pytest.mark.parametrize("name", ["429 with Retry-After in seconds", "429 with Retry-After as a date"])
async def test_a_retry_after_is_waited_for(name, proxy, faulty, held, fake_time):
    proxy.faults.append(CASES[name].fault)
    fake_time.chance = 0.0
    await get(faulty, held)
    assert fake_time.slept == [7.0]


@pytest.mark.parametrize("operation", [*REPLAYABLE, *ONCE])
async def test_a_refused_connection_is_tried_again_by_every_class_because_nothing_was_sent(
    operation, sandbox, held, fake_time, make_client, free_port
):
    call = REPLAYABLE.get(operation) or ONCE[operation][0]
    before = sandbox.counts()
    client = make_client(f"http://127.0.0.1:{free_port}", api_key=sandbox.api_key)
    with pytest.raises(ConnectionFailedError) as caught:
        await call(client, held)
    assert (caught.value.attempts, caught.value.maybe_processed, caught.value.retryable) == (4, False, True)
    assert grown(sandbox, before) == {}

    proxy = FaultProxy(sandbox.url)

    async def come_up():
        if not proxy.url:
            await proxy.listen(free_port)

    fake_time.before_sleep = come_up
    try:
        await call(client, held)
        assert len(proxy.seen) == 1
    finally:
        await proxy.__aexit__()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


async def test_an_upload_reset_in_the_middle_is_sent_again_whole(sandbox, proxy, faulty):
    big = PICTURE + bytes(3_000_000)
    proxy.faults.extend([Fault(reset_after_body_bytes=100_000), Fault(reset_after_body_bytes=2_000_000)])
    file_id = await faulty.files.create(big)
    assert sandbox.file_digest(file_id) == hashlib.sha256(big).hexdigest()
    assert sandbox.counts()["files"] == 1


@pytest.mark.parametrize("operation", [*REPLAYABLE, *ONCE])
async def test_a_server_that_never_answers_runs_into_the_read_limit(operation, sandbox, proxy, held, make_client):
    client = make_client(proxy.url, api_key=sandbox.api_key, timeout=Timeout(read=0.05), max_retries=1)
    before = sandbox.counts()
    repeats = operation in REPLAYABLE
    proxy.faults.extend([Fault(hang=True), Fault(hang=True)])
    with pytest.raises(RequestTimeoutError) as caught:
        await (REPLAYABLE.get(operation) or ONCE[operation][0])(client, held)
    assert caught.value.phase == "read"
    assert caught.value.attempts == (2 if repeats else 1)
    assert caught.value.maybe_processed == (operation != "safe")
    assert caught.value.retryable == repeats
    assert grown(sandbox, before) == {}


@pytest.mark.parametrize("operation", ["safe", "duplicates"])
async def test_an_answer_that_drips_runs_into_the_total_limit(operation, sandbox, proxy, held, make_client):
    client = await warmed(make_client(proxy.url, api_key=sandbox.api_key, timeout=Timeout(total=1.0)))
    proxy.faults.append(Fault(drip=True))
    with pytest.raises(RequestTimeoutError) as caught:
        await (REPLAYABLE.get(operation) or ONCE[operation][0])(client, held)
    assert caught.value.phase == "total"
    assert caught.value.attempts == 1
    assert caught.value.maybe_processed == (operation == "duplicates")


async def test_the_key_does_not_follow_a_redirect(sandbox, proxy, faulty, held):
    async with FaultProxy(sandbox.url) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            proxy.faults.append(Fault(reply=reply(status, Location=elsewhere.url + "/documents")))
            with pytest.raises(RedirectError):
                await get(faulty, held)
        assert elsewhere.seen == []


async def test_a_delete_that_was_lost_and_repeated_says_so_when_the_object_is_gone(sandbox, proxy, faulty, held):
    proxy.faults.append(Fault(reset=True, acted=True))
    with pytest.raises(KycaidError) as caught:
        await faulty.documents.delete(held.document_id)
    assert caught.value.maybe_processed
    assert caught.value.attempts == 2


# Connections that were never there to send into.

PAY = {"path": "/services/paid", "json": {"a": 1}, "replay": "billed"}


async def warmed(client: AsyncKycaid) -> AsyncKycaid:
    """Return it after a first call: limits of a second are not to be about what a busy machine takes to load it."""
    await client.request("GET", "/countries")
    return client


async def pay_for(client: AsyncKycaid) -> object:
    return await client.request("POST", **PAY)


@pytest.fixture
def unanswering_port():
    """A socket that listens, and whose backlog is full: whoever connects gets no answer at all."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = listening.getsockname()[1]
    filling = [socket.socket() for _ in range(8)]
    for sock in filling:
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", port))
    yield port
    for sock in [*filling, listening]:
        sock.close()


async def test_the_total_time_running_out_while_connecting_says_that_nothing_was_processed(
    unanswering_port, make_client
):
    client = make_client(f"http://127.0.0.1:{unanswering_port}", timeout=Timeout(total=0.1))
    with pytest.raises(RequestTimeoutError) as caught:
        await pay_for(client)
    error = caught.value
    assert (error.phase, error.attempts, error.maybe_processed, error.retryable) == ("total", 1, False, True)


async def test_no_connection_in_time_is_tried_again_also_by_a_billed_call(unanswering_port, make_client):
    client = make_client(f"http://127.0.0.1:{unanswering_port}", timeout=Timeout(connect=0.05), max_retries=1)
    with pytest.raises(RequestTimeoutError) as caught:
        await pay_for(client)
    error = caught.value
    assert (error.phase, error.attempts, error.maybe_processed, error.retryable) == ("connect", 2, False, True)


async def test_a_proxy_that_never_answers_connect_leaves_nothing_processed(sandbox, proxy, make_client):
    await warmed(make_client(proxy.url, api_key=sandbox.api_key))
    proxy.seen.clear()
    proxy.faults.append(Fault(hang=True))
    client = make_client("https://api.example.com", proxy=proxy.url, timeout=Timeout(total=1.0))
    with pytest.raises(RequestTimeoutError) as caught:
        await pay_for(client)
    error = caught.value
    assert [seen.method for seen in proxy.seen] == ["CONNECT"]
    assert (error.phase, error.attempts, error.maybe_processed, error.retryable) == ("total", 1, False, True)


@pytest.mark.parametrize("fault", [Fault(reply=b""), Fault(reset=True)], ids=["closed", "reset"])
async def test_a_proxy_that_hangs_up_during_connect_is_tried_again_also_by_a_billed_call(
    fault, sandbox, proxy, make_client
):
    proxy.faults.extend([fault] * 4)
    with pytest.raises(KycaidError) as caught:
        await pay_for(make_client("https://api.example.com", proxy=proxy.url))
    error = caught.value
    assert isinstance(error, ConnectionFailedError | ConnectionLostError)
    assert [seen.method for seen in proxy.seen] == ["CONNECT"] * 4
    assert (error.attempts, error.maybe_processed, error.retryable) == (4, False, True)


async def test_a_proxy_that_never_answers_connect_runs_into_the_connect_limit_and_is_tried_again(
    sandbox, proxy, make_client
):
    """The limit is the one "to make a connection, TLS included"; without a total one the call would hang for ever."""
    proxy.faults.extend([Fault(hang=True)] * 2)
    timeout = Timeout(connect=0.05, total=1.0)
    client = make_client("https://api.example.com", proxy=proxy.url, timeout=timeout, max_retries=1)
    with pytest.raises(RequestTimeoutError) as caught:
        await pay_for(client)
    error = caught.value
    assert (error.phase, error.attempts, error.maybe_processed, error.retryable) == ("connect", 2, False, True)


async def test_a_request_that_left_and_was_never_answered_may_have_been_processed(sandbox, proxy, make_client):
    client = await warmed(make_client(proxy.url, api_key=sandbox.api_key, timeout=Timeout(total=1.0)))
    proxy.faults.append(Fault(hang=True))
    with pytest.raises(RequestTimeoutError) as caught:
        await pay_for(client)
    error = caught.value
    assert (error.phase, error.attempts, error.maybe_processed, error.retryable) == ("total", 1, True, False)


@attrs.define
class HangsUp:
    """Answers one request on each connection as if it kept it, and closes it right after."""

    url: str = ""
    bodies: list[bytes] = attrs.field(factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        self.bodies.append(await reader.readexactly(length))
        lead = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        writer.write(lead + b"Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\n{}")
        writer.close()


@pytest.fixture
async def hangs_up() -> AsyncIterator[HangsUp]:
    made = HangsUp()
    async with Serving(made.serve) as serving:
        made.url = serving.url
        yield made


async def test_a_billed_call_is_not_sent_into_an_idle_connection_that_was_closed(hangs_up, make_client):
    client = make_client(hangs_up.url)
    for n in range(20):
        assert await client.request("POST", "/services/paid", json={"n": n}, replay="billed") == {}
    assert hangs_up.bodies == [b'{"n":%d}' % n for n in range(20)]
    assert hangs_up.connections == 20


# How long a server may stay busy.


async def test_a_server_that_is_busy_for_a_minute_costs_a_billed_call_nothing_but_time(
    sandbox, proxy, faulty, held, fake_time
):
    before = sandbox.counts()
    proxy.faults.extend([CASES["429 without Retry-After"].fault] * 7)
    await pay(faulty, held)
    assert fake_time.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    assert grown(sandbox, before) == {"applicants": 1}


@pytest.mark.parametrize("operation", [*REPLAYABLE, *ONCE])
async def test_a_server_that_stays_busy_is_asked_until_the_total_time_is_over(
    operation, sandbox, proxy, held, fake_time, make_client
):
    client = make_client(proxy.url, api_key=sandbox.api_key, timeout=Timeout(total=10))
    before = sandbox.counts()
    proxy.faults.extend([CASES["503 limit_exceeded"].fault] * 10)
    with pytest.raises(RateLimitError) as caught:
        await (REPLAYABLE.get(operation) or ONCE[operation][0])(client, held)
    error = caught.value
    assert fake_time.slept == [0.5, 1.0, 2.0, 4.0]
    assert (error.attempts, error.maybe_processed, error.retryable) == (5, False, True)
    assert grown(sandbox, before) == {}


@pytest.mark.parametrize("name", ["429 of a gateway", "503 of a gateway"])
async def test_a_gateway_that_stays_busy_is_asked_until_the_total_time_is_over_for_what_only_reads(
    name, sandbox, proxy, held, fake_time, make_client
):
    client = make_client(proxy.url, api_key=sandbox.api_key, timeout=Timeout(total=10))
    proxy.faults.extend([CASES[name].fault] * 10)
    with pytest.raises(GatewayError) as caught:
        await get(client, held)
    error = caught.value
    assert fake_time.slept == [0.5, 1.0, 2.0, 4.0]
    assert (error.attempts, error.maybe_processed, error.retryable) == (5, False, True)


@pytest.mark.parametrize("name", ["429 of a gateway", "503 of a gateway"])
@pytest.mark.parametrize("operation", ["idempotent", "orphans"])
async def test_a_gateway_that_stays_busy_is_asked_max_retries_times_for_what_does_no_harm(
    operation, name, proxy, faulty, held, fake_time
):
    proxy.faults.extend([CASES[name].fault] * 10)
    with pytest.raises(GatewayError) as caught:
        await REPLAYABLE[operation](faulty, held)
    error = caught.value
    assert fake_time.slept == [0.5, 1.0, 2.0]
    assert (error.attempts, error.maybe_processed, error.retryable) == (4, True, True)


async def test_what_a_gateway_asks_for_is_waited_for_by_all(proxy, faulty, held, fake_time, sandbox):
    page = reply(503, "<html>", content_type="text/html", Retry_After="7")
    proxy.faults.append(Fault(acted=True, reply=page))
    with pytest.raises(GatewayError):
        await create(faulty, held)
    assert fake_time.slept == []
    await get(faulty, held)
    assert fake_time.slept == [7.5], "the next call, whatever it is, waits before it is sent"


async def test_a_hundred_cancelled_requests_do_not_leak_the_only_slot(sandbox, proxy, held, make_client):
    client = make_client(proxy.url, api_key=sandbox.api_key, max_connections=1)
    proxy.faults.extend([Fault(hang=True)] * 100)
    for _ in range(100):
        arrived = len(proxy.seen)
        task = asyncio.create_task(get(client, held))
        while len(proxy.seen) == arrived:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await get(client, held)).document_id == held.document_id


async def test_a_hundred_requests_cancelled_together_leave_the_only_slot_free(sandbox, proxy, held, make_client):
    client = make_client(proxy.url, api_key=sandbox.api_key, max_connections=1)
    proxy.faults.append(Fault(hang=True))
    tasks = [asyncio.create_task(get(client, held)) for _ in range(100)]
    while not proxy.seen:
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)
    assert (await get(client, held)).document_id == held.document_id
