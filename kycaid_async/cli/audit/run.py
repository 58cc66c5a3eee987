"""``kycaid audit``: what the server has of the rows of a manifest."""

import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext

import anyio

from kycaid_async.bulk.audit import AuditResult, AuditSummary, BulkAudit
from kycaid_async.bulk.ledger import Ledger, secret_key_of
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.requests.limits import most_rows_at_once
from kycaid_async.cli.audit.options import AuditOptions
from kycaid_async.cli.audit.report import AuditFindings, page
from kycaid_async.cli.audit.screen import AuditScreen
from kycaid_async.cli.audit.table import AuditCsv
from kycaid_async.cli.manifests import folder_of, open_manifest, reason_of_end
from kycaid_async.cli.problems import one_line
from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import KycaidError, ManifestError
from kycaid_async.signals import stop_signals

_SECONDS_BETWEEN_LOOKS = 0.2
_FOUND, _MISUSED, _NOT_TOLD = 1, 2, 3


def run(options: AuditOptions) -> int:
    """Do what ``options`` say, and return the exit code. Raises `Problem` when nothing could begin."""
    return anyio.run(AuditJob(options).run)


class AuditJob:
    """One run of ``kycaid audit``."""

    def __init__(self, options: AuditOptions) -> None:
        self._options = options
        self._screen = AuditScreen(as_json=options.as_json)
        self._findings = AuditFindings(manifest=options.manifest, server=options.server)
        self._audit: BulkAudit | None = None
        self._signal = 0
        self._error: Exception | None = None

    async def run(self) -> int:
        """Do all of it, and return the exit code."""
        manifest = await open_manifest(self._options.manifest, self._options.reading)
        for note in manifest.notes:
            self._screen.say(f"guessed: {note}")
        if self._options.state is None:
            self._screen.say("its folder cannot be written to, so this audit cannot be gone on from when it is cut off")
        with stop_signals() as told:
            with self._screen.progress():
                async with anyio.create_task_group() as group:
                    group.start_soon(self._watch, told, group.cancel_scope)
                    group.start_soon(self._show)
                    await self._work(manifest)
                    group.cancel_scope.cancel()
            return self._ended()

    async def _watch(self, told: Callable[[], Awaitable[int]], scope: anyio.CancelScope) -> None:
        """Stop when told to: nothing is lost by that."""
        self._signal = await told()
        scope.cancel()

    async def _work(self, manifest: Manifest) -> None:
        options = self._options
        try:
            with AuditCsv(options.csv) if options.csv is not None else nullcontext() as table:
                await self._look_at_the_ledger()
                async with self._client() as client:
                    self._audit = client.bulk.audit(
                        manifest.rows(),
                        ledger=options.ledger,
                        state=options.state,
                        fresh=options.fresh,
                        same_account=options.same_account,
                    )
                    await self._tell_all(self._audit, table)
        except (KycaidError, OSError) as error:
            self._error = self._error or error

    def _client(self) -> AsyncKycaid:
        options, most = self._options, most_rows_at_once(self._options.concurrency)
        return AsyncKycaid(options.api_key, base_url=options.server, max_connections=most, proxy=options.proxy)

    async def _look_at_the_ledger(self) -> None:
        """Raise `LedgerError` for one that is not good for this manifest's folder."""
        options = self._options
        ledger = await Ledger.open(
            options.ledger,
            server=options.server,
            api_key=options.api_key,
            same_account=options.same_account,
            folder=folder_of(options.manifest),
            secret_key=secret_key_of(),
            read_only=True,
        )
        await ledger.close()

    async def _tell_all(self, audit: BulkAudit, table: AuditCsv | None) -> None:
        try:
            async with audit:
                async for result in audit:
                    with self._letting_go(audit):
                        self._tell(result, table)
        finally:
            self._findings.summary = audit.summary

    def _tell(self, result: AuditResult, table: AuditCsv | None) -> None:
        self._findings.note(result)
        if table is not None:
            table.add(result)
        self._screen.result(result)

    @contextmanager
    def _letting_go(self, audit: BulkAudit) -> Iterator[None]:
        """Ask for no more when nothing can be written any more: a full disk, a pipe that closed."""
        try:
            yield
        except OSError as error:
            self._error = self._error or error
            audit.drain()

    async def _show(self) -> None:
        while True:
            if self._audit is not None:
                self._screen.progress_of(self._audit)
            await anyio.sleep(_SECONDS_BETWEEN_LOOKS)

    def _ended(self) -> int:
        """Say how it ended, write the report, and return the exit code."""
        findings, options = self._findings, self._options
        if self._signal:
            findings.ended = f"interrupted ({signal.Signals(self._signal).name})"
        elif self._error is not None:
            findings.ended = reason_of_end(self._error)
        try:
            if options.report is not None:
                options.report.write_text(page(findings), encoding="utf-8")
        except OSError as problem:
            self._error = self._error or problem
            findings.ended = findings.ended or f"--report: {options.report}: {problem.strerror}"
        self._screen.summary(findings.summary, summary_text(findings), ended=findings.ended)
        if findings.ended:
            self._screen.say(f"kycaid: {findings.ended}")
            if findings.summary.as_sent and options.state is not None:
                self._screen.say(
                    "Run the same command again within six hours: what is there as sent is not asked again."
                )
        return exit_code(findings.summary, number=self._signal, error=self._error)


def summary_text(findings: AuditFindings) -> str:
    """Return the sum of an audit in a line or two."""
    summary = findings.summary
    if not summary.read:
        return "Nothing was audited." if findings.ended else f"{one_line(findings.manifest)} has no rows."
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
