"""Bodies as they arrive: compressed, without a length, or read before by somebody else."""

import asyncio
import gzip
import io
import zlib

import aiohttp.web
import django.core.handlers.wsgi
import flask
import pytest
from aiohttp.test_utils import TestClient, TestServer

from kycaid_async.callbacks import SIGNATURE_HEADER, VerificationCompleted, sign
from kycaid_async.callbacks.signature import keys_of
from kycaid_async.web import aiohttp as on_aiohttp
from kycaid_async.web import django as on_django
from kycaid_async.web import flask as on_flask
from kycaid_async.web.receive import Receiver
from tests.callbacks.messages import COMPLETED, KEY, signed
from tests.web.frameworks import django_urls

BODY, SIGNATURE = signed(COMPLETED)
LIMIT = 1 << 20


@pytest.fixture
def receiver():
    return Receiver(print, keys_of(KEY), asyncio.to_thread, None, LIMIT)


def opened(receiver, body, *, length=True, **headers):
    """Return what becomes of a signed body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {SIGNATURE_HEADER: sign(body, KEY)} | ({"Content-Length": str(len(body))} if length else {}) | named
    return receiver.open(body, named.get)


def deflated(content):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


def in_members(content):
    return b"".join(gzip.compress(content[at : at + 9]) for at in range(0, len(content), 9))


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        *(
            (name, gzip.compress)
            for name in ("gzip", " GZIP ", "x-gzip", "gzip, identity", "identity,gzip", "", "none")
        ),
        *((name, zlib.compress) for name in ("deflate", "x-deflate", "identity, deflate")),
        *((name, deflated) for name in ("deflate", "x-deflate")),
        ("gzip", in_members),
        ("gzip, gzip", lambda content: gzip.compress(gzip.compress(content))),
        ("deflate, gzip", lambda content: gzip.compress(zlib.compress(content))),
        ("gzip, deflate", lambda content: zlib.compress(gzip.compress(content))),
        *((name, bytes) for name in ("", "identity", "none", "utf-8", "UTF-8", "aws-chunked", "gzip", "deflate", "br")),
    ],
)
def test_a_signed_callback_is_read_by_what_its_encoding_and_its_first_bytes_say(encoding, pack, receiver):
    assert isinstance(opened(receiver, pack(BODY), Content_Encoding=encoding), VerificationCompleted)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BODY)[:-9]),
        ("gzip", gzip.compress(BODY) + gzip.compress(BODY)[:9]),
        ("deflate", zlib.compress(BODY)[:-9]),
        ("deflate", deflated(BODY)[:-2]),
        ("deflate", b"\xff" * 100),
        ("br", b"\x0b\x02\x80"),
        ("gzip, gzip, gzip", gzip.compress(gzip.compress(gzip.compress(BODY)))),
    ],
)
def test_what_cannot_be_unpacked_is_refused_as_unreadable(encoding, body, receiver):
    reply = opened(receiver, body, Content_Encoding=encoding)
    assert (reply.status, reply.content) == (400, {"error": "unreadable body"})


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(bytes(LIMIT + 1))),
        ("deflate", zlib.compress(bytes(LIMIT + 1))),
        ("deflate", deflated(bytes(LIMIT + 1))),
        ("gzip", gzip.compress(bytes(LIMIT)) + gzip.compress(b"{")),
        ("gzip, gzip", gzip.compress(gzip.compress(bytes(1 << 28), 9))),
    ],
)
def test_what_unpacks_to_more_than_the_limit_is_not_unpacked_whole(encoding, body, receiver):
    assert opened(receiver, body, Content_Encoding=encoding).status == 413


def test_many_members_are_unpacked_in_a_moment(receiver):
    """Each copies what is left behind it: with the whole rest, a megabyte of them would take minutes."""
    body = gzip.compress(b"") * (LIMIT // 20 - 100) + gzip.compress(BODY)
    assert isinstance(opened(receiver, body, Content_Encoding="gzip"), VerificationCompleted)


# Read before.


@pytest.mark.parametrize("headers", [{}, {"Transfer_Encoding": "chunked"}], ids=["HTTP/2", "chunks"])
def test_an_empty_body_without_a_length_was_read_before(headers, receiver):
    reply = opened(receiver, b"", length=False, x_data_integrity=SIGNATURE, **headers)
    assert (reply.status, reply.content) == (500, {"error": "body was read before"})


def test_an_empty_body_is_refused_as_that_where_it_is_what_was_signed_or_declared(receiver):
    assert opened(receiver, b"", length=False).content == {"error": "unreadable body"}
    assert opened(receiver, b"").content == {"error": "unreadable body"}
    assert opened(receiver, b"", x_data_integrity=SIGNATURE).content == {"error": "invalid signature"}
    assert receiver.open(b"", {}.get).content == {"error": "invalid signature"}


def test_the_end_of_a_body_without_a_length_is_told_as_what_it_may_be(receiver):
    reply = opened(receiver, BODY[9:], length=False, x_data_integrity=SIGNATURE)
    assert (reply.status, reply.content) == (401, {"error": "invalid signature"})
    assert "if a middleware or a hook reads a part of it" in reply.advice
    assert not opened(receiver, BODY[9:], x_data_integrity=SIGNATURE).advice


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("count", [5, 1 << 20], ids=["a part", "all"])
async def test_aiohttp_counts_what_came_in_chunks(count, chunked):
    @aiohttp.web.middleware
    async def reading(request, handler):
        await request.content.read(count)
        return await handler(request)

    async def body():
        yield BODY

    app = aiohttp.web.Application(middlewares=[reading])
    app.add_routes([on_aiohttp.callback_route(print, KEY)])
    data, headers = body() if chunked else BODY, {SIGNATURE_HEADER: SIGNATURE}
    async with TestClient(TestServer(app)) as client, client.post("/kycaid", data=data, headers=headers) as response:
        expected = (400, "incomplete body") if count == 5 else (500, "body was read before")
        assert (response.status, (await response.json())["error"]) == expected


def environ(**more):
    more["wsgi.input"] = io.BytesIO(more.get("wsgi.input", BODY))
    header = f"HTTP_{SIGNATURE_HEADER.upper().replace('-', '_')}"
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/kycaid",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(BODY),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        header: SIGNATURE,
        "CONTENT_TYPE": "application/json",
        **more,
    }


def on_flask_site(environment):
    app = flask.Flask("receiver")
    app.register_blueprint(on_flask.callback_blueprint(print, KEY))
    return _asked(app, environment)


def on_django_site(environment):
    django_urls(kycaid=on_django.callback_view(print, KEY))
    return _asked(django.core.handlers.wsgi.WSGIHandler(), environment)


def _asked(app, environment):
    statuses = []
    with_status = app(environment, lambda status, *_: statuses.append(int(status[:3])))
    list(with_status)
    return statuses[0]


@pytest.mark.parametrize("ask", [on_flask_site, on_django_site])
@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"CONTENT_LENGTH": str(len(BODY))}, 200),
        ({"CONTENT_LENGTH": ""}, 411),
        ({}, 411),
        ({"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        ({"CONTENT_LENGTH": "", "wsgi.input_terminated": True}, 200),
        ({"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}, 200),
        ({"wsgi.input_terminated": True, "wsgi.input": b""}, 500),
        ({"CONTENT_LENGTH": str(len(BODY)), "wsgi.input": b""}, 500),
        ({"wsgi.input_terminated": True, "wsgi.input": BODY[5:]}, 401),
    ],
)
def test_a_server_of_wsgi_that_hands_no_body_on_without_a_length_is_told_so(ask, more, status):
    assert ask(environ(**more)) == status
