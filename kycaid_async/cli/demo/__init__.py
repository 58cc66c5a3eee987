"""``kycaid demo``: from files to reviewed documents. Here are its options and its help."""

from pathlib import Path
from typing import Annotated

import typer

from kycaid_async.cli.options import Proxy, api_key, plain_errors

HELP = """Upload documents and show why any was declined.

Without options it draws some fifty specimens of invented people, sends them to a sandbox on this machine, and goes on
to a verification and a verdict of each person. To other servers it sends documents only: a verification costs a fee.

Exit code: 0 when every file went through, 1 when one failed, 2 for wrong options.
"""


def demo(
    *,
    folder: Annotated[
        Path | None,
        typer.Option(help="Send the files below this folder, one applicant each. Skips hidden files."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Use this server and the key in KYCAID_API_KEY, not a sandbox."),
    ] = None,
    proxy: Proxy = None,
    document_type: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE", help="Type of the documents in --folder.  [default: GOVERNMENT_ID]"),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=1024, metavar="N", help="Requests at once.")] = 16,
    wait: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for the reviews.")] = 60,
) -> None:
    """Run ``kycaid demo``."""
    from kycaid_async.cli.demo.run import options_of, run

    with plain_errors(leaves_quietly=True):
        options = options_of(
            folder=folder,
            document_type=document_type,
            base_url=base_url,
            proxy=proxy,
            api_key=api_key(),
            concurrency=concurrency,
            wait=wait,
            as_json=as_json,
        )
        report = run(options)
    raise typer.Exit(1 if report.failures else 0)
