"""Formats of manifests: what every one does, and what those that are text have in common."""

import os
import stat
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, Protocol, TextIO

import attrs

from kycaid_async.bulk.manifest.places import Reach
from kycaid_async.bulk.manifest.row import BadRow, ManifestRow
from kycaid_async.errors import ManifestError
from kycaid_async.masking import shown_name
from kycaid_async.uploads.path_source import why_not_opened

LONGEST: Final = 2**16
"""Characters of a row, its line break included. All fields of a row at their limits are a third of it."""


class RejectsWriter(Protocol):
    """Writes rows into a file of rejects, which is a manifest of the same format."""

    def add(self, raw: Any, *, line: int, reason: str) -> None:
        """Write what stood in the manifest, as ``raw`` of its row has it, behind its line and the reason."""

    def close(self) -> None:
        """Write what the file still lacks. The file itself is closed by the one who opened it."""


class ManifestFormat(Protocol):
    """The format of one manifest, with its columns: reads its rows, and writes rows back into a file of rejects."""

    def rows(self, path: str, *, reach: Reach) -> Iterator[ManifestRow | BadRow]:
        """Give each row in order, with its line from 1. Raises `ManifestError` when the file cannot be read."""
        ...

    def writer(self, file: BinaryIO) -> RejectsWriter:
        """Return what writes into ``file``, which is new and empty."""
        ...


class TextFormat(ManifestFormat):
    """A format with a row on each line. It is read a line at a time, and its rejects are on the disk line by line."""

    def rows(self, path: str, *, reach: Reach) -> Iterator[ManifestRow | BadRow]:
        with open_text(path) as file:
            yield from self.rows_of(file, reach=reach)

    def writer(self, file: BinaryIO) -> RejectsWriter:
        return _LineWriter(self, file)

    @abstractmethod
    def rows_of(self, file: TextIO, *, reach: Reach) -> Iterator[ManifestRow | BadRow]:
        """Give each row of ``file``."""

    @abstractmethod
    def header(self) -> str:
        """Return what a file of rejects begins with."""

    @abstractmethod
    def reject(self, raw: Any, *, line: int, reason: str) -> str:
        """Return the line of a file of rejects for what stands in ``raw``."""


@attrs.define
class _LineWriter:
    _format: TextFormat
    _file: BinaryIO
    _has_header: bool = False

    def add(self, raw: Any, *, line: int, reason: str) -> None:
        text = self._format.reject(raw, line=line, reason=reason)
        if not self._has_header:
            self._has_header, text = True, self._format.header() + text
        self._file.write(text.encode(errors="surrogateescape"))
        self._file.flush()

    def close(self) -> None:
        return


@contextmanager
def open_text(path: str) -> Iterator[TextIO]:
    """Open a manifest that is text. Raises `ManifestError` for whatever goes wrong while it is open."""
    try:
        check_regular(path)
        # Bytes that are no text come through as such, and are found in the row that has them.
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:  # noqa: PTH123 - as spelt
            yield file
    except OSError as error:
        raise ManifestError(f"{shown_name(path)}: cannot be read ({why_not_opened(path, error)})") from error


def check_regular(path: str) -> None:
    """Refuse a pipe before it is opened: it is read once, and a manifest twice. Raises `ManifestError`, `OSError`."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a path that is no text for this system stays as it is
    except UnicodeEncodeError as error:
        raise ManifestError(f"{shown_name(path)}: cannot be read ({why_not_opened(path, error)})") from error
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ManifestError(f"{shown_name(path)}: is no regular file; write the rows to one, for they are read twice")


def lines_of(file: TextIO) -> Iterator[tuple[int, str]]:
    """Give each line with its number, from 1: the first `LONGEST` characters of it, which none that is fit has."""
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        part = line
        while len(part) == LONGEST and not part.endswith(("\n", "\r")):
            part = file.readline(LONGEST)
        yield number, line
