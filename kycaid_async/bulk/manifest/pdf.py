"""PDFs that nobody can open without a password."""

import logging
import os
from typing import IO, Final

_HEAD: Final = 2**16
_TAIL: Final = 2**20
"""Bytes in which a PDF says that it is encrypted: at its end, or at its start when it was made for the web."""


def needs_password(file: IO[bytes]) -> bool:
    """Say whether a PDF cannot be opened without a password. It may block.

    False where nobody can tell: for a damaged file, and without pypdf (extra ``pdf``). Many are encrypted and open
    without one all the same, as those that only must not be printed.
    """
    try:
        from pypdf import PasswordType, PdfReader
    except ImportError:
        return False
    if not _says_encrypted(file):
        return False
    logger = logging.getLogger("pypdf")
    if logger.level == logging.NOTSET:  # it tells of each oddity of a file, without saying of which
        logger.setLevel(logging.CRITICAL)
    try:
        file.seek(0)
        reader = PdfReader(file, strict=False)
        return reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED
    except Exception:  # noqa: BLE001 - a damaged file breaks a reader in any way
        return False


def _says_encrypted(file: IO[bytes]) -> bool:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if b"/Encrypt" in file.read(_HEAD):
        return True
    file.seek(max(0, size - _TAIL))
    return b"/Encrypt" in file.read(_TAIL)
