"""``--report`` of an upload."""

from collections.abc import Iterable
from pathlib import Path

from kycaid_async.cli.console import duration_text, size_text
from kycaid_async.cli.report_page import cards, framed, more, table
from kycaid_async.cli.upload.plot import plot
from kycaid_async.cli.upload.stats import UploadStats
from kycaid_async.html import Child, tag


def write_report(path: Path, stats: UploadStats) -> None:
    """Write the page. Raises `OSError`."""
    path.write_text(page(stats), encoding="utf-8")


def page(stats: UploadStats) -> str:
    """Return the page: counts, throughput, and the rows that were not delivered. Nothing in it says who they are."""
    stats.history.extend(stats.summary.seconds)
    return framed(
        f"Upload of {stats.manifest.name}",
        server=stats.server,
        started=stats.started,
        ended=stats.ended,
        parts=[cards(_cards(stats)), *_throughput(stats), *_notes(stats)],
    )


def _cards(stats: UploadStats) -> Iterable[tuple[str, str, str]]:
    summary = stats.summary
    rate = summary.created / summary.seconds if summary.seconds else 0.0
    yield "rows", f"{stats.rows:,}", ""
    yield "created", f"{summary.created:,}", "good"
    yield "done before", f"{summary.done_before:,}", ""
    for label, count in (("bad", stats.bad), ("failed", summary.failed), ("uncertain", summary.uncertain)):
        yield label, f"{count:,}", label if count else ""
    if stats.left:
        yield "left", f"{stats.left:,}", "uncertain"
    yield "files uploaded", f"{summary.files:,}", ""
    yield "sent", size_text(summary.bytes), ""
    yield "duration", duration_text(summary.seconds), ""
    yield "documents/s", f"{rate:,.1f}", ""


def _throughput(stats: UploadStats) -> Iterable[Child]:
    if stats.summary.created:
        yield tag("h2", "Throughput")
        yield tag("figure", tag("figcaption", "documents created per second"), plot(stats.history))


def _notes(stats: UploadStats) -> Iterable[Child]:
    yield tag("h2", "Rows that were not delivered")
    if not stats.failures:
        yield tag("p", "None.")
        return
    yield from _what_to_do(stats)
    notes = sorted(stats.notes, key=lambda note: note.line)
    rows = [(str(note.line), str(note.status), note.reason) for note in notes]
    yield table(("line", "status", "reason"), rows, [note.status for note in notes])
    yield more(stats.failures - len(stats.notes))


def _what_to_do(stats: UploadStats) -> Iterable[Child]:
    for path, what in (
        (stats.rejects, "the rows that are bad or failed, to be corrected and sent again"),
        (stats.uncertain, "the uncertain rows: KYCAID may have them already. Look for each before it is sent again"),
    ):
        if path is not None:
            yield tag("p", f"In {path.name} stand {what}.")
