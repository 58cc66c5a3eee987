"""Options for reading a manifest."""

import codecs
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict

import attrs

from kycaid_async.bulk.manifest.column_names import ColumnMap
from kycaid_async.bulk.manifest.dates import DateFormat
from kycaid_async.bulk.manifest.places import AnyPath
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.errors import ConfigurationError
from kycaid_async.extras import require
from kycaid_async.options import FLAG, PATHS, TEXT, TEXTS_BY_NAME, TEXTS_OR_NONE_BY_NAME, Kind, instance_of
from kycaid_async.tracebacks import guarded


class ManifestKeywords(TypedDict, total=False):
    """Keywords for how a manifest is to be read; see `read_manifest`."""

    outside: Sequence[AnyPath]
    columns: ColumnMap | None
    date_format: str | None
    encoding: str | None
    sheet: str | None
    transliterate: bool
    allow_same_files: bool
    convert: Mapping[str, str] | None


class ManifestReading(ManifestKeywords, total=False):
    """The same, with the rules for URLs in it."""

    urls: UrlRules | None


READING: Final[Mapping[str, Kind]] = {
    "outside": PATHS,
    "columns": TEXTS_OR_NONE_BY_NAME.or_none(),
    "date_format": TEXT.or_none("ISO 8601"),
    "encoding": TEXT.or_none("UTF-8"),
    "sheet": TEXT.or_none("the only one"),
    "transliterate": FLAG,
    "allow_same_files": FLAG,
    "convert": TEXTS_BY_NAME.or_none(),
    "urls": instance_of(UrlRules, "UrlRules").or_none("no URLs"),
}
"""The kinds of their values."""


def _mapping(columns: Any) -> dict[str, str | None]:
    READING["columns"].check("columns", columns)
    return {} if columns is None else dict(columns)


def _encoding(_: Any, __: Any, name: str | None) -> None:
    READING["encoding"].check("encoding", name)
    try:
        if name is not None and not getattr(codecs.lookup(name), "_is_text_encoding", True):
            raise LookupError
    except (LookupError, ValueError) as error:
        raise ConfigurationError("encoding: expected the name of one, such as cp1252 or utf-16") from error


def _conversions(_: Any, __: Any, formats: Mapping[str, str]) -> None:
    if any((one.lower(), other.lower()) != ("heic", "jpeg") for one, other in formats.items()):
        raise ConfigurationError("convert (--convert): only heic=jpeg is known")
    try:
        if formats:
            require("pillow_heif", "heic")
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"convert (--convert): {error}") from error


def _or_none(conversions: Mapping[str, str] | None) -> Mapping[str, str]:
    READING["convert"].check("convert", conversions)
    return {} if conversions is None else conversions


def _format(name: Any) -> DateFormat | None:
    if isinstance(name, DateFormat):
        return name
    READING["date_format"].check("date_format", name)
    return None if name is None else DateFormat.of(name)


@guarded
@attrs.frozen(kw_only=True)
class ManifestOptions:
    """Options for reading a manifest, beyond what it says itself."""

    outside: Sequence[AnyPath] = attrs.field(default=(), validator=READING["outside"])
    """Folders that its rows may reach beside its own."""
    urls: UrlRules | None = attrs.field(default=None, validator=READING["urls"])
    """Rules for URLs in its rows; by default none is read."""
    columns: ColumnMap = attrs.field(factory=dict, converter=_mapping)
    """What its columns stand for, by their names in the file; None for one that is not to be read."""
    guess: bool = False
    """Take names of columns by common words, and the format of dates by what is in a column.

    Whoever turns it on shows ``Manifest.notes`` before anything is sent.
    """
    date_format: DateFormat | None = attrs.field(default=None, converter=_format)
    """The format of dates that are not in ISO 8601, such as ``dd.mm.yyyy``."""
    encoding: str | None = attrs.field(default=None, validator=_encoding)
    """The encoding of a text file. Default: UTF-8, or what its byte order mark says."""
    sheet: str | None = attrs.field(default=None, validator=READING["sheet"])
    """The sheet of a workbook. Default: the only one that is visible and has rows."""
    transliterate: bool = attrs.field(default=False, validator=READING["transliterate"])
    """Write names in Latin letters, by ICAO Doc 9303."""
    allow_same_files: bool = attrs.field(default=False, validator=READING["allow_same_files"])
    """Let rows through whose files were sent for another applicant before."""
    convert: Mapping[str, str] = attrs.field(factory=dict, converter=_or_none, validator=_conversions)
    """Formats of pictures with those they are converted to: ``{"heic": "jpeg"}`` is the only one."""
