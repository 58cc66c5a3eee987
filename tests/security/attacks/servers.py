"""The key goes to no server that cannot prove its name, and to none in the clear."""

import asyncio
import contextlib
import random
import ssl

import trustme

from kycaid_async import AsyncKycaid, ConfigurationError, KycaidError
from tests.security.outcome import Outcome

NAME = "TLS with other names and issuers; http to hosts elsewhere"


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
            outcome.count(True, "")
        else:
            outcome.count(False, f"{url} was taken for a safe server")
    trusted, stranger = trustme.CA(), trustme.CA()
    context = ssl.create_default_context()
    trusted.configure_trust(context)
    for _ in range(max(1, cases // 50)):
        name = chance.choice(("example.com", "127.0.0.2", "localhost.example", "*.example", "api.kycaid.com"))
        issuer = chance.choice((trusted, stranger))
        got = await _requests_with(issuer.issue_cert(name), context)
        outcome.count(not got, f"a request went to a server that is {name}")
        got = await _requests_with(stranger.issue_cert("127.0.0.1"), context)
        outcome.count(not got, "a request went to a server whose issuer nobody trusts")
    return outcome


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


async def _requests_with(certificate: trustme.LeafCert, context: ssl.SSLContext) -> list[bytes]:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            got.append(await reader.readuntil(b"\r\n"))
        writer.close()

    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(server_context)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # handshakes that fail, on the server's side
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with AsyncKycaid("key", base_url=url, max_retries=0, ssl_context=context) as client:
        with contextlib.suppress(KycaidError):
            await client.documents.get("d" * 36)
    server.close()
    await server.wait_closed()
    return got
