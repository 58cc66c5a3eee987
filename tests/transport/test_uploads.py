"""Uploads over a real socket: every byte once, in order, also the second time."""

import asyncio
import hashlib
import io
import os
import socket
import subprocess
import sys
import tempfile
import textwrap
import zlib

import aiohttp
import pytest

from kycaid_async import ConnectionLostError, InvalidFileError, RequestTimeoutError, Timeout, UploadSourceError
from kycaid_async.sandbox import Sandbox
from tests.pictures import picture
from tests.serving import Serving
from tests.upload_server import SERVER_ERROR, UploadServer

pytestmark = pytest.mark.usefixtures("each_way")

SIZES = {"tiny": 40, "one read": 256 * 1024, "one read and a byte": 256 * 1024 + 1, "many reads": 3_000_017}


BUSY = (
    SERVER_ERROR.replace(b"500", b"429")
    .replace(b"internal_server", b"limit_exceeded")
    .replace(b"Content-Length: 26", b"Content-Length: 25")
)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def as_path(data, tmp_path):
    path = tmp_path / "passport.png"
    path.write_bytes(data)
    return path


def as_text_path(data, tmp_path):
    return str(as_path(data, tmp_path))


def as_open_file(data, tmp_path):
    return as_path(data, tmp_path).open("rb")


def as_open_file_from_its_middle(data, tmp_path):
    path = tmp_path / "with-a-lead.png"
    path.write_bytes(b"skipped" + data)
    file = path.open("rb")
    file.seek(len(b"skipped"))
    return file


def as_bytes_io(data, tmp_path):
    return io.BytesIO(data)


def as_spooled_file(data, tmp_path):
    file = tempfile.SpooledTemporaryFile()  # noqa: SIM115 - the test closes what it can
    file.write(data)
    file.seek(0)
    return file


def as_bytes(data, tmp_path):
    return data


def as_bytearray(data, tmp_path):
    return bytearray(data)


def as_memoryview(data, tmp_path):
    return memoryview(data)


def as_factory(data, tmp_path):
    async def pieces():
        for start in range(0, len(data), 70_001):
            yield data[start : start + 70_001]

    return pieces


def as_factory_with_one_buffer(data, tmp_path):
    async def pieces():
        buffer = bytearray(10_000)
        for start in range(0, len(data), 10_000):
            piece = data[start : start + 10_000]
            buffer[: len(piece)] = piece
            yield memoryview(buffer)[: len(piece)]

    return pieces


def as_factory_of_one_huge_piece(data, tmp_path):
    async def pieces():
        yield data

    return pieces


SOURCES = [value for name, value in globals().copy().items() if name.startswith("as_")]


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
async def test_an_upload_that_is_repeated_is_byte_identical(source, size, uploads, make_client, tmp_path):
    data = picture(size)
    uploads.answers += [SERVER_ERROR, b""]
    given = source(data, tmp_path)
    await make_client(uploads.url).files.create(given, size=len(data) if callable(given) else None)
    assert [(r.whole, r.size, r.digest) for r in uploads.received] == [(True, size, sha256(data))] * 3
    if hasattr(given, "close"):
        assert not given.closed
        given.close()


@pytest.mark.parametrize("size", [600_000, 2_500_000], ids=["in one write", "in pieces"])
async def test_a_slow_reader_with_small_buffers_gets_every_byte_in_order(size, make_client, tmp_path):
    data = picture(size)
    path = as_path(data, tmp_path)
    async with UploadServer(read_size=997, receive_buffer=4096) as server:
        client = make_client(server.url)
        await client.files.create(path)  # from now on its folder is known to be quick
        await asyncio.gather(*(client.files.create(path) for _ in range(4)))
        assert [r.digest for r in server.received] == [sha256(data)] * 5


@pytest.mark.parametrize("size", [5_000, 200_000, 3_000_000])
@pytest.mark.parametrize("cached", ["nothing", "the first 4000 bytes", "the first 10,000 bytes", "not to be told"])
async def test_what_of_a_file_is_in_memory_makes_no_difference_to_what_arrives(
    cached, size, uploads, make_client, tmp_path, monkeypatch
):
    path, client, real = as_path(picture(size), tmp_path), make_client(uploads.url), os.preadv
    await client.files.create(path)  # from now on its folder is known to be quick

    def preadv(fd, buffers, offset, flags=0):
        most = {"the first 4000 bytes": 4000, "the first 10,000 bytes": 10_000}.get(cached, 0)
        if cached == "not to be told":
            raise OSError(95, "not supported")
        if offset >= most:
            raise BlockingIOError
        return real(fd, [memoryview(buffers[0])[: most - offset]], offset, flags)

    monkeypatch.setattr(os, "preadv", preadv)
    for _ in range(2):
        await client.files.create(path)
    assert [(r.whole, r.digest) for r in uploads.received] == [(True, sha256(picture(size)))] * 3


async def test_name_and_type_come_from_the_source_or_the_caller(uploads, make_client, tmp_path):
    client = make_client(uploads.url)
    await client.files.create(as_path(picture(100), tmp_path))
    await client.files.create(picture(100))
    await client.files.create(picture(100), filename='Gr"üße\r\nX: y.png', content_type="image/jpg")
    found = [(r.filename, r.content_type) for r in uploads.received]
    assert found == [
        ("passport.png", "image/png"),
        ("file.png", "image/png"),
        ("Gr%22üße%0D%0AX: y.png", "image/jpg"),
    ]


CONTROLS = "".join(map(chr, (*range(32), 127)))


@pytest.mark.parametrize("name", [f"a{control}b.png" for control in CONTROLS], ids=ascii)
async def test_a_control_character_of_a_name_breaks_no_head(name, uploads, make_client):
    await make_client(uploads.url).files.create(picture(100), filename=name)
    assert [r.filename for r in uploads.received] == [f"a%{ord(name[1]):02X}b.png"]


async def test_a_server_that_reads_heads_strictly_takes_a_name_with_control_characters(make_client):
    async with Sandbox() as sandbox:
        client = make_client(sandbox.url, api_key=sandbox.api_key)
        await client.files.create(picture(100), filename=f"a{CONTROLS}.png")


async def test_a_path_that_is_no_text_is_sent_under_a_readable_name(uploads, make_client, tmp_path):
    path = os.fsencode(tmp_path) + b"/a\xff.png"
    with open(path, "wb") as file:
        file.write(picture(100))
    await make_client(uploads.url).files.create(os.fsdecode(path))
    assert [r.filename for r in uploads.received] == ["a?.png"]


async def test_replace_sends_the_whole_file_again_by_put(uploads, make_client):
    uploads.answers.append(b"")
    file_id = "46b05f5c14c162402d186822fa0314c6162c"
    assert await make_client(uploads.url).files.replace(file_id, picture(300_000)) == file_id
    assert [(r.method, r.whole) for r in uploads.received] == [("PUT", True)] * 2


def shrink(path):
    os.truncate(path, 20_000_000)


def grow(path):
    with path.open("ab") as file:
        file.write(b"more")


def write_over(path):
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [shrink, grow, write_over], ids=lambda change: change.__name__)
async def test_a_file_that_changes_while_it_is_sent_never_arrives_whole(change, make_client, tmp_path):
    path = as_path(picture(30_000_000), tmp_path)
    async with UploadServer(stall_after=1_000_000) as server:
        task = asyncio.create_task(make_client(server.url).files.create(path))
        await server.stalled.wait()
        change(path)
        server.go_on.set()
        with pytest.raises(UploadSourceError, match="changed while it was sent") as caught:
            await task
        assert str(caught.value).startswith(f"{path.name}: ")
        assert not caught.value.maybe_processed
        assert not any(r.whole for r in server.received)


@pytest.mark.parametrize("given", [0, 99, 101], ids=["nothing", "too little", "too much"])
async def test_a_factory_that_gives_another_number_of_bytes_than_it_said_is_cut_off(given, uploads, make_client):
    async def pieces():
        yield picture(100)[:given]
        yield b"x" * max(0, given - 100)

    with pytest.raises((UploadSourceError, InvalidFileError)) as caught:
        await make_client(uploads.url).files.create(pieces, size=100)
    assert not any(r.whole for r in uploads.received)
    assert "(factory)" in str(caught.value)


async def test_a_factory_that_fails_half_way_is_named_with_its_cause_and_nothing_is_stored(uploads, make_client):
    async def pieces():
        yield picture(300_000)
        raise OSError("the bucket went away")

    with pytest.raises(UploadSourceError, match=r"\(factory\)") as caught:
        await make_client(uploads.url).files.create(pieces, size=400_000)
    assert isinstance(caught.value.__cause__, OSError)
    assert not caught.value.maybe_processed
    assert not any(r.whole for r in uploads.received)


async def test_an_upload_that_stands_still_runs_into_the_progress_limit(make_client):
    async with UploadServer(stall_after=500_000, receive_buffer=4096) as server:
        client = make_client(server.url, timeout=Timeout(progress=0.2, total=0.01), max_retries=1)
        with pytest.raises(RequestTimeoutError) as caught:
            await client.files.create(picture(20_000_000))
    assert (caught.value.phase, caught.value.attempts) == ("progress", 2)


# The later attempts of an upload.


def breaks_the_second_time(error, *, after=b""):
    """Return a factory that gives a whole picture once, and then breaks."""
    runs = []

    async def pieces():
        runs.append(1)
        if len(runs) == 1:
            yield picture(300_000)
        else:
            if after:
                yield after
            raise error

    return pieces


@pytest.mark.parametrize(("first", "maybe_processed"), [(SERVER_ERROR, True), (b"", True), (BUSY, False)])
@pytest.mark.parametrize("after", [b"", picture(100_000)], ids=["at once", "half way"])
async def test_a_source_that_breaks_on_a_later_attempt_tells_of_the_earlier_ones(
    first, maybe_processed, after, uploads, make_client
):
    uploads.answers.append(first)
    factory = breaks_the_second_time(OSError("gone"), after=after)
    with pytest.raises(UploadSourceError) as caught:
        await make_client(uploads.url).files.create(factory, size=300_000)
    error = caught.value
    assert (error.operation, error.attempts) == ("files.create", 2)
    assert (error.maybe_processed, error.retryable) == (maybe_processed, False)
    assert [r.whole for r in uploads.received][:1] == [True]


@pytest.mark.parametrize(("first", "maybe_processed"), [(SERVER_ERROR, True), (BUSY, False)])
@pytest.mark.parametrize("change", [os.remove, lambda path: path.write_bytes(b""), lambda path: path.write_text("x")])
async def test_a_file_that_is_refused_on_a_later_attempt_tells_of_the_earlier_ones(
    first, maybe_processed, change, uploads, make_client, tmp_path, fake_time
):
    path = as_path(picture(1000), tmp_path)

    async def spoil():
        change(path)

    fake_time.before_sleep = spoil
    uploads.answers.append(first)
    with pytest.raises(InvalidFileError) as caught:
        await make_client(uploads.url).files.create(path)
    error = caught.value
    assert (error.operation, error.attempts, error.file) == ("files.create", 2, str(path))
    assert (error.maybe_processed, error.retryable) == (maybe_processed, False)
    assert len(uploads.received) == 1


async def test_a_file_that_is_refused_at_once_was_never_tried(uploads, make_client, tmp_path):
    with pytest.raises(InvalidFileError) as caught:
        await make_client(uploads.url).files.create(tmp_path / "missing.png")
    assert (caught.value.attempts, caught.value.maybe_processed, caught.value.retryable) == (0, False, False)


# The answer to an upload.


class NeverAnswers(UploadServer):
    """Takes everything, and says nothing."""

    async def _one(self, head, reader, writer):
        await super()._one(head, reader, Mute())


class Mute:
    def write(self, data):
        pass

    async def drain(self):
        await asyncio.Event().wait()


@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_the_answer_to_an_upload_is_bound_by_the_total_time(size, make_client):
    async with NeverAnswers() as server:
        client = make_client(server.url, timeout=Timeout(total=0.2, progress=0.2, read=None))
        with pytest.raises(RequestTimeoutError) as caught:
            await client.files.create(picture(size))
        error = caught.value
        assert [(r.whole, r.size) for r in server.received] == [(True, size)]
    assert (error.phase, error.attempts, error.maybe_processed, error.retryable) == ("total", 1, True, True)


@pytest.mark.parametrize("size", [100, 10_000_000])
async def test_a_cancelled_upload_closes_its_file(size, make_client, tmp_path):
    path = as_path(picture(size), tmp_path)
    before = set(os.listdir("/proc/self/fd"))
    async with UploadServer(stall_after=50, read_size=64, receive_buffer=4096) as server:
        client = make_client(server.url)
        task = asyncio.create_task(client.files.create(path))
        await server.stalled.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.aclose()
    links = {
        os.readlink(f"/proc/self/fd/{fd}")
        for fd in set(os.listdir("/proc/self/fd")) - before
        if os.path.exists(f"/proc/self/fd/{fd}")
    }
    assert str(path) not in links


async def test_memory_stays_flat_while_a_large_file_is_uploaded(uploads, tmp_path):
    uploads.read_size = 1 << 20
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.write(picture(1000))
        file.truncate(200_000_000)
    script = textwrap.dedent("""
        import asyncio, resource, sys
        from kycaid_async import AsyncKycaid

        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        async def main(url, small, large):
            async with AsyncKycaid("k" * 36, base_url=url) as client:
                await client.files.create(small)
                before = peak()
                await client.files.create(large)
                print(peak() - before)

        asyncio.run(main(*sys.argv[1:]))
    """)
    small = tmp_path / "small.png"
    small.write_bytes(picture(600_000))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, uploads.url, str(small), str(path), stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert uploads.received[-1].size == 200_000_000
    assert int(out) < 12_000, "the peak of resident memory may not grow by more than 12 MB"


def with_small_buffer(info):
    made = socket.socket(info[0], info[1], info[2])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return made


@pytest.mark.parametrize("size", [300_000, 900_000])
async def test_an_answer_before_the_file_has_left_is_not_believed_however_the_file_was_read(
    size, tmp_path, make_client
):
    had = []

    async def early(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        had.append(len(await reader.readexactly(65_536)))
        body = b'{"file_id": "46b05f5c14c162402d186822fa0314c6162c"}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        await writer.drain()
        await reader.read(-1)  # until the other side hangs up

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listening.bind(("127.0.0.1", 0))
    path = as_path(picture(size), tmp_path)
    server = await Serving(early).listen(sock=listening, limit=1 << 16)
    connector = aiohttp.TCPConnector(socket_factory=with_small_buffer)
    async with server, aiohttp.ClientSession(connector=connector) as session:
        client = make_client(f"http://127.0.0.1:{listening.getsockname()[1]}", max_retries=0, session=session)
        for _ in range(2):  # the second time the folder is known to be quick
            with pytest.raises(ConnectionLostError, match="before it had the whole file"):
                await client.files.create(path)
    assert had == [65_536] * 2


class Breaks(io.BytesIO):
    """A file of another kind, such as one in an archive, which fails in its own way."""

    def __init__(self, data: bytes, after: int) -> None:
        super().__init__(data)
        self.after = after

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= self.after:
            raise zlib.error("Error -3 while decompressing data")
        return super().read(size)


@pytest.mark.parametrize("after", [0, 500_000])
async def test_a_file_that_fails_in_a_way_of_its_own_is_an_error_and_no_id(after, uploads, make_client):
    with pytest.raises(UploadSourceError, match="cannot be read"):
        await make_client(uploads.url, max_retries=0).files.create(Breaks(picture(2_000_000), after))
    assert not any(received.whole for received in uploads.received)


async def test_a_small_file_that_grows_while_it_is_read_never_arrives_looking_whole(
    tmp_path, uploads, make_client, monkeypatch
):
    whole, path, real = picture(400_000), tmp_path / "a.png", os.fstat
    path.write_bytes(whole[:200_000])

    def fstat(fd):
        found = real(fd)
        if path.stat().st_size == 200_000:  # whoever makes the file goes on writing
            with path.open("ab") as file:
                file.write(whole[200_000:])
        return found

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(UploadSourceError, match="changed"):
        await make_client(uploads.url, max_retries=0).files.create(path)
    assert not any(received.whole for received in uploads.received)
