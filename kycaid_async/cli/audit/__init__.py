"""``kycaid audit``: what the server has of the rows of a manifest. Here are its options and its help."""

from pathlib import Path
from typing import Annotated

import typer

from kycaid_async.cli.options import RunFlags, api_key, plain_errors, with_groups
from kycaid_async.cli.reading import ReadingFlags

HELP = """\
Say what the server has of an upload: each row there as sent, there twice, missing or different.

It only reads, and changes neither the server nor the ledger. What the server does not show proves nothing: such
rows are not to be told. Files are not compared by content. The key stands in the environment variable
KYCAID_API_KEY. An audit that was cut off goes on within six hours where it was.

Exit code: 0 when all is there as sent, 1 when a row is missing, there twice, different or not sent, 2 for wrong
options or a bad manifest, 3 when something cannot be told or the audit ended early, 130 after Ctrl-C, 143 after
SIGTERM.
"""


@with_groups
def audit(
    manifest: Annotated[Path, typer.Argument(help="What was uploaded.", show_default=False)],
    *,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", "-o", metavar="FILE", help="Write a table: a row for each row, and what to do."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page (HTML) about it, also when interrupted.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Go on from no earlier audit: ask for all again.")] = False,
    flags: RunFlags,
    reading: ReadingFlags,
) -> None:
    """Run ``kycaid audit``."""
    from kycaid_async.cli.audit.options import options_of
    from kycaid_async.cli.audit.run import run

    with plain_errors():
        chosen = flags.chosen(api_key=api_key())
        options = options_of(manifest, **chosen, csv=csv, report=report, fresh=fresh, reading=reading.keywords())
        code = run(options)
    raise typer.Exit(code)
