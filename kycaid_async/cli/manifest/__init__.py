"""``kycaid manifest`` as it is typed: its options and its help."""

from pathlib import Path
from typing import Annotated

import typer

from kycaid_async.cli.options import plain_errors, with_groups
from kycaid_async.cli.reading import ReadingFlags, reading_of

HELP = "Make a manifest, or look at one, before anything is sent."

manifest = typer.Typer(name="manifest", no_args_is_help=True, rich_markup_mode=None)

_CHECK = """\
Say all that is wrong with a manifest, one line for each kind of problem. Sends nothing, and needs no key.

It shows what it takes columns of other names for, and how it reads dates, so that you can say otherwise.

Exit code: 0 when all rows are good, 2 when some are bad or it is no manifest.
"""


@manifest.command(help=_CHECK)
@with_groups
def check(
    path: Annotated[
        Path,
        typer.Argument(help="An .xlsx, CSV, JSON Lines or Parquet file.", show_default=False, metavar="MANIFEST"),
    ],
    *,
    allow_outside: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Rows may name files below this folder too. Repeatable.")
    ] = None,
    allow_urls: Annotated[bool, typer.Option("--allow-urls", help="Rows may name files by URL.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    reading: ReadingFlags,
) -> None:
    """Run ``kycaid manifest check``."""
    from kycaid_async.cli.manifest.run import for_terminal, run_check
    from kycaid_async.cli.manifests import url_rules

    with plain_errors():
        options = reading_of(reading.keywords(), outside=allow_outside or [], urls=url_rules(allow_urls, [], []))
        lines, code = run_check(path, options, as_json=as_json)
    typer.echo(for_terminal(lines))
    raise typer.Exit(code)


_INIT = """\
Write a manifest for a folder of scans, in which only names remain to be filled in.

Without a pattern each folder in it is a person, known by the folder's name, and a file in none is a person of its own.
What a document is, and which side, is told from words in the names of files, such as passport_front.jpg.

\b
  kycaid manifest init scans
  kycaid manifest init . --pattern "{external_applicant_id}_{type}_{side}.*"
"""


@manifest.command(help=_INIT)
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
    from kycaid_async.cli.manifest.run import for_terminal, run_init

    with plain_errors():
        lines = run_init(folder, pattern=pattern, document_type=document_type, output=output)
    typer.echo(for_terminal(lines))
