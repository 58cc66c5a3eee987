"""The end of ``kycaid upload``: its summary, its advice, and its exit code."""

from collections.abc import Iterator
from pathlib import Path

from kycaid_async.bulk.ledger.opening import ledger_name
from kycaid_async.cli.problems import one_line
from kycaid_async.cli.reading import words_of
from kycaid_async.cli.screen import duration_text, size_text
from kycaid_async.cli.upload.options import UploadCommand
from kycaid_async.cli.upload.stats import UploadStats
from kycaid_async.errors import LedgerError
from kycaid_async.shell import command_line

_WRONG_MANIFEST, _ROWS_LEFT = 2, 1


def exit_code(options: UploadCommand, stats: UploadStats, *, number: int, error: Exception | None) -> int:
    """Return the exit code, by the number of the signal that stopped it, if any, and by what went wrong."""
    if number:
        return 128 + number
    if error is None and stats.bad and options.on_error == "stop":
        return _WRONG_MANIFEST
    left = stats.sending and stats.left
    return _ROWS_LEFT if error is not None or stats.failures or left else 0


def summary_text(options: UploadCommand, stats: UploadStats) -> str:
    """Return the sum of a run in a line or two."""
    if stats.ended and not stats.sending:
        return "Nothing was sent."
    if options.dry_run:
        return f"Nothing was sent, this was a dry run. {_to_do(stats)}"
    summary = stats.summary
    if not stats.sending:
        return f"{_rows(stats)}, {stats.bad:,} of them bad: nothing was sent."
    if not stats.rows:
        return f"Nothing to do: {one_line(options.manifest)} has no rows."
    if not stats.failures and not stats.left and summary.done_before == stats.rows:
        return f"Nothing to do: all {stats.rows:,} rows were done before."
    rate = summary.created / summary.seconds if summary.seconds else 0.0
    shared = f", {summary.files_shared:,} known already" if summary.files_shared else ""
    unused = f", {summary.files_unused:,} for the next run to use" if summary.files_unused else ""
    return (
        f"{_rows(stats)}: {stats.counts()}{f', {stats.left:,} left' if stats.left else ''}.\n"
        f"{summary.files:,} files uploaded ({size_text(summary.bytes)}){shared}{unused}; "
        f"{duration_text(summary.seconds)}, {rate:,.1f} documents/s."
    )


def _to_do(stats: UploadStats) -> str:
    counts = {
        "to send": stats.rows - stats.bad - stats.done - stats.unsettled,
        "done before": stats.done,
        "sent before without an answer, to be settled": stats.unsettled,
        "bad": stats.bad,
    }
    words = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number or name == "to send")
    return f"{_rows(stats)}: {words}."


def _rows(stats: UploadStats) -> str:
    return f"{stats.rows:,} row" + ("" if stats.rows == 1 else "s")


def advice(options: UploadCommand, stats: UploadStats, *, number: int, error: Exception | None) -> Iterator[str]:
    """Give what the user may do next, a line each."""
    if options.dry_run:
        return
    if stats.bad and options.on_error == "stop" and not stats.ended:
        others = ", or send the others with --on-error continue" if stats.bad < stats.rows else ""
        yield f"Correct these rows{others}."
    if stats.summary.rows and (number or error is not None) and not isinstance(error, LedgerError):
        yield f"What was done is recorded in {ledger_name(options.any_ledger)}. Run the same command again to go on."
    if stats.rejects is not None:
        command = command_line(
            ["kycaid", "upload", str(stats.rejects), *options.ledger_words_elsewhere, *_reach(options)]
        )
        yield f"To send the rows set aside, correct {stats.rejects} and run: {command}"
        yield from _advice_on_folder(options, stats.rejects)
    if stats.uncertain is not None:
        command = command_line(
            ["kycaid", "upload", str(stats.uncertain), *options.ledger_words_elsewhere, *_reach(options)]
        )
        yield (
            f"The uncertain rows are in {stats.uncertain}, each with what to look for. Take out those that are "
            f"there; to send the others anew, run: {command} --on-uncertain create"
        )
        yield from _advice_on_folder(options, stats.uncertain)
    yield from _advice_on_uncertain(stats.summary.uncertain - stats.unknown_applicants, stats.unknown_applicants)


def _advice_on_folder(options: UploadCommand, aside: Path) -> Iterator[str]:
    """Give what to do with rows that were set aside elsewhere, since their folder cannot be written."""
    if aside.resolve().parent != options.manifest.resolve().parent:
        yield (
            f"The folder of {one_line(options.manifest)} cannot be written, so {aside} stands elsewhere. Relative "
            "paths start where it stands: before it is run, copy the files that its rows name to there. Absolute ones "
            "need --allow-outside."
        )


def _reach(options: UploadCommand) -> Iterator[str]:
    """Give the options for how rows are read, and for what they may read: those that were set aside may need them."""
    yield from words_of(options.reading)
    for folder in options.outside:
        yield from ("--allow-outside", str(folder))
    if options.urls is not None:
        yield "--allow-urls"
        for protocol in sorted(options.urls.allow_protocols):
            yield from ("--allow-protocol", protocol)
        for host in sorted(options.urls.allow_hosts):
            yield from ("--allow-host", host)


def _advice_on_uncertain(documents: int, applicants: int) -> Iterator[str]:
    """Give what may be done about so many rows whose document, or whose applicant, may be there or not."""
    if documents:
        yield (
            f"Of the uncertain rows, {documents:,} sent a document that got no answer. Run the same command again "
            "later: it asks the server once more."
        )
    if applicants:
        yield (
            f"Of the uncertain rows, {applicants:,} sent an applicant that got no answer, and that cannot be looked "
            "up. Find it in the dashboard and write its applicant_id into the row, in place of the applicant.… columns."
        )
    if documents or applicants:
        yield "With --on-uncertain create, uncertain rows are sent anew, and may be there twice."
