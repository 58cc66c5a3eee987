"""Files by their path: opened without a thread where that is quick, read without one where nothing blocks."""

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
from itertools import count

import pytest

from kycaid_async import InvalidFileError, UploadSourceError
from kycaid_async.uploads import path_source
from kycaid_async.uploads.path_source import PathSource, QuickFolders
from tests.pictures import picture

pytestmark = pytest.mark.skipif(not hasattr(os, "RWF_NOWAIT"), reason="elsewhere all of it is done in threads")


class Clock:
    """Says how long each opening takes, and remembers which threads asked."""

    def __init__(self) -> None:
        self.now = 0.0
        self.step = 0.0
        self.threads: list[bool] = []

    def __call__(self) -> float:
        self.now += self.step
        self.threads.append(threading.current_thread() is threading.main_thread())
        return self.now

    @property
    def last_was_inline(self) -> bool:
        return self.threads[-1]


async def content(source: PathSource) -> bytes:
    reading = await source.open()
    try:
        parts = [bytes(reading.head)]
        while chunk := await reading.read():
            parts.append(bytes(chunk))
        assert await reading.unchanged()
        return b"".join(parts)
    finally:
        await reading.close()


async def test_a_folder_shows_in_a_thread_that_it_is_quick_and_is_out_when_it_is_not(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(picture(5000))
    clock = Clock()
    source = PathSource(str(path), QuickFolders(), clock, waits=count().__next__)
    found = []
    for step in (0.0, 0.0, 0.5, 0.0, 0.0):
        clock.step = step
        assert await content(source) == picture(5000)
        found.append(clock.last_was_inline)
    assert found == [False, True, True, False, True]


async def test_a_folder_stays_quick_while_other_programs_have_the_core(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(picture(5000))
    clock = Clock()
    source = PathSource(str(path), QuickFolders(), clock, waits=lambda: 7)
    found = []
    for step in (0.0, 0.5, 0.5, 0.5):
        clock.step = step
        assert await content(source) == picture(5000)
        found.append(clock.last_was_inline)
    assert found == [False, True, True, True]


def test_the_system_counts_how_often_a_thread_waits():
    before = path_source._waits()
    threading.Event().wait(0.001)
    assert path_source._waits() > before


async def test_a_folder_that_is_slow_stays_with_the_threads(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(picture(5000))
    clock = Clock()
    clock.step = 1.0
    for _ in range(3):
        await content(PathSource(str(path), folders := QuickFolders(), clock, waits=count().__next__))
        assert str(tmp_path) not in folders
    assert not any(clock.threads)


def test_only_so_many_folders_are_remembered():
    folders = QuickFolders(most=3)
    for n in range(4):
        folders.note(str(n), 0.0)
    assert [str(n) in folders for n in range(4)] == [False, False, False, True]


@pytest.mark.parametrize("size", [1, 8192, 200_000, 1 << 20, (1 << 20) + 1, 3_000_000])
@pytest.mark.parametrize("cached", ["all", "nothing", "then no more", "a little each time", "not supported"])
async def test_whatever_is_in_memory_the_content_is_whole(size, cached, tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(picture(size))
    real, calls = os.preadv, count()

    def preadv(fd, buffers, offset, flags=0):
        n = next(calls)
        if cached == "nothing" or (cached == "then no more" and n):
            raise BlockingIOError
        if cached == "not supported":
            raise OSError(95, "not supported")
        if cached == "a little each time":
            buffers = [memoryview(buffers[0])[:4000]]
        return real(fd, buffers, offset, flags)

    folders = QuickFolders()
    folders.note(str(tmp_path), 0.0)
    monkeypatch.setattr(os, "preadv", preadv)
    found = await content(PathSource(str(path), folders))
    assert hashlib.sha256(found).digest() == hashlib.sha256(picture(size)).digest()


@pytest.mark.parametrize("quick", [False, True])
async def test_what_cannot_be_opened_is_named_and_leaves_nothing_open(quick, tmp_path):
    folders = QuickFolders()
    if quick:
        folders.note(str(tmp_path), 0.0)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(InvalidFileError, match=r"scan\.png: cannot be opened"):
        await PathSource(str(tmp_path / "scan.png"), folders).open()
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InvalidFileError, match="is a directory"):
        await PathSource(str(tmp_path / "folder.png"), folders).open()
    assert len(os.listdir("/proc/self/fd")) == before


async def test_a_disk_that_fails_at_the_first_read_is_named_and_leaves_nothing_open(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(picture(5000))

    def fails(*_args):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", fails)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(UploadSourceError, match=r"a\.png: cannot be read"):
        await PathSource(str(path), QuickFolders()).open()
    assert len(os.listdir("/proc/self/fd")) == before


def is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


async def test_a_hash_that_is_cancelled_keeps_its_descriptor_until_it_has_read(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(picture(3_000_000))
    reading = await PathSource(str(path)).open()
    fd, begun, go_on = reading.fd, threading.Event(), threading.Event()

    def read_at(fd, size, offset):
        begun.set()
        go_on.wait(30)
        return os.pread(fd, size, offset)

    monkeypatch.setattr(path_source, "read_at", read_at)
    hashing = asyncio.ensure_future(reading.digest())
    await asyncio.to_thread(begun.wait, 30)
    hashing.cancel()
    await asyncio.wait([hashing])
    await reading.close()
    assert is_open(fd)
    go_on.set()
    while is_open(fd):
        await asyncio.sleep(0)


async def test_where_a_folder_cannot_be_opened_it_is_named_as_one(tmp_path):
    def denied(*_):
        raise PermissionError(13, "Permission denied")

    with pytest.raises(InvalidFileError, match="it is a directory"):
        await PathSource(str(tmp_path), opener=denied).open()


def test_a_path_that_the_system_cannot_spell_is_told_with_a_way_out(tmp_path):
    program = """
import asyncio, sys
from kycaid_async import InvalidFileError, ManifestError, read_manifest
from kycaid_async.uploads import path_source
from kycaid_async.uploads.path_source import PathSource
for action in (lambda: asyncio.run(PathSource("\\u00e9.png").open()), lambda: read_manifest("\\u00e9.csv")):
    try:
        action()
    except (InvalidFileError, ManifestError) as error:
        print(ascii(error.message))
"""
    environment = os.environ | {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stderr == ""
    assert [line.partition(": ")[2] for line in done.stdout.splitlines()] == [
        "cannot be opened (the paths of this system are ascii, and this one is not; set PYTHONUTF8=1)'",
        "cannot be read (the paths of this system are ascii, and this one is not; set PYTHONUTF8=1)'",
    ]
