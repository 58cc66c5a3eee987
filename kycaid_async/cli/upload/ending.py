"""The end of ``kycaid upload``: what is said, and the exit code."""

import signal
from collections.abc import Iterator

from kycaid_async.cli.console import duration_text, size_text
from kycaid_async.cli.problems import one_line
from kycaid_async.cli.reading import words_of
from kycaid_async.cli.upload.options import Plan
from kycaid_async.cli.upload.stats import Account
from kycaid_async.errors import LedgerError
from kycaid_async.shell import command_line

_WRONG_MANIFEST, _ROWS_LEFT = 2, 1


def exit_code(plan: Plan, account: Account, *, number: int, error: Exception | None) -> int:
    """Return the exit code, by the number of the signal that stopped it, if any, and by what went wrong."""
    if number:
        return 128 + number
    if error is None and account.bad and plan.on_error == "stop":
        return _WRONG_MANIFEST
    left = account.sending and account.left
    return _ROWS_LEFT if error is not None or account.failures or left else 0


def summary_text(plan: Plan, account: Account) -> str:
    """Return the sum of a run in a line or two."""
    if account.ended and not account.sending:
        return "Nothing was sent."
    if plan.dry_run:
        return f"Nothing was sent, this was a dry run. {_to_do(account)}"
    summary = account.summary
    if not account.sending:
        return f"{_rows(account)}, {account.bad:,} of them bad: nothing was sent."
    if not account.rows:
        return f"Nothing to do: {one_line(plan.manifest)} has no rows."
    if not account.failures and not account.left and summary.done_before == account.rows:
        return f"Nothing to do: all {account.rows:,} rows were done before."
    rate = summary.created / summary.seconds if summary.seconds else 0.0
    shared = f", {summary.files_shared:,} known already" if summary.files_shared else ""
    unused = f", {summary.files_unused:,} for the next run to use" if summary.files_unused else ""
    return (
        f"{_rows(account)}: {account.counts()}{f', {account.left:,} left' if account.left else ''}.\n"
        f"{summary.files:,} files uploaded ({size_text(summary.bytes)}){shared}{unused}; "
        f"{duration_text(summary.seconds)}, {rate:,.1f} documents/s."
    )


def _to_do(account: Account) -> str:
    counts = {
        "to send": account.rows - account.bad - account.done - account.unsettled,
        "done before": account.done,
        "sent before without an answer, to be settled": account.unsettled,
        "bad": account.bad,
    }
    words = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number or name == "to send")
    return f"{_rows(account)}: {words}."


def _rows(account: Account) -> str:
    return f"{account.rows:,} row" + ("" if account.rows == 1 else "s")


def advice(plan: Plan, account: Account, *, number: int, error: Exception | None) -> Iterator[str]:
    """Give what the user may do next, a line each."""
    if plan.dry_run:
        return
    if account.bad and plan.on_error == "stop" and not account.ended:
        others = ", or send the others with --on-error continue" if account.bad < account.rows else ""
        yield f"Correct these rows{others}."
    if account.summary.rows and (number or error is not None) and not isinstance(error, LedgerError):
        yield f"What was done is recorded in {plan.ledger}. Run the same command again to go on."
    if account.rejects is not None:
        command = command_line(["kycaid", "upload", str(account.rejects), "--ledger", str(plan.ledger), *_reach(plan)])
        yield f"To send the rows set aside, correct {account.rejects} and run: {command}"
    if account.uncertain is not None:
        command = command_line(
            ["kycaid", "upload", str(account.uncertain), "--ledger", str(plan.ledger), *_reach(plan)]
        )
        yield (
            f"The uncertain rows are in {account.uncertain}, each with what to look for. Take out those that are "
            f"there; to send the others anew, run: {command} --on-uncertain create"
        )
    yield from _advice_on_uncertain(account.summary.uncertain - account.unknown_applicants, account.unknown_applicants)


def _reach(plan: Plan) -> Iterator[str]:
    """Give the options for how rows are read, and for what they may read: those that were set aside may need them."""
    yield from words_of(plan.reading)
    for folder in plan.outside:
        yield from ("--allow-outside", str(folder))
    if plan.urls is not None:
        yield "--allow-urls"
        for protocol in sorted(plan.urls.allow_protocols):
            yield from ("--allow-protocol", protocol)
        for host in sorted(plan.urls.allow_hosts):
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


def was_stopped_by(number: int) -> str:
    """Return why a run ended that a signal stopped."""
    return f"interrupted ({signal.Signals(number).name})"
