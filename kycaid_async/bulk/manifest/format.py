"""Formats of manifests: what every one does, and what those that are text have in common."""

import codecs
import io
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, Protocol, TextIO

import attrs

from kycaid_async.errors import FieldProblem, ManifestError
from kycaid_async.masking import shown_name
from kycaid_async.uploads.path_source import why_not_opened

LONGEST: Final = 2**16
"""Characters of a row, its line break included. All fields of a row at their limits are a third of it."""
_EDGES: Final = "".join(
    map(
        chr,
        (
            *(*range(0x01, 0x21), 0x7F, 0x85, 0xA0, 0xAD, 0x61C, 0x1680, 0x180E),
            *(*range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0xFEFF),
        ),
    )
)
"""What has no ink: spaces of all kinds, and marks of width and direction."""


def trimmed(text: str) -> str:
    """Return ``text`` without what cannot be seen at its edges."""
    return text.strip(_EDGES)


@attrs.frozen
class Columns:
    """The columns of a file and the fields they fill."""

    names: tuple[str, ...]
    """As in the file, trimmed; empty for columns without a name."""
    targets: tuple[str | None, ...]
    """The columns of a manifest that they stand for; None for what is not read."""
    guessed: Mapping[str, str]
    """Those of the names that were guessed."""
    problems: tuple[FieldProblem, ...] = ()

    @property
    def known(self) -> int:
        """The number of names that are known, by whatever way."""
        return sum(target is not None for target in self.targets)


@attrs.frozen(kw_only=True)
class Record:
    """One record of a manifest and its line."""

    line: int
    raw: Any = attrs.field(repr=False)
    """As it stands there: cells, an object, or text."""
    values: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """By the columns of a manifest."""
    problems: tuple[FieldProblem, ...] = ()
    """Why it has no values."""


def table_record(columns: Columns, cells: Sequence[str], *, line: int) -> Record | None:
    """Return the record of a row of a table; None for one without content.

    Empty cells at the end may be missing, as spreadsheets leave them out, or be too many.
    """
    width = len(columns.names)
    if not any(map(trimmed, cells)):
        return None
    if any(map(trimmed, cells[width:])):
        problem = FieldProblem("row", f"{width} cells", f"{len(cells)}")
        return Record(line=line, raw=cells, problems=(problem,))
    nameless = tuple(
        FieldProblem(f"column {number}", "no content, for it has no name", "some")
        for number, (name, cell) in enumerate(zip(columns.names, cells, strict=False), 1)
        if not name and trimmed(cell)
    )
    pairs = zip(columns.targets, cells, strict=False)
    return Record(
        line=line, raw=cells, problems=nameless, values={target: cell for target, cell in pairs if target is not None}
    )


class RejectsWriter(Protocol):
    """Writes rows into a file of rejects, which is a manifest of the same format."""

    def add(self, raw: Any, *, line: int, reason: str) -> None:
        """Write what stood in the manifest, as ``raw`` of its row has it, behind its line and the reason."""

    def close(self) -> None:
        """Write what the file still lacks. The file itself is closed by the one who opened it."""


class ManifestFormat(Protocol):
    """The format of one manifest, with its columns: reads its rows, and writes rows back into a file of rejects."""

    @property
    def columns(self) -> Columns | None:
        """The names of its columns; None where each row names its own."""
        ...

    @property
    def typed(self) -> bool:
        """True where cells have types, so that numbers may have lost their zeros."""
        ...

    def records(self) -> Iterator[Record]:
        """Give what stands in each row, in order. Raises `ManifestError` when the file cannot be read."""
        ...

    def check_writer(self) -> None:
        """Raise `ModuleNotFoundError`, which says what to install, when its rows cannot be written back."""

    def writer(self, file: BinaryIO) -> RejectsWriter:
        """Return what writes into ``file``, which is new and empty."""
        ...


_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
FIRST_BYTES: Final = 512
"""Of a file that say what it is."""


@attrs.frozen
class Encoding:
    """The encoding of a text file."""

    name: str
    mark: bool = False
    """True when the file begins with a byte order mark."""

    @classmethod
    def of(cls, head: bytes, named: str | None) -> "Encoding":
        """Return the encoding of a file: what its byte order mark says, or what was named, or UTF-8."""
        for mark, name in _MARKS:
            if head.startswith(mark):
                return cls(name, mark=True)
        name = codecs.lookup(named or "utf-8").name
        # Without a mark these would be taken for the order of this machine.
        return cls({"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(name, name))

    @property
    def is_utf_8(self) -> bool:
        return self.name == "utf-8"


@attrs.frozen
class Span:
    """The rest of a text file."""

    first: int
    """The number of the line that begins at ``offset``."""
    offset: int = 0
    """Bytes before it."""


@attrs.frozen(kw_only=True)
class TextFormat(ABC):
    """A format with a row on each line. It is read a line at a time, and its rejects are on the disk line by line."""

    path: str
    encoding: Encoding
    span: Span | None = None
    """The part of the file that is read; None for all of it."""
    typed = False

    def lines(self) -> Iterator[tuple[int, str]]:
        """Give each line of what is read, with its number in the file."""
        span = self.span
        with open_text(self.path, self.encoding, offset=0 if span is None else span.offset) as file:
            yield from lines_of(file, first=1 if span is None else span.first)

    def check_writer(self) -> None:
        return

    def writer(self, file: BinaryIO) -> RejectsWriter:
        return _LineWriter(self, file)

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
        encoding = self._format.encoding.name
        # What stands in the file can be written to one like it; the reason may have letters that it cannot have.
        plain = reason.encode(encoding, "replace").decode(encoding)
        text = self._format.reject(raw, line=line, reason=plain)
        if not self._has_header:
            self._has_header, text = True, self._format.header() + text
        self._file.write(text.encode(encoding, "surrogateescape"))
        self._file.flush()

    def close(self) -> None:
        return


@contextmanager
def open_bytes(path: str) -> Iterator[BinaryIO]:
    """Open a manifest. Raises `ManifestError` for whatever goes wrong while it is open."""
    try:
        check_regular(path)
        with open(path, "rb") as file:  # noqa: PTH123 - as spelt
            yield file
            return
    except OSError as error:
        why = why_not_opened(path, error)
    # Not from within the handler: the system's error holds the whole path, with the names of its folders.
    raise ManifestError(f"{shown_name(path)}: cannot be read ({why})")


@contextmanager
def open_text(path: str, encoding: Encoding, *, offset: int = 0) -> Iterator[TextIO]:
    """Open a manifest as text, from ``offset`` bytes on. Bytes that are none are found in the row that has them."""
    try:
        with (
            open_bytes(path) as file,
            io.TextIOWrapper(file, encoding=encoding.name, errors="surrogateescape", newline="") as text,
        ):
            if offset:
                text.seek(offset)
            elif encoding.mark:
                text.read(1)
            yield text
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{shown_name(path)}: is not text in {encoding.name}; say which it is with --encoding, or encoding="
        ) from error


def check_regular(path: str) -> None:
    """Refuse a pipe before it is opened: it is read once, and a manifest twice. Raises `ManifestError`, `OSError`."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a path that is no text for this system stays as it is
    except UnicodeEncodeError as error:
        raise ManifestError(f"{shown_name(path)}: cannot be read ({why_not_opened(path, error)})") from error
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ManifestError(f"{shown_name(path)}: is no regular file; write the rows to one, for they are read twice")


def lines_of(file: TextIO, *, first: int = 1) -> Iterator[tuple[int, str]]:
    """Give each line with its number, from ``first`` on: its first `LONGEST` characters, which none that is fit has."""
    number = first - 1
    while line := file.readline(LONGEST):
        number += 1
        part = line
        while len(part) == LONGEST and not part.endswith(("\n", "\r")):
            part = file.readline(LONGEST)
        yield number, line


_TOO_LONG: Final = FieldProblem("row", f"at most {LONGEST:,} characters", "more")


def overlong(line: int, cells: list[str]) -> Record | None:
    """Return the record of a row of cells that is too long to be one; None for others."""
    if sum(map(len, cells)) < LONGEST:
        return None
    return Record(line=line, raw=[cell[:100] for cell in cells], problems=(_TOO_LONG,))
