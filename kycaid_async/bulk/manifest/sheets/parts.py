"""The XML parts of a workbook, read piece by piece and within limits: it may be a stranger's."""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final
from xml.parsers import expat

_PIECE: Final = 2**16
MOST_SMALL: Final = 2**24
"""Bytes of a part that says something of the others."""
_MOST: Final = 2**33
_BOMB: Final = 400
"""How many times smaller packed than not is beyond what tables come to; looked at from `MOST_SMALL` bytes on."""
_LONGEST_TEXT: Final = 2**16
_CODE: Final = re.compile("_x([0-9A-Fa-f]{4})_")

Begin = Callable[[str, dict[str, str]], None]


class WorkbookError(Exception):
    """A file is no workbook, or not one that can be read. Its text says why."""


class XmlPart:
    """Reads one part. Texts are collected in elements of the names that are asked for, however they are cut up."""

    def __init__(self, *, begin: Begin, end: Callable[[str, str], None], texts: frozenset[str]) -> None:
        self._begin, self._end, self._texts = begin, end, texts
        self._open = ""
        self._parts: list[str] = []
        self._size = 0
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._started
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Read on. Raises `WorkbookError`."""
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise WorkbookError("has a part that is no XML") from error

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name in self._texts:
            self._open, self._parts, self._size = name, [], 0
        self._begin(name, attributes)

    def _text(self, text: str) -> None:
        if self._open and self._size < _LONGEST_TEXT:
            self._parts.append(text)
            self._size += len(text)

    def _ended(self, name: str) -> None:
        name = name.rpartition(":")[2]
        text = ""
        if name == self._open:
            text, self._open = "".join(self._parts), ""
        self._end(name, text)

    def _refuse(self, *_: object) -> None:
        raise WorkbookError("declares a document type, which no program that writes workbooks does")


def pieces(archive: zipfile.ZipFile, name: str, most: int = _MOST) -> Iterator[bytes]:
    """Give the bytes of a part. Raises `WorkbookError` when it is missing, broken, or beyond all measure."""
    try:
        size, packed = 0, max(archive.getinfo(name).compress_size, 1)
        with archive.open(name) as part:
            while piece := part.read(_PIECE):
                size += len(piece)
                if size > most or (size > MOST_SMALL and size > packed * _BOMB):
                    raise WorkbookError("is far larger than it looks: it was made to fill a disk")
                yield piece
    except KeyError as error:
        raise WorkbookError("lacks a part that every workbook has") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise WorkbookError("is damaged, or packed in a way that is not read") from error


def read_small(archive: zipfile.ZipFile, name: str, begin: Begin) -> None:
    """Read a part that has no texts. Raises `WorkbookError`."""
    part = XmlPart(begin=begin, end=_ignore, texts=frozenset())
    for piece in pieces(archive, name, MOST_SMALL):
        part.feed(piece)
    part.feed(b"", last=True)


def plain(text: str) -> str:
    """Return a text as it was before characters that XML cannot hold were written as codes."""
    return _CODE.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


def _ignore(*_: Any) -> None:
    """Do nothing."""
