"""A workbook: its sheets, and the rows of one."""

import posixpath
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import IO, Any, Final

import attrs

from kycaid_async.bulk.manifest.sheets.cells import NO_DAY, CellStyle, SheetCell, date_cell, number_cell
from kycaid_async.bulk.manifest.sheets.parts import WorkbookError, XmlPart, pieces, plain, read_small
from kycaid_async.bulk.temporary_tables import temporary_tables

_MOST_COLUMNS: Final = 16_384
_MOST_ROWS: Final = 2**31
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})[0-9]+")
_NEVER_CALCULATED: Final = SheetCell("error", "#FORMULA!")
_IN_MEMORY = 2**20
"""Characters. What is beyond them goes to a temporary file of SQLite, which has no name and ends with its owner."""
_AT_ONCE = 1000


class SharedStrings:
    """Texts by number: memory stays as it is however many there are."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._size = 0
        self._later: list[tuple[int, str]] = []
        self._count = 0
        self._db: sqlite3.Connection | None = None
        self._stored = lru_cache(4096)(self._read)

    def add(self, text: str) -> None:
        """Add the next text."""
        if self._size < _IN_MEMORY:
            self._first.append(text)
            self._size += len(text) + 64
        else:
            self._later.append((self._count, text))
            if len(self._later) == _AT_ONCE:
                self._flush()
        self._count += 1

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < self._count:
            raise IndexError(number)
        return self._first[number] if number < len(self._first) else self._stored(number)

    def _flush(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = temporary_tables("CREATE TABLE strings (number INTEGER PRIMARY KEY, text TEXT)")
        self._db.executemany("INSERT INTO strings VALUES (?, ?)", self._later)
        self._later = []
        return self._db

    def _read(self, number: int) -> str:
        (text,) = self._flush().execute("SELECT text FROM strings WHERE number = ?", (number,)).fetchone()
        return str(text)

    def close(self) -> None:
        """Let go of the temporary file."""
        if self._db is not None:
            self._db.close()


@attrs.define
class Workbook:
    """An .xlsx file. Raises `WorkbookError` where it cannot be read."""

    _archive: zipfile.ZipFile
    sheets: dict[str, str]
    """The names of its visible sheets of cells, in order, with the parts that hold them."""
    _parts: dict[str, str]
    """The parts that the workbook names, by their kind."""
    since_1904: bool
    """Whether days are counted from 1904 on, as old Macintoshes did."""

    @classmethod
    def open(cls, file: IO[bytes]) -> "Workbook":
        """Look at what is in a file."""
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise WorkbookError("is no .xlsx workbook, or one with a password; save it as .xlsx without one") from error
        root = _relations(archive, "_rels/.rels", "")
        main = next((part for kind, part in root.values() if kind == "officeDocument"), "")
        if not main:
            raise WorkbookError("is no .xlsx workbook; save it as one")
        folder, name = posixpath.split(main)
        relations = _relations(archive, f"{folder}/_rels/{name}.rels", folder)
        sheets: dict[str, str] = {}
        found = cls(archive, sheets, dict(relations.values()), since_1904=False)

        def begin(name: str, attributes: dict[str, str]) -> None:
            if name == "workbookPr":
                found.since_1904 = attributes.get("date1904") in {"1", "true", "on"}
            elif name == "sheet" and attributes.get("state", "visible") == "visible":
                relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
                kind, part = relations.get(relation, ("", ""))
                if kind == "worksheet":
                    sheets[attributes.get("name", "")] = part

        read_small(archive, main, begin)
        return found

    def rows(self, sheet: str) -> Iterator[tuple[int, list[str]]]:
        """Give each row of a sheet that has a cell, with its number."""
        styles, strings = self._styles(), SharedStrings()
        try:
            self._read_strings(strings)
            reader = _SheetReader(styles, strings, self.since_1904)
            for piece in pieces(self._archive, self.sheets[sheet]):
                reader.part.feed(piece)
                yield from reader.take()
            reader.part.feed(b"", last=True)
            yield from reader.take()
        finally:
            strings.close()

    def _styles(self) -> list[CellStyle]:
        codes: dict[int, str] = {}
        numbers: list[int] = []
        inside = [""]

        def begin(name: str, attributes: dict[str, str]) -> None:
            if name == "numFmt":
                codes[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif name in {"cellXfs", "cellStyleXfs", "dxfs", "cellStyles"}:
                inside[0] = name
            elif name == "xf" and inside[0] == "cellXfs":
                numbers.append(_whole(attributes.get("numFmtId")))

        if "styles" in self._parts:
            read_small(self._archive, self._parts["styles"], begin)
        return [CellStyle.of(number, codes) for number in numbers]

    def _read_strings(self, strings: SharedStrings) -> None:
        texts: list[str] = []
        phonetic = [False]

        def begin(name: str, _: dict[str, str]) -> None:
            if name == "si":
                texts.clear()
            elif name == "rPh":
                phonetic[0] = True

        def end(name: str, text: str) -> None:
            if name == "si":
                strings.add(plain("".join(texts)))
            elif name == "rPh":
                phonetic[0] = False
            elif name == "t" and not phonetic[0]:
                texts.append(text)

        if "sharedStrings" in self._parts:
            part = XmlPart(begin=begin, end=end, texts=frozenset({"t"}))
            for piece in pieces(self._archive, self._parts["sharedStrings"]):
                part.feed(piece)
            part.feed(b"", last=True)


class _SheetReader:
    """Makes rows of the elements of a sheet."""

    def __init__(self, styles: list[CellStyle], strings: SharedStrings, since_1904: bool) -> None:
        self._styles, self._strings, self._since_1904 = styles, strings, since_1904
        self._ready: list[tuple[int, list[str]]] = []
        self._number, self._cells = 0, list[str]()
        self._column = -1
        self._type, self._style = "n", CellStyle()
        self._value, self._texts, self._formula, self._phonetic = "", list[str](), False, False
        self.part: Final = XmlPart(begin=self._begin, end=self._end, texts=frozenset({"v", "t"}))

    def take(self) -> list[tuple[int, list[str]]]:
        """Return the rows that are complete, once."""
        ready, self._ready = self._ready, []
        return ready

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            number = _whole(attributes.get("r")) or self._number + 1
            if not self._number < number < _MOST_ROWS:
                raise WorkbookError("has rows that are out of order")
            self._number, self._cells, self._column = number, [], -1
        elif name == "f":
            self._formula = True
        elif name == "rPh":
            self._phonetic = True

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._column = self._column + 1 if reference is None else _column(reference[1])
        if not len(self._cells) <= self._column < _MOST_COLUMNS:
            raise WorkbookError("has cells that are out of order")
        self._type = attributes.get("t", "n")
        style = _whole(attributes.get("s"))
        self._style = self._styles[style] if style < len(self._styles) else CellStyle()
        self._value, self._formula = "", False
        self._texts.clear()

    def _end(self, name: str, text: str) -> None:
        if name == "v":
            self._value = text
        elif name == "t":
            if not self._phonetic:
                self._texts.append(text)
        elif name == "rPh":
            self._phonetic = False
        elif name == "c":
            cell = self._cell()
            if cell != "":
                self._cells += [""] * (self._column - len(self._cells))
                self._cells.append(cell)
        elif name == "row" and self._cells:
            self._ready.append((self._number, self._cells))

    def _cell(self) -> str:  # noqa: PLR0911 - a table
        kind, value = self._type, self._value
        if kind == "inlineStr":
            return plain("".join(self._texts))
        if value == "" and self._formula and kind != "str":
            return _NEVER_CALCULATED
        if value == "" or kind == "str":
            return plain(value)
        try:
            if kind == "s":
                return self._strings[int(value)]
            if kind == "n":
                return number_cell(value, self._style, since_1904=self._since_1904)
        except (ValueError, IndexError, OverflowError) as error:
            raise WorkbookError("has a cell that names no value") from error
        if kind == "d":
            return _date_cell(value)
        if kind == "b":
            return SheetCell("boolean", "true" if value == "1" else "false")
        return SheetCell("error", value)


def _date_cell(text: str) -> SheetCell:
    try:
        return date_cell(datetime.fromisoformat(text))
    except ValueError:  # such as a time of day: wrong for its row only, if for any
        return SheetCell("error", NO_DAY)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 11 else 0  # noqa: PLR2004 - digits of what fits an index


def _relations(archive: zipfile.ZipFile, name: str, folder: str) -> dict[str, tuple[str, str]]:
    """Return the parts that another one names, by what it calls them, with their kinds."""
    found: dict[str, tuple[str, str]] = {}

    def begin(element: str, attributes: dict[str, Any]) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            kind = posixpath.basename(attributes.get("Type", ""))
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found[attributes.get("Id", "")] = (kind, target)

    read_small(archive, name.lstrip("/"), begin)
    return found
