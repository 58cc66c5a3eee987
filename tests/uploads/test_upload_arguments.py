"""What a user passes to an upload is taken for what is meant, or refused with the name of the argument."""

import os
from pathlib import Path

import pytest

from kycaid_async import InvalidFileError
from tests.pictures import picture

PICTURE = picture(20_000)


async def pieces():
    yield PICTURE


class Number:
    """Stands for a whole number of numpy's."""

    def __index__(self):
        return len(PICTURE)


class RaisingPath:
    def __fspath__(self):
        raise AttributeError("Canary")


class PathInBytes:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return os.fsencode(self.path)


class WithoutFile:
    """Stands for a field of Django's models to which no file belongs."""

    @property
    def read(self):
        raise ValueError("Canary")


class Empty:
    async def read(self):
        raise NotImplementedError

    @property
    def file(self):
        raise ValueError("Canary")


def released():
    view = memoryview(PICTURE)
    view.release()
    return view


async def refused(client, source, **options):
    with pytest.raises(InvalidFileError) as caught:
        await client.files.create(source, **options)
    assert "Canary" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    return caught.value


async def test_a_path_as_the_file_name_gives_its_last_part(client, server):
    for name in (Path("of a person/zz.png"), PathInBytes("zz.png")):
        server.answer(200, {"file_id": "f"})
        await client.files.create(PICTURE, filename=name)
    assert [b'filename="zz.png"' in request.body for request in server.requests] == [True, True]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("filename", 5, "filename: expected text or a path, got a number"),
        ("filename", b"Canary.png", "filename: expected text or a path, got a bytes"),
        ("filename", RaisingPath(), "filename: expected a path with a text, got a "),
        ("content_type", 5, "content_type: expected text, got a number"),
        ("content_type", b"image/png", "content_type: expected text, got a bytes"),
        ("content_type", Path("image/png"), "content_type: expected text, got a "),
    ],
    ids=lambda value: ascii(value) if isinstance(value, str | bytes | int) else type(value).__name__,
)
async def test_an_option_of_another_type_is_refused_by_its_name(name, value, problem, client, server):
    error = await refused(client, PICTURE, **{name: value})
    assert error.field == name
    assert str(error).startswith(problem)
    assert server.requests == []


@pytest.mark.parametrize("size", ["5", 5.0, True, float("nan"), -1, [5]], ids=repr)
async def test_a_size_is_a_whole_number(size, client, server):
    error = await refused(client, pieces, size=size)
    assert error.field == "size"
    assert "the number of bytes that the factory gives" in str(error)
    assert server.requests == []


async def test_a_size_can_be_a_whole_number_of_another_library(client, server):
    server.answer(200, {"file_id": "f"})
    assert await client.files.create(pieces, size=Number()) == "f"


async def test_a_path_in_bytes_is_one(client, server, tmp_path):
    path = tmp_path / "zz.png"
    path.write_bytes(PICTURE)
    with os.scandir(os.fsencode(tmp_path)) as entries:
        for source in (next(entries), PathInBytes(path)):
            server.answer(200, {"file_id": "f"})
            assert await client.files.create(source) == "f"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (RaisingPath(), "a path with a text"),
        (WithoutFile(), "cannot be read (ValueError)"),
        (Empty(), "cannot be read (ValueError)"),
        (released(), "cannot upload a memoryview: it cannot be read (ValueError)"),
    ],
    ids=["a path", "a field without a file", "an upload without a file", "a view that was released"],
)
async def test_a_source_that_fails_when_it_is_looked_at_is_refused(source, text, client, server):
    error = await refused(client, source)
    assert error.field == "source"
    assert text in str(error)
    assert server.requests == []
