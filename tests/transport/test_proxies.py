"""Proxies: from where they come, what they refuse, and what they may see."""

import pickle
import socket
import subprocess
import sys
import urllib.request

import aiohttp
import attrs
import pytest
from yarl import URL

from kycaid_async import AsyncKycaid, ConfigurationError, ConnectionFailedError, Kycaid, RequestTimeoutError, Timeout
from tests.conftest import API_KEY
from tests.raw import ConnectProxy, RawServer, answer, body_of, head_of
from tests.transport.conftest import passing_on

ELSEWHERE = "http://user:secret@proxy.example:3128"
REFUSED = "would show the proxy the key and personal data in the clear"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_PROXY".upper(), raising=False)
    monkeypatch.delenv("KYCAID_ALLOW_HTTP", raising=False)


@attrs.define(eq=False)
class Server:
    """Answers every request on a connection, and keeps the heads."""

    url: str = ""
    heads: list[bytes] = attrs.field(factory=list)

    def __call__(self, connected: socket.socket) -> None:
        while True:
            head = head_of(connected)
            self.heads.append(head)
            body_of(connected, head)
            connected.sendall(answer())


@pytest.fixture
def server(tls_contexts):
    served = Server()
    with RawServer(served, tls=tls_contexts[0]) as running:
        served.url = running.url
        yield served


@pytest.fixture
def plain_server():
    served = Server()
    with RawServer(served) as running:
        served.url = running.url
        yield served


@pytest.fixture
def proxy():
    served = ConnectProxy()
    with RawServer(served) as running:
        served.url = running.url
        yield served


@pytest.fixture(params=["directly", "through aiohttp's session"])
def way(request, monkeypatch):
    if request.param != "directly":
        monkeypatch.setattr(aiohttp.ClientSession, "_request", passing_on([]))


async def pay(client: AsyncKycaid) -> object:
    return await client.request("POST", "/x", json={"name": "Jane"}, replay="billed")


# Through a proxy that makes connections.


@pytest.mark.usefixtures("way")
async def test_a_proxy_passes_on_what_it_cannot_read(server, proxy, make_client, tls_contexts):
    client = make_client(server.url, proxy=proxy.url, ssl_context=tls_contexts[1])
    for _ in range(2):
        assert await pay(client) == {}
    await client.aclose()
    assert [head.split()[0] for head in proxy.heads] == [b"CONNECT"]
    assert API_KEY.encode() not in b"".join(proxy.heads) + proxy.seen
    assert b"Jane" not in proxy.seen
    assert API_KEY.encode() in server.heads[0]


async def test_a_proxy_may_be_spoken_to_with_tls(server, make_client, tls_contexts):
    served = ConnectProxy()
    with RawServer(served, tls=tls_contexts[0]) as running:
        client = make_client(server.url, proxy=running.url, ssl_context=tls_contexts[1])
        assert await pay(client) == {}
        await client.aclose()
    assert API_KEY.encode() not in b"".join(served.heads) + served.seen


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408])
async def test_a_proxy_that_refuses_for_now_has_sent_nothing_and_is_tried_again(
    status, server, proxy, make_client, tls_contexts
):
    proxy.refusals = [status, status]
    client = make_client(server.url, proxy=proxy.url, ssl_context=tls_contexts[1])
    assert await pay(client) == {}
    await client.aclose()
    assert (len(proxy.heads), len(server.heads)) == (3, 1)


@pytest.mark.usefixtures("way")
async def test_a_proxy_that_keeps_refusing_for_now_has_processed_nothing(server, proxy, make_client, tls_contexts):
    proxy.refusals = [503] * 10
    with pytest.raises(ConnectionFailedError, match=r"the proxy refused to connect \(HTTP 503\)") as caught:
        await pay(make_client(server.url, proxy=proxy.url, ssl_context=tls_contexts[1]))
    error = caught.value
    assert (error.attempts, error.maybe_processed, error.retryable) == (4, False, True)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("status", "text"), [(403, "does not allow this server"), (407, "password"), (405, "address")])
async def test_a_proxy_that_refuses_for_good_is_asked_once(status, text, server, proxy, make_client, tls_contexts):
    proxy.refusals = [status]
    with pytest.raises(ConnectionFailedError, match=rf"\(HTTP {status}\).*{text}") as caught:
        await pay(make_client(server.url, proxy=proxy.url, ssl_context=tls_contexts[1]))
    error = caught.value
    assert (error.attempts, error.maybe_processed, error.retryable, len(proxy.heads)) == (1, False, False, 1)
    assert "Jane" not in str(error)


@pytest.mark.usefixtures("way")
async def test_user_and_password_of_a_proxy_stand_in_its_url_and_nowhere_else(server, proxy, make_client, tls_contexts):
    proxy.login = "Basic dXNlcjpzM2NyZXQvcEBzcw=="  # user:s3cret/p@ss
    right = proxy.url.replace("//", "//user:s3cret%2Fp%40ss@")
    client = make_client(server.url, proxy=right, ssl_context=tls_contexts[1])
    assert await pay(client) == {}
    await client.aclose()
    wrong = make_client(server.url, proxy=right.replace("s3cret", "s3cret-wrong"), ssl_context=tls_contexts[1])
    with pytest.raises(ConnectionFailedError, match="407") as caught:
        await pay(wrong)
    for shown in (repr(wrong), repr(wrong._settings), str(caught.value), repr(caught.value)):
        assert "s3cret" not in shown


async def test_a_proxy_that_is_not_there_is_named_and_tried_again(make_client):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    client = make_client("https://api.example.com", proxy=f"http://user:s3cret@127.0.0.1:{port}")
    with pytest.raises(ConnectionFailedError, match="no connection to the proxy") as caught:
        await pay(client)
    assert (caught.value.attempts, caught.value.retryable) == (4, True)
    assert "s3cret" not in str(caught.value)


@pytest.fixture
def no_names(monkeypatch):
    """No name resolves, and none is asked for outside."""

    def fails(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)


@pytest.mark.usefixtures("way", "no_names")
async def test_a_proxy_whose_name_does_not_resolve_is_named_as_that(make_client):
    client = make_client("https://api.example.com", proxy="http://user:s3cret@proxy.invalid:3128")
    with pytest.raises(
        ConnectionFailedError, match=r"the name of the proxy was not found\. Check the proxy's"
    ) as caught:
        await pay(client)
    assert (caught.value.attempts, caught.value.retryable, caught.value.maybe_processed) == (4, True, False)
    assert "s3cret" not in str(caught.value)


@pytest.mark.usefixtures("no_names")
async def test_a_proxy_of_a_session_of_the_user_whose_name_does_not_resolve_is_named_as_that():
    async with aiohttp.ClientSession(proxy="http://proxy.invalid:3128") as session:
        client = AsyncKycaid("k", base_url="https://api.example.com", session=session, max_retries=0)
        with pytest.raises(ConnectionFailedError, match="the name of the proxy was not found"):
            await pay(client)


@pytest.mark.usefixtures("way", "no_names")
@pytest.mark.parametrize("host", ["api.invalid", "bücher.invalid"])
async def test_a_server_whose_name_does_not_resolve_is_not_told_as_a_proxy(host, make_client):
    with pytest.raises(ConnectionFailedError, match=r"no connection \(ClientConnectorDNSError") as caught:
        await pay(make_client(f"https://{host}"))
    assert "proxy" not in str(caught.value)


@pytest.mark.usefixtures("way")
async def test_a_proxy_that_makes_no_connection_in_time_is_named(make_client):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        timeout = Timeout(connect=0.1)
        client = make_client(
            "https://api.example.com", proxy=f"http://127.0.0.1:{port}", timeout=timeout, max_retries=0
        )
        with pytest.raises(RequestTimeoutError, match=r"no connection through the proxy within 0\.1 seconds"):
            await pay(client)
        client = make_client(f"https://127.0.0.1:{port}", timeout=timeout, max_retries=0)
        with pytest.raises(RequestTimeoutError, match=r"no connection within 0\.1 seconds"):
            await pay(client)


# Of the environment.


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
async def test_the_proxy_of_the_environment_is_used_when_asked_for(
    name, server, proxy, make_client, tls_contexts, monkeypatch
):
    monkeypatch.setenv(name, proxy.url)
    for trust_env in (False, True):
        client = make_client(server.url, trust_env=trust_env, ssl_context=tls_contexts[1])
        assert await pay(client) == {}
        await client.aclose()
        assert len(proxy.heads) == trust_env


async def test_an_option_wins_over_the_environment(server, proxy, make_client, tls_contexts, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    client = make_client(server.url, proxy=proxy.url, trust_env=True, ssl_context=tls_contexts[1])
    assert await pay(client) == {}
    await client.aclose()
    assert len(proxy.heads) == 1


async def test_with_a_session_of_the_user_the_client_decides(server, proxy, tls_contexts, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    async with aiohttp.ClientSession() as session:
        client = AsyncKycaid(
            API_KEY, base_url=server.url, trust_env=True, session=session, ssl_context=tls_contexts[1], max_retries=0
        )
        assert await pay(client) == {}
    assert len(proxy.heads) == 1


HOSTS = ["api.example.com", "api.example.com:8443", "10.1.2.3", "[::1]:8443", "[2001:db8::1]", "example.com"]
NO_PROXY = [
    "api.example.com",
    "example.com",
    ".example.com",
    "ample.com",
    "other.test, API.example.com ,",
    "api.example.com:8443",
    "10.1.2.3",
    "*",
    " ",
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("no_proxy", NO_PROXY)
def test_no_proxy_is_read_as_urllib_reads_it(no_proxy, host, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    bypassed = bool(urllib.request.proxy_bypass_environment(host))
    client = AsyncKycaid("k", base_url=f"https://{host}", trust_env=True)
    assert (client._settings.proxy is None) == bypassed


# urllib ignores these without a word, and other programs on the same machine do not: Go, curl and requests read them.
@pytest.mark.parametrize(
    ("no_proxy", "host", "bypassed"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.1.2.9/24", "10.1.2.3:8443", True),
        ("192.168.0.0/16, 10.0.0.0/8", "10.1.2.3", True),
        ("10.1.3.0/24", "10.1.2.3", False),
        ("10.0.0.0/8", "api.example.com", False),
        ("fd00::/8", "[fd00::5]:8443", True),
        ("[fd00::]/8", "[fd00::5]", True),
        ("fd00::/8", "[2001:db8::1]", False),
        ("10.0.0.0/8", "[fd00::5]", False),
        ("10.0.0.0/99", "10.1.2.3", False),
        ("*.example.com", "api.example.com", True),
        ("*.EXAMPLE.com", "a.b.example.com:8443", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "myexample.com", False),
        ("*.example.com:8443", "api.example.com:8443", True),
        ("*.example.com:8443", "api.example.com", False),
        ("api.example.com:443", "api.example.com", True),
        ("example.com:443", "api.example.com", True),
        ("api.example.com:443", "api.example.com:8443", False),
        ("10.1.2.3:443", "10.1.2.3", True),
        ("[fd00::5]:443", "[fd00::5]", True),
    ],
)
def test_no_proxy_takes_networks_subdomains_and_the_port_that_goes_without_saying(
    no_proxy, host, bypassed, monkeypatch
):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    client = AsyncKycaid("k", base_url=f"https://{host}", trust_env=True)
    assert (client._settings.proxy is None) == bypassed


def test_an_ipv6_address_in_no_proxy_needs_no_brackets(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "2001:db8::1")
    assert AsyncKycaid("k", base_url="https://[2001:db8::1]:8443", trust_env=True)._settings.proxy is None


def test_a_program_of_a_web_server_does_not_take_its_proxy_from_a_header(monkeypatch):
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:3128")
    assert AsyncKycaid("k", base_url="http://127.0.0.1:1", trust_env=True)._settings.proxy is None


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_of_the_environment_that_does_not_work_is_named_by_its_variable(name, monkeypatch):
    monkeypatch.setenv(name, "socks5://user:s3cret@127.0.0.1:1080")
    with pytest.raises(ConfigurationError, match=f"^{name} in the environment: SOCKS proxies are not supp") as caught:
        AsyncKycaid("k", trust_env=True)
    assert "s3cret" not in str(caught.value)
    AsyncKycaid("k")


# What is no proxy.


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://127.0.0.1:1080",
        "SOCKS5h://user:s3cret@127.0.0.1:1080",
        "socks4a://127.0.0.1",
        "proxy.example:3128",
        "user:s3cret@proxy.example:3128",
        "//proxy.example:3128",
        "http://",
        "http://:3128",
        "http://user:s3cret@",
        "http://user:s3cret@:3128",
        "http://proxy.example:99999",
        "http://proxy.example:0",
        "http://proxy.example:port",
        "http://user:s3/cret@proxy.example:3128",
        "http://user:s3#cret@proxy.example:3128",
        "http://user:s3?cret@proxy.example:3128",
        "http://user:s3%D0%BFcret@proxy.example",
        "http://us%3Aer:s3cret@proxy.example",
        "http://proxy.example:3128/path",
        "http://proxy example",
        " http://proxy.example",
        "http://proxy.example\n",
        "http://proxy.example\\",
        "http://[::1",
        "ftp://proxy.example",
        "wss://proxy.example",
        "",
        3128,
        b"http://proxy.example",
    ],
)
@pytest.mark.parametrize("kind", [AsyncKycaid, Kycaid])
def test_a_proxy_that_does_not_work_is_refused_when_the_client_is_made(kind, proxy):
    with pytest.raises(ConfigurationError, match=r"^proxy: .*(expected http://host:port or |Latin-1)") as caught:
        kind("k", proxy=proxy)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy", ["http://p", "https://p:443", "http://u:p@10.0.0.1:3128/", "http://u@[::1]:1", "HTTP://P"]
)
def test_what_may_be_a_proxy_is_taken(proxy):
    assert AsyncKycaid("k", proxy=proxy)._settings.proxy == proxy


# Plain http through a proxy: it reads the key.


@pytest.mark.parametrize("proxy", ["http://10.0.0.9:3128", ELSEWHERE, "https://proxy.example", "http://localhost.test"])
@pytest.mark.parametrize("kind", [AsyncKycaid, Kycaid])
def test_a_proxy_elsewhere_gets_no_request_to_a_server_without_tls(kind, proxy):
    with pytest.raises(ConfigurationError, match=f"^proxy: .*{REFUSED}") as caught:
        kind("k", base_url="http://127.0.0.1:8000", proxy=proxy)
    assert "secret" not in str(caught.value)
    kind("k", base_url="https://127.0.0.1:8000", proxy=proxy)


def test_a_proxy_elsewhere_is_allowed_by_name():
    name = "proxy.example"
    assert AsyncKycaid("k", base_url="http://127.0.0.1:8000", proxy=ELSEWHERE, allow_http=[name])._settings.proxy
    with pytest.raises(ConfigurationError, match=REFUSED):
        AsyncKycaid("k", base_url="http://kycaid:8000", proxy=ELSEWHERE, allow_http=["kycaid"])


def test_a_proxy_of_the_environment_elsewhere_gets_no_request_to_a_server_without_tls(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", ELSEWHERE)
    with pytest.raises(ConfigurationError, match=rf"^HTTP_PROXY in the .*{REFUSED}.*NO_PROXY=127\.0\.0\.1") as caught:
        AsyncKycaid("k", base_url="http://127.0.0.1:8000", trust_env=True)
    assert "secret" not in str(caught.value)
    AsyncKycaid("k", base_url="http://127.0.0.1:8000")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert AsyncKycaid("k", base_url="http://127.0.0.1:8000", trust_env=True)._settings.proxy is None


async def test_a_proxy_on_this_machine_gets_requests_without_tls(plain_server, proxy, make_client):
    assert await pay(make_client(plain_server.url, proxy=proxy.url)) == {}
    assert API_KEY.encode() in proxy.seen


@pytest.fixture(params=["its proxy", "its proxy, as a URL", "HTTP_PROXY", "http_proxy"])
def options(request, monkeypatch):
    """Options of a session that takes requests to a proxy that is not on this machine."""
    if request.param.startswith("its"):
        return {"proxy": ELSEWHERE} if request.param == "its proxy" else {"proxy": URL(ELSEWHERE)}
    monkeypatch.setenv(request.param, ELSEWHERE)
    return {"trust_env": True}


async def test_a_session_of_the_user_does_not_take_the_key_to_a_proxy_in_the_clear(options, plain_server):
    async with aiohttp.ClientSession(**options) as session:
        client = AsyncKycaid("k", base_url=plain_server.url, session=session)
        with pytest.raises(ConfigurationError, match=f"session: .*{REFUSED}") as caught:
            await pay(client)
    assert (caught.value.maybe_processed, caught.value.retryable) == (False, False)
    assert "secret" not in str(caught.value)
    assert plain_server.heads == []


async def test_a_session_that_trusts_an_environment_with_no_proxy_for_the_server_is_used(plain_server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", ELSEWHERE)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with aiohttp.ClientSession(trust_env=True) as session:
        assert await pay(AsyncKycaid("k", base_url=plain_server.url, session=session)) == {}


async def test_a_session_of_the_user_may_have_a_proxy_on_this_machine(plain_server, proxy):
    async with aiohttp.ClientSession(proxy=proxy.url) as session:
        assert await pay(AsyncKycaid("k", base_url=plain_server.url, session=session)) == {}
    assert len(proxy.heads) == 1


async def test_a_session_with_a_proxy_elsewhere_is_used_where_the_server_has_tls(server, proxy, tls_contexts):
    async with aiohttp.ClientSession(proxy=proxy.url) as session:
        client = AsyncKycaid(API_KEY, base_url=server.url, session=session, ssl_context=tls_contexts[1])
        assert await pay(client) == {}
    assert API_KEY.encode() not in b"".join(proxy.heads) + proxy.seen


# Servers without TLS, by name.


@pytest.mark.parametrize("kind", [AsyncKycaid, Kycaid])
@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://kycaid:8000", ["kycaid"]),
        ("http://KYCAID:8000", ["Kycaid "]),
        ("http://host.docker.internal:8000", ("a", "host.docker.internal")),
        ("http://10.0.0.5:8000/base", {"10.0.0.5"}),
        ("http://[fd00::5]:8000", ["fd00::5"]),
        ("http://[fd00::5]:8000", ["[fd00::5]"]),
        ("http://kycaid_api:8000", "other,kycaid_api"),
        ("http://kycaid:8000", iter(["kycaid"])),
    ],
)
def test_a_server_without_tls_is_allowed_by_its_name(kind, url, hosts):
    if kind is AsyncKycaid or not hasattr(hosts, "__next__"):
        kind("k", base_url=url, allow_http=hosts)
    with pytest.raises(ConfigurationError, match=r"in the clear; use https.* allow_http=\[.*KYCAID_ALLOW_HTTP="):
        kind("k", base_url=url)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://a.kycaid", ["kycaid"]),
        ("http://kycaid.evil.test", ["kycaid"]),
        ("http://kycaid", []),
        ("http://10.0.0.50", ["10.0.0.5"]),
    ],
)
def test_only_that_very_name_is_allowed(url, hosts):
    with pytest.raises(ConfigurationError, match="in the clear"):
        AsyncKycaid("k", base_url=url, allow_http=hosts)


@pytest.mark.parametrize("name", ["http://kycaid", "kycaid:8000", "*", "*.internal", "10.0.0.0/8", "a b", "kycaid/"])
def test_what_is_no_name_of_a_host_is_refused(name):
    with pytest.raises(ConfigurationError, match=r"^allow_http, KYCAID_ALLOW_HTTP: expected names of hosts"):
        AsyncKycaid("k", allow_http=[name])


def test_the_environment_names_hosts_and_an_argument_stands_in_its_place(monkeypatch):
    monkeypatch.setenv("KYCAID_ALLOW_HTTP", "other, kycaid,")
    for kind in (AsyncKycaid, Kycaid):
        kind("k", base_url="http://kycaid:8000")
        with pytest.raises(ConfigurationError, match="in the clear"):
            kind("k", base_url="http://kycaid:8000", allow_http=["else"])


@pytest.mark.parametrize("kind", [AsyncKycaid, Kycaid])
def test_copies_and_pickles_keep_proxy_and_hosts(kind, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", ELSEWHERE)
    made = kind("k", base_url="https://kycaid:8000", trust_env=True, allow_http=["kycaid"])
    monkeypatch.delenv("HTTPS_PROXY")
    for client in (made.with_options(timeout=1), pickle.loads(pickle.dumps(made))):  # noqa: S301 - our own
        settings = getattr(client, "_target", client)._settings
        assert (settings.proxy, settings.allow_http) == (ELSEWHERE, frozenset({"kycaid"}))


def test_a_client_without_an_environment_to_trust_does_not_load_urllibs_machinery():
    code = "import sys; from kycaid_async import AsyncKycaid; AsyncKycaid('k'); print('urllib.request' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
