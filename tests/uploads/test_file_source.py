"""Open files of other libraries: sent with their own name and their bytes, or refused with what to do."""

import codecs
import hashlib
import io
import mmap
import os
import tempfile
import threading
import zipfile
from contextlib import suppress
from typing import NamedTuple

import aiofiles
import aiofiles.tempfile
import anyio
import fsspec
import pytest
from aiohttp.web_request import FileField
from django.core.files.base import ContentFile
from django.core.files.base import File as DjangoFile
from django.core.files.uploadedfile import SimpleUploadedFile
from multidict import CIMultiDict, CIMultiDictProxy
from starlette.datastructures import UploadFile
from werkzeug.datastructures import FileStorage

from kycaid_async import FieldProblem, InvalidFileError, UploadSourceError
from kycaid_async.uploads.file_source import FileSource
from tests.pictures import picture
from tests.upload_server import SERVER_ERROR

PICTURE = picture(20_000)


def mapped(path):
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class SanicFile(NamedTuple):
    """An upload as Sanic has it: read whole."""

    type: str
    body: bytes
    name: str


def aiohttp_file(file):
    return FileField("front", "scan.png", file, "image/png", CIMultiDictProxy(CIMultiDict()))


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "own.png"
    made.write_bytes(PICTURE)
    return made


@pytest.mark.parametrize(
    ("opened", "name"),
    [
        (lambda path: UploadFile(path.open("rb"), filename="scan.png"), "scan.png"),
        (lambda _: UploadFile(io.BytesIO(PICTURE), filename="scan.png"), "scan.png"),
        (lambda _: FileStorage(io.BytesIO(PICTURE), filename="scan.png", name="front"), "scan.png"),
        (lambda path: FileStorage(path.open("rb"), name="front"), "own.png"),
        (lambda _: SimpleUploadedFile("scan.png", PICTURE), "scan.png"),
        (lambda path: DjangoFile(path.open("rb")), "own.png"),
        (lambda path: anyio.AsyncFile(path.open("rb")), "own.png"),
        (lambda path: aiohttp_file(io.BufferedReader(path.open("rb"))), "scan.png"),
        (lambda _: aiohttp_file(io.BytesIO(PICTURE)), "scan.png"),
        (lambda _: SanicFile("image/png", PICTURE, "scan.png"), "scan.png"),
        (mapped, None),
        (lambda _: FileStorage(io.BytesIO(PICTURE), name="front"), None),
    ],
)
async def test_a_file_of_another_library_is_sent_whole_under_its_own_name(opened, name, path, uploads, make_client):
    file = opened(path)
    await make_client(uploads.url).files.create(file)
    (received,) = uploads.received
    assert received.digest == hashlib.sha256(PICTURE).hexdigest()
    assert name in (None, received.filename)
    assert received.filename != "front"
    if not isinstance(file, tuple):
        getattr(file, "file", getattr(file, "wrapped", file)).close()


async def refused(source, client):
    with pytest.raises(InvalidFileError) as caught:
        await client.files.create(source)
    return caught.value


async def test_a_file_at_its_end_is_refused_with_what_to_do(uploads, make_client):
    file = io.BytesIO()
    file.write(PICTURE)
    error = await refused(file, make_client(uploads.url))
    assert "stands at its end, behind 20,000 bytes; call seek(0)" in str(error)
    assert not uploads.received


@pytest.mark.parametrize("answers", [[], [SERVER_ERROR, b""]], ids=["at once", "with repeats"])
async def test_a_file_of_aiofiles_is_sent_from_where_it_stands_under_its_name(path, answers, uploads, make_client):
    uploads.answers += answers
    async with aiofiles.open(path, "rb") as file:
        await make_client(uploads.url).files.create(file)
        assert await file.read() == PICTURE
    assert uploads.received[-1].digest == hashlib.sha256(PICTURE).hexdigest()
    assert uploads.received[-1].filename == "own.png"


@pytest.mark.parametrize(
    "made",
    [
        aiofiles.tempfile.TemporaryFile,
        lambda: aiofiles.tempfile.NamedTemporaryFile(suffix=".png"),
        lambda: aiofiles.tempfile.SpooledTemporaryFile(max_size=10**8),
        lambda: aiofiles.tempfile.SpooledTemporaryFile(max_size=10),
        anyio.TemporaryFile,
        lambda: anyio.NamedTemporaryFile(suffix=".png"),
        lambda: anyio.SpooledTemporaryFile(max_size=10**8),
        lambda: anyio.SpooledTemporaryFile(max_size=10),
    ],
)
async def test_a_temporary_file_of_an_asynchronous_library_is_sent_whole(made, uploads, make_client):
    async with made() as file:
        await file.write(PICTURE)
        await file.seek(0)
        await make_client(uploads.url).files.create(file)
    assert [received.digest for received in uploads.received] == [hashlib.sha256(PICTURE).hexdigest()]


async def test_a_closed_file_of_aiofiles_is_refused_as_that(path, uploads, make_client):
    async with aiofiles.open(path, "rb") as file:
        pass
    assert "is closed; open it again" in str(await refused(file, make_client(uploads.url)))


async def test_an_asynchronous_file_without_a_plain_one_in_it_is_refused_with_what_to_do(uploads, make_client):
    class Asynchronous:
        async def read(self, size: int = -1) -> bytes:
            return PICTURE[:size]

    assert "is asynchronous; pass its path" in str(await refused(Asynchronous(), make_client(uploads.url)))


def written(file, content):
    file.write(content)
    file.seek(0)
    return file


@pytest.mark.parametrize("content", ["a text", "Gr\u00fc\u00dfe " * 50_000], ids=["short", "long"])
@pytest.mark.parametrize(
    "opened",
    [
        lambda _, content: written(tempfile.NamedTemporaryFile("w+", encoding="utf-8"), content),  # noqa: SIM115
        lambda _, content: written(tempfile.SpooledTemporaryFile(10**8, "w+", encoding="utf-8"), content),  # noqa: SIM115
        lambda _, content: written(tempfile.SpooledTemporaryFile(10, "w+", encoding="utf-8"), content),  # noqa: SIM115
        lambda path, content: written(codecs.open(str(path), "w+", "utf-8"), content),  # noqa: SIM115
        lambda path, _: codecs.open(str(path), "r", "utf-8"),  # noqa: SIM115 - a picture is no such text
        lambda path, _: path.open("r", encoding="utf-8"),
        lambda path, _: DjangoFile(path.open("r", encoding="utf-8")),
        lambda _, content: ContentFile(content),
        lambda _, content: io.StringIO(content),
    ],
)
@pytest.mark.filterwarnings("ignore:codecs.open:DeprecationWarning")
async def test_a_file_of_text_is_refused_before_anything_is_sent(opened, content, path, uploads, make_client):
    file = opened(path, content)
    error = await refused(file, make_client(uploads.url))
    assert "is open as text; open it with mode 'rb'" in str(error)
    assert (uploads.received, error.maybe_processed) == ([], False)
    assert file.tell() == 0
    file.close()


async def test_a_file_of_aiofiles_that_is_open_as_text_is_refused_as_that(path, uploads, make_client):
    async with aiofiles.open(path, encoding="utf-8") as file:
        assert "is open as text" in str(await refused(file, make_client(uploads.url)))


class Unreadable(io.BytesIO):
    """A file that does not say beforehand that it cannot be read."""

    def read(self, size: int | None = -1) -> bytes:
        raise io.UnsupportedOperation("secret")


async def test_a_file_for_writing_only_is_refused_as_that(tmp_path, uploads, make_client):
    with (tmp_path / "out.png").open("wb") as file:
        file.write(PICTURE)
        file.seek(0)
        for unfit in (file, Unreadable(PICTURE)):
            error = await refused(unfit, make_client(uploads.url))
            assert "is open for writing only; open it with mode 'rb', or pass its path" in str(error)
            assert "secret" not in str(error)
    assert uploads.received == []


@pytest.mark.parametrize(
    ("part", "error", "said"),
    [
        (None, InvalidFileError, "has nothing to read yet (its read() returned None); read it into bytes"),
        (5, UploadSourceError, "cannot be read to its end (TypeError)"),
    ],
)
async def test_a_file_that_reads_no_bytes_is_refused_before_anything_is_sent(part, error, said, uploads, make_client):
    class Odd(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return part

    with pytest.raises(error) as caught:
        await make_client(uploads.url).files.create(Odd(PICTURE))
    assert said in str(caught.value)
    assert uploads.received == []


class OnlyRead:
    """A stream of a library that has nothing but ``read``."""

    def read(self, size: int = -1) -> bytes:
        return PICTURE[:size]


async def test_a_stream_that_can_only_be_read_is_refused_with_what_to_do(uploads, make_client):
    error = await refused(OnlyRead(), make_client(uploads.url))
    assert "cannot be sought, so it could not be sent again; read it into bytes" in str(error)


async def test_a_path_within_an_archive_is_refused_with_what_to_do(tmp_path, uploads, make_client):
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        archive.writestr("passport.png", PICTURE)
    within = zipfile.Path(tmp_path / "scans.zip", "passport.png")
    error = await refused(within, make_client(uploads.url))
    assert "pass a path, bytes (here: what its read_bytes() returns)" in str(error)
    await make_client(uploads.url).files.create(within.read_bytes())
    assert len(uploads.received) == 1


@pytest.mark.parametrize("error", [AttributeError, NotImplementedError, TypeError, RuntimeError, OSError, ValueError])
@pytest.mark.parametrize("name", ["seekable", "tell", "seek"])
async def test_a_file_that_fails_is_refused_whatever_it_raises(error, name, uploads, make_client):
    class Failing(io.BytesIO):
        pass

    def fails(*_):
        raise error("secret")

    setattr(Failing, name, fails)
    with pytest.raises(InvalidFileError if name == "seekable" else UploadSourceError) as caught:
        await make_client(uploads.url).files.create(Failing(PICTURE))
    assert str(caught.value).startswith("(file): cannot be read")
    assert f"({error.__name__})" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["closed", "name"])
async def test_a_file_that_cannot_say_its_name_or_whether_it_is_closed_is_refused_or_sent(name, uploads, make_client):
    class Failing(io.BytesIO):
        @property
        def asked(self):
            raise RuntimeError("secret")

    setattr(Failing, name, Failing.asked)
    if name == "closed":
        assert "cannot be read (RuntimeError)" in str(await refused(Failing(PICTURE), make_client(uploads.url)))
    else:
        await make_client(uploads.url).files.create(Failing(PICTURE))


class SaysByMethod:
    """A file that has a method where Python's own have a truth value."""

    def __init__(self):
        self.inner = io.BytesIO(PICTURE)
        self.read, self.seek, self.tell = self.inner.read, self.inner.seek, self.inner.tell

    def closed(self):
        return False


async def test_a_file_is_closed_only_where_it_says_so(uploads, make_client):
    await make_client(uploads.url).files.create(SaysByMethod())
    assert len(uploads.received) == 1


async def test_what_is_to_be_opened_first_is_refused_with_how(tmp_path, uploads, make_client):
    (tmp_path / "a.png").write_bytes(PICTURE)
    error = await refused(fsspec.open(f"file://{tmp_path}/a.png"), make_client(uploads.url))
    assert "cannot upload a fsspec.core.OpenFile: pass a path, bytes, a binary file (here: what its open()" in str(
        error
    )


@pytest.mark.parametrize(
    ("source", "field"),
    [(io.BytesIO(), "source"), (b"", "source"), (b"no picture", "source"), (3, "source"), (lambda: None, "size")],
)
async def test_a_refused_file_names_what_is_wrong(source, field, uploads, make_client):
    (problem,) = (await refused(source, make_client(uploads.url))).problems
    assert isinstance(problem, FieldProblem)
    assert problem.field == field


class ReadByOthers(io.BytesIO):
    """A file that somebody else reads from its start between any two steps of ours."""

    def seek(self, *arguments):
        found = super().seek(*arguments)
        if arguments[0] == 0 and len(arguments) == 1:
            super().seek(100)
        return found


@pytest.mark.skipif(not hasattr(os, "pread"), reason="Windows reads no file without its position")
@pytest.mark.parametrize("kind", ["file", "unbuffered", "BytesIO"])
async def test_a_file_that_others_read_meanwhile_is_sent_as_it_is(kind, path, uploads, make_client):
    content = PICTURE + bytes(3_000_000)
    path.write_bytes(content)
    file = io.BytesIO(content) if kind == "BytesIO" else path.open("rb", buffering=0 if kind == "unbuffered" else -1)
    is_over, client = threading.Event(), make_client(uploads.url)

    def read():
        while not is_over.is_set():
            file.seek(0)
            file.read(4096)
            file.seek(0)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        # Some are refused: those that begin where the other stands just then, amid the picture.
        while len(uploads.received) < 2:
            with suppress(InvalidFileError, UploadSourceError):
                await client.files.create(file)
    finally:
        is_over.set()
        reader.join()
        file.close()
    whole = {received.digest for received in uploads.received if received.whole}  # others were cut off, with an error
    assert whole <= {hashlib.sha256(content).hexdigest()}


async def test_a_file_whose_position_another_moves_is_not_sent(uploads, make_client):
    """As it is where there is no `os.pread`, and with files of which not all is known."""
    with pytest.raises(UploadSourceError):
        await make_client(uploads.url).files.create(ReadByOthers(PICTURE))
    assert not uploads.received


async def test_the_position_of_a_file_is_left_where_it_was(path, uploads, make_client):
    with path.open("rb") as file:
        file.seek(0)
        await make_client(uploads.url).files.create(file)
        assert file.tell() == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_child_waits_for_no_upload_of_its_parent():
    from kycaid_async.forks import _reset_all

    file = io.BytesIO(PICTURE)
    held = FileSource(file)._shared
    with held.lock:
        _reset_all()  # as in a child
        assert FileSource(file)._shared.position() == 0
