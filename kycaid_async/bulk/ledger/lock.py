"""Whether anybody has a database open, asked in SQLite's own way: by a lock on the bytes that it locks."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Final

from kycaid_async.bulk.ledger.problems import in_use

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_SHARED_AT: Final = 0x40000002
_SHARED_SIZE: Final = 510

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


def _lock(fd: int) -> None:
    if sys.platform == "win32":
        os.lseek(fd, _SHARED_AT, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, _SHARED_SIZE)
    else:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_AT)


Claim = tuple[int, int]


def claim(path: str, name: str) -> Claim:
    """Say that this process opens the file. Raises `LedgerError` when it has it open.

    Locks of POSIX are gone when *any* descriptor of the file is closed in their process: a file that is open here must
    not even be looked at.
    """
    found = os.stat(path)  # noqa: PTH116
    place = (found.st_dev, found.st_ino)
    with _guard:
        if place in _open:
            raise in_use(name)
        _open.add(place)
    return place


def release(place: Claim) -> None:
    """Say that the file is closed."""
    with _guard:
        _open.discard(place)
