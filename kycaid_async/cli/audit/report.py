"""``--report`` of an audit."""

import csv
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import attrs

from kycaid_async.bulk.audit import AuditResult, AuditStatus, AuditSummary
from kycaid_async.bulk.audit.result import WORDS
from kycaid_async.bulk.tables import neutral
from kycaid_async.cli.manifests import ManifestCommand
from kycaid_async.cli.report_page import cards, framed, more, table
from kycaid_async.cli.screen import duration_text
from kycaid_async.html import Child, tag

_KEPT = 1000
_KINDS = {AuditStatus.UNCERTAIN: "uncertain", AuditStatus.SURPLUS: ""}


@attrs.define(kw_only=True)
class AuditFindings:
    """The content of a report."""

    started: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    bad: list[AuditResult] = attrs.field(factory=list)
    """The first of the rows that are not there as sent."""
    surplus: list[AuditResult] = attrs.field(factory=list)
    """The first of the documents of no row."""

    def note(self, result: AuditResult) -> None:
        """Keep a result, if it is one to be looked at."""
        kept = self.surplus if result.status is AuditStatus.SURPLUS else self.bad
        if result.status is not AuditStatus.AS_SENT and len(kept) < _KEPT:
            kept.append(result)


def page(findings: AuditFindings, summary: AuditSummary, *, options: ManifestCommand, ended: str) -> str:
    """Return the page: counts, and the rows that are not there as sent. It has ids and no names in it."""
    return framed(
        f"Audit of {options.manifest.name}",
        server=options.server,
        started=findings.started,
        ended=ended,
        parts=[cards(_cards(summary)), *_bad(findings, summary), *_surplus(findings, summary)],
    )


def _cards(summary: AuditSummary) -> Iterable[tuple[str, str, str]]:
    yield "rows", f"{summary.read:,}", ""
    for status in AuditStatus:
        count = getattr(summary, status.value)
        kind = "good" if status is AuditStatus.AS_SENT else _KINDS.get(status, "bad")
        yield WORDS[status], f"{count:,}", kind if count else ""
    if summary.read > summary.rows:
        yield "not looked at", f"{summary.read - summary.rows:,}", "uncertain"
    yield "applicants asked for", f"{summary.applicants:,}", ""
    yield "duration", duration_text(summary.seconds), ""


def _bad(findings: AuditFindings, summary: AuditSummary) -> Iterator[Child]:
    yield tag("h2", "Rows that are not there as sent")
    if not summary.rows:
        yield tag("p", "No row was looked at.")
        return
    if summary.rows == summary.as_sent:
        yield tag("p", "None." if summary.rows == summary.read else "None of those that were looked at.")
        return
    results = sorted(findings.bad, key=lambda result: result.line or 0)
    rows = [(str(r.line or ""), WORDS[r.status], f"{r.reason}.\n{r.advice}") for r in results]
    kinds = [_KINDS.get(result.status, "bad") for result in results]
    yield table(("line", "status", "what was found, and what to do"), rows, kinds)
    yield more(summary.rows - summary.as_sent - len(results))


def _surplus(findings: AuditFindings, summary: AuditSummary) -> Iterator[Child]:
    if findings.surplus:
        yield from (tag("h2", "Documents of no row"), tag("p", "Of applicants that this ledger made."))
        rows = [(str(n), r.document_ids[0], r.applicant_id or "") for n, r in enumerate(findings.surplus, 1)]
        yield table(("", "document", "applicant"), rows, [""] * len(rows))
        yield more(summary.surplus - len(rows))


COLUMNS: Final = ("line", "key", "status", "applicant_id", "document_ids", "reason", "what_to_do")


class AuditCsv:
    """Writes results as they come. Nobody but its owner may read the file. Raises `OSError`."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        self._file = open(  # noqa: SIM115 - closed by __exit__
            path,
            "w",
            encoding="utf-8",
            errors="backslashreplace",
            newline="",
            opener=lambda name, _: os.open(name, flags, 0o600),
        )
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def add(self, result: AuditResult) -> None:
        """Write a result."""
        line = "" if result.line is None else str(result.line)
        ids = " ".join(result.document_ids)
        cells = [line, result.key or "", result.status, result.applicant_id or "", ids, result.reason, result.advice]
        self._writer.writerow([neutral(cell) for cell in cells])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def is_of_an_audit(path: Path) -> bool:
    """Say whether a file is one of these, or has nothing in it."""
    try:
        with path.open("rb") as file:
            head = file.readline(1000)
    except OSError:
        return False
    return head.strip() in (b"", ",".join(COLUMNS).encode())
