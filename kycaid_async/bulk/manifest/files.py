"""The look at a file that a row names, before anything is sent."""

import asyncio
import logging
import os
import re
from functools import partial
from typing import IO, Final

import attrs

from kycaid_async.bulk.manifest.converted import HEIC
from kycaid_async.bulk.manifest.places import Place, is_url, open_within, source_of
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.requests.limits import when_there_is_room
from kycaid_async.bulk.row import BulkSource
from kycaid_async.errors import (
    ConfigurationError,
    FieldProblem,
    InvalidFileError,
    KycaidError,
    TooManyOpenFilesError,
    UploadSourceError,
)
from kycaid_async.extras import missing, require
from kycaid_async.masking import shown_path
from kycaid_async.uploads.kinds import PDF
from kycaid_async.uploads.preflight import FileRules, inspect
from kycaid_async.uploads.reader import Source, in_thread

_HEAD: Final = 8192
_FILES: Final = "an image, a PDF or a video"
_LOCKED: Final = ("a PDF that opens without a password", "an encrypted one")
HEIC_REMARK: Final = (
    "pictures in HEIC, as telephones take them: KYCAID publishes no list of the formats that it takes; "
    "--convert heic=jpeg, or convert={'heic': 'jpeg'}, sends them as JPEG"
)
_PIECE: Final = 2**20
_ENCRYPT: Final = re.compile(b"/" + b"".join(b"(?:%c|#(?i:%02x))" % (code, code) for code in b"Encrypt"))
_LONGEST_NAME: Final = 1 + 3 * len("Encrypt")


@attrs.frozen
class FileLook:
    """What a look at a file came to."""

    kind: str = ""
    """Its content type."""
    problem: FieldProblem | None = None
    remark: str = ""
    """What a person should know of it although it is sent."""


async def look_at_file(side: str, place: BulkSource, rules: FileRules) -> FileLook:
    """Look at the first bytes of a file, and whether a PDF has a password. Raises `TooManyOpenFilesError`."""
    source = source_of(place, UrlRules(), first=_HEAD)

    async def look() -> str:
        reading = await source.open()
        try:
            return inspect(reading, label=source.label, rules=rules)
        finally:
            await reading.close()

    try:
        kind = await when_there_is_room(look, sleep=asyncio.sleep)
    except TooManyOpenFilesError:
        raise
    except InvalidFileError as error:
        got = f"one that {_words(error, source).removeprefix(f'expected {_FILES}; it ')}"
        return FileLook(problem=FieldProblem(side, _FILES, got))
    except UploadSourceError as error:
        return FileLook(problem=FieldProblem(side, "a file that can be read now", f"one that {_words(error, source)}"))
    except ConfigurationError as error:  # it is about this row, for others need no such package
        return FileLook(problem=FieldProblem(side, "a file that can be read here", f"another: {_words(error, source)}"))
    try:
        if kind == PDF.content_type and isinstance(place, Place) and await in_thread(partial(_is_locked, place)):
            return FileLook(kind, FieldProblem(side, *_LOCKED))
    except ModuleNotFoundError as error:
        return FileLook(kind, remark=f"PDFs that are encrypted, perhaps with a password: {error}")
    return FileLook(kind, remark=HEIC_REMARK if kind in HEIC else "")


def _is_locked(place: Place) -> bool:
    """Say whether a PDF has a password, unless it is a remote one. It may block."""
    if is_url(place):
        return False
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    try:
        fd = open_within(place.written, flags, folders=place.reach.folders, spelt=place.reach.spelt)
    except OSError:
        return False  # it is found when it is to be sent
    with os.fdopen(fd, "rb") as file:
        return needs_password(file)


def _words(error: KycaidError, source: Source) -> str:
    return str(error).removeprefix(f"{shown_path(source.label)}: ")


def needs_password(file: IO[bytes]) -> bool:
    """Say whether a PDF cannot be opened without a password. It may block.

    False where nobody can tell, for a damaged file. Many are encrypted and open without one all the same, as those that
    only must not be printed. Raises `ModuleNotFoundError` for one that is encrypted, without the extra ``pdf``.
    """
    if not _says_encrypted(file):
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


def _says_encrypted(file: IO[bytes]) -> bool:
    """Search the whole of a PDF, for its trailer may stand anywhere; letters of a name may be written as codes."""
    file.seek(0)
    before = b""
    while piece := file.read(_PIECE):
        if _ENCRYPT.search(before + piece):
            return True
        before = piece[-_LONGEST_NAME:]
    return False
