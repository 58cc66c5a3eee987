"""``kycaid audit``: what the server has of the rows of a manifest."""

from contextlib import nullcontext
from functools import partial

from kycaid_async.bulk.audit import AuditResult, AuditSummary, BulkAudit
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.cli.audit.options import AuditCommand
from kycaid_async.cli.audit.report import AuditCsv, AuditFindings, page
from kycaid_async.cli.audit.screen import AuditScreen
from kycaid_async.cli.frame import ManifestJob
from kycaid_async.cli.manifests import needs_documents
from kycaid_async.cli.problems import one_line
from kycaid_async.errors import ManifestError
from kycaid_async.signals import run_async

_FOUND, _MISUSED, _NOT_TOLD = 1, 2, 3


def run(options: AuditCommand) -> int:
    """Do what ``options`` say, and return the exit code. Raises `Problem` when nothing could begin."""
    return run_async(AuditJob(options).run) or 0


class AuditJob(ManifestJob[AuditCommand, AuditScreen]):
    """One run of ``kycaid audit``."""

    def __init__(self, options: AuditCommand) -> None:
        super().__init__(options, AuditScreen(as_json=options.as_json))
        self._findings = AuditFindings()
        self._audit: BulkAudit | None = None

    def _begin(self, manifest: Manifest) -> None:
        needs_documents(manifest, self._options.manifest, "audit")
        super()._begin(manifest)
        if self._options.state is None:
            self._screen.say("its folder cannot be written to, so this audit cannot be gone on from when it is cut off")

    async def _work(self, manifest: Manifest) -> None:
        options = self._options
        with AuditCsv(options.csv) if options.csv is not None else nullcontext() as table:
            await self._look_at_the_ledger()
            async with self._client() as client:
                self._audit = audit = client.bulk.audit(
                    manifest,
                    ledger=options.any_ledger,
                    state=options.state,
                    fresh=options.fresh,
                    same_account=options.same_account,
                )
                async with audit:
                    async for result in audit:
                        with self.letting_go(audit.drain):
                            self._tell(result, table)

    def _tell(self, result: AuditResult, table: AuditCsv | None) -> None:
        self._findings.note(result)
        if table is not None:
            table.add(result)
        self._screen.result(result)

    def _show(self) -> None:
        if self._audit is not None:
            self._screen.progress_of(self._audit)

    def _drain(self) -> bool:
        return False  # nothing is lost by an end at once

    async def _ended(self, _manifest: Manifest, /) -> int:
        options, summary = self._options, AuditSummary() if self._audit is None else self._audit.summary
        about = partial(page, self._findings, summary, options=options, ended=self._why_ended())
        ended = self._write_report(options.report, about)
        self._screen.summary(summary, summary_text(options, summary, ended), ended=ended)
        self._say_end(ended)
        if ended and summary.as_sent and options.state is not None:
            self._screen.say("Run the same command again within six hours: what is there as sent is not asked again.")
        return exit_code(summary, number=self._signal, error=self._error)


def summary_text(options: AuditCommand, summary: AuditSummary, ended: str) -> str:
    """Return the sum of an audit in a line or two."""
    if not summary.read:
        return "Nothing was audited." if ended else f"{one_line(options.manifest)} has no rows."
    left = summary.read - summary.rows
    if not summary.rows:
        return f"{left:,} rows: none was looked at."
    return f"{summary}{f' {left:,} rows were not looked at.' if left else ''}"


def exit_code(summary: AuditSummary, *, number: int, error: Exception | None) -> int:
    """Return the exit code, by the number of the signal that stopped it, if any, and by what was found."""
    if number:
        return 128 + number
    if summary.twice or summary.missing or summary.different or summary.not_sent:
        return _FOUND
    if isinstance(error, ManifestError):
        return _MISUSED
    return _NOT_TOLD if error is not None or not summary.is_proven else 0
