"""``kycaid ledger``: looks into a ledger, and makes it fit to go on from."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from kycaid_async.cli.options import plain_errors
from kycaid_async.cli.problems import one_line

if TYPE_CHECKING:
    from kycaid_async.bulk.ledger.repair import LedgerReport

HELP = "Look into the ledger of an upload, or make it fit to go on from."
_SHOW = """Say what is in a ledger, whether it can be opened, and what repair would do. Changes nothing.

Exit code: 0 when it is fit to go on from, 1 when it is not.
"""
_REPAIR = """Make a ledger fit to go on from, whatever became of it, so that no row is sent twice.

What can be read is kept, and so are the old files, under other names. Every row of which it is not known that its
document was made counts as perhaps sent from then on: the next upload asks the server before it sends one.

Exit code: 0 when it is fit to go on from, 1 when it cannot be made so.
"""

LedgerFile: TypeAlias = Annotated[
    Path, typer.Argument(metavar="LEDGER", help="The ledger of an upload.", show_default=False)
]

_FIT, _UNFIT = 0, 1
_SECRETS = {"api-key": ["secret: from the API key that it was made with"]}
_GAPS = (
    "It may have gaps: a row that is not in it counts as perhaps sent, and is looked up on the server before it is "
    "sent; one whose applicant would have to be made is set aside as uncertain."
)


ledger = typer.Typer(name="ledger", no_args_is_help=True, rich_markup_mode=None)


@ledger.command(help=_SHOW)
def show(ledger: LedgerFile) -> None:
    """Run ``kycaid ledger show``."""
    from kycaid_async.bulk.ledger import repair

    with plain_errors():
        report = repair.show(ledger)
    typer.echo("\n".join(_lines(report)))
    if report.problem is None:
        typer.echo("It is fit to go on from: repair would change nothing.")
        raise typer.Exit(_FIT)
    typer.echo("\n".join([f"problem: {one_line(report.problem)}", *_what_repair_does(ledger, report)]))
    raise typer.Exit(_UNFIT)


@ledger.command(help=_REPAIR)
def repair(
    ledger: LedgerFile,
    *,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The server of its rows, if the ledger does not say it any more.")
    ] = None,
    new_secret: Annotated[
        bool,
        typer.Option(
            "--new-secret",
            help="Its .key file, or the API key that it needs, is gone for good: give up what only that tells.",
        ),
    ] = False,
) -> None:
    """Run ``kycaid ledger repair``."""
    from kycaid_async.bulk.ledger import repair

    with plain_errors():
        report, kept = repair.repair(ledger, server=base_url, new_secret=new_secret)
    typer.echo("\n".join([*_lines(report), *(f"The file as it was: {one_line(name)}" for name in kept)]))
    done = "run the same upload again" if kept else "nothing was changed"
    typer.echo(f"It is fit to go on from: {done}.")


def _lines(report: "LedgerReport") -> Iterator[str]:
    yield f"ledger: {one_line(report.path)}"
    yield f"format: {report.format or 'cannot be read'}"
    yield f"server: {one_line(report.server or 'cannot be read')}"
    yield f"times opened: {report.runs:,}"
    yield from _contents(report)
    yield from _SECRETS.get(report.secret_from, ())
    if report.may_have_gaps:
        yield _GAPS


def _contents(report: "LedgerReport") -> Iterator[str]:
    yield f"rows: {_counts(report.rows)}"
    yield f"applicants: {_counts(report.applicants)}"
    yield f"files: {report.files:,}"
    yield f"verifications: {_counts(report.verifications)}"


def _counts(states: dict[str, int]) -> str:
    words = {"created": "created", "failed": "failed", "sent": "sent without an answer on record"}
    return ", ".join(f"{states[state]:,} {word}" for state, word in words.items() if state in states) or "none"


def _what_repair_does(path: Path, report: "LedgerReport") -> Iterator[str]:
    repair = f"`kycaid ledger repair {one_line(path)}`"
    if report.repaired is None:
        why = one_line(report.refusal or "")
        yield f"{repair} would change nothing{'.' if why == one_line(report.problem or '') else f', and say: {why}'}"
        return
    yield (
        f"{repair} would keep the files as they are under other names, let every row that it does not keep as created "
        "count as perhaps sent, and keep of what is listed above:"
    )
    yield from (f"  {line}" for line in _contents(report.repaired))
