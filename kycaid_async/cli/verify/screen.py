"""The output of ``kycaid verify``."""

import json
from typing import Any, Final

import attrs
from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kycaid_async.bulk.verify import VerifyProgress, VerifyResult, VerifyStatus, VerifySummary
from kycaid_async.bulk.verify.result import WORDS
from kycaid_async.cli.problems import one_line
from kycaid_async.cli.screen import Screen

_QUIET: Final = (VerifyStatus.STARTED, VerifyStatus.DONE_BEFORE)
_STYLES: Final = {VerifyStatus.UNCERTAIN: "yellow", VerifyStatus.TO_START: "green"}
_MOST_LINES: Final = 4
"""Line numbers that are shown of one applicant."""
_MOST_TOLD: Final = 100
"""Texts that are remembered, not to be said again."""


class VerifyScreen(Screen):
    """The screen of ``kycaid verify``."""

    _told: frozenset[str] = frozenset()
    """Why others were not started, and what to do, each of which is said once."""

    def checking(self, read: int) -> None:
        """Show how far the look at the manifest is."""
        self._show(Text(f"Checking: {read:,} rows"))

    def starting(self, progress: VerifyProgress) -> None:
        """Show how far it is."""
        summary = progress.summary
        if not summary.looked_at and not progress.in_flight:
            self.checking(summary.read)
            return
        speed = f"{progress.per_second:,.1f} verifications/s, {progress.in_flight} of {progress.concurrency} at once"
        waits = f", {progress.waiting:,} waiting" if progress.waiting else ""
        trouble = one_line(progress.trouble.split(". ")[0])
        where = f"{summary.looked_at:,} of {summary.applicants:,}"
        if self._live is None:
            self._show(Text("; ".join(filter(None, [f"{where} applicants", summary.words(), speed + waits, trouble]))))
            return
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_row("Verifying", ProgressBar(max(summary.applicants, 1), summary.looked_at, width=30), where)
        lines = [Text(f"  {summary.words()}"), Text(f"  {speed}{waits}")]
        self._show(Group(line, *lines, *([Text(f"  {trouble}", style="yellow")] if trouble else [])))

    def result(self, result: VerifyResult) -> None:
        """Print what became of one; as text only when it was not started."""
        if self._as_json:
            self._print(Text(json.dumps(_as_json(result))))
        elif result.status not in _QUIET:
            word = (WORDS[result.status], _STYLES.get(result.status, "red"))
            told = ". ".join(filter(None, [result.reason.rstrip("."), result.advice]))
            if told and told in self._told:
                told = "as above"
            elif len(self._told) < _MOST_TOLD:
                self._told |= {told}
            seen = f" It could be {', '.join(result.candidates)}." if result.candidates else ""
            note = f" ({one_line(result.note)})" if result.note else ""
            self._print(Text.assemble(f"{who(result)}: ", word, note, f": {one_line(told)}{seen}" if told else ""))

    def summary(self, summary: VerifySummary, text: str, *, ended: str) -> None:
        """Print the sum of all."""
        sums = {"kind": "summary"} | attrs.asdict(summary) | {"left": summary.left, "ended": ended or None}
        sums["seconds"] = round(summary.seconds, 3)
        self._print(Text(json.dumps(sums) if self._as_json else text))


def who(result: VerifyResult) -> str:
    """Return whose verification it is: by the lines of the manifest, and by the customer's own key."""
    lines = ", ".join(map(str, result.lines[:_MOST_LINES]))
    more = f" and {len(result.lines) - _MOST_LINES:,} more" if len(result.lines) > _MOST_LINES else ""
    place = f"line{'s' if len(result.lines) > 1 else ''} {lines}{more}" if result.lines else "applicant"
    name = result.keys[0] if result.keys else result.applicant_id
    return one_line(f"{place} ({name})" if name else place)


def _as_json(result: VerifyResult) -> dict[str, Any]:
    return {
        "kind": "verification",
        "lines": list(result.lines),
        "keys": list(result.keys),
        "status": result.status,
        "applicant_id": result.applicant_id,
        "form_id": result.form_id,
        "verification_id": result.verification_id,
        "candidates": list(result.candidates),
        "attempts": result.attempts,
        "seconds": round(result.seconds, 3),
        "note": result.note or None,
        "reason": result.reason or None,
        "what_to_do": result.advice or None,
    }
