"""``kycaid ledger``: what is in a ledger, and how it is made fit to go on from."""

from collections.abc import Iterator
from pathlib import Path

from kycaid_async.bulk.ledger.repair import LedgerReport, repair, show
from kycaid_async.bulk.ledger.secret import FROM_KEY
from kycaid_async.cli.problems import one_line

_FIT, _UNFIT = 0, 1
_GAPS = (
    "It may have gaps: a row that is not in it counts as perhaps sent, and is looked up on the server before it is "
    "sent; one whose applicant would have to be made is set aside as uncertain."
)


def run_show(path: Path) -> tuple[list[str], int]:
    """Return what to say of the ledger, and the exit code."""
    report = show(path)
    lines = list(_lines(report))
    if report.problem is None:
        return [*lines, "It is fit to go on from: repair would change nothing."], _FIT
    told = [f"problem: {one_line(report.problem)}", _what_repair_does(path)]
    return [*lines, *told], _UNFIT


def run_repair(path: Path, *, server: str | None, new_secret: bool) -> list[str]:
    """Repair the ledger, and return what to say of it."""
    report, kept = repair(path, server=server, new_secret=new_secret)
    if not kept:
        return [*_lines(report), "It is fit to go on from: nothing was changed."]
    files = [f"The file as it was: {one_line(name)}" for name in kept]
    return [*_lines(report), *files, "It is fit to go on from: run the same upload again."]


def _lines(report: LedgerReport) -> Iterator[str]:
    yield f"ledger: {one_line(report.path)}"
    yield f"format: {report.format or 'cannot be read'}"
    yield f"server: {one_line(report.server or 'cannot be read')}"
    yield f"times opened: {report.runs:,}"
    yield f"rows: {_counts(report.rows)}"
    yield f"applicants: {_counts(report.applicants)}"
    yield f"files: {report.files:,}"
    yield f"verifications: {_counts(report.verifications)}"
    if report.secret_from == FROM_KEY:
        yield "secret: from the API key that it was made with"
    if report.may_have_gaps:
        yield _GAPS


def _counts(states: dict[str, int]) -> str:
    words = {"created": "created", "failed": "failed", "sent": "sent without an answer on record"}
    return ", ".join(f"{states[state]:,} {word}" for state, word in words.items() if state in states) or "none"


def _what_repair_does(path: Path) -> str:
    return (
        f"`kycaid ledger repair {one_line(path)}` would keep what is listed above, keep the files as they are under "
        "other names, and let every row that is not listed as created count as perhaps sent."
    )
