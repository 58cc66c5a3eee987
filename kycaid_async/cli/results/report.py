"""``--report`` of ``kycaid results``: the whole job, from the rows to the verdicts."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import attrs

from kycaid_async.bulk.results import BulkVerdict, ResultsSummary, Verdict
from kycaid_async.bulk.results.verdict import WORDS
from kycaid_async.cli.report_page import bar_chart, cards, framed, more, row_table
from kycaid_async.cli.results.options import ResultsCommand
from kycaid_async.cli.screen import duration_text, reason_text, reasons_text
from kycaid_async.html import Child, tag

_KEPT: Final = 1000
_REASONS: Final = 15
_KINDS: Final = {
    Verdict.PASSED: "good",
    Verdict.DECLINED: "bad",
    Verdict.REFUSED: "bad",
    Verdict.UNCERTAIN: "uncertain",
    Verdict.NOT_STARTED: "uncertain",
}


@attrs.define(kw_only=True)
class VerdictFindings:
    """Content of a report."""

    started: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    bad: list[BulkVerdict] = attrs.field(factory=list)
    """The first of the applicants that did not pass, as far as somebody has to do something about them."""

    def note(self, verdict: BulkVerdict) -> None:
        """Keep a verdict, if it is one to be looked at."""
        if verdict.verdict not in (Verdict.PASSED, Verdict.PENDING) and len(self.bad) < _KEPT:
            self.bad.append(verdict)


def page(findings: VerdictFindings, summary: ResultsSummary, *, options: ResultsCommand, ended: str) -> str:
    """Return the page. It has your own keys in it, and ids, and no names."""
    return framed(
        f"Verdicts of {options.manifest.name}",
        server=options.server,
        started=findings.started,
        ended=ended,
        parts=[*_bad(findings, summary), *_funnel(summary), *_reasons(summary), *_about(summary)],
    )


def _funnel(summary: ResultsSummary) -> Iterator[Child]:
    steps = [
        ("rows", summary.read, ""),
        ("documents delivered", summary.documents, ""),
        ("verifications started", summary.started, ""),
        ("passed", summary.passed, "good"),
        ("declined", summary.declined, "bad"),
        ("open", summary.pending + summary.uncertain, "uncertain"),
    ]
    yield tag("h2", "From rows to verdicts")
    yield bar_chart(steps, caption="Rows are documents; a verification is of an applicant, who may have several rows.")


def _reasons(summary: ResultsSummary) -> Iterator[Child]:
    if summary.reasons:
        yield tag("h2", "Why applicants were declined")
        bars = [(reason_text(reason), count, "bad") for reason, count in summary.reasons.most_common(_REASONS)]
        yield bar_chart(bars, caption="Applicants for each reason. One may have several.")
        yield more(len(summary.reasons) - _REASONS)


def _bad(findings: VerdictFindings, summary: ResultsSummary) -> Iterator[Child]:
    count = summary.declined + summary.refused + summary.uncertain + summary.not_started
    yield tag("h2", "Applicants to look at")
    if not count:
        none = "None: nobody was declined, and every verification was started."
        yield tag("p", none if summary.verdicts else "There are no verdicts.")
        return
    rows = [(_lines(one), WORDS[one.verdict], _key(one), _why(one)) for one in findings.bad]
    kinds = [_KINDS.get(one.verdict, "") for one in findings.bad]
    yield row_table(("verdict", "why"), rows, kinds, left=count - len(rows))


def _lines(verdict: BulkVerdict) -> str:
    first, *others = verdict.lines or ("",)
    return f"{first} (+{len(others)})" if others else str(first)


def _key(verdict: BulkVerdict) -> str:
    return ", ".join(verdict.keys) or verdict.external_applicant_id or ""


def _why(verdict: BulkVerdict) -> str:
    return reasons_text(verdict.reasons) or verdict.reason


def _about(summary: ResultsSummary) -> Iterable[Child]:
    yield tag("h2", "This look")
    yield cards(
        [
            ("applicants", f"{summary.verdicts:,}", ""),
            *(
                (WORDS[verdict], f"{n:,}", _KINDS.get(verdict, "") if n else "")
                for verdict, n in summary.counts().items()
            ),
            ("requests", f"{summary.requests:,}", ""),
            ("pages of the report", f"{summary.pages:,}", ""),
            ("duration", duration_text(summary.seconds), ""),
        ]
    )
