"""No text of a caller becomes a header, a second request or the end of a part."""

import random

from kycaid_async import AsyncKycaid, KycaidError
from tests.security.outcome import Outcome
from tests.security.raw_server import RawServer, answers

NAME = "Injection into headers, request lines and multipart bodies"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
BREAKS = ("\r\n", "\n", "\r", "\r\n\r\n", "\0\r\n", "\u2028", "\x85", "\x0b", "%0d%0a", "\\r\\n", '"\r\n', "嘊嘍")


async def attack(chance: random.Random, cases: int) -> Outcome:
    outcome, server = Outcome(), RawServer()
    server.behave = answers(200, '{"file_id": "f", "document_id": "d"}')
    for _ in range(cases):
        evil = f"x{chance.choice(BREAKS)}X-Evil: 1{chance.choice(BREAKS)}{chance.choice(('GET /evil HTTP/1.1', '--'))}"
        before = len(server.requests)
        where = chance.choice(tuple(WAYS))
        try:
            await WAYS[where](server.url, evil)
        except KycaidError:
            pass
        except Exception as error:
            outcome.count(False, f"{where}: {evil!r} raised {type(error).__name__}")
            continue
        new = server.requests[before:]
        held = len(new) <= 1 and not any(_has_evil_line(request) for request in new)
        outcome.count(held, f"{where}: {evil!r} became a line of its own")
    server.close()
    return outcome


def _has_evil_line(request: bytes) -> bool:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.replace(b"\r", b"\n").split(b"\n") + body.partition(b"\r\n\r\n")[0].replace(b"\r", b"\n").split(b"\n")
    return any(line.startswith((b"X-Evil", b"GET /evil")) for line in lines)


async def _with_client(url, call, **options):
    async with AsyncKycaid(options.pop("key", "key"), base_url=url, max_retries=0, **options) as client:
        return await call(client)


WAYS = {
    "key": lambda url, evil: _with_client(url, lambda c: c.documents.get("d" * 36), key="key" + evil),
    "id": lambda url, evil: _with_client(url, lambda c: c.documents.get(evil), check=False),
    "path": lambda url, evil: _with_client(url, lambda c: c.request("GET", "/" + evil)),
    "method": lambda url, evil: _with_client(url, lambda c: c.request("GET" + evil, "/x")),
    "query": lambda url, evil: _with_client(url, lambda c: c.request("GET", "/x", query={evil: evil})),
    "file name": lambda url, evil: _with_client(url, lambda c: c.files.create(PNG, filename=evil)),
    "content type": lambda url, evil: _with_client(url, lambda c: c.files.create(PNG, content_type=evil)),
    "header's name": lambda url, evil: _with_client(
        url, lambda c: c.documents.get("d" * 36), auth_header="API-Key" + evil
    ),
    "base URL": lambda url, evil: _with_client(url + "/" + evil, lambda c: c.documents.get("d" * 36)),
    "template": lambda url, evil: _with_client(url, lambda c: c.languages.list(), paths={"languages.list": "/" + evil}),
}
