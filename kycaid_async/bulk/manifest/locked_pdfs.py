"""PDFs that nobody can open without a password."""

import io
import logging
import re
from collections.abc import Sequence
from typing import IO, Final

import attrs

from kycaid_async.errors import InvalidFileError
from kycaid_async.extras import missing, require
from kycaid_async.masking import shown_path
from kycaid_async.uploads.kinds import PDF
from kycaid_async.uploads.reader import Buffer, Source, in_thread

_PIECE: Final = 2**20
_ENCRYPT: Final = re.compile(b"/" + b"".join(b"(?:%c|#(?i:%02x))" % (code, code) for code in b"Encrypt"))
_LONGEST_NAME: Final = 1 + 3 * len("Encrypt")
_MOST_LOOKED_INTO: Final = 64 * 2**20
"""Bytes of an encrypted PDF that are held to see whether it opens without a password."""


def needs_password(file: IO[bytes]) -> bool:
    """Say whether a PDF cannot be opened without a password. It may block.

    False where nobody can tell, for a damaged file. Many are encrypted and open without one all the same, as those that
    only must not be printed. Raises `ModuleNotFoundError` for one that is encrypted, without the extra ``pdf``.
    """
    search = EncryptionSearch()
    file.seek(0)
    while not search.found and (piece := file.read(_PIECE)):
        search.add(piece)
    if not search.found:
        return False
    pypdf = require("pypdf", "pdf")
    logger = logging.getLogger("pypdf")
    if logger.level == logging.NOTSET:  # it tells of each oddity of a file, without saying of which
        logger.setLevel(logging.CRITICAL)
    try:
        file.seek(0)
        reader = pypdf.PdfReader(file, strict=False)
        return bool(reader.is_encrypted and reader.decrypt("") == pypdf.PasswordType.NOT_DECRYPTED)
    except pypdf.errors.DependencyError as error:
        raise missing("pdf", ImportError(name="cryptography")) from error
    except Exception:  # noqa: BLE001 - a damaged file breaks a reader in any way
        return False


@attrs.define
class EncryptionSearch:
    """Searches all of a PDF, for its trailer may stand anywhere; letters of a name may be written as codes."""

    found: bool = False
    """True when it says that it is encrypted; many such open without a password."""
    _before: bytes = attrs.field(default=b"", repr=False)

    def add(self, piece: Buffer) -> None:
        """Go on with the next piece."""
        data = self._before + bytes(piece)
        self.found = self.found or _ENCRYPT.search(data) is not None
        self._before = data[-_LONGEST_NAME:]


async def check_ends(source: Source, size: int, kind: str, ends: Sequence[Buffer]) -> None:
    """Raise `InvalidFileError` for a large PDF that says at an end, where most do, that it needs a password."""
    if kind == PDF.content_type and size <= _MOST_LOOKED_INTO and any(map(says_encrypted, ends)):
        await check_lock(source, await _all_of(source))


def says_encrypted(part: Buffer) -> bool:
    """Say whether a part of a PDF says that it is encrypted."""
    search = EncryptionSearch()
    search.add(part)
    return search.found


async def check_lock(source: Source, pdf: bytes) -> None:
    """Raise `InvalidFileError` for a PDF that nobody can open without a password."""
    try:
        is_locked = await in_thread(lambda: needs_password(io.BytesIO(pdf)))
    except ModuleNotFoundError:
        return  # without the extra nobody can tell
    if is_locked:
        raise InvalidFileError(
            f"{shown_path(source.label)}: expected a PDF that opens without a password; it is an encrypted one",
            file=source.label,
        )


async def _all_of(source: Source) -> bytes:
    reading = await source.open()
    try:
        parts = [bytes(reading.head)]
        while part := await reading.read():
            parts.append(bytes(part))
        return b"".join(parts)
    finally:
        await reading.close()
