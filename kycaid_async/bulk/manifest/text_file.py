"""Manifests that are text: their encoding, and their lines."""

import codecs
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final, TextIO

import attrs

from kycaid_async.errors import ManifestError
from kycaid_async.masking import shown_name
from kycaid_async.uploads.path_source import why_not_opened

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
FIRST_BYTES: Final = 512


@attrs.frozen
class Encoding:
    """How text became bytes."""

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


@contextmanager
def open_bytes(path: str) -> Iterator[IO[bytes]]:
    """Open a manifest. Raises `ManifestError`."""
    try:
        # Before it is opened: a pipe is read once, and a manifest is read twice.
        if not stat.S_ISREG(mode := _mode(path)) and not stat.S_ISDIR(mode):
            raise ManifestError(
                f"{shown_name(path)}: is no regular file; write the rows to one, for they are read twice"
            )
        with open(path, "rb") as file:  # noqa: PTH123
            yield file
    except OSError as error:
        raise ManifestError(f"{shown_name(path)}: cannot be read ({why_not_opened(path, error)})") from error


@contextmanager
def open_text(path: str, encoding: Encoding) -> Iterator[TextIO]:
    """Open a manifest as text. Bytes that are none come through as such, and are found in the row that has them."""
    with open_bytes(path):
        pass
    try:
        with open(path, encoding=encoding.name, errors="surrogateescape", newline="") as file:  # noqa: PTH123
            if encoding.mark:
                file.read(1)
            yield file
    except OSError as error:
        raise ManifestError(f"{shown_name(path)}: cannot be read ({why_not_opened(path, error)})") from error
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{shown_name(path)}: is not text in {encoding.name}; say which it is with --encoding, or encoding="
        ) from error


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - a path that is no text for this system stays as it is
    except UnicodeEncodeError as error:
        raise ManifestError(f"{shown_name(path)}: cannot be read ({why_not_opened(path, error)})") from error
