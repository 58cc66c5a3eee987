"""Options that all calls have, and the two commands for any operation and any path."""

from typing import Annotated, TypeAlias

import attrs
import typer

from kycaid_async.cli.exit_codes import IN_SHORT, errors_by_kind
from kycaid_async.cli.options import ServerFlags, with_groups

JsonIn: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="OBJECT",
        help="Take what is sent from JSON: the object itself, @FILE, or - for the standard input. Options win over it.",
        show_default=False,
    ),
]
Yes: TypeAlias = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask before money is spent or something is deleted.")
]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Print what would be sent, and send nothing.")]


@attrs.frozen(kw_only=True)
class OutputFlags:
    """The form in which an answer is printed."""

    fields: Annotated[
        str | None,
        typer.Option("--fields", metavar="A,B.C", help="Print these fields only, in this order.", show_default=False),
    ] = None
    csv: Annotated[bool, typer.Option("--csv", help="Print a table as CSV, with names at its top.")] = False
    text: Annotated[bool, typer.Option("--text", help="Print values only, with tabs between.")] = False


CALL_HELP = f"""\
Do any operation, with JSON: kycaid call documents.get --json '{{"document_id": "…"}}'

The object has the names of its arguments and fields; kycaid operations lists the operations, and each has a command
of its own with options and help, such as kycaid documents get. Personal data on the command line stand in the
history of your shell, and others on this machine see them: for these take --json - or --json @FILE.

{IN_SHORT}
"""
GET_HELP = f"""\
Read what stands at a path, also one that this version does not know.

For example: kycaid get /forms, or kycaid get /verifications/report -q date=2026-11-01.

{IN_SHORT}
"""


@with_groups
def call(
    operation: Annotated[str, typer.Argument(metavar="SECTION.METHOD", help="As in documents.create.")],
    *,
    json: JsonIn = None,
    output: OutputFlags,
    yes: Yes = False,
    dry_run: DryRun = False,
    server: ServerFlags,
) -> None:
    """Run ``kycaid call``."""
    from kycaid_async.cli.calls.run import CallOptions, operation_of
    from kycaid_async.cli.calls.run import call as run
    from kycaid_async.cli.json_io import json_object

    with errors_by_kind():
        one, given = operation_of(operation), json_object(json)
        options = CallOptions(
            **attrs.asdict(output), yes=yes, dry_run=dry_run, base_url=server.base_url, proxy=server.proxy
        )
        run(one, given, options)


@with_groups
def get(
    path: Annotated[str, typer.Argument(metavar="PATH", help="Below the server's URL, as in /forms.")],
    *,
    query: Annotated[
        list[str] | None,
        typer.Option("--query", "-q", metavar="NAME=VALUE", help="Of the query. Repeatable.", show_default=False),
    ] = None,
    output: OutputFlags,
    server: ServerFlags,
) -> None:
    """Run ``kycaid get``."""
    from kycaid_async.cli.calls.run import CallOptions
    from kycaid_async.cli.calls.run import get as run

    with errors_by_kind():
        options = CallOptions(**attrs.asdict(output), base_url=server.base_url, proxy=server.proxy)
        run(path, query or [], options)
