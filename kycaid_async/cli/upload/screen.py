"""The output of ``kycaid upload``."""

import json
from typing import Any

import attrs
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kycaid_async.bulk.row import BulkProgress, BulkResult, BulkRow, BulkStatus
from kycaid_async.cli.screen import Screen, duration_text, size_text
from kycaid_async.cli.upload.stats import BAD, Note, UploadStats

_LONG_SILENCE = 10.0
_STYLES = {BAD: "red", "failed": "red", "uncertain": "yellow"}


class UploadScreen(Screen):
    """The console of ``kycaid upload``."""

    def checking(self, stats: UploadStats) -> None:
        """Show how far the check is."""
        self._show(Text(f"Checking: {stats.rows:,} rows, {stats.bad:,} bad"))

    def sending(self, stats: UploadStats, progress: BulkProgress) -> None:
        """Show how far the upload is."""
        standing = Standing.of(stats, progress)
        if self._live is not None:
            self._show(_bars(standing))
        else:
            self._show(
                Text("; ".join(filter(None, [standing.where, standing.counts, standing.speed, standing.remark])))
            )

    def bad(self, note: Note) -> None:
        """Print a row that is not sent."""
        nothing = BulkResult(row=BulkRow(document={}, line=note.line), status=BulkStatus.FAILED)
        self._row(note, _as_json(nothing, note) | {"status": BAD})

    def result(self, result: BulkResult, note: Note | None) -> None:
        """Print what became of a row; as text only when it was not delivered."""
        self._row(note, _as_json(result, note))

    def _row(self, note: Note | None, as_json: dict[str, Any]) -> None:
        if self._as_json:
            self._print(Text(json.dumps(as_json)))
        elif note is not None:
            self._print(
                Text.assemble(f"line {note.line}: ", (note.status, _STYLES.get(note.status, "")), f": {note.reason}")
            )

    def summary(self, stats: UploadStats, text: str) -> None:
        """Print the sum of all."""
        self._print(Text(json.dumps(stats.as_json()) if self._as_json else text))


@attrs.frozen(kw_only=True)
class Standing:
    """The progress of an upload, in words."""

    done: int
    total: int
    counts: str
    speed: str
    left: str
    remark: str
    """What keeps it from going on, or slows it down; empty when nothing does."""

    @classmethod
    def of(cls, stats: UploadStats, progress: BulkProgress) -> "Standing":
        """Put numbers into words."""
        summary, rate = progress.summary, progress.documents_per_second
        total = stats.rows - stats.bad
        waiting = total - stats.done - (summary.rows - summary.done_before)
        return cls(
            done=summary.rows,
            total=total,
            counts=stats.counts(),
            speed=", ".join(
                [
                    size_text(summary.bytes),
                    f"{rate:,.1f} documents/s",
                    f"{size_text(progress.bytes_per_second)}/s",
                    f"{progress.in_flight} of {progress.concurrency} at once"
                    + (f", {progress.waiting:,} waiting" if progress.waiting else ""),
                ]
            ),
            left=f"{duration_text(waiting / rate)} left" if rate and waiting > 0 else "",
            remark=_remark(stats, progress),
        )

    @property
    def where(self) -> str:
        """The rows that are done, of all."""
        return f"{self.done:,} of {self.total:,} rows" + (f", {self.left}" if self.left else "")


def _remark(stats: UploadStats, progress: BulkProgress) -> str:
    trouble = progress.trouble.split(". ")[0]
    silence, hindrance = stats.silence(), stats.hindrance(progress.concurrency)
    if silence >= _LONG_SILENCE:
        return f"no answer for {duration_text(silence)}" + (f": {trouble}" if trouble else "")
    return f"slower, for now: {trouble}" if trouble and hindrance else hindrance


def _bars(standing: Standing) -> RenderableType:
    line = Table.grid(padding=(0, 2, 0, 0))
    bar = ProgressBar(total=max(standing.total, 1), completed=standing.done, width=30)
    line.add_row("Uploading", bar, f"{standing.done:,} of {standing.total:,}", standing.left)
    lines = [Text(f"  {standing.counts}"), Text(f"  {standing.speed}")]
    if standing.remark:
        lines.append(Text(f"  {standing.remark}", style="yellow"))
    return Group(line, *lines)


def _as_json(result: BulkResult, note: Note | None) -> dict[str, Any]:
    return {
        "kind": "row",
        "line": result.row.line,
        "key": result.row.key,
        "status": result.status,
        "applicant_id": result.applicant_id,
        "document_id": result.document_id,
        "file_ids": result.file_ids,
        "attempts": result.attempts,
        "seconds": round(result.seconds, 3),
        "bytes": result.bytes,
        "error": None if note is None else note.reason,
    }
