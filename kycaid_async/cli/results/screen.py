"""The output of ``kycaid results``."""

import json
from typing import Any, Final

from rich.text import Text

from kycaid_async.bulk.results import BulkResults, BulkVerdict, ResultsSummary, Verdict
from kycaid_async.bulk.results.verdict import WORDS
from kycaid_async.cli.problems import one_line
from kycaid_async.cli.screen import Screen, duration_text, reasons_text

_LONG_SILENCE = 10.0
_STYLES: Final = {
    Verdict.DECLINED: "red",
    Verdict.REFUSED: "red",
    Verdict.UNCERTAIN: "yellow",
    Verdict.NOT_STARTED: "yellow",
}
_MOST: Final = 20
"""Applicants that are named as text; a table has all of them."""


class ResultsScreen(Screen):
    """The screen of ``kycaid results``."""

    _named = 0

    def progress_of(self, results: BulkResults) -> None:
        """Show how far it is."""
        summary, silence = results.summary, results.silence
        if not summary.requests:
            self._show(Text(f"Reading: {summary.read:,} rows"))
            return
        if silence >= _LONG_SILENCE:
            self._show(Text(f"no answer for {duration_text(silence)}", style="yellow"))
            return
        told = [f"{summary.pages:,} pages of the report", f"{summary.asked:,} verifications asked for"]
        if results.open:
            told.append(f"{results.open:,} open at the last look")
        self._show(Text(f"Looking: {', '.join(told)}"))

    def result(self, verdict: BulkVerdict) -> None:
        """Print a verdict; as text only the first that did not pass."""
        if self._as_json:
            self._print(Text(json.dumps(_as_json(verdict))))
        elif verdict.verdict not in (Verdict.PASSED, Verdict.PENDING):
            self._named += 1
            if self._named <= _MOST:
                self._print(_line(verdict))
            elif self._named == _MOST + 1:
                self._print(Text("and more: --output FILE writes all of them"))

    def summary(self, summary: ResultsSummary, *, ended: str) -> None:
        """Print the sum of all."""
        text = str(summary) if summary.verdicts or ended else "No verdicts: there were no applicants."
        self._print(Text(json.dumps(_sums(summary, ended)) if self._as_json else text))


def _line(verdict: BulkVerdict) -> Text:
    name = ", ".join(verdict.keys) or verdict.external_applicant_id or verdict.applicant_id or "?"
    where = f"line {verdict.lines[0]}, " if verdict.lines else ""
    why = reasons_text(verdict.reasons) or verdict.reason
    word = (WORDS[verdict.verdict], _STYLES.get(verdict.verdict, ""))
    return Text.assemble(f"{where}{one_line(name)}: ", word, f": {one_line(why)}" if why else "")


def _as_json(verdict: BulkVerdict) -> dict[str, Any]:
    return {
        "kind": "applicant",
        "lines": list(verdict.lines),
        "keys": list(verdict.keys),
        "external_applicant_id": verdict.external_applicant_id,
        "applicant_id": verdict.applicant_id,
        "form_id": verdict.form_id,
        "verification_id": verdict.verification_id,
        "verdict": verdict.verdict,
        "checks": [
            {
                "name": check.name,
                "passed": check.passed,
                "reasons": list(check.reasons),
                "comment": check.comment or None,
            }
            for check in verdict.checks
        ],
        "reasons": [{"id": r.id, "name": str(r), "meaning": r.meaning or None} for r in verdict.reasons],
        "documents": [
            {
                "line": one.line,
                "key": one.key,
                "document_id": one.document_id,
                "status": one.status,
                "reasons": list(one.reasons),
                "comment": one.comment or None,
            }
            for one in verdict.documents
        ],
        "why_open": verdict.reason or None,
    }


def _sums(summary: ResultsSummary, ended: str) -> dict[str, Any]:
    counts = {verdict.value: count for verdict, count in summary.counts().items()}
    more = {"rows": summary.read, "documents": summary.documents, "pages": summary.pages, "requests": summary.requests}
    reasons = {str(reason): count for reason, count in summary.reasons.most_common()}
    return {
        "kind": "summary",
        **counts,
        **more,
        "reasons": reasons,
        "seconds": round(summary.seconds, 3),
        "ended": ended or None,
    }
