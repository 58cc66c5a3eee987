"""The output of ``kycaid audit``."""

import json
from typing import Any, Final

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kycaid_async.bulk.audit import AuditResult, AuditStatus, AuditSummary, BulkAudit
from kycaid_async.bulk.audit.result import WORDS
from kycaid_async.cli.screen import Screen, duration_text

_LONG_SILENCE = 10.0
_STYLES: Final = {
    AuditStatus.TWICE: "red",
    AuditStatus.MISSING: "red",
    AuditStatus.DIFFERENT: "red",
    AuditStatus.NOT_SENT: "red",
    AuditStatus.UNCERTAIN: "yellow",
}


class AuditScreen(Screen):
    """The console of ``kycaid audit``."""

    def progress_of(self, audit: BulkAudit) -> None:
        """Show how far it is."""
        summary, silence = audit.summary, audit.silence
        if not summary.requests and not summary.rows:
            self._show(Text(f"Reading: {summary.read:,} rows"))
            return
        bad = summary.rows - summary.as_sent
        counts = f"{summary.as_sent:,} there as sent, {bad:,} not"
        waits = f"no answer for {duration_text(silence)}" if silence >= _LONG_SILENCE else ""
        if audit.waiting and not waits:
            waits = f"{audit.waiting:,} to be asked for again: what is missing was sent a moment ago"
        if self._live is None:
            where = f"{summary.rows:,} of {summary.read:,} rows"
            self._show(Text("; ".join(filter(None, [where, counts, waits]))))
            return
        line = Table.grid(padding=(0, 2, 0, 0))
        bar = ProgressBar(total=max(summary.read, 1), completed=summary.rows, width=30)
        line.add_row("Auditing", bar, f"{summary.rows:,} of {summary.read:,}")
        self._show(Group(line, Text(f"  {counts}"), *([Text(f"  {waits}", style="yellow")] if waits else [])))

    def result(self, result: AuditResult) -> None:
        """Print what the server has of a row; as text only when that is not plainly what was sent."""
        if self._as_json:
            self._print(Text(json.dumps(_as_json(result))))
        elif result.status is not AuditStatus.AS_SENT:
            where = "applicant" if result.number is None else "line"
            name = result.applicant_id if result.number is None else result.line
            word = (WORDS[result.status], _STYLES.get(result.status, ""))
            self._print(Text.assemble(f"{where} {name}: ", word, f": {result.reason}. {result.advice}".rstrip()))

    def summary(self, summary: AuditSummary, text: str, *, ended: str) -> None:
        """Print the sum of all."""
        self._print(Text(json.dumps(_sums(summary, ended)) if self._as_json else text))


def _as_json(result: AuditResult) -> dict[str, Any]:
    return {
        "kind": "document" if result.number is None else "row",
        "line": result.line,
        "key": result.key,
        "status": result.status,
        "applicant_id": result.applicant_id,
        "document_ids": list(result.document_ids),
        "reason": result.reason or None,
        "what_to_do": result.advice or None,
    }


def _sums(summary: AuditSummary, ended: str) -> dict[str, Any]:
    statuses = {status.value: getattr(summary, status.value) for status in AuditStatus}
    more = {"remembered": summary.remembered, "applicants": summary.applicants, "requests": summary.requests}
    left = summary.read - summary.rows
    end = {"left": left, "seconds": round(summary.seconds, 3), "ended": ended or None}
    return {"kind": "summary", "rows": summary.read, **statuses, **more, **end}
