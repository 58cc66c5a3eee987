"""``kycaid doctor``: what keeps calls from working here. Here are its options and its help."""

from pathlib import Path
from typing import Annotated

import typer

from kycaid_async.cli.exit_codes import errors_by_kind
from kycaid_async.cli.options import ServerFlags, with_groups

HELP = """\
Look whether calls can work from here, and say what is wrong: key, server, clock, TLS, proxy, libraries, folders.

What it prints can go into a ticket: it has no key, password, name of a folder, or anything about a person. It sends
two requests that cost nothing: one without the key, and one for the list of countries.

With --callback-url it also sends two callbacks to your application, of the made-up type DOCTOR_TEST and without any
id of a person or a verification: one signed with a key made up on the spot, which has to be refused, and one signed
with yours, which has to be answered with 200.

Exit code: 0 when nothing is wrong, 1 when something is, 2 for wrong options.
"""


@with_groups
def doctor(
    *,
    ledger: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Look at this ledger, and its rights.", show_default=False)
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Look at this folder of files to upload.", show_default=False)
    ] = None,
    callback_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Send two test callbacks there: see above.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    server: ServerFlags,
) -> None:
    """Run ``kycaid doctor``."""
    from kycaid_async.cli.doctor.run import run

    with errors_by_kind():
        code = run(
            base_url=server.base_url,
            proxy=server.proxy,
            ledger=ledger,
            folder=folder,
            callback_url=callback_url,
            as_json=as_json,
        )
    raise typer.Exit(code)
