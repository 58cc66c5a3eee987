"""``kycaid results``: the verdicts about the applicants of a manifest."""

import signal
from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import anyio

from kycaid_async.bulk.ledger import Ledger, secret_key_of
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.requests.limits import most_rows_at_once
from kycaid_async.bulk.results import BulkResults, ResultsSummary
from kycaid_async.bulk.tables import TableWriter, open_table
from kycaid_async.cli.manifests import folder_of, open_manifest, reason_of_end
from kycaid_async.cli.results.options import ResultsCommand
from kycaid_async.cli.results.report import VerdictFindings, page
from kycaid_async.cli.results.screen import ResultsScreen
from kycaid_async.cli.results.table import COLUMNS, OF_DOCUMENTS, rows_of
from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import KycaidError, ManifestError
from kycaid_async.signals import stop_signals

_SECONDS_BETWEEN_LOOKS = 0.2
_NOT_ALL, _MISUSED, _PENDING = 1, 2, 3


def run(options: ResultsCommand) -> int:
    """Do what ``options`` say, and return the exit code. Raises `Problem` when nothing could begin."""
    return anyio.run(ResultsJob(options).run)


class ResultsJob:
    """One run of ``kycaid results``."""

    def __init__(self, options: ResultsCommand) -> None:
        self._options = options
        self._screen = ResultsScreen(as_json=options.as_json)
        self._findings = VerdictFindings(manifest=options.manifest, server=options.server)
        self._results: BulkResults | None = None
        self._signal = 0
        self._error: Exception | None = None

    async def run(self) -> int:
        """Do all of it, and return the exit code."""
        manifest = await open_manifest(self._options.manifest, self._options.reading)
        for note in manifest.notes:
            self._screen.say(f"guessed: {note}")
        with stop_signals() as told:
            with self._screen.progress():
                async with anyio.create_task_group() as group:
                    group.start_soon(self._watch, told, group.cancel_scope)
                    group.start_soon(self._show)
                    await self._work(manifest)
                    group.cancel_scope.cancel()
            return self._ended()

    async def _watch(self, told: Callable[[], Awaitable[int]], scope: anyio.CancelScope) -> None:
        """At the first signal ask and wait no longer, and write what is known; stop at the second."""
        self._signal = await told()
        if self._results is not None:
            self._results.drain()
            self._screen.say("writing what is known; press Ctrl-C again to stop at once")
            await told()
        scope.cancel()

    async def _work(self, manifest: Manifest) -> None:
        options = self._options
        try:
            await self._look_at_the_ledger()
            async with self._client() as client:
                self._results = client.bulk.results(
                    manifest,
                    ledger=options.ledger,
                    wait=options.wait,
                    per_document=options.per_document,
                    fresh=options.fresh,
                    same_account=options.same_account,
                )
                with self._table() or nullcontext() as table:
                    await self._tell_all(self._results, table)
        except (KycaidError, OSError, ModuleNotFoundError) as error:
            self._error = self._error or error

    def _client(self) -> AsyncKycaid:
        options, most = self._options, most_rows_at_once(self._options.concurrency)
        return AsyncKycaid(options.api_key, base_url=options.server, max_connections=most, proxy=options.proxy)

    def _table(self) -> TableWriter | None:
        options = self._options
        if options.output is None:
            return None
        return open_table(options.output, OF_DOCUMENTS if options.per_document else COLUMNS, sheet="Verdicts")

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

    async def _tell_all(self, results: BulkResults, table: TableWriter | None) -> None:
        """Tell all verdicts. What ends the run comes after them, and the table has them all the same."""
        try:
            async with results:
                async for verdict in results:
                    self._findings.note(verdict)
                    if table is not None:
                        for row in rows_of(verdict, per_document=self._options.per_document):
                            table.add(row)
                    self._screen.result(verdict)
        except KycaidError as error:
            if not results.summary.verdicts:
                raise
            self._error = error
        finally:
            self._findings.summary = results.summary

    async def _show(self) -> None:
        while True:
            if self._results is not None:
                self._screen.progress_of(self._results)
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
        self._screen.summary(findings.summary, ended=findings.ended)
        if findings.ended:
            self._screen.say(f"kycaid: {findings.ended}")
        if options.output is not None and not findings.ended:
            self._screen.hint(
                f"{options.output} has a row for each {'document' if options.per_document else 'applicant'}."
            )
        if findings.summary.pending and not self._signal:
            self._screen.hint("Of those that are pending, ask again later with the same command, or with --wait 6h.")
        return exit_code(findings.summary, number=self._signal, error=self._error)


def exit_code(summary: ResultsSummary, *, number: int, error: Exception | None) -> int:
    """Return the exit code, by the number of the signal that stopped it, if any, and by what is known."""
    if number:
        return 128 + number
    if isinstance(error, ManifestError):
        return _MISUSED
    if error is not None:
        return _NOT_ALL
    if summary.pending:
        return _PENDING
    return 0 if summary.is_final else _NOT_ALL
