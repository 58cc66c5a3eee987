"""``kycaid report``: what was verified on some days, and its fees. Here are its options and its help."""

from pathlib import Path
from typing import Annotated

import typer

from kycaid_async.cli.options import BaseUrl, Proxy, api_key, plain_errors

HELP = """\
Export what was verified from START to END: each verification and paid service, its outcome and its fee.

Days are in UTC, both included. Without --output it prints the sums only. Names and contacts are left out unless
--personal asks for them. Whether a verification passed is inferred from its decline reasons. The key stands in the
environment variable KYCAID_API_KEY.

Exit code: 0 when all was exported, 1 when it was not, and then no file is left; 2 for wrong options.
"""


def report(
    start: Annotated[str, typer.Argument(metavar="START", help="The first day: YYYY-MM-DD.", show_default=False)],
    end: Annotated[
        str | None, typer.Argument(metavar="[END]", help="The last day.  [default: START]", show_default=False)
    ] = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write a table: .csv, .xlsx, .jsonl or .parquet, by its ending."
        ),
    ] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="Have names, dates of birth and contacts in the table too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the sums as one JSON object.")] = False,
    base_url: BaseUrl = None,
    proxy: Proxy = None,
) -> None:
    """Run ``kycaid report``."""
    from kycaid_async.cli.billing.run import options_of, run

    with plain_errors():
        run(
            options_of(
                start,
                end,
                output=output,
                personal=personal,
                as_json=as_json,
                base_url=base_url,
                proxy=proxy,
                api_key=api_key(),
            )
        )
