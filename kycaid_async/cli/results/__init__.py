"""``kycaid results``: the verdicts about the applicants of a manifest. Here are its options and its help."""

from pathlib import Path
from typing import Annotated

import typer

from kycaid_async.cli.options import AsJson, BaseUrl, Proxy, SameAccount, api_key, plain_errors
from kycaid_async.cli.reading import Convert, DateFormat, EncodingName, Map, Sheet, Transliterate, keywords

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


def results(
    manifest: Annotated[Path, typer.Argument(help="What was uploaded and verified.", show_default=False)],
    *,
    ledger: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Record of what was sent. Default: MANIFEST.ledger.")
    ] = None,
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
    as_json: AsJson = False,
    same_account: SameAccount = False,
    concurrency: Annotated[int, typer.Option(min=1, max=1024, metavar="N", help="Requests at once, at most.")] = 64,
    base_url: BaseUrl = None,
    map_: Map = None,
    date_format: DateFormat = None,
    encoding: EncodingName = None,
    sheet: Sheet = None,
    transliterate: Transliterate = False,
    convert: Convert = None,
    proxy: Proxy = None,
) -> None:
    """Run ``kycaid results``."""
    from kycaid_async.cli.results.options import options_of
    from kycaid_async.cli.results.run import run

    with plain_errors():
        reading = keywords(map_=map_, date_format=date_format, encoding=encoding, sheet=sheet, convert=convert)
        reading |= {"transliterate": transliterate}
        options = options_of(
            manifest,
            ledger=ledger,
            base_url=base_url,
            proxy=proxy,
            api_key=api_key(),
            reading=reading,
            wait=wait,
            output=output,
            per_document=per_document,
            fresh=fresh,
            report=report,
            same_account=same_account,
            concurrency=concurrency,
            as_json=as_json,
        )
        code = run(options)
    raise typer.Exit(code)
