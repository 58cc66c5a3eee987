"""Claim on a database, asked in SQLite's own way whether anybody has it open: by a lock on the bytes that it locks."""

import contextlib
import os
import stat
import sys
import threading
from collections.abc import Iterator
from typing import Final

from kycaid_async.bulk.ledger.problems import damaged, in_use, not_a_file
from kycaid_async.bulk.ledger.secret import secret_path
from kycaid_async.bulk.ledger.wal import wal_path

_SHARED_AT: Final = 0x40000002
_SHARED_SIZE: Final = 510

if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> None:
        os.lseek(fd, _SHARED_AT, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, _SHARED_SIZE)

else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_AT)


_LARGEST_WAL: Final = 2**28
"""Bytes. A run moves its content to the main file long before."""
_ANOTHER_FILE: Final = bytes.fromhex("d9d505f920a163d7")
"""How a -journal ends that names another file, which SQLite would delete."""

_open: set[tuple[int, int]] = set()
_guard = threading.Lock()


@contextlib.contextmanager
def alone(path: str, name: str) -> Iterator[None]:
    """Let nobody open the database at ``path`` meanwhile. Raises `LedgerError` when somebody has it open."""
    # Read and write: only such a file can be locked for oneself. Where none can be had, nobody writes to it either.
    try:
        fd = os.open(path, os.O_RDWR)
    except OSError:
        yield
        return
    try:
        try:
            _lock(fd)
        except OSError as error:
            raise in_use(name) from error
        yield
    finally:
        os.close(fd)


def check_kinds(path: str, name: str) -> None:
    """Raise `LedgerError` when a part of the ledger is what no run leaves there. It may be a stranger's.

    A pipe or a device would never end, and what is written to a part that is a link changes another file.
    """
    wal, journal = wal_path(path), f"{path}-journal"
    for part, look in ((path, os.lstat), (wal, os.lstat), (journal, os.lstat), (secret_path(path), os.stat)):
        with contextlib.suppress(FileNotFoundError):
            status = look(part)
            if not stat.S_ISREG(status.st_mode):
                raise not_a_file(name + part.removeprefix(path))
            if part == wal and status.st_size > _LARGEST_WAL:
                raise damaged(name)
    if names_another_file(journal):
        raise damaged(name)


def names_another_file(journal: str) -> bool:
    """Say whether a -journal is one by which SQLite would delete another file. A program with one database has none."""
    with contextlib.suppress(FileNotFoundError), open(journal, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - len(_ANOTHER_FILE)))
        return file.read() == _ANOTHER_FILE
    return False


Claim = tuple[int, int]


def claim(path: str, name: str) -> Claim:
    """Say that this process opens the file. Raises `LedgerError` when it has it open, or cannot use its parts.

    Locks of POSIX are gone when *any* descriptor of the file is closed in their process: a file that is open here must
    not even be looked at.
    """
    check_kinds(path, name)
    status = os.stat(path)
    place = (status.st_dev, status.st_ino)
    with _guard:
        if place in _open:
            raise in_use(name)
        _open.add(place)
    return place


def release(place: Claim) -> None:
    """Say that the file is closed."""
    with _guard:
        _open.discard(place)
