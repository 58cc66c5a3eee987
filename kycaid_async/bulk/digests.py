"""Digests by which a ledger knows rows, and the normal forms of what they say."""

import functools
import hashlib
import json
import os
from collections.abc import Mapping
from json.encoder import encode_basestring as _quoted
from typing import Any, Final, Self, cast
from unicodedata import normalize

from kycaid_async.api.documents.models import ApplicantDocument
from kycaid_async.values.converter import unstructure
from kycaid_async.values.fields import Field, fields_of
from kycaid_async.values.unset import UNSET

_ON_WINDOWS: Final = os.name == "nt"
_VERBATIM: Final = "\\\\?\\"
"""What begins a path of Windows in which nothing stands for anything else."""


class WrittenPath(str):
    """A path as somebody wrote it, with the normal form by which a ledger knows it."""

    __slots__ = ("normal",)

    normal: str

    def __new__(cls, text: str, normal: str) -> Self:
        path = super().__new__(cls, text)
        path.normal = normal
        return path

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # text has one argument
        return str(self), self.normal


def normal_path(path: str, *, windows: bool = _ON_WINDOWS) -> str:
    """Return a path without ``.`` and doubled slashes; of Windows, with ``/``. A URL stays as it is.

    It looks at no file, so that ``..`` stays, too: behind a link it leads elsewhere than its letters say.
    """
    if "://" in path:
        return path
    root = ""
    if windows:
        if path.startswith(_VERBATIM):
            return path
        path = path.replace("\\", "/")
        if path[1:2] == ":":
            path = path[0].upper() + path[1:]
        root = "/" if path.startswith("//") else ""  # a share of another machine
    if "//" not in path and "./" not in path:
        return path  # as nearly all are
    parts = [part for part in path.split("/") if part not in {"", "."}]
    return root + ("/" if path.startswith("/") else "") + "/".join(parts)


def as_sent(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a document as they are sent: a date that came as a time at midnight is a day, and so on."""
    fields = _fields()
    return {
        name: unstructure(fields[name].plain(value) if name in fields and value.__class__ is not str else value)
        for name, value in document.items()
        if value is not UNSET
    }


@functools.cache
def _fields() -> dict[str, Field]:
    return {field.name: field for field in fields_of(ApplicantDocument)}


def name_of(source: str | os.PathLike[str] | bytes) -> str:
    """Return what a file counts by: its path in normal form, or the digest of its bytes."""
    if isinstance(source, bytes):
        return "sha256:" + hashlib.sha256(source).hexdigest()
    return _as_text(source.normal if isinstance(source, WrittenPath) else normal_path(os.fsdecode(source)))


def older_name_of(source: str | os.PathLike[str] | bytes) -> str:
    """Return what a file counted by in earlier versions: its path as it is written."""
    return name_of(source) if isinstance(source, bytes) else _as_text(os.fsdecode(source))


def _as_text(name: str) -> str:
    path = name.encode(errors="surrogateescape")
    try:
        return path.decode()
    except UnicodeDecodeError:  # a file name may be any bytes
        return "bytes:" + path.hex()


def counts_as(value: Any) -> Any:
    """Return what a JSON value counts as: what says the same, and is written otherwise by another program, is the same.

    Texts in one Unicode form and with one kind of line break, 12.0 as 12, and a field that is null as one that is not
    there.
    """
    if isinstance(value, str):
        if "\r" in value:
            value = value.replace("\r\n", "\n").replace("\r", "\n")
        return value if value.isascii() else normalize("NFC", value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {name: counts_as(field) for name, field in value.items() if field is not None}
    return [counts_as(one) for one in value] if isinstance(value, list) else value


def digest_of_key(key: str) -> bytes:
    """Return 32 bytes that stand for a row with a key of its own."""
    return older_digest_of_key(counts_as(key))


def older_digest_of_key(key: str) -> bytes:
    """Return the digest of a row with a key in earlier versions, which told Unicode forms of it apart."""
    return hashlib.sha256(b"key\0" + key.encode(errors="surrogatepass")).digest()


def digest_of_row(
    document: Mapping[str, Any], applicant_id: str | None, applicant: Any, sides: dict[str, str]
) -> bytes:
    """Return 32 bytes that stand for a row without a key. ``sides`` are the names of its files."""
    # To write plain texts in another way would change nothing, and takes longer than all else here.
    texts = (*document, *document.values(), applicant_id)
    if applicant is None and all(text.__class__ is str for text in texts):
        owner = _quoted(cast("str", applicant_id))
        fields = _object(document)
        if fields.isascii() and "\\r" not in fields:
            text = f'{{"applicant":null,"applicant_id":{owner},"document":{fields},"sides":{_object(sides)}}}'
            return hashlib.sha256(b"row\0" + text.encode()).digest()
    given, made = counts_as(as_sent(document)), counts_as(unstructure(applicant))
    content = {"document": given, "applicant_id": applicant_id, "applicant": made, "sides": sides}
    return hashlib.sha256(b"row\0" + _canonical(content)).digest()


def older_digest_of_row(
    document: Mapping[str, Any], applicant_id: str | None, applicant: Any, sides: dict[str, str]
) -> bytes:
    """Return the digest of a row in earlier versions, which took its fields as they were given."""
    content = {"document": dict(document), "applicant_id": applicant_id, "applicant": applicant, "sides": sides}
    return hashlib.sha256(b"row\0" + _canonical(unstructure(content))).digest()


def digest_of(value: Any) -> bytes:
    """Return 16 bytes that stand for what ``value`` counts as, whatever the order of its keys."""
    return hashlib.sha256(_canonical(counts_as(unstructure(value)))).digest()[:16]


def older_digest_of(value: Any) -> bytes:
    """Return the same as earlier versions did, for which each value counted as what it is."""
    return hashlib.sha256(_canonical(unstructure(value))).digest()[:16]


def _canonical(value: Any) -> bytes:
    """Return ``value`` as JSON in which the order of keys plays no part."""
    return _encode(value).encode()


def _object(texts: Mapping[str, str]) -> str:
    """Return what `_canonical` does of ``texts``."""
    return "{" + ",".join([f"{_quoted(name)}:{_quoted(texts[name])}" for name in sorted(texts)]) + "}"


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True).encode
