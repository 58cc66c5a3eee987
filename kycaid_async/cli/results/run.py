"""``kycaid results``: the verdicts about the applicants of a manifest."""

from contextlib import nullcontext
from functools import partial

from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.results import BulkResults, ResultsSummary
from kycaid_async.bulk.tables import TableWriter, open_table
from kycaid_async.cli.frame import ManifestJob
from kycaid_async.cli.results.options import ResultsCommand
from kycaid_async.cli.results.report import VerdictFindings, page
from kycaid_async.cli.results.screen import ResultsScreen
from kycaid_async.cli.results.table import COLUMNS, OF_DOCUMENTS, rows_of
from kycaid_async.errors import KycaidError, ManifestError
from kycaid_async.signals import run_async

_NOT_ALL, _MISUSED, _PENDING = 1, 2, 3


def run(options: ResultsCommand) -> int:
    """Do what ``options`` say, and return the exit code. Raises `Problem` when nothing could begin."""
    return run_async(ResultsJob(options).run) or 0


class ResultsJob(ManifestJob[ResultsCommand, ResultsScreen]):
    """One run of ``kycaid results``."""

    def __init__(self, options: ResultsCommand) -> None:
        super().__init__(options, ResultsScreen(as_json=options.as_json))
        self._findings = VerdictFindings()
        self._results: BulkResults | None = None

    async def _work(self, manifest: Manifest) -> None:
        options = self._options
        await self._look_at_the_ledger()
        async with self._client() as client:
            self._results = client.bulk.results(
                manifest,
                ledger=options.any_ledger,
                wait=options.wait,
                per_document=options.per_document,
                fresh=options.fresh,
                same_account=options.same_account,
            )
            with self._table() or nullcontext() as table:
                await self._tell_all(self._results, table)

    def _table(self) -> TableWriter | None:
        options = self._options
        if options.output is None:
            return None
        return open_table(options.output, OF_DOCUMENTS if options.per_document else COLUMNS, sheet="Verdicts")

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

    def _show(self) -> None:
        if self._results is not None:
            self._screen.progress_of(self._results)

    def _drain(self) -> bool:
        """Ask and wait no longer, and write what is known."""
        if self._results is None:
            return False
        self._results.drain()
        self._screen.say("writing what is known; press Ctrl-C again to stop at once")
        return True

    async def _ended(self, _manifest: Manifest, /) -> int:
        options, summary = self._options, ResultsSummary() if self._results is None else self._results.summary
        about = partial(page, self._findings, summary, options=options, ended=self._why_ended())
        ended = self._write_report(options.report, about)
        self._screen.summary(summary, ended=ended)
        self._say_end(ended)
        if options.output is not None and not ended:
            self._screen.hint(
                f"{options.output} has a row for each {'document' if options.per_document else 'applicant'}."
            )
        if summary.pending and not self._signal:
            self._screen.hint("Of those that are pending, ask again later with the same command, or with --wait 6h.")
        return exit_code(summary, number=self._signal, error=self._error)


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
