"""Connections belong to a loop, open when first needed, and close with it."""

import asyncio
import ssl
import subprocess
import sys
import textwrap
import threading

import aiohttp
import pytest
import trustme
from aiohttp import web

from kycaid_async import AsyncKycaid, ConfigurationError, ConnectionFailedError, ConnectionLostError
from tests.faults import Fault, FaultProxy
from tests.pictures import picture


class OtherLoop:
    """An event loop in a thread of its own."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


DOCUMENT = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"

SERVER = """
import asyncio, logging, threading
from aiohttp import web

async def document(request):
    return web.json_response({"document_id": request.match_info["id"]})

def serve():
    async def main():
        app = web.Application()
        app.router.add_get("/documents/{id}", document)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ready.append(runner.addresses[0][1])
        started.set()
        await asyncio.Event().wait()
    asyncio.run(main())

# How long a step takes on a busy machine is not what these tests are about.
logging.getLogger("asyncio").setLevel(logging.ERROR)
ready, started = [], threading.Event()
threading.Thread(target=serve, daemon=True).start()
started.wait()
url = f"http://127.0.0.1:{ready[0]}"
"""


def run_script(body: str) -> subprocess.CompletedProcess[str]:
    script = SERVER + textwrap.dedent(body)
    return subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_one_client_serves_two_runs_of_asyncio_and_forgetting_to_close_it_is_quiet():
    done = run_script(f"""
        from kycaid_async import AsyncKycaid
        client = AsyncKycaid("k" * 36, base_url=url)
        async def main():
            await asyncio.gather(*(client.documents.get("{DOCUMENT}") for _ in range(5)))
        asyncio.run(main())
        asyncio.run(main())
        print("fine")
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


def test_one_client_serves_two_loops_in_two_threads():
    done = run_script(f"""
        from kycaid_async import AsyncKycaid
        client = AsyncKycaid("k" * 36, base_url=url)
        async def main():
            for _ in range(20):
                await client.documents.get("{DOCUMENT}")
        threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(2)]
        for t in threads: t.start()
        for t in threads: t.join()
        print("fine")
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


def test_no_loop_is_kept_alive_by_a_client_that_was_used_in_twenty():
    done = run_script(f"""
        import gc, weakref
        from kycaid_async import AsyncKycaid
        client = AsyncKycaid("k" * 36, base_url=url)
        loops, bound = [], []
        async def main():
            loops.append(weakref.ref(asyncio.get_running_loop()))
            await client.documents.get("{DOCUMENT}")
        for _ in range(20):
            asyncio.run(main())
            bound.append(len(client._shared.resources._by_loop))
        gc.collect()
        print(bound == [0] * 20, [loop() for loop in loops] == [None] * 20)
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True True\n", "")


async def test_calls_that_queue_while_the_client_is_closed_say_so(server, make_client):
    async with FaultProxy(server.url) as proxy:
        proxy.faults.append(Fault(hang=True))
        client = make_client(proxy.url, max_connections=1, max_retries=0)
        running = asyncio.create_task(client.request("POST", "/services/paid", json={"n": 0}))
        while not proxy.seen:
            await asyncio.sleep(0)
        queued = [asyncio.create_task(client.request("POST", "/services/paid", json={"n": n})) for n in range(1, 6)]
        queued += [asyncio.create_task(client.files.create(picture(100)))]
        await asyncio.sleep(0)
        await client.aclose()
        outcomes = await asyncio.gather(*queued, return_exceptions=True)
        with pytest.raises(ConnectionLostError) as caught:
            await running
    assert caught.value.maybe_processed
    assert [type(error) for error in outcomes] == [ConfigurationError] * 6
    assert all("closed" in str(error) for error in outcomes)
    assert not any(error.maybe_processed or error.retryable for error in outcomes)
    assert len(proxy.seen) == 1


async def test_a_session_of_the_user_that_was_made_in_another_loop_is_refused_at_the_first_call(server):
    made = []

    async def make():
        made.append(aiohttp.ClientSession())

    with OtherLoop() as other:
        other.run(make())
        client = AsyncKycaid("k", base_url=server.url, session=made[0])
        with pytest.raises(ConfigurationError, match="another event loop"):
            await client.documents.get(DOCUMENT)
        other.run(made[0].close())
    assert server.requests == []


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*auth:DeprecationWarning")
async def test_a_session_of_the_user_with_a_login_of_its_own_is_refused(server):
    async with aiohttp.ClientSession(auth=aiohttp.BasicAuth("user", "secret-password")) as session:
        client = AsyncKycaid("k", base_url=server.url, session=session)
        with pytest.raises(ConfigurationError, match="auth") as caught:
            await client.documents.get(DOCUMENT)
    assert not caught.value.maybe_processed
    assert "secret-password" not in str(caught.value)
    assert server.requests == []


async def test_a_session_of_the_user_is_used_and_never_closed(server):
    async with aiohttp.ClientSession(headers={"X-Own": "yes"}, raise_for_status=True) as session:
        async with AsyncKycaid("k", base_url=server.url, session=session) as client:
            server.answer(200, {"document_id": DOCUMENT})
            await client.documents.get(DOCUMENT)
            server.answer(404, {"type": "not_found"})
            with pytest.raises(Exception, match="not_found"):
                await client.documents.get(DOCUMENT)
        assert not session.closed
    assert server.requests[0].headers["X-Own"] == "yes"
    assert server.requests[0].headers["Authorization"] == "Token k"


@pytest.mark.parametrize(
    "options",
    [{"headers": {"Content-Type": "application/json"}}, {"skip_auto_headers": ["Content-Type"]}],
    ids=["its own", "none"],
)
async def test_with_any_content_type_of_a_session_a_body_goes_out_as_what_it_is(options, uploads, server):
    async with aiohttp.ClientSession(**options) as session:
        await AsyncKycaid("k", base_url=uploads.url, session=session).files.create(picture(5000))
        server.answer(200, {"applicant_id": DOCUMENT})
        await AsyncKycaid("k", base_url=server.url, session=session).applicants.create(type="PERSON")
    assert [(received.whole, received.size) for received in uploads.received] == [(True, 5000)]
    assert server.requests[0].headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("name", ["Content-Length", "content-encoding", "Transfer-Encoding"])
async def test_a_session_of_the_user_that_says_of_each_body_what_is_true_of_one_is_refused(name, server):
    async with aiohttp.ClientSession(headers={name: "7"}) as session:
        with pytest.raises(ConfigurationError, match=f"adds {name.lower()} to each request"):
            await AsyncKycaid("k", base_url=server.url, session=session).documents.get(DOCUMENT)
    assert server.requests == []


async def test_a_session_of_the_user_that_is_closed_is_named_as_the_reason(server):
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises(ConfigurationError, match="session that was passed to the client is closed"):
        await AsyncKycaid("k", base_url=server.url, session=session).documents.get(DOCUMENT)


async def test_a_session_of_the_user_is_refused_in_another_loop(server):
    async with aiohttp.ClientSession() as session:
        client = AsyncKycaid("k", base_url=server.url, session=session)
        server.answer(200, {"document_id": DOCUMENT})
        await client.documents.get(DOCUMENT)
        with pytest.raises(ConfigurationError, match="another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(client.documents.get(DOCUMENT)))


async def test_a_closed_client_says_so(client, server):
    await client.aclose()
    with pytest.raises(ConfigurationError, match="the client is closed"):
        await client.documents.get(DOCUMENT)
    assert server.requests == []


async def test_options_share_connections_and_change_only_what_they_name(client, server, fake_time):
    server.answer(500, {"type": "internal_server"})
    with pytest.raises(Exception, match="internal_server"):
        await client.with_options(max_retries=0).documents.get(DOCUMENT)
    assert len(server.requests) == 1
    server.answer(500, {"type": "internal_server"})
    server.answer(200, {"document_id": DOCUMENT})
    await client.documents.get(DOCUMENT)
    assert client.with_options(timeout=5)._shared is client._shared


@pytest.fixture
async def tls():
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    async def document(request):
        return web.json_response({"document_id": DOCUMENT})

    app = web.Application()
    app.router.add_get("/api/documents/{id}", document)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "localhost", 0, ssl_context=context)
    await site.start()
    yield authority, f"https://localhost:{runner.addresses[0][1]}/api"
    await runner.cleanup()


async def test_a_certificate_nobody_vouches_for_is_refused_and_a_context_of_the_user_decides(tls, make_client):
    authority, url = tls
    with pytest.raises(ConnectionFailedError, match="no secure connection") as caught:
        await make_client(url).documents.get(DOCUMENT)
    assert (caught.value.attempts, caught.value.retryable) == (1, False)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    assert (await make_client(url, ssl_context=trusting).documents.get(DOCUMENT)).document_id == DOCUMENT


async def test_a_proxy_is_used_and_its_password_does_not_show(server, make_client):
    proxy = server.url.replace("http://", "http://user:secret-password@")
    client = make_client("http://localhost:1/base", proxy=proxy)
    server.answer(200, {"document_id": DOCUMENT})
    await client.documents.get(DOCUMENT)
    assert server.requests[0].headers["Host"] == "localhost:1"
    assert server.requests[0].path == f"/base/documents/{DOCUMENT}"
    assert "secret-password" not in repr(client._settings)


async def test_a_proxy_that_refuses_is_named_as_the_reason(server, make_client):
    client = make_client("https://api.example.com", proxy=server.url)
    with pytest.raises(ConnectionFailedError, match=r"the proxy refused to connect \(HTTP 404\)") as caught:
        await client.documents.get(DOCUMENT)
    assert not caught.value.maybe_processed
