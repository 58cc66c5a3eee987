"""``kycaid results``: the verdicts about the applicants of a manifest. Here are its options and its help."""

from pathlib import Path
from typing import Annotated

import typer

from kycaid_async.cli.options import RunFlags, api_key, plain_errors, with_groups
from kycaid_async.cli.reading import ReadingFlags

HELP = """\
Say what came of the verifications: a row for each applicant, with your key, the verdict, and each reason.

It asks for what is open only: what was decided before is in the ledger. The key stands in the environment variable
KYCAID_API_KEY. Ctrl-C ends the wait, and the table has what is known by then.

Exit code: 0 when all are decided, 3 when some are pending, 1 when some were not started, refused or are uncertain, or
it ended early; 2 for wrong options or a bad manifest, 130 after Ctrl-C, 143 after SIGTERM.
"""


Wait = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Look again for so long while some are pending: 6h, 90m, 600s. A verdict "
        "takes from two minutes to six hours.",
    ),
]


@with_groups
def results(
    manifest: Annotated[Path, typer.Argument(help="What was uploaded and verified.", show_default=False)],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write a table: .xlsx, .csv, .jsonl or .parquet, by its ending."
        ),
    ] = None,
    wait: Wait = None,
    per_document: Annotated[
        bool, typer.Option("--per-document", help="A row for each document, with its status and reasons.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask for all again, also for what was decided: it may have changed.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page (HTML) about the whole job.")
    ] = None,
    flags: RunFlags,
    reading: ReadingFlags,
) -> None:
    """Run ``kycaid results``."""
    from kycaid_async.cli.results.options import options_of
    from kycaid_async.cli.results.run import run

    with plain_errors():
        options = options_of(
            manifest,
            **flags.chosen(api_key=api_key()),
            reading=reading.keywords(),
            wait=wait,
            output=output,
            per_document=per_document,
            fresh=fresh,
            report=report,
        )
        code = run(options)
    raise typer.Exit(code)
