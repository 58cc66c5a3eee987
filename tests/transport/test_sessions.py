"""Connections belong to a loop, open when first needed, and close with it."""

import asyncio
import ssl
import subprocess
import sys
import textwrap

import aiohttp
import pytest
import trustme
from aiohttp import web

from kycaid_async import AsyncKycaid, ConfigurationError, ConnectionFailedError

DOCUMENT = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"

SERVER = """
import asyncio, threading
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


async def test_a_session_of_the_user_that_is_closed_is_named_as_the_reason(server):
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises(ConfigurationError, match="session that was passed to the client is closed"):
        await AsyncKycaid("k", base_url=server.url, session=session).documents.get(DOCUMENT)


async def test_a_session_of_the_user_is_refused_in_another_loop(server):
    async with aiohttp.ClientSession() as session:
        client = AsyncKycaid("k", base_url=server.url, session=session)
        server.answer(200, {})
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
