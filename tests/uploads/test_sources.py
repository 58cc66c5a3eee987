"""Sources that hang, fail, are none, or are read by several uploads at once."""

import asyncio
import hashlib
import io

import pytest

from kycaid_async import InvalidFileError, RequestTimeoutError, Timeout, UploadSourceError
from tests.pictures import picture
from tests.upload_server import SERVER_ERROR


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# Factories that hang, fail or are none.


def hangs_after(data):
    """Return a factory that gives ``data`` and then nothing more, the event of its hanging, and its endings."""
    hanging, ended = asyncio.Event(), []

    async def pieces():
        try:
            if data:
                yield data
            hanging.set()
            await asyncio.Event().wait()
        finally:
            ended.append("closed")

    return pieces, hanging, ended


@pytest.mark.parametrize("given", [0, 20, 10_000, 600_000])
async def test_an_upload_cancelled_while_its_factory_is_suspended_is_cancelled(given, uploads, make_client):
    factory, hanging, ended = hangs_after(picture(given))
    task = asyncio.create_task(make_client(uploads.url).files.create(factory, size=1_000_000))
    await asyncio.wait_for(hanging.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert ended == ["closed"]
    assert not any(r.whole for r in uploads.received)


@pytest.mark.parametrize("given", [10_000, 600_000])
async def test_a_factory_that_hangs_runs_into_the_progress_limit_with_retries(given, uploads, make_client):
    factory, _, ended = hangs_after(picture(given))
    client = make_client(uploads.url, timeout=Timeout(progress=0.1), max_retries=2)
    with pytest.raises(RequestTimeoutError) as caught:
        await client.files.create(factory, size=1_000_000)
    assert (caught.value.phase, caught.value.attempts, caught.value.operation) == ("progress", 3, "files.create")
    assert ended == ["closed"] * 3
    assert not any(r.whole for r in uploads.received)


async def fails_at_its_first_step():
    raise RuntimeError("Canary")
    yield b""


def fails_when_called():
    raise RuntimeError("Canary")


@pytest.mark.parametrize(
    "factory",
    [fails_when_called, lambda: iter([b"x"]), lambda: b"Canary", lambda: None, lambda: [b"Canary"], lambda _: None],
    ids=["raises", "an iterator", "bytes", "nothing", "a list", "takes an argument"],
)
async def test_a_factory_that_gives_no_async_iterator_is_refused_by_name(factory, uploads, make_client):
    with pytest.raises(InvalidFileError, match=r"^\(factory\): gave no async iterator of bytes") as caught:
        await make_client(uploads.url).files.create(factory, size=100)
    assert (caught.value.file, caught.value.attempts, caught.value.maybe_processed) == ("(factory)", 0, False)
    assert "Canary" not in str(caught.value)
    assert uploads.received == []


async def test_a_factory_whose_iterator_fails_at_once_is_named_and_nothing_is_sent(uploads, make_client):
    with pytest.raises(UploadSourceError, match=r"^\(factory\)") as caught:
        await make_client(uploads.url).files.create(fails_at_its_first_step, size=100)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert not caught.value.maybe_processed
    assert uploads.received == []


# One open file in several uploads.


@pytest.mark.parametrize("start", [0, 7])
@pytest.mark.parametrize("answers", [[], [SERVER_ERROR, b""]], ids=["at once", "with repeats"])
async def test_one_open_file_in_several_uploads_arrives_each_time_whole_and_stands_where_it_stood(
    start, answers, uploads, make_client, tmp_path
):
    data = picture(3_000_000)
    path = tmp_path / "shared.png"
    path.write_bytes(b"skipped"[:start] + data)
    uploads.answers += answers
    client = make_client(uploads.url)
    with path.open("rb") as file:
        file.seek(start)
        await asyncio.gather(*(client.files.create(file) for _ in range(4)))
        assert file.tell() == start
        await client.files.create(file)
        assert file.tell() == start
    assert [(r.whole, r.size, r.digest) for r in uploads.received] == [(True, len(data), sha256(data))] * (
        5 + len(answers)
    )


async def test_an_open_file_that_was_moved_on_is_uploaded_from_where_it_stands_then(uploads, make_client):
    data = picture(1000)
    file = io.BytesIO(data + data[:500])
    client = make_client(uploads.url)
    await client.files.create(file)
    file.seek(len(data))
    await client.files.create(file)
    assert [r.digest for r in uploads.received] == [sha256(data + data[:500]), sha256(data[:500])]
    assert file.tell() == len(data)
