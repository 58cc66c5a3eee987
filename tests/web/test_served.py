"""Callbacks over real sockets, through real servers: what tests clients of frameworks hide."""

import contextlib
import gzip
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import zlib
from pathlib import Path

import attrs
import pytest

from kycaid_async.callbacks import SIGNATURE_HEADER, sign
from tests.callbacks.messages import COMPLETED, KEY, body_of
from tests.web import served

ROOT = Path(__file__).parent.parent.parent
BODY = body_of(COMPLETED)
PAIRS = [
    ("aiohttp", "aiohttp"),
    ("aiohttp-raw", "aiohttp"),
    ("uvicorn", "starlette"),
    ("uvicorn", "django-asgi"),
    ("hypercorn", "starlette"),
    ("gunicorn", "django-wsgi"),
    ("gunicorn", "flask"),
    ("werkzeug", "flask"),
    ("werkzeug", "django-wsgi"),
    ("runserver", "django-wsgi"),
]
UNPACKS = {"aiohttp"}
WITHHOLDS_CHUNKS = {"runserver"}
READS_IN_PART = {"aiohttp", "flask", "django-wsgi", "django-asgi"}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets are handed on by their number")


@attrs.define
class Served:
    server: str
    framework: str
    address: tuple[str, int]
    log: Path

    def connect(self):
        return socket.create_connection(self.address, timeout=60)

    def post(self, body, headers=(), *, path="/kycaid", signature=None, chunked=False):
        """Return the status that was answered."""
        head = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close", "Content-Type: application/json"]
        head += [f"{SIGNATURE_HEADER}: {signature or sign(body, KEY)}", *headers]
        if chunked:
            head.append("Transfer-Encoding: chunked")
            pieces = [body[i : i + 100] for i in range(0, len(body), 100)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        elif not any(header.startswith("Content-Length") for header in headers):
            head.append(f"Content-Length: {len(body)}")
        with self.connect() as connection:
            connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
            return status(connection)

    def logged(self):
        return self.log.read_text()


def status(connection):
    with connection.makefile("rb") as answer:
        return int(answer.readline().split()[1])


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def site(request, tmp_path_factory):
    server, framework = request.param
    if importlib.util.find_spec(server.partition("-")[0]) is None and server != "runserver":
        pytest.skip(f"{server} is not installed")
    log = tmp_path_factory.mktemp("served") / "log"
    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("wb") as written:
        number = listening.fileno()
        running = subprocess.Popen(
            [sys.executable, served.__file__, server, framework, str(number)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            pass_fds=[number],
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
        try:
            yield Served(server, framework, listening.getsockname(), log)
        finally:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def test_a_callback_with_a_length_arrives(site):
    assert site.post(BODY) == 200
    assert site.post(BODY, signature=sign(BODY + b" ", KEY)) == 401


def test_a_callback_in_chunks_arrives_or_the_log_says_why_it_cannot(site):
    if site.server in WITHHOLDS_CHUNKS:
        assert site.post(BODY, chunked=True) == 411
        assert "length required. It came in chunks" in site.logged()
    else:
        assert site.post(BODY, chunked=True) == 200
        assert site.post(BODY, chunked=True, signature=sign(b"", KEY)) == 401


def test_a_callback_with_a_byte_order_mark_arrives(site):
    assert site.post(b"\xef\xbb\xbf" + BODY) == 200


def test_who_waits_to_be_told_to_go_on_is_told(site):
    head = "POST /kycaid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n"
    head += f"Content-Length: {len(BODY)}\r\n"
    with site.connect() as connection:
        connection.sendall(f"{head}{SIGNATURE_HEADER}: {sign(BODY, KEY)}\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            assert answer.readline().split()[1] == b"100"
            connection.sendall(BODY)
            # Some servers say it twice.
            lines = [line for line in iter(answer.readline, b"") if line.startswith(b"HTTP/")][-1:]
    assert [line.split()[1] for line in lines] == [b"200"]


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_that_is_too_large_is_refused(site, chunked):
    if chunked and site.server in WITHHOLDS_CHUNKS:
        pytest.skip("it takes no chunks")
    with site.connect() as connection:
        size = (1 << 20) + 200_000
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        head = f"POST /kycaid HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n{SIGNATURE_HEADER}: x\r\n\r\n"
        connection.sendall(head.encode() + (b"%x\r\n" % size if chunked else b""))
        with contextlib.suppress(OSError):
            connection.sendall(b" " * size + (b"\r\n0\r\n\r\n" if chunked else b""))
        try:
            assert status(connection) == 413
        except (ConnectionError, IndexError):  # answered, and closed before all of it was sent
            assert "body too large" in site.logged()
    assert site.post(BODY) == 200


def test_a_body_that_is_cut_off_is_no_callback(site):
    before = site.logged().count("VerificationCompleted(")
    with site.connect() as connection:
        head = f"POST /kycaid HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n"
        # Signed as if the half were all of it.
        half = BODY[: len(BODY) // 2]
        connection.sendall(f"{head}{SIGNATURE_HEADER}: {sign(half, KEY)}\r\n\r\n".encode() + half)
        connection.shutdown(socket.SHUT_WR)
        connection.makefile("rb").read()
    assert site.post(BODY) == 200
    assert site.logged().count("VerificationCompleted(") == before + 1


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
@pytest.mark.parametrize("chunked", [True, False])
def test_the_signature_covers_the_bytes_as_they_came_before_they_are_unpacked(site, encoding, pack, chunked):
    if chunked and site.server in WITHHOLDS_CHUNKS:
        pytest.skip("it takes no chunks")
    packed, header = pack(BODY), f"Content-Encoding: {encoding}"
    signed_as_it_came = site.post(packed, [header], chunked=chunked)
    signed_before = site.post(packed, [header], chunked=chunked, signature=sign(BODY, KEY))
    if site.server in UNPACKS:
        assert (signed_as_it_came, signed_before) == (415, 415)
        assert "auto_decompress=False" in site.logged()
    else:
        assert (signed_as_it_came, signed_before) == (200, 401)
        assert site.post(packed[:-3], [header], chunked=chunked) == 400
        assert site.post(pack(b" " * (1 << 21)), [header], chunked=chunked) == 413


def test_a_middleware_may_read_the_body_before_in_the_way_that_keeps_it(site):
    assert site.post(BODY, path="/whole") == 200


def test_a_middleware_may_read_the_body_after_the_view(site):
    assert site.post(BODY, path="/later") == 200


def test_a_stream_that_was_read_before_is_named_as_that(site):
    assert site.post(BODY, path="/stream") == 500
    assert "callback refused: body was read before. A middleware or a hook" in site.logged()
    assert "invalid signature" not in site.logged().rpartition("body was read before")[2]


def test_a_stream_that_was_read_in_part_is_named_as_that(site):
    if site.framework not in READS_IN_PART:
        pytest.skip("its middlewares cannot")
    assert site.post(BODY, path="/part") == 400
    assert "callback refused: incomplete body" in site.logged()
