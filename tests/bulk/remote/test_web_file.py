"""Files by https are read within limits, whatever the server at the other end does, and only from where they may be."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import traceback

import pytest
import trustme

from kycaid_async import InvalidFileError, UploadSourceError, UrlRules
from kycaid_async.bulk.remote import web_request
from kycaid_async.bulk.remote.daemon import in_daemon
from kycaid_async.bulk.remote.source import RemoteSource
from kycaid_async.timing import Timing
from kycaid_async.uploads.kinds import inspect
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.reader import CHUNK
from tests.bulk.manifests import row, write_csv
from tests.bulk.raw_server import RawServer, drips, floods, gives, header, resets, says, silence
from tests.pictures import picture

HERE = UrlRules(allow_protocols=["http"], allow_hosts=["127.0.0.1"])
PAUSES: list[float] = []


@pytest.fixture
def source():
    """Make a source whose pauses take no time, and are written down."""
    PAUSES.clear()

    async def sleep(seconds):
        PAUSES.append(seconds)

    def make(url, rules=HERE, **options):
        return RemoteSource(url, rules=rules, timing=Timing(sleep=sleep, chance=lambda: 0.0), **options)

    return make


async def whole(source):
    reading = await source.open()
    content = bytes(reading.head)
    while part := await reading.read():
        assert len(part) <= CHUNK
        content += part
    assert await reading.unchanged()
    await reading.close()
    return content


async def refusal(source, kind=InvalidFileError):
    with pytest.raises(kind) as caught:
        await source.open()
    return caught.value.message


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("size", [60, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
async def test_a_file_is_read_whole_as_often_as_needed_whether_the_server_knows_ranges_or_not(source, size, ranges):
    data = picture(size)
    async with RawServer(gives(data, ranges=ranges)) as server:
        one = source(server.url("/in/pass%20port.png?sig=a%2Bb%3D/x"))
        assert one.filename == "pass port.png"
        assert [await whole(one) for _ in range(2)] == [data, data]
    assert {request.splitlines()[0] for request in server.requests} == {
        "GET /in/pass%20port.png?sig=a%2Bb%3D/x HTTP/1.1"
    }


async def test_a_look_asks_for_the_first_bytes_only(source):
    async with RawServer(gives(picture(3 * CHUNK))) as server:
        reading = await source(server.url(), first=8192).open()
        assert (len(reading.head), reading.size) == (8192, 3 * CHUNK)
        await reading.close()
    assert [header(request, "Range") for request in server.requests] == ["bytes=0-8191"]


@pytest.mark.parametrize("ranges", [True, False])
async def test_an_empty_file_is_empty(source, ranges):
    async with RawServer(gives(b"", ranges=ranges)) as server:
        reading = await source(server.url()).open()
        assert (reading.size, reading.head, await reading.read()) == (0, b"", b"")
        await reading.close()


# What a server does cannot take more memory, or more time, than it is given.


async def test_of_a_file_that_is_too_large_no_more_than_the_first_bytes_are_taken(source):
    async with RawServer() as server:
        server.answers = [floods(server, b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")]
        reading = await source(server.url()).open()
        with pytest.raises(InvalidFileError, match="has 99,999,999,999 bytes, the limit is"):
            inspect(reading, label="a", rules=FileRules())
        await reading.close()
        assert len(reading.head) == CHUNK
        await asyncio.sleep(0)
        assert server.sent < 16_000_000, "what fits into the buffers of two sockets"


@pytest.mark.parametrize("head", [b"Transfer-Encoding: chunked", b"Connection: close", b"Content-Length: x"])
async def test_a_body_without_an_end_is_not_read(source, head):
    async with RawServer() as server:
        server.answers = [floods(server, b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n")]
        words = await refusal(source(server.url()))
    assert words.endswith(("(its server does not say how large it is)", "(its server's answer is no HTTP)"))


@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"],
    ids=["silent", "dripping headers", "dripping body"],
)
async def test_a_server_that_gives_too_little_in_time_is_left(source, head):
    async with RawServer(drips(head) if head else silence) as server:
        words = await refusal(source(server.url(), patience=0.1), UploadSourceError)
    assert words == f"{server.url()}: cannot be reached for now (its server does not answer in time); try again later"
    assert (server.connections, PAUSES) == (4, [0.5, 1.0, 2.0])


async def test_a_reading_ends_at_once_when_it_is_cancelled(source):
    async with RawServer(silence) as server:
        opening = asyncio.ensure_future(source(server.url()).open())
        while not server.connections:
            await asyncio.sleep(0)
        opening.cancel()
        done, _ = await asyncio.wait([opening], timeout=5)
        assert done


def test_a_program_ends_although_a_thread_waits_for_a_store_for_ever():
    code = f"""
import asyncio, threading
from {in_daemon.__module__} import in_daemon
async def main():
    waiting = asyncio.ensure_future(in_daemon(threading.Event().wait))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
async def test_ctrl_c_ends_an_upload_whose_files_never_come(tmp_path):
    async with RawServer(silence) as server:
        path = write_csv(tmp_path / "people.csv", [row(front_side=server.url())])
        options = ["--allow-protocol", "http", "--allow-host", "127.0.0.1", "--dry-run"]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kycaid_async.cli", "upload", str(path), *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        while not server.connections:
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 130
    assert b"Traceback" not in said


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
async def test_ctrl_c_twice_ends_an_upload_that_waits_for_a_file(tmp_path):
    async with RawServer(gives(picture(600)), silence) as server:
        path = write_csv(tmp_path / "people.csv", [row(front_side=server.url())])
        options = ["--allow-protocol", "http", "--allow-host", "127.0.0.1", "--base-url", "http://127.0.0.1:9"]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kycaid_async.cli", "upload", str(path), *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"KYCAID_API_KEY": "k" * 32},
        )
        assert process.stderr is not None
        while server.connections < 2:
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert b"finishing 1 in flight" in await asyncio.wait_for(process.stderr.readline(), 20)
        process.send_signal(signal.SIGINT)
        _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 130
    assert b"Traceback" not in said


# It says what happened; what may be over soon is tried again.


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("401 Unauthorized", "access is denied, 401"),
        ("403 Forbidden", "access is denied, 403; a signed URL may have expired"),
        ("404 Not Found", "no such file, 404"),
        ("410 Gone", "no such file any more, 410"),
        ("418 Teapot", "its server answers 418"),
        ("204 No Content", "its server answers 204"),
        ("206 Partial Content", "its server gives another part of it than was asked for"),
        ("416 Range Not Satisfiable", "its server gives another part of it than was asked for"),
        ("304 Not Modified", "its server answers 304"),
    ],
)
async def test_a_final_answer_is_told_and_not_asked_for_again(source, status, words):
    async with RawServer(says(status)) as server:
        told = await refusal(source(server.url("/a.png?X-Signature=Canary")))
    assert told == f"{server.url()}: cannot be opened ({words})"
    assert server.connections == 1


@pytest.mark.parametrize("fault", [says("503 Busy"), says("429 Slow"), says("500 Oh"), resets], ids=range(4))
async def test_a_passing_fault_is_tried_again_with_growing_pauses(source, fault):
    data = picture(600)
    async with RawServer(fault, fault, gives(data)) as server:
        assert await whole(source(server.url())) == data
    # aiohttp itself repeats a request once whose connection was reset.
    assert len(PAUSES) == (1 if fault is resets else 2)
    assert [0.5, 1.0][: len(PAUSES)] == PAUSES


async def test_a_fault_that_lasts_is_told_as_one_of_the_server_and_not_of_the_file(source):
    async with RawServer(says("503 Busy")) as server:
        told = await refusal(source(server.url()), UploadSourceError)
    assert told == f"{server.url()}: cannot be reached for now (its server answers 503); try again later"
    assert server.connections == 4


async def test_a_file_that_breaks_off_is_read_on_from_there(source):
    data = picture(4 * CHUNK)
    broken = gives(data, break_at=2 * CHUNK + 77)
    async with RawServer(gives(data), broken, gives(data)) as server:
        assert await whole(source(server.url())) == data
    starts = [header(request, "Range").partition("-")[0] for request in server.requests]
    assert starts[:2] == ["bytes=0", f"bytes={CHUNK}"]
    assert len(starts) == 3


async def test_parts_of_two_versions_are_never_put_together(source):
    one, other = picture(2 * CHUNK), picture(2 * CHUNK)[::-1]
    async with RawServer(gives(one), gives(other, etag='"2"')) as server:
        reading = await source(server.url()).open()
        with pytest.raises(UploadSourceError, match="it changed while it was read"):
            await reading.read()
        await reading.close()


async def test_a_host_that_nobody_knows_is_told_as_such(source, monkeypatch):
    def lookup(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert "cannot be opened (no such host)" in await refusal(source("https://none.example/a.png"))


async def test_a_port_at_which_nobody_listens_is_a_passing_fault(source):
    async with RawServer(silence) as server:
        url = server.url()
    assert "(its server cannot be connected to)" in await refusal(source(url), UploadSourceError)


@pytest.mark.parametrize("text", [b"SSH-2.0-x\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"HTTP/1.1 200 OK\r\n: :\r\n\r\n"])
async def test_what_is_no_http_is_told_as_such(source, text):
    async def answer(writer, request):
        writer.write(text)

    async with RawServer(answer) as server:
        assert "(its server's answer is no HTTP)" in await refusal(source(server.url()))


async def test_nothing_secret_in_a_url_stands_in_an_error_or_a_traceback(source):
    for answer in (says("403 No"), says("302 Found", "Location: http://u:Canary@127.0.0.1:1/?Canary"), resets):
        async with RawServer(answer) as server:
            url = server.url("/a.png?X-Signature=Canary#Canary").replace("://", "://user:Canary@")
            try:
                await source(url).open()
            except (InvalidFileError, UploadSourceError) as error:
                told = "".join(traceback.format_exception(error))
        assert "/a.png: cannot be" in told
        assert "Canary" not in told


# Only addresses that are public are reached, whatever leads to another.


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "LOCALHOST.", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "0.0.0.0"),  # noqa: S104
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.1.", "%31%32%37.0.0.1", "\uff11\uff12\uff17.0.0.1"),
        *("user@127.0.0.1", "public.example:x@127.0.0.1", "127\u30020\u30020\u30021", "0", "\u2460\u2461\u2466.1"),
    ],
)
async def test_this_machine_is_not_reached_however_it_is_spelt(source, host):
    async with RawServer(gives(picture(60))) as server:
        url = f"http://{host}:{server.port}/latest/meta-data/"
        told = await refusal(source(url, UrlRules(allow_protocols=["http"])))
        assert server.connections == 0
    assert any(words in told for words in ("address is not public", "no such host", "not a URL"))


@pytest.mark.parametrize("host", ["[::1]", "[::]", "169.254.169.254", "[fd00:ec2::254]", "[fe80::1%25lo]", "10.0.0.1"])
async def test_no_connection_is_made_to_inside_addresses(source, host, monkeypatch):
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", lambda *_: pytest.fail("it connects"))
    assert "address is not public" in await refusal(source(f"http://{host}/", UrlRules(allow_protocols=["http"])))


@pytest.mark.parametrize("target", ["http://127.0.0.1:{0}/b", "//127.0.0.1:{0}/b", "http://[::ffff:127.0.0.1]:{0}/b"])
async def test_a_redirect_to_inside_is_not_followed(source, target):
    async with RawServer() as server:
        server.answers = [says("302 Found", f"Location: {target.format(server.port)}"), gives(picture(60))]
        rules = UrlRules(allow_protocols=["http"], allow_hosts=["localhost"])
        told = await refusal(source(server.url(host="localhost"), rules))
    assert "its server's address is not public" in told
    assert server.connections == 1


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "reference://x::data:,", "s3://bucket/a", "ftp://127.0.0.1/", "http://[::1"]
)
async def test_a_redirect_to_another_kind_of_url_is_not_followed(source, target):
    async with RawServer(says("302 Found", f"Location: {target}", body=bytes(300_000))) as server:
        assert "(its server redirects to a URL that is not allowed)" in await refusal(source(server.url()))
    assert server.connections == 1


async def test_redirects_have_an_end(source):
    async with RawServer(says("302 Found", "Location: /again")) as server:
        assert "(its server redirects too often)" in await refusal(source(server.url()))
    assert server.connections == 6


async def test_a_redirect_that_may_be_followed_is(source):
    async with RawServer(says("307 Moved", "Location: /b.png?x=%2F"), gives(picture(60))) as server:
        assert await whole(source(server.url())) == picture(60)
    assert server.requests[1].startswith("GET /b.png?x=%2F HTTP/1.1\r\n")


async def test_a_name_that_means_an_inside_address_by_the_time_of_the_connection_is_refused(source, monkeypatch):
    """The address that is checked is the one that is connected to, so there is no time in which it could change."""
    async with RawServer(gives(picture(60))) as server:
        found = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [found])
        url = server.url(host="files.example")
        assert "not public" in await refusal(source(url, UrlRules(allow_protocols=["http"])))
        assert server.connections == 0
        for allowed in ("files.example", "127.0.0.0/8", "FILES.example."):
            rules = UrlRules(allow_protocols=["http"], allow_hosts=[allowed])
            assert await whole(source(url, rules)) == picture(60)


async def test_https_needs_a_certificate_that_is_trusted(source, monkeypatch, tmp_path):
    authority = trustme.CA()
    import ssl

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await gives(picture(60))(writer, "")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.png"
    rules = UrlRules(allow_hosts=["127.0.0.1"])
    try:
        monkeypatch.setattr(web_request, "_contexts", [])
        assert "(its server's certificate is not trusted)" in await refusal(source(url, rules))
        monkeypatch.setattr(web_request, "_contexts", [])
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert await whole(source(url, rules)) == picture(60)
    finally:
        server.close()


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://",
            "https:///a",
            "https://[::1",
            "https://x:99999/a",
            "https://x:y/a",
            "https://a b/",
            "https://\x7f/",
        ),
        *(
            "https://" + "a" * 300 + "/",
            "https://xn--\udcff/",
            "https://..",
            "https://host\\@127.0.0.1/",
            "https://%zz/",
        ),
    ],
)
async def test_what_is_no_url_is_a_bad_file_and_nothing_else(source, url):
    assert "cannot be opened (" in await refusal(source(url))
