"""``kycaid manifest``: make a manifest, and look at one, before anything is sent."""

from pathlib import Path
from typing import Annotated

import typer

from kycaid_async.cli.reading import Convert, DateFormat, EncodingName, Map, Sheet, Transliterate

manifest_app = typer.Typer(name="manifest", no_args_is_help=True, rich_markup_mode=None)

_CHECK = """\
Say all that is wrong with a manifest, one line for each kind of problem. Sends nothing, and needs no key.

It shows what it takes columns of other names for, and how it reads dates, so that you can say otherwise.

Exit code: 0 when all rows are good, 2 when some are bad or it is no manifest.
"""


@manifest_app.command(help=_CHECK)
def check(
    manifest: Annotated[
        Path, typer.Argument(help="An .xlsx, CSV, JSON Lines or Parquet file, a document a row.", show_default=False)
    ],
    *,
    map_: Map = None,
    date_format: DateFormat = None,
    encoding: EncodingName = None,
    sheet: Sheet = None,
    transliterate: Transliterate = False,
    convert: Convert = None,
    allow_outside: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Rows may name files below this folder too. Repeatable.")
    ] = None,
    allow_urls: Annotated[bool, typer.Option("--allow-urls", help="Rows may name files by URL.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run ``kycaid manifest check``."""
    from kycaid_async.cli.console import for_terminal
    from kycaid_async.cli.failures import plain_errors
    from kycaid_async.cli.manifest_check import run_check
    from kycaid_async.cli.reading import keywords, options_of
    from kycaid_async.cli.upload.options import url_rules

    with plain_errors():
        reading = keywords(
            map_=map_,
            date_format=date_format,
            encoding=encoding,
            sheet=sheet,
            transliterate=transliterate,
            convert=convert,
        )
        options = options_of(reading, outside=allow_outside or [], urls=url_rules(allow_urls, [], []))
        lines, code = run_check(manifest, options, as_json=as_json)
    typer.echo(for_terminal(lines))
    raise typer.Exit(code)


_INIT = """\
Write a manifest for a folder of scans, in which only names remain to be filled in.

Without a pattern each folder in it is a person, known by the folder's name, and a file in none is a person of its own.
What a document is, and which side, is told from words in the names of files, such as passport_front.jpg.

\b
  kycaid manifest init scans
  kycaid manifest init scans --pattern "{external_applicant_id}_{type}_{side}.*"
"""


@manifest_app.command(help=_INIT)
def init(
    folder: Annotated[Path, typer.Argument(help="Where the scans are.", show_default=False)],
    *,
    pattern: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="What stands in the path of a file, from the folder on.")
    ] = None,
    document_type: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Type of documents whose names do not tell.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write it: in the folder, or in one around it. Default: manifest.xlsx in the folder, or "
            "manifest.csv without the extra excel.",
        ),
    ] = None,
) -> None:
    """Run ``kycaid manifest init``."""
    from kycaid_async.cli.console import for_terminal
    from kycaid_async.cli.failures import plain_errors
    from kycaid_async.cli.manifest_init import run_init

    with plain_errors():
        lines = run_init(folder, pattern=pattern, document_type=document_type, output=output)
    typer.echo(for_terminal(lines))
