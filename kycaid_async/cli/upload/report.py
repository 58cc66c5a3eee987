"""``--report`` of an upload."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

from kycaid_async.cli.console import duration_text, size_text
from kycaid_async.cli.report_page import cards, framed, more, table
from kycaid_async.cli.upload.plot import plot
from kycaid_async.cli.upload.stats import Account


def write_report(path: Path, account: Account) -> None:
    """Write the page. Raises `OSError`."""
    path.write_text(page(account), encoding="utf-8")


def page(account: Account) -> str:
    """Return the page: counts, throughput, and the rows that were not delivered. Nothing in it says who they are."""
    account.history.extend(account.summary.seconds)
    return framed(
        f"Upload of {account.manifest.name}",
        server=account.server,
        started=account.started,
        ended=account.ended,
        parts=[cards(_cards(account)), *_throughput(account), *_notes(account)],
    )


def _cards(account: Account) -> Iterable[tuple[str, str, str]]:
    summary = account.summary
    rate = summary.created / summary.seconds if summary.seconds else 0.0
    yield "rows", f"{account.rows:,}", ""
    yield "created", f"{summary.created:,}", "good"
    yield "done before", f"{summary.done_before:,}", ""
    for label, count in (("bad", account.bad), ("failed", summary.failed), ("uncertain", summary.uncertain)):
        yield label, f"{count:,}", label if count else ""
    if account.left:
        yield "left", f"{account.left:,}", "uncertain"
    yield "files uploaded", f"{summary.files:,}", ""
    yield "sent", size_text(summary.bytes), ""
    yield "duration", duration_text(summary.seconds), ""
    yield "documents/s", f"{rate:,.1f}", ""


def _throughput(account: Account) -> Iterable[str]:
    if account.summary.created:
        yield "<h2>Throughput</h2><figure><figcaption>documents created per second</figcaption>"
        yield f"{plot(account.history)}</figure>"


def _notes(account: Account) -> Iterable[str]:
    yield "<h2>Rows that were not delivered</h2>"
    if not account.failures:
        yield "<p>None.</p>"
        return
    yield from _what_to_do(account)
    notes = sorted(account.notes, key=lambda note: note.line)
    rows = [(str(note.line), str(note.status), note.reason) for note in notes]
    yield table(("line", "status", "reason"), rows, [note.status for note in notes])
    yield more(account.failures - len(account.notes))


def _what_to_do(account: Account) -> Iterable[str]:
    for path, what in (
        (account.rejects, "the rows that are bad or failed, to be corrected and sent again"),
        (account.uncertain, "the uncertain rows: KYCAID may have them already. Look for each before it is sent again"),
    ):
        if path is not None:
            yield f"<p>In {escape(path.name)} stand {what}.</p>"
