"""``kycaid verify``: from uploaded rows to verifications. Here are its options and its help."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from kycaid_async.cli.options import DaskAddress, RunFlags, Workers, api_key, plain_errors, with_groups
from kycaid_async.cli.reading import ReadingFlags

HELP = """\
Start a verification for each applicant of an upload, and none twice: each costs a fee.

An applicant is verified when all its rows are delivered by the ledger of the upload. Before anything is started it
says how many would be, and asks; --yes answers that. --dry-run names them, with the reason for each of the others.
The key stands in the environment variable KYCAID_API_KEY.

A run that was cut off is gone on from by the same command. What got no answer is looked for in the report and in
the applicant itself; where that proves nothing, it is set aside as uncertain, and never started again on a guess.

Exit code: 0 when all are started, 1 when some are not or are uncertain, 2 for wrong options or a bad manifest, 130
after Ctrl-C, 143 after SIGTERM.
"""


Form = Annotated[
    str | None,
    typer.Option(
        metavar="FORM_ID",
        help="The form that selects the checks. A column form_id in the manifest goes before it.",
        show_default=False,
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="Start at most so many now.", show_default=False)]
MaxVerifications = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Start none at all when it would be more than so many.", show_default=False),
]
OnUncertain = Annotated[
    Literal["set-aside", "create"],
    typer.Option(help="create: start those anew that an earlier run left uncertain. It may cost a second fee."),
]


@with_groups
def verify(
    manifest: Annotated[Path, typer.Argument(help="What was uploaded.", show_default=False)],
    *,
    form: Form = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Verify applicants too of whose rows only some are delivered.")
    ] = False,
    limit: Limit = None,
    max_verifications: MaxVerifications = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be started, and why not the others. Send nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before money is spent.")] = False,
    on_uncertain: OnUncertain = "set-aside",
    callback_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the results are sent.", show_default=False)
    ] = None,
    types: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Checks in place of a form, the old way: DOCUMENT,FACIAL.", show_default=False
        ),
    ] = None,
    workers: Workers = None,
    dask: DaskAddress = None,
    flags: RunFlags,
    reading: ReadingFlags,
) -> None:
    """Run ``kycaid verify``."""
    from kycaid_async.cli.verify.options import options_of
    from kycaid_async.cli.verify.run import run

    with plain_errors():
        options = options_of(
            manifest,
            **flags.chosen(api_key=api_key()),
            form=form,
            partial=partial,
            limit=limit,
            max_verifications=max_verifications,
            dry_run=dry_run,
            yes=yes,
            create_uncertain=on_uncertain == "create",
            callback_url=callback_url,
            types=None if types is None else [name for name in re.split(r"[\s,;]+", types.upper()) if name],
            workers=workers,
            dask=dask,
            reading=reading.keywords(),
        )
        code = run(options)
    raise typer.Exit(code)
