"""The key goes to no server that cannot prove its name, and to none in the clear."""

import asyncio
import contextlib
import datetime as dt
import random
import ssl
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import trustme

from kycaid_async import AsyncKycaid, ConfigurationError, Kycaid, KycaidError
from tests.security.outcome import Outcome

NAME = "TLS with other names, issuers, dates and versions; http to hosts or through proxies elsewhere"
_MADE, _MET = "clients that were to be made", "handshakes"


async def attack(chance: random.Random, cases: int) -> Outcome:
    outcome = Outcome()
    for _ in range(cases * 2):
        scheme, rest = (
            chance.choice(("http", "HTTP", "ftp", "ws", "file", "")),
            chance.choice(("", ":80", ":443", "/v1")),
        )
        url = f"{scheme}://{_host(chance)}{rest}"
        try:
            AsyncKycaid("key", base_url=url)
        except ConfigurationError:
            outcome.count(True, "", kind=_MADE)
        else:
            outcome.count(False, f"{url} was taken for a safe server", kind=_MADE)
        proxy = f"{chance.choice(('http', 'https', 'HTTP'))}://{_host(chance)}{chance.choice(('', ':80', ':3128'))}"
        kind = chance.choice((AsyncKycaid, Kycaid))
        try:
            kind("key", base_url=f"http://{chance.choice(('127.0.0.1', 'localhost', '[::1]'))}:1", proxy=proxy)
        except ConfigurationError:
            outcome.count(True, "", kind=_MADE)
        else:
            outcome.count(False, f"a request without TLS may go through {proxy}", kind=_MADE)
    trusted, stranger = trustme.CA(), trustme.CA()
    context = ssl.create_default_context()
    trusted.configure_trust(context)
    for _ in range(max(1, cases // 50)):
        name = chance.choice(("example.com", "127.0.0.2", "localhost.example", "*.example", "api.kycaid.com"))
        issuer = chance.choice((trusted, stranger))
        got = await _requests_with(_serving(issuer.issue_cert(name)), context)
        outcome.count(not got, f"a request went to a server that is {name}", kind=_MET)
        for words, server in _bad_servers(trusted, stranger):
            is_held = not await _requests_with(server, context)
            outcome.count(is_held, f"a request went to a server with {words}", kind=_MET)
    good = await _requests_with(_serving(trusted.issue_cert("127.0.0.1")), context)
    outcome.count(bool(good), "no request went to a good server", kind=_MET)
    return outcome


def _serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _bad_servers(trusted: trustme.CA, stranger: trustme.CA) -> Iterator[tuple[str, ssl.SSLContext]]:
    yield "an issuer that nobody trusts", _serving(stranger.issue_cert("127.0.0.1"))
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    yield "a certificate of yesterday", _serving(trusted.issue_cert("127.0.0.1", not_after=yesterday))
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    yield "a certificate of tomorrow", _serving(trusted.issue_cert("127.0.0.1", not_before=tomorrow))
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "own.pem")
        path.write_bytes(stranger.private_key_pem.bytes() + stranger.cert_pem.bytes())
        own.load_cert_chain(path)
    yield "a certificate that it signed itself", own
    old = _serving(trusted.issue_cert("127.0.0.1"))
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    yield "a protocol of 2006", old


def _host(chance: random.Random) -> str:
    hosts = (
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "0.0.0.0",
        "169.254.169.254",
    )
    more = (
        "127.0.0.1@evil.example",
        "[::ffff:10.0.0.1]",
        "2130706433.example",
        "localhost%00.evil.example",
        "[fe80::1]",
    )
    return chance.choice(hosts + more + (f"h{chance.randrange(10**6)}.example",))


async def _requests_with(server_context: ssl.SSLContext, context: ssl.SSLContext) -> list[bytes]:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            got.append(await reader.readuntil(b"\r\n"))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # handshakes that fail, on the server's side
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with AsyncKycaid("key", base_url=url, max_retries=0, ssl_context=context) as client:
        with contextlib.suppress(KycaidError):
            await client.documents.get("d" * 36)
    server.close()
    await server.wait_closed()
    return got
