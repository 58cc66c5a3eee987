"""Proof that the two files of a ledger belong together, by what stands in them, before SQLite trusts either.

SQLite keeps the newest part of a database in a file of its own, the -wal, and takes whatever lies there, or nothing, as
right. So both parts carry a mark: the ``application_id`` of the database, a number of this ledger's own, and its
``user_version``, which moves on with every step in which content changes places:

* *closed*: all is in the main file. The -wal may be missing.
* *sealed*: last in a -wal before it is moved to the main file. A main file that says so needs its -wal.
* *begun*: first in a -wal that is written anew. It never gets into the main file without a seal behind it.
"""

import contextlib
import enum
import os
import secrets
import sqlite3
import struct
import sys
from pathlib import Path
from typing import Final, Self

import attrs

# Here, and not where they are used: that is in a thread, and one that imports while Ctrl-C ends an import in the main
# thread can wait for ever.
if sys.version_info < (3, 12):
    import ctypes

_NUMBERS: Final = 2**31 - 1
_FILE_HEADER, _WAL_HEADER, _FRAME_HEADER = 100, 32, 24
_VERSION_AT, _NUMBER_AT = 60, 68
_CHECKPOINTS_AT = 12
"""Where a -wal says how often it was written anew since it was made."""


class Step(enum.IntEnum):
    """Step of a ledger between being closed, and closed again."""

    CLOSED = 0
    SEALED = 1
    BEGUN = 2
    FOREIGN = 3
    """No step of ours."""


@attrs.frozen
class Mark:
    """A step in the life of a ledger. Each comes once."""

    ledger: int
    """A number of the ledger's own; 0 before it has one."""
    epoch: int
    step: Step

    @classmethod
    def of(cls, application_id: int, user_version: int) -> Self:
        """Return the mark that stands in the head of a database."""
        return cls(application_id, user_version >> 2, Step(user_version & 3))

    @property
    def user_version(self) -> int:
        """Number in the head of a database that stands for the epoch and the step."""
        return self.epoch << 2 | self.step

    @property
    def sealed(self) -> "Mark":
        """The next seal. With the first one a ledger gets its number."""
        return Mark(self.ledger or secrets.randbelow(_NUMBERS) + 1, self.epoch + 1, Step.SEALED)

    @property
    def begun(self) -> "Mark":
        """Mark with which a -wal begins after this."""
        return Mark(self.ledger, self.epoch, Step.BEGUN)

    @property
    def closed(self) -> "Mark":
        """Mark that closes it after this."""
        return Mark(self.ledger, self.epoch + 1, Step.CLOSED)

    def fits(self, wal: "Mark") -> bool:
        """Say whether a -wal with this mark belongs to a main file with mine."""
        if self.ledger and wal.ledger != self.ledger:
            return False
        steps = {(0, self.step), (1, Step.SEALED)}
        if self.step is Step.SEALED:
            steps |= {(0, Step.BEGUN), (1, Step.CLOSED)}
        return (wal.epoch - self.epoch, wal.step) in steps


NO_MARK: Final = Mark(0, 0, Step.CLOSED)
"""That of a file which is no ledger of this format, or not yet."""


@attrs.frozen
class MainFile:
    """Head of a main file."""

    is_database: bool
    mark: Mark


def read_main(path: str) -> MainFile | None:
    """Return what the main file says, None when there is none, or nothing in it."""
    try:
        with open(path, "rb") as file:
            head = file.read(_FILE_HEADER)
    except FileNotFoundError:
        return None
    if not head:
        return None
    whole = len(head) == _FILE_HEADER and head.startswith(b"SQLite format 3\0")
    return MainFile(is_database=whole, mark=_mark(head) if whole else NO_MARK)


def mark_closed(path: str) -> None:
    """Let a main file that has everything, and that nobody has open, say so."""
    main = read_main(path)
    if main is not None and main.mark.ledger and main.mark.step is not Step.CLOSED:
        with open(path, "r+b") as file:
            file.seek(_VERSION_AT)
            file.write(main.mark.closed.user_version.to_bytes(4, "big"))
            file.flush()
            os.fsync(file.fileno())


@attrs.frozen
class WalFile:
    """Content of a -wal."""

    frames: int
    """How many of its pages count."""
    mark: Mark
    """The newest one in it."""
    is_damaged: bool
    """True when SQLite would stop reading before its end."""
    is_written_anew: bool = False
    """True when nothing counts, because what it held was moved to the main file."""


def read_wal(path: str) -> WalFile | None:
    """Return what the -wal of the ledger at ``path`` says, None when there is none, or nothing in it."""
    try:
        data = Path(wal_path(path)).read_bytes()
    except FileNotFoundError:
        return None
    if not data:
        return None
    if len(data) < _WAL_HEADER or _number(data, 0) & ~1 != 0x377F0682:  # noqa: PLR2004 - SQLite's own
        return WalFile(0, NO_MARK, is_damaged=len(data) > _WAL_HEADER)
    return _read(data)


def wal_path(path: str) -> str:
    """Return where SQLite keeps the newest part of the database at ``path``."""
    return f"{path}-wal"


def _read(data: bytes) -> WalFile:
    order, page_size = "<>"[data[3] & 1], _number(data, 8)
    sums = _checksum(data[:24], (0, 0), order)
    if sums != struct.unpack_from(">II", data, 24):
        return WalFile(0, NO_MARK, is_damaged=True)
    salts, size = data[16:24], page_size + _FRAME_HEADER
    counted, mark, newest, at = 0, NO_MARK, NO_MARK, _WAL_HEADER
    for at in range(_WAL_HEADER, len(data) - size + 1, size):
        sums = _checksum(data[at + _FRAME_HEADER : at + size], _checksum(data[at : at + 8], sums, order), order)
        if data[at + 8 : at + 16] != salts or sums != struct.unpack_from(">II", data, at + 16):
            break
        page, commit = struct.unpack_from(">II", data, at)
        if page == 1:
            newest = _mark(data[at + _FRAME_HEADER :])
        if commit:
            counted, mark = (at - _WAL_HEADER) // size + 1, newest
    anew = counted == 0 and _number(data, _CHECKPOINTS_AT) > 0 and len(data) >= _WAL_HEADER + size
    return WalFile(counted, mark, is_damaged=_commits(data[at:], salts, size) > 1, is_written_anew=anew)


def _mark(page: bytes) -> Mark:
    """Return the mark on the first page of a database."""
    return Mark.of(_number(page, _NUMBER_AT), _number(page, _VERSION_AT))


def _commits(data: bytes, salts: bytes, size: int) -> int:
    """Count the transactions behind a break. One may be what a power failure cut off: nobody relied on it."""
    ends = range(0, len(data) - size + 1, size)
    return sum(data[at + 8 : at + 16] == salts and _number(data, at + 4) > 0 for at in ends)


def _checksum(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for at in range(0, len(words), 2):
        first = (first + words[at] + second) & 0xFFFFFFFF
        second = (second + words[at + 1] + first) & 0xFFFFFFFF
    return first, second


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")


def close_connection(connection: sqlite3.Connection, path: str, *, keep_wal: bool) -> None:
    """Close the connection to a database, and let its -wal stay, or go."""
    if not path:
        connection.close()
    elif sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep_wal)
        connection.close()
    else:
        had_wal = size_of(wal_path(path)) > 0
        if keep_wal:
            connection.interrupt()  # so that SQLite does not move and delete the -wal
        connection.close()
        if keep_wal and had_wal and not size_of(wal_path(path)):
            mark_closed(path)  # it did all the same: there was nothing left to move
        pin(connection, pinned=False)


def pin(connection: sqlite3.Connection, *, pinned: bool) -> None:
    """Let a connection outlive all that refers to it: SQLite deletes the -wal of one that is collected."""
    if sys.version_info < (3, 12):
        (ctypes.pythonapi.Py_IncRef if pinned else ctypes.pythonapi.Py_DecRef)(ctypes.py_object(connection))


def size_of(path: str) -> int:
    """Return the size of a file, 0 when there is none."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def make_main(path: str) -> None:
    """Make the file when there is none, for its owner only; SQLite gives the -wal file the same permissions."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
