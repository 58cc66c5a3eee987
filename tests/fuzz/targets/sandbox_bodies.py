"""What arrives at the sandbox: JSON, forms, uploads, queries."""

import asyncio
import json
import random
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from aiohttp import StreamReader
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.sandbox.handlers.verifications import report
from kycaid_async.sandbox.http.refusals import Refused
from kycaid_async.sandbox.http.uploads import received
from kycaid_async.sandbox.http.validation import read_fields, read_object, validated
from tests.api.cases import CASES
from tests.fuzz.mutation import changed_json
from tests.fuzz.target import Target

_NAMES = sorted(name for name, endpoint in ENDPOINTS.items() if endpoint.accepts)
_LIMIT = 1 << 20
_BOUNDARY = "c0ffee"
_HEAD = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'


def _json(data: bytes) -> object:
    """Take a JSON body; the first byte says for which endpoint."""
    endpoint = ENDPOINTS[_NAMES[data[0] % len(_NAMES)] if data else _NAMES[0]]
    return validated(endpoint, read_object(data[1:]))


def _bodies() -> list[bytes]:
    return [bytes((number,)) + json.dumps(CASES[name].body).encode() for number, name in enumerate(_NAMES)]


def _mutate(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    first = data[:1] if chance.random() < 0.9 else bytes((chance.randrange(256),))
    return first + changed_json(data[1:], [other[1:] for other in others[:5]], chance)


def _form(data: bytes) -> object:
    endpoint = ENDPOINTS[_NAMES[data[0] % len(_NAMES)] if data else _NAMES[0]]
    return validated(endpoint, read_fields(data[1:]))


def _forms() -> list[bytes]:
    people = bytes((_NAMES.index("applicants.create"),))
    return [
        people + b"type=PERSON&first_name=J%65n&last_name=Doe&residence_country=GB&dob=1990-01-02&email=a%40b.co",
        bytes((_NAMES.index("documents.create"),)) + b"applicant_id=1&type=PASSPORT&front_side_id=%00",
    ]


class _Unit:
    """A sandbox in which there is nothing."""

    def __getattr__(self, _: str) -> Any:
        return mock.MagicMock(return_value=[])


def _query(data: bytes) -> object:
    query = URL.build(path="/", query_string=data.decode("latin-1"), encoded=True).query
    return report(SimpleNamespace(query=query, unit=_Unit()))  # type: ignore[arg-type]


def _queries() -> list[bytes]:
    return [b"date=2024-01-02&offset=0&count=10", b"date=2024-02-30&count=%31", b"date=&date=2024-01-01&offset=99999"]


@cache
def _runner() -> tuple[asyncio.Runner, Path]:
    folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # noqa: S108 - a place in memory
    return asyncio.Runner(), Path(tempfile.mkdtemp(dir=folder))


def _upload(data: bytes) -> object:
    """Take a multipart body; the last bytes after a NUL line are its content type, if there are such."""
    runner, folder = _runner()
    return runner.run(_received(data, folder))


async def _received(data: bytes, folder: Path) -> object:
    body, _, more = data.partition(b"\r\n\0\r\n")
    kind = more.decode("latin-1").replace("\r", " ").replace("\n", " ") or f"multipart/form-data; boundary={_BOUNDARY}"
    content = StreamReader(mock.MagicMock(), 1 << 16, loop=asyncio.get_running_loop())
    content.feed_data(body)
    content.feed_eof()
    request = SimpleNamespace(
        headers=CIMultiDictProxy(CIMultiDict({"Content-Type": kind})),
        content=content,
        content_length=len(body),
        content_type=kind.partition(";")[0].strip().lower(),
    )
    async with received(request, folder=folder, limit=_LIMIT) as file:  # type: ignore[arg-type]
        return file.name, file.size


def _uploads() -> list[bytes]:
    end = f"\r\n--{_BOUNDARY}--\r\n"
    plain = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="sandbox"\r\n\r\n1\r\n'
    encoded = _HEAD.replace("\r\n", "\r\nContent-Transfer-Encoding: base64\r\n", 1)
    packed = _HEAD.replace("\r\n", "\r\nContent-Encoding: deflate\r\n", 1)
    texts = [
        f"{_HEAD}Content-Type: image/png\r\n\r\ncontent{end}",
        f"{plain}{_HEAD}\r\n\x89PNG\r\n{end}",
        f"{encoded}\r\nYWJj{end}",
        f"{packed}\r\nx{end}",
        f"{_HEAD}Content-Length: 7\r\n\r\ncontent{end}",
        f"{_HEAD}Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x--{end}",
        f'{_HEAD}\r\ncontent{end}\r\n\0\r\nmultipart/form-data; boundary="{_BOUNDARY}"; charset=x',
    ]
    return [text.encode() for text in texts]


def _nasty_bodies() -> Iterator[tuple[str, bytes]]:
    documents = bytes((_NAMES.index("documents.create"),))
    applicants = bytes((_NAMES.index("applicants.create"),))
    yield "100,000 lists in each other", documents + b"[" * 100_000
    yield "100,000 objects in each other", documents + b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "900 objects in each other", documents + b'{"a":' * 900 + b"1" + b"}" * 900
    yield "3 MB of line breaks", documents + b"\n" * 3_000_000
    yield "300,000 names", documents + json.dumps({f"x{number}": 1 for number in range(300_000)}).encode()
    yield "a name of 3 MB", applicants + b'{"type": "PERSON", "first_name": "' + b"a" * 3_000_000 + b'"}'
    yield "an email of 3 MB", applicants + b'{"type": "PERSON", "email": "' + b"a@" * 1_500_000 + b'"}'
    yield "a phone of 3 MB", applicants + b'{"type": "PERSON", "phone": "' + b"+1 " * 1_000_000 + b'"}'
    yield "a type of 3 MB", documents + b'{"type": "' + b"A" * 3_000_000 + b'"}'
    yield "half a million sources", documents + b'{"income_sources": [' + b'"x",' * 500_000 + b'"x"]}'
    yield "a number of 3 million digits", documents + b'{"type": ' + b"9" * 3_000_000 + b"}"


def _nasty_forms() -> Iterator[tuple[str, bytes]]:
    # A body that is larger is refused before it is read.
    yield "32,000 fields", b"\0" + b"a=1&" * 32_000
    yield "128 KB of signs", b"\0" + b"&" * 128_000
    yield "42,000 escapes", b"\0a=" + b"%41" * 42_000


def _nasty_uploads() -> Iterator[tuple[str, bytes]]:
    end = f"\r\n--{_BOUNDARY}--\r\n".encode()
    part = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n'.encode()
    head = _HEAD.encode() + b"\r\n"
    yield "100,000 parts", part * 100_000 + head + b"content" + end
    yield "3 MB of line breaks before", b"\r\n" * 1_500_000 + head + b"content" + end
    yield "3 MB of line breaks in the file", head + b"\r\n" * 400_000 + end
    yield "a header of 3 MB", _HEAD.encode() + b"X: " + b"x" * 3_000_000 + b"\r\n\r\ncontent" + end
    yield "a million headers", _HEAD.encode() + b"X: x\r\n" * 100_000 + b"\r\ncontent" + end
    yield "a name of 3 MB", head.replace(b"a.png", b"a" * 3_000_000) + b"content" + end
    yield "100,000 parameters", head.replace(b'"a.png"', b'"a.png"' + b"; a=b" * 100_000) + b"content" + end
    yield (
        "100,000 continued parameters",
        head.replace(b'filename="a.png"', b"; ".join(b"filename*%d*=%%41" % number for number in range(10_000)))
        + b"content"
        + end,
    )
    yield "half boundaries", head + f"\r\n--{_BOUNDARY[:-1]}".encode() * 90_000 + end
    nested = (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
        + b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 10_000
    )
    yield "10,000 bodies in each other", _HEAD.encode() + nested + end


TARGETS = (
    Target(
        name="bodies of the sandbox",
        run=_json,
        raises=(Refused,),
        seeds=_bodies,
        share=120,
        mutate=_mutate,
        nasty=_nasty_bodies,
    ),
    Target(name="forms of the sandbox", run=_form, raises=(Refused,), seeds=_forms, share=40, nasty=_nasty_forms),
    Target(name="queries of the sandbox", run=_query, raises=(Refused,), seeds=_queries, share=40),
    Target(
        name="uploads to the sandbox", run=_upload, raises=(Refused,), seeds=_uploads, share=14, nasty=_nasty_uploads
    ),
)
