"""Remote files are read by ranges, as often as needed, and errors name them without their secrets."""

import errno
import os
import sys
import threading
import traceback

import fsspec
import pytest

from kycaid_async import ConfigurationError, InvalidFileError, UploadSourceError, UrlRules
from kycaid_async.bulk.manifest.places import is_url
from kycaid_async.bulk.remote.source import RemoteSource
from kycaid_async.timing import Timing
from kycaid_async.uploads.reader import CHUNK
from tests.pictures import picture


def source_of(url):
    return RemoteSource(url, rules=UrlRules(allow_protocols=["memory", "nonsense"]))


@pytest.fixture
def files():
    memory = fsspec.filesystem("memory")
    yield memory
    memory.store.clear()


async def whole(source):
    reading = await source.open()
    content = bytes(reading.head)
    while part := await reading.read():
        assert len(part) <= CHUNK
        content += part
    unchanged = await reading.unchanged()
    await reading.close()
    assert reading.size == len(content)
    return content, unchanged


@pytest.mark.parametrize("size", [60, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
async def test_a_remote_file_is_read_whole_as_often_as_needed(files, size):
    data = picture(size)
    files.pipe("/in/passport.png", data)
    source = source_of("memory://in/passport.png")
    assert source.filename == "passport.png"
    assert [await whole(source) for _ in range(2)] == [(data, True)] * 2


async def test_no_more_than_a_piece_is_asked_for_at_a_time(files, monkeypatch):
    files.pipe("/in/a.png", picture(3 * CHUNK + 5))
    asked = []
    cat_file = type(files).cat_file

    def watched(self, path, start=None, end=None, **options):
        asked.append((start, end))
        return cat_file(self, path, start=start, end=end, **options)

    monkeypatch.setattr(type(files), "cat_file", watched)
    await whole(source_of("memory://in/a.png"))
    assert asked == [(start, min(start + CHUNK, 3 * CHUNK + 5)) for start in range(0, 3 * CHUNK + 5, CHUNK)]


async def test_a_file_that_changed_meanwhile_is_noticed(files):
    files.pipe("/in/a.png", picture(2 * CHUNK))
    reading = await source_of("memory://in/a.png").open()
    while await reading.read():
        pass
    files.pipe("/in/a.png", picture(2 * CHUNK + 1))
    assert not await reading.unchanged()


async def test_a_file_that_vanishes_half_way_breaks_the_reading(files):
    files.pipe("/in/a.png", picture(2 * CHUNK))
    reading = await source_of("memory://in/a.png").open()
    files.rm("/in/a.png")
    with pytest.raises(UploadSourceError, match=r"memory://in/a.png: cannot be read to its end \(no such file\)"):
        await reading.read()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("memory://in/scan.png", "no such file"),
        ("memory://in", "it is a directory"),
        ("nonsense://in/a.png", "not a URL of a kind that fsspec knows"),
    ],
)
async def test_a_url_that_leads_to_no_file_says_why(files, url, reason):
    files.pipe("/in/a.png", picture(60))
    with pytest.raises(InvalidFileError) as caught:
        await source_of(url).open()
    assert caught.value.message == f"{url}: cannot be opened ({reason})"


async def test_nothing_secret_in_a_url_stands_in_an_error_a_traceback_or_a_repr(files):
    source = source_of("memory://user:Canary@in/scan.png?X-Signature=Canary#Canary")
    try:
        await source.open()
    except InvalidFileError as error:
        told = "".join(traceback.format_exception(error))
    assert "memory://in/scan.png: cannot be opened" in told
    assert "Canary" not in told + repr(source) + source.label + source.filename


async def test_without_fsspec_the_error_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "fsspec"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'kycaid-async\[fsspec\]'"):
        await source_of("s3://bucket/a.png").open()


async def test_a_kind_of_url_that_needs_a_package_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(ConfigurationError, match="gcsfs"):
        await source_of("gs://bucket/a.png").open()


class Named(Exception):  # noqa: N818 - as the libraries name theirs
    def __init__(self, **attributes):
        super().__init__("Canary")
        self.__dict__.update(attributes)


class ServiceRequestError(Exception):
    pass


def caused(error, cause):
    error.__cause__ = cause
    return error


PASSING = {
    "its server answers 502": caused(
        OSError(errno.EINVAL, "Canary"), Named(response={"ResponseMetadata": {"HTTPStatusCode": 502}})
    ),
    "its server answers 503": Named(status=503),
    "its server answers 429": Named(code="429"),
    "its server answers 500": Named(status_code=500),
    os.strerror(errno.EBUSY): OSError(errno.EBUSY, "Canary"),
    "ServiceRequestError": ServiceRequestError("Canary"),
    "ConnectionResetError": ConnectionResetError("Canary"),
    "TimeoutError": TimeoutError("Canary"),
}
FINAL = {
    "its server answers 400": Named(code=400),
    "Named": Named(code=None),
    "access is denied": PermissionError("Canary"),
    os.strerror(errno.EINVAL): OSError(errno.EINVAL, "Canary"),
}


@pytest.fixture
def store(files, monkeypatch):
    """Make a store whose answers are errors first, and a source of a file there; pauses take no time."""

    def make(*errors, **options):
        files.pipe("/in/a.png", picture(3 * CHUNK))
        left, cat_file = list(errors), type(files).cat_file

        def failing(self, *arguments, **given):
            error = left.pop(0) if left else None
            if error is not None:
                raise error
            return cat_file(self, *arguments, **given)

        async def at_once(_):
            return

        monkeypatch.setattr(type(files), "cat_file", failing)
        timing = Timing(sleep=at_once)
        return RemoteSource("memory://in/a.png", rules=UrlRules(allow_protocols=["memory"]), timing=timing, **options)

    return make


@pytest.mark.parametrize(("words", "error"), PASSING.items(), ids=PASSING)
async def test_a_store_that_is_away_is_asked_again_and_then_told_as_away(store, words, error):
    assert await whole(store(error, error, None, error)) == (picture(3 * CHUNK), True)
    with pytest.raises(UploadSourceError) as caught:
        await store(*[error] * 4).open()
    assert caught.value.message == f"memory://in/a.png: cannot be reached for now ({words}); try again later"


@pytest.mark.parametrize(("words", "error"), FINAL.items(), ids=FINAL)
async def test_what_a_store_refuses_is_told_and_not_asked_for_again(store, words, error):
    with pytest.raises(InvalidFileError) as caught:
        await store(error).open()
    assert caught.value.message == f"memory://in/a.png: cannot be opened ({words})"


async def test_a_store_that_gives_other_parts_than_it_was_asked_for_is_not_believed(store, files, monkeypatch):
    source = store()
    monkeypatch.setattr(type(files), "cat_file", lambda *_, **__: picture(3 * CHUNK))
    with pytest.raises(InvalidFileError, match="another part of it than was asked for"):
        await source.open()


async def test_a_store_that_never_answers_is_left(store, files, monkeypatch):
    over = threading.Event()
    source = store(patience=0.05)
    monkeypatch.setattr(type(files), "cat_file", lambda *_, **__: over.wait())
    with pytest.raises(UploadSourceError, match="does not answer in time"):
        await source.open()
    over.set()


def test_paths_are_no_urls():
    assert [is_url(place) for place in ("s3://b/k", "memory://a", "zip://a.png::s3://b/k.zip")] == [True] * 3
    assert [is_url(place) for place in ("a.png", "/a/b.png", r"C:\a.png", b"s3://b/k")] == [False] * 4
