"""Options for reading a manifest: those that all commands with a manifest have."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import attrs
import typer

from kycaid_async.cli.problems import UsageProblem
from kycaid_async.errors import ConfigurationError

if TYPE_CHECKING:
    from kycaid_async.bulk.manifest.options import ManifestKeywords, ManifestOptions
    from kycaid_async.bulk.remote.url_rules import UrlRules

Map: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="NAME=COLUMN",
        help='What a column of another name is: "Kundennummer=applicant.external_applicant_id". "Notes=" leaves one '
        "out; @FILE has one a line. Repeatable.",
    ),
]
DateFormat: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="FORMAT", help="That of dates, such as dd.mm.yyyy. Default: found, if it can only be one."),
]
EncodingName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--encoding", metavar="NAME", help="That of a text file, such as cp1252. Default: UTF-8, or by its mark."
    ),
]
Sheet: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Sheet of a workbook. Default: the only one with rows.")
]
Transliterate: TypeAlias = Annotated[
    bool, typer.Option("--transliterate", help="Write names in Latin letters by ICAO Doc 9303: Müller as MUELLER.")
]
SameFiles: TypeAlias = Annotated[
    bool, typer.Option("--allow-same-files", help="Send files for another applicant than they were sent for before.")
]


Convert: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="heic=jpeg", help="Send pictures of telephones (HEIC) as JPEG. Needs the extra heic."),
]


@attrs.frozen(kw_only=True)
class ReadingFlags:
    """These options as they are typed."""

    map_: Map = None
    date_format: DateFormat = None
    encoding: EncodingName = None
    sheet: Sheet = None
    transliterate: Transliterate = False
    convert: Convert = None

    def keywords(self, *, allow_same_files: bool = False) -> "ManifestKeywords":
        """Return the keywords that they stand for. Raises `UsageProblem`."""
        found: ManifestKeywords = {"columns": dict(_pairs(self.map_ or []))}
        if self.date_format is not None:
            found["date_format"] = self.date_format
        if self.encoding is not None:
            found["encoding"] = self.encoding
        if self.sheet is not None:
            found["sheet"] = self.sheet
        if self.convert:
            found["convert"] = {one.partition("=")[0]: one.partition("=")[2] for one in self.convert}
        return found | {"transliterate": self.transliterate, "allow_same_files": allow_same_files}


def reading_of(
    reading: "ManifestKeywords", *, outside: Sequence[Path] = (), urls: "UrlRules | None" = None
) -> "ManifestOptions":
    """Return how a manifest is read. What it does not say is guessed, and shown. Raises `UsageProblem`."""
    from kycaid_async.bulk.manifest.options import ManifestOptions

    try:
        return ManifestOptions(**reading | {"outside": outside}, urls=urls, guess=True)
    except ConfigurationError as error:
        raise UsageProblem(error.message) from error


def words_of(options: "ManifestOptions") -> Iterator[str]:
    """Give the options again, for a command that somebody can paste."""
    for name, column in options.columns.items():
        yield from ("--map", f"{name}={column or ''}")
    if options.date_format is not None:
        yield from ("--date-format", options.date_format.name)
    for option, value in (("--encoding", options.encoding), ("--sheet", options.sheet)):
        if value is not None:
            yield from (option, value)
    for one, other in options.convert.items():
        yield from ("--convert", f"{one}={other}")
    if options.transliterate:
        yield "--transliterate"
    if options.allow_same_files:
        yield "--allow-same-files"


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    for word in words:
        if word.startswith("@"):
            yield from _pairs(_lines(Path(word[1:])))
            continue
        name, sign, column = word.rpartition("=")
        if not sign or not name.strip():
            raise UsageProblem('--map: expected "NAME=COLUMN", with the name in the file first')
        yield name.strip(), column.strip() or None


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"--map: {path} cannot be read as a text file in UTF-8") from error
    # No file may name another, or itself.
    return [line for line in map(str.strip, lines) if line and not line.startswith(("#", "@"))]
